//! What kmsak waits for while it stands between its parent and the command: signals, and news from the provider.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use kmsak::{Credentials, LogLevel};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::process::{getpid, kill_process};
use rustix::time::Timespec;

use crate::failure::Failure;
use crate::log;

/// What is sent to us and meant for the command. What stops a job (Ctrl-Z) is not among them: it stops us along with the
/// command, as their shell expects.
const FORWARDED: [Signal; 6] =
    [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGINT, Signal::SIGQUIT];

/// `si_code` of a signal that no process sent.
const SI_KERNEL: i32 = 0x80;

pub(super) enum Happening {
    /// A child ended, or several.
    Child,
    Signal(Arrived),
    Fetched(kmsak::Result<Arc<Credentials>>),
    Rotated,
}

#[derive(Clone, Copy)]
pub(super) struct Arrived {
    number: Signal,
    /// The terminal sends Ctrl-C to everybody in its foreground: the command has it already.
    by_terminal: bool,
}

pub(super) struct Happenings {
    taken: SigSet,
    before: SigSet,
    signals: SignalFd,
    news: Arc<News>,
}

/// The other end, for the provider's threads.
pub(super) struct News {
    waiting: Mutex<VecDeque<Happening>>,
    bell: OwnedFd,
}

impl Happenings {
    /// From here on no signal that is the command's ends kmsak. Every thread must be started later, so that none of them gets
    /// the signals instead.
    pub(super) fn begin() -> Result<Self, Failure> {
        let mut taken: SigSet = FORWARDED.into_iter().collect();
        taken.add(Signal::SIGCHLD);
        // nohup means the command too: it inherits what is ignored, and we must not take it for a wish to end.
        for ignored in ignored_signals() {
            taken.remove(ignored);
        }
        let cannot = "cannot listen for signals";
        // Who is started with children ignored is told of none.
        let told = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        // SAFETY: the default action runs no code of ours.
        unsafe { sigaction(Signal::SIGCHLD, &told) }.map_err(Failure::doing(cannot))?;
        let before = taken.thread_swap_mask(SigmaskHow::SIG_BLOCK).map_err(Failure::doing(cannot))?;
        let signals = SignalFd::with_flags(&taken, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
            .map_err(Failure::doing(cannot))?;
        let bell =
            eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(Failure::doing(cannot))?;
        Ok(Happenings { taken, before, signals, news: Arc::new(News { waiting: Mutex::default(), bell }) })
    }

    /// Which signals the command starts with blocked: those that we were started with.
    pub(super) fn mask_of_the_command(&self) -> SigSet {
        self.before
    }

    pub(super) fn news(&self) -> Arc<News> {
        self.news.clone()
    }

    /// What happened next; none once `deadline` has passed.
    pub(super) fn next(&self, deadline: Option<Instant>) -> Result<Option<Happening>, Failure> {
        loop {
            if let Some(arrived) = self.signal()? {
                return Ok(Some(arrived));
            }
            if let Some(told) = self.news.take() {
                return Ok(Some(told));
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(None);
            }
            let timeout = left.map(|left| Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            });
            let mut sources =
                [PollFd::new(&self.signals, PollFlags::IN), PollFd::new(&self.news.bell, PollFlags::IN)];
            match poll(&mut sources, timeout.as_ref()) {
                // Stopped and continued by the terminal's Ctrl-Z and the shell's fg.
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Failure::doing("cannot wait")(error)),
            }
        }
    }

    fn signal(&self) -> Result<Option<Happening>, Failure> {
        let Some(info) = self.signals.read_signal().map_err(Failure::doing("cannot read signals"))? else {
            return Ok(None);
        };
        let number = i32::try_from(info.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok());
        Ok(number.map(|number| match number {
            Signal::SIGCHLD => Happening::Child,
            number => Happening::Signal(Arrived { number, by_terminal: info.ssi_code == SI_KERNEL }),
        }))
    }

    /// Ends kmsak as the signal would have done, so that a shell knows. The first process of a container is not ended by
    /// signals: it answers the code to end with.
    pub(super) fn end_by(self, arrived: Arrived) -> Result<ExitCode, Failure> {
        self.taken.thread_unblock().map_err(Failure::doing("cannot end"))?;
        kill_process(getpid(), arrived.number()).map_err(Failure::doing("cannot end"))?;
        Ok(ExitCode::from(u8::try_from(128 + arrived.number as i32).unwrap_or(1)))
    }
}

impl News {
    pub(super) fn tell(&self, happening: Happening) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(happening);
        if let Err(error) = rustix::io::write(&self.bell, &1_u64.to_ne_bytes()) {
            log::write(LogLevel::Error, &format!("kmsak cannot wake itself: {error}"));
        }
    }

    fn take(&self) -> Option<Happening> {
        let mut rung = [0; 8];
        // It may not have rung: the queue tells.
        let _ = rustix::io::read(&self.bell, &mut rung);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    }
}

impl Arrived {
    pub(super) fn number(self) -> rustix::process::Signal {
        use rustix::process::Signal as Number;
        match self.number {
            Signal::SIGHUP => Number::HUP,
            Signal::SIGUSR1 => Number::USR1,
            Signal::SIGUSR2 => Number::USR2,
            Signal::SIGINT => Number::INT,
            Signal::SIGQUIT => Number::QUIT,
            _ => Number::TERM,
        }
    }

    pub(super) fn is_for_the_command(self) -> bool {
        !self.by_terminal
    }

    /// Whether whoever sent it wants the command to be gone, rather than to do something.
    pub(super) fn asks_to_end(self) -> bool {
        !matches!(self.number, Signal::SIGUSR1 | Signal::SIGUSR2)
    }
}

/// As the kernel tells it: bit 0 is signal 1.
fn ignored_signals() -> Vec<Signal> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0);
    FORWARDED.into_iter().filter(|signal| mask & (1 << (*signal as i32 - 1)) != 0).collect()
}
