//! AccessKeys in the JSON of those who give them out.

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::AccessKey;
use crate::date;
use crate::error::{Error, Kind, Result, Scope};
use crate::secret::json_string;

/// Raw, so that nothing secret is decoded into memory that is not wiped.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Fields<'a> {
    #[serde(borrow, default)]
    code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    access_key_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    access_key_secret: Option<&'a RawValue>,
    #[serde(borrow, default)]
    security_token: Option<&'a RawValue>,
    #[serde(borrow, default)]
    expiration: Option<&'a RawValue>,
    /// STS puts the others inside.
    #[serde(borrow, default)]
    credentials: Option<&'a RawValue>,
}

/// The AccessKey in an answer of STS, the metadata service or a credentials URI; `from` names them in the error.
///
/// # Errors
/// [`Kind::Server`], without a word of what stood there.
pub(super) fn access_key(body: &[u8], from: &str) -> Result<AccessKey> {
    let fields: Fields<'_> = serde_json::from_slice(body).map_err(|_| unusable(from, "not JSON"))?;
    if let Some(inside) = fields.credentials {
        let inside =
            serde_json::from_str(inside.get()).map_err(|_| unusable(from, "without an AccessKey"))?;
        return from_fields(&inside, from);
    }
    if let Some(code) = fields.code.and_then(json_string::decode)
        && *code != "Success"
    {
        return Err(unusable(from, "not of success"));
    }
    from_fields(&fields, from)
}

fn from_fields(fields: &Fields<'_>, from: &str) -> Result<AccessKey> {
    let text = |raw: Option<&RawValue>| raw.and_then(json_string::decode).unwrap_or_default();
    let expires = date::parse_iso_date(&text(fields.expiration));
    let (id, secret, token) =
        (text(fields.access_key_id), text(fields.access_key_secret), text(fields.security_token));
    if expires.is_none() {
        return Err(unusable(from, "without the end of its AccessKey"));
    }
    AccessKey::new(&id, &secret, &token, from)
        .map(|key| key.until(expires))
        .map_err(|_| unusable(from, "without an AccessKey"))
}

/// `{"mode":"StsToken","access_key_id":...}`, what an external process writes. Its end may be missing.
pub(super) fn of_process(body: &[u8], from: &str) -> Result<AccessKey> {
    #[derive(Deserialize)]
    struct Written<'a> {
        #[serde(borrow, default)]
        mode: Option<&'a RawValue>,
        #[serde(borrow, default)]
        access_key_id: Option<&'a RawValue>,
        #[serde(borrow, default)]
        access_key_secret: Option<&'a RawValue>,
        #[serde(borrow, default)]
        sts_token: Option<&'a RawValue>,
        #[serde(borrow, default)]
        expiration: Option<&'a RawValue>,
    }

    let written: Written<'_> = serde_json::from_slice(body).map_err(|_| unusable(from, "not JSON"))?;
    let text = |raw: Option<&RawValue>| raw.and_then(json_string::decode).unwrap_or_default();
    let token: Zeroizing<String> = text(written.sts_token);
    if *text(written.mode) == "StsToken" && token.is_empty() {
        return Err(unusable(from, "without the sts_token that its mode StsToken goes with"));
    }
    AccessKey::new(&text(written.access_key_id), &text(written.access_key_secret), &token, from)
        .map(|key| key.until(date::parse_iso_date(&text(written.expiration))))
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
