//! Arguments: what Python writes in more than one way, and what says by itself which argument is wrong.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBool, PyDelta, PyMapping, PySequence, PyString, PyType};

/// An argument that is refused by its name, which pyo3 tells in a note only: neither `str` of the error nor a traceback of
/// Python 3.10 shows that.
pub(crate) struct Named<T>(PyResult<T>);

impl<'a, 'py, T: FromPyObject<'a, 'py>> FromPyObject<'a, 'py> for Named<T> {
    type Error = Infallible;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Named(object.extract().map_err(Into::into)))
    }
}

impl<T> Named<T> {
    pub(crate) fn by(self, py: Python<'_>, name: &str) -> PyResult<T> {
        self.0.map_err(|error| {
            let kind = error.get_type(py);
            // Others may be a caller's own, or take more than a text.
            if kind.is(py.get_type::<PyTypeError>()) || kind.is(py.get_type::<PyValueError>()) {
                PyErr::from_type(kind, format!("{name}: {}", error.value(py)))
            } else {
                error
            }
        })
    }
}

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
            Err(_) => Err(wrong_type("str or bytes", object)),
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
            return Err(wrong_type("a timedelta or a number of seconds", object));
        } else {
            object.extract::<f64>().map_err(|_| wrong_type("a timedelta or a number of seconds", object))?
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
        let expected = "a whole number from 0 to 4294967295";
        if object.is_instance_of::<PyBool>() || object.call_method0("__index__").is_err() {
            return Err(wrong_type(expected, object));
        }
        object
            .extract()
            .map(Count)
            .map_err(|_| PyValueError::new_err(format!("expected {expected}, not {}", &*object)))
    }
}

/// A sequence of `str`, but not one `str`.
pub(crate) struct Names(pub(crate) Vec<String>);

impl FromPyObject<'_, '_> for Names {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        items(object, "a list of str").map(Names)
    }
}

/// The items of a sequence that is no `str`.
pub(crate) fn items<'py, T>(object: Borrowed<'_, 'py, PyAny>, expected: &str) -> PyResult<Vec<T>>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    if object.is_instance_of::<PyString>() {
        return Err(wrong_type(expected, object));
    }
    let Ok(sequence) = object.cast::<PySequence>() else { return Err(wrong_type(expected, object)) };
    sequence
        .try_iter()?
        .map(|item| {
            let item = item?;
            item.extract::<T>().map_err(|error| {
                let error: PyErr = error.into();
                if !error.is_instance_of::<PyTypeError>(item.py()) {
                    return error;
                }
                let found = item.get_type();
                PyTypeError::new_err(format!("expected {expected}, but there is {} in it", name_of(&found)))
            })
        })
        .collect()
}

/// Says of a value nothing but its type: it may be a password.
pub(crate) fn wrong_type(expected: &str, object: Borrowed<'_, '_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("expected {expected}, not {}", name_of(&object.get_type())))
}

fn name_of(kind: &Bound<'_, PyType>) -> String {
    kind.name().map_or_else(|_| "something else".to_owned(), |name| name.to_string())
}

/// Any mapping from `str` to `str`.
pub(crate) struct Settings(pub(crate) BTreeMap<String, String>);

impl FromPyObject<'_, '_> for Settings {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let Ok(mapping) = object.cast::<PyMapping>() else {
            return Err(wrong_type("a mapping from str to str", object));
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
