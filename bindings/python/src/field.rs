//! What has fields as Python's dataclasses get it: keywords.

use kmsak::{FieldValue, Fields};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::error::to_object;

/// `rows` has the classes of what stands in lists, by the names of these.
pub(crate) fn keywords<'py>(
    py: Python<'py>,
    fields: Fields<'_>,
    rows: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let keywords = PyDict::new(py);
    for (name, value) in fields {
        match value {
            None => keywords.set_item(name, py.None())?,
            Some(FieldValue::Text(text)) => keywords.set_item(name, text)?,
            Some(FieldValue::Count(count)) => keywords.set_item(name, count)?,
            Some(FieldValue::Flag(flag)) => keywords.set_item(name, flag)?,
            Some(FieldValue::Duration(duration)) => keywords.set_item(name, duration)?,
            Some(FieldValue::Milliseconds(milliseconds)) => keywords.set_item(name, milliseconds)?,
            Some(FieldValue::Time(time)) => keywords.set_item(name, time)?,
            Some(FieldValue::Error(error)) => keywords.set_item(name, to_object(py, error)?)?,
            Some(FieldValue::Rows(list)) => {
                let Some(rows) = rows else { continue };
                let class = rows.get_item(name)?;
                let list: Vec<_> = list
                    .into_iter()
                    .map(|row| class.call((), Some(&self::keywords(py, row, None)?)))
                    .collect::<PyResult<_>>()?;
                keywords.set_item(name, PyTuple::new(py, list)?)?;
            }
            // Of a newer core than this was written for.
            Some(_) => {}
        }
    }
    Ok(keywords)
}
