//! Log lines on their way to a logger that may be slow, or hang.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::fork::PerProcess;
use super::logs::LogLevel;

/// So many lines may wait.
const MOST: usize = 1024;

/// Bounds what waits between [`forward_logs`](super::logs::forward_logs), whose receiver must not block, and an application's
/// logger, which may. For bindings, which deliver lines on another thread. Thread-safe; a forked child begins with an empty one.
pub struct LogBacklog(PerProcess<Counts>);

#[derive(Default)]
struct Counts {
    waiting: AtomicUsize,
    dropped: AtomicU64,
}

/// The place of a line that waits. To be dropped when the line is delivered, or will never be.
pub struct LogPlace(Arc<Counts>);

impl LogBacklog {
    /// One in which nothing waits.
    #[must_use]
    pub const fn new() -> Self {
        LogBacklog(PerProcess::empty())
    }

    /// Hands `line` to `send`, which leaves it where it waits. Where 1,024 wait already it is dropped, and a warning that says how
    /// many were goes before the next one that is not, and matters as much: whoever wants errors alone is to know.
    pub fn pass(&self, level: LogLevel, line: &str, send: impl Fn(LogLevel, String, LogPlace)) {
        let Ok(counts) = self.0.get_or_make(|| Ok::<_, Infallible>(Arc::default()), drop);
        let place = LogPlace::take(&counts);
        if counts.waiting.load(Ordering::Relaxed) > MOST {
            counts.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let dropped = counts.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let told = format!(
                "{dropped} log lines were dropped here: the application's logger hangs or is slower than they come"
            );
            send(level.min(LogLevel::Warn), told, LogPlace::take(&counts));
        }
        send(level, line.to_owned(), place);
    }
}

impl Default for LogBacklog {
    fn default() -> Self {
        LogBacklog::new()
    }
}

impl LogPlace {
    fn take(counts: &Arc<Counts>) -> Self {
        counts.waiting.fetch_add(1, Ordering::Relaxed);
        LogPlace(counts.clone())
    }
}

impl Drop for LogPlace {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::lock::Mutex;

    #[test]
    fn what_finds_no_place_is_counted_and_told_with_the_next_line() {
        let backlog = LogBacklog::new();
        let waiting = Mutex::new(Vec::new());
        let pass = |line: &str| {
            backlog
                .pass(LogLevel::Debug, line, |level, line, place| waiting.lock().push((level, line, place)));
        };
        (0..MOST + 7).for_each(|number| pass(&number.to_string()));
        assert_eq!(waiting.lock().len(), MOST);
        waiting.lock().drain(..2);
        pass("next");
        pass("no place again");
        let lines = waiting.lock();
        let [.., (level, told, _), (_, next, _)] = &lines[..] else { panic!("there are many") };
        assert_eq!((*level, next.as_str()), (LogLevel::Warn, "next"));
        assert!(told.starts_with("7 log lines were dropped"), "{told}");
    }

    #[test]
    fn whoever_wants_errors_alone_is_told_before_an_error() {
        for (level, expected) in [(LogLevel::Error, LogLevel::Error), (LogLevel::Info, LogLevel::Warn)] {
            let backlog = LogBacklog::new();
            let waiting = Mutex::new(Vec::new());
            let pass = || backlog.pass(level, "line", |level, _, place| waiting.lock().push((level, place)));
            (0..=MOST).for_each(|_| pass());
            waiting.lock().clear();
            pass();
            let levels: Vec<_> = waiting.lock().iter().map(|(level, _)| *level).collect();
            assert_eq!(levels, [expected, level]);
        }
    }
}
