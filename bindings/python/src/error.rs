//! `kmsak::Error` as an exception; the classes are in `kmsak/_errors.py`.

use kmsak::{Error, Kind};
use pyo3::prelude::*;
use pyo3::types::PyDict;

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
    let parts = PyDict::new(py);
    parts.set_item("code", error.code())?;
    parts.set_item("request_id", error.request_id())?;
    parts.set_item("retryable", error.retryable())?;
    parts.set_item("http_status", error.http_status())?;
    py.import("kmsak._errors")?.getattr(class_name(error.kind()))?.call((error.message(),), Some(&parts))
}

pub(crate) fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    match to_object(py, error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}
