//! What `Provider.fixed` takes.

use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyTuple};

use crate::text::{Text, items, wrong_type};

const EXPECTED: &str = "a mapping from names of secrets to (access_key_id, access_key_secret), str or bytes, or to a list of these";

/// A mapping from names to versions.
pub(crate) struct Fixed(pub(crate) kmsak::Fixed);

enum Version {
    AccessKey(String, String),
    Value(Text),
}

impl FromPyObject<'_, '_> for Version {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let version = if object.is_instance_of::<PyTuple>() {
            object.extract().map(|(id, secret)| Version::AccessKey(id, secret))
        } else {
            object.extract().map(Version::Value)
        };
        version.map_err(|_| wrong_type(EXPECTED, object))
    }
}

impl FromPyObject<'_, '_> for Fixed {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let Ok(mapping) = object.cast::<PyMapping>() else { return Err(wrong_type(EXPECTED, object)) };
        let mut fixed = kmsak::Provider::fixed();
        for item in mapping.items()? {
            let (name, versions): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            let Ok(name) = name.extract::<String>() else { return Err(wrong_type(EXPECTED, object)) };
            let versions = match versions.extract::<Version>() {
                Ok(only) => vec![only],
                Err(error) if versions.is_instance_of::<PyTuple>() => return Err(error),
                Err(_) => items(versions.as_borrowed(), EXPECTED)?,
            };
            fixed = versions.into_iter().fold(fixed, |fixed, version| match version {
                Version::AccessKey(id, secret) => fixed.access_key(name.clone(), &id, &secret),
                Version::Value(value) => fixed.secret(name.clone(), value),
            });
        }
        Ok(Fixed(fixed))
    }
}
