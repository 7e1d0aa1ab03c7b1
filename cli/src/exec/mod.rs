//! `kmsak exec`

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

use std::ffi::OsString;
use std::io;
use std::process::{Command, ExitCode};

use clap::Args;
use kmsak::{Credentials, Provider};

use crate::configuration::ConfigurationArguments;
use crate::failure::Failure;
use crate::variables;

const EXAMPLES: &str = "\
Examples:
  kmsak exec --secret acs/ram/user/app -- terraform apply
  kmsak exec --config on_the_cloud.properties --secret acs/ram/user/app -- aliyun sts GetCallerIdentity
  kmsak exec --secret acs/ram/user/app --restart-on-rotation -- ./server

The AccessKey is in ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, and under the other names that
SDKs, the aliyun CLI, ossutil and Terraform read. Tokens of other credentials are taken out of the environment.";

/// No command has begun: the codes that env, nice and docker use too.
pub(crate) const KMSAK_FAILED: u8 = 125;
const CANNOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Run a command with the AccessKey in its environment
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = "kmsak exec [OPTIONS] -- <COMMAND>...")]
pub(crate) struct Exec {
    #[command(flatten)]
    configuration: ConfigurationArguments,
    /// The managed RAM secret; without it the only one of the configuration's secret_names
    #[arg(long, short, value_name = "NAME")]
    secret: Option<String>,
    /// Stay, and start the command anew with the new AccessKey after each rotation
    #[arg(long)]
    restart_on_rotation: bool,
    /// Seconds between SIGTERM and SIGKILL at a restart; on Windows there is no SIGTERM
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "restart_on_rotation")]
    grace: u64,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Exec {
    pub(crate) fn stays(&self) -> bool {
        self.restart_on_rotation
    }

    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        self.supervise_or_replace().map_err(|failure| match failure.code() {
            CANNOT_RUN | NOT_FOUND => failure,
            _ => failure.with_code(KMSAK_FAILED),
        })
    }

    fn command(&self, credentials: &Credentials) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]);
        for name in variables::TO_REMOVE {
            command.env_remove(name);
        }
        command.envs(variables::TO_SET);
        command.envs(variables::of(credentials.access_key_id(), credentials.access_key_secret()));
        command
    }

    fn cannot_start(&self, error: &io::Error) -> Failure {
        let name = self.command[0].to_string_lossy();
        match error.kind() {
            io::ErrorKind::NotFound => {
                Failure::new(format!("there is no command {name}")).with_code(NOT_FOUND)
            }
            _ => Failure::new(format!("{name} cannot be run: {error}")).with_code(CANNOT_RUN),
        }
    }
}

/// Whether the cache holds another AccessKey than `used`.
fn differs(provider: &Provider, name: &str, used: &Credentials) -> bool {
    provider
        .cached_credentials(name)
        .is_some_and(|credentials| credentials.access_key_id() != used.access_key_id())
}
