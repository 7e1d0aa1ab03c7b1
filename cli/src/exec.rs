//! `kmsak exec`

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Duration;

use clap::Args;
use kmsak::{Credentials, Event, LogLevel};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::configuration::ConfigurationArguments;
use crate::failure::Failure;
use crate::{log, variables};

const EXAMPLES: &str = "\
Examples:
  kmsak exec --secret acs/ram/user/app -- terraform apply
  kmsak exec --config on_the_cloud.properties --secret acs/ram/user/app -- aliyun sts GetCallerIdentity
  kmsak exec --secret acs/ram/user/app --restart-on-rotation -- ./server

The AccessKey is in ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, and under the other names that
SDKs, the aliyun CLI, ossutil and Terraform read. Tokens of other credentials are taken out of the environment.";

/// No command has begun: the codes that env, nice and docker use too.
const KMSAK_FAILED: u8 = 125;
const CANNOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Run a command with the AccessKey in its environment
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
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
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        self.supervise_or_replace().map_err(|failure| match failure.code() {
            CANNOT_RUN | NOT_FOUND => failure,
            _ => failure.with_code(KMSAK_FAILED),
        })
    }

    fn supervise_or_replace(&self) -> Result<ExitCode, Failure> {
        let name = self.configuration.secret_name(self.secret.as_deref())?;
        let provider = self.configuration.open()?;
        if !self.restart_on_rotation {
            let mut command = self.command(&*provider.credentials(&name)?);
            provider.close();
            // Nothing of us stays between the command and its terminal, its signals and its parent.
            return Err(self.cannot_start(&command.exec()));
        }
        let (rotated, rotations) = mpsc::unbounded_channel();
        let watched = name.clone();
        let _subscription = provider.subscribe(move |event| {
            if let Event::Rotated { secret, .. } = event
                && *secret == watched
            {
                // The receiver ends with the program.
                let _ = rotated.send(());
            }
        });
        let current = || Ok(provider.credentials(&name)?);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::doing("cannot start"))?;
        runtime.block_on(self.supervise(&current, rotations))
    }

    async fn supervise(
        &self,
        current: &dyn Fn() -> Result<std::sync::Arc<Credentials>, Failure>,
        mut rotations: mpsc::UnboundedReceiver<()>,
    ) -> Result<ExitCode, Failure> {
        let mut signals = forwarded_signals().map_err(Failure::doing("cannot listen for signals"))?;
        let mut credentials = current()?;
        let mut child = self.start(&credentials)?;
        loop {
            tokio::select! {
                status = child.wait() => return Ok(exit_code(status.map_err(Failure::doing("cannot wait"))?)),
                Some(number) = signals.recv() => send(&child, number),
                Some(()) = rotations.recv() => {
                    let renewed = current()?;
                    if renewed.access_key_id() == credentials.access_key_id() {
                        continue;
                    }
                    log::write(LogLevel::Info, "the AccessKey rotated: the command is started anew");
                    credentials = renewed;
                    if let Some(stopped_for_good) = self.stop(&mut child, &mut signals).await? {
                        return Ok(stopped_for_good);
                    }
                    child = self.start(&credentials)?;
                }
            }
        }
    }

    /// Ends the command. Answers an exit code when a signal told us to end while it was ending.
    async fn stop(
        &self,
        child: &mut Child,
        signals: &mut mpsc::UnboundedReceiver<Signal>,
    ) -> Result<Option<ExitCode>, Failure> {
        send(child, Signal::TERM);
        let deadline = tokio::time::sleep(Duration::from_secs(self.grace));
        tokio::pin!(deadline);
        let mut told_to_end = false;
        loop {
            tokio::select! {
                status = child.wait() => {
                    let status = status.map_err(Failure::doing("cannot wait"))?;
                    return Ok(told_to_end.then(|| exit_code(status)));
                }
                Some(signal) = signals.recv() => {
                    told_to_end |= matches!(signal, Signal::TERM | Signal::INT | Signal::QUIT | Signal::HUP);
                    send(child, signal);
                }
                () = &mut deadline => child.start_kill().map_err(Failure::doing("cannot end the command"))?,
            }
        }
    }

    fn start(&self, credentials: &Credentials) -> Result<Child, Failure> {
        tokio::process::Command::from(self.command(credentials))
            .spawn()
            .map_err(|error| self.cannot_start(&error))
    }

    fn command(&self, credentials: &Credentials) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]);
        for name in variables::TO_REMOVE {
            command.env_remove(name);
        }
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

/// What is sent to us and meant for the command. A terminal sends Ctrl-C and Ctrl-\ to the command itself, as it is in
/// our process group; it must not get them twice.
fn forwarded_signals() -> io::Result<mpsc::UnboundedReceiver<Signal>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let by_terminal = io::stdin().is_terminal();
    let signals = [
        (Signal::TERM, SignalKind::terminate(), true),
        (Signal::HUP, SignalKind::hangup(), true),
        (Signal::USR1, SignalKind::user_defined1(), true),
        (Signal::USR2, SignalKind::user_defined2(), true),
        (Signal::INT, SignalKind::interrupt(), !by_terminal),
        (Signal::QUIT, SignalKind::quit(), !by_terminal),
    ];
    for (number, kind, forwarded) in signals {
        let mut arriving = signal(kind)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while arriving.recv().await.is_some() {
                if forwarded && sender.send(number).is_err() {
                    return;
                }
            }
        });
    }
    Ok(receiver)
}

fn send(child: &Child, signal: Signal) {
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed()))
        && let Err(error) = kill_process(pid, signal)
    {
        log::write(LogLevel::Warn, &format!("the command cannot be sent a signal: {error}"));
    }
}

/// As a shell tells it: 128 and the signal's number for a command that a signal ended.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
