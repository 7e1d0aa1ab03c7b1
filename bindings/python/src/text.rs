//! Arguments that Python writes in more than one way.

use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBool, PyDelta};

/// `str` or `bytes`.
pub(crate) enum Text {
    Str(PyBackedStr),
    Bytes(PyBackedBytes),
}

impl FromPyObject<'_, '_> for Text {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.extract::<PyBackedStr>() {
            return Ok(Text::Str(text));
        }
        match object.extract::<PyBackedBytes>() {
            Ok(bytes) => Ok(Text::Bytes(bytes)),
            // The value is left out: it may be a password.
            Err(_) => {
                Err(PyTypeError::new_err(format!("expected str or bytes, not {}", object.get_type().name()?)))
            }
        }
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        match self {
            Text::Str(text) => text.as_bytes(),
            Text::Bytes(bytes) => bytes,
        }
    }
}

/// A `timedelta`, or a number of seconds.
pub(crate) struct Length(pub(crate) Duration);

impl FromPyObject<'_, '_> for Length {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let seconds = if object.is_instance_of::<PyDelta>() {
            object.call_method0("total_seconds")?.extract::<f64>()?
        } else if object.is_instance_of::<PyBool>() {
            return Err(PyTypeError::new_err("expected a timedelta or a number of seconds, not bool"));
        } else {
            object
                .extract::<f64>()
                .map_err(|_| PyTypeError::new_err("expected a timedelta or a number of seconds"))?
        };
        Duration::try_from_secs_f64(seconds).map(Length).map_err(|_| {
            PyValueError::new_err(format!("expected a length of time of 0 seconds or more, not {seconds} s"))
        })
    }
}
