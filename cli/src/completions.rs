//! `kmsak completions` and `kmsak man`

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::Program;
use crate::failure::Failure;

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kmsak completions bash > /etc/bash_completion.d/kmsak
  kmsak completions zsh > \"${fpath[1]}/_kmsak\"
  kmsak completions fish > ~/.config/fish/completions/kmsak.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Program::command(), "kmsak", &mut script);
        print(&script)
    }
}

/// Print the manual page, or write one for each command into a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kmsak man | man -l -
  kmsak man --dir /usr/local/share/man/man1")]
pub(crate) struct Man {
    /// Write kmsak.1, kmsak-get.1, ... there
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let program = Program::command();
        match &self.dir {
            Some(dir) => {
                fs::create_dir_all(dir)
                    .and_then(|()| clap_mangen::generate_to(program, dir))
                    .map_err(Failure::doing("cannot write the manual pages"))?;
                Ok(ExitCode::SUCCESS)
            }
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(program)
                    .render(&mut page)
                    .map_err(Failure::doing("cannot write the manual page"))?;
                print(&page)
            }
        }
    }
}

fn print(text: &[u8]) -> Result<ExitCode, Failure> {
    let mut output = std::io::stdout().lock();
    output
        .write_all(text)
        .and_then(|()| output.flush())
        .map_err(Failure::doing("cannot write to standard output"))?;
    Ok(ExitCode::SUCCESS)
}
