//! The one border between C and Rust: no panic crosses it. Every exported function does its work inside one of these;
//! tests/boundary.rs sees to that.

use std::ffi::{CStr, c_char};
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
    if !out.is_null() {
        // SAFETY: not NULL, and otherwise as the caller promises.
        unsafe { out.write(ptr::null_mut()) };
    }
    let make = || {
        if out.is_null() {
            return Err(kmsak_error::invalid_argument(
                "there is nowhere to write the answer: pass a pointer",
            ));
        }
        f()
    };
    // `Err(None)`: making an error for a panic may itself be what panics.
    let made = guard(Err(None), || make().map_err(Some));
    match made {
        Ok(made) => {
            // SAFETY: something was made, so it is not NULL, and otherwise as the caller promises.
            unsafe { out.write(made) };
            if !error.is_null() {
                // SAFETY: not NULL, and otherwise as the caller promises.
                unsafe { error.write(ptr::null_mut()) };
            }
            kmsak_status::KMSAK_OK
        }
        // SAFETY: as the caller promises.
        Err(failure) => unsafe { fail(error, failure) },
    }
}

/// Runs `f` and answers with its status only.
pub(crate) fn status(f: impl FnOnce() -> Result<(), kmsak_error>) -> kmsak_status {
    guard(kmsak_status::KMSAK_INTERNAL, || match f() {
        Ok(()) => kmsak_status::KMSAK_OK,
        Err(error) => error.status(),
    })
}

/// Reads something off the object behind a handle; answers `otherwise` for NULL, and when `f` panics.
///
/// # Safety
/// `pointer` is NULL or points to a `T` that lives for `'a`.
pub(crate) unsafe fn read<'a, T: 'a, A: Copy>(
    pointer: *const T,
    otherwise: A,
    f: impl FnOnce(&'a T) -> A,
) -> A {
    // SAFETY: as the caller promises.
    guard(otherwise, || unsafe { pointer.as_ref() }.map_or(otherwise, f))
}

/// Reads a text off the object behind a handle; answers NULL where there is none, for NULL, and when `f` panics.
///
/// # Safety
/// As for [`read`].
pub(crate) unsafe fn read_text<'a, T: 'a>(
    pointer: *const T,
    f: impl FnOnce(&'a T) -> Option<&'a CStr>,
) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { read(pointer, ptr::null(), |object| f(object).map_or(ptr::null(), CStr::as_ptr)) }
}

/// Hands `failure` out; none stands for a panic.
///
/// # Safety
/// `error` is NULL or may be written to.
#[cold]
unsafe fn fail(error: *mut *mut kmsak_error, failure: Option<kmsak_error>) -> kmsak_status {
    let failure = failure.unwrap_or_else(kmsak_error::internal);
    let status = failure.status();
    if !error.is_null() {
        // SAFETY: not NULL, and otherwise as the caller promises.
        unsafe { error.write(Box::into_raw(Box::new(failure))) };
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    static OBJECT: u8 = 1;

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
    fn a_getter_that_panics_answers_what_it_answers_for_null() {
        // SAFETY: it points to a number that lives.
        let number = unsafe { read(&raw const OBJECT, -1, |_| panic!("on purpose")) };
        assert_eq!(number, -1);
        // SAFETY: as above.
        assert!(unsafe { read_text(&raw const OBJECT, |_| panic!("on purpose")) }.is_null());
    }

    #[test]
    fn a_setter_that_panics_answers_too() {
        assert_eq!(super::status(|| panic!("on purpose")), kmsak_status::KMSAK_INTERNAL);
    }
}
