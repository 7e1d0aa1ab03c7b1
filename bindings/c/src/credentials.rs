//! The AccessKey of the hour.

use std::ffi::c_char;
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;

use kmsak_core::Credentials;

use crate::boundary::{guard, read, read_text};
use crate::field::milliseconds;
use crate::secret::{self, kmsak_secret};

/// An AccessKey: one version of a managed RAM secret. Immutable, so any thread may read it. It stays as it is, and readable,
/// when the secret rotates and when the provider is closed or freed.
pub struct kmsak_credentials {
    // In truth a `Credentials` behind an `Arc`, so that handing one out costs no allocation: cast the pointer to read it.
    _opaque: [u8; 0],
}

pub(crate) fn hand_out(credentials: Arc<Credentials>) -> *mut kmsak_credentials {
    Arc::into_raw(credentials).cast_mut().cast()
}

/// The AccessKey's id, such as `LTAI...`. Not secret. NULL for NULL.
///
/// Belongs to the credentials and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_credentials_access_key_id(
    credentials: *const kmsak_credentials,
) -> *const c_char {
    // SAFETY: the caller passes NULL or credentials that live.
    unsafe { read_text(credentials.cast(), |credentials: &Credentials| Some(credentials.access_key_id_c())) }
}

/// The AccessKey's secret, in memory that is kept out of core dumps and wiped at the end: a copy is yours to wipe. NULL
/// for NULL.
///
/// Belongs to the credentials and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_credentials_access_key_secret(
    credentials: *const kmsak_credentials,
) -> *const c_char {
    // SAFETY: the caller passes NULL or credentials that live.
    unsafe {
        read_text(credentials.cast(), |credentials: &Credentials| Some(credentials.access_key_secret_c()))
    }
}

/// The id of the secret's version that holds this AccessKey. NULL for NULL.
///
/// Belongs to the credentials and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_credentials_version_id(
    credentials: *const kmsak_credentials,
) -> *const c_char {
    // SAFETY: the caller passes NULL or credentials that live.
    unsafe { read_text(credentials.cast(), |credentials: &Credentials| Some(credentials.version_id_c())) }
}

/// When the AccessKey was made, as KMS wrote it; NULL where KMS did not say.
///
/// Belongs to the credentials and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_credentials_generate_timestamp(
    credentials: *const kmsak_credentials,
) -> *const c_char {
    // SAFETY: the caller passes NULL or credentials that live.
    unsafe { read_text(credentials.cast(), Credentials::generate_timestamp_c) }
}

/// When the AccessKey expires, as KMS wrote it; NULL where KMS did not say. Only older secrets have it.
///
/// Belongs to the credentials and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_credentials_expire_timestamp(
    credentials: *const kmsak_credentials,
) -> *const c_char {
    // SAFETY: the caller passes NULL or credentials that live.
    unsafe { read_text(credentials.cast(), Credentials::expire_timestamp_c) }
}

/// How often the secret asks to be fetched again, in milliseconds; -1 where it does not say. Only older secrets have it.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_credentials_refresh_interval_ms(credentials: *const kmsak_credentials) -> i64 {
    // SAFETY: the caller passes NULL or credentials that live.
    unsafe {
        read(credentials.cast(), -1, |credentials: &Credentials| milliseconds(credentials.refresh_interval()))
    }
}

/// When the next rotation is due, in seconds since 1970-01-01 UTC; -1 where the secret does not say. Only older secrets have it.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_credentials_schedule_rotate_timestamp_unix(
    credentials: *const kmsak_credentials,
) -> i64 {
    // SAFETY: the caller passes NULL or credentials that live.
    unsafe {
        read(credentials.cast(), -1, |credentials: &Credentials| {
            credentials.schedule_rotate_timestamp().unwrap_or(-1)
        })
    }
}

/// The secret that holds this AccessKey, with its stages and rotation dates. NULL for NULL.
///
/// Yours to free with kmsak_secret_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_credentials_secret(
    credentials: *const kmsak_credentials,
) -> *mut kmsak_secret {
    // SAFETY: the caller passes NULL or credentials that live.
    unsafe {
        read(credentials.cast(), ptr::null_mut(), |credentials: &Credentials| {
            secret::hand_out(credentials.secret().clone())
        })
    }
}

/// Another handle of the same AccessKey, as cheap as counting. NULL for NULL.
///
/// Yours to free with kmsak_credentials_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_credentials_clone(
    credentials: *const kmsak_credentials,
) -> *mut kmsak_credentials {
    guard(ptr::null_mut(), || {
        if credentials.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: not NULL, so it came from `hand_out`; what is counted here stays the caller's.
        let shared = ManuallyDrop::new(unsafe { Arc::from_raw(credentials.cast::<Credentials>()) });
        hand_out(Arc::clone(&shared))
    })
}

/// Frees credentials; the memory is wiped when no handle and no cache has them any more. NULL is allowed. No other thread
/// may use this handle at that time, or later.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_credentials_free(credentials: *mut kmsak_credentials) {
    guard((), || {
        if !credentials.is_null() {
            // SAFETY: the caller hands back what `hand_out` gave, once.
            drop(unsafe { Arc::from_raw(credentials.cast::<Credentials>()) });
        }
    });
}
