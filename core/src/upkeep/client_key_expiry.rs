//! When to remind of a ClientKey's end. Pure.

use std::time::{Duration, SystemTime};

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// Days before the end at which somebody is told: half a year, a quarter, a month, then daily in the last week.
const REMINDERS: [u32; 11] = [180, 90, 30, 7, 6, 5, 4, 3, 2, 1, 0];

/// Whether a provider that starts at `now` should say something at once.
pub(crate) fn is_near(not_after: SystemTime, now: SystemTime) -> bool {
    now + DAY * REMINDERS[0] >= not_after
}

/// How long to wait for the next reminder; daily once the end has come.
pub(crate) fn until_next_reminder(not_after: SystemTime, now: SystemTime) -> Duration {
    REMINDERS
        .iter()
        .filter_map(|days| not_after.checked_sub(DAY * *days))
        .find_map(|moment| moment.duration_since(now).ok().filter(|wait| !wait.is_zero()))
        .unwrap_or(DAY)
}

/// Whole days until `not_after`; zero once it is over.
pub(crate) fn days_left(not_after: SystemTime, now: SystemTime) -> u64 {
    not_after.duration_since(now).map_or(0, |left| left.as_secs() / 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reminders_come_at_180_90_30_and_7_days_then_daily() {
        let not_after = SystemTime::UNIX_EPOCH + DAY * 20_000;
        let mut now = not_after - DAY * 365;
        let mut days = Vec::new();
        while now < not_after + DAY * 2 {
            now += until_next_reminder(not_after, now);
            days.push(not_after.duration_since(now).map_or(-1, |left| (left.as_secs() / 86_400) as i64));
        }
        assert_eq!(days, [180, 90, 30, 7, 6, 5, 4, 3, 2, 1, 0, -1, -1]);
    }

    #[test]
    fn a_start_within_half_a_year_of_the_end_is_told_at_once() {
        let not_after = SystemTime::UNIX_EPOCH + DAY * 20_000;
        assert!(!is_near(not_after, not_after - DAY * 181));
        assert!(is_near(not_after, not_after - DAY * 180));
        assert!(is_near(not_after, not_after + DAY));
    }
}
