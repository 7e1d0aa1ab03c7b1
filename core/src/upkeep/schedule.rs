//! When a cached secret is fetched again. Pure: the time and the random draw come in from outside.

use std::time::{Duration, SystemTime};

use crate::config::RefreshConfig;

/// The moment of the next scheduled refresh.
///
/// As the official clients do: when the next rotation lies ahead and within one refresh interval of `fetched`, shortly after that
/// rotation (`delay`, plus a random part of `jitter`); otherwise one `interval` plus the random part after `fetched`.
/// A rotation date that is past, absent or far away changes nothing. `draw` is in `0.0..1.0`, drawn anew for each
/// refresh, so that processes that started together drift apart.
pub(crate) fn next_refresh(
    fetched: SystemTime,
    next_rotation: Option<SystemTime>,
    config: &RefreshConfig,
    draw: f64,
) -> SystemTime {
    let jitter = config.jitter.mul_f64(draw.clamp(0.0, 1.0));
    let regular = fetched + config.interval;
    let base = match next_rotation {
        Some(rotation) if fetched < rotation && rotation < regular => rotation + config.delay,
        _ => regular,
    };
    base + jitter
}

/// `next`, or earlier where that is too late for `max_stale`: a value that may not grow older than that is fetched
/// again in the third quarter of its time, so that there is time left to try once more.
pub(crate) fn within_max_stale(
    next: SystemTime,
    fetched: SystemTime,
    max_stale: Option<Duration>,
    draw: f64,
) -> SystemTime {
    match max_stale {
        Some(most) => next.min(fetched + most.mul_f64(0.5 + draw.clamp(0.0, 1.0) / 4.0)),
        None => next,
    }
}

/// No pause between refreshes that fail is longer.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// A `Retry-After` that is longer is a mistake, or KMS will say it again.
pub(crate) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// How long to wait before a refresh that failed is tried again, `failing_for` after the first failure: full jitter under a
/// ceiling that is a part of the time that it has failed for, from 30 s to [`LONGEST_PAUSE`], and at least `floor` (KMS's
/// Retry-After). The value in the cache stays in use meanwhile, so there is no hurry, and an account that is throttled recovers only
/// if its clients let it. Going by time and not by the number of failures, a fleet is never spread much wider than the crowd that
/// it is: see `fleet`.
///
/// `of_fleet` is the time over which a fleet of a known size spreads what all of it wants. Where the pauses are shorter in the mean,
/// the first one is drawn from all of that time and each further one is as long, so that whenever KMS is back the fleet asks it
/// evenly.
pub(crate) fn after_failed_refresh(
    failing_for: Duration,
    of_fleet: Duration,
    floor: Option<Duration>,
    draw: f64,
) -> Duration {
    let (longest, draw) = (longest_pause_after(failing_for), draw.clamp(0.0, 1.0));
    let wait = if of_fleet <= longest / 2 {
        longest.mul_f64(draw)
    } else if failing_for < FIRST_PAUSE {
        of_fleet.mul_f64(draw)
    } else {
        of_fleet.mul_f64(0.9 + 0.2 * draw)
    };
    // At least a second: a draw near zero would ask again at once.
    wait.max(Duration::from_secs(1)) + floor.unwrap_or_default().min(LONGEST_RETRY_AFTER)
}

/// The longest pause between refreshes that fail, at first.
const FIRST_PAUSE: Duration = Duration::from_secs(30);

/// The longest pause between refreshes that have failed for so long.
pub(crate) fn longest_pause_after(failing_for: Duration) -> Duration {
    (failing_for / 4).clamp(FIRST_PAUSE, LONGEST_PAUSE)
}

/// Over how long a fleet of so many processes spreads what all of them want at once, so that no request is above `quota` a second:
/// what comes in the first second is answered at once.
pub(crate) fn spread_of_fleet(processes: u32, quota: u32) -> Duration {
    Duration::from_secs_f64(f64::from(processes.saturating_sub(quota)) / f64::from(quota.max(1)))
}

/// Whether a fleet that takes so long is one whose refreshes are tried once, and no more until their next pause is over: others
/// fail too seldom at the same moment.
pub(crate) fn is_crowd(of_fleet: Duration) -> bool {
    of_fleet > LONGEST_PAUSE / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const CONFIG: RefreshConfig = RefreshConfig {
        interval: Duration::from_secs(6 * 3600),
        delay: Duration::from_secs(300),
        jitter: Duration::from_secs(300),
    };

    fn at(hours: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + HOUR * (500_000 + hours as u32)
    }

    #[test]
    fn without_rotation_it_is_the_interval_and_the_random_part() {
        assert_eq!(next_refresh(at(0), None, &CONFIG, 0.0), at(6));
        assert_eq!(next_refresh(at(0), None, &CONFIG, 0.5), at(6) + Duration::from_secs(150));
    }

    #[test]
    fn a_rotation_within_the_interval_is_followed_by_delay_and_random_part() {
        assert_eq!(next_refresh(at(0), Some(at(2)), &CONFIG, 0.0), at(2) + CONFIG.delay);
    }

    #[test]
    fn rotations_past_or_centuries_away_change_nothing() {
        for rotation in [SystemTime::UNIX_EPOCH, at(0), at(6), at(8_000_000)] {
            assert_eq!(next_refresh(at(0), Some(rotation), &CONFIG, 0.0), at(6), "{rotation:?}");
        }
    }

    #[test]
    fn a_value_that_may_not_grow_old_is_fetched_well_before() {
        let soon = |draw| within_max_stale(at(6), at(0), Some(2 * HOUR), draw);
        assert_eq!(soon(0.0), at(1));
        assert_eq!(soon(1.0), at(1) + HOUR / 2);
        assert_eq!(within_max_stale(at(6), at(0), Some(24 * HOUR), 0.5), at(6));
        assert_eq!(within_max_stale(at(6), at(0), None, 0.5), at(6));
    }

    #[test]
    fn failed_refreshes_back_off_to_ten_minutes_and_honour_retry_after() {
        let after = |failing_for, floor, draw| after_failed_refresh(failing_for, Duration::ZERO, floor, draw);
        assert_eq!(after(Duration::ZERO, None, 1.0), Duration::from_secs(30));
        assert_eq!(after(HOUR / 15, None, 1.0), HOUR / 60);
        assert_eq!(after(Duration::MAX, None, 1.0), LONGEST_PAUSE);
        assert_eq!(after(Duration::ZERO, None, 0.0), Duration::from_secs(1));
        assert!(after(Duration::ZERO, Some(HOUR), 0.0) >= HOUR);
        assert!(after(Duration::ZERO, Some(24 * HOUR), 0.0) < 2 * HOUR, "nor for ever");
    }

    #[test]
    fn a_fleet_of_known_size_takes_the_time_that_all_of_it_needs() {
        let after = |failing_for, draw| after_failed_refresh(failing_for, HOUR, None, draw);
        assert_eq!(
            [after(Duration::ZERO, 0.0), after(Duration::ZERO, 0.5)],
            [Duration::from_secs(1), HOUR / 2]
        );
        for draw in [0.0, 0.5, 1.0] {
            let wait = after(HOUR / 60, draw);
            assert!(wait >= HOUR.mul_f64(0.9) && wait <= HOUR.mul_f64(1.1), "{wait:?}");
        }
        // A small one does not ask more often than one that knows nothing of itself.
        assert_eq!(after_failed_refresh(HOUR, HOUR / 60, None, 0.5), LONGEST_PAUSE / 2);
    }

    proptest! {
        #[test]
        fn the_next_refresh_always_lies_ahead_and_within_interval_delay_and_jitter(
            rotation in proptest::option::of(0_u64..20_000_000_000), draw in -1.0_f64..2.0
        ) {
            let rotation = rotation.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            let next = next_refresh(at(0), rotation, &CONFIG, draw);
            prop_assert!(next > at(0));
            prop_assert!(next <= at(6) + CONFIG.delay + CONFIG.jitter);
        }
    }
}
