//! A file that one process locks at a time. Its end gives the lock back, however it comes.
//!
//! The system's lock belongs to what was opened, which a forked child shares: the child would keep its parent's lock for as long as
//! it lives. So each child closes what its parent had opened to lock it. Not `fcntl`'s locks, which a child has no part in: they
//! would not keep two providers of one process apart.

use std::fs::{File, TryLockError};
use std::io;
use std::mem;

use super::lock::Mutex;
use super::{descriptors, fork, logs};

/// Those that this process has open.
pub(super) struct Open {
    files: Vec<Entry>,
    next_id: u64,
    /// How often this process has begun to fork.
    forks: u64,
}

struct Entry {
    id: u64,
    /// Whoever closes descriptors that are not its own makes another.
    generation: u64,
    #[cfg(unix)]
    descriptor: std::os::fd::RawFd,
}

static OPEN: Mutex<Open> = Mutex::new(Open { files: Vec::new(), next_id: 0, forks: 0 });

/// Gives its lock back when it is dropped.
pub(crate) struct LockFile {
    file: Option<File>,
    id: u64,
}

impl LockFile {
    /// What `open` gives, which is asked again where the process has forked meanwhile. May take as long as the disk does.
    ///
    /// # Errors
    /// Those of `open`.
    pub(crate) fn open(open: impl Fn() -> io::Result<File>) -> io::Result<Self> {
        fork::watch();
        loop {
            // Not held while the disk is asked, or a fork would wait for it.
            let forks = OPEN.lock().forks;
            let generation = fork::generation();
            let file = open()?;
            let mut all = OPEN.lock();
            // A child that was forked in between has it open and does not know of it.
            if all.forks == forks {
                let id = all.next_id;
                all.next_id += 1;
                #[cfg(unix)]
                let descriptor = std::os::fd::AsRawFd::as_raw_fd(&file);
                all.files.push(Entry {
                    id,
                    generation,
                    #[cfg(unix)]
                    descriptor,
                });
                return Ok(LockFile { file: Some(file), id });
            }
        }
    }

    /// Locks it, unless that would have to wait.
    ///
    /// # Errors
    /// When another one has the lock, or there are no locks here.
    pub(crate) fn try_lock(&self) -> Result<(), TryLockError> {
        self.file.as_ref().map_or(Ok(()), File::try_lock)
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        let Some(file) = self.file.take() else { return };
        let is_ours = OPEN.lock().files.iter().any(|entry| entry.id == self.id && entry.is_whole());
        let is_open = is_ours && !descriptors::are_lost();
        // To close it is not enough: a child may not have come to close it yet.
        if is_open && let Err(error) = file.unlock() {
            logs::debug!("the lock of a file cannot be given back: {error}");
        }
        OPEN.lock().files.retain(|entry| entry.id != self.id);
        if !is_open {
            // Closed already, and its number may be another's.
            mem::forget(file);
        }
    }
}

impl Entry {
    /// Whether its number still stands for it, as far as anybody has noticed.
    fn is_whole(&self) -> bool {
        self.generation == fork::generation()
    }
}

/// What whoever forks holds.
#[cfg(unix)]
pub(super) type Held = std::sync::MutexGuard<'static, Open>;

#[cfg(unix)]
pub(super) fn hold() -> Held {
    let mut all = OPEN.lock();
    all.forks += 1;
    all
}

/// Before the child is another generation.
#[cfg(unix)]
pub(super) fn in_the_child(mut all: Held) {
    let are_lost = descriptors::are_lost();
    for entry in all.files.drain(..) {
        if entry.is_whole() && !are_lost {
            // SAFETY: the file is its parent's, and `LockFile` closes nothing in a process whose list does not have it.
            unsafe { libc::close(entry.descriptor) };
        }
    }
}
