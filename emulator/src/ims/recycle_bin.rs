//! The recycle bin: AccessKeys that RAM's users deleted, and that can be taken back. Until then they are as deleted.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::clock::iso8601;
use crate::ram::user::{AccessKey, MAX_ACCESS_KEYS};
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

/// So long an AccessKey stays in it.
const KEPT: Duration = Duration::days(30);

/// A deleted AccessKey.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Recycled {
    pub(crate) user: String,
    pub(crate) user_id: String,
    pub(crate) key: AccessKey,
    pub(crate) at: OffsetDateTime,
}

impl Recycled {
    fn written(&self) -> Value {
        json!({
            "AccessKeyId": self.key.id,
            "CreateDate": iso8601(self.key.created),
            "RecycleDate": iso8601(self.at),
            "DeleteDate": iso8601(self.at + KEPT),
        })
    }
}

/// The place in the bin of the AccessKey that a request names.
fn place(request: &Request<'_>) -> Result<usize, Refusal> {
    let id = request.mandatory("UserAccessKeyId")?;
    let user_id = request.given("UserId");
    let there = request.state().recycle_bin.iter().position(|one| {
        one.key.id == id
            && request.now < one.at + KEPT
            && user_id.is_none_or(|user_id| one.user_id == user_id)
    });
    there.ok_or_else(|| {
        Refusal::front(404, "EntityNotExist.User.AccessKey", format!("The access key does not exist: {id}."))
    })
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    let user_id = request.given("UserId");
    let keys: Vec<Value> = request
        .state()
        .recycle_bin
        .iter()
        .filter(|one| request.now < one.at + KEPT)
        .filter(|one| user_id.is_none_or(|user_id| one.user_id == user_id))
        .map(Recycled::written)
        .collect();
    Ok(json!({"AccessKeys": {"AccessKey": keys}}))
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    let one = &request.state().recycle_bin[place(request)?];
    let mut fields = one.written();
    fields["UserId"] = json!(one.user_id);
    fields["UserPrincipalName"] = json!(format!("{}@{}.onaliyun.com", one.user, request.state().account_id));
    fields["UserRecycled"] = json!(false);
    Ok(json!({"AccessKey": fields}))
}

pub(super) fn restore(request: &mut Request<'_>) -> Answer {
    let place = place(request)?;
    let one = request.state().recycle_bin[place].clone();
    let state = request.state_mut();
    let Some(user) = state.users.get_mut(&one.user).filter(|user| user.id == one.user_id) else {
        let message = format!("The user does not exist: {}.", one.user);
        return Err(Refusal::front(404, "EntityNotExist.User", message));
    };
    if user.access_keys.len() >= MAX_ACCESS_KEYS {
        return Err(Refusal::front(
            409,
            "LimitExceeded.User.AccessKey",
            format!("The count of AccessKeys of the user beyond the current limit: {MAX_ACCESS_KEYS}."),
        ));
    }
    user.access_keys.push(one.key.clone());
    user.access_keys.sort_by_key(|key| key.created);
    state.access_key_owners.insert(one.key.id, one.user);
    state.recycle_bin.remove(place);
    Ok(json!({}))
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let place = place(request)?;
    request.state_mut().recycle_bin.remove(place);
    Ok(json!({}))
}
