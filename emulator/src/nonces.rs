//! The signature nonces that were used lately.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

use time::OffsetDateTime;

use crate::clock::TOLERANCE;

/// A flood of requests must not eat the memory; a replay this many requests later goes unnoticed.
const KEPT: usize = 200_000;

#[derive(Clone, Default)]
pub(crate) struct Nonces {
    hasher: RandomState,
    used: HashSet<u64>,
    order: VecDeque<(OffsetDateTime, u64)>,
}

impl Nonces {
    /// Notes a nonce; false if it was used before, within the time in which a request stays valid.
    pub(crate) fn is_new(&mut self, access_key_id: &str, nonce: &str, now: OffsetDateTime) -> bool {
        while let Some((at, hash)) = self.order.front().copied() {
            let age = now - at;
            if self.order.len() <= KEPT && age <= TOLERANCE * 2 {
                break;
            }
            self.used.remove(&hash);
            self.order.pop_front();
        }
        let hash = self.hasher.hash_one((access_key_id, nonce));
        if !self.used.insert(hash) {
            return false;
        }
        self.order.push_back((now, hash));
        true
    }
}
