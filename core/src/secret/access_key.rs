//! The AccessKey inside a managed RAM secret.

use std::ffi::CStr;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::c_text::CText;
use super::{Secret, json_string};
use crate::error::{Error, Kind, Result};
use crate::process::protected::ProtectedBytes;
use crate::shown::told;

/// The AccessKey inside one version of a managed RAM secret.
///
/// Immutable, safe to use from any thread, and cheap to clone: every clone shares one value, which is zeroized when
/// the last of them is dropped. `Debug` shows ids, never the AccessKey's secret.
// Aligned so that two reference counts of `Arc<Credentials>` never share a cache line (or the pair of lines that
// processors prefetch together): the cache hands different threads different counts.
#[derive(Clone)]
#[repr(align(128))]
pub struct Credentials(Arc<AccessKey>);

struct AccessKey {
    id: CText,
    secret: ProtectedBytes,
    generate_timestamp: Option<CText>,
    expire_timestamp: Option<CText>,
    refresh_interval: Option<Duration>,
    schedule_rotate_timestamp: Option<i64>,
    origin: Arc<Secret>,
}

/// Raw, so that nothing of the secret is decoded into memory that is not wiped, and so that an odd field that
/// nobody needs spoils nothing.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RamSecret<'a> {
    #[serde(borrow, default)]
    access_key_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    access_key_secret: Option<&'a RawValue>,
    #[serde(borrow, default)]
    generate_timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    expire_timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    refresh_interval: Option<&'a RawValue>,
    #[serde(borrow, default)]
    schedule_rotate_timestamp: Option<&'a RawValue>,
}

impl Credentials {
    /// Reads the AccessKey inside `secret`.
    ///
    /// # Errors
    /// [`Kind::Configuration`] when `secret` is not a managed RAM secret, [`Kind::Server`] when its value is not
    /// an AccessKey. Neither shows any of the value.
    pub(crate) fn from_secret(secret: Arc<Secret>) -> Result<Self> {
        if !secret.is_ram() {
            return Err(Error::configuration(format!(
                "{} is of type {} and holds no AccessKey: name a managed RAM secret, or ask for the value of this one",
                secret.name(),
                told(secret.secret_type(), 80)
            )));
        }
        let access_key = AccessKey::parse(&secret).ok_or_else(|| {
            Error::new(
                Kind::Server,
                format!(
                    "version {} of {} is not the JSON of an AccessKey, which KMS itself writes: rotate the secret \
                     in the KMS console, and if that does not help, create it anew",
                    told(secret.version_id(), 80),
                    secret.name()
                ),
            )
            .with_request_id(Some(secret.request_id().to_owned()).filter(|id| !id.is_empty()))
            .with_retryable(true)
        })?;
        Ok(Credentials(Arc::new(access_key)))
    }

    /// The AccessKey's id, such as `LTAI...`. Not secret.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        self.0.id.as_str()
    }

    /// The AccessKey's secret. Borrowed from protected memory: a copy of it is the caller's to wipe.
    #[must_use]
    pub fn access_key_secret(&self) -> &str {
        // Checked when it was parsed.
        std::str::from_utf8(self.0.secret.as_bytes()).unwrap_or_default()
    }

    /// The id of the secret's version that holds this AccessKey.
    #[must_use]
    pub fn version_id(&self) -> &str {
        self.0.origin.version_id()
    }

    /// The secret that holds this AccessKey, with its stages and rotation dates.
    #[must_use]
    pub fn secret(&self) -> &Arc<Secret> {
        &self.0.origin
    }

    /// When the AccessKey was made, as KMS wrote it.
    #[must_use]
    pub fn generate_timestamp(&self) -> Option<&str> {
        self.0.generate_timestamp.as_ref().map(CText::as_str)
    }

    /// When the AccessKey expires, as KMS wrote it. Only in older secrets.
    #[must_use]
    pub fn expire_timestamp(&self) -> Option<&str> {
        self.0.expire_timestamp.as_ref().map(CText::as_str)
    }

    /// How often the secret asks to be fetched again. Only in older secrets.
    #[must_use]
    pub fn refresh_interval(&self) -> Option<Duration> {
        self.0.refresh_interval
    }

    /// When the next rotation is due, in seconds since 1970-01-01 UTC. Only in older secrets.
    #[must_use]
    pub fn schedule_rotate_timestamp(&self) -> Option<i64> {
        self.0.schedule_rotate_timestamp
    }

    /// [`access_key_id`](Credentials::access_key_id) for C: as long as this lives, with a NUL at the end.
    #[must_use]
    pub fn access_key_id_c(&self) -> &CStr {
        self.0.id.as_c_str()
    }

    /// [`access_key_secret`](Credentials::access_key_secret) for C, in the same protected memory.
    #[must_use]
    pub fn access_key_secret_c(&self) -> &CStr {
        CStr::from_bytes_with_nul(self.0.secret.as_bytes_with_nul()).unwrap_or_default()
    }

    /// [`version_id`](Credentials::version_id) for C.
    #[must_use]
    pub fn version_id_c(&self) -> &CStr {
        self.0.origin.version_id_c()
    }

    /// [`generate_timestamp`](Credentials::generate_timestamp) for C.
    #[must_use]
    pub fn generate_timestamp_c(&self) -> Option<&CStr> {
        self.0.generate_timestamp.as_ref().map(CText::as_c_str)
    }

    /// [`expire_timestamp`](Credentials::expire_timestamp) for C.
    #[must_use]
    pub fn expire_timestamp_c(&self) -> Option<&CStr> {
        self.0.expire_timestamp.as_ref().map(CText::as_c_str)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id())
            .field("version_id", &self.version_id())
            .field("secret_name", &self.0.origin.name())
            .finish_non_exhaustive()
    }
}

impl AccessKey {
    fn parse(secret: &Arc<Secret>) -> Option<Self> {
        let fields: RamSecret<'_> = serde_json::from_slice(secret.as_bytes()).ok()?;
        let id = printable(fields.access_key_id?)?;
        let access_key_secret = printable(fields.access_key_secret?)?;
        Some(AccessKey {
            id: CText::new(&id),
            secret: ProtectedBytes::copy_from(access_key_secret.as_bytes()),
            generate_timestamp: text(fields.generate_timestamp).as_deref().map(CText::new),
            expire_timestamp: text(fields.expire_timestamp).as_deref().map(CText::new),
            refresh_interval: number(fields.refresh_interval)
                .and_then(|seconds| u64::try_from(seconds).ok())
                .map(Duration::from_secs),
            schedule_rotate_timestamp: number(fields.schedule_rotate_timestamp),
            origin: Arc::clone(secret),
        })
    }
}

/// An AccessKey goes into HTTP headers and signatures: anything but visible ASCII is damage.
fn printable(raw: &RawValue) -> Option<Zeroizing<String>> {
    json_string::decode(raw)
        .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// A string, or the digits of a number; KMS has written both.
fn text(raw: Option<&RawValue>) -> Option<String> {
    let raw = raw?;
    match json_string::decode(raw) {
        Some(text) => Some(text.to_string()).filter(|text| !text.is_empty()),
        None => raw.get().parse::<i64>().ok().map(|number| number.to_string()),
    }
}

fn number(raw: Option<&RawValue>) -> Option<i64> {
    text(raw)?.parse().ok()
}
