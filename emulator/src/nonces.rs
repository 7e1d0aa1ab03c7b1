//! The signature nonces that were used lately.

use std::collections::{HashSet, VecDeque};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize, Serializer};
use time::OffsetDateTime;

use crate::clock::TOLERANCE;

/// A flood of requests must not eat the memory; a replay this many requests later goes unnoticed.
const KEPT: usize = 200_000;

/// Hashes of the nonces, oldest first, each with the second in which it was used.
#[derive(Clone, Default, Deserialize)]
#[serde(from = "VecDeque<(i64, u64)>")]
pub(crate) struct Nonces {
    used: HashSet<u64>,
    order: VecDeque<(i64, u64)>,
}

impl From<VecDeque<(i64, u64)>> for Nonces {
    fn from(order: VecDeque<(i64, u64)>) -> Self {
        Self { used: order.iter().map(|(_, hash)| *hash).collect(), order }
    }
}

impl Serialize for Nonces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.order.serialize(serializer)
    }
}

impl Nonces {
    /// Notes a nonce; false if it was used before, within the time in which a request stays valid.
    pub(crate) fn is_new(&mut self, access_key_id: &str, nonce: &str, now: OffsetDateTime) -> bool {
        let now = now.unix_timestamp();
        while let Some((at, hash)) = self.order.front().copied() {
            if self.order.len() <= KEPT && now - at <= TOLERANCE.whole_seconds() * 2 {
                break;
            }
            self.used.remove(&hash);
            self.order.pop_front();
        }
        let hash = hash(access_key_id, nonce);
        if !self.used.insert(hash) {
            return false;
        }
        self.order.push_back((now, hash));
        true
    }
}

/// The same in every run, unlike the standard library's.
fn hash(access_key_id: &str, nonce: &str) -> u64 {
    let text = format!("{access_key_id}\n{nonce}");
    let digest = digest(&SHA256, text.as_bytes());
    digest.as_ref().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
