//! `kmsak emulator`

use std::io::Write as _;
use std::process::ExitCode;

use kmsak_emulator::program::{Arguments, run};

use crate::ending::Ending;

const EXAMPLES: &str = "\
Examples:
  kmsak emulator
  kmsak emulator --dir /tmp/kms --port 8440 --test-keys
  kmsak get --config kmsak-emulator/on_the_cloud.properties acs/ram/user/app";

/// Run an Alibaba Cloud KMS for development and tests on this machine
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Emulator {
    #[command(flatten)]
    arguments: Arguments,
}

impl Emulator {
    pub(crate) fn run(&self) -> ExitCode {
        let until_told = || Ending::listen().map(|mut ending| async move { ending.told().await });
        match run(&self.arguments, until_told) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                // The status says it too, if standard error cannot be written.
                let _ = writeln!(std::io::stderr(), "kmsak emulator: {error}");
                ExitCode::FAILURE
            }
        }
    }
}
