//! `--log-level`, `--log-format` and `--log-file`

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use kmsak::LogLevel;

use crate::failure::Failure;
use crate::{progress, secret_json};

/// The least that matters enough to be written; none for nothing at all.
static MOST: OnceLock<Option<LogLevel>> = OnceLock::new();
/// What is odd about a configuration is told even where the library's warnings are not, as nobody asked for them.
static QUIET: OnceLock<bool> = OnceLock::new();
static FORMAT: OnceLock<Format> = OnceLock::new();
static FILE: OnceLock<PathBuf> = OnceLock::new();

/// What is logged on standard error, or in a file.
#[derive(Debug, Args)]
pub(crate) struct LogArguments {
    /// How much to log on standard error; no line ever holds a secret [default: info for serve, warn for what stays to watch, else error]
    #[arg(long, global = true, value_enum, value_name = "LEVEL", env = "KMSAK_LOG_LEVEL")]
    log_level: Option<Most>,
    /// How a line is written: for people, or as one JSON object with time, level and message
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        env = "KMSAK_LOG_FORMAT",
        default_value = "text",
        hide_default_value = true
    )]
    log_format: Format,
    /// Log to the end of this file instead; who moves it away finds a new one begun
    #[arg(long, global = true, value_name = "FILE", env = "KMSAK_LOG_FILE")]
    log_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Most {
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
    pub(crate) fn install(&self, default: Most) -> Result<(), Failure> {
        if let Some(path) = &self.log_file {
            end_of(path).map_err(|error| {
                Failure::new(format!(
                    "nothing can be logged to {} ({error}): name a file with --log-file that this user may write",
                    path.display()
                ))
                .with_code(3)
            })?;
            FILE.get_or_init(|| path.clone());
        }
        let most = match self.log_level.unwrap_or(default) {
            Most::Off => None,
            Most::Error => Some(LogLevel::Error),
            Most::Warn => Some(LogLevel::Warn),
            Most::Info => Some(LogLevel::Info),
            Most::Debug => Some(LogLevel::Debug),
            Most::Trace => Some(LogLevel::Trace),
        };
        QUIET.get_or_init(|| default == Most::Error && self.log_level.is_none());
        MOST.get_or_init(|| most);
        FORMAT.get_or_init(|| self.log_format);
        // Even where nothing is to be written, or the library would look for another way.
        kmsak::forward_logs(most.unwrap_or(LogLevel::Error), Some(Box::new(write)));
        Ok(())
    }
}

#[cfg(windows)]
pub(crate) fn has_file() -> bool {
    FILE.get().is_some()
}

/// What is odd about a configuration or its ClientKey must be seen in any case, and once: where the library's own warnings
/// are written, this is among them.
pub(crate) fn warn_of_start(warning: &str) {
    if QUIET.get() == Some(&true) {
        print(LogLevel::Warn, warning);
    }
}

/// A line, if `--log-level` lets it through.
pub(crate) fn write(level: LogLevel, line: &str) {
    if MOST.get().copied().flatten().is_some_and(|most| level <= most) {
        print(level, line);
    }
}

/// That the program ends without having done what it should: for who reads the file, as standard error has it in any case.
pub(crate) fn failed(message: &str) {
    if let Some(path) = FILE.get() {
        // Standard error is all there is then.
        let _ = append(path, LogLevel::Error, message);
    }
}

/// Where nothing can be written any more, that is no reason to stop.
fn print(level: LogLevel, message: &str) {
    if FILE.get().is_some_and(|path| append(path, level, message).is_ok()) {
        return;
    }
    progress::clear();
    let _ = writeln!(io::stderr(), "{}", line(level, message));
}

/// In one step, as others may write to the same file. It is opened each time, as somebody may have moved it away.
fn append(path: &Path, level: LogLevel, message: &str) -> io::Result<()> {
    let mut line = line(level, message);
    if FORMAT.get() != Some(&Format::Json) {
        // Nobody else puts the time before it there.
        line.insert_str(0, &format!("{} ", secret_json::moment(SystemTime::now())));
    }
    line.push('\n');
    end_of(path)?.write_all(line.as_bytes())
}

fn end_of(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// `kmsak: warning: ...`, or an object.
fn line(level: LogLevel, message: &str) -> String {
    match FORMAT.get() {
        Some(Format::Json) => {
            let time = secret_json::moment(SystemTime::now());
            serde_json::json!({ "time": time, "level": level.to_string(), "message": message }).to_string()
        }
        _ => format!("kmsak: {level}: {message}"),
    }
}
