//! What went wrong.

use std::error::Error as _;
use std::ffi::{CString, c_char};

use kmsak_core::Error;

use crate::boundary::{guard, read, read_text};
use crate::c_string::c_string;
use crate::status::kmsak_status;

/// What went wrong, and what to do about it. Never holds a secret. Immutable, so any thread may read it.
#[derive(Clone)]
pub struct kmsak_error {
    status: kmsak_status,
    code: Option<CString>,
    request_id: Option<CString>,
    retryable: bool,
    http_status: i32,
    message: CString,
    cause: Option<CString>,
    os_code: i32,
}

impl kmsak_error {
    pub(crate) fn invalid_argument(message: &str) -> Self {
        kmsak_error::own(kmsak_status::KMSAK_INVALID_ARGUMENT, message)
    }

    pub(crate) fn internal() -> Self {
        kmsak_error::own(
            kmsak_status::KMSAK_INTERNAL,
            "kmsak has a bug: standard error says where; please report it, and try the call again",
        )
    }

    pub(crate) fn cancelled() -> Self {
        kmsak_error::own(
            kmsak_status::KMSAK_CANCELLED,
            "the call was cancelled; what it asked for is fetched all the same, for the cache",
        )
    }

    fn own(status: kmsak_status, message: &str) -> Self {
        kmsak_error {
            status,
            code: None,
            request_id: None,
            retryable: false,
            http_status: 0,
            message: c_string(message),
            cause: None,
            os_code: 0,
        }
    }

    pub(crate) fn status(&self) -> kmsak_status {
        self.status
    }
}

impl From<&Error> for kmsak_error {
    fn from(error: &Error) -> Self {
        kmsak_error {
            status: kmsak_status::of(error.kind()),
            code: error.code().map(c_string),
            request_id: error.request_id().map(c_string),
            retryable: error.retryable(),
            http_status: error.http_status().map_or(0, i32::from),
            message: c_string(error.message()),
            cause: error.source().map(|cause| c_string(&cause.to_string())),
            os_code: error.os_code().unwrap_or(0),
        }
    }
}

impl From<Error> for kmsak_error {
    fn from(error: Error) -> Self {
        kmsak_error::from(&error)
    }
}

/// The status that came with the error; KMSAK_OK for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_error_status(error: *const kmsak_error) -> kmsak_status {
    // SAFETY: the caller passes NULL or an error that lives.
    unsafe { read(error, kmsak_status::KMSAK_OK, |error| error.status) }
}

/// The name of the status, such as `not_found`; `ok` for NULL.
///
/// A string that lives as long as the program. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_error_kind(error: *const kmsak_error) -> *const c_char {
    // SAFETY: the caller passes NULL or an error that lives.
    unsafe { read(error, c"ok".as_ptr(), |error| error.status.name().as_ptr()) }
}

/// KMS's own error code, such as `Forbidden.NoPermission`; NULL where KMS did not answer.
///
/// Belongs to the error and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_error_code(error: *const kmsak_error) -> *const c_char {
    // SAFETY: the caller passes NULL or an error that lives.
    unsafe { read_text(error, |error| error.code.as_deref()) }
}

/// The id under which KMS logged the request; NULL where KMS did not answer.
///
/// Belongs to the error and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_error_request_id(error: *const kmsak_error) -> *const c_char {
    // SAFETY: the caller passes NULL or an error that lives.
    unsafe { read_text(error, |error| error.request_id.as_deref()) }
}

/// Whether the same call may succeed later with nothing changed; false for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_error_retryable(error: *const kmsak_error) -> bool {
    // SAFETY: the caller passes NULL or an error that lives.
    unsafe { read(error, false, |error| error.retryable) }
}

/// The HTTP status of KMS's answer; 0 where KMS did not answer. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_error_http_status(error: *const kmsak_error) -> i32 {
    // SAFETY: the caller passes NULL or an error that lives.
    unsafe { read(error, 0, |error| error.http_status) }
}

/// One sentence in UTF-8 that says what happened and what to do; empty for NULL, never NULL.
///
/// Belongs to the error and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_error_message(error: *const kmsak_error) -> *const c_char {
    // SAFETY: the caller passes NULL or an error that lives.
    unsafe { read(error, c"".as_ptr(), |error| error.message.as_ptr()) }
}

/// What the system or a library said that is the cause of this failure, such as `Connection refused (os error 111)`; NULL where
/// kmsak or KMS itself found the fault.
///
/// Belongs to the error and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_error_cause(error: *const kmsak_error) -> *const c_char {
    // SAFETY: the caller passes NULL or an error that lives.
    unsafe { read_text(error, |error| error.cause.as_deref()) }
}

/// The operating system's number (errno) for the cause, such as ECONNREFUSED; 0 where there is none. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_error_os_code(error: *const kmsak_error) -> i32 {
    // SAFETY: the caller passes NULL or an error that lives.
    unsafe { read(error, 0, |error| error.os_code) }
}

/// Frees an error. NULL is allowed. No other thread may use it at that time, or later.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_error_free(error: *mut kmsak_error) {
    guard((), || {
        if !error.is_null() {
            // SAFETY: the caller hands back what a kmsak function gave, once.
            drop(unsafe { Box::from_raw(error) });
        }
    });
}
