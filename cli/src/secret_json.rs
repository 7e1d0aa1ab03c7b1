//! A secret as JSON: the fields of KMS's own `GetSecretValue`, with the AccessKey of a managed RAM secret spelt out.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use kmsak::Secret;
use serde::{Serialize, Serializer};
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
    let mut fields = match serde_json::to_value(About::of(secret)) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    if is_ram(secret) {
        let (id, access_key_secret) = access_key(secret)?;
        fields.insert("AccessKeyId".to_owned(), id.into());
        fields.insert("AccessKeySecret".to_owned(), access_key_secret.into());
    } else {
        let (data, kind) = value(secret);
        fields.insert("SecretData".to_owned(), data.into());
        fields.insert("SecretDataType".to_owned(), kind.into());
    }
    fields.insert("VersionStages".to_owned(), secret.version_stages().into());
    Ok(fields)
}

/// The value as KMS writes it, with its `SecretDataType`.
pub(crate) fn value(secret: &Secret) -> (Cow<'_, str>, &'static str) {
    match secret.as_text() {
        Some(text) if !secret.is_binary() => (text.into(), "text"),
        _ => (base64(secret.as_bytes()).into(), "binary"),
    }
}

/// What KMS tells of a secret, by KMS's names: all but the value and the version stages.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct About<'a> {
    secret_name: &'a str,
    secret_type: &'a str,
    version_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_time: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_rotation_date: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_rotation_date: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_interval: Option<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    automatic_rotation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_config: Option<&'a str>,
}

impl<'a> About<'a> {
    pub(crate) fn of(secret: &'a Secret) -> Self {
        About {
            secret_name: secret.name(),
            secret_type: secret.secret_type(),
            version_id: secret.version_id(),
            create_time: secret.create_time(),
            last_rotation_date: secret.last_rotation_date().map(Moment),
            next_rotation_date: secret.next_rotation_date().map(Moment),
            rotation_interval: secret.rotation_interval().map(Interval),
            automatic_rotation: secret.automatic_rotation(),
            extended_config: secret.extended_config(),
        }
    }
}

/// As [`moment`] writes it.
pub(crate) struct Moment(pub(crate) SystemTime);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&moment(self.0))
    }
}

/// `604800s`
struct Interval(Duration);

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}s", self.0.as_secs()))
    }
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
