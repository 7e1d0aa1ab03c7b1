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
    let tags: Vec<Tag> = request.json("Tags")?.unwrap_or_default();
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

pub(super) fn tag(request: &mut Request<'_>) -> Answer {
    request.needed("Tags")?;
    let new = read(request)?;
    let tags = asked(request)?;
    let mut all = tags.clone();
    all.retain(|(key, _)| !new.iter().any(|(one, _)| one == key));
    all.extend(new);
    if all.len() > MOST {
        return Err(Refusal::service(400, "Rejected.LimitExceeded", "There are too many tags."));
    }
    *tags = all;
    Ok(json!({}))
}

pub(super) fn untag(request: &mut Request<'_>) -> Answer {
    request.needed("TagKeys")?;
    let keys: Vec<String> = request.json("TagKeys")?.unwrap_or_default();
    asked(request)?.retain(|(key, _)| !keys.contains(key));
    Ok(json!({}))
}
