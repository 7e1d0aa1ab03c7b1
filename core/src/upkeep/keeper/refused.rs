//! What KMS has refused, so that an application that asks again and again does not use up the account's quota.

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Duration, Instant};

use crate::error::Error;
use crate::upkeep::limits::{REFUSAL_FIRST, REFUSAL_LONGEST};

/// A refusal, remembered. While it is fresh it is the answer, and KMS is not asked.
pub(super) struct Refused {
    error: Error,
    at: Instant,
    pause: Duration,
    /// Its place among those that are remembered.
    permit: OwnedSemaphorePermit,
}

impl Refused {
    /// KMS said `error`, maybe not for the first time.
    pub(super) fn new(error: Error, permit: OwnedSemaphorePermit) -> Self {
        Refused { error, at: Instant::now(), pause: REFUSAL_FIRST, permit }
    }

    /// The same once more: now for twice as long.
    pub(super) fn again(self, error: Error) -> Self {
        let pause = (self.pause * 2).min(REFUSAL_LONGEST);
        Refused { error, at: Instant::now(), pause, permit: self.permit }
    }

    /// The answer for whoever needs the secret, while it is fresh.
    pub(super) fn for_reader(&self) -> Option<Error> {
        (self.at.elapsed() < self.pause).then(|| self.error.clone())
    }

    /// The answer for whoever wants KMS to be asked, who is let through once a second.
    pub(super) fn for_refresh(&self) -> Option<Error> {
        (self.at.elapsed() < REFUSAL_FIRST).then(|| self.error.clone())
    }

    pub(super) fn is_repeated_by(&self, error: &Error) -> bool {
        self.error.kind() == error.kind() && self.error.code() == error.code()
    }

    /// When nobody has asked for so long that the next refusal is the first one again.
    pub(super) fn forgotten_at(&self) -> Instant {
        self.at + self.pause * 2
    }
}
