//! One fetch of one secret: which endpoints are asked, when, and when to stop.
//!
//! The budget: at most [`MOST_REQUESTS`] requests, at most [`MOST_AT_ONCE`] of them under way at the same time, until the
//! deadline. An endpoint that fails is followed by the next one at once; when all have failed, the next round waits for
//! the backoff. An endpoint that hangs is left hanging for [`PATIENCE`] before another request is sent beside it: to
//! the next endpoint, or over a new connection where there is no other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::backoff::Backoff;
use crate::endpoint::{self, Endpoint};
use crate::error::{Error, Kind, Result};
use crate::gateway::SecretRequest;
use crate::live::Live;
use crate::secret::Secret;

/// Requests in one fetch.
pub(crate) const MOST_REQUESTS: u32 = 12;

/// How often a fetch goes round the endpoints when nobody waits for it and the one before failed: KMS that throttles or comes
/// back after an outage is spared what the schedule brings in any case.
pub(crate) const MOST_ROUNDS_OF_A_LONE_PROBE: u32 = 1;

/// Requests of one fetch that are under way at the same time.
const MOST_AT_ONCE: usize = 3;

/// How long an endpoint may take before another request is sent beside it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Fetches `request` from whichever endpoint answers first, until `deadline`, going round all endpoints `most_rounds` times.
///
/// # Errors
/// KMS's refusal, which no retry can mend, as soon as one endpoint answers it; otherwise the latest failure.
pub(crate) async fn fetch(
    live: &Arc<Live>,
    request: Arc<SecretRequest>,
    deadline: Instant,
    most_rounds: u32,
) -> Result<Secret> {
    let mut fetch = Fetch {
        most_rounds,
        live,
        request,
        plan: VecDeque::new(),
        sent: 0,
        rounds_failed: 0,
        under_way: JoinSet::new(),
        last_error: None,
    };
    tokio::select! {
        biased;
        result = fetch.run(deadline) => result,
        () = sleep_until(deadline) => Err(fetch.last_error.unwrap_or_else(|| no_answer(live))),
    }
}

struct Fetch<'a> {
    most_rounds: u32,
    live: &'a Arc<Live>,
    request: Arc<SecretRequest>,
    /// The rest of this round's endpoints.
    plan: VecDeque<Arc<Endpoint>>,
    sent: u32,
    rounds_failed: u32,
    /// Dropping it abandons what is under way.
    under_way: JoinSet<Result<Secret>>,
    last_error: Option<Error>,
}

impl Fetch<'_> {
    async fn run(&mut self, deadline: Instant) -> Result<Secret> {
        let mut next = Instant::now();
        let mut latest: Option<Arc<Endpoint>> = None;
        loop {
            let may_send = self.sent < MOST_REQUESTS && self.under_way.len() < MOST_AT_ONCE;
            tokio::select! {
                biased;
                Some(done) = self.under_way.join_next(), if !self.under_way.is_empty() => {
                    let error = match done {
                        Ok(Ok(secret)) => return Ok(secret),
                        Ok(Err(error)) => error,
                        Err(defect) => Error::new(Kind::Server, format!("kmsak met a defect of its own: {defect}")),
                    };
                    if !self.another_request_may_help(&error) {
                        return Err(error);
                    }
                    latest = None;
                    next = self.after(&error, next)?;
                    if next >= deadline && self.under_way.is_empty() {
                        return Err(error);
                    }
                    self.last_error = Some(error);
                }
                () = sleep_until(next), if may_send => {
                    if let Some(hanging) = latest.take() {
                        hanging.hangs();
                    }
                    let endpoint = self.next_endpoint();
                    latest = Some(endpoint.clone());
                    self.send(endpoint);
                    next = Instant::now() + PATIENCE;
                }
            }
        }
    }

    fn next_endpoint(&mut self) -> Arc<Endpoint> {
        if self.plan.is_empty() {
            self.plan = endpoint::order(self.live.endpoints(), Instant::now()).into();
        }
        self.plan.pop_front().expect("a configuration has at least one endpoint")
    }

    fn send(&mut self, endpoint: Arc<Endpoint>) {
        self.sent += 1;
        let live = self.live.clone();
        let request = self.request.clone();
        self.under_way.spawn(async move {
            let tell = |event| live.tell(event);
            endpoint.ask(&request, live.environment(), live.skew(), &tell).await
        });
    }

    /// KMS's refusals are the same at every endpoint and at every time. A peer that cannot be verified is one
    /// endpoint's trouble: the others of this round may be sound, but asking it again is no use.
    fn another_request_may_help(&self, error: &Error) -> bool {
        let others = !self.plan.is_empty() || !self.under_way.is_empty();
        error.retryable() || (error.kind() == Kind::Tls && others)
    }

    /// When the next request may be sent after `error`; `planned` is when it would have been.
    fn after(&mut self, error: &Error, planned: Instant) -> Result<Instant> {
        let now = Instant::now();
        if self.sent >= MOST_REQUESTS {
            return if self.under_way.is_empty() { Err(error.clone()) } else { Ok(planned) };
        }
        if !self.plan.is_empty() {
            return Ok(now);
        }
        self.rounds_failed += 1;
        if self.rounds_failed >= self.most_rounds && self.under_way.is_empty() {
            return Err(error.clone());
        }
        let draw = self.live.environment().random.draw();
        Ok(now + Backoff::after(error).wait(self.rounds_failed, error.retry_after(), draw))
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
