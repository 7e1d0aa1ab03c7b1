//! One endpoint of KMS: who signs, how to get there, and how it has been doing.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::config::EndpointConfig;
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::identity::Identity;
use crate::kms::SecretRequest;
use crate::kms::is_clock_skew;
use crate::process::disk;
use crate::process::lock::Mutex;
use crate::process::logs;
use crate::process::protected::ProtectedBytes;
use crate::process::skew::Skew;
use crate::process::source::Source;
use crate::secret::Secret;
use crate::transport::MOST_AT_ONCE;
use crate::upkeep::environment::{Door, Environment};
use crate::upkeep::limits::{
    BETWEEN_RETRIES, DOWN_FIRST, DOWN_LONGEST, FAILURES_UNTIL_DOWN, LATENCY_REMEMBERED,
};
use crate::upkeep::schedule::LONGEST_RETRY_AFTER;
use crate::upkeep::turns::{Haste, Memory, Occasion, Turns};

/// What survives a fork: everything read from files.
pub(crate) struct EndpointPlan {
    config: EndpointConfig,
    pub(crate) authority: String,
    pub(crate) identity: Arc<dyn Identity>,
    /// What the CA in `config` held when it was last read.
    ca: ArcSwapOption<Source>,
}

impl EndpointPlan {
    /// Reads the CA file and finds out the endpoint's name.
    pub(crate) fn new(config: EndpointConfig, identity: Arc<dyn Identity>) -> Result<Self> {
        let authority = match &config.authority {
            Some(authority) => authority.clone(),
            None => identity.instance_endpoint().ok_or_else(|| {
                Error::configuration(
                    "endpoint is missing and the ClientKey's certificate names no KMS instance: set endpoint to <instance id>.cryptoservice.kms.aliyuncs.com",
                )
            })?,
        };
        let ca = config.transport.ca.as_deref().map(inline).transpose()?;
        Ok(EndpointPlan { config, authority, identity, ca: ArcSwapOption::new(ca.map(Arc::new)) })
    }

    fn open_door(
        &self,
        ca: Option<Arc<Source>>,
        environment: &Environment,
        user_agent: &str,
    ) -> Result<Door> {
        let mut config = self.config.clone();
        config.transport.ca = ca;
        environment.doors.open(&config, &self.authority, user_agent)
    }
}

fn inline(source: &Source) -> Result<Source> {
    Ok(Source::Inline { name: source.name(), bytes: ProtectedBytes::copy_from(&source.read()?) })
}

/// A plan with open connections: belongs to one process.
pub(crate) struct Endpoint {
    pub(crate) plan: Arc<EndpointPlan>,
    user_agent: String,
    door: ArcSwap<Door>,
    /// Lets so many requests through at once, however many secrets are fetched side by side.
    gate: Semaphore,
    health: Mutex<Health>,
    /// Told when an endpoint that failed answers again; all endpoints of a process share it.
    recovered: Arc<Notify>,
}

/// How an endpoint has been doing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    pub(crate) requests: u64,
    pub(crate) failures: u64,
    pub(crate) failures_in_a_row: u32,
    /// A moving average over answered requests, as long as it is measured.
    latency: Option<Latency>,
    /// Passed over until then.
    pub(crate) down_until: Option<Instant>,
    /// It asked for a pause until then.
    rests_until: Option<Instant>,
    /// When this process's next turn is, since it throttles or may be about to.
    turns: Option<Turns>,
    /// How it was the last time.
    memory: Memory,
    /// How long it throttled this process the last time that somebody waited.
    throttled_for: Option<Duration>,
    /// When it last did its work.
    answered: Option<Instant>,
    /// No retry leaves before.
    next_retry: Option<Instant>,
    announced: bool,
}

/// How long an endpoint takes, and when that was measured last.
#[derive(Clone, Copy, Debug)]
struct Latency {
    average: Duration,
    at: Instant,
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

/// How often one request is signed anew: by the ClientKey in use, the one that takes its place, and one that takes that one's.
const MOST_REFUSALS: usize = 2;

impl Endpoint {
    pub(crate) fn open(
        plan: Arc<EndpointPlan>,
        environment: &Environment,
        user_agent: &str,
        recovered: Arc<Notify>,
    ) -> Result<Self> {
        let door = plan.open_door(plan.ca.load_full(), environment, user_agent)?;
        Ok(Endpoint {
            plan,
            user_agent: user_agent.to_owned(),
            door: ArcSwap::from_pointee(door),
            gate: Semaphore::new(MOST_AT_ONCE),
            health: Mutex::default(),
            recovered,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.plan.authority
    }

    pub(crate) fn health(&self) -> Health {
        self.health.lock().clone()
    }

    /// Reads the CA file again and connects anew with what it holds.
    ///
    /// # Errors
    /// When it cannot be used; the old one stays.
    pub(crate) async fn reload_ca(self: &Arc<Self>, environment: &Environment) -> Result<()> {
        if !matches!(self.plan.config.transport.ca.as_deref(), Some(Source::File(_))) {
            return Ok(());
        }
        let (endpoint, environment) = (self.clone(), environment.clone());
        let reload = move || endpoint.reload_ca_now(&environment);
        disk::aside(reload).await.unwrap_or_else(|| Err(ca_out_of_reach()))
    }

    fn reload_ca_now(&self, environment: &Environment) -> Result<()> {
        let ca = self.plan.config.transport.ca.as_deref().map(inline).transpose()?.map(Arc::new);
        self.door.store(Arc::new(self.plan.open_door(ca.clone(), environment, &self.user_agent)?));
        self.plan.ca.store(ca);
        Ok(())
    }

    /// Asks once, and once more where that mends what KMS complained of: the clock, or the identity.
    pub(crate) async fn ask(
        &self,
        request: &SecretRequest,
        occasion: Occasion,
        environment: &Environment,
        skew: &Skew,
        tell: &(dyn Fn(Event) + Send + Sync),
    ) -> Result<Secret> {
        let identity = &self.plan.identity;
        let mut signer = identity.signer().await?;
        let _let_through = self.gate.acquire().await;
        let mut clock_mended = false;
        let mut refusals = Vec::new();
        loop {
            let local = environment.clock.now();
            let door = self.door.load_full();
            let http =
                door.gateway.request(request, &signer, skew.correct(local), &environment.random.nonce())?;
            let started = Instant::now();
            let answered = door.transport.send(http).await;
            let date = answered.as_ref().ok().and_then(|response| response.date);
            let result = answered.and_then(|response| door.gateway.answer(request, &signer, &response));
            self.record(started.elapsed(), &result, tell);
            if result.as_ref().is_err_and(|error| error.kind() == Kind::Throttled) {
                self.turned_away(occasion, result.as_ref().err(), environment.random.draw());
            }
            let error = match result {
                Ok(secret) => {
                    identity.accepted(&signer, &refusals).into_iter().for_each(tell);
                    return Ok(secret);
                }
                Err(error) => error,
            };
            if error.code().is_some_and(is_clock_skew) && !clock_mended {
                if let Some(server) = date {
                    clock_mended = true;
                    skew.learn(environment.clock.now(), server);
                    logs::warn!(
                        "this machine's clock differs from KMS's by {} s; requests are signed with KMS's time",
                        skew.milliseconds() / 1000
                    );
                    continue;
                }
            } else if error.kind() == Kind::Denied && refusals.len() < MOST_REFUSALS {
                // Of the ClientKey's end, or of a permission that another one may have.
                refusals.push((signer.clone(), error.clone()));
                let (other, event) = identity.other_than(&refusals).await;
                event.into_iter().for_each(tell);
                if let Some(other) = other {
                    signer = other;
                    continue;
                }
            }
            return Err(identity.remark(error, &signer, local, skew));
        }
    }

    /// How long whoever asks with `haste` has to wait: for the end of the pause that it asked for by `Retry-After`, and while it
    /// throttles for this process's next turn.
    pub(crate) fn rests_for(&self, haste: Haste, now: Instant) -> Duration {
        let health = self.health.lock();
        let pause = health.rests_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
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
    fn turned_away(&self, occasion: Occasion, error: Option<&Error>, draw: f64) {
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
            turns.delay(rest.min(LONGEST_RETRY_AFTER));
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

    /// Whether `other` would be refused what this one is refused: the same identity at the same host, on whatever port.
    pub(crate) fn is_like(&self, other: &Endpoint) -> bool {
        Arc::ptr_eq(&self.plan.identity, &other.plan.identity)
            && host(&self.plan.authority) == host(&other.plan.authority)
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

    fn record(&self, took: Duration, result: &Result<Secret>, tell: &(dyn Fn(Event) + Send + Sync)) {
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
        health.rests_until = None;
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
            health.rests_until = Some(now + rest);
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

/// Returns when one of `endpoints` that failed answers again.
pub(crate) async fn recovery(endpoints: &[Arc<Endpoint>]) {
    match endpoints.first() {
        Some(endpoint) => endpoint.recovered.notified().await,
        None => std::future::pending().await,
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

fn ca_out_of_reach() -> Error {
    Error::configuration(
        "the CA file cannot be read, as its disk does not answer: look whether its file system is there",
    )
}

fn gave_no_answer(name: &str, after: Duration) -> Error {
    let seconds = after.as_secs();
    Error::new(
        Kind::Network,
        format!("{name} did not answer within {seconds} s: check the network and the firewall between here and there"),
    )
    .with_retryable(true)
}

/// An authority without its port.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Whether the endpoint is to blame: a refusal is an answer.
fn speaks_against_the_endpoint(error: &Error) -> bool {
    matches!(error.kind(), Kind::Network | Kind::Tls | Kind::Throttled | Kind::Server)
}

/// The order in which to ask: those that are up before those that are down; among those up as configured, but where
/// two have been measured the clearly faster one goes first; among those down, the one whose pause ends first.
pub(crate) fn order(endpoints: &[Arc<Endpoint>], now: Instant) -> Vec<Arc<Endpoint>> {
    let health: Vec<Health> = endpoints.iter().map(|endpoint| endpoint.health()).collect();
    order_by_health(&health, now).into_iter().map(|index| endpoints[index].clone()).collect()
}

fn order_by_health(health: &[Health], now: Instant) -> Vec<usize> {
    let is_down = |index: &usize| health[*index].down_until.is_some_and(|until| until > now);
    let (mut down, mut up): (Vec<usize>, Vec<usize>) = (0..health.len()).partition(is_down);
    // Sorting only the measured ones among their own places leaves the others where the configuration put them.
    let measured_at = |place: &usize| health[up[*place]].latency(now).is_some();
    let places: Vec<usize> = (0..up.len()).filter(measured_at).collect();
    let mut measured: Vec<usize> = places.iter().map(|place| up[*place]).collect();
    measured.sort_by_key(|index| speed_class(health[*index].latency(now).unwrap_or_default()));
    for (place, index) in places.into_iter().zip(measured) {
        up[place] = index;
    }
    down.sort_by_key(|index| health[*index].down_until);
    up.extend(down);
    up
}

/// Latencies within a factor of about 1.5 are alike, so that noise does not make the order flap.
fn speed_class(latency: Duration) -> i32 {
    (latency.as_secs_f64().max(0.001).ln() / 1.5_f64.ln()).floor() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(milliseconds: u64) -> Health {
        let latency = Latency { average: Duration::from_millis(milliseconds), at: Instant::now() };
        Health { latency: Some(latency), ..Health::default() }
    }

    fn down(now: Instant, seconds: u64) -> Health {
        Health { down_until: Some(now + Duration::from_secs(seconds)), ..Health::default() }
    }

    #[test]
    fn as_configured_until_measured() {
        let now = Instant::now();
        assert_eq!(
            order_by_health(&[Health::default(), Health::default(), Health::default()], now),
            [0, 1, 2]
        );
        assert_eq!(order_by_health(&[up(500), Health::default()], now), [0, 1]);
    }

    #[test]
    fn then_by_latency_where_the_difference_is_clear() {
        let now = Instant::now();
        assert_eq!(order_by_health(&[up(200), up(20)], now), [1, 0]);
        assert_eq!(order_by_health(&[up(21), up(20)], now), [0, 1]);
        assert_eq!(order_by_health(&[up(200), Health::default(), up(20)], now), [2, 1, 0]);
    }

    #[test]
    fn a_latency_that_is_not_measured_again_is_forgotten() {
        let now = Instant::now();
        let health = [up(200), up(20)];
        assert_eq!(order_by_health(&health, now + LATENCY_REMEMBERED / 2), [1, 0]);
        assert_eq!(order_by_health(&health, now + LATENCY_REMEMBERED * 2), [0, 1]);
    }

    #[test]
    fn those_down_come_last_and_return_when_the_pause_is_over() {
        let now = Instant::now();
        let health = [down(now, 9), up(200), down(now, 3)];
        assert_eq!(order_by_health(&health, now), [1, 2, 0]);
        assert_eq!(order_by_health(&health, now + Duration::from_secs(10)), [0, 1, 2]);
    }
}
