//! AccessKeys in the JSON of those who give them out.

use super::AccessKey;
use super::object::Object;
use crate::date;
use crate::error::{Error, Kind, Result, Scope};

/// The AccessKey in an answer of STS, the metadata service or a credentials URI; `from` names them in the error.
///
/// # Errors
/// [`Kind::Server`], without a word of what stood there.
pub(super) fn access_key(body: &[u8], from: &str) -> Result<AccessKey> {
    let fields = Object::parse(body).ok_or_else(|| unusable(from, "that is not JSON"))?;
    // STS puts the others inside.
    if let Some(inside) = fields.object("Credentials") {
        return from_fields(&inside, from);
    }
    if !matches!(fields.text("Code").as_str(), "" | "Success") {
        return Err(unusable(from, "that is not of success"));
    }
    from_fields(&fields, from)
}

fn from_fields(fields: &Object<'_>, from: &str) -> Result<AccessKey> {
    let Some(expires) = date::parse_iso_date(&fields.text("Expiration")) else {
        return Err(unusable(from, "without the end of its AccessKey"));
    };
    let (id, secret) = (fields.text("AccessKeyId"), fields.text("AccessKeySecret"));
    AccessKey::new(&id, &secret, &fields.text("SecurityToken"), from)
        .map(|key| key.until(Some(expires)))
        .map_err(|_| unusable(from, "without an AccessKey"))
}

/// `{"mode":"StsToken","access_key_id":...}`, what an external process writes. Its end may be missing.
pub(super) fn of_process(body: &[u8], from: &str) -> Result<AccessKey> {
    let written = Object::parse(body).ok_or_else(|| unusable(from, "that is not JSON"))?;
    let token = written.text("sts_token");
    if *written.text("mode") == "StsToken" && token.is_empty() {
        return Err(unusable(from, "without the sts_token that its mode StsToken goes with"));
    }
    AccessKey::new(&written.text("access_key_id"), &written.text("access_key_secret"), &token, from)
        .map(|key| key.until(date::parse_iso_date(&written.text("expiration"))))
        .map_err(|_| unusable(from, "without access_key_id or access_key_secret"))
}

/// An answer that claims to be one and is none. What stood in it is not shown: it may hold a secret.
pub(super) fn unusable(from: &str, how: &str) -> Error {
    Error::new(
        Kind::Server,
        format!(
            "{from} gave an answer {how}: try again, and check that it is what the configuration takes it for"
        ),
    )
    .with_scope(Scope::Identity)
    .with_retryable(true)
}
