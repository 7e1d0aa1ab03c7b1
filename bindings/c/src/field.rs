//! What has fields, as C reads it: texts that end with a NUL, and numbers in the units that names tell.

use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::time::{Duration, SystemTime};

use kmsak_core::{FieldValue, Fields};

use crate::boundary::{read, read_text};
use crate::c_string::c_string;
use crate::error::kmsak_error;

/// What `kmsak_event`, `kmsak_stats` and the parts of that are in truth: cast the pointer to read them.
pub(crate) struct Row(Vec<(&'static str, Held)>);

enum Held {
    Text(CString),
    Number(i64),
    Duration(Duration),
    Time(SystemTime),
    Error(kmsak_error),
    Rows(Vec<Row>),
}

impl Row {
    pub(crate) fn of(fields: Fields<'_>) -> Self {
        Row(fields.into_iter().filter_map(|(name, value)| Some((name, Held::of(value?)?))).collect())
    }

    pub(crate) fn with_text(mut self, name: &'static str, text: &str) -> Self {
        self.0.push((name, Held::Text(c_string(text))));
        self
    }

    fn get(&self, name: &str) -> Option<&Held> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, held)| held)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&CStr> {
        match self.get(name) {
            Some(Held::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn rows(&self, name: &str) -> &[Row] {
        match self.get(name) {
            Some(Held::Rows(rows)) => rows,
            _ => &[],
        }
    }
}

impl Held {
    /// None for a sort of value that this binding does not know yet.
    fn of(value: FieldValue<'_>) -> Option<Self> {
        Some(match value {
            FieldValue::Text(text) => Held::Text(c_string(text)),
            FieldValue::Count(count) => Held::Number(i64::try_from(count).unwrap_or(i64::MAX)),
            FieldValue::Flag(flag) => Held::Number(flag.into()),
            FieldValue::Duration(duration) => Held::Duration(duration),
            FieldValue::Milliseconds(milliseconds) => Held::Number(milliseconds),
            FieldValue::Time(time) => Held::Time(time),
            FieldValue::Error(error) => Held::Error(error.into()),
            FieldValue::Rows(rows) => Held::Rows(rows.into_iter().map(Row::of).collect()),
            _ => return None,
        })
    }
}

/// Milliseconds, -1 for none.
pub(crate) fn milliseconds(duration: Option<Duration>) -> i64 {
    duration.map_or(-1, |duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

/// Seconds since 1970-01-01 UTC, -1 for none.
pub(crate) fn unix_seconds(at: Option<SystemTime>) -> i64 {
    let Some(at) = at else { return -1 };
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        // Nothing that KMS dates lies before 1970.
        Err(_) => -1,
    }
}

/// A text; NULL for none.
///
/// # Safety
/// Here and below: `row` is NULL or points to a [`Row`] that lives for as long as the answer.
pub(crate) unsafe fn read_field<T>(row: *const T, name: &'static str) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { text(row.cast(), name) }
}

/// A number in the field's own unit; -1 for none.
pub(crate) unsafe fn read_number<T>(row: *const T, name: &'static str) -> i64 {
    // SAFETY: as the caller promises.
    unsafe { number(-1, row.cast(), name) }
}

/// A number in the field's own unit, which may be negative.
pub(crate) unsafe fn read_or<T>(otherwise: i64, row: *const T, name: &'static str) -> i64 {
    // SAFETY: as the caller promises.
    unsafe { number(otherwise, row.cast(), name) }
}

/// How many; 0 for none.
pub(crate) unsafe fn read_count<T>(row: *const T, name: &'static str) -> u64 {
    // SAFETY: as the caller promises.
    u64::try_from(unsafe { number(-1, row.cast(), name) }).unwrap_or(0)
}

/// Microseconds; -1 for none.
pub(crate) unsafe fn read_micros<T>(row: *const T, name: &'static str) -> i64 {
    // SAFETY: as the caller promises.
    unsafe {
        read(row.cast(), -1, |row: &Row| match row.get(name) {
            Some(Held::Duration(duration)) => i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
            _ => -1,
        })
    }
}

/// A failure; NULL for none.
pub(crate) unsafe fn read_error<T>(row: *const T, name: &'static str) -> *const kmsak_error {
    // SAFETY: as the caller promises.
    unsafe { error(row.cast(), name) }
}

/// How long a list is.
pub(crate) unsafe fn read_length<T>(row: *const T, name: &'static str) -> usize {
    // SAFETY: as the caller promises.
    unsafe { length(row.cast(), name) }
}

/// One of a list; NULL when there are fewer.
pub(crate) unsafe fn read_row<T, R>(row: *const T, name: &'static str, index: usize) -> *const R {
    // SAFETY: as the caller promises.
    unsafe { one(row.cast(), name, index) }.cast()
}

// What the getters share, compiled once: none of it is read often.

#[inline(never)]
unsafe fn text(row: *const Row, name: &'static str) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { read_text(row, |row| row.text(name)) }
}

#[inline(never)]
unsafe fn number(otherwise: i64, row: *const Row, name: &'static str) -> i64 {
    // SAFETY: as the caller promises.
    unsafe {
        read(row, otherwise, |row| match row.get(name) {
            Some(Held::Number(number)) => *number,
            Some(Held::Duration(duration)) => milliseconds(Some(*duration)),
            Some(Held::Time(time)) => unix_seconds(Some(*time)),
            _ => otherwise,
        })
    }
}

#[inline(never)]
unsafe fn error(row: *const Row, name: &'static str) -> *const kmsak_error {
    // SAFETY: as the caller promises.
    unsafe {
        read(row, ptr::null(), |row| match row.get(name) {
            Some(Held::Error(error)) => ptr::from_ref(error),
            _ => ptr::null(),
        })
    }
}

#[inline(never)]
unsafe fn length(row: *const Row, name: &'static str) -> usize {
    // SAFETY: as the caller promises.
    unsafe { read(row, 0, |row| row.rows(name).len()) }
}

#[inline(never)]
unsafe fn one(row: *const Row, name: &'static str, index: usize) -> *const Row {
    // SAFETY: as the caller promises.
    unsafe { read(row, ptr::null(), |row| row.rows(name).get(index).map_or(ptr::null(), ptr::from_ref)) }
}
