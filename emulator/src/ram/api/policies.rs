//! The calls about policies.

use serde_json::{Value, json};

use super::{already_exists, conflict, not_exist, part, users::date};
use crate::ram::policy::PolicyDocument;
use crate::ram::system_policies;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::state::State;

const CUSTOM: &str = "Custom";
const SYSTEM: &str = "System";
const LONGEST_DOCUMENT: usize = 6144;

/// What there is to say of a policy; its type is told by where it is found.
pub(super) fn written(state: &State, name: &str) -> Option<Value> {
    let own = state.policies.get(name);
    system_policies::document(name).or(own.map(|own| own.document.as_str()))?;
    let users = state.users.values().filter(|user| user.policies.iter().any(|one| one == name)).count();
    let roles = state.roles.values().filter(|role| role.policies.iter().any(|one| one == name)).count();
    let created = date(own.and_then(|own| own.created));
    Some(json!({
        "PolicyName": name,
        "PolicyType": if own.is_some() { CUSTOM } else { SYSTEM },
        "Description": own.map(|own| own.description.as_str()).unwrap_or(""),
        "DefaultVersion": "v1",
        "CreateDate": created,
        "UpdateDate": created,
        "AttachmentCount": users + roles,
    }))
}

/// The policy that a request names, by name and type.
pub(super) fn asked<'a>(request: &Request<'a>) -> Result<&'a str, Refusal> {
    let name = request.mandatory("PolicyName")?;
    let there = match request.mandatory("PolicyType")? {
        CUSTOM => request.state().policies.contains_key(name),
        SYSTEM => system_policies::document(name).is_some(),
        _ => return Err(super::invalid("PolicyType")),
    };
    if there { Ok(name) } else { Err(not_exist("Policy", name)) }
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    let name = request.mandatory("PolicyName")?;
    request.allow(&format!("policy/{name}"))?;
    let document = request.mandatory("PolicyDocument")?;
    if document.len() > LONGEST_DOCUMENT {
        return Err(super::invalid("PolicyDocument.Length"));
    }
    PolicyDocument::parse(document).map_err(|why| {
        Refusal::front(400, "MalformedPolicyDocument", format!("The policy document is malformed: {why}."))
    })?;
    let description = request.given("Description").unwrap_or("");
    if request.state().policies.contains_key(name) || system_policies::document(name).is_some() {
        return Err(already_exists("Policy", name));
    }
    let now = request.now;
    let state = request.state_mut();
    state.put_policy(name, document).map_err(|_| super::invalid("PolicyName.InvalidChars"))?;
    if let Some(policy) = state.policies.get_mut(name) {
        policy.created = Some(now);
        description.clone_into(&mut policy.description);
    }
    Ok(json!({"Policy": written(state, name)}))
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    let name = request.mandatory("PolicyName")?;
    request.allow(&format!("policy/{name}"))?;
    asked(request)?;
    let state = request.state();
    let policy = written(state, name).unwrap_or_default();
    let version = json!({
        "VersionId": "v1",
        "IsDefaultVersion": true,
        "PolicyDocument": state.policy_document(name),
        "CreateDate": policy["CreateDate"],
    });
    Ok(json!({"Policy": policy, "DefaultPolicyVersion": version}))
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    request.allow("policy/*")?;
    let wanted = request.given("PolicyType");
    if wanted.is_some_and(|wanted| ![CUSTOM, SYSTEM].contains(&wanted)) {
        return Err(super::invalid("PolicyType"));
    }
    let state = request.state();
    let mut names: Vec<&str> = state.policies.keys().map(String::as_str).collect();
    names.extend(system_policies::ALL.iter().map(|(name, _)| *name));
    names.sort_unstable();
    let policies = names
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), written(state, name)?)))
        .filter(|(_, fields)| wanted.is_none_or(|wanted| fields["PolicyType"] == wanted))
        .collect();
    part(request, policies, "Policies", "Policy")
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let name = request.mandatory("PolicyName")?;
    request.allow(&format!("policy/{name}"))?;
    let state = request.state_mut();
    if !state.policies.contains_key(name) {
        return Err(not_exist("Policy", name));
    }
    state.delete_policy(name).map_err(|_| conflict("Policy.User", "The policy is attached still."))?;
    Ok(json!({}))
}
