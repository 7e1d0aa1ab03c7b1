//! Secrets of any type.

use std::ffi::{c_char, c_void};
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;

use kmsak_core::Secret;

use crate::boundary::{guard, read, read_text};
use crate::field::{milliseconds, unix_seconds};

/// One version of a secret as KMS answered it. Immutable, so any thread may read it. It stays as it is, and readable, when
/// the secret rotates and when the provider is closed or freed.
pub struct kmsak_secret {
    // In truth a `Secret` behind an `Arc`, so that handing one out costs no allocation: cast the pointer to read it.
    _opaque: [u8; 0],
}

pub(crate) fn hand_out(secret: Arc<Secret>) -> *mut kmsak_secret {
    Arc::into_raw(secret).cast_mut().cast()
}

/// The secret's name, such as `acs/ram/user/app`. NULL for NULL.
///
/// Belongs to the secret and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_name(secret: *const kmsak_secret) -> *const c_char {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read_text(secret.cast(), |secret: &Secret| Some(secret.name_c())) }
}

/// The type as KMS writes it: `Generic`, `RamCredentials` (also written `RAMCredentials`), `Rds`, `Redis`, `PolarDB` or
/// `ECS`. NULL for NULL.
///
/// Belongs to the secret and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_type(secret: *const kmsak_secret) -> *const c_char {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read_text(secret.cast(), |secret: &Secret| Some(secret.secret_type_c())) }
}

/// The value: UTF-8 for text, already decoded from base64 for a binary one; its length in bytes goes to `*length`, which
/// may be NULL. The value lies in memory that is kept out of core dumps and wiped at the end: a copy is yours to wipe. A NUL
/// follows it that does not count, so that a text can be read as a C string. NULL, and length 0, for NULL.
///
/// Belongs to the secret and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_bytes(
    secret: *const kmsak_secret,
    length: *mut usize,
) -> *const c_void {
    guard(ptr::null(), || {
        // SAFETY: the caller passes NULL or a secret that lives.
        let bytes = unsafe { secret.cast::<Secret>().as_ref() }.map(Secret::as_bytes_with_nul);
        if !length.is_null() {
            // SAFETY: not NULL, so the caller lets it be written to.
            unsafe { length.write(bytes.map_or(0, |bytes| bytes.len() - 1)) };
        }
        bytes.map_or(ptr::null(), |bytes| bytes.as_ptr().cast())
    })
}

/// Whether the value was stored as binary; false for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_is_binary(secret: *const kmsak_secret) -> bool {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read(secret.cast(), false, Secret::is_binary) }
}

/// The id of this version, unique within the secret. NULL for NULL.
///
/// Belongs to the secret and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_version_id(secret: *const kmsak_secret) -> *const c_char {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read_text(secret.cast(), |secret: &Secret| Some(secret.version_id_c())) }
}

/// How many stages point to this version; 0 for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_version_stage_count(secret: *const kmsak_secret) -> usize {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read(secret.cast(), 0, |secret: &Secret| secret.version_stages().len()) }
}

/// The stage number `index`, from 0, such as `ACSCurrent`; NULL when there are fewer.
///
/// Belongs to the secret and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_version_stage(
    secret: *const kmsak_secret,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read_text(secret.cast(), |secret: &Secret| secret.version_stage_c(index)) }
}

/// When this version was made, as KMS wrote it, mostly `YYYY-MM-DDThh:mm:ssZ`; NULL where KMS did not say.
///
/// Belongs to the secret and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_create_time(secret: *const kmsak_secret) -> *const c_char {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read_text(secret.cast(), Secret::create_time_c) }
}

/// The id under which KMS logged the request that fetched this; empty where KMS sent none. NULL for NULL.
///
/// Belongs to the secret and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_request_id(secret: *const kmsak_secret) -> *const c_char {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read_text(secret.cast(), |secret: &Secret| Some(secret.request_id_c())) }
}

/// When KMS last rotated the secret, in seconds since 1970-01-01 UTC; -1 if it never did. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_last_rotation_date_unix(secret: *const kmsak_secret) -> i64 {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read(secret.cast(), -1, |secret: &Secret| unix_seconds(secret.last_rotation_date())) }
}

/// When KMS will next rotate the secret, in seconds since 1970-01-01 UTC; -1 if rotation is off. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_next_rotation_date_unix(secret: *const kmsak_secret) -> i64 {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read(secret.cast(), -1, |secret: &Secret| unix_seconds(secret.next_rotation_date())) }
}

/// The time between two rotations in milliseconds; -1 if rotation is off. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_rotation_interval_ms(secret: *const kmsak_secret) -> i64 {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read(secret.cast(), -1, |secret: &Secret| milliseconds(secret.rotation_interval())) }
}

/// Whether KMS rotates by itself, in its words: `Enabled`, `Disabled` or `Invalid` (it should, but cannot); NULL where KMS
/// did not say.
///
/// Belongs to the secret and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_automatic_rotation(secret: *const kmsak_secret) -> *const c_char {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read_text(secret.cast(), Secret::automatic_rotation_c) }
}

/// What KMS knows beside the value, as JSON; NULL where KMS did not say.
///
/// Belongs to the secret and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_extended_config(secret: *const kmsak_secret) -> *const c_char {
    // SAFETY: the caller passes NULL or a secret that lives.
    unsafe { read_text(secret.cast(), Secret::extended_config_c) }
}

/// Another handle of the same secret, as cheap as counting. NULL for NULL.
///
/// Yours to free with kmsak_secret_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_clone(secret: *const kmsak_secret) -> *mut kmsak_secret {
    guard(ptr::null_mut(), || {
        if secret.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: not NULL, so it came from `hand_out`; what is counted here stays the caller's.
        let shared = ManuallyDrop::new(unsafe { Arc::from_raw(secret.cast::<Secret>()) });
        hand_out(Arc::clone(&shared))
    })
}

/// Frees a secret; the memory is wiped when no handle and no cache has it any more. NULL is allowed. No other thread may
/// use this handle at that time, or later.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_free(secret: *mut kmsak_secret) {
    guard((), || {
        if !secret.is_null() {
            // SAFETY: the caller hands back what `hand_out` gave, once.
            drop(unsafe { Arc::from_raw(secret.cast::<Secret>()) });
        }
    });
}
