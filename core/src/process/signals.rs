//! Which signals a thread of kmsak's answers to: none that the host program may handle.

#[cfg(unix)]
pub(super) use masked::blocked;

/// Runs `f`.
#[cfg(not(unix))]
pub(super) fn blocked<T>(f: impl FnOnce() -> T) -> T {
    f()
}

#[cfg(unix)]
mod masked {
    use std::mem::MaybeUninit;

    /// Runs `f` with every signal blocked that the host program may handle, so that a thread started in it never
    /// runs the host's handlers and a broken connection's SIGPIPE never ends the host.
    pub(in crate::process) fn blocked<T>(f: impl FnOnce() -> T) -> T {
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigfillset writes a whole set to the pointer, which is valid.
        unsafe { libc::sigfillset(all.as_mut_ptr()) };
        for fault in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGABRT] {
            // SAFETY: the set was filled above and the number is a signal's.
            unsafe { libc::sigdelset(all.as_mut_ptr(), fault) };
        }
        // SAFETY: both pointers are valid; the old mask is written to `before`.
        let failed = unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
        let result = f();
        if failed == 0 {
            // SAFETY: `before` was written by the call that succeeded.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
        }
        result
    }
}
