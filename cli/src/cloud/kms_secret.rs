//! KMS 2016-01-20: secrets.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Product::Kms;
use super::answers::{listed, number};
use super::kms::PAGE;
use super::{Action, Request, actions};

actions! {
    CREATE_SECRET = Action::change(Kms, "CreateSecret", &[
        "SecretName*", "VersionId*", "SecretData*!&", "SecretDataType*", "SecretType*", "EncryptionKeyId*", "DKMSInstanceId*",
        "ExtendedConfig*", "EnableAutomaticRotation*", "RotationInterval", "Description*",
    ]);
    DESCRIBE_SECRET = Action::read(Kms, "DescribeSecret", &["SecretName*"]);
    LIST_SECRETS = Action::read(Kms, "ListSecrets", &["Filters", "PageNumber*", "PageSize*"]);
    ROTATE_SECRET = Action::change(Kms, "RotateSecret", &["SecretName*", "VersionId*"]);
    UPDATE_ROTATION = Action::change(Kms, "UpdateSecretRotationPolicy", &["SecretName*", "EnableAutomaticRotation*", "RotationInterval"]);
    DELETE_SECRET = Action::change(Kms, "DeleteSecret", &["SecretName*", "ForceDeleteWithoutRecovery", "RecoveryWindowInDays"]);
    RESTORE_SECRET = Action::change(Kms, "RestoreSecret", &["SecretName*"]);
}

/// As a managed RAM secret's type is written in the answers; some write it in other case.
pub(crate) const RAM_CREDENTIALS: &str = "RAMCredentials";

/// Where KMS puts the AccessKeys of a RAM user.
pub(crate) fn name_for_user(user: &str) -> String {
    format!("acs/ram/user/{user}")
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Secret {
    pub(crate) arn: String,
    pub(crate) secret_name: String,
    pub(crate) secret_type: String,
    /// `Enabled`, `Disabled` or `Invalid`.
    pub(crate) automatic_rotation: String,
    /// Such as `604800s`.
    pub(crate) rotation_interval: Option<String>,
    pub(crate) next_rotation_date: Option<String>,
    pub(crate) last_rotation_date: Option<String>,
    pub(crate) planned_delete_time: Option<String>,
    pub(crate) encryption_key_id: Option<String>,
    #[serde(rename = "DKMSInstanceId")]
    pub(crate) instance_id: Option<String>,
    pub(crate) create_time: Option<String>,
    pub(crate) extended_config: Option<String>,
    pub(crate) version_id: Option<String>,
}

impl Secret {
    pub(crate) fn is_ram(&self) -> bool {
        self.secret_type.eq_ignore_ascii_case(RAM_CREDENTIALS)
    }

    /// The RAM user whose AccessKeys it holds.
    pub(crate) fn user(&self) -> Option<String> {
        let config: Value = serde_json::from_str(self.extended_config.as_deref()?).ok()?;
        config["UserName"].as_str().map(str::to_owned)
    }

    /// The region in its ARN.
    pub(crate) fn region(&self) -> Option<&str> {
        self.arn.split(':').nth(2).filter(|region| !region.is_empty())
    }

    pub(crate) fn rotation_seconds(&self) -> Option<u64> {
        self.rotation_interval.as_deref()?.trim_end_matches('s').parse().ok()
    }

    pub(crate) fn is_being_deleted(&self) -> bool {
        self.planned_delete_time.as_deref().is_some_and(|time| !time.is_empty())
    }
}

pub(crate) fn describe_secret(name: &str) -> Request<Secret> {
    Request::of(&DESCRIBE_SECRET).with("SecretName", name)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Secrets {
    #[serde(default, deserialize_with = "listed")]
    secret_list: Vec<Secret>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) total_count: u64,
}

impl Secrets {
    pub(crate) fn all(&self) -> Vec<Secret> {
        self.secret_list.clone()
    }
}

pub(crate) fn list_secrets(kind: Option<&str>, page: usize) -> Request<Secrets> {
    let filters = kind.map(|kind| json!([{"Key": "SecretType", "Values": [kind]}]));
    Request::of(&LIST_SECRETS).maybe("Filters", filters).with("PageNumber", page).with("PageSize", PAGE)
}

/// A managed RAM secret to be made.
pub(crate) struct RamSecret<'a> {
    pub(crate) user: &'a str,
    pub(crate) instance: &'a str,
    pub(crate) key: &'a str,
    pub(crate) version_id: &'a str,
    /// `{"AccessKeys":[{"AccessKeyId":"...","AccessKeySecret":"..."}]}`
    pub(crate) data: &'a str,
    pub(crate) rotation_seconds: Option<u64>,
}

pub(crate) fn create_ram_secret(secret: &RamSecret<'_>) -> Request<Secret> {
    let config = json!({"SecretSubType": "RamUserAccessKey", "UserName": secret.user});
    Request::of(&CREATE_SECRET)
        // KMS makes the name of the user's.
        .with("SecretName", "$Auto")
        .with("VersionId", secret.version_id)
        .with("SecretData", secret.data)
        .with("SecretDataType", "text")
        .with("SecretType", RAM_CREDENTIALS)
        .with("EncryptionKeyId", secret.key)
        .with("DKMSInstanceId", secret.instance)
        .with("ExtendedConfig", config)
        .with("EnableAutomaticRotation", secret.rotation_seconds.is_some())
        .maybe("RotationInterval", secret.rotation_seconds.map(|seconds| format!("{seconds}s")))
        .with("Description", "made by kmsak")
}

pub(crate) fn rotate_secret(name: &str, version_id: &str) -> Request<Secret> {
    Request::of(&ROTATE_SECRET).with("SecretName", name).with("VersionId", version_id)
}

pub(crate) fn update_rotation(name: &str, seconds: Option<u64>) -> Request<Secret> {
    Request::of(&UPDATE_ROTATION)
        .with("SecretName", name)
        .with("EnableAutomaticRotation", seconds.is_some())
        .maybe("RotationInterval", seconds.map(|seconds| format!("{seconds}s")))
}

/// After `days`, or at once where there are none.
pub(crate) fn delete_secret(name: &str, days: Option<u32>) -> Request<Secret> {
    Request::of(&DELETE_SECRET)
        .with("SecretName", name)
        .maybe("ForceDeleteWithoutRecovery", days.is_none().then_some("true"))
        .maybe("RecoveryWindowInDays", days)
}

pub(crate) fn restore_secret(name: &str) -> Request<Secret> {
    Request::of(&RESTORE_SECRET).with("SecretName", name)
}
