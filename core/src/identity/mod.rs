//! Who asks KMS. An [`Identity`] gives what signs a request, and hears how KMS took it.

pub(crate) mod client_key;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use crate::error::{Error, Result};
use crate::event::Event;
use crate::process::skew::Skew;
use client_key::ClientKey;

/// What signs a request.
#[derive(Clone)]
pub(crate) enum Signer {
    ClientKey(Arc<ClientKey>),
}

impl Signer {
    /// Whether it is the very same.
    pub(crate) fn is(&self, other: &Signer) -> bool {
        match (self, other) {
            (Signer::ClientKey(ours), Signer::ClientKey(theirs)) => Arc::ptr_eq(ours, theirs),
        }
    }
}

/// What signed a request, and how KMS refused it.
pub(crate) type Refusal = (Signer, Error);

/// What an [`Identity`] may have to wait for.
pub(crate) type Asking<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Who asks. Belongs to the provider and not to a process: holds no lock over a fork.
pub(crate) trait Identity: Send + Sync {
    /// What it is called in events.
    fn name(&self) -> String;

    /// The host of the KMS instance that it belongs to, where it names one.
    fn instance_endpoint(&self) -> Option<String>;

    /// What signs the next request.
    ///
    /// # Errors
    /// Why there is nothing to sign with.
    fn signer(&self) -> Asking<'_, Result<Signer>>;

    /// KMS accepted a request signed by `signer`, after it had refused the same one signed by those in `refusals`.
    fn accepted(&self, signer: &Signer, refusals: &[Refusal]) -> Option<Event>;

    /// What may sign a request that KMS refused to all those in `refusals`, if anything.
    fn other_than<'a>(&'a self, refusals: &'a [Refusal]) -> Asking<'a, (Option<Signer>, Option<Event>)>;

    /// `error` with what the identity knows of its cause.
    fn remark(&self, error: Error, signer: &Signer, local: SystemTime, skew: &Skew) -> Error;
}
