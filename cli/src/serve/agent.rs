//! What the agent hands out: a provider, the names that it may be asked for, and how the last try went.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use kmsak::{Credentials, Error, Kind, Provider, Secret};

use super::any_secret::AnySecret;
use super::kept::Kept;
use super::turns::Turns;
use crate::configuration::ConfigurationArguments;
use crate::failure::Failure;

/// A secret that could not be fetched is not asked of KMS again before this, however many clients ask.
const REMEMBER_FAILURE: Duration = Duration::from_secs(1);
/// How often a secret that was never fetched is tried without anybody asking.
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// Failures, and versions other than the current one, that are kept at a time.
const MOST_KEPT: usize = 1000;

pub(super) struct Agent {
    open: ArcSwap<Open>,
    pub(super) lifetime: u32,
    pub(super) counters: Counters,
    pub(super) started: Instant,
}

/// What is handed out.
#[derive(Clone)]
pub(super) struct HandedOut {
    /// Beside the configuration's `secret_names`.
    pub(super) names: Vec<String>,
    /// Any other one too.
    pub(super) any: Option<Arc<AnySecret>>,
    pub(super) versions: VersionsKept,
}

/// How long a version other than the current one is believed.
#[derive(Clone, Copy)]
pub(super) struct VersionsKept {
    pub(super) for_time: Duration,
    /// And beyond that while KMS does not answer.
    pub(super) while_away: bool,
}

/// A version other than the current one.
#[derive(Clone, Copy)]
pub(super) enum Version<'a> {
    /// By its stage label.
    At(&'a str),
    /// By its name in KMS, and the stage label that it must have if one is given.
    Called(&'a str, Option<&'a str>),
}

impl Version<'_> {
    /// Under which it is kept. What a client wrote may hold anything, so that lengths part the words.
    fn key(self, name: &str) -> String {
        match self {
            Version::At(stage) => format!("{name} at {stage}"),
            Version::Called(id, stage) => {
                format!("{name} called {} {id} {}", id.len(), stage.unwrap_or_default())
            }
        }
    }
}

/// What a reload replaces.
pub(super) struct Open {
    pub(super) provider: Provider,
    names: ArcSwap<BTreeSet<String>>,
    any: Option<Arc<AnySecret>>,
    failures: Kept<Error>,
    versions: Kept<Arc<Secret>>,
    versions_kept: VersionsKept,
    turns: Turns,
}

/// Whether a secret may be asked for.
pub(super) enum HandedOutAtAll {
    Yes,
    Unknown,
    /// There are as many as `--any-secret` says.
    Enough,
}

/// Answers by the first digit of their status.
#[derive(Default)]
pub(super) struct Counters([AtomicU64; 6]);

impl Counters {
    pub(super) fn count(&self, status: hyper::StatusCode) {
        let class = usize::from(status.as_u16() / 100).min(5);
        self.0[class].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn of_class(&self, class: usize) -> u64 {
        self.0[class].load(Ordering::Relaxed)
    }
}

impl Agent {
    pub(super) fn open(
        configuration: &ConfigurationArguments,
        handed_out: HandedOut,
        lifetime: u32,
    ) -> Result<Self, Failure> {
        let open = ArcSwap::from_pointee(Open::new(configuration, handed_out)?);
        Ok(Agent { open, lifetime, counters: Counters::default(), started: Instant::now() })
    }

    pub(super) fn now(&self) -> arc_swap::Guard<Arc<Open>> {
        self.open.load()
    }

    /// What `question` is told. A reload closes the provider that was asked, and what it has taken over is asked then.
    pub(super) async fn ask<T, F>(&self, question: impl Fn(Arc<Open>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        loop {
            // What is waited for must not keep the old configuration in its place.
            let open = self.open.load_full();
            match question(Arc::clone(&open)).await {
                Err(error) if error.kind() == Kind::Closed && !Arc::ptr_eq(&open, &self.open.load()) => {}
                answer => return answer,
            }
        }
    }

    /// Waits until each secret was fetched or could not be.
    pub(super) async fn first_fetches(&self) {
        self.open.load_full().fetch_all().await;
    }

    /// Reads the configuration again. The secrets are fetched before the new one takes over, so that no client waits.
    pub(super) async fn reload(
        &self,
        configuration: &ConfigurationArguments,
        handed_out: HandedOut,
    ) -> Result<(), Failure> {
        let new = Open::new(configuration, handed_out)?;
        let old = self.open.load_full();
        let (mut fetched, mut failures) = (BTreeSet::new(), BTreeMap::new());
        loop {
            // While KMS is asked, clients may ask for others.
            let names: BTreeSet<String> =
                new.names.load().iter().cloned().chain(old.ready_by_any_name()).collect();
            let more = &names - &fetched;
            if more.is_empty() {
                break;
            }
            failures.extend(new.fetch(&more).await);
            fetched = names;
        }
        let (before, after) = (old.ready(), new.ready());
        for name in fetched.iter().filter(|name| before.contains(*name) && !after.contains(*name)) {
            let why = failures.get(name);
            if let Some(error) = why
                && !new.names.load().contains(name)
                && old.is_refused_too(name, error).await
            {
                continue;
            }
            let why = why.map(Error::message).unwrap_or_default();
            return Err(Failure::new(format!("it does not lead to {name}: {why}")));
        }
        new.versions.inherit(&old.versions);
        self.open.store(Arc::new(new));
        old.provider.close();
        Ok(())
    }
}

impl Open {
    fn new(configuration: &ConfigurationArguments, handed_out: HandedOut) -> Result<Self, Failure> {
        let mut names: BTreeSet<String> = handed_out.names.into_iter().collect();
        names.extend(configuration.read()?.secret_names().iter().cloned());
        if names.is_empty() && handed_out.any.is_none() {
            return Err(Failure::usage(
                "which secrets may be handed out? Name them with --secret, or in secret_names of the configuration",
            ));
        }
        Ok(Open {
            provider: configuration.open()?,
            failures: Kept::new(MOST_KEPT + names.len()),
            versions: Kept::new(MOST_KEPT),
            names: ArcSwap::from_pointee(names),
            any: handed_out.any,
            versions_kept: handed_out.versions,
            turns: Turns::default(),
        })
    }

    /// As soon as they are asked for; [`keep_trying`] asks, too.
    pub(super) fn also_hand_out<'a>(&self, more: impl Iterator<Item = &'a str>) {
        let mut names = BTreeSet::clone(&self.names.load());
        names.extend(more.map(str::to_owned));
        self.names.store(Arc::new(names));
    }

    /// Whether the secret may be asked for, without asking KMS.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.names.load().contains(name) || self.any.as_ref().is_some_and(|any| any.knows(name))
    }

    /// Whether the secret may be asked for. What KMS does not know takes no place among those that `--any-secret` allows.
    pub(super) async fn hands_out(&self, name: &str) -> Result<HandedOutAtAll, Error> {
        if self.knows(name) {
            return Ok(HandedOutAtAll::Yes);
        }
        let Some(any) = &self.any else { return Ok(HandedOutAtAll::Unknown) };
        let _turn = self.turns.wait(name).await;
        if any.knows(name) {
            return Ok(HandedOutAtAll::Yes);
        }
        if any.is_full() {
            return Ok(HandedOutAtAll::Enough);
        }
        if let Some(error) = self.remembered_failure(name) {
            return Err(error);
        }
        // The provider would keep trying a secret that it was asked for once.
        let answer = self.provider.begin_secret_at_stage(name, "ACSCurrent").await;
        self.remember(name, answer.as_ref().err());
        answer?;
        Ok(if any.take(name) { HandedOutAtAll::Yes } else { HandedOutAtAll::Enough })
    }

    /// Whether every secret has been fetched.
    pub(super) fn all_ready(&self) -> bool {
        self.ready().is_superset(&self.names.load())
    }

    /// The secrets that are at hand.
    fn ready(&self) -> BTreeSet<String> {
        let secrets = self.provider.stats().secrets.into_iter();
        secrets.filter(|secret| secret.version_id.is_some()).map(|secret| secret.name).collect()
    }

    /// Those of them that nobody named beforehand.
    fn ready_by_any_name(&self) -> impl Iterator<Item = String> {
        let any = self.any.clone();
        self.ready().into_iter().filter(move |name| any.as_ref().is_some_and(|any| any.knows(name)))
    }

    /// Whether KMS does not hand the secret out here either any more: nobody can take its name from a list, and it must not hold up
    /// every reload.
    async fn is_refused_too(&self, name: &str, why: &Error) -> bool {
        let answer = self.provider.begin_secret_at_stage(name, "ACSCurrent").await;
        !why.retryable() && answer.is_err_and(|error| !error.retryable())
    }

    pub(super) async fn credentials(&self, name: &str) -> Result<Arc<Credentials>, Error> {
        if let Some(credentials) = self.provider.cached_credentials(name) {
            return Ok(credentials);
        }
        if let Some(error) = self.remembered_failure(name) {
            return Err(error);
        }
        let answer = self.provider.begin_credentials(name).await;
        self.remember(name, answer.as_ref().err());
        answer
    }

    pub(super) async fn secret(&self, name: &str) -> Result<Arc<Secret>, Error> {
        if let Some(secret) = self.provider.cached_secret(name) {
            return Ok(secret);
        }
        if let Some(error) = self.remembered_failure(name) {
            return Err(error);
        }
        let answer = self.provider.begin_secret(name).await;
        self.remember(name, answer.as_ref().err());
        answer
    }

    /// Another version than the current one.
    pub(super) async fn version(&self, name: &str, version: Version<'_>) -> Result<Arc<Secret>, Error> {
        let key = version.key(name);
        let _turn = self.turns.wait(&key).await;
        let kept = self.versions.get(&key);
        if let Some((age, secret)) = &kept
            && *age < self.versions_kept.for_time
        {
            return Ok(Arc::clone(secret));
        }
        let old = kept.map(|(_, secret)| secret).filter(|_| self.versions_kept.while_away);
        let answer = match self.remembered_failure(&key) {
            Some(error) => Err(error),
            None => match version {
                Version::At(stage) => self.provider.begin_secret_at_stage(name, stage).await,
                Version::Called(id, stage) => self.provider.begin_secret_version(name, id, stage).await,
            },
        };
        self.remember(&key, answer.as_ref().err());
        match (answer, old) {
            (Ok(secret), _) => {
                self.versions.put(&key, Arc::clone(&secret));
                Ok(secret)
            }
            (Err(error), Some(old)) if error.retryable() => Ok(old),
            (Err(error), _) => Err(error),
        }
    }

    async fn fetch_all(&self) {
        // Each failure is told to whoever asks for the secret.
        drop(self.fetch(&self.names.load_full()).await);
    }

    /// Those that could not be fetched, and why.
    async fn fetch(&self, names: &BTreeSet<String>) -> BTreeMap<String, Error> {
        let pending: Vec<_> = names.iter().map(|name| (name, self.provider.begin_secret(name))).collect();
        let mut failures = BTreeMap::new();
        for (name, answer) in pending {
            let failure = answer.await.err();
            self.remember(name, failure.as_ref());
            failures.extend(failure.map(|error| (name.clone(), error)));
        }
        failures
    }

    fn remembered_failure(&self, name: &str) -> Option<Error> {
        let (age, error) = self.failures.get(name)?;
        (age < REMEMBER_FAILURE).then_some(error)
    }

    fn remember(&self, name: &str, failure: Option<&Error>) {
        match failure {
            // One that is remembered stays as old as it is.
            Some(error) if self.remembered_failure(name).is_none() => self.failures.put(name, error.clone()),
            Some(_) => {}
            None => self.failures.remove(name),
        }
    }
}

/// The provider refreshes what it has; what it never had is tried here, so that the agent becomes ready by itself.
pub(super) async fn keep_trying(agent: Arc<Agent>) {
    loop {
        tokio::time::sleep(TRY_AGAIN).await;
        let open = agent.open.load_full();
        if !open.all_ready() {
            open.fetch_all().await;
        }
    }
}
