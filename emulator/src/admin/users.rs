//! RAM users and their AccessKeys.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, done};
use crate::clock::iso8601;
use crate::control::Control;
use crate::ram::user::{AccessKey, AccessKeyStatus};

pub(super) fn list(control: &Control) -> Value {
    control.world.read(|state, _| {
        let users: Vec<Value> = state
            .users
            .values()
            .map(|user| {
                let keys: Vec<Value> = user
                    .access_keys
                    .iter()
                    .map(|key| {
                        json!({
                            "id": key.id,
                            "status": key.status,
                            "created": iso8601(key.created),
                        })
                    })
                    .collect();
                json!({
                    "name": user.name,
                    "id": user.id,
                    "policies": user.policies,
                    "accessKeys": keys,
                })
            })
            .collect();
        json!({"users": users})
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateUser {
    name: String,
    #[serde(default)]
    policies: Vec<String>,
}

pub(super) fn create(control: &Control, what: &CreateUser) -> Answer {
    let user =
        control.world.change(|state, now, _| state.create_user(&what.name, &what.policies, now).cloned())?;
    Ok(json!({"name": user.name, "id": user.id}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateAccessKey {
    user: String,
}

/// The account itself, as in RAM's credential report.
const ROOT: &str = "<root>";

pub(super) fn create_access_key(control: &Control, what: &CreateAccessKey) -> Answer {
    let key: AccessKey = control.world.change(|state, now, _| match what.user.as_str() {
        ROOT => Ok(state.create_root_access_key(now)),
        user => state.create_access_key(user, now),
    })?;
    Ok(json!({"id": key.id, "secret": key.secret}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetStatus {
    status: AccessKeyStatus,
}

pub(super) fn set_access_key_status(control: &Control, id: &str, what: &SetStatus) -> Answer {
    done(control.world.change(|state, _, _| state.set_access_key_status(id, what.status)))
}
