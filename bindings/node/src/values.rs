//! Secrets and AccessKeys as JavaScript gets them, and times and durations in its units.

use std::time::{Duration, SystemTime};

use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

/// The parts of [`kmsak::Credentials`].
#[napi(object, object_from_js = false)]
pub struct Credentials {
    /// Not secret.
    pub access_key_id: String,
    /// The secret.
    pub access_key_secret: String,
    /// The version of the secret.
    pub version_id: String,
    /// The name of the secret.
    pub secret_name: String,
    /// When the AccessKey was made, as KMS wrote it.
    pub generate_timestamp: Option<String>,
    /// When it expires, as KMS wrote it.
    pub expire_timestamp: Option<String>,
    /// Milliseconds.
    pub refresh_interval: Option<f64>,
    /// Milliseconds since 1970.
    pub schedule_rotate_timestamp: Option<f64>,
}

impl From<&kmsak::Credentials> for Credentials {
    fn from(credentials: &kmsak::Credentials) -> Self {
        Credentials {
            access_key_id: credentials.access_key_id().to_owned(),
            access_key_secret: credentials.access_key_secret().to_owned(),
            version_id: credentials.version_id().to_owned(),
            secret_name: credentials.secret().name().to_owned(),
            generate_timestamp: credentials.generate_timestamp().map(str::to_owned),
            expire_timestamp: credentials.expire_timestamp().map(str::to_owned),
            refresh_interval: credentials.refresh_interval().map(milliseconds),
            schedule_rotate_timestamp: credentials
                .schedule_rotate_timestamp()
                .and_then(|seconds| kmsak::parse_date(&seconds.to_string()))
                .map(date),
        }
    }
}

/// The parts of [`kmsak::Secret`].
#[napi(object, object_from_js = false)]
pub struct Secret {
    /// The name.
    pub name: String,
    /// The type as KMS writes it.
    pub secret_type: String,
    /// The value as text, if it is UTF-8.
    pub text: Option<String>,
    /// The value if it is not UTF-8; otherwise the text holds it, and JavaScript need not track another Buffer.
    pub bytes: Option<Buffer>,
    /// Whether it was stored as binary.
    pub binary: bool,
    /// The version.
    pub version_id: String,
    /// The stages of that version.
    pub version_stages: Vec<String>,
    /// As KMS wrote it.
    pub create_time: Option<String>,
    /// KMS's request id.
    pub request_id: String,
    /// Milliseconds since 1970.
    pub last_rotation_date: Option<f64>,
    /// Milliseconds since 1970.
    pub next_rotation_date: Option<f64>,
    /// Milliseconds.
    pub rotation_interval: Option<f64>,
    /// `Enabled`, `Disabled` or `Invalid`.
    pub automatic_rotation: Option<String>,
    /// JSON.
    pub extended_config: Option<String>,
}

impl From<&kmsak::Secret> for Secret {
    fn from(secret: &kmsak::Secret) -> Self {
        let text = secret.as_text();
        Secret {
            name: secret.name().to_owned(),
            secret_type: secret.secret_type().to_owned(),
            text: text.map(str::to_owned),
            bytes: text.is_none().then(|| secret.as_bytes().to_vec().into()),
            binary: secret.is_binary(),
            version_id: secret.version_id().to_owned(),
            version_stages: secret.version_stages().to_vec(),
            create_time: secret.create_time().map(str::to_owned),
            request_id: secret.request_id().to_owned(),
            last_rotation_date: secret.last_rotation_date().map(date),
            next_rotation_date: secret.next_rotation_date().map(date),
            rotation_interval: secret.rotation_interval().map(milliseconds),
            automatic_rotation: secret.automatic_rotation().map(str::to_owned),
            extended_config: secret.extended_config().map(str::to_owned),
        }
    }
}

/// What JavaScript's `Date` counts.
pub(crate) fn date(at: SystemTime) -> f64 {
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => milliseconds(since).floor(),
        Err(before) => -milliseconds(before.duration()).ceil(),
    }
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
