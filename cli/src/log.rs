//! `--log-level`

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, ValueEnum};
use kmsak::LogLevel;

/// Whether the library's warnings are not written, as nobody asked for them.
static QUIET: AtomicBool = AtomicBool::new(false);

/// What is logged on standard error.
#[derive(Debug, Args)]
pub(crate) struct LogArguments {
    /// How much to log on standard error; no line ever holds a secret [default: info for serve, else error]
    #[arg(long, global = true, value_enum, value_name = "LEVEL", env = "KMSAK_LOG_LEVEL")]
    log_level: Option<Most>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Most {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogArguments {
    /// From here on the library's lines are written.
    ///
    /// A short command's own error says what the library would have logged on the way there.
    pub(crate) fn install(&self, short: bool) {
        QUIET.store(short && self.log_level.is_none(), Ordering::Relaxed);
        let most = match self.log_level.unwrap_or(if short { Most::Error } else { Most::Info }) {
            // A receiver all the same: without one the library would write its warnings itself.
            Most::Off => {
                kmsak::forward_logs(LogLevel::Error, Some(Box::new(|_, _| ())));
                return;
            }
            Most::Error => LogLevel::Error,
            Most::Warn => LogLevel::Warn,
            Most::Info => LogLevel::Info,
            Most::Debug => LogLevel::Debug,
            Most::Trace => LogLevel::Trace,
        };
        kmsak::forward_logs(most, Some(Box::new(write)));
    }
}

/// What is odd about a configuration or its ClientKey must be seen in any case, and once.
pub(crate) fn warn_of_start(warning: &str) {
    if QUIET.load(Ordering::Relaxed) {
        write(LogLevel::Warn, warning);
    }
}

/// `kmsak: warning: ...`. A standard error that is closed is no reason to stop.
pub(crate) fn write(level: LogLevel, line: &str) {
    let name = match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warning",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let _ = writeln!(std::io::stderr(), "kmsak: {name}: {line}");
}
