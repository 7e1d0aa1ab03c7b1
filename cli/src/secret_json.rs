//! A secret as JSON: the fields of KMS's own `GetSecretValue`, with the AccessKey of a managed RAM secret spelt out.

use std::time::SystemTime;

use kmsak::Secret;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::failure::Failure;

/// Whether `secret` holds an AccessKey.
pub(crate) fn is_ram(secret: &Secret) -> bool {
    secret.secret_type().eq_ignore_ascii_case("RamCredentials")
}

/// The fields as `kmsak get --format json` and the agent tell them.
pub(crate) fn of(secret: &Secret) -> Result<Map<String, Value>, Failure> {
    let mut fields = about(secret);
    if is_ram(secret) {
        let (id, access_key_secret) = access_key(secret)?;
        fields.insert("AccessKeyId".to_owned(), id.into());
        fields.insert("AccessKeySecret".to_owned(), access_key_secret.into());
    } else {
        put_value(secret, &mut fields);
    }
    fields.insert("VersionStages".to_owned(), secret.version_stages().into());
    Ok(fields)
}

/// The value as KMS writes it.
pub(crate) fn put_value(secret: &Secret, fields: &mut Map<String, Value>) {
    let (data, kind) = value(secret);
    fields.insert("SecretData".to_owned(), data.into());
    fields.insert("SecretDataType".to_owned(), kind.into());
}

/// The value as KMS writes it, with its `SecretDataType`.
pub(crate) fn value(secret: &Secret) -> (String, &'static str) {
    match secret.as_text() {
        Some(text) if !secret.is_binary() => (text.to_owned(), "text"),
        _ => (base64(secret.as_bytes()), "binary"),
    }
}

/// What KMS tells of a secret, by KMS's names: all but the value and the version stages.
pub(crate) fn about(secret: &Secret) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), Value::String(value));
        }
    };
    put("SecretName", Some(secret.name().to_owned()));
    put("SecretType", Some(secret.secret_type().to_owned()));
    put("VersionId", Some(secret.version_id().to_owned()));
    put("CreateTime", secret.create_time().map(str::to_owned));
    put("LastRotationDate", secret.last_rotation_date().map(moment));
    put("NextRotationDate", secret.next_rotation_date().map(moment));
    put("RotationInterval", secret.rotation_interval().map(|interval| format!("{}s", interval.as_secs())));
    put("AutomaticRotation", secret.automatic_rotation().map(str::to_owned));
    put("ExtendedConfig", secret.extended_config().map(str::to_owned));
    fields
}

/// The AccessKey's id and secret inside a managed RAM secret.
pub(crate) fn access_key(secret: &Secret) -> Result<(String, String), Failure> {
    if !is_ram(secret) {
        return Err(Failure::usage(format!(
            "{} is of type {} and holds no AccessKey: name a managed RAM secret, acs/ram/user/...",
            secret.name(),
            secret.secret_type()
        )));
    }
    let parsed: Option<Value> = serde_json::from_slice(secret.as_bytes()).ok();
    let field = |name: &str| Some(parsed.as_ref()?.get(name)?.as_str()?.to_owned());
    field("AccessKeyId").zip(field("AccessKeySecret")).ok_or_else(|| {
        Failure::new(format!(
            "version {} of {} is not the JSON of an AccessKey: rotate the secret in the KMS console",
            secret.version_id(),
            secret.name()
        ))
        .with_code(10)
    })
}

/// When the AccessKey inside a managed RAM secret was made, if KMS wrote that down.
pub(crate) fn generated(secret: &Secret) -> Option<SystemTime> {
    let parsed: Value = serde_json::from_slice(secret.as_bytes()).ok().filter(|_| is_ram(secret))?;
    kmsak::parse_date(parsed.get("GenerateTimestamp")?.as_str()?)
}

/// `2026-11-23T12:34:43Z`
pub(crate) fn moment(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at).replace_nanosecond(0);
    at.ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

/// Binary values as KMS sends them.
pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
