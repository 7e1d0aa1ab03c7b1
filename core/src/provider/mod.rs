//! The public face.

mod inner;
mod opening;

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use self::inner::Inner;
use crate::error::{Error, Result};
use crate::event::{Event, Subscribers, Subscription};
use crate::kms::{CURRENT, SecretRequest};
use crate::pending::{Pending, closed};
use crate::process::lock::Mutex;
use crate::secret::name::{check_name, check_stage, check_version};
use crate::secret::{Credentials, Secret};
use crate::stats::Stats;
use crate::upkeep::fetch::Fetch;
use crate::upkeep::keeper::{Ask, Waiter};
use crate::upkeep::limits::USUAL_QUOTA;
use crate::upkeep::live::expiry_reminder;
use crate::upkeep::schedule;
use crate::upkeep::turns::Occasion;

/// Hands out managed AccessKeys and other secrets, and keeps them current.
///
/// Cheap to clone; every clone is the same provider. Safe to use from any thread, and in a child after `fork`. Once a
/// value has been fetched, reading it takes no lock and never waits for the network: one background thread for the process,
/// begun at the first use, refreshes what is cached. Dropping the last clone closes the provider.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

impl Provider {
    /// What was odd about the configuration and the ClientKey's validity when this was opened, a sentence each, without secrets.
    /// All of it was logged then; this is for programs that show it in their own way.
    #[must_use]
    pub fn start_warnings(&self) -> &[String] {
        &self.0.start_warnings
    }

    /// The AccessKey in the managed RAM secret `name`, from the cache if it was fetched before.
    ///
    /// # Errors
    /// Only as long as the secret was never fetched (or with `max_stale` set): KMS's refusal or the network's failure
    /// after `fetch_deadline` (20 s unless configured) at most.
    /// [`Kind::Configuration`](crate::Kind::Configuration) when the secret holds no AccessKey.
    pub fn credentials(&self, name: &str) -> Result<Arc<Credentials>> {
        match self.cached_credentials(name) {
            Some(credentials) => Ok(credentials),
            None => self.begin_credentials(name).wait(),
        }
    }

    /// As [`credentials`](Provider::credentials), without blocking.
    pub fn begin_credentials(&self, name: &str) -> Pending<Arc<Credentials>> {
        if let Some(credentials) = self.cached_credentials(name) {
            return Pending::ready(Ok(credentials));
        }
        let (reply, pending) = Pending::new();
        self.ask(name, Ask::Need(Waiter::Credentials(reply)), pending)
    }

    /// The AccessKey in `name` if it is cached: never waits, never fetches.
    #[must_use]
    #[inline(always)]
    pub fn cached_credentials(&self, name: &str) -> Option<Arc<Credentials>> {
        self.cached_credentials_by_bytes(name.as_bytes())
    }

    /// As [`cached_credentials`](Provider::cached_credentials), for bindings that have a name of which nobody knows yet whether it is
    /// UTF-8: what is cached is.
    #[must_use]
    #[inline(always)]
    pub fn cached_credentials_by_bytes(&self, name: &[u8]) -> Option<Arc<Credentials>> {
        self.0.revive_after_fork();
        let state = &self.0.state;
        if state.config.max_stale.is_none() {
            return state.cache.credentials(name);
        }
        self.0.credentials_for_a_while(name)
    }

    /// A number that grows (and wraps) with every change of the cache, before anybody is answered with what changed: whoever keeps
    /// an answer of [`cached_credentials`](Provider::cached_credentials) may use it for as long as the number is the one read
    /// before asking; it grows with every such question where `max_stale` is set. For bindings, where asking costs more than
    /// reading a number.
    #[must_use]
    pub fn changes(&self) -> Arc<AtomicU32> {
        self.0.state.cache.changes().clone()
    }

    /// The secret `name` of any type, from the cache if it was fetched before.
    ///
    /// # Errors
    /// As for [`credentials`](Provider::credentials), but for the type.
    pub fn secret(&self, name: &str) -> Result<Arc<Secret>> {
        self.begin_secret(name).wait()
    }

    /// As [`secret`](Provider::secret), without blocking.
    pub fn begin_secret(&self, name: &str) -> Pending<Arc<Secret>> {
        if let Some(secret) = self.cached_secret(name) {
            return Pending::ready(Ok(secret));
        }
        let (reply, pending) = Pending::new();
        self.ask(name, Ask::Need(Waiter::Secret(reply)), pending)
    }

    /// The secret `name` of any type if it is cached: never waits, never fetches.
    #[must_use]
    #[inline(always)]
    pub fn cached_secret(&self, name: &str) -> Option<Arc<Secret>> {
        self.cached_secret_by_bytes(name.as_bytes())
    }

    /// As [`cached_secret`](Provider::cached_secret), for bindings that have a name of which nobody knows yet whether it is UTF-8.
    #[must_use]
    #[inline(always)]
    pub fn cached_secret_by_bytes(&self, name: &[u8]) -> Option<Arc<Secret>> {
        self.0.revive_after_fork();
        let state = &self.0.state;
        if state.config.max_stale.is_none() {
            return state.cache.secret(name);
        }
        Some(state.cached(name)?.secret.clone())
    }

    /// The version of the secret `name` with the stage label `version_stage`, such as `ACSPrevious`: asked of KMS
    /// each time, never cached. Where KMS throttles, what keeps the current versions current goes first.
    ///
    /// # Errors
    /// As for [`secret`](Provider::secret).
    pub fn secret_at_stage(&self, name: &str, version_stage: &str) -> Result<Arc<Secret>> {
        self.begin_secret_at_stage(name, version_stage).wait()
    }

    /// As [`secret_at_stage`](Provider::secret_at_stage), without blocking.
    pub fn begin_secret_at_stage(&self, name: &str, version_stage: &str) -> Pending<Arc<Secret>> {
        if let Err(error) = check_name(name).and_then(|()| check_stage(version_stage)) {
            return Pending::ready(Err(error));
        }
        if let Some(script) = &self.0.state.script
            && !self.is_closed()
        {
            return Pending::ready(script.at_stage(name, version_stage).map(Arc::new));
        }
        let request = SecretRequest::at_stage(name, version_stage);
        // Nobody can work before the current version is there.
        let of_stage = if version_stage == CURRENT { Occasion::urgent } else { Occasion::aside };
        let occasion = of_stage(self.0.state.config.fetch_deadline);
        self.fetch_uncached(request, occasion)
    }

    /// The version `version_id` of the secret `name`, at the stage `version_stage` if one is given: asked of KMS each time, never
    /// cached. KMS passes `version_id` over for all secrets but generic ones. Where KMS throttles, what keeps the
    /// current versions current goes first. For agents, whose clients name versions.
    ///
    /// The answer's errors are those of [`secret`](Provider::secret);
    /// [`Kind::NotFound`](crate::Kind::NotFound) when there is no such version.
    pub fn begin_secret_version(
        &self,
        name: &str,
        version_id: &str,
        version_stage: Option<&str>,
    ) -> Pending<Arc<Secret>> {
        let checked = check_name(name).and_then(|()| check_version(version_id));
        if let Err(error) = checked.and_then(|()| version_stage.map_or(Ok(()), check_stage)) {
            return Pending::ready(Err(error));
        }
        if let Some(script) = &self.0.state.script
            && !self.is_closed()
        {
            return Pending::ready(script.version(name, version_id).map(Arc::new));
        }
        let request = SecretRequest {
            name: name.to_owned(),
            version_stage: version_stage.unwrap_or_default().to_owned(),
            version_id: version_id.to_owned(),
        };
        let occasion = Occasion::aside(self.0.state.config.fetch_deadline);
        self.fetch_uncached(request, occasion)
    }

    fn fetch_uncached(&self, request: SecretRequest, occasion: Occasion) -> Pending<Arc<Secret>> {
        let live = match self.0.live() {
            Ok(live) => live,
            Err(error) => return Pending::ready(Err(error)),
        };
        let (reply, pending) = Pending::new();
        let deadline = Instant::now() + self.0.state.config.fetch_deadline;
        live.spawn({
            let live = live.clone();
            async move {
                let fetched = Fetch::new(live, Arc::new(request), deadline, occasion, 0, None).run().await;
                reply.send(fetched.map(|fetched| Arc::new(fetched.secret)));
            }
        });
        pending
    }

    /// An AccessKey other than `rejected_id`, which a cloud service has just refused. When the cache holds another
    /// one already, it is answered at once; otherwise KMS is asked, once for the whole process however many threads
    /// call.
    ///
    /// # Errors
    /// When KMS has no other AccessKey, or cannot be reached, within `renew_deadline` (15 s unless configured); or
    /// [`Kind::Throttled`](crate::Kind::Throttled) when the secret's token bucket is empty.
    pub fn renew(&self, name: &str, rejected_id: &str) -> Result<Arc<Credentials>> {
        self.begin_renew(name, rejected_id).wait()
    }

    /// As [`renew`](Provider::renew), without blocking.
    pub fn begin_renew(&self, name: &str, rejected_id: &str) -> Pending<Arc<Credentials>> {
        if let Some(credentials) =
            self.0.state.cached(name.as_bytes()).and_then(|cached| cached.other_than(rejected_id))
        {
            // The keeper must know, lest a region that lags behind bring the rejected one back.
            let rejected = Ask::Rejected(rejected_id.to_owned());
            return self.ask(name, rejected, Pending::ready(Ok(credentials)));
        }
        let (waiter, pending) = Pending::new();
        self.ask(
            name,
            Ask::Renew { rejected: rejected_id.to_owned(), waiter, asked: Instant::now() },
            pending,
        )
    }

    /// Fetches the secret `name` from KMS now, whatever the cache holds, and caches it.
    ///
    /// # Errors
    /// As for [`secret`](Provider::secret); a cached value stays in use.
    pub fn refresh(&self, name: &str) -> Result<Arc<Secret>> {
        self.begin_refresh(name).wait()
    }

    /// As [`refresh`](Provider::refresh), without blocking.
    pub fn begin_refresh(&self, name: &str) -> Pending<Arc<Secret>> {
        let (reply, pending) = Pending::new();
        self.ask(name, Ask::Refresh(Waiter::Secret(reply)), pending)
    }

    /// `pending`, of this provider, but for at most `timeout`: after that its answer is a failure of
    /// [`Kind::Network`](crate::Kind::Network) that may be tried again. What was asked for is fetched all the same, for the cache.
    /// For whoever awaits; [`Pending::wait_within`] is for whoever blocks.
    pub fn within<T: Send + 'static>(&self, timeout: Duration, pending: Pending<T>) -> Pending<T> {
        if pending.is_here() {
            return pending;
        }
        // A closed provider answers by itself.
        let Ok(live) = self.0.live() else { return pending };
        let (reply, limited) = Pending::new();
        let reply = Arc::new(Mutex::new(Some(reply)));
        let late = Arc::downgrade(&reply);
        let (waiting, answered) = oneshot::channel::<Infallible>();
        pending.then(move |result| {
            // Nothing is left of a long time-out once the answer is here.
            drop(waiting);
            let unless_too_late = reply.lock().take();
            if let Some(reply) = unless_too_late {
                reply.send(result);
            }
        });
        live.spawn(async move {
            if tokio::time::timeout(timeout, answered).await.is_ok() {
                return;
            }
            let unless_answered = late.upgrade().and_then(|reply| reply.lock().take());
            if let Some(reply) = unless_answered {
                reply.send(Err(Error::no_answer_within(timeout)));
            }
        });
        limited
    }

    /// Runs `f` with the AccessKey in `name`. When the service rejects that AccessKey (see
    /// [`is_rejection`](Provider::is_rejection)), renews it and runs `f` once more.
    ///
    /// # Errors
    /// What `f` answered last; or the failure to fetch a first AccessKey. When a renewal fails, the service's own error is
    /// answered, and why the renewal failed is logged as a warning and told as an event; while a secret's token bucket stays
    /// empty, once.
    pub fn call<T, E>(&self, name: &str, mut f: impl FnMut(&Credentials) -> Result<T, E>) -> Result<T, E>
    where
        E: ServiceError + From<Error>,
    {
        let credentials = self.credentials(name)?;
        let error = match f(&credentials) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if !error.code().is_some_and(|code| self.is_rejection(code, error.message().as_deref())) {
            return Err(error);
        }
        match self.renew(name, credentials.access_key_id()) {
            Ok(renewed) => f(&renewed),
            Err(_) => Err(error),
        }
    }

    /// How many processes share the account's quota of KMS, as `fleet_size` or the `CustomData` of the cached secret `name` say, and
    /// over how long they spread the renewal of an AccessKey that was rejected. None where nobody has told.
    #[must_use]
    pub fn fleet(&self, name: &str) -> Option<(u32, Duration)> {
        let size = self.0.state.fleet_size(name.as_bytes())?;
        Some((size, schedule::spread_of_fleet(size, USUAL_QUOTA)))
    }

    /// Whether a cloud service's error means that it does not know an AccessKey, by its `code` and, where it has one, its
    /// `message`: what `rejection_codes` names, or else as [`is_rejection`](crate::is_rejection) says.
    #[must_use]
    pub fn is_rejection(&self, code: &str, message: Option<&str>) -> bool {
        self.0.state.config.renewal.rejections.contain(code, message)
    }

    /// Calls `listener` with everything that happens until the [`Subscription`] is dropped, and at once with
    /// [`Event::ClientKeyExpiring`] where a ClientKey is within 180 days of its end. The calls come from other
    /// threads, one at a time for each listener; a listener that is slow or panics harms nobody, but of more than 1024
    /// events that wait for it the oldest are dropped.
    ///
    /// # Errors
    /// [`Kind::Closed`](crate::Kind::Closed) when the provider is closed: nothing would ever come.
    pub fn subscribe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Result<Subscription> {
        if self.is_closed() {
            return Err(closed());
        }
        let subscription = self.0.state.subscribers.add(Box::new(listener));
        let state = &self.0.state;
        let now = state.now();
        let reminders: Vec<Event> = state
            .identities
            .client_keys
            .iter()
            .filter_map(|client_key| expiry_reminder(client_key, now))
            .collect();
        if !reminders.is_empty()
            && let Ok(live) = self.0.live()
        {
            for reminder in reminders {
                Subscribers::tell_one(&subscription, reminder, live.runtime());
            }
        }
        Ok(subscription)
    }

    /// Calls `f` from kmsak's own thread once each `period` until the provider is closed; `f` must not block, and is called again
    /// after it panicked. For bindings that must look now and then for what their language's collector has left behind.
    ///
    /// # Errors
    /// When the provider is closed.
    pub fn every(&self, period: Duration, f: impl Fn() + Send + 'static) -> Result<()> {
        self.0.live()?.spawn(async move {
            loop {
                tokio::time::sleep(period).await;
                // The panic hook has told of it.
                drop(panic::catch_unwind(AssertUnwindSafe(&f)));
            }
        });
        Ok(())
    }

    /// What goes on inside. Without secrets.
    #[must_use]
    pub fn stats(&self) -> Stats {
        match self.0.live() {
            Ok(live) => Stats::of(&live),
            Err(_) => Stats::default(),
        }
    }

    /// Ends all refreshing, forgets every value, and answers whoever waits with
    /// [`Kind::Closed`](crate::Kind::Closed), as every later call. Closing again does nothing.
    pub fn close(&self) {
        self.0.close();
    }

    /// Whether [`close`](Provider::close) was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.state.closed.load(Ordering::Acquire)
    }

    fn ask<T>(&self, name: &str, ask: Ask, pending: Pending<T>) -> Pending<T> {
        match check_name(name).and_then(|()| self.0.live()) {
            Ok(live) => {
                live.ask(name, ask);
                pending
            }
            Err(error) => Pending::ready(Err(error)),
        }
    }
}

/// The error of a cloud service's SDK, as far as [`Provider::call`] needs to know it.
pub trait ServiceError {
    /// The service's error code, such as `InvalidAccessKeyId.NotFound`.
    fn code(&self) -> Option<&str>;

    /// What the service says beside it: some codes mean an unknown AccessKey only together with their message.
    fn message(&self) -> Option<Cow<'_, str>> {
        None
    }
}

impl ServiceError for Error {
    fn code(&self) -> Option<&str> {
        Error::code(self)
    }

    fn message(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(Error::message(self)))
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}
