//! When AccessKeys were used last, as the services of the emulator saw it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The last use of an AccessKey.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct LastUse {
    pub(crate) at: OffsetDateTime,
    /// The product, as ActionTrail calls it.
    pub(crate) service: String,
}
