//! Log lines.

use std::cell::Cell;
use std::ffi::{c_char, c_void};

use kmsak_core::{LogLevel, Provider, forward_logs};

use crate::arguments::text;
use crate::boundary::guard;
use crate::c_string::c_string;
use crate::error::kmsak_error;
use crate::user_data::{UserData, kmsak_destructor};

/// How much a log line matters.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kmsak_log_level {
    /// Something failed and somebody should act.
    KMSAK_LOG_ERROR = 1,
    /// Something is odd; the application goes on.
    KMSAK_LOG_WARN = 2,
    /// A change worth a line: a rotation, a replaced ClientKey.
    KMSAK_LOG_INFO = 3,
    /// Every fetch.
    KMSAK_LOG_DEBUG = 4,
    /// Everything.
    KMSAK_LOG_TRACE = 5,
}

use kmsak_log_level::*;

impl kmsak_log_level {
    fn of(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => KMSAK_LOG_ERROR,
            LogLevel::Warn => KMSAK_LOG_WARN,
            LogLevel::Info => KMSAK_LOG_INFO,
            LogLevel::Debug => KMSAK_LOG_DEBUG,
            LogLevel::Trace => KMSAK_LOG_TRACE,
        }
    }
}

/// A number that is no level is taken for the nearest one.
fn level(number: i32) -> LogLevel {
    match number {
        ..=1 => LogLevel::Error,
        2 => LogLevel::Warn,
        3 => LogLevel::Info,
        4 => LogLevel::Debug,
        5.. => LogLevel::Trace,
    }
}

/// Gets a log line: its level (a kmsak_log_level), and its text in UTF-8, without a line end, which lives until the callback
/// returns. Called from any thread, also from several at a time. It must not block. It may call kmsak: what would have to ask
/// KMS answers KMSAK_INVALID_ARGUMENT there and asks nothing, and lines that these calls log, kmsak_log among them, are dropped.
/// It must not let an exception out, nor longjmp. kmsak's own threads block all signals, and a thread or process that the callback
/// starts there inherits that.
pub type kmsak_log_callback =
    Option<unsafe extern "C" fn(level: i32, message: *const c_char, user_data: *mut c_void)>;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether a call may ask KMS. A closed provider answers without KMS.
pub(crate) fn may_ask(provider: &Provider) -> Result<(), kmsak_error> {
    if provider.is_closed() { Ok(()) } else { may_wait() }
}

/// Whether a call may wait for KMS: not inside a log callback, which may run on the very thread that would bring the answer.
pub(crate) fn may_wait() -> Result<(), kmsak_error> {
    if !INSIDE.get() {
        return Ok(());
    }
    Err(kmsak_error::invalid_argument(
        "a log callback cannot wait for KMS: hand the work to a thread of yours",
    ))
}

/// Hands every log line of the process that matters at least as much as `level` (a kmsak_log_level) to `callback`, until the
/// next call of this function. No line holds a secret. A NULL callback ends it.
///
/// `user_data` is given to each call, and from this call on kmsak's: `destructor` is called with it, exactly once, when no
/// further call will come (at once for a NULL callback). Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_set_log_callback(
    level: i32,
    callback: kmsak_log_callback,
    user_data: *mut c_void,
    destructor: kmsak_destructor,
) {
    guard((), || {
        let user_data = UserData::new(user_data, destructor);
        let most = self::level(level);
        let Some(callback) = callback else {
            forward_logs(most, None);
            return;
        };
        let receiver = move |level: LogLevel, line: &str| {
            // What the callback's own calls log would call it again, and so on.
            if INSIDE.get() {
                return;
            }
            let line = c_string(line);
            INSIDE.set(true);
            // SAFETY: the caller passed a function that takes these, and user data that outlives it.
            unsafe { callback(kmsak_log_level::of(level) as i32, line.as_ptr(), user_data.pointer()) };
            INSIDE.set(false);
        };
        forward_logs(most, Some(Box::new(receiver)));
    });
}

/// Sends a line of your own the way that kmsak's go, so that what belongs together stays together; C++ wrappers tell of
/// exceptions in callbacks with it. `message` is UTF-8; NULL is ignored. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_log(level: i32, message: *const c_char) {
    guard((), || {
        // SAFETY: the caller passes NULL or a string.
        let Ok(message) = (unsafe { text(message, "message") }) else { return };
        match self::level(level) {
            LogLevel::Error => tracing::error!("{message}"),
            LogLevel::Warn => tracing::warn!("{message}"),
            LogLevel::Info => tracing::info!("{message}"),
            LogLevel::Debug => tracing::debug!("{message}"),
            LogLevel::Trace => tracing::trace!("{message}"),
        }
    });
}
