//! Arguments that Python writes in more than one way.

use std::collections::BTreeMap;
use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBool, PyDelta, PyMapping};

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

/// A whole number that cannot be negative.
pub(crate) struct Count(pub(crate) u32);

impl FromPyObject<'_, '_> for Count {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let expected = "expected a whole number from 0 to 4294967295";
        if object.is_instance_of::<PyBool>() || object.call_method0("__index__").is_err() {
            return Err(PyTypeError::new_err(format!("{expected}, not {}", object.get_type().name()?)));
        }
        object
            .extract()
            .map(Count)
            .map_err(|_| PyValueError::new_err(format!("{expected}, not {}", &*object)))
    }
}

/// Any mapping from `str` to `str`.
pub(crate) struct Settings(pub(crate) BTreeMap<String, String>);

impl FromPyObject<'_, '_> for Settings {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let Ok(mapping) = object.cast::<PyMapping>() else {
            let found = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!("expected a mapping from str to str, not {found}")));
        };
        let mut settings = BTreeMap::new();
        for item in mapping.items()? {
            // Values are left out: they may be passwords.
            let Ok((name, value)) = item.extract() else {
                let message = match item.get_item(0)?.extract::<String>() {
                    Ok(name) => format!("expected a str for {name}, as in a properties file"),
                    Err(_) => "expected a mapping from str to str, but a key is no str".to_owned(),
                };
                return Err(PyTypeError::new_err(message));
            };
            settings.insert(name, value);
        }
        Ok(Settings(settings))
    }
}
