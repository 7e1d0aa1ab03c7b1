//! Notices that the program has closed descriptors which it does not know, as some do with all that there are. What kmsak's thread
//! works with is gone then, and its numbers may belong to others by now: all of it is left behind, as after a fork, and made anew.

#[cfg(unix)]
pub(crate) use unix::{Sentinel, are_lost, notice};

#[cfg(not(unix))]
pub(crate) use elsewhere::{Sentinel, are_lost, notice};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsRawFd as _, IntoRawFd as _, OwnedFd, RawFd};
    use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

    use crate::process::fork;

    const NONE: RawFd = -1;

    /// The sentinel of the thread that runs.
    static NUMBER: AtomicI32 = AtomicI32::new(NONE);
    static INODE: AtomicU64 = AtomicU64::new(0);

    /// A pipe that nobody uses, open for as long as kmsak's thread runs: whoever closes that closes everything.
    pub(crate) struct Sentinel {
        pipe: Option<OwnedFd>,
        mark: Mark,
    }

    /// What a descriptor's number stood for.
    #[derive(Clone, Copy)]
    pub(crate) struct Mark {
        number: RawFd,
        inode: u64,
    }

    impl Sentinel {
        pub(crate) fn open() -> io::Result<Self> {
            let (pipe, _) = io::pipe()?;
            let pipe = OwnedFd::from(pipe);
            let number = pipe.as_raw_fd();
            let inode = inode(number).ok_or_else(io::Error::last_os_error)?;
            INODE.store(inode, Ordering::Relaxed);
            NUMBER.store(number, Ordering::Release);
            Ok(Sentinel { pipe: Some(pipe), mark: Mark { number, inode } })
        }

        pub(crate) fn mark(&self) -> Mark {
            self.mark
        }
    }

    impl Drop for Sentinel {
        fn drop(&mut self) {
            // Another thread's may be there by now.
            let _another =
                NUMBER.compare_exchange(self.mark.number, NONE, Ordering::AcqRel, Ordering::Relaxed);
            if self.mark.is_lost()
                && let Some(pipe) = self.pipe.take()
            {
                // Not ours to close.
                let _number = pipe.into_raw_fd();
            }
        }
    }

    impl Mark {
        pub(crate) fn is_lost(self) -> bool {
            inode(self.number) != Some(self.inode)
        }
    }

    /// The mark of the sentinel, if that was closed.
    fn lost() -> Option<Mark> {
        let number = NUMBER.load(Ordering::Acquire);
        let mark = Mark { number, inode: INODE.load(Ordering::Relaxed) };
        (number != NONE && mark.is_lost()).then_some(mark)
    }

    /// Whether descriptors were closed and that is still to be noticed. One system call.
    pub(crate) fn are_lost() -> bool {
        lost().is_some()
    }

    /// Leaves everything behind if descriptors were closed. One system call.
    pub(crate) fn notice() {
        let generation = fork::generation();
        if let Some(Mark { number, .. }) = lost()
            && NUMBER.compare_exchange(number, NONE, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        {
            fork::leave_behind(generation);
        }
    }

    fn inode(number: RawFd) -> Option<u64> {
        let mut status = MaybeUninit::<libc::stat>::uninit();
        // SAFETY: fstat takes any number, and writes to the pointer, which is valid.
        let failed = unsafe { libc::fstat(number, status.as_mut_ptr()) };
        if failed != 0 {
            return None;
        }
        // SAFETY: fstat succeeded and has written it.
        let status = unsafe { status.assume_init() };
        Some(status.st_ino)
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io;

    pub(crate) struct Sentinel;

    #[derive(Clone, Copy)]
    pub(crate) struct Mark;

    impl Sentinel {
        pub(crate) fn open() -> io::Result<Self> {
            Ok(Sentinel)
        }

        pub(crate) fn mark(&self) -> Mark {
            Mark
        }
    }

    /// Whoever lets go of it says so, as where there is something to let go.
    impl Drop for Sentinel {
        fn drop(&mut self) {}
    }

    impl Mark {
        pub(crate) fn is_lost(self) -> bool {
            false
        }
    }

    pub(crate) fn are_lost() -> bool {
        false
    }

    pub(crate) fn notice() {}
}
