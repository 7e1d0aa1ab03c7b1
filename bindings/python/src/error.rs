//! `kmsak::Error` as an exception; the classes are in `kmsak/_errors.py`.

use std::error::Error as _;
use std::time::Duration;

use kmsak::Error;
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

/// An instance of the exception class that fits.
pub(crate) fn to_object<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let class = classes(py).getattr("BY_KIND")?.get_item(error.kind().as_str())?;
    of_class(&class, error)
}

/// The error of a call that was given no more time than `timeout`.
pub(crate) fn timed_out(py: Python<'_>, timeout: Duration) -> PyResult<Bound<'_, PyAny>> {
    of_class(&classes(py).getattr("TimedOutError")?, &Error::no_answer_within(timeout))
}

fn classes(py: Python<'_>) -> &Bound<'_, PyModule> {
    CLASSES.get(py).expect("the package says where they are when it is imported").bind(py)
}

fn of_class<'py>(class: &Bound<'py, PyAny>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let parts = PyDict::new(class.py());
    parts.set_item("code", error.code())?;
    parts.set_item("request_id", error.request_id())?;
    parts.set_item("retryable", error.retryable())?;
    parts.set_item("http_status", error.http_status())?;
    let exception = class.call((error.message(),), Some(&parts))?;
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
