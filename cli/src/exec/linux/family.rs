//! The command and all that it starts.
//!
//! kmsak makes itself the parent of orphans, so that a restart reaches the processes that a shell or a daemon left behind:
//! everything that a child of ours started becomes a child of ours when its parent ends.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::process::Command;

use kmsak::LogLevel;
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, set_child_subreaper, wait,
};

use crate::failure::Failure;
use crate::log;

pub(super) struct Family {
    command: Pid,
    status: Option<WaitStatus>,
    /// The signal that is to end them, and who has it already.
    told: Option<(Signal, HashSet<Pid>)>,
    /// Whom we may not signal: of another user.
    beyond_reach: HashSet<Pid>,
}

/// Who is left.
#[derive(PartialEq, Eq)]
pub(super) enum Left {
    Some,
    Nobody,
}

impl Family {
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        set_child_subreaper(Some(getpid()))?;
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
        Ok(Family { command: pid, status: None, told: None, beyond_reach: HashSet::new() })
    }

    /// How the command ended, if it has.
    pub(super) fn status(&self) -> Option<WaitStatus> {
        self.status
    }

    /// Sends `signal` to the command alone, as a terminal's driver or a service manager would.
    pub(super) fn send(&self, signal: Signal) {
        if self.status.is_none()
            && let Err(error) = kill_process(self.command, signal)
        {
            log::write(LogLevel::Warn, &format!("the command cannot be sent a signal: {error}"));
        }
    }

    /// Takes note of those that ended.
    pub(super) fn reap(&mut self) -> Result<Left, Failure> {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.command => self.status = Some(status),
                // An orphan, of whose end nobody else wants to know.
                Ok(Some(_)) => {}
                Ok(None) => return Ok(Left::Some),
                Err(Errno::CHILD) => return Ok(Left::Nobody),
                Err(Errno::INTR) => {}
                Err(error) => return Err(Failure::doing("cannot wait for the command")(error)),
            }
        }
    }

    /// Tells every child, and from now on at each [`tell_newcomers`](Family::tell_newcomers) everyone who became one.
    pub(super) fn tell_all(&mut self, signal: Signal) -> Result<Left, Failure> {
        self.told = Some((signal, HashSet::new()));
        self.tell_newcomers()
    }

    /// Answers whether anybody is left who can be told.
    pub(super) fn tell_newcomers(&mut self) -> Result<Left, Failure> {
        let Some((signal, told)) = &mut self.told else { return Ok(Left::Some) };
        let children = children().unwrap_or_else(|| match self.status {
            None => vec![self.command],
            Some(_) => Vec::new(),
        });
        let mut left = Left::Nobody;
        for pid in children {
            if self.beyond_reach.contains(&pid) {
                continue;
            }
            left = Left::Some;
            if !told.insert(pid) {
                continue;
            }
            match kill_process(pid, *signal) {
                Ok(()) | Err(Errno::SRCH) => {}
                Err(error) if pid == self.command => {
                    return Err(Failure::doing("the command cannot be ended")(error));
                }
                Err(error) => {
                    let raw = pid.as_raw_nonzero();
                    log::write(
                        LogLevel::Warn,
                        &format!("the process {raw} that the command left behind cannot be ended: {error}"),
                    );
                    self.beyond_reach.insert(pid);
                }
            }
        }
        Ok(left)
    }
}

/// The processes whose parent we are. None without a /proc.
fn children() -> Option<Vec<Pid>> {
    let own = getpid().as_raw_nonzero().to_string();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw)
        else {
            continue;
        };
        // It may have ended since.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // "pid (name) state ppid ...", and a name may hold anything.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1));
        if parent == Some(&own) {
            found.push(pid);
        }
    }
    Some(found)
}
