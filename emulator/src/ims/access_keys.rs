//! Users and their AccessKeys by principal names, `name@<account>.onaliyun.com`.

use serde_json::{Value, json};

use super::invalid;
use crate::clock::iso8601;
use crate::ram::user::User;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

fn domain(request: &Request<'_>) -> String {
    format!("@{}.onaliyun.com", request.state().account_id)
}

/// The user whose principal name the request has.
fn asked<'a>(request: &'a Request<'_>) -> Result<&'a User, Refusal> {
    let principal = request.mandatory("UserPrincipalName")?;
    let name = principal.strip_suffix(&domain(request)).ok_or_else(|| invalid("UserPrincipalName"))?;
    request.state().users.get(name).ok_or_else(|| {
        Refusal::front(404, "EntityNotExist.User", format!("The user does not exist: {name}."))
    })
}

pub(super) fn users(request: &mut Request<'_>) -> Answer {
    let users: Vec<Value> = request
        .state()
        .users
        .values()
        .map(|user| {
            json!({
                "UserId": user.id,
                "UserPrincipalName": format!("{}{}", user.name, domain(request)),
                "DisplayName": user.profile.display_name,
                "CreateDate": crate::ram::api::date(user.created),
            })
        })
        .collect();
    let size = request.count("MaxItems", 100, 1000, invalid)?;
    let start: usize = match request.given("Marker") {
        None => 0,
        Some(text) => text.parse().map_err(|_| invalid("Marker"))?,
    };
    let end = start.saturating_add(size);
    let truncated = end < users.len();
    let shown: Vec<Value> = users.into_iter().skip(start).take(size).collect();
    let mut answer = json!({"Users": {"User": shown}, "IsTruncated": truncated});
    if truncated {
        answer["Marker"] = json!(end.to_string());
    }
    Ok(answer)
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    let keys: Vec<Value> = asked(request)?
        .access_keys
        .iter()
        .map(|key| {
            json!({
                "AccessKeyId": key.id,
                "Status": format!("{:?}", key.status),
                "CreateDate": iso8601(key.created),
            })
        })
        .collect();
    Ok(json!({"AccessKeys": {"AccessKey": keys}}))
}

/// The id of the user's AccessKey that the request names.
pub(super) fn asked_key<'a>(request: &Request<'a>) -> Result<&'a str, Refusal> {
    let id = request.mandatory("UserAccessKeyId")?;
    if asked(request)?.access_keys.iter().any(|key| key.id == id) {
        return Ok(id);
    }
    let message = format!("The access key does not exist: {id}.");
    Err(Refusal::front(404, "EntityNotExist.User.AccessKey", message))
}

pub(super) fn last_used(request: &mut Request<'_>) -> Answer {
    let id = asked_key(request)?;
    let used = request.state().last_used.get(id);
    let (date, service) = used.map_or_else(Default::default, |used| (iso8601(used.at), used.service.clone()));
    Ok(json!({"AccessKeyLastUsed": {"LastUsedDate": date, "ServiceName": service}}))
}
