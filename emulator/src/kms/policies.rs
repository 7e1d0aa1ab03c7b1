//! The calls about the permission policies of access points.

use serde::Deserialize;
use serde_json::{Value, json};

use super::named_access_points::{fits, role};
use super::{NamedAccessPoint, NamedPolicy};
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

const MOST_RULES: usize = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct AccessControlRules {
    #[serde(default)]
    network_rules: Vec<String>,
}

fn existing<'a>(request: &'a Request<'_>, name: &str) -> Result<&'a NamedPolicy, Refusal> {
    request.state().permission_policies.get(name).ok_or_else(Refusal::no_such_resource)
}

fn rules_text(policy: &NamedPolicy) -> String {
    json!({"NetworkRules": policy.network_rules}).to_string()
}

/// Takes over what the request says of a policy, and checks the whole.
fn read(request: &Request<'_>, policy: &mut NamedPolicy) -> Result<(), Refusal> {
    if let Some(permissions) = request.json("Permissions")? {
        policy.permissions = permissions;
    }
    let sound = |one: &String| role(one).is_some_and(|role| fits(role, &policy.scope));
    if policy.permissions.is_empty() || !policy.permissions.iter().all(sound) {
        return Err(Refusal::invalid_parameter("Permissions"));
    }
    if let Some(resources) = request.json("Resources")? {
        policy.resources = resources;
    }
    let named = |one: &String| {
        ["key/", "secret/"].iter().any(|kind| one.strip_prefix(kind).is_some_and(|name| !name.is_empty()))
    };
    if policy.resources.is_empty() || !policy.resources.iter().all(named) {
        return Err(Refusal::invalid_parameter("Resources"));
    }
    if let Some(AccessControlRules { network_rules }) = request.json("AccessControlRules")? {
        policy.network_rules = network_rules;
    }
    if policy.network_rules.len() > MOST_RULES {
        return Err(Refusal::invalid_parameter("AccessControlRules"));
    }
    if !policy.network_rules.iter().all(|name| request.state().network_rules.contains_key(name)) {
        return Err(Refusal::no_such_resource());
    }
    if let Some(description) = request.text("Description", 8192)? {
        description.clone_into(&mut policy.description);
    }
    Ok(())
}

fn written(request: &Request<'_>, policy: &NamedPolicy) -> Value {
    json!({
        "Arn": request.arn(&format!("policy/{}", policy.name)),
        "Name": policy.name,
        "KmsInstance": policy.scope,
        "AccessControlRules": rules_text(policy),
        "Description": policy.description,
    })
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    let name = request.new_name()?;
    request.permit(&format!("policy/{name}"))?;
    let scope = request.given("KmsInstance").unwrap_or("shared");
    for needed in ["Permissions", "Resources"] {
        request.needed(needed)?;
    }
    if scope != "shared" {
        request.cloud.usable_instance(scope, request.account, request.now)?;
    }
    let mut policy = NamedPolicy {
        name: name.to_owned(),
        description: String::new(),
        scope: scope.to_owned(),
        permissions: Vec::new(),
        resources: Vec::new(),
        network_rules: Vec::new(),
    };
    read(request, &mut policy)?;
    if request.state().permission_policies.contains_key(name) {
        return Err(Refusal::resource_exists());
    }
    let mut answer = written(request, &policy);
    answer["Permissions"] = json!(json!(policy.permissions).to_string());
    answer["Resources"] = json!(json!(policy.resources).to_string());
    request.state_mut().permission_policies.insert(name.to_owned(), policy);
    Ok(answer)
}

pub(super) fn describe(request: &mut Request<'_>) -> Answer {
    let name = request.needed("Name")?;
    request.permit(&format!("policy/{name}"))?;
    let policy = existing(request, name)?;
    let mut answer = written(request, policy);
    answer["Permissions"] = json!(policy.permissions);
    answer["Resources"] = json!(policy.resources);
    Ok(answer)
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    request.permit("policy/*")?;
    let names = request.state().permission_policies.keys().map(|name| json!({"Name": name})).collect();
    request.page(20, names, ["Policies", "Policy"])
}

pub(super) fn update(request: &mut Request<'_>) -> Answer {
    let name = request.needed("Name")?;
    request.permit(&format!("policy/{name}"))?;
    let mut policy = existing(request, name)?.clone();
    read(request, &mut policy)?;
    request.state_mut().permission_policies.insert(name.to_owned(), policy);
    request.state_mut().resolve_access_points();
    Ok(json!({}))
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let name = request.needed("Name")?;
    request.permit(&format!("policy/{name}"))?;
    existing(request, name)?;
    let uses = |one: &NamedAccessPoint| one.policies.iter().any(|policy| policy == name);
    if request.state().named_access_points.values().any(uses) {
        return Err(Refusal::resource_in_use());
    }
    request.state_mut().permission_policies.remove(name);
    Ok(json!({}))
}
