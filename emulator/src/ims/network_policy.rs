//! From where AccessKeys may be used: policies of single ones, and one of the account for all that have none of their own.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::access_keys;
use super::invalid;
use crate::kms::network;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::state::State;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Document {
    version: Value,
    status: Status,
    statements: Vec<Statement>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum Status {
    Active,
    Inactive,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Type")]
    kind: Kind,
    #[serde(default, rename = "Value")]
    _vpc: Option<String>,
    #[serde(rename = "IPList")]
    networks: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum Kind {
    ClassicWhiteList,
    /// Nobody comes from a VPC here.
    VPCWhiteList,
}

/// The texts of the policies, as they were given.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct NetworkPolicies {
    of_account: Option<String>,
    of_access_keys: std::collections::BTreeMap<String, String>,
}

fn parse(text: &str) -> Option<Document> {
    let document: Document = serde_json::from_str(text).ok()?;
    let sound = (document.version == 1 || document.version == "1")
        && document.statements.iter().all(|one| one.networks.iter().all(|text| network(text).is_some()));
    sound.then_some(document)
}

impl State {
    /// Whether an AccessKey may be used from an address; tokens of STS are not subject to this.
    pub(crate) fn may_be_used_from(&self, access_key_id: &str, source: IpAddr) -> bool {
        let policies = &self.network_policies;
        let text = policies.of_access_keys.get(access_key_id).or(policies.of_account.as_ref());
        let Some(policy) = text.and_then(|text| parse(text)) else { return true };
        policy.status == Status::Inactive
            || access_key_id.starts_with("STS.")
            || policy
                .statements
                .iter()
                .filter(|one| one.kind == Kind::ClassicWhiteList)
                .flat_map(|one| one.networks.iter().filter_map(|text| network(text)))
                .any(|network| network.contains(&source))
    }
}

fn given<'a>(request: &Request<'a>) -> Result<&'a str, Refusal> {
    let text = request.mandatory("AccessKeyPolicy")?;
    if parse(text).is_some() { Ok(text) } else { Err(invalid("AccessKeyPolicy")) }
}

fn absent() -> Refusal {
    Refusal::front(404, "EntityNotExist.AccessKeyPolicy", "The AccessKey policy does not exist.")
}

pub(super) fn set(request: &mut Request<'_>) -> Answer {
    let id = access_keys::asked_key(request)?;
    let text = given(request)?;
    request.state_mut().network_policies.of_access_keys.insert(id.to_owned(), text.to_owned());
    Ok(json!({"AccessKeyId": id, "AccessKeyPolicy": text}))
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    let id = access_keys::asked_key(request)?;
    let text = request.state().network_policies.of_access_keys.get(id).ok_or_else(absent)?;
    Ok(json!({"AccessKeyId": id, "AccessKeyPolicy": text}))
}

pub(super) fn set_for_account(request: &mut Request<'_>) -> Answer {
    let text = given(request)?;
    request.state_mut().network_policies.of_account = Some(text.to_owned());
    Ok(json!({"AccessKeyPolicy": text}))
}

pub(super) fn get_for_account(request: &mut Request<'_>) -> Answer {
    let text = request.state().network_policies.of_account.as_ref().ok_or_else(absent)?;
    Ok(json!({"AccessKeyPolicy": text}))
}
