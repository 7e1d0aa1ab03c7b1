//! What becomes a `KmsakError` in JavaScript.

use std::error::Error;

use napi_derive::napi;

use crate::options::duration;

/// The parts of a [`kmsak::Error`]. JavaScript tells it from a value by its `kind`.
#[napi(object, object_from_js = false)]
pub struct Failure {
    /// The stable name of the kind of failure.
    pub kind: &'static str,
    /// KMS's own code.
    pub code: Option<String>,
    /// KMS's request id.
    pub request_id: Option<String>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// One sentence that says what to do.
    pub message: String,
    /// The HTTP status of KMS's answer.
    pub http_status: Option<u32>,
    /// What the system or a library said below.
    pub cause: Option<String>,
    /// The system's number for it.
    pub os_code: Option<i32>,
}

impl From<&kmsak::Error> for Failure {
    fn from(error: &kmsak::Error) -> Self {
        Failure {
            kind: error.kind().as_str(),
            code: error.code().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
            retryable: error.retryable(),
            message: error.message().to_owned(),
            http_status: error.http_status().map(u32::from),
            cause: error.source().map(ToString::to_string),
            os_code: error.os_code(),
        }
    }
}

/// What a call answers whose own `timeout` (milliseconds) is over.
#[napi(catch_unwind)]
#[cfg_attr(test, allow(dead_code, reason = "napi registers nothing in a test build, which clippy looks at"))]
pub(crate) fn no_answer_within(timeout: f64) -> Failure {
    kmsak::Error::no_answer_within(duration(timeout)).into()
}

impl From<kmsak::Error> for Failure {
    fn from(error: kmsak::Error) -> Self {
        Failure::from(&error)
    }
}
