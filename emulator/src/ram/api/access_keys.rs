//! The calls about the AccessKeys of users.

use serde_json::{Value, json};

use super::{not_exist, users};
use crate::clock::iso8601;
use crate::ims::recycle_bin::Recycled;
use crate::journal::What;
use crate::ram::user::{AccessKey, AccessKeyStatus, MAX_ACCESS_KEYS};
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

fn written(key: &AccessKey) -> Value {
    json!({
        "AccessKeyId": key.id,
        "Status": format!("{:?}", key.status),
        "CreateDate": iso8601(key.created),
    })
}

/// The user, and the id of the AccessKey that the request names.
fn asked<'a>(request: &Request<'a>) -> Result<(String, &'a str), Refusal> {
    let user = users::asked(request)?;
    request.allow(&format!("user/{user}"))?;
    let id = request.mandatory("UserAccessKeyId")?;
    let owner = users::existing(request, &user)?;
    if owner.access_keys.iter().any(|key| key.id == id) {
        Ok((user, id))
    } else {
        Err(not_exist("User.AccessKey", id))
    }
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    let name = users::asked(request)?;
    request.allow(&format!("user/{name}"))?;
    if users::existing(request, &name)?.access_keys.len() >= MAX_ACCESS_KEYS {
        return Err(Refusal::front(
            409,
            "LimitExceeded.User.AccessKey",
            format!("The count of AccessKeys of the user beyond the current limit: {MAX_ACCESS_KEYS}."),
        ));
    }
    let now = request.now;
    let key = request.state_mut().create_access_key(&name, now).map_err(|_| not_exist("User", &name))?;
    let mut fields = written(&key);
    fields["AccessKeySecret"] = json!(key.secret);
    Ok(json!({"AccessKey": fields}))
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    let name = users::asked(request)?;
    request.allow(&format!("user/{name}"))?;
    let keys: Vec<Value> = users::existing(request, &name)?.access_keys.iter().map(written).collect();
    Ok(json!({"AccessKeys": {"AccessKey": keys}}))
}

pub(super) fn update(request: &mut Request<'_>) -> Answer {
    let (_, id) = asked(request)?;
    let status = match request.mandatory("Status")? {
        "Active" => AccessKeyStatus::Active,
        "Inactive" => AccessKeyStatus::Inactive,
        _ => return Err(super::invalid("Status")),
    };
    request.state_mut().set_access_key_status(id, status).map_err(|_| not_exist("User.AccessKey", id))?;
    Ok(json!({}))
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let (user, id) = asked(request)?;
    let owner = users::existing(request, &user)?;
    let key = owner.access_keys.iter().find(|key| key.id == id).cloned();
    let recycled =
        key.map(|key| Recycled { user: user.clone(), user_id: owner.id.clone(), key, at: request.now });
    request.state_mut().delete_access_key(id).map_err(|_| not_exist("User.AccessKey", id))?;
    request.state_mut().recycle_bin.extend(recycled);
    request.happened.push((request.now, What::AccessKeyDeleted { user, access_key_id: id.to_owned() }));
    Ok(json!({}))
}

pub(super) fn last_used(request: &mut Request<'_>) -> Answer {
    let (_, id) = asked(request)?;
    let used = request.state().last_used.get(id);
    let date = used.map(|used| iso8601(used.at)).unwrap_or_default();
    Ok(json!({"AccessKeyLastUsed": {"LastUsedDate": date}}))
}
