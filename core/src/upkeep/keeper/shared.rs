//! What other processes of the host have learnt, and written into the cache file that they share.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::Keeper;
use super::round::{Reader, Round};
use crate::identity::Lasting;
use crate::process::logs;
use crate::upkeep::cache::Snapshot;
use crate::upkeep::cache_file::{CacheFile, RightToAsk};
use crate::upkeep::limits::PATIENCE;
use crate::upkeep::live::Live;

/// How long to wait before the file is looked at again, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(80));

/// What is dated so much later than now was written by a clock that is wrong.
const AHEAD: Duration = Duration::from_secs(60);

impl Keeper {
    /// Takes what `round` wants from the cache file, if there is one and what it has by now is good enough.
    pub(super) async fn look(&mut self, live: &Live, round: &mut Round) {
        let Some((file, lasting)) = self.shared(live, round) else { return };
        // The right to ask is of no use to whoever looks only.
        drop(file.look_again().await);
        self.take_from(file, &lasting, round);
    }

    /// As [`look`](Keeper::look), and waits a little where another process asks KMS already. Answers the right to ask KMS if there is
    /// nothing.
    pub(super) async fn learn<'a>(
        &mut self,
        live: &'a Live,
        round: &mut Round,
        deadline: Instant,
    ) -> Option<RightToAsk<'a>> {
        let (file, lasting) = self.shared(live, round)?;
        let now = Instant::now();
        // Half of a short time is left to ask KMS in.
        let end = now + PATIENCE.min(deadline.saturating_duration_since(now) / 2);
        let mut pause = PAUSES.0;
        loop {
            let right = file.look_again().await;
            if self.take_from(file, &lasting, round) {
                return None;
            }
            if right.is_some() || Instant::now() >= end {
                return right;
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// The file, unless KMS itself is to be asked in any case.
    fn shared<'a>(&self, live: &'a Live, round: &Round) -> Option<(&'a CacheFile, Arc<Lasting>)> {
        let file = live.cache_file()?;
        let wants_kms = |reader: &Reader| reader.fresh_from.is_some();
        if self.entry.snapshot().is_none() || round.probing || round.readers.iter().any(wants_kms) {
            return None;
        }
        Some((file, live.state().identities.lasting()?))
    }

    fn take_from(&mut self, file: &CacheFile, lasting: &Lasting, round: &mut Round) -> bool {
        if !file.fetched(&self.name, lasting).is_some_and(|fetched| self.is_later(fetched)) {
            return false;
        }
        let state = self.live.state();
        let kept = file.load(&self.name, lasting, state.config.max_stale, state.now());
        let age = |fetched| state.now().duration_since(fetched).unwrap_or_default();
        let learnt = kept.and_then(|kept| {
            let fetched_at = Instant::now().checked_sub(age(kept.fetched))?;
            kept.snapshot(fetched_at)
        });
        // Another process may have asked a region that lags behind. Whether an older one is better than none KMS has to say.
        let ours = self.entry.snapshot();
        let lags = |theirs: &Snapshot| {
            ours.as_ref().is_some_and(|ours| {
                let is_same = theirs.access_key_id() == ours.access_key_id();
                theirs.is_older_than(ours)
                    || self.is_behind(theirs, ours)
                    || (is_same && self.is_rejected(theirs))
            })
        };
        let Some(snapshot) = learnt.filter(|theirs| !lags(theirs)) else { return false };
        self.reconsider_rejection(&snapshot, ours.as_deref());
        self.learnt(Arc::new(snapshot), round);
        true
    }

    /// Whether what was fetched then is as good as what KMS would answer now: a rejected AccessKey needs but another one, and a refresh
    /// one from the time in which all refresh.
    fn is_later(&self, fetched: SystemTime) -> bool {
        let Some(ours) = self.entry.snapshot() else { return false };
        let now = self.live.state().now();
        let since = if self.is_rejected(&ours) { ours.fetched } else { self.wanted_since(now) };
        fetched > ours.fetched && fetched >= since && fetched <= now + AHEAD
    }

    fn learnt(&mut self, snapshot: Arc<Snapshot>, round: &mut Round) {
        logs::debug!("{} was learnt from the cache file: another process has asked KMS", self.name);
        self.live.state().cache.set(&self.entry, Some(snapshot.clone()));
        self.failing_since = None;
        self.refused = None;
        self.status.lock().last_error = None;
        self.schedule_after(&snapshot);
        self.tell_rotation(&snapshot);
        round.wanted = false;
        round.answer(&snapshot, snapshot.fetched_at);
    }
}
