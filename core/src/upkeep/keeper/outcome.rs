//! What a fetch brought: into the cache, to those who wait, to those who listen.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Keeper;
use super::refused::Refused;
use super::round::Round;
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::upkeep::cache::Snapshot;
use crate::upkeep::fetch::Fetched;

/// What became of an answer.
pub(super) enum Taken {
    /// It is in the cache now.
    New { snapshot: Arc<Snapshot>, asked: Instant },
    /// It is older than what the cache has, or was rejected before: the region lags behind.
    LagsBehind { newer: Arc<Snapshot>, error: Error },
}

impl Keeper {
    /// Puts what KMS answered into the cache.
    pub(super) fn take_over(&mut self, fetched: Fetched) -> Result<Taken> {
        let Fetched { secret, asked } = fetched;
        let snapshot = Arc::new(Snapshot::new(Arc::new(secret), self.live.state().now(), Instant::now())?);
        let before = self.entry.snapshot();
        let lags = before.clone().filter(|before| self.is_behind(&snapshot, before));
        let was_rejected = self.is_rejected(&snapshot);
        self.lagging = if lags.is_some() || was_rejected { self.lagging.wrapping_add(1) } else { 0 };
        if let Some(newer) = lags {
            let error = lags_behind(&snapshot, &self.name, was_rejected);
            return Ok(Taken::LagsBehind { newer, error });
        }
        self.reconsider_rejection(&snapshot, before.as_deref());
        self.live.state().cache.set(&self.entry, Some(snapshot.clone()));
        self.refused = None;
        self.failing_since = None;
        {
            let mut status = self.status.lock();
            status.fetches += 1;
            status.last_error = None;
        }
        self.schedule_after(&snapshot);
        self.live.tell(Event::Fetched {
            secret: self.name.to_string(),
            version_id: snapshot.secret.version_id().to_owned(),
        });
        self.tell_rotation(&snapshot);
        let broken = snapshot.secret.rotation_is_broken();
        if broken && !self.told_broken {
            self.live.tell(Event::RotationBroken { secret: self.name.to_string() });
        }
        self.told_broken = broken;
        Ok(Taken::New { snapshot, asked })
    }

    /// Whether `answered` does not take the place of what is in use: it is older, or was rejected. What is in use may be given up for
    /// an older one only where the services reject it, and for a rejected one only where that is no older.
    pub(super) fn is_behind(&self, answered: &Snapshot, in_use: &Snapshot) -> bool {
        let is_another =
            in_use.access_key_id().is_some() && answered.access_key_id() != in_use.access_key_id();
        match (self.is_rejected(answered), self.is_rejected(in_use)) {
            (false, true) => false,
            (true, false) if is_another => true,
            _ => answered.is_older_than(in_use),
        }
    }

    /// What comes after an AccessKey that is rejected was most likely rejected too early itself, by a service that did not know it yet:
    /// it has another try. Otherwise it stays rejected.
    pub(super) fn reconsider_rejection(&mut self, snapshot: &Snapshot, before: Option<&Snapshot>) {
        if !self.is_rejected(snapshot) {
            return;
        }
        match snapshot.access_key_id() {
            Some(id) if before.is_some_and(|before| before.access_key_id() != Some(id)) => {
                self.rejected.forget(id);
            }
            _ => snapshot.reject(),
        }
    }

    pub(super) fn tell_rotation(&mut self, now: &Snapshot) {
        let new_id = now.access_key_id();
        let old_id = std::mem::replace(&mut self.last_id, new_id.map(Box::from));
        if let (Some(old), Some(new)) = (old_id, new_id)
            && *old != *new
        {
            self.live.tell(Event::Rotated {
                secret: self.name.to_string(),
                old_access_key_id: old.into(),
                new_access_key_id: new.to_owned(),
            });
        }
    }

    /// Nobody waits for the disk, but for whoever closes the provider.
    pub(super) fn answer_and_keep(&self, round: &mut Round, snapshot: &Arc<Snapshot>, asked: Instant) {
        if let (Some(file), Some(lasting)) = (self.live.cache_file(), self.live.state().identities.lasting())
        {
            file.store(snapshot.clone(), lasting);
        }
        round.answer(snapshot, asked);
    }

    /// KMS was asked, and has only the AccessKey that was rejected.
    pub(super) fn note_rejection(&mut self, error: &Error) {
        self.status.lock().last_error = Some(error.clone());
        let next_try_in = self.next.map(|next| next.at.saturating_duration_since(Instant::now()));
        self.tell_failure(error, next_try_in);
    }

    /// The schedule goes on looking for another AccessKey. Told once, however often a faulty application asks.
    pub(super) fn note_empty_bucket(&mut self, error: &Error) {
        let rejected = self.entry.snapshot().is_some_and(|snapshot| self.is_rejected(&snapshot));
        if rejected && self.rejected_since.is_none() {
            let now = Instant::now();
            self.rejected_since = Some(now);
            self.next_try(now, None);
        }
        self.status.lock().last_error = Some(error.clone());
        if !std::mem::replace(&mut self.told_empty, true) {
            let next_try_in = self.next.map(|next| next.at.saturating_duration_since(Instant::now()));
            self.tell_failure(error, next_try_in);
        }
    }

    /// All endpoints rest for longer than somebody who renews can wait: what they want goes on in the background. Told once for each
    /// turn, however often the application asks.
    pub(super) fn note_rest(&mut self, error: &Error, rest: Duration) {
        let turn = Instant::now() + rest;
        if self.next.is_none_or(|next| next.at > turn) {
            self.set_next(self.live.state().now() + rest);
        }
        self.status.lock().last_error = Some(error.clone());
        let is_same = |told: Instant| told.max(turn) - told.min(turn) < Duration::from_secs(1);
        if !self.told_of_turn.replace(turn).is_some_and(is_same) {
            self.tell_failure(error, Some(rest));
        }
    }

    pub(super) fn note_failure(&mut self, error: &Error) {
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        {
            let mut status = self.status.lock();
            status.failures += 1;
            status.last_error = Some(error.clone());
        }
        let is_kept = self.entry.snapshot().is_some() || self.next.is_some();
        let next_try_in = is_kept.then(|| self.next_try(since, Some(error)));
        self.told_of_turn = self.next.map(|next| next.at);
        let repeats = |refused: &Refused| refused.is_repeated_by(error);
        // What is refused again and again is told once.
        if is_kept || !self.refused.as_ref().is_some_and(repeats) {
            self.tell_failure(error, next_try_in);
        }
    }

    pub(super) fn tell_failure(&self, error: &Error, next_try_in: Option<Duration>) {
        self.live.tell(Event::RefreshFailed {
            secret: self.name.to_string(),
            error: error.clone(),
            stale_for: self
                .entry
                .snapshot()
                .map(|snapshot| snapshot.fetched_at.elapsed())
                .unwrap_or_default(),
            next_try_in,
        });
    }

    /// The value of the cache file, when nothing is cached and KMS cannot be reached.
    pub(super) async fn fall_back(&mut self, error: &Error) -> Option<Arc<Snapshot>> {
        let out_of_reach = matches!(error.kind(), Kind::Network | Kind::Tls | Kind::Server | Kind::Throttled);
        if self.entry.snapshot().is_some() || !out_of_reach {
            return None;
        }
        let state = self.live.state();
        let file = self.live.cache_file()?;
        file.is_read().await;
        let now = state.now();
        let kept = file.load(&self.name, &*state.identities.lasting()?, state.config.max_stale, now)?;
        let age = now.duration_since(kept.fetched).unwrap_or_default();
        let fetched_at = Instant::now().checked_sub(age).unwrap_or_else(Instant::now);
        let snapshot = Arc::new(kept.snapshot(fetched_at)?);
        self.live.state().cache.set(&self.entry, Some(snapshot.clone()));
        self.next_try(self.failing_since.unwrap_or_else(Instant::now), Some(error));
        self.live.tell(Event::CacheFileUsed { secret: self.name.to_string(), age });
        self.tell_rotation(&snapshot);
        Some(snapshot)
    }
}

pub(super) fn still_rejected(snapshot: &Snapshot, name: &str) -> Error {
    let id = snapshot.access_key_id().unwrap_or_default();
    Error::new(
        Kind::Server,
        format!("KMS still answers {name} with AccessKey {id}, which was rejected: rotate the secret in KMS, or look in RAM whether the AccessKey is disabled"),
    )
    .with_retryable(true)
}

fn lags_behind(snapshot: &Snapshot, name: &str, was_rejected: bool) -> Error {
    let what = match snapshot.access_key_id() {
        Some(id) => format!("AccessKey {id}"),
        None => format!("version {}", snapshot.secret.version_id()),
    };
    let why = if was_rejected { "was rejected before" } else { "is older than the one in use" };
    Error::new(
        Kind::Server,
        format!("KMS answered {name} with {what}, which {why}: the region lags behind, and the newer one stays in use"),
    )
    .with_retryable(true)
}
