//! The defaults, and what each number may be. All in milliseconds.

use std::time::Duration;

use super::settings::Bounds;

const MINUTE: u64 = 60 * 1000;
const HOUR: u64 = 60 * MINUTE;
const YEAR: u64 = 366 * 24 * HOUR;

pub(super) const ROTATION_INTERVAL: Duration = Duration::from_millis(6 * HOUR);
pub(super) const DELAY_INTERVAL: Duration = Duration::from_millis(5 * MINUTE);
pub(super) const JITTER_INTERVAL: Duration = Duration::from_millis(30 * MINUTE);
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(10);
pub(super) const FETCH_DEADLINE: Duration = Duration::from_secs(20);
pub(super) const RENEW_DEADLINE: Duration = Duration::from_secs(15);
pub(super) const RENEW_TOKENS: u32 = 5;
pub(super) const MOST_RENEW_TOKENS: u32 = 1000;
pub(super) const RENEW_REFILL_INTERVAL: Duration = Duration::from_millis(10 * MINUTE);

/// Between refreshes: never so short that the refreshes of a few secrets spend the account's quota.
pub(super) const INTERVAL: Bounds = Bounds { least: 100, most: YEAR };
/// What is added to a point in time.
pub(super) const ADDITION: Bounds = Bounds { least: 0, most: YEAR };
pub(super) const TIMEOUT: Bounds = Bounds { least: 1, most: 10 * MINUTE };
pub(super) const DEADLINE: Bounds = Bounds { least: 1, most: HOUR };
pub(super) const REFILL: Bounds = Bounds { least: 1, most: YEAR };
pub(super) const AGE: Bounds = Bounds { least: 1, most: 100 * YEAR };
/// `monitor_*`, which the official clients take 0 for the default of.
pub(super) const MONITOR: Bounds = Bounds { least: 0, most: i64::MAX as u64 };
