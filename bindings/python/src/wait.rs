//! Waiting as Python wants it: without the GIL, and open to Ctrl-C.

use std::time::Duration;

use kmsak::Pending;
use pyo3::prelude::*;

use crate::error::to_python;

/// How soon Ctrl-C ends a wait.
const SLICE: Duration = Duration::from_millis(50);

/// Waits for the answer with the GIL released; between slices a signal's Python handler may run and raise.
pub(crate) fn wait<T: Send>(py: Python<'_>, pending: Pending<T>) -> PyResult<T> {
    wait_for_result(py, &pending)?.map_err(|error| to_python(py, &error))
}

/// As wait, but the answer's own failure is not raised.
pub(crate) fn wait_for_result<T: Send>(py: Python<'_>, pending: &Pending<T>) -> PyResult<kmsak::Result<T>> {
    loop {
        match py.detach(|| pending.wait_timeout(SLICE)) {
            Some(result) => return Ok(result),
            None => py.check_signals()?,
        }
    }
}
