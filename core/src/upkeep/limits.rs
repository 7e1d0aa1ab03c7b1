//! The limits of fetching, in one place, since only together do they say how long whoever asks may wait and how much KMS
//! is asked. docs/operations.md tells them to users; `simulation/limits_tests.rs` holds them against KMS's in virtual time.
//!
//! A fetch lasts until it is answered, until its deadline, or until KMS has said of the secret itself that there is nothing to be
//! had. In this time
//! - an endpoint that fails is followed at once by the next one that was not asked yet, and is asked again by itself after a pause
//!   ([`Backoff`](super::backoff::Backoff)), so that one endpoint and twelve give up at the same time: at the deadline;
//! - an endpoint that hangs is left [`PATIENCE`] before the next one is asked beside it, and where none is left, up to
//!   [`MOST_BESIDE`] further requests go beside those under way, with growing pauses;
//! - a request is never given up while it may still be answered: it ends by the transport's own time-outs. One that outlives the
//!   deadline goes on without anybody waiting, and its answer still reaches the cache.

use std::time::Duration;

/// How long a request may take before another one is sent beside it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// How many requests of one fetch are sent beside others to endpoints that have one under way already.
pub(crate) const MOST_BESIDE: u32 = 4;

/// The wait before the request beside others of this number, counted from 0: with a deadline of 20 s they leave 2, 5, 10 and 18 s
/// after the first one.
pub(crate) fn pause_beside(number: u32) -> Duration {
    const FACTORS: [f64; MOST_BESIDE as usize] = [1.0, 1.5, 2.5, 4.0];
    PATIENCE.mul_f64(FACTORS[(number as usize).min(FACTORS.len() - 1)])
}

/// What the last try before a deadline finds left of it.
pub(crate) const LAST_TRY: Duration = Duration::from_millis(750);

/// How often a fetch asks each endpoint when nobody waits for it and the one before failed: the schedule itself is the retry, and
/// KMS that throttles or comes back after an outage is spared the rest.
pub(crate) const MOST_TRIES_OF_A_LONE_PROBE: u32 = 1;

/// Retries at one endpoint, of all secrets together, are so far apart at least: twenty a second.
pub(crate) const BETWEEN_RETRIES: Duration = Duration::from_millis(50);

/// When an endpoint answers again, those who wait for a retry come within this time.
pub(crate) const AFTER_RECOVERY: Duration = Duration::from_secs(1);

/// How long to wait for KMS at a cold start before the cache file is used.
pub(crate) const PATIENCE_WITH_CACHE_FILE: Duration = Duration::from_secs(5);

/// Callers who are so close together share one fetch to its end.
pub(crate) const TOGETHER: Duration = Duration::from_secs(1);

/// The time for a fetch is so long at least, for whoever had to wait for another one to end.
pub(crate) const LEAST_TIME: Duration = Duration::from_secs(1);

/// A refusal is remembered for so long at first, and twice as long each time that it is repeated.
pub(crate) const REFUSAL_FIRST: Duration = Duration::from_secs(1);

/// The longest time for which a refusal is remembered.
pub(crate) const REFUSAL_LONGEST: Duration = Duration::from_secs(120);

/// So many secrets' refusals are remembered at the same time.
pub(crate) const MOST_REFUSALS: usize = 1024;

/// Failures in a row before an endpoint counts as down.
pub(crate) const FAILURES_UNTIL_DOWN: u32 = 2;

/// An endpoint that is down is passed over for so long at first, and twice as long with each further failure.
pub(crate) const DOWN_FIRST: Duration = Duration::from_secs(5);

/// The longest time for which an endpoint is passed over.
pub(crate) const DOWN_LONGEST: Duration = Duration::from_secs(60);

/// How long a latency counts that is not measured again. After that an endpoint stands where the configuration puts it.
pub(crate) const LATENCY_REMEMBERED: Duration = Duration::from_secs(3600);

/// How long an AccessKey that was reported as rejected is not taken for a new one: longer than a region lags behind.
pub(crate) const REJECTED_REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// Whoever is throttled while somebody waits asks again within this time, or within what is left of the deadline. It is shorter
/// than `renew_deadline`, so that a fleet whose size is at most eight times the quota is served while its applications wait, and so is the next one.
pub(crate) const FIRST_WINDOW: Duration = Duration::from_secs(8);

/// How much wider each window is than the one before, while somebody waits.
pub(crate) const GROWTH_URGENT: f64 = 1.85;

/// How much wider each window is than the one before, while nobody is in a hurry.
pub(crate) const GROWTH_UNHURRIED: f64 = 2.0;

/// Turns at an endpoint that throttles are no further apart, while somebody waits.
pub(crate) const LONGEST_BETWEEN_URGENT_TURNS: Duration = Duration::from_secs(120);

/// Turns at an endpoint that throttles are no further apart, while nobody is in a hurry.
pub(crate) const LONGEST_BETWEEN_TURNS: Duration = Duration::from_secs(600);

/// Between the secrets that wait for the same turn: when the first one is answered, the others come within [`AFTER_RECOVERY`].
pub(crate) const BETWEEN_SECRETS_IN_TURN: Duration = Duration::from_secs(1);

/// The requests for secrets that KMS answers an account each second, unless it has more: what `fleet_size` is divided by.
pub(crate) const USUAL_QUOTA: u32 = 450;
