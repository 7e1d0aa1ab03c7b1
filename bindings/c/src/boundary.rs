//! The one border between C and Rust: no panic crosses it.

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

use crate::error::kmsak_error;
use crate::status::kmsak_status;

/// Runs `f`; answers `otherwise` when it panics.
pub(crate) fn guard<T>(otherwise: T, f: impl FnOnce() -> T) -> T {
    match panic::catch_unwind(AssertUnwindSafe(f)) {
        Ok(answer) => answer,
        Err(payload) => {
            // Dropping it could panic again.
            mem::forget(payload);
            otherwise
        }
    }
}

/// Runs `f`, writes what it makes to `*out` and what goes wrong to `*error`. Both are always written, NULL where there is
/// nothing to hand out. `error` may be NULL.
///
/// # Safety
/// `out` and `error` are NULL or may be written to.
pub(crate) unsafe fn answer<T>(
    out: *mut *mut T,
    error: *mut *mut kmsak_error,
    f: impl FnOnce() -> Result<*mut T, kmsak_error>,
) -> kmsak_status {
    if out.is_null() {
        // SAFETY: as the caller promises.
        return unsafe {
            finish(
                error,
                Err(kmsak_error::invalid_argument("there is nowhere to write the answer: pass a pointer")),
            )
        };
    }
    // SAFETY: not NULL, and otherwise as the caller promises.
    unsafe { out.write(ptr::null_mut()) };
    // `Err(None)`: making an error for a panic may itself be what panics.
    let made = guard(Err(None), || f().map_err(Some));
    match made {
        Ok(made) => {
            // SAFETY: as above.
            unsafe { out.write(made) };
            // SAFETY: as the caller promises.
            unsafe { finish(error, Ok(())) }
        }
        // SAFETY: as the caller promises.
        Err(failure) => unsafe { finish(error, Err(failure.unwrap_or_else(kmsak_error::internal))) },
    }
}

/// Runs `f` and answers with its status only.
pub(crate) fn status(f: impl FnOnce() -> Result<(), kmsak_error>) -> kmsak_status {
    guard(kmsak_status::KMSAK_INTERNAL, || match f() {
        Ok(()) => kmsak_status::KMSAK_OK,
        Err(error) => error.status(),
    })
}

/// # Safety
/// `error` is NULL or may be written to.
unsafe fn finish(error: *mut *mut kmsak_error, result: Result<(), kmsak_error>) -> kmsak_status {
    let (status, made) = match result {
        Ok(()) => (kmsak_status::KMSAK_OK, ptr::null_mut()),
        Err(_) if error.is_null() => {
            return result.map_or_else(|error| error.status(), |()| kmsak_status::KMSAK_OK);
        }
        Err(failure) => (failure.status(), Box::into_raw(Box::new(failure))),
    };
    if !error.is_null() {
        // SAFETY: not NULL, and otherwise as the caller promises.
        unsafe { error.write(made) };
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        let mut out: *mut u8 = ptr::dangling_mut();
        let mut error: *mut kmsak_error = ptr::null_mut();
        // SAFETY: both may be written to.
        let status = unsafe { answer(&raw mut out, &raw mut error, || panic!("on purpose")) };
        assert_eq!(status, kmsak_status::KMSAK_INTERNAL);
        assert!(out.is_null());
        // SAFETY: `answer` just made it.
        let error = unsafe { Box::from_raw(error) };
        assert_eq!(error.status(), kmsak_status::KMSAK_INTERNAL);
    }

    #[test]
    fn a_panic_in_dropping_a_panic_stays_here_too() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        assert_eq!(guard(7, || panic::panic_any(Bomb)), 7);
    }

    #[test]
    fn a_setter_that_panics_answers_too() {
        assert_eq!(super::status(|| panic!("on purpose")), kmsak_status::KMSAK_INTERNAL);
    }
}
