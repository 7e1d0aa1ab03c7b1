//! The part of the admin interface about KMS instances: buying one is no call of KMS.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Query, done, read};
use crate::clock::iso8601;
use crate::cloud::FIRST_ACCOUNT;
use crate::control::Control;
use crate::error::Error;
use crate::kms::instances::Instance;

/// Answers what is about instances; none if the request is about something else.
pub(super) fn route(
    control: &Control,
    method: &str,
    path: &str,
    query: &Query,
    body: &[u8],
) -> Option<Answer> {
    Some(match (method, path) {
        ("GET", "/instances") => Ok(instances(control)),
        ("POST", "/instances") => read(body).and_then(|what| buy(control, &what)),
        ("PUT", "/instances") => {
            query.needed("id").and_then(|id| read(body).and_then(|what| edit(control, id, &what)))
        }
        _ => return None,
    })
}

fn instances(control: &Control) -> Value {
    control.world.read_all(|cloud, now| {
        let list: Vec<Value> = cloud
            .instances
            .iter()
            .map(|instance| {
                json!({
                    "id": instance.id,
                    "owner": instance.owner,
                    "status": instance.status(now),
                    "accessQuota": instance.access_quota,
                    "accessUsed": cloud.access_used(instance, now),
                    "created": iso8601(instance.created),
                })
            })
            .collect();
        json!({"instances": list})
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Buy {
    /// The account's id; the first account unless said.
    owner: Option<String>,
}

/// An instance that is not connected yet.
fn buy(control: &Control, what: &Buy) -> Answer {
    let owner = what.owner.as_deref().unwrap_or(FIRST_ACCOUNT);
    let id = control.world.change_all(|cloud, now, _| {
        if cloud.account(owner).is_none() {
            return Err(Error::not_found("account", owner));
        }
        let instance = Instance::bought(owner, now);
        let id = instance.id.clone();
        cloud.instances.push(instance);
        Ok(id)
    })?;
    Ok(json!({"id": id}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Edit {
    access_quota: usize,
}

fn edit(control: &Control, id: &str, what: &Edit) -> Answer {
    done(control.world.change_all(|cloud, _, _| {
        let instance = cloud.instances.iter_mut().find(|one| one.id == id);
        instance.ok_or_else(|| Error::not_found("instance", id))?.access_quota = what.access_quota;
        Ok(())
    }))
}
