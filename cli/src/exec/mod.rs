//! `kmsak exec`

mod family;
mod happenings;

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use kmsak::{Credentials, Event, LogLevel, Provider};
use nix::sys::signal::SigSet;
use rustix::process::{Signal, WaitStatus};

use self::family::{Family, Left};
use self::happenings::{Arrived, Happening, Happenings};
use crate::configuration::ConfigurationArguments;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::{log, variables};

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
    /// Seconds between SIGTERM and SIGKILL at a restart
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

    fn supervise_or_replace(&self) -> Result<ExitCode, Failure> {
        let happenings = Happenings::begin()?;
        let name = self.configuration.secret_name(self.secret.as_deref())?;
        let provider = self.configuration.open()?;
        let first = match first(&provider, &name, &happenings)? {
            First::Credentials(credentials) => credentials,
            First::ToldToEnd(arrived) => return happenings.end_by(arrived),
        };
        if self.restart_on_rotation {
            return self.supervise(&provider, &name, &happenings);
        }
        provider.close();
        // Nothing of us stays between the command and its terminal, its signals and its parent.
        Err(self.cannot_start(&self.command(&first, happenings.mask_of_the_command()).exec()))
    }

    fn supervise(
        &self,
        provider: &Provider,
        name: &str,
        happenings: &Happenings,
    ) -> Result<ExitCode, Failure> {
        let news = happenings.news();
        let watched = name.to_owned();
        let _subscription = provider.subscribe(move |event| {
            if let Event::Rotated { secret, .. } = event
                && *secret == watched
            {
                news.tell(Happening::Rotated);
            }
        })?;
        // Asked for again, as it may have rotated before the subscription.
        let mut credentials = provider.credentials(name)?;
        let mut family = self.start(&credentials, happenings.mask_of_the_command())?;
        let mut told_to_end = false;
        loop {
            match happenings.next(None)? {
                Some(Happening::Child) => {
                    let left = family.reap()?;
                    if let Some(status) = family.status() {
                        return Ok(exit_code(status));
                    }
                    if left == Left::Nobody {
                        return Err(Failure::new("the command is gone and did not say how it ended"));
                    }
                }
                Some(Happening::Signal(arrived)) if arrived.is_for_the_command() => {
                    // Ctrl-C may mean no more than the line that is being typed.
                    told_to_end |= arrived.number() == Signal::TERM;
                    family.send(arrived.number());
                }
                Some(Happening::Rotated) => {
                    if told_to_end || !differs(provider, name, &credentials) {
                        continue;
                    }
                    log::write(LogLevel::Info, "the AccessKey rotated: the command is started anew");
                    if let Some(status) = self.stop(&mut family, happenings)? {
                        return Ok(exit_code(status));
                    }
                    // As it is now: the old one may have taken its time to end.
                    credentials = provider.credentials(name)?;
                    family = self.start(&credentials, happenings.mask_of_the_command())?;
                }
                Some(Happening::Signal(_) | Happening::Fetched(_)) | None => {}
            }
        }
    }

    /// Ends the command and all that it started. Answers how the command ended if a signal told us to end meanwhile.
    fn stop(&self, family: &mut Family, happenings: &Happenings) -> Result<Option<WaitStatus>, Failure> {
        let mut deadline = Some(Instant::now() + Duration::from_secs(self.grace));
        let mut told_to_end = false;
        let mut left = family.tell_all(Signal::TERM)?;
        while left == Left::Some {
            match happenings.next(deadline)? {
                Some(Happening::Child) => {
                    left = family.reap()?;
                    if left == Left::Some {
                        left = family.tell_newcomers()?;
                    }
                }
                Some(Happening::Signal(arrived)) => {
                    told_to_end |= arrived.asks_to_end();
                    if arrived.is_for_the_command() {
                        family.send(arrived.number());
                    }
                }
                Some(Happening::Rotated | Happening::Fetched(_)) => {}
                None => {
                    deadline = None;
                    left = family.tell_all(Signal::KILL)?;
                }
            }
        }
        family.reap()?;
        Ok(family.status().filter(|_| told_to_end))
    }

    fn start(&self, credentials: &Credentials, mask: SigSet) -> Result<Family, Failure> {
        Family::start(&mut self.command(credentials, mask)).map_err(|error| self.cannot_start(&error))
    }

    fn command(&self, credentials: &Credentials, mask: SigSet) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]);
        for name in variables::TO_REMOVE {
            command.env_remove(name);
        }
        command.envs(variables::TO_SET);
        command.envs(variables::of(credentials.access_key_id(), credentials.access_key_secret()));
        // SAFETY: between fork and exec it does nothing but set the signal mask, which is safe there.
        unsafe { command.pre_exec(move || Ok(mask.thread_set_mask()?)) };
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

enum First {
    Credentials(Arc<Credentials>),
    ToldToEnd(Arrived),
}

/// The first AccessKey, or the signal that came before it.
fn first(provider: &Provider, name: &str, happenings: &Happenings) -> Result<First, Failure> {
    let _progress = Progress::begin(&format!("fetching {name}"));
    let news = happenings.news();
    provider.begin_credentials(name).then(move |fetched| news.tell(Happening::Fetched(fetched)));
    loop {
        match happenings.next(None)? {
            Some(Happening::Fetched(fetched)) => return Ok(First::Credentials(fetched?)),
            Some(Happening::Signal(arrived)) => return Ok(First::ToldToEnd(arrived)),
            Some(Happening::Child | Happening::Rotated) | None => {}
        }
    }
}

/// Whether the cache holds another AccessKey than `used`.
fn differs(provider: &Provider, name: &str, used: &Credentials) -> bool {
    provider
        .cached_credentials(name)
        .is_some_and(|credentials| credentials.access_key_id() != used.access_key_id())
}

/// As a shell tells it: 128 and the signal's number for a command that a signal ended.
fn exit_code(status: WaitStatus) -> ExitCode {
    let by_signal = || status.terminating_signal().map(|signal| 128 + signal);
    let code = status.exit_status().or_else(by_signal).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
