//! How long to wait between the attempts of one fetch. Pure: the random draw comes in from outside.

use std::time::Duration;

use crate::error::{Error, Kind};
use crate::upkeep::limits::LAST_TRY;

/// Full jitter: uniform between nothing and a ceiling that is `pace` times as long as it has failed for, from `first` to
/// `most`. Going by time and not by the number of failures, a crowd that KMS turns away is never spread much wider than it is
/// large: see `fleet`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
    pace: u32,
    may_be_cut_short: bool,
}

impl Backoff {
    /// For failures that may be over in a moment: a dropped connection, a 500.
    pub(crate) const BRIEF: Backoff = Backoff {
        first: Duration::from_millis(200),
        most: Duration::from_secs(2),
        pace: 4,
        may_be_cut_short: true,
    };
    /// For an account that asks too much already.
    pub(crate) const THROTTLED: Backoff = Backoff {
        first: Duration::from_secs(1),
        most: Duration::from_secs(10),
        pace: 1,
        may_be_cut_short: false,
    };

    /// The backoff that suits `error`.
    pub(crate) fn after(error: &Error) -> Backoff {
        if error.kind() == Kind::Throttled { Backoff::THROTTLED } else { Backoff::BRIEF }
    }

    /// The wait after a failure, `failing_for` after the first one in a row; `draw` is in `0.0..1.0`. `floor`, KMS's
    /// Retry-After, is waited for in full and the jitter comes on top, so that a crowd sent away together does not
    /// come back together.
    pub(crate) fn wait(self, failing_for: Duration, floor: Option<Duration>, draw: f64) -> Duration {
        let ceiling = failing_for.saturating_mul(self.pace).clamp(self.first, self.most);
        ceiling.mul_f64(draw.clamp(0.0, 1.0)) + floor.unwrap_or_default()
    }

    /// `wait`, if it ends before a deadline that is `left` away. After a failure that may be over in a moment it is cut short so
    /// that a last try fits in ([`within`]); an account that asks too much already is spared that.
    pub(crate) fn before_deadline(
        self,
        wait: Duration,
        floor: Option<Duration>,
        left: Duration,
    ) -> Option<Duration> {
        if self.may_be_cut_short { within(wait, floor, left) } else { (wait < left).then_some(wait) }
    }

    /// As [`wait`](Backoff::wait), but a tenth of a second at least: between whole fetches, where a draw near zero would ask again
    /// at once.
    pub(crate) fn pause(self, failing_for: Duration, floor: Option<Duration>, draw: f64) -> Duration {
        self.wait(failing_for, floor, draw).max(Duration::from_millis(100))
    }
}

/// `wait`, cut short where the deadline is only `left` away, so that a last try fits in before it; none where none does. KMS's
/// Retry-After, `floor`, is never cut.
pub(crate) fn within(wait: Duration, floor: Option<Duration>, left: Duration) -> Option<Duration> {
    let latest = left.saturating_sub(LAST_TRY);
    if wait > latest && !latest.is_zero() && latest >= floor.unwrap_or_default() {
        return Some(latest);
    }
    (wait < left).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_ceiling_grows_with_the_time_up_to_the_most() {
        let ceilings = |backoff: Backoff| {
            [0, 300, 3000].map(|ms| backoff.wait(ms * SECOND / 1000, None, 1.0).as_millis())
        };
        assert_eq!(ceilings(Backoff::BRIEF), [200, 1200, 2000]);
        assert_eq!(ceilings(Backoff::THROTTLED), [1000, 1000, 3000]);
        assert_eq!(Backoff::THROTTLED.wait(Duration::MAX, None, 1.0), 10 * SECOND);
    }

    #[test]
    fn a_pause_is_never_nothing() {
        assert_eq!(Backoff::BRIEF.pause(SECOND, None, 0.0), Duration::from_millis(100));
        assert_eq!(Backoff::BRIEF.pause(SECOND, None, 1.0), Backoff::BRIEF.wait(SECOND, None, 1.0));
    }

    #[test]
    fn a_last_try_fits_in_before_the_deadline() {
        let seconds = Duration::from_secs;
        assert_eq!(within(seconds(2), None, seconds(9)), Some(seconds(2)));
        assert_eq!(within(seconds(2), None, seconds(1)), Some(Duration::from_millis(250)));
        assert_eq!(within(seconds(2), None, LAST_TRY), None);
        assert_eq!(within(seconds(2), Some(seconds(2)), seconds(1)), None, "Retry-After is not cut");
    }

    #[test]
    fn the_jitter_is_full() {
        assert_eq!(Backoff::BRIEF.wait(SECOND, None, 0.0), Duration::ZERO);
        assert_eq!(Backoff::BRIEF.wait(SECOND, None, 0.5), SECOND);
    }

    #[test]
    fn retry_after_is_a_floor() {
        let floor = Duration::from_secs(7);
        assert_eq!(Backoff::THROTTLED.wait(SECOND, Some(floor), 0.0), floor);
        assert!(Backoff::THROTTLED.wait(SECOND, Some(floor), 0.9) > floor);
    }

    #[test]
    fn throttling_is_given_more_time() {
        let throttled = Error::new(Kind::Throttled, "");
        assert_eq!(Backoff::after(&throttled).most, Backoff::THROTTLED.most);
        assert_eq!(Backoff::after(&Error::new(Kind::Network, "")).most, Backoff::BRIEF.most);
    }
}
