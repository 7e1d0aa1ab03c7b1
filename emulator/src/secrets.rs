//! Secrets, their versions and stages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use crate::clock::iso8601;
use crate::error::Error;
use crate::random_text;
use crate::refusal::Refusal;

/// The stage of the version that a client gets when it names none.
pub const CURRENT: &str = "ACSCurrent";
/// The stage of the version before the current one.
pub const PREVIOUS: &str = "ACSPrevious";

/// KMS keeps no more versions than this of a generic secret, and answers no more than two of a managed one.
const MAX_VERSIONS: usize = 10;

pub(crate) const LONGEST_VERSION_ID: usize = 64;
const LONGEST_STAGE: usize = 128;

/// The id and the stages that a new version is to have: a random one, and ACSCurrent, unless said.
#[derive(Default)]
pub(crate) struct NewVersion {
    pub(crate) id: Option<String>,
    pub(crate) stages: Option<Vec<String>>,
}

/// The type of a managed RAM secret, as KMS spells it.
pub(crate) const RAM_CREDENTIALS: &str = "RAMCredentials";

/// What a version of a secret holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretValue {
    /// `SecretDataType` is `text`.
    Text(String),
    /// `SecretDataType` is `binary`; kept and sent in base64.
    Binary(String),
}

impl SecretValue {
    /// A text value.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A binary value, from its bytes.
    pub fn binary(bytes: impl AsRef<[u8]>) -> Self {
        Self::Binary(BASE64.encode(bytes))
    }

    /// The `SecretDataType` and the `SecretData` that KMS sends.
    pub fn as_sent(&self) -> (&'static str, &str) {
        match self {
            Self::Text(text) => ("text", text),
            Self::Binary(base64) => ("binary", base64),
        }
    }
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, value) = self.as_sent();
        write!(f, "{kind} of {} characters", value.len())
    }
}

/// One version of a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecretVersion {
    /// 32 hexadecimal digits, or what the caller chose.
    pub id: String,
    /// `ACSCurrent`, `ACSPrevious` or stages of the user's own.
    pub stages: Vec<String>,
    /// The value.
    pub value: SecretValue,
    /// When it was made, by the emulator's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
}

/// The overlap of a rotation: the time in which both AccessKeys are accepted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunningRotation {
    /// The AccessKey that RAM will delete.
    pub old_access_key_id: String,
    /// When it will, by the emulator's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub delete_at: OffsetDateTime,
}

/// A secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Secret {
    /// Its name, `acs/ram/user/<user>` for a managed RAM secret.
    pub name: String,
    /// `Generic`, `RAMCredentials`, `Rds`, `Redis`, `PolarDB` or `ECS`.
    pub secret_type: String,
    /// JSON, for managed secrets.
    pub extended_config: Option<String>,
    /// The KMS key that it is encrypted with.
    pub encryption_key_id: String,
    /// When it was made, by the emulator's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    /// Oldest first.
    pub versions: Vec<SecretVersion>,
    /// The RAM user behind a managed RAM secret.
    pub user: Option<String>,
    /// Seconds between scheduled rotations; none if automatic rotation is off.
    pub rotation_interval: Option<i64>,
    /// KMS cannot carry the rotation out that is on: it says `Invalid`, and nothing is rotated by schedule.
    #[serde(default)]
    pub rotation_broken: bool,
    /// When the next scheduled rotation takes place.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_rotation: Option<OffsetDateTime>,
    /// When the last rotation took place.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_rotation: Option<OffsetDateTime>,
    /// The rotation whose overlap has not ended yet.
    pub running: Option<RunningRotation>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The instance that it is in; none for a secret of the shared gateway alone.
    #[serde(default)]
    pub instance: Option<String>,
    /// Keys and values.
    #[serde(default)]
    pub tags: Vec<(String, String)>,
    /// The policy by which other accounts may read it.
    #[serde(default)]
    pub policy: Option<String>,
    /// When something but its value was changed last.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub changed: Option<OffsetDateTime>,
    /// When it will be deleted; until then nobody can read it.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub planned_delete: Option<OffsetDateTime>,
}

impl Secret {
    /// Refuses a change that is for secrets of another type, or of one that is about to be deleted.
    pub(crate) fn check_changeable(&self, is_of_the_type: bool) -> Result<(), Refusal> {
        if !is_of_the_type {
            return Err(Refusal::service(
                400,
                "UnsupportedOperation",
                "This operation is not supported for this type of secret.",
            ));
        }
        if self.planned_delete.is_some() {
            return Err(Refusal::in_delete_window());
        }
        Ok(())
    }

    pub(crate) fn new(name: &str, secret_type: &str, encryption_key_id: &str, now: OffsetDateTime) -> Self {
        Self {
            name: name.to_owned(),
            secret_type: secret_type.to_owned(),
            extended_config: None,
            encryption_key_id: encryption_key_id.to_owned(),
            created: now,
            versions: Vec::new(),
            user: None,
            rotation_interval: None,
            rotation_broken: false,
            next_rotation: None,
            last_rotation: None,
            running: None,
            description: String::new(),
            instance: None,
            tags: Vec::new(),
            policy: None,
            changed: None,
            planned_delete: None,
        }
    }

    /// Writes a new ACSCurrent; what was current becomes ACSPrevious. Gives the new version's id.
    pub(crate) fn put(&mut self, id: Option<String>, value: SecretValue, now: OffsetDateTime) -> String {
        self.put_with_stages(id, vec![CURRENT.to_owned()], value, now)
    }

    /// Writes a version; no other keeps its stages. If it is ACSCurrent, what was current becomes ACSPrevious.
    fn put_with_stages(
        &mut self,
        id: Option<String>,
        stages: Vec<String>,
        value: SecretValue,
        now: OffsetDateTime,
    ) -> String {
        let replaces_current = stages.iter().any(|stage| stage == CURRENT);
        for version in &mut self.versions {
            let was_current = version.stages.iter().any(|stage| stage == CURRENT);
            version.stages.retain(|stage| !stages.contains(stage));
            if replaces_current {
                version.stages.retain(|stage| stage != PREVIOUS);
            }
            if was_current && replaces_current {
                version.stages.push(PREVIOUS.to_owned());
            }
        }
        let id = id.unwrap_or_else(|| random_text(b"0123456789abcdef", 32));
        self.versions.push(SecretVersion { id: id.clone(), stages, value, created: now });
        while self.versions.len() > MAX_VERSIONS {
            let Some(oldest) = self.versions.iter().position(|one| one.stages.is_empty()) else {
                break;
            };
            self.versions.remove(oldest);
        }
        id
    }

    /// Writes the version that somebody asks for, as `PutSecretValue` does: the same one once more has no effect.
    pub(crate) fn put_new(
        &mut self,
        new: NewVersion,
        value: SecretValue,
        now: OffsetDateTime,
    ) -> Result<String, Error> {
        let fits = |text: &String, most| !text.is_empty() && text.len() <= most;
        if new.id.as_ref().is_some_and(|id| !fits(id, LONGEST_VERSION_ID)) {
            return Err(Error::new(format!("a version id has 1 to {LONGEST_VERSION_ID} bytes")));
        }
        let stages = new.stages.unwrap_or_else(|| vec![CURRENT.to_owned()]);
        if stages.is_empty() || !stages.iter().all(|stage| fits(stage, LONGEST_STAGE)) {
            return Err(Error::new(format!(
                "a version has one stage or more, each of 1 to {LONGEST_STAGE} bytes"
            )));
        }
        if let Some(there) = self.versions.iter().find(|version| new.id.as_ref() == Some(&version.id)) {
            return if there.value == value {
                Ok(there.id.clone())
            } else {
                Err(Error::new(format!("the version {:?} is there already, with another value", there.id)))
            };
        }
        Ok(self.put_with_stages(new.id, stages, value, now))
    }

    /// The version with this id and this stage; an empty id or stage matches any, both empty mean ACSCurrent.
    pub(crate) fn version(&self, id: &str, stage: &str) -> Option<&SecretVersion> {
        let stage = if id.is_empty() && stage.is_empty() { CURRENT } else { stage };
        self.versions.iter().find(|version| {
            (id.is_empty() || version.id == id)
                && (stage.is_empty() || version.stages.iter().any(|one| one == stage))
        })
    }

    /// The version that a client asks for. Managed secrets have no versions but by stage: an id is ignored.
    pub(crate) fn asked_version(&self, id: &str, stage: &str) -> Result<&SecretVersion, Refusal> {
        let id = if self.secret_type.eq_ignore_ascii_case("Generic") { id } else { "" };
        self.version(id, stage).ok_or_else(|| {
            if id.is_empty() || stage.is_empty() {
                Refusal::no_such_secret()
            } else {
                Refusal::invalid_parameter("VersionId")
            }
        })
    }

    /// The AccessKey that a managed RAM secret holds at this stage.
    pub(crate) fn access_key_at(&self, stage: &str) -> Option<String> {
        let (_, data) = self.version("", stage)?.value.as_sent();
        let data: serde_json::Value = serde_json::from_str(data).ok()?;
        Some(data.get("AccessKeyId")?.as_str()?.to_owned())
    }

    pub(crate) fn rotation_interval_as_sent(&self) -> Option<String> {
        self.rotation_interval.map(|seconds| format!("{seconds}s"))
    }

    /// When anything about it was changed last.
    pub(crate) fn updated(&self) -> OffsetDateTime {
        let value = self.versions.last().map_or(self.created, |version| version.created);
        self.changed.map_or(value, |changed| changed.max(value))
    }

    /// Takes a stage from the version that has it, and gives it to another, if one is named. What was current becomes
    /// ACSPrevious.
    pub(crate) fn move_stage(&mut self, stage: &str, to: Option<&str>) {
        let replaces_current = stage == CURRENT;
        for version in &mut self.versions {
            let had = version.stages.iter().any(|one| one == stage);
            version.stages.retain(|one| one != stage && !(replaces_current && one == PREVIOUS));
            if had && replaces_current && to != Some(&version.id) {
                version.stages.push(PREVIOUS.to_owned());
            }
            if to == Some(&version.id) {
                version.stages.push(stage.to_owned());
            }
        }
    }
}

/// The `SecretData` of a managed RAM secret.
pub(crate) fn ram_secret_data(
    access_key_id: &str,
    access_key_secret: &str,
    generated: OffsetDateTime,
) -> SecretValue {
    SecretValue::Text(
        json!({
            "AccessKeyId": access_key_id,
            "AccessKeySecret": access_key_secret,
            "GenerateTimestamp": iso8601(generated),
        })
        .to_string(),
    )
}

pub(crate) fn ram_extended_config(user: &str) -> String {
    json!({"SecretSubType": "RamUserAccessKey", "UserName": user, "CustomData": {}}).to_string()
}
