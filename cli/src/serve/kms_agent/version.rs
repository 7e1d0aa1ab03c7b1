//! Which version of a secret is meant: the current one, at hand all the time, or one that KMS is asked for.

use std::sync::Arc;

use kmsak::{Error, Kind, Secret};

use super::forms::version_number;
use super::{Wanted, stage};
use crate::serve::agent::{Open, Version};

const CURRENT: &str = "ACSCurrent";
const PREVIOUS: &str = "ACSPrevious";

/// The version of the secret `name` that is wanted.
pub(in crate::serve) async fn find(open: &Open, name: &str, wanted: &Wanted) -> Result<Arc<Secret>, Error> {
    let current = open.secret(name).await?;
    let stage = wanted.stage.as_deref().map(stage);
    // KMS passes over the version's name for all secrets but generic ones.
    let generic = current.secret_type().eq_ignore_ascii_case("Generic");
    if let Some(id) = wanted.version.as_deref().filter(|_| generic) {
        let at_hand = current.version_id() == id && stage.is_none_or(|stage| stage == CURRENT);
        return if at_hand { Ok(current) } else { open.version(name, Version::Called(id, stage)).await };
    }
    match (stage, wanted.number) {
        (None | Some(CURRENT), None) => Ok(current),
        (Some(stage), _) => open.version(name, Version::At(stage)).await,
        (None, Some(number)) => numbered(open, current, name, number, generic).await,
    }
}

/// The number is that of the version's name, or of the time at which it was made. By this KMS cannot be asked, but the two versions
/// with a stage label may have it.
async fn numbered(
    open: &Open,
    current: Arc<Secret>,
    name: &str,
    number: u64,
    generic: bool,
) -> Result<Arc<Secret>, Error> {
    if version_number(&current) == number {
        return Ok(current);
    }
    match open.version(name, Version::At(PREVIOUS)).await {
        Ok(previous) if version_number(&previous) == number => return Ok(previous),
        Err(error) if error.kind() != Kind::NotFound => return Err(error),
        _ => {}
    }
    if !generic {
        return Ok(current);
    }
    open.version(name, Version::Called(&number.to_string(), None)).await
}
