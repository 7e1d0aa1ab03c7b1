//! What a function answers.

use std::ffi::{CStr, c_char};

use kmsak_core::Kind;

use crate::boundary::guard;

/// What a function answers. The numbers are stable: they never change and are never used for anything else. New ones may
/// be added, so treat one that you do not know as a failure.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kmsak_status {
    /// It worked.
    KMSAK_OK = 0,
    /// The configuration is wrong, or an argument cannot work, such as the name of no secret.
    KMSAK_CONFIGURATION = 1,
    /// The ClientKey file or its password cannot be used.
    KMSAK_CLIENT_KEY = 2,
    /// KMS could not be reached, or did not answer in time.
    KMSAK_NETWORK = 3,
    /// The peer could not be verified, or TLS failed.
    KMSAK_TLS = 4,
    /// KMS refused: permission, signature, or an unknown ClientKey.
    KMSAK_DENIED = 5,
    /// KMS has no such secret, version or key.
    KMSAK_NOT_FOUND = 6,
    /// KMS, or the token bucket for renewals, says that there were too many requests.
    KMSAK_THROTTLED = 7,
    /// KMS failed, or answered something that cannot be understood.
    KMSAK_SERVER = 8,
    /// The provider is closed.
    KMSAK_CLOSED = 9,
    /// A pointer is NULL where it must not be, a text is not UTF-8, or the call must not be made here.
    KMSAK_INVALID_ARGUMENT = 10,
    /// A bug in kmsak. Nothing is lost; please report it.
    KMSAK_INTERNAL = 11,
    /// The call was cancelled.
    KMSAK_CANCELLED = 12,
}

use kmsak_status::*;

impl kmsak_status {
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Configuration => KMSAK_CONFIGURATION,
            Kind::ClientKey => KMSAK_CLIENT_KEY,
            Kind::Network => KMSAK_NETWORK,
            Kind::Tls => KMSAK_TLS,
            Kind::Denied => KMSAK_DENIED,
            Kind::NotFound => KMSAK_NOT_FOUND,
            Kind::Throttled => KMSAK_THROTTLED,
            Kind::Server => KMSAK_SERVER,
            Kind::Closed => KMSAK_CLOSED,
            // A kind that this binding does not know yet.
            _ => KMSAK_INTERNAL,
        }
    }

    pub(crate) fn name(self) -> &'static CStr {
        match self {
            KMSAK_OK => c"ok",
            KMSAK_CONFIGURATION => c"configuration",
            KMSAK_CLIENT_KEY => c"client_key",
            KMSAK_NETWORK => c"network",
            KMSAK_TLS => c"tls",
            KMSAK_DENIED => c"denied",
            KMSAK_NOT_FOUND => c"not_found",
            KMSAK_THROTTLED => c"throttled",
            KMSAK_SERVER => c"server",
            KMSAK_CLOSED => c"closed",
            KMSAK_INVALID_ARGUMENT => c"invalid_argument",
            KMSAK_INTERNAL => c"internal",
            KMSAK_CANCELLED => c"cancelled",
        }
    }
}

const ALL: [kmsak_status; 13] = [
    KMSAK_OK,
    KMSAK_CONFIGURATION,
    KMSAK_CLIENT_KEY,
    KMSAK_NETWORK,
    KMSAK_TLS,
    KMSAK_DENIED,
    KMSAK_NOT_FOUND,
    KMSAK_THROTTLED,
    KMSAK_SERVER,
    KMSAK_CLOSED,
    KMSAK_INVALID_ARGUMENT,
    KMSAK_INTERNAL,
    KMSAK_CANCELLED,
];

/// The name of a status in lower case, such as `not_found`; `unknown` for a number that is none.
///
/// A string that lives as long as the program. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn kmsak_status_name(status: i32) -> *const c_char {
    guard(c"unknown".as_ptr(), || {
        ALL.iter().find(|known| **known as i32 == status).map_or(c"unknown", |known| known.name()).as_ptr()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_the_names_of_the_core() {
        for kind in Kind::ALL {
            assert_eq!(kmsak_status::of(kind).name().to_str(), Ok(kind.as_str()));
        }
    }

    #[test]
    fn numbers_are_places_in_the_list() {
        for (number, status) in ALL.into_iter().enumerate() {
            assert_eq!(usize::try_from(status as i32), Ok(number));
        }
    }
}
