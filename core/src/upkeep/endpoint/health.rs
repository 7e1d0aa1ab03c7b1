//! How an endpoint has been doing, and when it may be asked again.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Endpoint;
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::secret::Secret;
use crate::upkeep::limits::{
    BETWEEN_RETRIES, DOWN_FIRST, DOWN_LONGEST, FAILURES_UNTIL_DOWN, LATENCY_REMEMBERED,
};
use crate::upkeep::schedule::LONGEST_RETRY_AFTER;
use crate::upkeep::turns::{Haste, Memory, Occasion, Turns};

/// How an endpoint has been doing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    pub(crate) requests: u64,
    pub(crate) failures: u64,
    pub(crate) failures_in_a_row: u32,
    /// A moving average over answered requests, as long as it is measured.
    pub(super) latency: Option<Latency>,
    /// Passed over until then.
    pub(crate) down_until: Option<Instant>,
    /// It asked for a pause.
    pub(super) pause: Option<Pause>,
    /// When this process's next turn is, since it throttles or may be about to.
    pub(super) turns: Option<Turns>,
    /// How it was the last time.
    pub(super) memory: Memory,
    /// How long it throttled this process the last time that somebody waited.
    pub(super) throttled_for: Option<Duration>,
    /// When it last did its work.
    pub(super) answered: Option<Instant>,
    /// No retry leaves before.
    pub(super) next_retry: Option<Instant>,
    pub(super) announced: bool,
}

/// A `Retry-After`, and when it was told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pause {
    told: Instant,
    length: Duration,
}

impl Pause {
    fn left(self, haste: Haste, now: Instant) -> Duration {
        (self.told + haste.longest_retry_after().min(self.length)).saturating_duration_since(now)
    }
}

/// How long an endpoint takes, and when that was measured last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latency {
    pub(super) average: Duration,
    pub(super) at: Instant,
}

impl Health {
    /// How long it throttled this process the last time that somebody waited, or has until now.
    pub(crate) fn throttled_for(&self, now: Instant) -> Option<Duration> {
        self.turns.as_ref().and_then(|turns| turns.throttled_for(now)).or(self.throttled_for)
    }

    /// The latency, unless it was measured so long ago that it says nothing any more.
    pub(crate) fn latency(&self, now: Instant) -> Option<Duration> {
        let latency = self.latency?;
        (now.saturating_duration_since(latency.at) < LATENCY_REMEMBERED).then_some(latency.average)
    }
}

impl Endpoint {
    pub(crate) fn health(&self) -> Health {
        self.health.lock().clone()
    }

    /// How long whoever asks with `haste` has to wait: for the end of the pause that it asked for by `Retry-After`, and while it
    /// throttles for this process's next turn.
    pub(crate) fn rests_for(&self, haste: Haste, now: Instant) -> Duration {
        let health = self.health.lock();
        let pause = health.pause.map_or(Duration::ZERO, |pause| pause.left(haste, now));
        health.turns.as_ref().map_or(pause, |turns| turns.wait(haste, now).max(pause))
    }

    /// Gives this process a turn somewhere in the time over which `occasion` is spread, unless it has one.
    pub(crate) fn hold_back(&self, occasion: Occasion, now: Instant, draw: f64) {
        let mut health = self.health.lock();
        let has_one = |turns: &Turns| turns.is_for(occasion.haste) && turns.is_still_there(now);
        if !health.turns.as_ref().is_some_and(has_one) {
            health.turns = Some(Turns::held_back(occasion, now, draw));
        }
    }

    /// A request leaves, in this process's turn if it has one.
    pub(crate) fn take_turn(&self, now: Instant) {
        self.health.lock().turns.iter_mut().for_each(|turns| turns.take(now));
    }

    /// What is remembered of the last time that it throttled somebody who waited.
    pub(crate) fn memory(&self) -> Memory {
        self.health.lock().memory
    }

    /// A request was throttled: the next turn of this process comes later.
    pub(super) fn turned_away(&self, occasion: Occasion, error: Option<&Error>, draw: f64) {
        let now = Instant::now();
        let mut health = self.health.lock();
        let memory = health.memory;
        match &mut health.turns {
            // Requests that were on their way together are turned away together.
            Some(turns) if turns.is_for(occasion.haste) && turns.is_ahead(now) => return,
            Some(turns) if turns.is_for(occasion.haste) && turns.is_still_there(now) => {
                turns.again_until(memory.lasted(), now, draw);
            }
            turns => *turns = Some(Turns::turned_away(occasion, now, draw)),
        }
        if let (Some(turns), Some(rest)) = (&mut health.turns, error.and_then(Error::retry_after)) {
            turns.delay(rest.min(occasion.haste.longest_retry_after()));
        }
        health.next_retry = None;
    }

    /// Whether its latest request was answered, or none was sent yet.
    pub(crate) fn is_well(&self) -> bool {
        self.health.lock().failures_in_a_row == 0
    }

    /// The moment for a retry that is to leave at `at`, or later where others have booked theirs; none where that is too late.
    pub(crate) fn book_retry(&self, at: Instant, deadline: Instant) -> Option<Instant> {
        let mut health = self.health.lock();
        let at = health.next_retry.map_or(at, |free| at.max(free));
        if at >= deadline {
            return None;
        }
        health.next_retry = Some(at + BETWEEN_RETRIES);
        Some(at)
    }

    /// A request that left at `sent` was given up without an answer. Says nothing of an endpoint that has answered others
    /// meanwhile.
    pub(crate) fn hung(&self, sent: Instant, tell: &(dyn Fn(Event) + Send + Sync)) {
        // What it did not get, it cannot answer.
        if self.plan.identity.is_waited_for() {
            return;
        }
        let mut health = self.health.lock();
        if health.answered.is_none_or(|answered| answered < sent) {
            health.requests += 1;
            drop(health);
            self.failed(&gave_no_answer(self.name(), sent.elapsed()), tell);
        }
    }

    pub(super) fn record(
        &self,
        took: Duration,
        result: &Result<Secret>,
        tell: &(dyn Fn(Event) + Send + Sync),
    ) {
        let mut health = self.health.lock();
        health.requests += 1;
        if let Some(error) = result.as_ref().err().filter(|error| speaks_against_the_endpoint(error)) {
            drop(health);
            return self.failed(error, tell);
        }
        let now = Instant::now();
        let average = health.latency(now).map_or(took, |average| (average * 3 + took) / 4);
        health.latency = Some(Latency { average, at: now });
        let in_turn = health.turns.as_ref().is_some_and(|turns| !turns.is_over());
        if std::mem::take(&mut health.failures_in_a_row) > 0 || in_turn {
            self.recovered.notify_waiters();
        }
        if let Some(served) = health.turns.as_mut().and_then(|turns| turns.served(now)) {
            health.memory.learn(served);
            if served.throttled {
                health.throttled_for = Some(served.after);
            }
        }
        health.next_retry = None;
        health.down_until = None;
        health.pause = None;
        health.answered = Some(now);
        if std::mem::take(&mut health.announced) {
            drop(health);
            tell(Event::EndpointUp { endpoint: self.name().to_owned() });
        }
    }

    fn failed(&self, error: &Error, tell: &(dyn Fn(Event) + Send + Sync)) {
        let now = Instant::now();
        let rest = error.retry_after().map(|rest| rest.min(LONGEST_RETRY_AFTER));
        let mut health = self.health.lock();
        health.failures += 1;
        health.failures_in_a_row = health.failures_in_a_row.saturating_add(1);
        if let Some(rest) = rest {
            health.pause = Some(Pause { told: now, length: rest });
        }
        if health.failures_in_a_row < FAILURES_UNTIL_DOWN {
            return;
        }
        let pause = DOWN_FIRST
            .saturating_mul(1 << (health.failures_in_a_row - FAILURES_UNTIL_DOWN).min(4))
            .min(DOWN_LONGEST);
        health.down_until = Some(now + pause.max(rest.unwrap_or_default()));
        if !std::mem::replace(&mut health.announced, true) {
            drop(health);
            tell(Event::EndpointDown { endpoint: self.name().to_owned(), error: error.clone() });
        }
    }
}

/// How long all of `endpoints` rest.
pub(crate) fn all_rest_for(endpoints: &[Arc<Endpoint>], haste: Haste, now: Instant) -> Duration {
    endpoints.iter().map(|endpoint| endpoint.rests_for(haste, now)).min().unwrap_or_default()
}

/// What KMS said, and when this process's turn is.
pub(crate) fn until_turn(said: &Error, rest: Duration) -> Error {
    let seconds = rest.as_secs().max(1);
    said.clone()
        .with_remark(&format!("kmsak asks again in {seconds} s and goes on with what it has"))
        .with_retry_after(Some(rest))
}

/// The error while all endpoints rest for longer than anybody can wait.
pub(crate) fn resting(rest: Duration) -> Error {
    Error::new(
        Kind::Throttled,
        format!(
            "KMS is spared until this process's turn, as it asked for a pause, throttles or has a large fleet to serve: kmsak asks \
             in {} s and goes on with what it has, so try again then",
            rest.as_secs().max(1)
        ),
    )
    .with_retryable(true)
    .with_retry_after(Some(rest))
}

fn gave_no_answer(name: &str, after: Duration) -> Error {
    let seconds = after.as_secs();
    Error::new(
        Kind::Network,
        format!("{name} did not answer within {seconds} s: check the network and the firewall between here and there"),
    )
    .with_retryable(true)
}

/// Whether the endpoint is to blame: a refusal is an answer.
fn speaks_against_the_endpoint(error: &Error) -> bool {
    matches!(error.kind(), Kind::Network | Kind::Tls | Kind::Throttled | Kind::Server)
}
