//! Who is answered without a fetch, who may ask KMS, and how long that may take.

use std::time::Duration;

use tokio::time::Instant;

use super::Keeper;
use super::round::Round;
use crate::error::{Error, Kind};
use crate::upkeep::cache::Snapshot;
use crate::upkeep::endpoint;
use crate::upkeep::limits::{LEAST_TIME, PATIENCE_WITH_CACHE_FILE};
use crate::upkeep::turns::Haste;

/// Until when a round may take.
pub(super) struct Until {
    pub(super) deadline: Instant,
    /// Whether it is so near because the cache file may help out then.
    pub(super) for_cache_file: bool,
}

impl Keeper {
    /// Answers whom no fetch is needed for, or none is possible for in their time.
    pub(super) fn answer_at_once(&mut self, round: &mut Round) {
        let snapshot = self.cached();
        if let Some(snapshot) = snapshot.as_ref().filter(|snapshot| !self.is_rejected(snapshot)) {
            round.answer_renewals(snapshot);
        }
        self.send_away_from_rest(round, snapshot.as_deref());
        if round.wanted && !round.is_awaited() && self.put_off() {
            round.wanted = false;
        }
    }

    /// Answers the renewals whose time is up before KMS may be asked: without a token of the bucket, as it costs KMS nothing.
    fn send_away_from_rest(&mut self, round: &mut Round, snapshot: Option<&Snapshot>) {
        let Some(first) = round.renewals.iter().map(|renewal| renewal.until).min() else { return };
        let now = Instant::now();
        self.hold_back(first.saturating_duration_since(now));
        let rest = endpoint::all_rest_for(self.live.endpoints(), Haste::Urgent, now);
        let is_up = |until| until <= now + rest;
        if !rest.is_zero() && is_up(first) {
            let error = endpoint::resting(rest);
            self.note_rest(&error, rest);
            round.fail_renewals(&error, snapshot, is_up);
        }
    }

    /// Takes a token of the bucket for the renewals that KMS is to be asked for, or fails them.
    pub(super) fn ration(&mut self, round: &mut Round) {
        if round.renewals.is_empty() {
            return;
        }
        match self.bucket.take(Instant::now()) {
            Ok(()) => {
                self.told_empty = false;
                self.status.lock().renewals += 1;
            }
            Err(wait) => {
                let error = too_many_renewals(&self.name, wait);
                self.note_empty_bucket(&error);
                round.fail_renewals(&error, self.cached().as_deref(), |_| true);
            }
        }
    }

    /// Until when `round` may take.
    pub(super) fn until(&mut self, round: &Round) -> Until {
        let now = Instant::now();
        let renewals = round.renewals.iter().map(|renewal| renewal.until).min();
        let readers = round.readers.iter().map(|reader| reader.until).min();
        let mut deadline = match renewals.or(readers) {
            // A second at least, for whoever had to wait for another fetch to end.
            Some(until) => until.max(now + LEAST_TIME),
            None => now + self.live.state().config.fetch_deadline,
        };
        let cache_file_may_help = self.cached().is_none()
            && self.live.cache_file().is_some_and(|file| {
                self.live
                    .state()
                    .identities
                    .lasting()
                    .is_some_and(|lasting| file.may_hold(&self.name, &lasting))
            });
        if cache_file_may_help {
            deadline = deadline.min(now + PATIENCE_WITH_CACHE_FILE);
        }
        Until { deadline, for_cache_file: cache_file_may_help }
    }
}

fn too_many_renewals(name: &str, wait: Duration) -> Error {
    Error::new(
        Kind::Throttled,
        format!(
            "{name} was renewed too often; the next renewal is allowed in {} s: look why its AccessKeys are rejected, or raise renew_tokens",
            wait.as_secs().max(1)
        ),
    )
    .with_retryable(true)
    .with_retry_after(Some(wait))
}
