//! Which ClientKey signs now, and how a replaced file is taken over: the new ClientKey signs the next request, and
//! stays only if KMS accepts it.
//!
//! Holds no lock, so that a forked child can go on with the ClientKey that its parent loaded: it may no longer be
//! allowed to read the files.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::time::Instant;

use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::identity::client_key::{ClientKey, ClientKeyInfo, ClientKeySource};
use crate::upkeep::skew::Skew;

/// A new ClientKey that KMS refused is tried again after this long: it may not have reached every gateway yet.
const REFUSED_FOR: Duration = Duration::from_secs(15);

pub(crate) struct ClientKeyInUse {
    source: Arc<ClientKeySource>,
    /// The one that works, or did.
    proven: ArcSwap<ClientKey>,
    /// From a replaced file, not yet accepted by KMS.
    candidate: ArcSwapOption<ClientKey>,
    refused: ArcSwapOption<(ClientKeyInfo, Instant)>,
}

/// A ClientKey that signed a request, and how KMS refused it.
pub(crate) type Refusal = (Arc<ClientKey>, Error);

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

    pub(crate) fn source(&self) -> &ClientKeySource {
        &self.source
    }

    /// What signs the next request.
    pub(crate) fn signer(&self) -> Arc<ClientKey> {
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
    pub(crate) fn reload(&self) -> Result<bool> {
        let new = self.source.load()?;
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

    /// KMS accepted a request signed by `key`, after it had refused the same one signed by those in `refusals`.
    pub(crate) fn accepted(&self, key: &Arc<ClientKey>, refusals: &[Refusal]) -> Option<Event> {
        let candidate = self.candidate.load_full()?;
        if Arc::ptr_eq(&candidate, key) {
            let old = self.proven.swap(candidate);
            self.candidate.store(None);
            return Some(Event::ClientKeyReplaced {
                old_key_id: old.info().key_id.clone(),
                new_key_id: key.info().key_id.clone(),
            });
        }
        let (_, error) = refusals.iter().find(|(refused, _)| Arc::ptr_eq(refused, &candidate))?;
        self.candidate.store(None);
        self.refused.store(Some(Arc::new((candidate.info().clone(), Instant::now()))));
        Some(Event::ClientKeyUnusable { key_id: key.info().key_id.clone(), error: error.clone() })
    }

    /// What may sign a request that KMS refused to all those in `refusals`, if anything: what KMS refuses to the old and to the
    /// new ClientKey alike says nothing of either. If need be the files are read again at once.
    pub(crate) fn other_than(&self, refusals: &[Refusal]) -> (Option<Arc<ClientKey>>, Option<Event>) {
        let is_untried =
            |key: &Arc<ClientKey>| !refusals.iter().any(|(refused, _)| Arc::ptr_eq(refused, key));
        let untried = || [self.signer(), self.proven()].into_iter().find(is_untried);
        if let Some(key) = untried() {
            return (Some(key), None);
        }
        match self.reload() {
            Ok(_) => (untried(), None),
            Err(broken) => {
                let key_id = self.proven().info().key_id.clone();
                (None, Some(Event::ClientKeyUnusable { key_id, error: broken }))
            }
        }
    }
}

/// KMS seldom says of a ClientKey outside its validity that this is why it refused, so the error does.
pub(crate) fn remark_on_validity(error: Error, signer: &ClientKey, local: SystemTime, skew: &Skew) -> Error {
    let info = signer.info();
    let warning = if skew.milliseconds() == 0 {
        info.validity_warning(local)
    } else {
        info.validity_warning_by_kms(skew.correct(local))
    };
    match warning {
        Some(warning) if error.kind() == Kind::Denied => {
            error.with_remark(&format!("but first of all, {warning}"))
        }
        _ => error,
    }
}
