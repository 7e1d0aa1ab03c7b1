//! Python's keywords to the core's options, by their names.

use std::path::PathBuf;

use kmsak::{Setting, SettingKind};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::to_python;
use crate::text::{Count, Length, Named, Names, Text};

/// What has options: a function that sets one, what all are called, and who is called with them.
pub(crate) struct Options<T> {
    pub(crate) set: fn(T, &str, Setting<'_>) -> kmsak::Result<T>,
    pub(crate) known: Vec<(&'static str, SettingKind)>,
    pub(crate) callee: &'static str,
}

impl<T> Options<T> {
    /// Sets each option that was given and is not None.
    pub(crate) fn set(self, mut target: T, given: Option<&Bound<'_, PyDict>>) -> PyResult<T> {
        for (name, value) in given.into_iter().flatten() {
            let name: String = name.extract()?;
            let Some((_, kind)) = self.known.iter().find(|(known, _)| *known == name) else {
                return Err(PyTypeError::new_err(format!(
                    "{} got an unexpected keyword argument '{name}'",
                    self.callee
                )));
            };
            if !value.is_none() {
                target = self.set_one(target, &name, *kind, &value)?;
            }
        }
        Ok(target)
    }

    fn set_one(&self, target: T, name: &str, kind: SettingKind, value: &Bound<'_, PyAny>) -> PyResult<T> {
        let py = value.py();
        let set =
            |setting: Setting<'_>| (self.set)(target, name, setting).map_err(|error| to_python(py, &error));
        match kind {
            SettingKind::Text => set(Setting::Text(&named::<String>(value, name)?)),
            SettingKind::Bytes => set(Setting::Bytes(named::<Text>(value, name)?.as_ref())),
            SettingKind::Path => set(Setting::Path(&named::<PathBuf>(value, name)?)),
            SettingKind::Duration => set(Setting::Duration(named::<Length>(value, name)?.0)),
            SettingKind::Count => set(Setting::Count(named::<Count>(value, name)?.0)),
            SettingKind::Flag => set(Setting::Flag(named::<bool>(value, name)?)),
            SettingKind::Texts => {
                let names = named::<Names>(value, name)?.0;
                set(Setting::Texts(&names.iter().map(String::as_str).collect::<Vec<_>>()))
            }
            _ => Err(PyTypeError::new_err(format!("{name}: this kmsak does not know how to pass it on"))),
        }
    }
}

fn named<'a, 'py, V: FromPyObject<'a, 'py>>(value: &'a Bound<'py, PyAny>, name: &str) -> PyResult<V> {
    value.extract::<Named<V>>().unwrap_or_else(|never| match never {}).by(value.py(), name)
}
