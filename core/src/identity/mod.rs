//! Who asks KMS. An [`Identity`] gives what signs a request, and hears how KMS took it: a ClientKey, or whoever has an AccessKey,
//! which one of many sources gives.

mod access_key;
pub(crate) mod acs3;
mod answer;
mod chain;
mod cli_profile;
pub(crate) mod client_key;
mod command;
mod ecs_role;
mod fixed;
mod home;
mod info;
mod ini;
mod kept;
mod object;
mod oidc_role;
mod process;
mod role;
mod source;
pub(crate) mod sts;
mod uri;

use std::ffi::OsString;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

pub(crate) use access_key::AccessKey;
pub(crate) use chain::may_be_found;
use client_key::{ClientKey, ClientKeyInUse, ClientKeySource};
pub(crate) use fixed::Fixed;
pub use info::IdentityInfo;
pub(crate) use kept::Kept;
pub(crate) use source::{EcsRole, OidcRole, Role, SourceConfig, SourceKind};

use crate::error::{Error, Result, Scope};
use crate::event::{Event, Subscribers};
use crate::process::clock_and_chance::{Clock, Random};
use crate::process::disk;
use crate::process::protected::ProtectedBytes;
use crate::process::skew::Skew;

/// What signs a request.
#[derive(Clone)]
pub(crate) enum Signer {
    ClientKey(Arc<ClientKey>),
    AccessKey(Arc<AccessKey>),
}

impl Signer {
    /// Whether it is the very same.
    pub(crate) fn is(&self, other: &Signer) -> bool {
        match (self, other) {
            (Signer::ClientKey(ours), Signer::ClientKey(theirs)) => Arc::ptr_eq(ours, theirs),
            (Signer::AccessKey(ours), Signer::AccessKey(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }
}

/// What signed a request, and how KMS refused it.
pub(crate) type Refusal = (Signer, Error);

/// What an [`Identity`] may have to wait for.
pub(crate) type Asking<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Who asks. Belongs to the provider and not to a process: holds no lock over a fork.
pub(crate) trait Identity: Send + Sync {
    fn who(&self) -> IdentityInfo;

    /// The host of the KMS instance that it belongs to, where it names one.
    fn instance_endpoint(&self) -> Option<String> {
        None
    }

    /// What signs the next request.
    ///
    /// # Errors
    /// Why there is nothing to sign with.
    fn signer(&self) -> Asking<'_, Result<Signer>>;

    /// Whether somebody waits for [`signer`](Identity::signer) at this moment.
    fn is_waited_for(&self) -> bool {
        false
    }

    /// Whether `signer` is to take the place of another one, and has yet to be accepted by KMS.
    fn is_on_trial(&self, _: &Signer) -> bool {
        false
    }

    /// KMS accepted a request signed by `signer`, after it had refused the same one signed by those in `refusals`.
    fn accepted(&self, signer: &Signer, refusals: &[Refusal]) -> Option<Event>;

    /// What may sign a request that KMS refused to all those in `refusals`, if anything.
    fn other_than<'a>(&'a self, refusals: &'a [Refusal]) -> Asking<'a, (Option<Signer>, Option<Event>)>;

    /// `error` with what the identity knows of its cause.
    fn remark(&self, error: Error, signer: &Signer, local: SystemTime, skew: &Skew) -> Error;
}

/// Who asks, as a configuration describes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum IdentityConfig {
    ClientKey(Arc<ClientKeySource>),
    AccessKey(Box<SourceConfig>),
}

impl IdentityConfig {
    /// As `credentials_type` calls it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            IdentityConfig::ClientKey(_) => "client_key",
            IdentityConfig::AccessKey(source) => source.kind.name(),
        }
    }

    /// Whether it has a secret that is still there after a restart.
    pub(crate) fn has_lasting_secret(&self) -> bool {
        match self {
            IdentityConfig::ClientKey(_) => true,
            IdentityConfig::AccessKey(source) => source.kind.lasting_key().is_some(),
        }
    }

    pub(crate) fn client_key(&self) -> Option<&Arc<ClientKeySource>> {
        match self {
            IdentityConfig::ClientKey(source) => Some(source),
            IdentityConfig::AccessKey(_) => None,
        }
    }
}

/// All who ask, each once.
#[derive(Default)]
pub(crate) struct Identities {
    pub(crate) client_keys: Vec<Arc<ClientKeyInUse>>,
    pub(crate) kept: Vec<Kept>,
    /// Where they ask: an AccessKey reads other secrets in another region, a ClientKey belongs to one.
    pub(crate) places: String,
    all: Vec<(Arc<IdentityConfig>, Arc<dyn Identity>)>,
}

impl Identities {
    /// Who `config` describes: the one that is known already, or a new one.
    ///
    /// # Errors
    /// When its files cannot be used.
    pub(crate) fn of(&mut self, config: &Arc<IdentityConfig>, world: &World) -> Result<Arc<dyn Identity>> {
        if let Some((_, known)) = self.all.iter().find(|(known, _)| Arc::ptr_eq(known, config)) {
            return Ok(known.clone());
        }
        let identity: Arc<dyn Identity> = match &**config {
            IdentityConfig::ClientKey(source) => {
                let loaded = Arc::new(ClientKeyInUse::load(source.clone())?);
                self.client_keys.push(loaded.clone());
                loaded
            }
            IdentityConfig::AccessKey(source) => {
                let kept = Kept::new(source.source(world), world.clone());
                self.kept.push(kept.clone());
                Arc::new(kept)
            }
        };
        self.all.push((config.clone(), identity.clone()));
        Ok(identity)
    }

    pub(crate) fn who(&self) -> impl Iterator<Item = IdentityInfo> {
        self.all.iter().map(|(_, identity)| identity.who())
    }

    /// The first secret that lasts, to seal a cache with.
    pub(crate) fn lasting(&self) -> Option<Arc<Lasting>> {
        if let Some(client_key) = self.client_keys.first() {
            let key = client_key.proven();
            let secret = ProtectedBytes::copy_from(key.private_key().as_bytes());
            return Some(Arc::new(Lasting { id: key.info().key_id.clone(), secret }));
        }
        self.all
            .iter()
            .find_map(|(config, _)| match &**config {
                IdentityConfig::AccessKey(source) => source.kind.lasting_key(),
                IdentityConfig::ClientKey(_) => None,
            })
            .map(|key| {
                let secret = ProtectedBytes::copy_from(key.secret());
                Arc::new(Lasting { id: format!("{} at {}", key.id(), self.places), secret })
            })
    }
}

/// A secret that lasts, to seal with, and what it is called.
pub(crate) struct Lasting {
    pub(crate) id: String,
    pub(crate) secret: ProtectedBytes,
}

/// Reads an environment variable.
pub(crate) type Variables = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// What `look` finds on a disk, which may not answer: not on kmsak's own thread.
async fn aside<T: Send + 'static>(look: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    disk::aside(look).await.unwrap_or_else(|| {
        Err(Error::configuration(
            "too many files that say who asks are on disks that do not answer: look whether their file systems are there",
        )
        .with_scope(Scope::Identity)
        .with_retryable(true))
    })
}

/// What an identity takes from the world outside.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) skew: Arc<Skew>,
    pub(crate) subscribers: Arc<Subscribers>,
    pub(crate) user_agent: Arc<str>,
}

impl World {
    /// The time by Alibaba Cloud's clocks, as far as it is known.
    pub(crate) fn now(&self) -> SystemTime {
        self.skew.correct(self.clock.now())
    }
}
