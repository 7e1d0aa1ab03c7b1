//! Secrets and their versions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Failure};
use crate::clock::iso8601;
use crate::control::Control;
use crate::secrets::{NewVersion, Secret, SecretValue};

fn outline(secret: &Secret) -> Value {
    json!({
        "name": secret.name,
        "type": secret.secret_type,
        "user": secret.user,
        "created": iso8601(secret.created),
        "encryptionKeyId": secret.encryption_key_id,
        "extendedConfig": secret.extended_config,
        "rotationIntervalSeconds": secret.rotation_interval,
        "nextRotation": secret.next_rotation.map(iso8601),
        "lastRotation": secret.last_rotation.map(iso8601),
        "runningRotation": secret.running.as_ref().map(|running| json!({
            "oldAccessKeyId": running.old_access_key_id,
            "deleteAt": iso8601(running.delete_at),
        })),
    })
}

pub(super) fn list(control: &Control) -> Value {
    control.world.read(|state, _| {
        let list: Vec<Value> = state.secrets.values().map(outline).collect();
        json!({"secrets": list})
    })
}

pub(super) fn whole(secret: &Secret) -> Value {
    let versions: Vec<Value> = secret
        .versions
        .iter()
        .map(|version| {
            let (data_type, data) = version.value.as_sent();
            json!({
                "id": version.id,
                "stages": version.stages,
                "created": iso8601(version.created),
                "dataType": data_type,
                "data": data,
            })
        })
        .collect();
    let mut whole = outline(secret);
    whole["versions"] = Value::Array(versions);
    whole
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CreateSecret {
    user: Option<String>,
    name: Option<String>,
    #[serde(rename = "type")]
    secret_type: Option<String>,
    text: Option<String>,
    binary: Option<String>,
    extended_config: Option<String>,
    encryption_key_id: Option<String>,
}

/// A text as it stands, or binary data in base64.
fn value(text: Option<String>, binary: Option<String>) -> Result<SecretValue, Failure> {
    match (text, binary) {
        (Some(text), None) => Ok(SecretValue::Text(text)),
        (None, Some(base64)) => crate::encoding::from_base64(&base64)
            .map(SecretValue::binary)
            .ok_or_else(|| Failure::new(400, "binary is not base64")),
        _ => Err(Failure::new(400, "give one of text and binary (in base64)")),
    }
}

pub(super) fn create(control: &Control, what: CreateSecret) -> Answer {
    let key = what.encryption_key_id.as_deref();
    if let Some(user) = &what.user {
        if what.name.is_some() || what.text.is_some() || what.binary.is_some() {
            return Err(Failure::new(
                400,
                "a managed RAM secret is made of a user alone; KMS names and fills it",
            ));
        }
        let name = control.world.change(|state, now, _| state.create_ram_secret(user, key, now))?;
        return Ok(json!({"name": name}));
    }
    let name = what.name.ok_or_else(|| Failure::new(400, "give either user or name"))?;
    let kind = what.secret_type.unwrap_or_else(|| "Generic".to_owned());
    let value = value(what.text, what.binary)?;
    control.world.change(|state, now, _| {
        state.create_secret(&name, &kind, value, key, now)?;
        state.secret_mut(&name)?.extended_config = what.extended_config;
        Ok(())
    })?;
    Ok(json!({"name": name}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct PutSecretValue {
    name: String,
    version_id: Option<String>,
    stages: Option<Vec<String>>,
    text: Option<String>,
    binary: Option<String>,
}

pub(super) fn put_value(control: &Control, what: PutSecretValue) -> Answer {
    let value = value(what.text, what.binary)?;
    let new = NewVersion { id: what.version_id, stages: what.stages };
    let id = control.put_secret_value(&what.name, value, new)?;
    Ok(json!({"versionId": id}))
}
