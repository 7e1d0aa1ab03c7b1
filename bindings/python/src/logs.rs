//! kmsak's log lines to the logger `kmsak` of `logging`.

use std::sync::Once;

use kmsak::{LogBacklog, LogLevel, forward_logs};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::courier::{Route, send};

/// The logger's method `log`.
static LOG: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// What waits while a handler of the logger is at work, or hangs.
static BACKLOG: LogBacklog = LogBacklog::new();

fn python_level(level: LogLevel) -> u8 {
    match level {
        LogLevel::Error => 40,
        LogLevel::Warn => 30,
        LogLevel::Info => 20,
        LogLevel::Debug => 10,
        // `logging` has no name for it, as for any level below DEBUG.
        LogLevel::Trace => 5,
    }
}

/// Says where lines go. To be called once.
pub(crate) fn begin(py: Python<'_>, log: Py<PyAny>) {
    drop(LOG.set(py, log));
}

/// From the first call on, lines are forwarded. What `logging` lets through is decided when a line is delivered.
pub(crate) fn forward() {
    static FORWARDED: Once = Once::new();
    FORWARDED.call_once(|| {
        forward_logs(
            LogLevel::Trace,
            Some(Box::new(|level, line| {
                BACKLOG.pass(level, line, |level, line, place| {
                    send(Route::LogLines, move |py| {
                        drop(place);
                        let arguments = (python_level(level), line).into_pyobject(py)?.unbind();
                        Ok(LOG.get(py).map(|log| (log.clone_ref(py), arguments)))
                    });
                });
            })),
        );
    });
}
