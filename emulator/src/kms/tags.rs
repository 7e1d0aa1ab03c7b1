//! Tags of secrets and keys.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::request::{Answer, Request};

const MOST: usize = 20;
const LONGEST: usize = 128;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Tag {
    tag_key: String,
    #[serde(default)]
    tag_value: String,
}

/// The tags in the parameter `Tags`.
pub(super) fn read(request: &Request<'_>) -> Result<Vec<(String, String)>, Refusal> {
    checked(request.json("Tags")?.unwrap_or_default())
}

fn checked(tags: Vec<Tag>) -> Result<Vec<(String, String)>, Refusal> {
    let keys: BTreeSet<&str> = tags.iter().map(|tag| tag.tag_key.as_str()).collect();
    if keys.len() != tags.len() {
        return Err(Refusal::service(400, "Duplicate.TagKey", "The specified TagKey is duplicated."));
    }
    let sound = |text: &str| {
        text.chars().count() <= LONGEST && !text.starts_with("aliyun") && !text.starts_with("acs:")
    };
    if tags.len() > MOST
        || !tags.iter().all(|tag| !tag.tag_key.is_empty() && sound(&tag.tag_key) && sound(&tag.tag_value))
    {
        return Err(Refusal::service(
            400,
            "InvalidParameter.TagKey",
            "The specified parameter TagKey is not valid.",
        ));
    }
    Ok(tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect())
}

pub(super) fn written(tags: &[(String, String)]) -> Value {
    let tags: Vec<Value> =
        tags.iter().map(|(key, value)| json!({"TagKey": key, "TagValue": value})).collect();
    json!({"Tag": tags})
}

/// The tags of the secret or key that a request names.
fn asked<'a>(request: &'a mut Request<'_>) -> Result<&'a mut Vec<(String, String)>, Refusal> {
    let unknown =
        || Refusal::service(404, "InvalidResourceId.NotFound", "The specified resource is not found.");
    match (request.given("SecretName"), request.given("KeyId")) {
        (Some(name), None) => {
            request.permit(&format!("secret/{name}"))?;
            request.state_mut().secrets.get_mut(name).map(|one| &mut one.tags).ok_or_else(unknown)
        }
        (None, Some(id)) => {
            request.permit(&format!("key/{id}"))?;
            request.state_mut().key_mut(id).map(|one| &mut one.tags).ok_or_else(unknown)
        }
        (Some(_), Some(_)) => Err(Refusal::invalid_parameter("KeyId")),
        (None, None) => Err(super::parameters::missing("KeyId")),
    }
}

/// Adds tags to those that are there.
fn add(tags: &mut Vec<(String, String)>, new: Vec<(String, String)>) -> Result<(), Refusal> {
    let mut all = tags.clone();
    all.retain(|(key, _)| !new.iter().any(|(one, _)| one == key));
    all.extend(new);
    if all.len() > MOST {
        return Err(Refusal::service(400, "Rejected.LimitExceeded", "There are too many tags."));
    }
    *tags = all;
    Ok(())
}

pub(super) fn tag(request: &mut Request<'_>) -> Answer {
    request.needed("Tags")?;
    let new = read(request)?;
    add(asked(request)?, new)?;
    Ok(json!({}))
}

pub(super) fn untag(request: &mut Request<'_>) -> Answer {
    request.needed("TagKeys")?;
    let keys: Vec<String> = request.json("TagKeys")?.unwrap_or_default();
    asked(request)?.retain(|(key, _)| !keys.contains(key));
    Ok(json!({}))
}

pub(super) fn list_of_key(request: &mut Request<'_>) -> Answer {
    let id = request.needed("KeyId")?;
    request.permit(&format!("key/{id}"))?;
    let key = request.state().key(id).ok_or_else(Refusal::no_such_key)?;
    let tags: Vec<Value> = key
        .tags
        .iter()
        .map(|(name, value)| json!({"KeyId": key.id, "TagKey": name, "TagValue": value}))
        .collect();
    Ok(json!({"Tags": {"Tag": tags}}))
}

/// `key` or `secret`, and the tags of one of that type.
fn of_type<'a>(
    request: &'a mut Request<'_>,
    kind: &str,
    id: &str,
) -> Result<&'a mut Vec<(String, String)>, Refusal> {
    request.permit(&format!("{kind}/{id}"))?;
    let state = request.state_mut();
    match kind {
        "key" => state.key_mut(id).map(|one| &mut one.tags),
        _ => state.secrets.get_mut(id).map(|one| &mut one.tags),
    }
    .ok_or_else(|| {
        Refusal::service(404, "InvalidResourceId.NotFound", "The specified resource is not found.")
    })
}

/// The type and the ids that a request names.
fn many<'a>(request: &Request<'a>) -> Result<(&'a str, Vec<&'a str>), Refusal> {
    let kind = request.needed("ResourceType")?;
    if !["key", "secret"].contains(&kind) {
        return Err(Refusal::invalid_parameter("ResourceType"));
    }
    Ok((kind, request.repeated("ResourceId")))
}

pub(super) fn tag_many(request: &mut Request<'_>) -> Answer {
    let (kind, ids) = many(request)?;
    let given = request.repeated_objects("Tag", ["Key", "Value"]).into_iter().map(|[key, value]| Tag {
        tag_key: key.unwrap_or("").to_owned(),
        tag_value: value.unwrap_or("").to_owned(),
    });
    let new = checked(given.collect())?;
    if ids.is_empty() || new.is_empty() {
        return Err(super::parameters::missing(if ids.is_empty() { "ResourceId.1" } else { "Tag.1.Key" }));
    }
    for id in &ids {
        of_type(request, kind, id)?;
    }
    for id in ids {
        add(of_type(request, kind, id)?, new.clone())?;
    }
    Ok(json!({}))
}

pub(super) fn untag_many(request: &mut Request<'_>) -> Answer {
    let (kind, ids) = many(request)?;
    let keys = request.repeated("TagKey");
    let all = keys.is_empty() && request.flag("All")? == Some(true);
    for id in &ids {
        of_type(request, kind, id)?;
    }
    for id in ids {
        of_type(request, kind, id)?.retain(|(key, _)| !all && !keys.contains(&key.as_str()));
    }
    Ok(json!({}))
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    let (kind, ids) = many(request)?;
    request.permit(&format!("{kind}/*"))?;
    let wanted = request.repeated_objects("Tag", ["Key", "Value"]);
    let state = request.state();
    let resources: Vec<(&str, &[(String, String)])> = match kind {
        "key" => state.keys.iter().map(|key| (key.id.as_str(), key.tags.as_slice())).collect(),
        _ => state.secrets.values().map(|one| (one.name.as_str(), one.tags.as_slice())).collect(),
    };
    let mut listed = Vec::new();
    for (id, tags) in resources {
        let has = |[key, value]: &[Option<&str>; 2]| {
            tags.iter().any(|(one, other)| {
                key.is_none_or(|key| key == one) && value.is_none_or(|value| value == other)
            })
        };
        if (!ids.is_empty() && !ids.contains(&id)) || !wanted.iter().all(has) {
            continue;
        }
        listed.extend(tags.iter().map(
            |(key, value)| json!({"ResourceId": id, "ResourceType": kind, "TagKey": key, "TagValue": value}),
        ));
    }
    let (shown, next) = request.after_token(listed, 200, Refusal::invalid_parameter)?;
    Ok(json!({"TagResources": {"TagResource": shown}, "NextToken": next.unwrap_or_default()}))
}
