//! Waiting as Python wants it: without the GIL, and open to Ctrl-C.

use std::time::{Duration, Instant};

use kmsak::Pending;
use pyo3::prelude::*;

use crate::error::{timed_out, to_python};
use crate::text::{Length, Named};

/// How soon Ctrl-C ends a wait.
const SLICE: Duration = Duration::from_millis(50);

/// How long a caller is ready to wait.
pub(crate) type Timeout = Option<Named<Length>>;

pub(crate) fn checked(py: Python<'_>, timeout: Timeout) -> PyResult<Option<Duration>> {
    timeout.map(|timeout| timeout.by(py, "timeout").map(|length| length.0)).transpose()
}

/// Waits for the answer with the GIL released; between slices a signal's Python handler may run and raise.
pub(crate) fn wait<T: Send>(py: Python<'_>, pending: Pending<T>, timeout: Option<Duration>) -> PyResult<T> {
    match wait_for_result(py, &pending, timeout)? {
        Some(result) => result.map_err(|error| to_python(py, &error)),
        None => Err(PyErr::from_value(timed_out(py, timeout.unwrap_or_default())?)),
    }
}

/// As wait, but the answer's own failure is not raised; None when `timeout` is over.
pub(crate) fn wait_for_result<T: Send>(
    py: Python<'_>,
    pending: &Pending<T>,
    timeout: Option<Duration>,
) -> PyResult<Option<kmsak::Result<T>>> {
    let started = Instant::now();
    loop {
        let left = timeout.map(|timeout| timeout.saturating_sub(started.elapsed()));
        let slice = left.unwrap_or(SLICE).min(SLICE);
        if let Some(result) = py.detach(|| pending.wait_timeout(slice)) {
            return Ok(Some(result));
        }
        py.check_signals()?;
        if left.is_some_and(|left| left <= slice) {
            return Ok(None);
        }
    }
}
