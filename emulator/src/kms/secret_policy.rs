//! The policy of a secret, by which other accounts may read it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::parameters::missing;
use crate::authentication::Caller;
use crate::ram::condition::{self, Conditions, Context, OneOrMany, matches};
use crate::ram::policy::Effect;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::secrets::Secret;
use crate::state::State;

const LONGEST: usize = 32_768;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Document {
    version: String,
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Statement {
    #[serde(default, rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    principal: Principal,
    action: OneOrMany,
    #[serde(rename = "Resource")]
    _resource: OneOrMany,
    #[serde(default)]
    condition: Conditions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Principal {
    #[serde(rename = "RAM")]
    ram: OneOrMany,
}

fn parse(text: &str) -> Option<Document> {
    let document: Document = serde_json::from_str(text).ok()?;
    let sound = document.version == "1"
        && document.statement.iter().all(|one| {
            condition::check(&one.condition).is_ok()
                && one.action.values().iter().all(|action| action.starts_with("kms:"))
                && one.principal.ram.values().iter().all(|arn| arn.starts_with("acs:ram::"))
        });
    sound.then_some(document)
}

/// The policy's text, if it can be read.
pub(super) fn checked(text: &str) -> Result<String, Refusal> {
    parse(text).map(|_| text.to_owned()).ok_or_else(|| Refusal::invalid_parameter("Policy"))
}

/// Whether the secret's owner lets a caller of another account do this.
pub(super) fn allows(request: &Request<'_>, owner: &State, secret: &Secret, action: &str) -> bool {
    let Some(document) = secret.policy.as_deref().and_then(parse) else { return false };
    let account = &request.state().account_id;
    let mut names = vec![format!("acs:ram::{account}:root"), format!("acs:ram::{account}:*")];
    match &request.caller {
        Caller::User(user) => names.push(format!("acs:ram::{account}:user/{user}")),
        Caller::Role(token) => names.push(request.state().role_arn(&token.role)),
        Caller::Root => {}
        Caller::ClientKey(_) => return false,
    }
    let context = Context::from_source(request.call.source);
    let mut allowed = false;
    for statement in &document.statement {
        let hits = statement.principal.ram.values().iter().any(|one| names.contains(one))
            && statement.action.values().iter().any(|one| matches(one, action))
            && condition::hold(&statement.condition, &context);
        match statement.effect {
            Effect::Deny if hits => return false,
            Effect::Allow if hits => allowed = true,
            _ => {}
        }
    }
    allowed && owner.account_id != *account
}

fn check_name(request: &Request<'_>) -> Result<(), Refusal> {
    match request.given("PolicyName") {
        None | Some("default") => Ok(()),
        Some(_) => Err(Refusal::invalid_parameter("PolicyName")),
    }
}

/// What every secret has until another policy is set: its account decides by RAM.
fn default_policy(state: &State) -> Value {
    let account = &state.account_id;
    json!({
        "Version": "1",
        "Statement": [{
            "Sid": "kms default secret policy",
            "Effect": "Allow",
            "Principal": {"RAM": [format!("acs:ram::{account}:*")]},
            "Action": ["kms:*"],
            "Resource": ["*"],
        }],
    })
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    let name = request.own_secret()?;
    check_name(request)?;
    let state = request.state();
    let policy = state.secrets[&name].policy.clone();
    Ok(json!({"Policy": policy.unwrap_or_else(|| default_policy(state).to_string())}))
}

pub(super) fn set(request: &mut Request<'_>) -> Answer {
    let name = request.own_secret()?;
    check_name(request)?;
    let text = request.text("Policy", LONGEST)?.ok_or_else(|| missing("Policy"))?;
    let policy = checked(text)?;
    let secret = request.secret_mut(&name)?;
    if secret.instance.is_none() {
        return Err(Refusal::service(
            400,
            "UnsupportedOperation",
            "Only the secrets of instances have policies.",
        ));
    }
    secret.policy = Some(policy);
    Ok(json!({}))
}
