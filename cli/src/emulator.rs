//! `kmsak emulator`

use std::io::Write as _;
use std::process::ExitCode;

use kmsak_emulator::program::{Arguments, run};

/// Run an Alibaba Cloud KMS for development and tests on this machine
#[derive(Debug, clap::Args)]
pub(crate) struct Emulator {
    #[command(flatten)]
    arguments: Arguments,
}

impl Emulator {
    pub(crate) fn run(&self) -> ExitCode {
        match run(&self.arguments) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                // The status says it too, if standard error cannot be written.
                let _ = writeln!(std::io::stderr(), "kmsak emulator: {error}");
                ExitCode::FAILURE
            }
        }
    }
}
