//! On other systems than Linux kmsak cannot become the parent of what the command leaves behind: a restart ends the command, on
//! Windows with all that it has started and still is its child.

use std::process::{Command, ExitCode, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use kmsak::{Credentials, Event, LogLevel, Provider};
use tokio::process::Child;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::{Exec, KMSAK_FAILED, differs};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::log;
use crate::progress::Progress;

impl Exec {
    pub(super) fn supervise_or_replace(&self) -> Result<ExitCode, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::doing("cannot start"))?;
        let name = self.configuration.secret_name(self.secret.as_deref())?;
        let provider = self.configuration.open()?;
        runtime.block_on(async {
            let mut ending = Ending::listen().map_err(Failure::doing("cannot listen for signals"))?;
            let progress = Progress::begin(&format!("fetching {name}"));
            let first = tokio::select! {
                first = provider.begin_credentials(&name) => first?,
                () = ending.told() => return Ok(ExitCode::from(KMSAK_FAILED)),
            };
            drop(progress);
            if self.restart_on_rotation {
                return self.supervise(&provider, &name, first, &mut ending).await;
            }
            provider.close();
            self.replace(self.command(&first), ending).await
        })
    }

    /// Nothing of us stays between the command and its terminal, its signals and its parent.
    #[cfg(unix)]
    async fn replace(&self, mut command: Command, _: Ending) -> Result<ExitCode, Failure> {
        use std::os::unix::process::CommandExt as _;
        Err(self.cannot_start(&command.exec()))
    }

    /// Here no program can take the place of another. The console sends Ctrl-C to the command as well: it decides.
    #[cfg(not(unix))]
    async fn replace(&self, command: Command, mut ending: Ending) -> Result<ExitCode, Failure> {
        let mut child = self.spawn(command)?;
        loop {
            tokio::select! {
                status = child.wait() => return ended(status),
                () = ending.told() => {}
            }
        }
    }

    async fn supervise(
        &self,
        provider: &Provider,
        name: &str,
        mut credentials: Arc<Credentials>,
        ending: &mut Ending,
    ) -> Result<ExitCode, Failure> {
        let rotated = Arc::new(Notify::new());
        let (bell, watched) = (rotated.clone(), name.to_owned());
        let _subscription = provider.subscribe(move |event| {
            if let Event::Rotated { secret, .. } = event
                && *secret == watched
            {
                bell.notify_one();
            }
        })?;
        let mut child = self.spawn(self.command(&credentials))?;
        // It may have rotated before the subscription.
        if differs(provider, name, &credentials) {
            rotated.notify_one();
        }
        let mut told_to_end = false;
        loop {
            tokio::select! {
                status = child.wait() => return ended(status),
                () = ending.told() => {
                    told_to_end = true;
                    ask_to_end(&child);
                }
                () = rotated.notified() => {
                    if told_to_end || !differs(provider, name, &credentials) {
                        continue;
                    }
                    log::write(LogLevel::Info, "the AccessKey rotated: the command is started anew");
                    self.stop(&mut child).await?;
                    // As it is now: the old one may have taken its time to end.
                    credentials = provider.begin_credentials(name).await?;
                    child = self.spawn(self.command(&credentials))?;
                }
            }
        }
    }

    async fn stop(&self, child: &mut Child) -> Result<(), Failure> {
        ask_to_end(child);
        let waited = timeout(Duration::from_secs(self.grace), child.wait()).await;
        let gone = match waited {
            Ok(status) => status.map(drop),
            Err(_) => child.kill().await,
        };
        gone.map_err(Failure::doing("the command cannot be ended"))
    }

    fn spawn(&self, command: Command) -> Result<Child, Failure> {
        tokio::process::Command::from(command).spawn().map_err(|error| self.cannot_start(&error))
    }
}

#[cfg(unix)]
fn ask_to_end(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid
        && let Err(error) = kill_process(pid, Signal::TERM)
    {
        log::write(LogLevel::Warn, &format!("the command cannot be sent a signal: {error}"));
    }
}

/// Windows has no way to ask that every program understands: it is ended, and its children with it.
#[cfg(windows)]
fn ask_to_end(child: &Child) {
    let Some(id) = child.id() else { return };
    let ended = Command::new("taskkill").args(["/T", "/F", "/PID", &id.to_string()]).output();
    if let Err(error) = ended {
        log::write(LogLevel::Warn, &format!("the command cannot be ended by taskkill: {error}"));
    }
}

/// As a shell tells it: 128 and the signal's number for a command that a signal ended.
fn ended(status: std::io::Result<ExitStatus>) -> Result<ExitCode, Failure> {
    let status = status.map_err(Failure::doing("cannot wait for the command"))?;
    #[cfg(unix)]
    let by_signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let by_signal = None;
    let code = status.code().or(by_signal).unwrap_or(1);
    match u8::try_from(code) {
        Ok(code) => Ok(ExitCode::from(code)),
        // Windows has codes of 32 bits, and a caller may know them.
        Err(_) => std::process::exit(code),
    }
}
