//! The three ways in which KMS writes a moment or a length of time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

/// No date in an answer of KMS can lie outside of these; one that does is a mistake.
const EARLIEST: OffsetDateTime = datetime!(2000-01-01 0:00 UTC);
const LATEST: OffsetDateTime = datetime!(2100-01-01 0:00 UTC);
/// Longer than any rotation interval: ten years.
const LONGEST_INTERVAL: u64 = 3660 * 86_400;

/// `Mon, 23 Nov 2026 12:34:44 GMT`.
pub(crate) fn http_date(moment: SystemTime) -> String {
    httpdate::fmt_http_date(utc(moment).into())
}

/// `2026-11-23T12:34:43Z`.
pub(crate) fn iso_date(moment: SystemTime) -> String {
    utc(moment).format(&Rfc3339).unwrap_or_default()
}

/// The value of a `Date` header; none where it is malformed or absurd.
pub(crate) fn parse_http_date(text: &str) -> Option<SystemTime> {
    plausible(httpdate::parse_http_date(text.trim()).ok()?.into())
}

/// A date in an answer of KMS; none where it is malformed or absurd.
pub(crate) fn parse_iso_date(text: &str) -> Option<SystemTime> {
    plausible(OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?)
}

/// A moment as KMS writes it in its answers and in secrets, `2026-11-23T12:34:43Z` or in seconds since 1970-01-01 UTC; none
/// where it is malformed or absurd.
#[must_use]
pub fn parse_date(text: &str) -> Option<SystemTime> {
    match text.trim().parse() {
        Ok(seconds) => plausible(OffsetDateTime::from_unix_timestamp(seconds).ok()?),
        Err(_) => parse_iso_date(text),
    }
}

/// An interval such as `604800s`; none where it is malformed, zero or absurd.
pub(crate) fn parse_interval(text: &str) -> Option<Duration> {
    let digits = text.trim().strip_suffix('s')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = digits.parse().ok()?;
    (1..=LONGEST_INTERVAL).contains(&seconds).then(|| Duration::from_secs(seconds))
}

fn plausible(date: OffsetDateTime) -> Option<SystemTime> {
    (EARLIEST..LATEST).contains(&date).then(|| date.into())
}

/// In whole seconds. Dates that no calendar holds become the epoch: such a clock is wrong, and KMS will say so.
fn utc(moment: SystemTime) -> OffsetDateTime {
    moment
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn dates_are_written_as_kms_wants_them() {
        assert_eq!(http_date(at(1_795_437_284)), "Mon, 23 Nov 2026 12:34:44 GMT");
        assert_eq!(iso_date(at(1_795_437_283)), "2026-11-23T12:34:43Z");
        assert_eq!(http_date(at(1_767_225_600)), "Thu, 01 Jan 2026 00:00:00 GMT");
    }

    #[test]
    fn an_impossible_clock_is_no_panic() {
        // The clock of Windows ends in the year 30828.
        let farthest = if cfg!(windows) { 900_000_000_000 } else { u64::MAX / 4 };
        assert_eq!(iso_date(at(farthest)), "1970-01-01T00:00:00Z");
        assert_eq!(iso_date(UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn odd_dates_are_none() {
        for text in [
            "",
            "soon",
            "2026-13-01T00:00:00Z",
            "2026-11-23",
            "1970-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "+10000-01-01T00:00:00Z",
            "2026-11-23T12:34:43",
        ] {
            assert_eq!(parse_iso_date(text), None, "{text}");
            assert_eq!(parse_http_date(text), None, "{text}");
        }
        assert_eq!(parse_http_date("Sun, 23 Nov 2026 12:34:44 CET"), None);
    }

    #[test]
    fn secrets_hold_dates_in_two_forms() {
        for text in ["2026-11-23T12:34:43Z", "1795437283", " 1795437283 "] {
            assert_eq!(parse_date(text), Some(at(1_795_437_283)), "{text}");
        }
        for text in ["", "soon", "0", "-1", "1795437283000", "9223372036854775807"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn odd_intervals_are_none() {
        for text in
            ["", "s", "7d", "604800", "-1s", "+1s", "0s", "1.5s", "99999999999s", "99999999999999999999999s"]
        {
            assert_eq!(parse_interval(text), None, "{text}");
        }
        assert_eq!(parse_interval("604800s"), Some(Duration::from_secs(604_800)));
    }

    proptest! {
        #[test]
        fn dates_come_back(seconds in 946_684_800_u64..4_102_444_800) {
            prop_assert_eq!(parse_iso_date(&iso_date(at(seconds))), Some(at(seconds)));
            prop_assert_eq!(parse_http_date(&http_date(at(seconds))), Some(at(seconds)));
        }

        #[test]
        fn no_text_makes_a_parser_panic(text in "\\PC*") {
            let _ = (parse_iso_date(&text), parse_http_date(&text), parse_interval(&text));
        }

        #[test]
        fn near_misses_do_not_panic(text in "[0-9+-]{4,6}-[0-9]{1,2}-[0-9]{1,2}[T ][0-9:.]{0,12}(Z|[+-][0-9:]{0,6})?s?") {
            let _ = (parse_iso_date(&text), parse_http_date(&text), parse_interval(&text));
        }
    }
}
