//! LookupEvents: the calls of the last days, by one of their attributes.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::trail::Event;
use crate::clock::{iso8601, parse_iso8601};
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

const ATTRIBUTES: [&str; 9] = [
    "EventAccessKeyId",
    "ServiceName",
    "EventName",
    "User",
    "EventId",
    "ResourceType",
    "ResourceName",
    "EventRW",
    "SensitiveAction",
];

fn wrong(name: &str) -> Refusal {
    Refusal::front(400, &format!("InvalidParameter{name}"), format!("The parameter {name} is not valid."))
}

fn has(event: &Event, key: &str, value: &str) -> bool {
    match key {
        "EventAccessKeyId" => event.access_key_id == value,
        "ServiceName" => event.service.eq_ignore_ascii_case(value),
        "EventName" => event.name == value,
        "User" => event.user.as_deref().unwrap_or("root") == value,
        "EventId" => event.id == value,
        "ResourceType" => event.resource.as_ref().is_some_and(|(kind, _)| kind == value),
        "ResourceName" => event.resource.as_ref().is_some_and(|(_, name)| name == value),
        "EventRW" => event.is_read() == (value == "Read"),
        // None of the calls that the emulator knows counts as sensitive.
        _ => value != "True",
    }
}

fn moment(request: &Request<'_>, name: &str, or: OffsetDateTime) -> Result<OffsetDateTime, Refusal> {
    request.given(name).map_or(Ok(or), |text| parse_iso8601(text).ok_or_else(|| wrong(name)))
}

pub(super) fn act(request: &mut Request<'_>) -> Answer {
    let attributes = request.repeated_objects("LookupAttribute", ["Key", "Value"]);
    let combination =
        || Refusal::front(400, "InvalidParameterCombination", "One lookup attribute at most can be given.");
    let attribute = match attributes.as_slice() {
        [] => None,
        [[Some(key), Some(value)]] if ATTRIBUTES.contains(key) => Some((*key, *value)),
        [_] => return Err(wrong("LookupAttribute")),
        _ => return Err(combination()),
    };
    let end = moment(request, "EndTime", request.now)?;
    let start = moment(request, "StartTime", request.now - Duration::days(7))?;
    if start > end {
        return Err(wrong("StartTime"));
    }
    let size = request.count("MaxResults", 20, 50, wrong)?;
    let forward = match request.given("Direction") {
        None | Some("BACKWARD") => false,
        Some("FORWARD") => true,
        Some(_) => return Err(wrong("Direction")),
    };
    let state = request.state();
    let mut events: Vec<Value> = state
        .trail
        .events
        .iter()
        .filter(|event| (start..=end).contains(&event.at))
        .filter(|event| attribute.is_none_or(|(key, value)| has(event, key, value)))
        .map(|event| event.written(&state.account_id, &state.region))
        .collect();
    if !forward {
        events.reverse();
    }
    let (shown, next) = request.after_token(events, size, wrong)?;
    let mut answer = json!({"Events": shown, "StartTime": iso8601(start), "EndTime": iso8601(end)});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}
