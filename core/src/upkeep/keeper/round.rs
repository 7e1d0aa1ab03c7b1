//! Who waits for a fetch of one secret, and who is answered when it ends.

use std::sync::Arc;

use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::pending::Reply;
use crate::secret::{Credentials, Secret};
use crate::upkeep::cache::Snapshot;

/// Somebody wants something of a secret.
pub(crate) enum Ask {
    /// Its value; the cached one will do.
    Need(Waiter),
    /// Its value as KMS has it from now on.
    Refresh(Waiter),
    /// An AccessKey other than `rejected`.
    Renew { rejected: String, waiter: Reply<Arc<Credentials>>, asked: Instant },
    /// Nothing: the cache had an AccessKey other than this one, which was rejected.
    Rejected(String),
    /// A look at KMS that nobody waits for.
    Probe,
    /// Nothing: what KMS refused before may be granted now.
    Reconsider,
}

/// Who waits, and for what.
pub(crate) enum Waiter {
    Credentials(Reply<Arc<Credentials>>),
    Secret(Reply<Arc<Secret>>),
}

impl Waiter {
    pub(super) fn answer(self, result: Result<&Snapshot>) {
        match self {
            Waiter::Credentials(reply) => reply.send(result.and_then(Snapshot::credentials)),
            Waiter::Secret(reply) => reply.send(result.map(|snapshot| snapshot.secret.clone())),
        }
    }
}

pub(super) struct Renewal {
    pub(super) rejected: String,
    pub(super) waiter: Reply<Arc<Credentials>>,
    /// When its time is up.
    pub(super) until: Instant,
}

/// Somebody who waits for a fetch.
pub(super) struct Reader {
    pub(super) waiter: Waiter,
    /// No answer to a question from before this will do.
    pub(super) fresh_from: Option<Instant>,
    /// When its time is up.
    pub(super) until: Instant,
}

/// What one fetch is for.
#[derive(Default)]
pub(super) struct Round {
    pub(super) wanted: bool,
    /// KMS itself is to be asked: a ClientKey has to prove itself.
    pub(super) probing: bool,
    pub(super) readers: Vec<Reader>,
    pub(super) renewals: Vec<Renewal>,
}

impl Round {
    pub(super) fn is_empty(&self) -> bool {
        !self.wanted && !self.is_awaited()
    }

    pub(super) fn is_awaited(&self) -> bool {
        !self.readers.is_empty() || !self.renewals.is_empty()
    }

    /// Answers everybody whom `snapshot`, which was asked for at `asked`, serves: all but those to whom its AccessKey was
    /// rejected and those who want a later answer.
    pub(super) fn answer(&mut self, snapshot: &Snapshot, asked: Instant) {
        let served = |reader: &mut Reader| reader.fresh_from.is_none_or(|from| from <= asked);
        for reader in self.readers.extract_if(.., served) {
            reader.waiter.answer(Ok(snapshot));
        }
        self.answer_renewals(snapshot);
    }

    pub(super) fn answer_renewals(&mut self, snapshot: &Snapshot) {
        let served = |renewal: &mut Renewal| snapshot.access_key_id() != Some(&renewal.rejected);
        for renewal in self.renewals.extract_if(.., served) {
            renewal.waiter.send(snapshot.credentials());
        }
    }

    pub(super) fn fail_readers(&mut self, error: &Error, is_up: impl Fn(Instant) -> bool) {
        for reader in self.readers.extract_if(.., |reader| is_up(reader.until)) {
            reader.waiter.answer(Err(error.clone()));
        }
    }

    /// Another AccessKey than the one that was rejected is better than an error, even if somebody else reported it as
    /// rejected: RAM may have been slow to know it.
    pub(super) fn fail_renewals(
        &mut self,
        error: &Error,
        cached: Option<&Snapshot>,
        is_up: impl Fn(Instant) -> bool,
    ) {
        for renewal in self.renewals.extract_if(.., |renewal| is_up(renewal.until)) {
            let another = cached.filter(|cached| cached.access_key_id() != Some(&renewal.rejected));
            renewal.waiter.send(another.map_or_else(|| Err(error.clone()), Snapshot::credentials));
        }
    }

    /// Those whose time is not up yet go on to the next fetch.
    pub(super) fn carry_over(&mut self, following: &mut Round) {
        following.readers.append(&mut self.readers);
        following.renewals.append(&mut self.renewals);
    }
}
