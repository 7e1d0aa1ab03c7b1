//! Statistics as the classes of `kmsak/_stats.py`.

use pyo3::prelude::*;

use crate::field::keywords;

pub(crate) fn to_python<'py>(py: Python<'py>, stats: &kmsak::Stats) -> PyResult<Bound<'py, PyAny>> {
    let classes = py.import("kmsak._stats")?;
    let rows = classes.getattr("ROWS")?;
    classes.getattr("Stats")?.call((), Some(&keywords(py, stats.fields(), Some(&rows))?))
}
