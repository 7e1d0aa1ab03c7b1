//! ActionTrail, version 2020-07-06: who used an AccessKey, from where and for what. The real one is hours late; this one is not.

mod last_used;
mod lookup;
pub(crate) mod trail;

use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::rpc::no_such_action;

type Handler = fn(&mut Request<'_>) -> Answer;

fn handler(action: &str) -> Option<Handler> {
    Some(match action {
        "GetAccessKeyLastUsedInfo" => last_used::info,
        "GetAccessKeyLastUsedProducts" => last_used::products,
        "GetAccessKeyLastUsedEvents" => last_used::events,
        "GetAccessKeyLastUsedIps" => last_used::ips,
        "GetAccessKeyLastUsedResources" => last_used::resources,
        "LookupEvents" => lookup::act,
        _ => return None,
    })
}

pub(crate) fn knows(action: &str) -> bool {
    handler(action).is_some()
}

pub(crate) fn act(request: &mut Request<'_>) -> Answer {
    let known = handler(request.action()).ok_or_else(no_such_action)?;
    request.authorize("actiontrail")?;
    known(request)
}

fn wrong_query(name: &str) -> Refusal {
    Refusal::front(
        400,
        "InvalidQueryParameter",
        format!("The specified query parameter {name} is not valid."),
    )
}
