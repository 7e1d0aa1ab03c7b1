//! Waiting as Python wants it: without the GIL, and open to Ctrl-C.

use std::time::Duration;

use kmsak::Pending;
use pyo3::prelude::*;

use crate::error::to_python;

/// How soon Ctrl-C ends a wait.
const SLICE: Duration = Duration::from_millis(50);

/// Waits for the answer with the GIL released; between slices a signal's Python handler may run and raise.
pub(crate) fn wait<T: Send>(py: Python<'_>, pending: Pending<T>) -> PyResult<T> {
    loop {
        match py.detach(|| pending.wait_timeout(SLICE)) {
            Some(result) => return result.map_err(|error| to_python(py, &error)),
            None => py.check_signals()?,
        }
    }
}
