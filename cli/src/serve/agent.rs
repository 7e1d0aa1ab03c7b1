//! What the agent hands out: a provider, the names that it may be asked for, and how the last try went.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use kmsak::{Credentials, Error, Provider, Secret};

use crate::configuration::ConfigurationArguments;
use crate::failure::Failure;

/// A secret that could not be fetched is not asked of KMS again before this, however many clients ask.
const REMEMBER_FAILURE: Duration = Duration::from_secs(1);
/// How often a secret that was never fetched is tried without anybody asking.
const TRY_AGAIN: Duration = Duration::from_secs(5);

pub(super) struct Agent {
    open: ArcSwap<Open>,
    pub(super) lifetime: u32,
    pub(super) counters: Counters,
}

/// What a reload replaces.
pub(super) struct Open {
    pub(super) provider: Provider,
    names: Vec<String>,
    failures: Mutex<HashMap<String, (Instant, Error)>>,
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
        secrets: &[String],
        lifetime: u32,
    ) -> Result<Self, Failure> {
        let open = Open::new(configuration, secrets)?;
        Ok(Agent { open: ArcSwap::from_pointee(open), lifetime, counters: Counters::default() })
    }

    pub(super) fn now(&self) -> arc_swap::Guard<Arc<Open>> {
        self.open.load()
    }

    /// Waits until each secret was fetched or could not be.
    pub(super) async fn first_fetches(&self) {
        self.open.load_full().fetch_all().await;
    }

    /// Reads the configuration again. The secrets are fetched before the new one takes over, so that no client waits.
    pub(super) async fn reload(
        &self,
        configuration: &ConfigurationArguments,
        secrets: &[String],
    ) -> Result<(), Failure> {
        let new = Open::new(configuration, secrets)?;
        new.fetch_all().await;
        let old = self.open.load_full();
        let lost = new.names.iter().find(|name| old.is_ready(name) && !new.is_ready(name));
        if let Some(name) = lost {
            let why = new.remembered_failure(name).map(|error| error.message().to_owned());
            return Err(Failure::new(format!("it does not lead to {name}: {}", why.unwrap_or_default())));
        }
        self.open.store(Arc::new(new));
        old.provider.close();
        Ok(())
    }
}

impl Open {
    fn new(configuration: &ConfigurationArguments, secrets: &[String]) -> Result<Self, Failure> {
        let mut names = secrets.to_vec();
        names.extend(configuration.read()?.secret_names().iter().cloned());
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Err(Failure::usage(
                "which secrets may be handed out? Name them with --secret, or in secret_names of the configuration",
            ));
        }
        Ok(Open { provider: configuration.open()?, names, failures: Mutex::default() })
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// Whether every secret has been fetched.
    pub(super) fn all_ready(&self) -> bool {
        self.names.iter().all(|name| self.is_ready(name))
    }

    fn is_ready(&self, name: &str) -> bool {
        let stats = self.provider.stats();
        stats.secrets.iter().any(|secret| secret.name == name && secret.version_id.is_some())
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
        if let Some(error) = self.remembered_failure(name) {
            return Err(error);
        }
        let answer = self.provider.begin_secret(name).await;
        self.remember(name, answer.as_ref().err());
        answer
    }

    async fn fetch_all(&self) {
        let pending: Vec<_> =
            self.names.iter().map(|name| (name, self.provider.begin_secret(name))).collect();
        for (name, answer) in pending {
            self.remember(name, answer.await.as_ref().err());
        }
    }

    fn remembered_failure(&self, name: &str) -> Option<Error> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, error) = failures.get(name)?;
        (at.elapsed() < REMEMBER_FAILURE).then(|| error.clone())
    }

    /// Bounded by the names that may be asked for.
    fn remember(&self, name: &str, failure: Option<&Error>) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match failure {
            Some(error) => {
                failures.insert(name.to_owned(), (Instant::now(), error.clone()));
            }
            None => {
                failures.remove(name);
            }
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
