//! Which ClientKey signs now, and how a replaced file is taken over: the new ClientKey signs the next request, and
//! stays only if KMS accepts it.
//!
//! Holds no lock, so that a forked child can go on with the ClientKey that its parent loaded: it may no longer be
//! allowed to read the files.

use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::time::{Instant, timeout};

use super::{ClientKey, ClientKeyInfo, ClientKeySource};
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::identity::{Asking, Identity, IdentityInfo, Refusal, Signer};
use crate::process::disk;
use crate::process::skew::Skew;

/// A new ClientKey that KMS refused is tried again after this long: it may not have reached every gateway yet.
const REFUSED_FOR: Duration = Duration::from_secs(15);

/// How long a request that KMS refused waits for the files to be read again.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) struct ClientKeyInUse {
    source: Arc<ClientKeySource>,
    /// The one that works, or did.
    proven: ArcSwap<ClientKey>,
    /// From a replaced file, not yet accepted by KMS.
    candidate: ArcSwapOption<ClientKey>,
    refused: ArcSwapOption<(ClientKeyInfo, Instant)>,
}

impl ClientKeyInUse {
    /// # Errors
    /// When the files cannot be read or do not hold a ClientKey.
    pub(crate) fn load(source: Arc<ClientKeySource>) -> Result<Self> {
        let key = source.load()?;
        Ok(ClientKeyInUse {
            source,
            proven: ArcSwap::from_pointee(key),
            candidate: ArcSwapOption::empty(),
            refused: ArcSwapOption::empty(),
        })
    }

    fn key_id(&self) -> String {
        self.proven.load().info().key_id.clone()
    }

    fn next(&self) -> Arc<ClientKey> {
        self.candidate.load_full().unwrap_or_else(|| self.proven.load_full())
    }

    /// The ClientKey that KMS accepted last, or the one of the start.
    pub(crate) fn proven(&self) -> Arc<ClientKey> {
        self.proven.load_full()
    }

    /// Reads the files again. True when they hold another ClientKey, which signs from now on.
    ///
    /// # Errors
    /// When what is there cannot be used; the ClientKey in use stays.
    pub(crate) async fn reload(&self) -> Result<bool> {
        let source = self.source.clone();
        let new = if source.files().is_empty() {
            source.load()?
        } else {
            disk::aside(move || source.load()).await.unwrap_or_else(|| Err(does_not_answer()))?
        };
        let refused_lately = self
            .refused
            .load()
            .as_ref()
            .is_some_and(|refused| refused.0 == *new.info() && refused.1.elapsed() < REFUSED_FOR);
        if refused_lately || new.info() == self.proven.load().info() {
            return Ok(false);
        }
        if self.candidate.load().as_ref().is_some_and(|candidate| candidate.info() == new.info()) {
            return Ok(false);
        }
        self.candidate.store(Some(Arc::new(new)));
        Ok(true)
    }
}

impl Identity for ClientKeyInUse {
    fn who(&self) -> IdentityInfo {
        let key = self.proven();
        IdentityInfo {
            kind: "client_key",
            name: key.info().key_id.clone(),
            access_key_id: None,
            origin: None,
            expires: Some(key.info().not_after),
            last_error: None,
        }
    }

    fn instance_endpoint(&self) -> Option<String> {
        self.proven().info().instance_endpoint()
    }

    fn signer(&self) -> Asking<'_, Result<Signer>> {
        Box::pin(ready(Ok(Signer::ClientKey(self.next()))))
    }

    fn is_on_trial(&self, signer: &Signer) -> bool {
        self.candidate.load_full().is_some_and(|candidate| Signer::ClientKey(candidate).is(signer))
    }

    fn accepted(&self, signer: &Signer, refusals: &[Refusal]) -> Option<Event> {
        let candidate = self.candidate.load_full()?;
        let new = Signer::ClientKey(candidate.clone());
        if new.is(signer) {
            let old = self.proven.swap(candidate.clone());
            self.candidate.store(None);
            return Some(Event::ClientKeyReplaced {
                old_key_id: old.info().key_id.clone(),
                new_key_id: candidate.info().key_id.clone(),
            });
        }
        let (_, error) = refusals.iter().find(|(refused, _)| refused.is(&new))?;
        self.candidate.store(None);
        self.refused.store(Some(Arc::new((candidate.info().clone(), Instant::now()))));
        Some(Event::ClientKeyUnusable { key_id: self.key_id(), error: error.clone() })
    }

    /// What KMS refuses to the old and to the new ClientKey alike says nothing of either. If need be the files are read again at
    /// once.
    fn other_than<'a>(&'a self, refusals: &'a [Refusal]) -> Asking<'a, (Option<Signer>, Option<Event>)> {
        let untried = move || {
            let is_untried = |signer: &Signer| !refusals.iter().any(|(refused, _)| refused.is(signer));
            [self.next(), self.proven()].map(Signer::ClientKey).into_iter().find(is_untried)
        };
        Box::pin(async move {
            if let Some(signer) = untried() {
                return (Some(signer), None);
            }
            match timeout(PATIENCE, self.reload()).await.unwrap_or_else(|_| Err(does_not_answer())) {
                Ok(_) => (untried(), None),
                Err(error) => (None, Some(Event::ClientKeyUnusable { key_id: self.key_id(), error })),
            }
        })
    }

    /// KMS seldom says of a ClientKey outside its validity that this is why it refused, so the error does.
    fn remark(&self, error: Error, signer: &Signer, local: SystemTime, skew: &Skew) -> Error {
        let Signer::ClientKey(key) = signer else { return error };
        let warning = if skew.milliseconds() == 0 {
            key.info().validity_warning(local)
        } else {
            key.info().validity_warning_by_kms(skew.correct(local))
        };
        match warning {
            Some(warning) if error.kind() == Kind::Denied => {
                error.with_remark(&format!("but first of all, {warning}"))
            }
            _ => error,
        }
    }
}

fn does_not_answer() -> Error {
    Error::new(
        Kind::ClientKey,
        "the ClientKey files cannot be read, as their disk does not answer: look whether its file system is there",
    )
}
