//! The part of the admin interface about RAM, STS and the metadata service.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{Answer, Failure, Query, done, read};
use crate::clock::iso8601;
use crate::control::Control;
use crate::metadata::MetadataMode;
use crate::ram::trust::TrustPolicy;

/// Answers what is about identities; none if the request is about something else.
pub(super) fn route(
    control: &Control,
    method: &str,
    path: &str,
    query: &Query,
    body: &[u8],
) -> Option<Answer> {
    let change_named = |change: &dyn Fn(&str) -> Answer| query.needed("name").and_then(change);
    Some(match (method, path) {
        ("PUT", "/users") => change_named(&|name| {
            let Policies { policies } = read(body)?;
            done(control.world.change(|state, _, _| state.set_user_policies(name, &policies)))
        }),
        ("GET", "/policies") => Ok(control
            .world
            .read(|state, _| json!({"policies": state.policies.values().collect::<Vec<_>>()}))),
        ("PUT", "/policies") => read(body).and_then(|policy: PutPolicy| {
            let document = text_of(policy.document);
            done(control.world.change(|state, _, _| state.put_policy(&policy.name, &document)))
        }),
        ("DELETE", "/policies") => {
            change_named(&|name| done(control.world.change(|state, _, _| state.delete_policy(name))))
        }
        ("GET", "/roles") => Ok(roles(control)),
        ("POST", "/roles") => read(body).and_then(|role| create_role(control, role)),
        ("PUT", "/roles") => change_named(&|name| edit_role(control, name, read(body)?)),
        ("DELETE", "/roles") => {
            change_named(&|name| done(control.world.change(|state, _, _| state.delete_role(name))))
        }
        ("GET", "/sts-tokens") => Ok(sts_tokens(control)),
        ("POST", "/sts-tokens") => read(body).and_then(|what| issue_sts_token(control, what)),
        ("DELETE", "/sts-tokens") => done(control.expire_sts_tokens(query.named("role"))),
        ("GET", "/oidc-provider") => oidc_provider(control),
        ("PUT", "/oidc-provider") => read(body).and_then(|what| edit_oidc_provider(control, what)),
        ("POST", "/oidc-tokens") => read(body).and_then(|what| sign_oidc_token(control, what)),
        ("GET", "/metadata") => Ok(metadata(control)),
        ("PUT", "/metadata") => read(body).and_then(|what| set_metadata(control, what)),
        _ => return None,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policies {
    policies: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutPolicy {
    name: String,
    document: Value,
}

/// A document as JSON, or as text that holds JSON.
fn text_of(document: Value) -> String {
    match document {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Role {
    name: Option<String>,
    trust: Option<Value>,
    policies: Option<Vec<String>>,
    max_session_seconds: Option<u32>,
}

fn roles(control: &Control) -> Value {
    control.world.read(|state, _| {
        let list: Vec<Value> = state
            .roles
            .values()
            .map(|role| {
                json!({
                    "name": role.name,
                    "id": role.id,
                    "arn": state.role_arn(&role.name),
                    "trust": serde_json::from_str::<Value>(role.trust.as_str()).ok(),
                    "policies": role.policies,
                    "maxSessionSeconds": role.max_session_seconds,
                    "created": iso8601(role.created),
                })
            })
            .collect();
        json!({"roles": list})
    })
}

fn create_role(control: &Control, what: Role) -> Answer {
    let (Some(name), Some(trust)) = (what.name, what.trust) else {
        return Err(Failure::new(400, "a role needs a name and a trust policy"));
    };
    let trust = TrustPolicy::document(text_of(trust));
    let policies = what.policies.unwrap_or_default();
    let longest = what.max_session_seconds.map(|seconds| Duration::from_secs(seconds.into()));
    control
        .world
        .change(|state, now, _| {
            let arn = state.role_arn(&name);
            let role = state.create_role(&name, &trust, &policies, longest, now)?;
            Ok(json!({"name": role.name, "id": role.id, "arn": arn}))
        })
        .map_err(Failure::from)
}

fn edit_role(control: &Control, name: &str, what: Role) -> Answer {
    if what.name.is_some() {
        return Err(Failure::new(400, "a role keeps its name"));
    }
    done(control.world.change(|state, _, _| {
        state.edit_role(name, |role| {
            if let Some(trust) = what.trust {
                role.trust = TrustPolicy::document(text_of(trust));
            }
            if let Some(policies) = what.policies {
                role.policies = policies;
            }
            if let Some(seconds) = what.max_session_seconds {
                role.max_session_seconds = seconds.into();
            }
        })
    }))
}

fn sts_tokens(control: &Control) -> Value {
    control.world.read(|state, _| {
        let list: Vec<Value> = state
            .sts_tokens
            .values()
            .map(|token| {
                json!({
                    "accessKeyId": token.access_key_id,
                    "role": token.role,
                    "sessionName": token.session_name,
                    "issued": iso8601(token.issued),
                    "expiration": iso8601(token.expiration),
                })
            })
            .collect();
        json!({"stsTokens": list})
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct IssueStsToken {
    role: String,
    session_name: Option<String>,
    duration_seconds: Option<u32>,
}

fn issue_sts_token(control: &Control, what: IssueStsToken) -> Answer {
    let duration = Duration::from_secs(what.duration_seconds.unwrap_or(3600).into());
    let session_name = what.session_name.unwrap_or_else(|| "emulator".to_owned());
    let token = control.issue_sts_token(&what.role, &session_name, duration)?;
    Ok(json!({
        "accessKeyId": token.access_key_id,
        "accessKeySecret": token.access_key_secret,
        "securityToken": token.security_token,
        "expiration": iso8601(token.expiration),
    }))
}

fn oidc_provider(control: &Control) -> Answer {
    let arn = control.oidc_provider_arn()?;
    let provider =
        control.world.read(|state, _| state.oidc_issuer().map(|issuer| issuer.provider.clone()))?;
    Ok(json!({
        "name": provider.name,
        "arn": arn,
        "issuer": provider.issuer,
        "clientIds": provider.client_ids,
        "fingerprints": provider.fingerprints,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EditOidcProvider {
    issuer: Option<String>,
    client_ids: Option<Vec<String>>,
    fingerprints: Option<Vec<String>>,
}

fn edit_oidc_provider(control: &Control, what: EditOidcProvider) -> Answer {
    done(control.edit_oidc_provider(|provider| {
        if let Some(issuer) = what.issuer {
            provider.issuer = issuer;
        }
        if let Some(client_ids) = what.client_ids {
            provider.client_ids = client_ids;
        }
        if let Some(fingerprints) = what.fingerprints {
            provider.fingerprints = fingerprints;
        }
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct OidcToken {
    issuer: Option<String>,
    subject: Option<String>,
    audience: Option<String>,
    /// Negative for one that has expired.
    lifetime_seconds: Option<i32>,
}

fn sign_oidc_token(control: &Control, what: OidcToken) -> Answer {
    let token = control.world.read(|state, now| {
        let mut claims = state.oidc_claims(now)?;
        if let Some(issuer) = what.issuer {
            claims.issuer = issuer;
        }
        if let Some(subject) = what.subject {
            claims.subject = subject;
        }
        if let Some(audience) = what.audience {
            claims.audience = audience;
        }
        if let Some(seconds) = what.lifetime_seconds {
            claims.expires = now + time::Duration::seconds(seconds.into());
        }
        state.oidc_issuer()?.sign(&claims)
    })?;
    Ok(json!({"token": token}))
}

fn metadata(control: &Control) -> Value {
    control.world.read(|state, _| {
        json!({
            "role": state.metadata.role,
            "mode": state.metadata.mode,
            "sessionSeconds": state.metadata.session_seconds,
        })
    })
}

/// Tells a field that is null from one that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SetMetadata {
    #[serde(default, deserialize_with = "present")]
    role: Option<Option<String>>,
    mode: Option<MetadataMode>,
    session_seconds: Option<u32>,
}

fn set_metadata(control: &Control, what: SetMetadata) -> Answer {
    done(control.world.change(|state, _, _| {
        if let Some(role) = &what.role {
            state.bind_instance_role(role.as_deref())?;
        }
        if let Some(seconds) = what.session_seconds {
            state.set_instance_session(Duration::from_secs(seconds.into()))?;
        }
        if let Some(mode) = what.mode {
            state.metadata.mode = mode;
        }
        Ok(())
    }))
}
