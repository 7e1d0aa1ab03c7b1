//! A provider for tests.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use kmsak_core::{Fixed, Provider};

use crate::arguments::{bytes, object, text};
use crate::boundary::{answer, guard, status};
use crate::error::kmsak_error;
use crate::provider::{hand_out, kmsak_provider};
use crate::status::kmsak_status;

/// Collects what a provider for tests hands out: no network, no emulator, no files. A secret has one version or several, in the
/// order in which they are given. The first fetch gets the first; each fetch after it, by kmsak_provider_refresh or by the
/// kmsak_provider_renew of an AccessKey that is in use, gets the next, as if KMS had just rotated the secret; the last one stays.
///
/// A function that adds something copies what it is given and answers KMSAK_OK, or KMSAK_INVALID_ARGUMENT when a pointer is NULL or
/// a text is not UTF-8; so it does after a call that failed. Opening the provider then fails with the first reason, so that you
/// need not check each call. Any thread may use it.
pub struct kmsak_fixed(Mutex<Result<Fixed, kmsak_error>>);

/// # Safety
/// `fixed` is NULL or one that lives.
unsafe fn change(
    fixed: *mut kmsak_fixed,
    change: impl Fn(Fixed) -> Result<Fixed, kmsak_error>,
) -> kmsak_status {
    // SAFETY: as the caller promises.
    unsafe { change_by(fixed, &change) }
}

/// What all that change one share, compiled once.
///
/// # Safety
/// As for [`change`].
unsafe fn change_by(
    fixed: *mut kmsak_fixed,
    change: &dyn Fn(Fixed) -> Result<Fixed, kmsak_error>,
) -> kmsak_status {
    status(|| {
        // SAFETY: as the caller promises.
        let fixed = unsafe { object(fixed, "fixed") }?;
        let mut fixed = fixed.0.lock().unwrap_or_else(PoisonError::into_inner);
        *fixed = fixed.clone().and_then(change);
        fixed.as_ref().map(|_| ()).map_err(Clone::clone)
    })
}

/// Nothing to hand out yet.
///
/// Yours to free with kmsak_fixed_free. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn kmsak_fixed_new() -> *mut kmsak_fixed {
    guard(ptr::null_mut(), || Box::into_raw(Box::new(kmsak_fixed(Mutex::new(Ok(Provider::fixed()))))))
}

/// The next version of the managed RAM secret `name`: this AccessKey (all UTF-8). Fails as kmsak_fixed says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_fixed_access_key(
    fixed: *mut kmsak_fixed,
    name: *const c_char,
    access_key_id: *const c_char,
    access_key_secret: *const c_char,
) -> kmsak_status {
    let add = |fixed: Fixed| {
        // SAFETY: the caller passes NULL or a string.
        let name = unsafe { text(name, "name") }?;
        // SAFETY: the caller passes NULL or a string.
        let access_key_id = unsafe { text(access_key_id, "access_key_id") }?;
        // SAFETY: the caller passes NULL or a string.
        let access_key_secret = unsafe { text(access_key_secret, "access_key_secret") }?;
        Ok(fixed.access_key(name, access_key_id, access_key_secret))
    };
    // SAFETY: the caller passes NULL or one that lives.
    unsafe { change(fixed, add) }
}

/// The next version of the generic secret `name` (UTF-8): these `length` bytes. Fails as kmsak_fixed says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_fixed_secret(
    fixed: *mut kmsak_fixed,
    name: *const c_char,
    value: *const c_void,
    length: usize,
) -> kmsak_status {
    let add = |fixed: Fixed| {
        // SAFETY: the caller passes NULL or a string.
        let name = unsafe { text(name, "name") }?;
        // SAFETY: the caller passes NULL or that many bytes.
        let value = unsafe { bytes(value, length, "value") }?;
        Ok(fixed.secret(name, value))
    };
    // SAFETY: the caller passes NULL or one that lives.
    unsafe { change(fixed, add) }
}

/// Opens a provider that hands out what was collected, from the start. It reads no file and no environment variable.
///
/// `*provider` is yours to free with kmsak_provider_free, `*error` with kmsak_error_free; `fixed` stays yours, and can open others.
/// Answers KMSAK_CONFIGURATION for a name that no secret can have and an AccessKey that is none, and KMSAK_INVALID_ARGUMENT when a
/// call that added something failed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_fixed_open(
    fixed: *const kmsak_fixed,
    provider: *mut *mut kmsak_provider,
    error: *mut *mut kmsak_error,
) -> kmsak_status {
    let make = || {
        // SAFETY: the caller passes NULL or one that lives.
        let fixed = unsafe { object(fixed, "fixed") }?;
        let fixed = fixed.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        Ok(hand_out(fixed.open()?))
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(provider, error, make) }
}

/// Frees what was collected; a provider that was opened with it stays. NULL is allowed. No other thread may use it at that time,
/// or later.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_fixed_free(fixed: *mut kmsak_fixed) {
    guard((), || {
        if !fixed.is_null() {
            // SAFETY: the caller hands back what kmsak_fixed_new gave, once.
            drop(unsafe { Box::from_raw(fixed) });
        }
    });
}
