//! When AccessKeys were used last, as the services of the emulator saw it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::state::State;

/// The last use of an AccessKey.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct LastUse {
    pub(crate) at: OffsetDateTime,
    /// The product, as ActionTrail calls it.
    pub(crate) service: String,
}

impl State {
    /// Notes that a request was signed with an AccessKey of a user or of the account itself.
    pub(crate) fn note_use(&mut self, access_key_id: &str, service: &str, now: OffsetDateTime) {
        let of_account = self.root_access_keys.iter().any(|key| key.id == access_key_id);
        if of_account || self.access_key_owners.contains_key(access_key_id) {
            let used = LastUse { at: now, service: service.to_owned() };
            self.last_used.insert(access_key_id.to_owned(), used);
        }
    }
}
