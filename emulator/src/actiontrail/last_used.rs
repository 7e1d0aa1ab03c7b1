//! What an AccessKey was used for last.

use serde_json::{Value, json};

use super::trail::Event;
use super::wrong_query;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

const SOURCE: &str = "ManagementEvent";

/// The events of the AccessKey that a request names, the latest first.
fn events_of<'a>(request: &'a Request<'_>) -> Result<Vec<&'a Event>, Refusal> {
    let id = request.given("AccessKey").ok_or_else(|| wrong_query("AccessKey"))?;
    let service = request.given("ServiceName");
    let events = request.state().trail.events.iter().rev();
    Ok(events
        .filter(|event| event.access_key_id == id)
        .filter(|event| service.is_none_or(|service| event.service.eq_ignore_ascii_case(service)))
        .collect())
}

fn written(request: &Request<'_>, event: &Event) -> Value {
    let state = request.state();
    json!({
        "UsedTimestamp": event.at.unix_timestamp() * 1000,
        "Source": SOURCE,
        "Detail": event.written(&state.account_id, &state.region).to_string(),
    })
}

fn with_service(mut fields: Value, event: &Event) -> Value {
    for name in ["ServiceName", "ServiceNameCn", "ServiceNameEn"] {
        fields[name] = json!(event.service);
    }
    fields
}

/// The latest event of each kind.
fn latest(events: Vec<&Event>, kind: impl Fn(&Event) -> Option<String>) -> Vec<(String, &Event)> {
    let mut found: Vec<(String, &Event)> = Vec::new();
    for event in events {
        if let Some(kind) = kind(event)
            && !found.iter().any(|(one, _)| *one == kind)
        {
            found.push((kind, event));
        }
    }
    found
}

pub(super) fn info(request: &mut Request<'_>) -> Answer {
    let events = events_of(request)?;
    let id = request.given("AccessKey").unwrap_or("");
    let state = request.state();
    let owner = state.access_key_owners.get(id).and_then(|name| state.users.get(name));
    let of_account = state.root_access_keys.iter().any(|key| key.id == id);
    if owner.is_none() && !of_account && events.is_empty() {
        return Err(wrong_query("AccessKey"));
    }
    let used_by = events.first().and_then(|event| event.user.clone());
    let name = owner.map(|user| user.name.clone()).or(used_by);
    let mut fields = json!({
        "AccessKeyId": id,
        "AccountId": state.account_id,
        "OwnerId": owner.map_or(state.account_id.as_str(), |user| user.id.as_str()),
        "UserName": name.as_deref().unwrap_or("root"),
        "AccountType": if of_account { "root-account" } else { "ram-user" },
    });
    if let Some(event) = events.first() {
        let last = with_service(written(request, event), event);
        for (name, value) in crate::request::as_fields(last) {
            fields[name] = value;
        }
    }
    Ok(fields)
}

pub(super) fn products(request: &mut Request<'_>) -> Answer {
    let products: Vec<Value> = latest(events_of(request)?, |event| Some(event.service.clone()))
        .into_iter()
        .map(|(_, event)| with_service(written(request, event), event))
        .collect();
    Ok(json!({"Products": products}))
}

/// One part of what a product saw: `ServiceName` is needed.
fn part(
    request: &Request<'_>,
    list: &str,
    kind: impl Fn(&Event) -> Option<String>,
    name: impl Fn(&mut Value, &Event, String),
) -> Answer {
    request.given("ServiceName").ok_or_else(|| wrong_query("ServiceName"))?;
    let size = request.count("PageSize", 20, 100, wrong_query)?;
    let items = latest(events_of(request)?, kind)
        .into_iter()
        .map(|(kind, event)| {
            let mut fields = written(request, event);
            name(&mut fields, event, kind);
            fields
        })
        .collect();
    let (shown, next) = request.after_token(items, size, wrong_query)?;
    let mut answer = json!({});
    answer[list] = Value::Array(shown);
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

pub(super) fn events(request: &mut Request<'_>) -> Answer {
    part(
        request,
        "Events",
        |event| Some(event.name.clone()),
        |fields, _, name| fields["EventName"] = json!(name),
    )
}

pub(super) fn ips(request: &mut Request<'_>) -> Answer {
    part(request, "Ips", |event| Some(event.source_ip.clone()), |fields, _, ip| fields["Ip"] = json!(ip))
}

pub(super) fn resources(request: &mut Request<'_>) -> Answer {
    part(
        request,
        "Resources",
        |event| event.resource.as_ref().map(|(_, name)| name.clone()),
        |fields, event, name| {
            fields["ResourceName"] = json!(name);
            fields["ResourceType"] = json!(event.resource.as_ref().map(|(kind, _)| kind));
        },
    )
}
