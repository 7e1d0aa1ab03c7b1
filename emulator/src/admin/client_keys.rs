//! ClientKeys: issued, and taken in.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Failure, date};
use crate::clock::iso8601;
use crate::control::Control;

pub(super) fn list(control: &Control) -> Value {
    control.world.read(|state, _| {
        let list: Vec<Value> = state
            .client_keys
            .values()
            .map(|key| {
                json!({
                    "id": key.key_id,
                    "accessPoint": key.access_point,
                    "notBefore": iso8601(key.not_before),
                    "notAfter": iso8601(key.not_after),
                    "revoked": key.revoked,
                })
            })
            .collect();
        json!({"clientKeys": list})
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct IssueClientKey {
    access_point: String,
    not_before: Option<String>,
    not_after: Option<String>,
    /// With a password: a ClientKey that was issued elsewhere is taken in.
    json: Option<String>,
    password: Option<String>,
}

pub(super) fn issue(control: &Control, what: IssueClientKey) -> Answer {
    match (&what.json, &what.password) {
        (None, None) => {}
        (Some(file), Some(password)) if what.not_before.is_none() && what.not_after.is_none() => {
            let id = control.import_client_key(file, password, &what.access_point)?;
            return Ok(json!({"id": id}));
        }
        (Some(_), Some(_)) => {
            return Err(Failure::new(
                400,
                "a ClientKey that is taken in keeps the validity of its certificate: leave out notBefore and notAfter",
            ));
        }
        _ => return Err(Failure::new(400, "json and password belong together: give both or neither")),
    }
    let validity = match (&what.not_before, &what.not_after) {
        (None, None) => None,
        (from, Some(until)) => {
            let from = match from {
                Some(text) => date(text)?,
                None => control.world.clock.now(),
            };
            Some((from, date(until)?))
        }
        (Some(_), None) => return Err(Failure::new(400, "notBefore needs notAfter beside it")),
    };
    let key = control.issue_client_key(&what.access_point, validity)?;
    Ok(json!({"id": key.key_id, "json": key.json, "password": key.password}))
}
