//! kmsak's log lines to the logger `kmsak` of `logging`.

use std::sync::Once;

use kmsak::{LogLevel, forward_logs};
use pyo3::prelude::*;

use crate::courier::LOG_LINES;

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

/// From the first call on, lines are forwarded. What `logging` lets through is decided when a line is delivered.
pub(crate) fn forward() {
    static FORWARDED: Once = Once::new();
    FORWARDED.call_once(|| {
        forward_logs(
            LogLevel::Trace,
            Some(Box::new(|level, line| {
                let line = line.to_owned();
                LOG_LINES.send(move |py| {
                    if let Err(error) = log(py, level, &line) {
                        error.write_unraisable(py, None);
                    }
                });
            })),
        );
    });
}

fn log(py: Python<'_>, level: LogLevel, line: &str) -> PyResult<()> {
    let logger = py.import("logging")?.call_method1("getLogger", ("kmsak",))?;
    logger.call_method1("log", (python_level(level), line))?;
    Ok(())
}
