//! `kmsak::Error` as an exception; the classes are in `kmsak/_errors.py`.

use std::error::Error as _;
use std::time::Duration;

use kmsak::{Error, Kind};
use pyo3::exceptions::{PyException, PyOSError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule};

/// The module with the classes: errors are also made on threads that must not import anything.
static CLASSES: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

/// Says where the classes are. To be called once.
pub(crate) fn begin(py: Python<'_>, classes: Py<PyModule>) {
    drop(CLASSES.set(py, classes));
}

fn class_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Configuration => "ConfigurationError",
        Kind::ClientKey => "ClientKeyError",
        Kind::Network => "NetworkError",
        Kind::Tls => "TlsError",
        Kind::Denied => "DeniedError",
        Kind::NotFound => "NotFoundError",
        Kind::Throttled => "ThrottledError",
        Kind::Server => "ServerError",
        Kind::Closed => "ClosedError",
        _ => "KmsakError",
    }
}

/// An instance of the exception class that fits.
pub(crate) fn to_object<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    of_class(py, class_name(error.kind()), error)
}

/// The error of a call that was given no more time than `timeout`.
pub(crate) fn timed_out(py: Python<'_>, timeout: Duration) -> PyResult<Bound<'_, PyAny>> {
    of_class(py, "TimedOutError", &Error::no_answer_within(timeout))
}

fn of_class<'py>(py: Python<'py>, class: &str, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let parts = PyDict::new(py);
    parts.set_item("code", error.code())?;
    parts.set_item("request_id", error.request_id())?;
    parts.set_item("retryable", error.retryable())?;
    parts.set_item("http_status", error.http_status())?;
    let classes = CLASSES.get(py).expect("the package says where they are when it is imported").bind(py);
    let exception = classes.getattr(class)?.call((error.message(),), Some(&parts))?;
    if let Some(source) = error.source() {
        let words = source.to_string();
        let cause = match error.os_code() {
            Some(code) => {
                // Python writes the number itself.
                let words = words.strip_suffix(&format!(" (os error {code})")).unwrap_or(&words);
                PyOSError::new_err((code, words.to_owned()))
            }
            None => PyException::new_err(words),
        };
        exception.setattr("__cause__", cause)?;
    }
    Ok(exception)
}

pub(crate) fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    match to_object(py, error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}
