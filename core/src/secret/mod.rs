//! What KMS holds: secrets, and the AccessKeys inside managed RAM secrets.

mod access_key;
pub(crate) mod c_text;
pub(crate) mod json_string;
pub(crate) mod name;
#[cfg(test)]
mod tests;

use std::ffi::CStr;
use std::fmt;
use std::time::{Duration, SystemTime};

pub use access_key::Credentials;

use crate::lenient_json;
use crate::process::protected::ProtectedBytes;
use crate::secret::c_text::{CText, CTexts};

/// No fleet is larger.
pub(crate) const MOST_FLEET_SIZE: u32 = 10_000_000;

/// One version of a secret as KMS answered it.
///
/// Immutable and safe to use from any thread. The value is zeroized when the last holder lets go; `Debug` shows
/// what the secret is called, never what it holds. The fields are those of the answer of KMS's `GetSecretValue`.
pub struct Secret {
    pub(crate) name: CText,
    pub(crate) secret_type: CText,
    pub(crate) value: ProtectedBytes,
    pub(crate) binary: bool,
    pub(crate) version_id: CText,
    pub(crate) version_stages: CTexts,
    pub(crate) create_time: Option<CText>,
    pub(crate) request_id: CText,
    pub(crate) last_rotation_date: Option<SystemTime>,
    pub(crate) next_rotation_date: Option<SystemTime>,
    pub(crate) rotation_interval: Option<Duration>,
    pub(crate) automatic_rotation: Option<CText>,
    pub(crate) extended_config: Option<CText>,
}

impl Secret {
    /// The secret's name, such as `acs/ram/user/app`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The type as KMS writes it: `Generic`, `RamCredentials` (also written `RAMCredentials`), `Rds`, `Redis`,
    /// `PolarDB` or `ECS`.
    #[must_use]
    pub fn secret_type(&self) -> &str {
        self.secret_type.as_str()
    }

    /// Whether this is a managed RAM secret, which holds an AccessKey.
    pub(crate) fn is_ram(&self) -> bool {
        self.secret_type().eq_ignore_ascii_case("RamCredentials")
    }

    /// The value as text; none for a binary value that is not UTF-8. Borrowed from protected memory: a copy of it
    /// is the caller's to wipe.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()).ok()
    }

    /// The value as bytes: UTF-8 for text, already decoded from base64 for a binary one. Borrowed from protected
    /// memory: a copy of it is the caller's to wipe.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.value.as_bytes()
    }

    /// [`as_bytes`](Secret::as_bytes) for C: with a NUL after them.
    #[must_use]
    pub fn as_bytes_with_nul(&self) -> &[u8] {
        self.value.as_bytes_with_nul()
    }

    /// Whether the value was stored as binary (`SecretDataType` `binary`).
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.binary
    }

    /// The id of this version, unique within the secret.
    #[must_use]
    pub fn version_id(&self) -> &str {
        self.version_id.as_str()
    }

    /// The stages that point to this version, such as `ACSCurrent`.
    #[must_use]
    pub fn version_stages(&self) -> &[String] {
        self.version_stages.as_strings()
    }

    /// When this version was made, as KMS wrote it, mostly `YYYY-MM-DDThh:mm:ssZ`.
    #[must_use]
    pub fn create_time(&self) -> Option<&str> {
        self.create_time.as_ref().map(CText::as_str)
    }

    /// The id under which KMS logged the request that fetched this; empty where KMS sent none.
    #[must_use]
    pub fn request_id(&self) -> &str {
        self.request_id.as_str()
    }

    /// When KMS last rotated the secret; none if it never did, or if the date in the answer makes no sense.
    #[must_use]
    pub fn last_rotation_date(&self) -> Option<SystemTime> {
        self.last_rotation_date
    }

    /// When KMS will next rotate the secret; none if rotation is off, or if the date in the answer makes no sense.
    #[must_use]
    pub fn next_rotation_date(&self) -> Option<SystemTime> {
        self.next_rotation_date
    }

    /// The time between two rotations, in whole seconds; none if rotation is off or the answer makes no sense.
    #[must_use]
    pub fn rotation_interval(&self) -> Option<Duration> {
        self.rotation_interval
    }

    /// Whether KMS rotates by itself, in its words: `Enabled`, `Disabled` or `Invalid` (it should, but cannot).
    #[must_use]
    pub fn automatic_rotation(&self) -> Option<&str> {
        self.automatic_rotation.as_ref().map(CText::as_str)
    }

    /// Whether KMS says that it cannot rotate the secret, though it should.
    pub(crate) fn rotation_is_broken(&self) -> bool {
        self.automatic_rotation().is_some_and(|state| state.eq_ignore_ascii_case("Invalid"))
    }

    /// What KMS knows beside the value, as JSON: for a managed RAM secret
    /// `{"SecretSubType":"RamUserAccessKey","UserName":"...","CustomData":{}}`.
    #[must_use]
    pub fn extended_config(&self) -> Option<&str> {
        self.extended_config.as_ref().map(CText::as_str)
    }

    /// How many processes use this secret, if whoever keeps it has written `fleet_size` into its `CustomData`.
    pub(crate) fn fleet_size(&self) -> Option<u32> {
        let config = lenient_json::read(self.extended_config()?).ok()?;
        let size = config.get("CustomData")?.get("fleet_size")?;
        let number = size.as_u64().or_else(|| size.as_str()?.trim().parse().ok())?;
        u32::try_from(number).ok().map(|number| number.min(MOST_FLEET_SIZE))
    }

    /// [`name`](Secret::name) for C: as long as this lives, with a NUL at the end.
    #[must_use]
    pub fn name_c(&self) -> &CStr {
        self.name.as_c_str()
    }

    /// [`secret_type`](Secret::secret_type) for C: as long as this lives, with a NUL at the end.
    #[must_use]
    pub fn secret_type_c(&self) -> &CStr {
        self.secret_type.as_c_str()
    }

    /// [`version_id`](Secret::version_id) for C: as long as this lives, with a NUL at the end.
    #[must_use]
    pub fn version_id_c(&self) -> &CStr {
        self.version_id.as_c_str()
    }

    /// [`request_id`](Secret::request_id) for C: as long as this lives, with a NUL at the end.
    #[must_use]
    pub fn request_id_c(&self) -> &CStr {
        self.request_id.as_c_str()
    }

    /// Number `index` of [`version_stages`](Secret::version_stages) for C.
    #[must_use]
    pub fn version_stage_c(&self, index: usize) -> Option<&CStr> {
        self.version_stages.c_str(index)
    }

    /// [`create_time`](Secret::create_time) for C.
    #[must_use]
    pub fn create_time_c(&self) -> Option<&CStr> {
        self.create_time.as_ref().map(CText::as_c_str)
    }

    /// [`automatic_rotation`](Secret::automatic_rotation) for C.
    #[must_use]
    pub fn automatic_rotation_c(&self) -> Option<&CStr> {
        self.automatic_rotation.as_ref().map(CText::as_c_str)
    }

    /// [`extended_config`](Secret::extended_config) for C.
    #[must_use]
    pub fn extended_config_c(&self) -> Option<&CStr> {
        self.extended_config.as_ref().map(CText::as_c_str)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("name", &self.name())
            .field("secret_type", &self.secret_type())
            .field("version_id", &self.version_id())
            .field("version_stages", &self.version_stages())
            .field("request_id", &self.request_id())
            .finish_non_exhaustive()
    }
}
