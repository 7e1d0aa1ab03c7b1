//! STS: a cloud service to use an AccessKey on. Only `GetCallerIdentity` (2015-04-01).

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::authentication::{Caller, authenticate, claimed_access_key};
use crate::call::{Call, Outcome, Success};
use crate::document::Format;
use crate::refusal::Refusal;
use crate::state::State;

pub(crate) fn answer(state: &mut State, call: &Call, now: OffsetDateTime, request_id: &str) -> Outcome {
    let access_key_id = claimed_access_key(call).map(str::to_owned);
    let result = get_caller_identity(state, call, now).map(|mut fields| {
        fields.insert("RequestId".to_owned(), json!(request_id));
        let format = Format::of(call);
        Success {
            content_type: format.content_type(),
            body: format.write("GetCallerIdentityResponse", &fields),
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

fn get_caller_identity(
    state: &mut State,
    call: &Call,
    now: OffsetDateTime,
) -> Result<Map<String, Value>, Refusal> {
    let caller = authenticate(state, call, "2015-04-01", now)?;
    if call.action != "GetCallerIdentity" {
        return Err(Refusal::front(
            404,
            "InvalidAction.NotFound",
            "Specified api is not found, please check your url and method.",
        ));
    }
    let user = match &caller {
        Caller::User(name) => state.users.get(name),
        // A ClientKey is known to KMS alone.
        Caller::ClientKey(_) => None,
    };
    let Some(user) = user else {
        return Err(Refusal::front(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found."));
    };
    let account = &state.account_id;
    let fields = json!({
        "IdentityType": "RAMUser",
        "AccountId": account,
        "UserId": user.id,
        "PrincipalId": user.id,
        "Arn": format!("acs:ram::{account}:user/{}", user.name),
    });
    match fields {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}
