//! What becomes a `KmsakError` in JavaScript.

use std::error::Error;

use napi_derive::napi;

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

impl From<kmsak::Error> for Failure {
    fn from(error: kmsak::Error) -> Self {
        Failure::from(&error)
    }
}
