//! An AccessKey in use, whatever it comes from: asked for once however many wait, asked for anew before its end, in use until
//! then while its source is away.
//!
//! Holds no lock over a fork: a child goes on with the AccessKey that its parent had.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, sleep};

use super::source::Source;
use super::{AccessKey, Asking, Identity, IdentityInfo, Refusal, Signer, World};
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::process::fork::PerProcess;
use crate::process::skew::Skew;

/// How long before its end an AccessKey is asked for anew, as the official SDKs do.
const BEFORE_THE_END: Duration = Duration::from_secs(15 * 60);

/// What is added to that at random, so that a fleet does not ask in the same moment.
const MOST_JITTER: Duration = Duration::from_secs(5 * 60);

/// A source that gives the same AccessKey again, or one that ends at once, is not asked more often.
const SHORTEST_WAIT: Duration = Duration::from_secs(20);

/// Pauses after failures double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The longest pause that is made while somebody cannot go on without another AccessKey: a source that was away for long may be
/// back, and a renewal lasts 15 s.
const LONGEST_PAUSE_AWAITED: Duration = Duration::from_secs(3);

/// A source that has nothing may have it in a moment: a role that was attached or made just now is known after some seconds, and
/// what gives it out may have begun with this machine. So many such answers in a row are believed.
const MISSING_IS_BELIEVED: u32 = 3;

/// How a source says that.
pub(super) const NOT_FOUND: u16 = 404;

/// The metadata service and a credentials URI say no more; STS has codes, and says 404 as well of the AccessKey that asks it and of
/// what it cannot do.
pub(super) fn is_missing(error: &Error) -> bool {
    error.http_status() == Some(NOT_FOUND)
        && error.code().is_none_or(|code| code.starts_with("EntityNotExist"))
}

/// Cheap to clone; every clone is the same.
#[derive(Clone)]
pub(crate) struct Kept(Arc<Inner>);

struct Inner {
    source: Box<dyn Source>,
    world: World,
    current: ArcSwapOption<Current>,
    failure: ArcSwapOption<Failure>,
    process: PerProcess<Process>,
}

struct Current {
    key: Arc<AccessKey>,
    /// When to ask anew; none for one without an end.
    renew_at: Option<SystemTime>,
}

struct Failure {
    error: Error,
    /// Nobody is asked before.
    until: Instant,
    /// Nor before this while somebody waits.
    awaited_until: Instant,
    in_a_row: u32,
    /// How many of the latest said that there is nothing.
    missing_in_a_row: u32,
}

/// What belongs to one process.
#[derive(Default)]
struct Process {
    /// Held by who asks the source.
    asking: Mutex<()>,
    waiting: AtomicUsize,
    /// There is another AccessKey.
    changed: Notify,
}

impl Kept {
    pub(crate) fn new(source: Box<dyn Source>, world: World) -> Self {
        Kept(Arc::new(Inner {
            source,
            world,
            current: ArcSwapOption::empty(),
            failure: ArcSwapOption::empty(),
            process: PerProcess::empty(),
        }))
    }

    /// The AccessKey to sign with now. Waits only where there is none, or none that is still good.
    ///
    /// # Errors
    /// Why the source gives none.
    pub(crate) async fn key(&self) -> Result<Arc<AccessKey>> {
        let current = self.0.current.load_full();
        let now = self.0.world.now();
        if let Some(current) = &current
            && current.key.expires.is_none_or(|end| end > now)
        {
            if current.renew_at.is_some_and(|at| at <= now) && self.may_ask() {
                drop(tokio::spawn({
                    let (kept, known) = (self.clone(), current.key.clone());
                    async move { kept.ask(Some(known), |failure| failure.until).await }
                }));
            }
            return Ok(current.key.clone());
        }
        let known = current.map(|current| current.key.clone());
        match (self.asked(known.clone()).await, known) {
            // This machine's clock may be wrong: KMS knows whether it has ended.
            (Err(error), Some(key)) if error.retryable() => Ok(key),
            (outcome, _) => outcome,
        }
    }

    /// Asks for another AccessKey than `known`, side by side with nobody. Who gives up waiting does not stop it.
    async fn asked(&self, known: Option<Arc<AccessKey>>) -> Result<Arc<AccessKey>> {
        let process = self.0.process();
        process.waiting.fetch_add(1, Ordering::Relaxed);
        let _done = Waiting(process.clone());
        let kept = self.clone();
        match tokio::spawn(async move { kept.ask(known, |failure| failure.awaited_until).await }).await {
            Ok(outcome) => outcome,
            Err(defect) => Err(Error::new(Kind::Server, format!("kmsak met a defect of its own: {defect}"))),
        }
    }

    async fn ask(
        &self,
        known: Option<Arc<AccessKey>>,
        until: fn(&Failure) -> Instant,
    ) -> Result<Arc<AccessKey>> {
        let inner = &*self.0;
        let process = inner.process();
        let _alone = process.asking.lock().await;
        // Somebody else may have asked meanwhile.
        if let Some(current) = inner.current.load_full()
            && known.as_ref().is_none_or(|known| !Arc::ptr_eq(known, &current.key))
        {
            return Ok(current.key.clone());
        }
        if let Some(failure) = inner.failure.load_full().filter(|failure| until(failure) > Instant::now()) {
            return Err(failure.error.clone());
        }
        match inner.source.ask(&inner.world).await {
            Ok(key) => Ok(self.keep(key, known)),
            Err(error) => Err(self.note(error)),
        }
    }

    fn keep(&self, key: AccessKey, known: Option<Arc<AccessKey>>) -> Arc<AccessKey> {
        let inner = &*self.0;
        inner.failure.store(None);
        let now = inner.world.now();
        let renew_at = key.expires.map(|end| renewal(now, end, inner.world.random.draw()));
        // The same one again stays the same, so that nobody signs with it anew in vain.
        let had_one = known.is_some();
        let same = known.filter(|known| known.is_like(&key) && known.expires == key.expires);
        let is_new = same.is_none();
        let key = same.unwrap_or_else(|| Arc::new(key));
        inner.current.store(Some(Arc::new(Current { key: key.clone(), renew_at })));
        if is_new {
            inner.process().changed.notify_one();
        }
        // A fixed one is no news.
        if is_new && (key.expires.is_some() || had_one) {
            self.tell(Event::IdentityRenewed {
                identity: self.title(),
                access_key_id: key.id().to_owned(),
                expires: key.expires,
            });
        }
        key
    }

    /// Keeps `error` for whoever asks soon, as whoever asked gets it.
    fn note(&self, error: Error) -> Error {
        let inner = &*self.0;
        let before = inner.failure.load();
        let in_a_row = before.as_ref().map_or(0, |failure| failure.in_a_row);
        let missing_before = before.as_ref().map_or(0, |failure| failure.missing_in_a_row);
        let missing_in_a_row = if is_missing(&error) { missing_before.saturating_add(1) } else { 0 };
        let may_come = (1..MISSING_IS_BELIEVED).contains(&missing_in_a_row);
        let error = if may_come { error.with_retryable(true) } else { error };
        let pause = FIRST_PAUSE.saturating_mul(1 << in_a_row.min(6)).min(LONGEST_PAUSE);
        // Between three quarters and all of it.
        let pause = pause.mul_f64(0.75 + inner.world.random.draw() / 4.0);
        let pause = error.retry_after().map_or(pause, |after| pause.max(after.min(LONGEST_PAUSE)));
        let now = Instant::now();
        // A source that throttles is spared whoever waits as well.
        let is_brief = error.retryable() && error.kind() != Kind::Throttled && error.retry_after().is_none();
        let awaited = if is_brief { pause.min(LONGEST_PAUSE_AWAITED) } else { pause };
        inner.failure.store(Some(Arc::new(Failure {
            error: error.clone(),
            until: now + pause,
            awaited_until: now + awaited,
            in_a_row: in_a_row.saturating_add(1),
            missing_in_a_row,
        })));
        let current = inner.current.load_full();
        self.tell(Event::IdentityUnavailable {
            identity: self.title(),
            error: error.clone(),
            expires: current.and_then(|current| current.key.expires),
        });
        error
    }

    fn may_ask(&self) -> bool {
        self.0.failure.load().as_ref().is_none_or(|failure| failure.until <= Instant::now())
    }

    /// Asks anew before each end, for as long as the future is driven; begins with the first AccessKey.
    pub(crate) async fn keep_fresh(&self) {
        loop {
            let current = self.0.current.load_full();
            let Some((key, renew_at)) =
                current.as_ref().and_then(|current| Some((&current.key, current.renew_at?)))
            else {
                self.0.process().changed.notified().await;
                continue;
            };
            let wait = renew_at.duration_since(self.0.world.now()).unwrap_or_default();
            let paused = self
                .0
                .failure
                .load()
                .as_ref()
                .map(|failure| failure.until.saturating_duration_since(Instant::now()));
            let process = self.0.process();
            tokio::select! {
                () = sleep(wait.max(paused.unwrap_or_default())) => {}
                () = process.changed.notified() => continue,
            }
            if self.ask(Some(key.clone()), |failure| failure.until).await.is_err() {
                // Told as an event; the pause after it is slept above.
                sleep(FIRST_PAUSE).await;
            }
        }
    }

    fn title(&self) -> String {
        let (kind, name) = (self.0.source.kind(), self.0.source.name());
        if name.is_empty() { kind.to_owned() } else { format!("{kind} {name}") }
    }

    fn tell(&self, event: Event) {
        match Handle::try_current() {
            Ok(runtime) => self.0.world.subscribers.publish(event, &runtime),
            Err(_) => event.log(),
        }
    }
}

impl Inner {
    fn process(&self) -> Arc<Process> {
        let Ok(process) =
            self.process.get_or_make(|| Ok::<_, std::convert::Infallible>(Arc::default()), drop);
        process
    }
}

struct Waiting(Arc<Process>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// When to ask for the next AccessKey, that of `now` ending at `end`: 15 to 20 minutes before, but never in the first half of
/// what is left.
fn renewal(now: SystemTime, end: SystemTime, draw: f64) -> SystemTime {
    let left = end.duration_since(now).unwrap_or_default();
    let early = BEFORE_THE_END + MOST_JITTER.mul_f64(draw);
    now + left.saturating_sub(early).max(left / 2).max(SHORTEST_WAIT)
}

/// KMS does not accept the AccessKey or its token, whatever it is used for: another one may help.
pub(crate) fn is_about_the_key(code: &str) -> bool {
    code.starts_with("InvalidSecurityToken")
        || code.starts_with("InvalidAccessKeyId")
        || code.starts_with("MissingSecurityToken")
        || code.starts_with("SecurityTokenExpired")
        || code.starts_with("SignatureDoesNotMatch")
}

impl Identity for Kept {
    fn who(&self) -> IdentityInfo {
        let current = self.0.current.load_full();
        let key = current.as_ref().map(|current| &current.key);
        IdentityInfo {
            kind: self.0.source.kind(),
            name: self.0.source.name(),
            access_key_id: key.map(|key| key.id().to_owned()),
            origin: key.map(|key| key.origin.clone()),
            expires: key.and_then(|key| key.expires),
            last_error: self.0.failure.load().as_ref().map(|failure| failure.error.clone()),
        }
    }

    fn signer(&self) -> Asking<'_, Result<Signer>> {
        Box::pin(async { self.key().await.map(Signer::AccessKey) })
    }

    fn is_waited_for(&self) -> bool {
        self.0.process().waiting.load(Ordering::Relaxed) > 0
    }

    fn accepted(&self, _: &Signer, _: &[Refusal]) -> Option<Event> {
        None
    }

    /// KMS says that the token has ended, or does not know the AccessKey: the source is asked at once.
    fn other_than<'a>(&'a self, refusals: &'a [Refusal]) -> Asking<'a, (Option<Signer>, Option<Event>)> {
        Box::pin(async move {
            let Some((Signer::AccessKey(refused), error)) = refusals.last() else { return (None, None) };
            if !error.code().is_some_and(is_about_the_key) {
                return (None, None);
            }
            match self.asked(Some(refused.clone())).await {
                Ok(other) if !Arc::ptr_eq(&other, refused) => (Some(Signer::AccessKey(other)), None),
                _ => (None, None),
            }
        })
    }

    fn remark(&self, error: Error, _: &Signer, _: SystemTime, _: &Skew) -> Error {
        if !error.code().is_some_and(is_about_the_key) {
            return error;
        }
        match self.0.failure.load_full() {
            // Whoever can wait may yet have one.
            Some(failure) => error
                .with_remark(&format!("and no other could be had: {}", failure.error))
                .with_retryable(failure.error.retryable()),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests;
