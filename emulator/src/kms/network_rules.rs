//! The calls about network rules.

use serde_json::{Value, json};

use super::NetworkRule;
use super::named_access_points::network;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

fn sources(request: &Request<'_>) -> Result<Option<Vec<String>>, Refusal> {
    let sources: Option<Vec<String>> = request.json("SourcePrivateIp")?;
    match &sources {
        Some(list) if list.is_empty() || !list.iter().all(|text| network(text).is_some()) => {
            Err(Refusal::invalid_parameter("SourcePrivateIp"))
        }
        _ => Ok(sources),
    }
}

fn written(request: &Request<'_>, rule: &NetworkRule) -> Value {
    json!({
        "Arn": request.arn(&format!("network/{}", rule.name)),
        "Type": rule.kind,
        "SourcePrivateIp": json!(rule.sources).to_string(),
        "Description": rule.description,
    })
}

fn existing<'a>(request: &'a Request<'_>, name: &str) -> Result<&'a NetworkRule, Refusal> {
    request.state().network_rules.get(name).ok_or_else(Refusal::no_such_resource)
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    let name = request.new_name()?;
    request.permit(&format!("network/{name}"))?;
    let kind = request.needed("Type")?;
    if kind != "Private" {
        return Err(Refusal::invalid_parameter("Type"));
    }
    let sources = sources(request)?.ok_or_else(|| super::parameters::missing("SourcePrivateIp"))?;
    let description = request.text("Description", 8192)?.unwrap_or("").to_owned();
    if request.state().network_rules.contains_key(name) {
        return Err(Refusal::resource_exists());
    }
    let rule = NetworkRule { name: name.to_owned(), kind: kind.to_owned(), description, sources };
    let mut answer = written(request, &rule);
    answer["Name"] = json!(name);
    request.state_mut().network_rules.insert(name.to_owned(), rule);
    Ok(answer)
}

pub(super) fn describe(request: &mut Request<'_>) -> Answer {
    let name = request.needed("Name")?;
    request.permit(&format!("network/{name}"))?;
    Ok(written(request, existing(request, name)?))
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    request.permit("network/*")?;
    let rules = request.state().network_rules.values();
    let rules = rules.map(|rule| json!({"Name": rule.name, "Type": rule.kind})).collect();
    request.page(20, rules, ["NetworkRules", "NetworkRule"])
}

pub(super) fn update(request: &mut Request<'_>) -> Answer {
    let name = request.needed("Name")?;
    request.permit(&format!("network/{name}"))?;
    let mut rule = existing(request, name)?.clone();
    if let Some(sources) = sources(request)? {
        rule.sources = sources;
    }
    if let Some(description) = request.text("Description", 8192)? {
        description.clone_into(&mut rule.description);
    }
    request.state_mut().network_rules.insert(name.to_owned(), rule);
    request.state_mut().resolve_access_points();
    Ok(json!({}))
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let name = request.needed("Name")?;
    request.permit(&format!("network/{name}"))?;
    existing(request, name)?;
    let uses = |one: &super::NamedPolicy| one.network_rules.iter().any(|rule| rule == name);
    if request.state().permission_policies.values().any(uses) {
        return Err(Refusal::resource_in_use());
    }
    request.state_mut().network_rules.remove(name);
    Ok(json!({}))
}
