//! The keeper of one secret: the only one who fetches it, so that there is never more than one fetch at a time; who joins
//! a fetch, who waits for the next, when the schedule asks for one, and what happens after a rejection is decided here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, sleep_until};

use crate::backoff::{Backoff, within};
use crate::cache::{Entry, Snapshot};
use crate::cache_file::CacheFile;
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::fetch::{Fetch, MOST_ROUNDS_OF_A_LONE_PROBE};
use crate::gateway::SecretRequest;
use crate::live::Live;
use crate::lock::Mutex;
use crate::pending::Reply;
use crate::schedule;
use crate::secret::{Credentials, Secret};
use crate::token_bucket::TokenBucket;

/// Somebody wants something of a secret.
pub(crate) enum Ask {
    /// Its value; the cached one will do.
    Need(Waiter),
    /// Its value as KMS has it from now on.
    Refresh(Waiter),
    /// An AccessKey other than `rejected`.
    Renew { rejected: String, waiter: Reply<Arc<Credentials>>, asked: Instant },
    /// Nothing: the cache had an AccessKey other than this one, which was rejected.
    Rejected(String),
    /// A look at KMS that nobody waits for.
    Probe,
}

/// Who waits, and for what.
pub(crate) enum Waiter {
    Credentials(Reply<Arc<Credentials>>),
    Secret(Reply<Arc<Secret>>),
}

impl Waiter {
    fn answer(self, result: Result<&Snapshot>) {
        match self {
            Waiter::Credentials(reply) => reply.send(result.and_then(Snapshot::credentials)),
            Waiter::Secret(reply) => reply.send(result.map(|snapshot| snapshot.secret.clone())),
        }
    }
}

struct Renewal {
    rejected: String,
    waiter: Reply<Arc<Credentials>>,
    /// When its time is up.
    until: Instant,
}

/// Somebody who waits for a fetch.
struct Reader {
    waiter: Waiter,
    /// When its time is up.
    until: Instant,
}

/// What one fetch is for.
#[derive(Default)]
struct Round {
    wanted: bool,
    readers: Vec<Reader>,
    renewals: Vec<Renewal>,
}

impl Round {
    fn is_empty(&self) -> bool {
        !self.wanted && !self.is_awaited()
    }

    fn is_awaited(&self) -> bool {
        !self.readers.is_empty() || !self.renewals.is_empty()
    }

    /// Answers everybody whom `snapshot` serves: all but those to whom its AccessKey was rejected.
    fn answer(&mut self, snapshot: &Snapshot) {
        self.readers.drain(..).for_each(|reader| reader.waiter.answer(Ok(snapshot)));
        self.answer_renewals(snapshot);
    }

    fn answer_renewals(&mut self, snapshot: &Snapshot) {
        let served = |renewal: &mut Renewal| snapshot.access_key_id() != Some(&renewal.rejected);
        for renewal in self.renewals.extract_if(.., served) {
            renewal.waiter.send(snapshot.credentials());
        }
    }

    fn fail_readers(&mut self, error: &Error, is_up: impl Fn(Instant) -> bool) {
        for reader in self.readers.extract_if(.., |reader| is_up(reader.until)) {
            reader.waiter.answer(Err(error.clone()));
        }
    }

    /// Another AccessKey than the one that was rejected is better than an error, even if somebody else reported it as
    /// rejected: RAM may have been slow to know it.
    fn fail_renewals(&mut self, error: &Error, cached: Option<&Snapshot>, is_up: impl Fn(Instant) -> bool) {
        for renewal in self.renewals.extract_if(.., |renewal| is_up(renewal.until)) {
            let another = cached.filter(|cached| cached.access_key_id() != Some(&renewal.rejected));
            renewal.waiter.send(another.map_or_else(|| Err(error.clone()), Snapshot::credentials));
        }
    }

    /// Those whose time is not up yet go on to the next fetch.
    fn carry_over(&mut self, following: &mut Round) {
        following.readers.append(&mut self.readers);
        following.renewals.append(&mut self.renewals);
    }
}

/// What a keeper is doing, for [`Stats`](crate::Stats).
#[derive(Clone, Default)]
pub(crate) struct KeeperStatus {
    pub(crate) next_refresh: Option<SystemTime>,
    pub(crate) fetches: u64,
    pub(crate) failures: u64,
    pub(crate) renewals: u64,
    pub(crate) last_error: Option<Error>,
}

pub(crate) struct Keeper {
    live: Arc<Live>,
    name: Box<str>,
    entry: Arc<Entry>,
    status: Arc<Mutex<KeeperStatus>>,
    next: Option<Next>,
    failing_since: Option<Instant>,
    /// Since when KMS has been there, but throttled; the pauses begin short again with it.
    throttled_since: Option<Instant>,
    /// Since when KMS has had no other AccessKey than one that was rejected.
    rejected_since: Option<Instant>,
    /// How many endpoints in a row have answered an AccessKey that was rejected.
    lagging: usize,
    bucket: TokenBucket,
    /// Whether it was told that the bucket is empty.
    told_empty: bool,
    rejected: Rejected,
}

/// When the schedule wants the next fetch: whichever clock is there first. The one on the wall may be set back, and the other
/// one stands still while the machine sleeps.
#[derive(Clone, Copy)]
struct Next {
    by_kms_clock: SystemTime,
    at: Instant,
}

/// The AccessKeys that were lately reported as rejected: a region that lags behind must not bring one back.
#[derive(Default)]
struct Rejected(VecDeque<(String, Instant)>);

impl Rejected {
    const REMEMBERED_FOR: Duration = Duration::from_secs(600);
    const MOST: usize = 16;

    fn add(&mut self, id: String) {
        self.0.retain(|(known, at)| *known != id && at.elapsed() < Self::REMEMBERED_FOR);
        if self.0.len() == Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back((id, Instant::now()));
    }

    fn contains(&self, id: &str) -> bool {
        self.0.iter().any(|(known, at)| known == id && at.elapsed() < Self::REMEMBERED_FOR)
    }
}

/// The clock on the wall may jump and the machine may sleep: the schedule looks at it at least this often.
const LOOK_AT_THE_CLOCK: Duration = Duration::from_secs(3600);

/// Callers who are so close together share one fetch to its end.
const TOGETHER: Duration = Duration::from_secs(1);

/// Until when a round may take.
struct Until {
    deadline: Instant,
    /// Whether it is so near because the cache file may help out then.
    for_cache_file: bool,
}

/// How long to wait for KMS at a cold start before the cache file is used.
const PATIENCE_WITH_CACHE_FILE: Duration = Duration::from_secs(5);

impl Keeper {
    pub(crate) fn new(live: Arc<Live>, name: &str, status: Arc<Mutex<KeeperStatus>>) -> Self {
        let entry = live.state().cache.entry(name);
        let renewal = &live.state().config.renewal;
        let bucket = TokenBucket::new(renewal.tokens, renewal.refill, Instant::now());
        let mut keeper = Keeper {
            live,
            name: name.into(),
            entry,
            status,
            next: None,
            failing_since: None,
            throttled_since: None,
            rejected_since: None,
            lagging: 0,
            bucket,
            told_empty: false,
            rejected: Rejected::default(),
        };
        // In a forked child the value is there already, and the child's schedule is its own.
        if let Some(snapshot) = keeper.entry.snapshot() {
            keeper.schedule_after(&snapshot);
        }
        keeper
    }

    /// Serves `asks` and the schedule until the provider closes, or there is nothing to keep.
    pub(crate) async fn run(mut self, mut asks: UnboundedReceiver<Ask>) {
        loop {
            let mut round = Round::default();
            tokio::select! {
                biased;
                ask = asks.recv() => match ask {
                    Some(ask) => self.accept(ask, &mut round, None),
                    None => return,
                },
                () = self.due() => round.wanted = true,
                () = self.too_stale() => self.forget(),
            }
            while let Ok(ask) = asks.try_recv() {
                self.accept(ask, &mut round, None);
            }
            while !round.is_empty() {
                let mut following = Round::default();
                self.perform(&mut round, &mut following, &mut asks).await;
                round = following;
            }
            if self.next.is_none() && self.live.retire(&self.name, &mut asks) {
                return;
            }
        }
    }

    /// Puts `ask` where it belongs, or answers it at once. `following` is given while a fetch is under way: what that fetch
    /// may be too early for waits for the one after it.
    fn accept(&mut self, ask: Ask, round: &mut Round, following: Option<&mut Round>) {
        let busy = following.is_some();
        let renewing = !round.renewals.is_empty();
        let snapshot = self.entry.snapshot();
        let config = &self.live.state().config;
        let reader = |waiter| Reader { waiter, until: Instant::now() + config.fetch_deadline };
        match ask {
            Ask::Need(waiter) => match snapshot {
                Some(snapshot) => waiter.answer(Ok(&snapshot)),
                None => round.readers.push(reader(waiter)),
            },
            Ask::Refresh(waiter) => following.unwrap_or(round).readers.push(reader(waiter)),
            Ask::Probe => following.unwrap_or(round).wanted = true,
            Ask::Rejected(id) => self.remember_rejected(id, snapshot.as_deref()),
            Ask::Renew { rejected, waiter, asked } => {
                let until = asked + config.renewal.deadline;
                self.remember_rejected(rejected.clone(), snapshot.as_deref());
                match snapshot.filter(|snapshot| !self.is_rejected(snapshot)) {
                    Some(snapshot) => waiter.send(snapshot.credentials()),
                    None => {
                        let round = if busy && !renewing { following.unwrap_or(round) } else { round };
                        round.renewals.push(Renewal { rejected, waiter, until });
                    }
                }
            }
        }
    }

    fn remember_rejected(&mut self, id: String, snapshot: Option<&Snapshot>) {
        self.rejected.add(id);
        if let Some(snapshot) = snapshot.filter(|snapshot| self.is_rejected(snapshot)) {
            snapshot.reject();
        }
    }

    /// Whether somebody has reported this AccessKey as rejected.
    fn is_rejected(&self, snapshot: &Snapshot) -> bool {
        snapshot.access_key_id().is_some_and(|id| self.rejected.contains(id))
    }

    /// Fetches for `round` until it is served or its time is up.
    async fn perform(&mut self, round: &mut Round, following: &mut Round, asks: &mut UnboundedReceiver<Ask>) {
        let Some(Until { deadline, for_cache_file }) = self.deadline(round) else { return };
        let mut failing_since = None;
        let mut answered = None;
        loop {
            let Some(fetched) = self.fetch_listening(round, following, asks, deadline).await else {
                // A renewal takes over; whoever waited here waits on.
                following.wanted |= round.wanted;
                round.carry_over(following);
                return;
            };
            let error = match fetched.and_then(|secret| self.take_over(secret)) {
                Ok(snapshot) => {
                    self.answer_and_keep(round, &snapshot);
                    if round.renewals.is_empty() && !self.is_rejected(&snapshot) {
                        return;
                    }
                    answered.insert(still_rejected(&snapshot, &self.name)).clone()
                }
                Err(error) => {
                    self.note_failure(&error);
                    if let Some(snapshot) = self.fall_back(&error) {
                        round.readers.drain(..).for_each(|reader| reader.waiter.answer(Ok(&snapshot)));
                    }
                    let cut_short = error.retryable() && (for_cache_file || Instant::now() >= deadline);
                    round.fail_readers(&error, |until| !cut_short || until <= deadline + TOGETHER);
                    error
                }
            };
            let failing_for = failing_since.get_or_insert_with(Instant::now).elapsed();
            let wait = self.before_next_try(&error, failing_for, deadline);
            if let Some(wait) = wait.filter(|_| !round.renewals.is_empty() && error.retryable()) {
                self.wait_listening(wait, round, following, asks).await;
                continue;
            }
            // Nobody's time is long enough for the pause that KMS asks for.
            let sent_away = error.retry_after().is_some_and(|rest| Instant::now() + rest >= deadline);
            // What KMS said tells more than that the last try was not answered.
            let said = answered.filter(|_| error.code().is_none() && error.retryable());
            if let Some(said) = &said {
                self.note_rejection(said);
            }
            let error = said.unwrap_or(error);
            let is_up = |until| !error.retryable() || sent_away || until <= deadline + TOGETHER;
            round.fail_readers(&error, is_up);
            round.fail_renewals(&error, self.entry.snapshot().as_deref(), is_up);
            round.carry_over(following);
            return;
        }
    }

    /// Until when `round` may take, or none when there is nothing to do: no renewal is left that the bucket allows.
    fn deadline(&mut self, round: &mut Round) -> Option<Until> {
        let now = Instant::now();
        let snapshot = self.entry.snapshot();
        if let Some(snapshot) = snapshot.as_ref().filter(|snapshot| !self.is_rejected(snapshot)) {
            round.answer_renewals(snapshot);
        }
        let mut until = round.readers.iter().map(|reader| reader.until).min();
        if let Some(first) = round.renewals.iter().map(|renewal| renewal.until).min() {
            match self.bucket.take(now) {
                Ok(()) => {
                    until = Some(first);
                    self.told_empty = false;
                    self.status.lock().renewals += 1;
                }
                Err(wait) => {
                    let error = too_many_renewals(&self.name, wait);
                    self.note_empty_bucket(&error);
                    round.fail_renewals(&error, snapshot.as_deref(), |_| true);
                }
            }
        }
        let mut deadline = match until {
            // A second at least, for whoever had to wait for another fetch to end.
            Some(until) => until.max(now + Duration::from_secs(1)),
            None => now + self.live.state().config.fetch_deadline,
        };
        let cache_file_may_help =
            snapshot.is_none() && self.live.cache_file().is_some_and(|file| file.holds(&self.name));
        if cache_file_may_help {
            deadline = deadline.min(now + PATIENCE_WITH_CACHE_FILE);
        }
        (!round.is_empty()).then_some(Until { deadline, for_cache_file: cache_file_may_help })
    }

    /// Fetches, and lets newcomers in meanwhile. None when a renewal has waited long enough for a fetch that was begun for
    /// something else.
    async fn fetch_listening(
        &mut self,
        round: &mut Round,
        following: &mut Round,
        asks: &mut UnboundedReceiver<Ask>,
        deadline: Instant,
    ) -> Option<Result<Secret>> {
        let request = Arc::new(SecretRequest::current(&self.name));
        let mut fetch = Fetch::new(self.live.clone(), request, deadline).begin_with(self.lagging);
        loop {
            // The schedule itself is the retry of a probe that nobody waits for.
            let alone = !round.is_awaited() && self.failing_since.is_some();
            fetch.limit_rounds(if alone { MOST_ROUNDS_OF_A_LONE_PROBE } else { u32::MAX });
            let half = self.live.state().config.renewal.deadline / 2;
            let cut = following.renewals.first().map(|renewal| renewal.until - half);
            tokio::select! {
                biased;
                result = fetch.run() => return Some(result),
                Some(ask) = asks.recv() => self.accept(ask, round, Some(&mut *following)),
                () = sleep_until(cut.unwrap_or(deadline)), if cut.is_some() => return None,
                () = self.too_stale() => self.forget(),
            }
        }
    }

    async fn wait_listening(
        &mut self,
        wait: Duration,
        round: &mut Round,
        following: &mut Round,
        asks: &mut UnboundedReceiver<Ask>,
    ) {
        let end = Instant::now() + wait;
        loop {
            tokio::select! {
                biased;
                () = sleep_until(end) => return,
                Some(ask) = asks.recv() => self.accept(ask, round, Some(&mut *following)),
                () = self.too_stale() => self.forget(),
            }
        }
    }

    fn before_next_try(&self, error: &Error, failing_for: Duration, deadline: Instant) -> Option<Duration> {
        let draw = self.live.environment().random.draw();
        let pause = Backoff::after(error).pause(failing_for, error.retry_after(), draw);
        within(pause, error.retry_after(), deadline.saturating_duration_since(Instant::now()))
    }

    /// Puts what KMS answered into the cache.
    fn take_over(&mut self, secret: Secret) -> Result<Arc<Snapshot>> {
        let snapshot = Arc::new(Snapshot::new(Arc::new(secret), self.live.state().now(), Instant::now())?);
        let before = self.entry.snapshot();
        let old_id = before.as_ref().and_then(|before| before.access_key_id());
        let new_id = snapshot.access_key_id();
        self.lagging = if self.is_rejected(&snapshot) { self.lagging.wrapping_add(1) } else { 0 };
        if old_id.is_some() && old_id != new_id && self.is_rejected(&snapshot) {
            return Err(brought_back(&self.name, new_id.unwrap_or_default()));
        }
        if self.is_rejected(&snapshot) {
            snapshot.reject();
        }
        self.entry.set(Some(snapshot.clone()));
        self.failing_since = None;
        self.throttled_since = None;
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
        if let (Some(old), Some(new)) = (old_id, new_id)
            && old != new
        {
            self.live.tell(Event::Rotated {
                secret: self.name.to_string(),
                old_access_key_id: old.to_owned(),
                new_access_key_id: new.to_owned(),
            });
        }
        Ok(snapshot)
    }

    /// Nobody waits for the disk, but for whoever closes the provider.
    fn answer_and_keep(&self, round: &mut Round, snapshot: &Snapshot) {
        let writing = self.live.cache_file().map(CacheFile::begin);
        round.answer(snapshot);
        if let Some(writing) = writing {
            writing.store(snapshot, &self.live.state().client_keys[0].proven());
        }
    }

    fn schedule_after(&mut self, snapshot: &Snapshot) {
        if self.is_rejected(snapshot) {
            let since = *self.rejected_since.get_or_insert_with(Instant::now);
            self.next_try(since, None);
            return;
        }
        self.rejected_since = None;
        let config = &self.live.state().config;
        let draw = self.live.environment().random.draw();
        let rotation = snapshot.secret.next_rotation_date();
        let next = schedule::next_refresh(snapshot.fetched, rotation, &config.refresh, draw);
        self.set_next(schedule::within_max_stale(next, snapshot.fetched, config.max_stale, draw));
    }

    /// Schedules a fetch as after a failure that has lasted since `since`; answers how long it waits.
    fn next_try(&mut self, since: Instant, floor: Option<Duration>) -> Duration {
        let draw = self.live.environment().random.draw();
        let wait = schedule::after_failed_refresh(since.elapsed(), floor, draw);
        self.set_next(self.live.state().now() + wait);
        wait
    }

    fn set_next(&mut self, next: SystemTime) {
        let wait = next.duration_since(self.live.state().now()).unwrap_or_default();
        self.next = Some(Next { by_kms_clock: next, at: Instant::now() + wait });
        self.status.lock().next_refresh = Some(next);
    }

    /// KMS was asked, and has only the AccessKey that was rejected.
    fn note_rejection(&mut self, error: &Error) {
        self.status.lock().last_error = Some(error.clone());
        let next_try_in = self.next.map(|next| next.at.saturating_duration_since(Instant::now()));
        self.tell_failure(error, next_try_in);
    }

    /// The schedule goes on looking for another AccessKey. Told once, however often a faulty application asks.
    fn note_empty_bucket(&mut self, error: &Error) {
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

    fn note_failure(&mut self, error: &Error) {
        let mut since = *self.failing_since.get_or_insert_with(Instant::now);
        if error.kind() == Kind::Throttled {
            since = *self.throttled_since.get_or_insert_with(Instant::now);
        }
        {
            let mut status = self.status.lock();
            status.failures += 1;
            status.last_error = Some(error.clone());
        }
        let is_kept = self.entry.snapshot().is_some() || self.next.is_some();
        let next_try_in = is_kept.then(|| self.next_try(since, error.retry_after()));
        self.tell_failure(error, next_try_in);
    }

    fn tell_failure(&self, error: &Error, next_try_in: Option<Duration>) {
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
    fn fall_back(&mut self, error: &Error) -> Option<Arc<Snapshot>> {
        let out_of_reach = matches!(error.kind(), Kind::Network | Kind::Server | Kind::Throttled);
        if self.entry.snapshot().is_some() || !out_of_reach {
            return None;
        }
        let state = self.live.state();
        let now = state.now();
        let kept = self.live.cache_file()?.load(&self.name, state.config.max_stale, now)?;
        let age = now.duration_since(kept.fetched).unwrap_or_default();
        let fetched_at = Instant::now().checked_sub(age).unwrap_or_else(Instant::now);
        let snapshot = Arc::new(Snapshot::new(Arc::new(kept.secret), kept.fetched, fetched_at).ok()?);
        self.entry.set(Some(snapshot.clone()));
        self.next_try(self.failing_since.unwrap_or_else(Instant::now), error.retry_after());
        self.live.tell(Event::CacheFileUsed { secret: self.name.to_string(), age });
        Some(snapshot)
    }

    async fn due(&self) {
        let Some(next) = self.next else { return std::future::pending().await };
        while let Ok(left) = next.by_kms_clock.duration_since(self.live.state().now()) {
            let left = left.min(next.at.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return;
            }
            sleep(left.min(LOOK_AT_THE_CLOCK)).await;
        }
    }

    /// Returns when the value in the cache is older than it may be, by either clock.
    async fn too_stale(&self) {
        let (Some(most), Some(snapshot)) = (self.live.state().config.max_stale, self.entry.snapshot()) else {
            return std::future::pending().await;
        };
        let look = (most / 10).clamp(Duration::from_secs(1), LOOK_AT_THE_CLOCK);
        loop {
            let by_kms_clock = self.live.state().now().duration_since(snapshot.fetched).unwrap_or_default();
            let left = most.saturating_sub(by_kms_clock.max(snapshot.fetched_at.elapsed()));
            if left.is_zero() {
                return;
            }
            sleep(left.min(look)).await;
        }
    }

    /// The next reader asks KMS and gets its error.
    fn forget(&mut self) {
        tracing::warn!("{} is older than max_stale allows and is not handed out any more", self.name);
        self.entry.set(None);
    }
}

fn still_rejected(snapshot: &Snapshot, name: &str) -> Error {
    let id = snapshot.access_key_id().unwrap_or_default();
    Error::new(
        Kind::Server,
        format!("KMS still answers {name} with AccessKey {id}, which was rejected: rotate the secret in KMS, or look in RAM whether the AccessKey is disabled"),
    )
    .with_retryable(true)
}

fn brought_back(name: &str, id: &str) -> Error {
    Error::new(
        Kind::Server,
        format!("KMS answered {name} with AccessKey {id}, which was rejected before: the region lags behind, and the newer one stays in use"),
    )
    .with_retryable(true)
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
