//! The keeper of one secret: the only one who fetches it, so that there is never more than one fetch at a time; who joins
//! a fetch, who waits for the next, when the schedule asks for one, and what happens after a rejection is decided here.

mod admission;
mod agenda;
mod listening;
mod outcome;
mod refused;
mod rejected;
mod round;
mod shared;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};

use crate::error::{Error, Kind};
use crate::process::lock::Mutex;
use crate::process::logs;
use crate::process::supervision::{Pauses, caught};
use admission::Until;
use agenda::{Next, Spread};
use listening::late_answer;
use outcome::{Taken, still_rejected};
use refused::Refused;
use rejected::Rejected;
pub(crate) use round::{Ask, Waiter};
use round::{Reader, Renewal, Round};

use crate::upkeep::cache::{Entry, Snapshot};
use crate::upkeep::fetch::{Fetch, Fetched};
use crate::upkeep::limits::TOGETHER;
use crate::upkeep::live::Live;
use crate::upkeep::token_bucket::TokenBucket;

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
    /// The AccessKey that was at hand last; `max_stale` may have taken it away since.
    last_id: Option<Box<str>>,
    status: Arc<Mutex<KeeperStatus>>,
    next: Option<Next>,
    failing_since: Option<Instant>,
    /// How the refresh at `next` was spread; none after a failure.
    spread: Option<Spread>,
    /// Since when KMS has had no other AccessKey than one that was rejected.
    rejected_since: Option<Instant>,
    /// How many endpoints in a row have answered an AccessKey that was rejected.
    lagging: usize,
    bucket: TokenBucket,
    /// Whether it was told that the bucket is empty.
    told_empty: bool,
    /// Of which turn at an endpoint that rests it was told.
    told_of_turn: Option<Instant>,
    /// Whether it was told that KMS cannot rotate the secret.
    told_broken: bool,
    rejected: Rejected,
    refused: Option<Refused>,
    /// A fetch that nobody waits for any more, with requests that may still be answered.
    lingering: Option<Fetch>,
}

/// What an idle keeper was woken by.
enum Woken {
    /// Somebody wants something; nobody ever will again without one.
    Asked(Option<Ask>),
    /// A request that nobody waits for any more has ended, with or without an answer.
    Late(Option<Box<Fetched>>),
    Due,
    TooStale,
    RefusalLapsed,
}

impl Keeper {
    pub(crate) fn new(live: Arc<Live>, name: &str, status: Arc<Mutex<KeeperStatus>>) -> Self {
        let entry = live.state().cache.entry(name);
        let renewal = &live.state().config.renewal;
        let bucket = TokenBucket::new(renewal.tokens, renewal.refill, Instant::now());
        let mut keeper = Keeper {
            live,
            name: name.into(),
            entry,
            last_id: None,
            status,
            next: None,
            failing_since: None,
            spread: None,
            rejected_since: None,
            lagging: 0,
            bucket,
            told_empty: false,
            told_of_turn: None,
            told_broken: false,
            rejected: Rejected::default(),
            refused: None,
            lingering: None,
        };
        // In a forked child the value is there already, and the child's schedule is its own.
        if let Some(snapshot) = keeper.entry.snapshot() {
            keeper.schedule_after(&snapshot);
            keeper.last_id = snapshot.access_key_id().map(Box::from);
        }
        keeper
    }

    /// Serves `asks` and the schedule until the provider closes, or there is nothing to keep; goes on after a panic.
    pub(crate) async fn run(mut self, mut asks: UnboundedReceiver<Ask>) {
        let mut pauses = Pauses::new();
        let mut defect = None;
        while let Err(words) = caught(self.serve(&mut asks, defect.take())).await {
            defect = Some(words);
            pauses.pause().await;
        }
    }

    /// `defect` is what ended the serving before.
    async fn serve(&mut self, asks: &mut UnboundedReceiver<Ask>, defect: Option<String>) {
        if let Some(words) = defect {
            self.note_failure(&defect_met(&words));
            if self.is_idle() && self.live.retire(&self.name, asks) {
                return;
            }
        }
        loop {
            let mut round = Round::default();
            let mut lingering = self.lingering.take();
            let woken = tokio::select! {
                biased;
                ask = asks.recv() => Woken::Asked(ask),
                late = late_answer(&mut lingering) => Woken::Late(late.map(Box::new)),
                () = self.due() => Woken::Due,
                () = self.too_stale() => Woken::TooStale,
                () = self.refusal_lapses() => Woken::RefusalLapsed,
            };
            self.lingering = lingering.filter(Fetch::is_under_way);
            match woken {
                Woken::Asked(Some(ask)) => self.accept(ask, &mut round, None),
                Woken::Asked(None) => return,
                Woken::Late(late) => late.into_iter().for_each(|late| self.keep_late_answer(*late)),
                Woken::Due => round.wanted = true,
                Woken::TooStale => self.forget(),
                Woken::RefusalLapsed => self.refused = None,
            }
            while let Ok(ask) = asks.try_recv() {
                self.accept(ask, &mut round, None);
            }
            while !round.is_empty() {
                let mut following = Round::default();
                self.perform(&mut round, &mut following, asks).await;
                round = following;
            }
            if self.is_idle() && self.live.retire(&self.name, asks) {
                return;
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.next.is_none() && self.refused.is_none() && self.lingering.is_none()
    }

    /// Puts `ask` where it belongs, or answers it at once. `following` is given while a fetch is under way: what that fetch
    /// may be too early for waits for the one after it.
    fn accept(&mut self, ask: Ask, round: &mut Round, following: Option<&mut Round>) {
        let busy = following.is_some();
        let renewing = !round.renewals.is_empty();
        let snapshot = self.cached();
        let config = &self.live.state().config;
        let now = Instant::now();
        let reader = |waiter, fresh_from| Reader { waiter, fresh_from, until: now + config.fetch_deadline };
        let refused = self.refused.as_ref();
        match ask {
            Ask::Need(waiter) => match snapshot {
                Some(snapshot) => waiter.answer(Ok(&snapshot)),
                None => match refused.and_then(Refused::for_reader) {
                    Some(error) => waiter.answer(Err(error)),
                    None => round.readers.push(reader(waiter, None)),
                },
            },
            Ask::Refresh(waiter) => match refused.and_then(Refused::for_refresh) {
                Some(error) => waiter.answer(Err(error)),
                None => following.unwrap_or(round).readers.push(reader(waiter, Some(now))),
            },
            Ask::Reconsider => self.refused = None,
            Ask::Probe => {
                let round = following.unwrap_or(round);
                (round.wanted, round.probing) = (true, true);
            }
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
        let live = self.live.clone();
        if !round.renewals.is_empty() {
            // Before anybody is given a turn, or sent away.
            self.look(&live, round).await;
        }
        self.answer_at_once(round);
        if round.is_empty() {
            return;
        }
        let Until { deadline, .. } = self.until(round);
        // Who has no token left is told soon.
        if !self.bucket.is_empty(Instant::now()) {
            self.await_turn(&live, round, following, asks, deadline).await;
        }
        let _right_to_ask = self.learn(&live, round, deadline).await;
        self.ration(round);
        if round.is_empty() {
            return;
        }
        let Until { deadline, for_cache_file } = self.until(round);
        let mut failing_since = None;
        let mut answered = None;
        loop {
            let Some(fetched) = self.fetch_listening(round, following, asks, deadline).await else {
                // A renewal takes over; whoever waited here waits on.
                following.wanted |= round.wanted;
                following.probing |= round.probing;
                round.carry_over(following);
                return;
            };
            let error = match fetched.and_then(|fetched| self.take_over(fetched)) {
                Ok(Taken::New { snapshot, asked }) => {
                    self.answer_and_keep(round, &snapshot, asked);
                    if !round.readers.is_empty() {
                        // An answer to a question from before they wanted to know.
                        continue;
                    }
                    if round.renewals.is_empty() && !self.is_rejected(&snapshot) {
                        return;
                    }
                    answered.insert(still_rejected(&snapshot, &self.name)).clone()
                }
                Ok(Taken::LagsBehind { newer, error }) => {
                    self.note_failure(&error);
                    round.readers.drain(..).for_each(|reader| reader.waiter.answer(Ok(&newer)));
                    error
                }
                Err(error) => {
                    self.note_failure(&error);
                    if let Some(snapshot) = self.fall_back(&error).await {
                        round.readers.drain(..).for_each(|reader| reader.waiter.answer(Ok(&snapshot)));
                    }
                    let cut_short = error.retryable() && (for_cache_file || Instant::now() >= deadline);
                    round.fail_readers(&error, |until| !cut_short || until <= deadline + TOGETHER);
                    error
                }
            };
            let failing_for = failing_since.get_or_insert_with(Instant::now).elapsed();
            let wait = self.before_next_try(&error, failing_for, deadline);
            // KMS's certificate was good once, and so was the way to it: what is there in its place now may go away.
            let may_pass = error.retryable() || matches!(error.kind(), Kind::Tls | Kind::Network);
            if let Some(wait) = wait.filter(|_| !round.renewals.is_empty() && may_pass) {
                self.wait_listening(wait, round, following, asks).await;
                continue;
            }
            // Whose time is not long enough for the pause that KMS asks for, or for this process's turn.
            let turn = error.retry_after().map(|rest| Instant::now() + rest);
            let sent_away = |until| turn.is_some_and(|turn| until <= turn);
            // What KMS said tells more than that the last try was not answered.
            let said = answered.filter(|_| error.code().is_none() && error.retryable());
            if let Some(said) = &said {
                self.note_rejection(said);
            }
            let error = said.unwrap_or(error);
            if !error.retryable() {
                self.remember_refusal(&error);
            }
            let is_up = |until| !error.retryable() || sent_away(until) || until <= deadline + TOGETHER;
            round.fail_readers(&error, is_up);
            round.fail_renewals(&error, self.cached().as_deref(), is_up);
            round.carry_over(following);
            return;
        }
    }

    fn remember_refusal(&mut self, error: &Error) {
        self.refused = match self.refused.take() {
            Some(refused) => Some(refused.again(error.clone())),
            None => self.live.permit_to_remember().map(|permit| Refused::new(error.clone(), permit)),
        };
    }

    async fn refusal_lapses(&self) {
        match &self.refused {
            Some(refused) => sleep_until(refused.forgotten_at()).await,
            None => std::future::pending().await,
        }
    }

    /// What may be handed out now.
    fn cached(&mut self) -> Option<Arc<Snapshot>> {
        let snapshot = self.entry.snapshot()?;
        if self.live.state().good_for(&snapshot) == Some(Duration::ZERO) {
            self.forget();
            return None;
        }
        Some(snapshot)
    }

    /// The next reader asks KMS and gets its error.
    fn forget(&mut self) {
        logs::warn!("{} is older than max_stale allows and is not handed out any more", self.name);
        self.live.state().cache.set(&self.entry, None);
    }
}

fn defect_met(words: &str) -> Error {
    Error::new(Kind::Server, format!("kmsak met a defect of its own, and goes on: report it ({words})"))
        .with_retryable(true)
}
