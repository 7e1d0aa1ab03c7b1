//! ActionTrail 2020-07-06: who still uses an AccessKey. Hours late, and up to 400 days back.

use serde::Deserialize;

use super::Product::ActionTrail;
use super::answers::{listed, number};
use super::{Action, Request, actions};

actions! {
    LAST_USED = Action::read(ActionTrail, "GetAccessKeyLastUsedInfo", &["AccessKey*"]);
    LAST_USED_PRODUCTS = Action::read(ActionTrail, "GetAccessKeyLastUsedProducts", &["AccessKey*"]);
    LAST_USED_IPS = Action::read(ActionTrail, "GetAccessKeyLastUsedIps", &["AccessKey*", "ServiceName*", "PageSize*", "NextToken"]);
    LAST_USED_EVENTS = Action::read(ActionTrail, "GetAccessKeyLastUsedEvents", &["AccessKey*", "ServiceName*", "PageSize*", "NextToken"]);
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
pub(crate) struct LastUsed {
    pub(crate) user_name: String,
    pub(crate) service_name: String,
    #[serde(deserialize_with = "number")]
    pub(crate) used_timestamp: u64,
}

pub(crate) fn last_used(access_key: &str) -> Request<LastUsed> {
    Request::of(&LAST_USED).with("AccessKey", access_key)
}

/// A service, an address or an event, and when it was last.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Use {
    pub(crate) service_name: String,
    pub(crate) ip: String,
    pub(crate) event_name: String,
    /// Milliseconds.
    #[serde(deserialize_with = "number")]
    pub(crate) used_timestamp: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Uses {
    #[serde(default, deserialize_with = "listed")]
    products: Vec<Use>,
    #[serde(default, deserialize_with = "listed")]
    ips: Vec<Use>,
    #[serde(default, deserialize_with = "listed")]
    events: Vec<Use>,
    #[serde(default)]
    pub(crate) next_token: Option<String>,
}

impl Uses {
    pub(crate) fn all(&self) -> Vec<Use> {
        [&self.products, &self.ips, &self.events].into_iter().flatten().cloned().collect()
    }
}

pub(crate) fn last_used_products(access_key: &str) -> Request<Uses> {
    Request::of(&LAST_USED_PRODUCTS).with("AccessKey", access_key)
}

pub(crate) fn last_used_ips(access_key: &str, service: &str, next: Option<&str>) -> Request<Uses> {
    in_service(Request::of(&LAST_USED_IPS), access_key, service, next)
}

pub(crate) fn last_used_events(access_key: &str, service: &str, next: Option<&str>) -> Request<Uses> {
    in_service(Request::of(&LAST_USED_EVENTS), access_key, service, next)
}

fn in_service(request: Request<Uses>, access_key: &str, service: &str, next: Option<&str>) -> Request<Uses> {
    request
        .with("AccessKey", access_key)
        .with("ServiceName", service)
        .with("PageSize", 100)
        .maybe("NextToken", next)
}
