//! One endpoint of KMS: who signs, how to get there, and how it has been doing.

mod health;
mod order;
mod plan;

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use self::health::Health;
pub(crate) use self::health::{all_rest_for, resting, until_turn};
pub(crate) use self::order::order;
pub(crate) use self::plan::EndpointPlan;
use self::plan::inline;
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::kms::SecretRequest;
use crate::kms::is_clock_skew;
use crate::process::disk;
use crate::process::lock::Mutex;
use crate::process::logs;
use crate::process::skew::Skew;
use crate::process::source::Source;
use crate::secret::Secret;
use crate::transport::MOST_AT_ONCE;
use crate::upkeep::environment::{Door, Environment};
use crate::upkeep::turns::Occasion;

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
            } else if refusals.len() < MOST_REFUSALS
                && (error.kind() == Kind::Denied || is_refusal(&error) && identity.is_on_trial(&signer))
            {
                // Of the ClientKey's end, or of a permission that another one may have. To one of another account the secret is not
                // there.
                refusals.push((signer.clone(), error.clone()));
                let (other, event) = identity.other_than(&refusals).await;
                event.into_iter().for_each(tell);
                if let Some(other) = other {
                    signer = other;
                    continue;
                }
            }
            // That an old ClientKey is gone tells less than what KMS said to the new one.
            let said = refusals.into_iter().find(|(_, error)| error.kind() != Kind::Denied);
            let (signer, error) = said.filter(|_| error.kind() == Kind::Denied).unwrap_or((signer, error));
            return Err(identity.remark(error, &signer, local, skew));
        }
    }

    /// Whether `other` would be refused what this one is refused: the same identity at the same host, on whatever port.
    pub(crate) fn is_like(&self, other: &Endpoint) -> bool {
        Arc::ptr_eq(&self.plan.identity, &other.plan.identity)
            && host(&self.plan.authority) == host(&other.plan.authority)
    }
}

/// Whether KMS will never answer what it was asked so.
fn is_refusal(error: &Error) -> bool {
    !error.retryable() && error.http_status().is_some_and(|status| (400..500).contains(&status))
}

/// Returns when one of `endpoints` that failed answers again.
pub(crate) async fn recovery(endpoints: &[Arc<Endpoint>]) {
    match endpoints.first() {
        Some(endpoint) => endpoint.recovered.notified().await,
        None => std::future::pending().await,
    }
}

fn ca_out_of_reach() -> Error {
    Error::configuration(
        "the CA file cannot be read, as its disk does not answer: look whether its file system is there",
    )
}

/// An authority without its port.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}
