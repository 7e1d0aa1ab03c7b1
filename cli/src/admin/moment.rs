//! Times as the services write them, and spans as people write them.

use std::time::{Duration, SystemTime};

use crate::secret_json;

const DAY: u64 = 86_400;

/// `2026-11-23T12:34:43Z`
pub(crate) fn written(at: SystemTime) -> String {
    secret_json::moment(at)
}

/// What a service wrote: seconds or an RFC 3339 date, with or without fractions; none where it says nothing.
pub(crate) fn read(text: &str) -> Option<SystemTime> {
    kmsak::parse_date(text)
}

/// Milliseconds since 1970; none for 0, and for a time that the system's clock never shows.
pub(crate) fn of_milliseconds(milliseconds: u64) -> Option<SystemTime> {
    let since = (milliseconds > 0).then(|| Duration::from_millis(milliseconds))?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

/// Whole days from `now` until `text`; negative once it is past.
pub(crate) fn days_until(text: &str, now: SystemTime) -> Option<i64> {
    let at = read(text)?;
    let days = |span: Duration| i64::try_from(span.as_secs() / DAY).unwrap_or(i64::MAX);
    Some(match at.duration_since(now) {
        Ok(left) => days(left),
        Err(past) => -days(past.duration()) - 1,
    })
}

/// Whole days since `at`; 0 for what lies ahead.
pub(crate) fn days_since(at: SystemTime, now: SystemTime) -> u64 {
    now.duration_since(at).unwrap_or_default().as_secs() / DAY
}

/// `30d`, `12h`, `90m` or `3600s`, for clap.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text:?} is no span of time: expected such as 30d, 12h, 90m or 3600s");
    let unit = text.chars().last().ok_or_else(expected)?;
    let seconds = match unit {
        'd' => DAY,
        'h' => 3600,
        'm' => 60,
        's' => 1,
        _ => return Err(expected()),
    };
    let count: u64 = text[..text.len() - 1].parse().map_err(|_| expected())?;
    count.checked_mul(seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or_else(expected)
}

/// As short as [`span`] takes it.
pub(crate) fn short(seconds: u64) -> String {
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds.is_multiple_of(DAY) => format!("{}d", seconds / DAY),
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        assert_eq!(span("30d").unwrap().as_secs(), 2_592_000);
        assert_eq!(span("90m").unwrap().as_secs(), 5_400);
        for wrong in ["", "d", "30", "-1d", "0d", "1.5h", "30ä", "99999999999999999999d"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
        assert_eq!((short(604_800), short(21_600), short(90)), ("7d".into(), "6h".into(), "90s".into()));
    }

    #[test]
    fn days_are_counted_to_the_past_as_well() {
        let now = read("2026-11-23T12:00:00Z").unwrap();
        assert_eq!(days_until("2026-11-25T11:00:00Z", now), Some(1));
        assert_eq!(days_until("2026-11-23T11:00:00Z", now), Some(-1));
        assert_eq!(days_until("soon", now), None);
        assert_eq!(days_since(read("2026-11-20T11:00:00Z").unwrap(), now), 3);
    }
}
