//! The emulator's clock: the system's time plus an offset that tests move.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use time::{Duration, OffsetDateTime};

/// Signed requests may be this far from the server's clock.
pub(crate) const TOLERANCE: Duration = Duration::minutes(15);

#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_milliseconds: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + self.offset()
    }

    pub(crate) fn offset(&self) -> Duration {
        Duration::milliseconds(self.offset_milliseconds.load(Ordering::Acquire))
    }

    /// Keeps the offset and gives back the milliseconds that were kept. Rounded up: a clock that was set to a moment
    /// must never show the second before it.
    pub(crate) fn set_offset(&self, offset: Duration) -> i64 {
        let milliseconds = (offset.whole_nanoseconds() + 999_999).div_euclid(1_000_000);
        let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
        self.offset_milliseconds.store(milliseconds, Ordering::Release);
        milliseconds
    }
}

/// `YYYY-MM-DDThh:mm:ssZ`, the only form that KMS writes.
pub(crate) fn iso8601(at: OffsetDateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// The one form that signed requests may use; fractions and other offsets are refused as KMS does.
pub(crate) fn parse_iso8601(text: &str) -> Option<OffsetDateTime> {
    const FORM: &[time::format_description::BorrowedFormatItem<'_>] =
        time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    time::PrimitiveDateTime::parse(text, FORM).ok().map(time::PrimitiveDateTime::assume_utc)
}

/// RFC 1123 in GMT, for `Date` headers.
pub(crate) fn http_date(at: OffsetDateTime) -> String {
    httpdate::fmt_http_date(SystemTime::from(at))
}

/// RFC 1123 only: HTTP's two obsolete forms are refused as KMS does.
pub(crate) fn parse_http_date(text: &str) -> Option<OffsetDateTime> {
    let at = OffsetDateTime::from(httpdate::parse_http_date(text).ok()?);
    (http_date(at) == text).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_never_shows_an_earlier_moment() {
        let clock = Clock::default();
        for (nanoseconds, kept) in [
            (0, 0),
            (1, 1),
            (999_999, 1),
            (1_000_000, 1),
            (1_000_001, 2),
            (-1, 0),
            (-1_000_000, -1),
            (-1_000_001, -1),
        ] {
            assert_eq!(clock.set_offset(Duration::nanoseconds(nanoseconds)), kept, "{nanoseconds}");
            assert_eq!(clock.offset(), Duration::milliseconds(kept));
        }
    }
}
