//! On Linux: nothing of kmsak's stays between the command and its terminal, its signals and its parent; or, where it is to be
//! started anew, kmsak stands there and reaches all that it has started.

mod family;
mod happenings;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kmsak::{Credentials, Event, LogLevel, Provider};
use nix::sys::signal::SigSet;
use rustix::process::{Signal, WaitStatus};

use self::family::{Family, Left};
use self::happenings::{Arrived, Happening, Happenings};
use super::{Exec, differs};
use crate::failure::Failure;
use crate::log;
use crate::progress::Progress;

impl Exec {
    pub(super) fn supervise_or_replace(&self) -> Result<ExitCode, Failure> {
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
        Err(self.cannot_start(&self.command_with(&first, happenings.mask_of_the_command()).exec()))
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
        Family::start(&mut self.command_with(credentials, mask)).map_err(|error| self.cannot_start(&error))
    }

    fn command_with(&self, credentials: &Credentials, mask: SigSet) -> Command {
        let mut command = self.command(credentials);
        // SAFETY: between fork and exec it does nothing but set the signal mask, which is safe there.
        unsafe { command.pre_exec(move || Ok(mask.thread_set_mask()?)) };
        command
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

/// As a shell tells it: 128 and the signal's number for a command that a signal ended.
fn exit_code(status: WaitStatus) -> ExitCode {
    let by_signal = || status.terminating_signal().map(|signal| 128 + signal);
    let code = status.exit_status().or_else(by_signal).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
