//! STS, version 2015-04-01: tokens for RAM roles, and a service to try an AccessKey on.

mod assume_role;
mod assume_role_with_oidc;
mod caller_identity;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::authentication::{authenticate, claimed_access_key};
use crate::call::{Call, Outcome, Success};
use crate::clock::iso8601;
use crate::document::Format;
use crate::journal::What;
use crate::ram::sts_token::StsToken;
use crate::refusal::Refusal;
use crate::state::State;

const VERSION: &str = "2015-04-01";

pub(crate) fn answer(
    state: &mut State,
    call: &Call,
    now: OffsetDateTime,
    request_id: &str,
    happened: &mut Vec<(OffsetDateTime, What)>,
) -> Outcome {
    let access_key_id = claimed_access_key(call).map(str::to_owned);
    let result = act(state, call, now, happened).map(|mut fields| {
        fields.insert("RequestId".to_owned(), json!(request_id));
        let format = Format::of(call);
        Success {
            content_type: format.content_type(),
            body: format.write(&format!("{}Response", call.action), &fields),
            version_id: None,
        }
    });
    Outcome { access_key_id, result }
}

pub(crate) fn write_refusal(call: &Call, refusal: &Refusal, request_id: &str) -> (&'static str, Vec<u8>) {
    let format = Format::of(call);
    let mut fields = Map::new();
    fields.insert("RequestId".to_owned(), json!(request_id));
    fields.insert("HostId".to_owned(), json!(call.host));
    fields.insert("Code".to_owned(), json!(refusal.code));
    fields.insert("Message".to_owned(), json!(refusal.message));
    (format.content_type(), format.write("Error", &fields))
}

fn act(
    state: &mut State,
    call: &Call,
    now: OffsetDateTime,
    happened: &mut Vec<(OffsetDateTime, What)>,
) -> Result<Map<String, Value>, Refusal> {
    // The token that it brings is all the proof that it needs.
    if call.action == "AssumeRoleWithOIDC" {
        return assume_role_with_oidc::act(state, call, now, happened);
    }
    let caller = authenticate(state, call, VERSION, now)?;
    match call.action.as_str() {
        "GetCallerIdentity" => caller_identity::act(state, &caller),
        "AssumeRole" => assume_role::act(state, call, &caller, now, happened),
        _ => Err(Refusal::front(
            404,
            "InvalidAction.NotFound",
            "Specified api is not found, please check your url and method.",
        )),
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
