//! Log lines for every environment that asked for them. The core has one receiver for the process; workers share it.

use std::sync::{Mutex, PoisonError};

use kmsak::{LogLevel, forward_logs};
use napi_derive::napi;

use crate::mailbox::Post;

/// A log line.
#[napi(object, object_from_js = false)]
pub struct Line {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
    /// Without secrets.
    pub line: String,
}

static READERS: Mutex<Vec<(LogLevel, Post)>> = Mutex::new(Vec::new());

const LEVELS: [(&str, LogLevel); 5] = [
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];

pub(crate) fn forward(post: &Post, level: Option<&str>) -> bool {
    let level = match level {
        None => None,
        Some(name) => match LEVELS.iter().find(|(known, _)| *known == name) {
            Some((_, level)) => Some(*level),
            None => return false,
        },
    };
    let mut readers = READERS.lock().unwrap_or_else(PoisonError::into_inner);
    readers.retain(|(_, reader)| !reader.is_same(post) && !reader.is_closed());
    readers.extend(level.map(|level| (level, post.clone())));
    let most = readers.iter().map(|(level, _)| *level).max();
    // Not under the lock: changing the receiver may drop the one before.
    drop(readers);
    match most {
        Some(most) => forward_logs(most, Some(Box::new(send))),
        None => forward_logs(LogLevel::Error, None),
    };
    true
}

pub(crate) fn name(level: LogLevel) -> &'static str {
    LEVELS.iter().find(|(_, known)| *known == level).map_or("trace", |(name, _)| name)
}

fn send(level: LogLevel, line: &str) {
    let readers = READERS.lock().unwrap_or_else(PoisonError::into_inner);
    for (most, reader) in readers.iter() {
        if level <= *most {
            reader.send_line(level, line);
        }
    }
}
