//! One fetch of one secret: which endpoints are asked, when, and when to stop.
//!
//! The budget: at most [`MOST_REQUESTS`] requests, at most [`MOST_AT_ONCE`] of them under way at the same time, until the
//! deadline. An endpoint that fails is followed by the next one at once; when all have failed, the next round waits for
//! the backoff. An endpoint that hangs is left hanging for [`PATIENCE`] before another request is sent beside it: to
//! the next endpoint, or over a new connection where there is no other. Where too many hang, the oldest is given up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::error::{Error, Kind, Result};
use crate::kms::SecretRequest;
use crate::secret::Secret;
use crate::upkeep::backoff::{Backoff, within};
use crate::upkeep::endpoint::{self, Endpoint};
use crate::upkeep::live::Live;

/// Requests in one fetch.
pub(crate) const MOST_REQUESTS: u32 = 12;

/// How often a fetch goes round the endpoints when nobody waits for it and the one before failed: KMS that throttles or comes
/// back after an outage is spared what the schedule brings in any case.
pub(crate) const MOST_ROUNDS_OF_A_LONE_PROBE: u32 = 1;

/// Requests of one fetch that are under way at the same time.
const MOST_AT_ONCE: usize = 3;

/// How long an endpoint may take before another request is sent beside it.
const PATIENCE: Duration = Duration::from_secs(2);

/// A fetch. Whoever drives it may drop the future of [`run`](Fetch::run) and call it again: what was sent stays under way.
pub(crate) struct Fetch {
    live: Arc<Live>,
    request: Arc<SecretRequest>,
    deadline: Instant,
    /// How often it may go round the endpoints.
    most_rounds: u32,
    /// How many endpoints the first round leaves to the end.
    begin_with: usize,
    /// The rest of this round's endpoints.
    plan: VecDeque<Arc<Endpoint>>,
    rounds: u32,
    failing_since: Option<Instant>,
    sent: u32,
    /// When the next request leaves, if nothing happens before.
    next: Instant,
    under_way: JoinSet<Result<Secret>>,
    /// What is known of those under way, the oldest first.
    flights: VecDeque<Flight>,
    /// Endpoints that would only say again what they have said.
    ruled_out: Vec<Arc<Endpoint>>,
    /// KMS's own refusal, which tells more than that another endpoint could not be reached.
    refusal: Option<Error>,
    last_error: Option<Error>,
}

struct Flight {
    endpoint: Arc<Endpoint>,
    sent: Instant,
    task: AbortHandle,
}

impl Fetch {
    pub(crate) fn new(live: Arc<Live>, request: Arc<SecretRequest>, deadline: Instant) -> Self {
        Fetch {
            live,
            request,
            deadline,
            most_rounds: u32::MAX,
            begin_with: 0,
            plan: VecDeque::new(),
            rounds: 0,
            failing_since: None,
            sent: 0,
            next: Instant::now(),
            under_way: JoinSet::new(),
            flights: VecDeque::new(),
            ruled_out: Vec::new(),
            refusal: None,
            last_error: None,
        }
    }

    /// Leaves the first `endpoints` to the end of the first round.
    pub(crate) fn begin_with(mut self, endpoints: usize) -> Self {
        self.begin_with = endpoints;
        self
    }

    /// Goes round the endpoints so many times at most.
    pub(crate) fn limit_rounds(&mut self, most: u32) {
        self.most_rounds = most;
    }

    /// Fetches from whichever endpoint answers first.
    ///
    /// # Errors
    /// KMS's refusal, which no retry can mend, as soon as no endpoint is left that might answer otherwise; else the
    /// latest failure.
    pub(crate) async fn run(&mut self) -> Result<Secret> {
        loop {
            tokio::select! {
                biased;
                Some(done) = self.under_way.join_next_with_id() => {
                    if let Some(result) = self.landed(done) {
                        return result;
                    }
                }
                () = sleep_until(self.next), if self.may_send() => self.send(),
                () = sleep_until(self.deadline) => return Err(self.verdict()),
            }
        }
    }

    fn may_send(&self) -> bool {
        self.sent < MOST_REQUESTS && (!self.plan.is_empty() || self.rounds < self.most_rounds)
    }

    fn send(&mut self) {
        let now = Instant::now();
        // Where the deadline is nearer than that, the last request has time left to be answered.
        let left = self.deadline.saturating_duration_since(now);
        self.next = now + within(PATIENCE, None, left).unwrap_or(PATIENCE);
        let Some(endpoint) = self.next_endpoint() else { return };
        if self.flights.len() == MOST_AT_ONCE
            && let Some(oldest) = self.flights.pop_front()
        {
            oldest.abandon(&self.live);
        }
        self.sent += 1;
        let task = self.under_way.spawn({
            let (live, request, endpoint) = (self.live.clone(), self.request.clone(), endpoint.clone());
            async move {
                let tell = |event| live.tell(event);
                endpoint.ask(&request, live.environment(), live.skew(), &tell).await
            }
        });
        self.flights.push_back(Flight { endpoint, sent: now, task });
    }

    /// Whom to ask next; nobody while all that are left have asked for a pause.
    fn next_endpoint(&mut self) -> Option<Arc<Endpoint>> {
        if self.plan.is_empty() {
            let now = Instant::now();
            let mut order = endpoint::order(&self.candidates(), now);
            if self.rounds == 0 && !order.is_empty() {
                let first = self.begin_with % order.len();
                order.rotate_left(first);
            }
            let ready: Vec<_> =
                order.iter().filter(|endpoint| endpoint.rests_for(now).is_zero()).cloned().collect();
            // The pause is for those who were sent away; a fetch that begins asks once.
            if ready.is_empty() && self.sent == 0 {
                order.truncate(1);
                self.plan = order.into();
            } else {
                self.plan = ready.into();
            }
            self.rounds += u32::from(!self.plan.is_empty());
        }
        self.plan.pop_front()
    }

    fn candidates(&self) -> Vec<Arc<Endpoint>> {
        self.live.endpoints().iter().filter(|endpoint| !self.is_ruled_out(endpoint)).cloned().collect()
    }

    fn is_ruled_out(&self, endpoint: &Arc<Endpoint>) -> bool {
        self.ruled_out.iter().any(|out| Arc::ptr_eq(out, endpoint))
    }

    /// A request ended; what came of the fetch, if that ends it.
    fn landed(&mut self, done: Result<(Id, Result<Secret>), JoinError>) -> Option<Result<Secret>> {
        let (id, error) = match done {
            Ok((_, Ok(secret))) => return Some(Ok(secret)),
            Ok((id, Err(error))) => (id, error),
            Err(defect) => (
                defect.id(),
                Error::new(Kind::Server, format!("kmsak met a defect of its own: {defect}"))
                    .with_retryable(true),
            ),
        };
        // One that was given up is no longer among them.
        let flight = self.flights.iter().position(|flight| flight.task.id() == id)?;
        let endpoint = self.flights.remove(flight)?.endpoint;
        if !error.retryable() {
            if !matches!(error.kind(), Kind::Denied | Kind::NotFound | Kind::Tls) {
                return Some(Err(error));
            }
            self.rule_out(&endpoint, &error);
        }
        self.last_error = Some(error.clone());
        let goes_on = !self.candidates().is_empty() && self.plan_next(&error);
        (!goes_on).then(|| Err(self.verdict()))
    }

    /// Whoever has the same ClientKey at the same host answers the same refusal. A peer that cannot be verified is that one
    /// endpoint's trouble.
    fn rule_out(&mut self, endpoint: &Arc<Endpoint>, error: &Error) {
        let alike = |other: &&Arc<Endpoint>| {
            Arc::ptr_eq(other, endpoint) || (error.kind() != Kind::Tls && other.is_like(endpoint))
        };
        self.ruled_out.extend(self.live.endpoints().iter().filter(alike).cloned());
        self.plan =
            std::mem::take(&mut self.plan).into_iter().filter(|one| !self.is_ruled_out(one)).collect();
        if error.kind() != Kind::Tls {
            self.refusal.get_or_insert_with(|| error.clone());
        }
    }

    /// Sets when the next request may leave after `error`. False when none will, and none is under way.
    fn plan_next(&mut self, error: &Error) -> bool {
        let now = Instant::now();
        if !self.plan.is_empty() && self.may_send() {
            self.next = now;
            return true;
        }
        if self.may_send() {
            let rests = self.candidates().iter().map(|endpoint| endpoint.rests_for(now)).min();
            let draw = self.live.environment().random.draw();
            let failing_for = now - *self.failing_since.get_or_insert(now);
            let wait = Backoff::after(error).wait(failing_for, rests, draw);
            if let Some(wait) = within(wait, rests, self.deadline.saturating_duration_since(now)) {
                self.next = now + wait;
                return true;
            }
            self.next = self.deadline;
        }
        !self.flights.is_empty()
    }

    fn verdict(&mut self) -> Error {
        self.refusal.take().or_else(|| self.last_error.take()).unwrap_or_else(|| no_answer(&self.live))
    }
}

impl Flight {
    /// Gives the request up. An endpoint that had time enough to answer it has failed.
    fn abandon(self, live: &Live) {
        self.task.abort();
        if self.sent.elapsed() >= PATIENCE {
            self.endpoint.hung(self.sent, &|event| live.tell(event));
        }
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.flights.drain(..).for_each(|flight| flight.abandon(&self.live));
    }
}

fn no_answer(live: &Live) -> Error {
    let names: Vec<&str> = live.endpoints().iter().map(|endpoint| endpoint.name()).collect();
    Error::new(
        Kind::Network,
        format!(
            "{} did not answer in time: check the network and the firewall between here and there",
            names.join(" and ")
        ),
    )
    .with_retryable(true)
}
