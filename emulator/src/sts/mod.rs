//! STS, version 2015-04-01: tokens for RAM roles, and a service to try an AccessKey on.

mod assume_role;
mod assume_role_with_oidc;
mod caller_identity;

use crate::clock::iso8601;
use crate::ram::sts_token::StsToken;
use crate::request::{Answer, Request};
use crate::rpc::no_such_action;
use crate::state::State;
use serde_json::{Map, Value, json};

pub(crate) use assume_role_with_oidc::act as assume_role_with_oidc;

pub(crate) const WITH_OIDC: &str = "AssumeRoleWithOIDC";

pub(crate) fn knows(action: &str) -> bool {
    ["GetCallerIdentity", "AssumeRole", WITH_OIDC].contains(&action)
}

pub(crate) fn act(request: &mut Request<'_>) -> Answer {
    match request.action() {
        "GetCallerIdentity" => caller_identity::act(request.state(), &request.caller).map(Value::Object),
        "AssumeRole" => assume_role::act(request).map(Value::Object),
        _ => Err(no_such_action()),
    }
}

/// What both ways to assume a role answer.
fn assumed(state: &State, token: &StsToken) -> Map<String, Value> {
    let (role, session) = (&token.role, &token.session_name);
    let id = state.roles.get(role).map_or("", |role| role.id.as_str());
    let mut fields = Map::new();
    fields.insert(
        "Credentials".to_owned(),
        json!({
            "AccessKeyId": token.access_key_id,
            "AccessKeySecret": token.access_key_secret,
            "SecurityToken": token.security_token,
            "Expiration": iso8601(token.expiration),
        }),
    );
    fields.insert(
        "AssumedRoleUser".to_owned(),
        json!({
            "Arn": format!("{}/{session}", state.role_arn(role)),
            "AssumedRoleId": format!("{id}:{session}"),
        }),
    );
    fields
}
