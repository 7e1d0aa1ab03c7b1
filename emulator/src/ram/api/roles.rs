//! The calls about roles.

use std::time::Duration;

use serde_json::{Value, json};

use super::{already_exists, conflict, not_exist, part};
use crate::clock::iso8601;
use crate::ram::role::RamRole;
use crate::ram::trust::TrustPolicy;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

fn written(request: &Request<'_>, role: &RamRole) -> Value {
    json!({
        "RoleId": role.id,
        "RoleName": role.name,
        "Arn": request.state().role_arn(&role.name),
        "Description": role.description,
        "AssumeRolePolicyDocument": role.trust.as_str(),
        "MaxSessionDuration": role.max_session_seconds,
        "CreateDate": iso8601(role.created),
        "UpdateDate": iso8601(role.created),
    })
}

pub(super) fn existing<'a>(request: &'a Request<'_>, name: &str) -> Result<&'a RamRole, Refusal> {
    request.state().role_called(name).ok_or_else(|| not_exist("Role", name))
}

fn trust(request: &Request<'_>, name: &str) -> Result<Option<TrustPolicy>, Refusal> {
    let Some(text) = request.given(name) else { return Ok(None) };
    let trust = TrustPolicy::document(text);
    match trust.check() {
        Ok(()) => Ok(Some(trust)),
        Err(why) => Err(Refusal::front(
            400,
            "MalformedPolicyDocument",
            format!("The policy document is malformed: {why}."),
        )),
    }
}

fn longest_session(request: &Request<'_>, name: &str) -> Result<Option<Duration>, Refusal> {
    let Some(text) = request.given(name) else { return Ok(None) };
    let seconds = text.parse().ok().filter(|seconds| (3600..=43_200).contains(seconds));
    Ok(Some(Duration::from_secs(seconds.ok_or_else(|| super::invalid(name))?)))
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    let name = request.mandatory("RoleName")?;
    request.allow(&format!("role/{name}"))?;
    let trust = trust(request, "AssumeRolePolicyDocument")?
        .ok_or_else(|| crate::authentication::missing("AssumeRolePolicyDocument"))?;
    let longest = longest_session(request, "MaxSessionDuration")?;
    let description = request.given("Description").unwrap_or("");
    if description.chars().count() > 1024 {
        return Err(super::invalid("Description.Length"));
    }
    if request.state().role_called(name).is_some() {
        return Err(already_exists("Role", name));
    }
    let now = request.now;
    request
        .state_mut()
        .create_role(name, &trust, &[], longest, now)
        .map_err(|_| super::invalid("RoleName.InvalidChars"))?;
    request
        .state_mut()
        .edit_role(name, |role| description.clone_into(&mut role.description))
        .map_err(|_| Refusal::internal())?;
    Ok(json!({"Role": written(request, existing(request, name)?)}))
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    let name = request.mandatory("RoleName")?;
    request.allow(&format!("role/{name}"))?;
    Ok(json!({"Role": written(request, existing(request, name)?)}))
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    request.allow("role/*")?;
    let roles = request
        .state()
        .roles
        .values()
        .map(|role| {
            let mut fields = written(request, role);
            if let Some(fields) = fields.as_object_mut() {
                fields.remove("AssumeRolePolicyDocument");
            }
            (role.name.clone(), fields)
        })
        .collect();
    part(request, roles, "Roles", "Role")
}

pub(super) fn update(request: &mut Request<'_>) -> Answer {
    let name = request.mandatory("RoleName")?;
    request.allow(&format!("role/{name}"))?;
    let name = existing(request, name)?.name.clone();
    let trust = trust(request, "NewAssumeRolePolicyDocument")?;
    let longest = longest_session(request, "NewMaxSessionDuration")?;
    let description = request.given("NewDescription");
    let edit = |role: &mut RamRole| {
        if let Some(trust) = trust {
            role.trust = trust;
        }
        if let Some(longest) = longest {
            role.max_session_seconds = longest.as_secs().cast_signed();
        }
        if let Some(description) = description {
            description.clone_into(&mut role.description);
        }
    };
    request.state_mut().edit_role(&name, edit).map_err(|_| Refusal::internal())?;
    Ok(json!({"Role": written(request, existing(request, &name)?)}))
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let name = request.mandatory("RoleName")?;
    request.allow(&format!("role/{name}"))?;
    let role = existing(request, name)?;
    if !role.policies.is_empty() {
        return Err(conflict("Role.Policy", "The role still has policies."));
    }
    let name = role.name.clone();
    request.state_mut().delete_role(&name).map_err(|_| not_exist("Role", &name))?;
    Ok(json!({}))
}
