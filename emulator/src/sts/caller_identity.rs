//! GetCallerIdentity: who signed this request.

use serde_json::{Map, Value, json};

use crate::authentication::{Caller, unknown_access_key};
use crate::refusal::Refusal;
use crate::state::State;

pub(super) fn act(state: &State, caller: &Caller) -> Result<Map<String, Value>, Refusal> {
    let account = &state.account_id;
    let fields = match caller {
        Caller::Root => json!({
            "IdentityType": "Account",
            "AccountId": account,
            "UserId": account,
            "PrincipalId": account,
            "Arn": format!("acs:ram::{account}:root"),
        }),
        Caller::User(name) => {
            let user = state.users.get(name).ok_or_else(unknown_access_key)?;
            json!({
                "IdentityType": "RAMUser",
                "AccountId": account,
                "UserId": user.id,
                "PrincipalId": user.id,
                "Arn": format!("acs:ram::{account}:user/{name}"),
            })
        }
        Caller::Role(token) => {
            let (role, session) = (&token.role, &token.session_name);
            let id = &state.roles.get(role).ok_or_else(unknown_access_key)?.id;
            json!({
                "IdentityType": "AssumedRoleUser",
                "AccountId": account,
                "RoleId": id,
                "UserId": format!("{id}:{session}"),
                "PrincipalId": format!("{id}:{session}"),
                "Arn": format!("acs:ram::{account}:assumed-role/{role}/{session}"),
            })
        }
        // A ClientKey is known to KMS alone.
        Caller::ClientKey(_) => return Err(unknown_access_key()),
    };
    match fields {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}
