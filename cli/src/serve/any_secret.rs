//! `--any-secret`: secrets that nobody named beforehand, as KMS Agent hands them out, but no more than so many.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

pub(super) struct AnySecret {
    most: usize,
    names: RwLock<HashSet<String>>,
}

impl AnySecret {
    pub(super) fn new(most: usize) -> Self {
        AnySecret { most, names: RwLock::default() }
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.names.read().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    pub(super) fn is_full(&self) -> bool {
        self.names.read().unwrap_or_else(PoisonError::into_inner).len() >= self.most
    }

    /// From here on the secret is one of those that are handed out; false when there are enough of them.
    pub(super) fn take(&self, name: &str) -> bool {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        let room = names.len() < self.most;
        if room {
            names.insert(name.to_owned());
        }
        room
    }
}
