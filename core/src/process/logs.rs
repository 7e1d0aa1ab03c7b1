//! Log lines for those who have no `tracing`: the bindings.

use std::fmt::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tracing::dispatcher::get_default;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{NoSubscriber, set_global_default};
use tracing::{Event, Level, Metadata, Subscriber};

macro_rules! error_line {
    ($($line:tt)+) => { $crate::process::logs::write($crate::process::logs::LogLevel::Error, format_args!($($line)+)) };
}
macro_rules! warn_line {
    ($($line:tt)+) => { $crate::process::logs::write($crate::process::logs::LogLevel::Warn, format_args!($($line)+)) };
}
macro_rules! info_line {
    ($($line:tt)+) => { $crate::process::logs::write($crate::process::logs::LogLevel::Info, format_args!($($line)+)) };
}
macro_rules! debug_line {
    ($($line:tt)+) => { $crate::process::logs::write($crate::process::logs::LogLevel::Debug, format_args!($($line)+)) };
}
pub(crate) use {debug_line as debug, error_line as error, info_line as info, warn_line as warn};

/// Writes a log line, in one place for all, since each place that calls `tracing` takes room in the library. A panic of the
/// application's own layers, which `tracing` calls in the middle of our work, stays there: the panic hook has told of it.
pub(crate) fn write(level: LogLevel, line: fmt::Arguments<'_>) {
    let write = || match level {
        LogLevel::Error => tracing::error!(target: "kmsak", "{line}"),
        LogLevel::Warn => tracing::warn!(target: "kmsak", "{line}"),
        LogLevel::Info => tracing::info!(target: "kmsak", "{line}"),
        LogLevel::Debug => tracing::debug!(target: "kmsak", "{line}"),
        LogLevel::Trace => tracing::trace!(target: "kmsak", "{line}"),
    };
    drop(panic::catch_unwind(AssertUnwindSafe(write)));
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed and somebody should act.
    Error,
    /// Something is odd; the application goes on.
    Warn,
    /// A change worth a line: a rotation, a replaced ClientKey.
    Info,
    /// Every fetch.
    Debug,
    /// Everything.
    Trace,
}

/// `error`, `warning`, `info`, `debug` or `trace`.
impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warning",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        })
    }
}

type Receiver = Box<dyn Fn(LogLevel, &str) + Send + Sync>;

static RECEIVER: ArcSwapOption<(LogLevel, Receiver)> = ArcSwapOption::const_empty();

/// Hands every log line of kmsak that matters at least as much as `most` to `receiver`, from whatever thread logs it, until
/// the next call; `None` ends it. No line holds a secret. `receiver` must not block and must not call kmsak.
///
/// A Rust application that has a `tracing` subscriber of its own gets the lines there and does not need this; with such a
/// subscriber in place this does nothing and answers `false`.
pub fn forward_logs(most: LogLevel, receiver: Option<Receiver>) -> bool {
    RECEIVER.store(receiver.map(|receiver| Arc::new((most, receiver))));
    tracing::callsite::rebuild_interest_cache();
    // Fails when a subscriber is in place already: ours, or another.
    set_global_default(Forwarder).is_ok() || get_default(|now| now.is::<Forwarder>())
}

/// Whether anybody gets what is logged on this thread.
pub(crate) fn are_received() -> bool {
    get_default(
        |now| {
            if now.is::<Forwarder>() { RECEIVER.load().is_some() } else { !now.is::<NoSubscriber>() }
        },
    )
}

struct Forwarder;

impl Subscriber for Forwarder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The libraries below us log what they see, which may be more than we would.
        let ours = metadata.target() == "kmsak" || metadata.target().starts_with("kmsak::");
        ours && RECEIVER.load().as_ref().is_some_and(|receiver| level(metadata.level()) <= receiver.0)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let Some(receiver) = RECEIVER.load_full() else { return };
        let mut line = Line(String::new());
        event.record(&mut line);
        let call = || (receiver.1)(level(event.metadata().level()), &line.0);
        // There is nobody left to tell of a panic in what tells of things.
        drop(panic::catch_unwind(AssertUnwindSafe(call)));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn level(level: &Level) -> LogLevel {
    match *level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            write!(self.0, "{value:?}").expect("a string takes all");
        }
    }
}
