//! The AccessKeys that cloud services have rejected.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::upkeep::limits::REJECTED_REMEMBERED;

/// The AccessKeys that were lately reported as rejected: a region that lags behind must not bring one back.
#[derive(Default)]
pub(super) struct Rejected(VecDeque<(String, Instant)>);

impl Rejected {
    const MOST: usize = 16;

    pub(super) fn add(&mut self, id: String) {
        self.0.retain(|(known, at)| *known != id && at.elapsed() < REJECTED_REMEMBERED);
        if self.0.len() == Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back((id, Instant::now()));
    }

    pub(super) fn forget(&mut self, id: &str) {
        self.0.retain(|(known, _)| known != id);
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.0.iter().any(|(known, at)| known == id && at.elapsed() < REJECTED_REMEMBERED)
    }
}
