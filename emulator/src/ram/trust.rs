//! Trust policies: who may assume a RAM role.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::ram::condition::{self, Conditions, Context, OneOrMany, matches};
use crate::ram::policy::Effect;

/// Who may assume a RAM role: the `AssumeRolePolicyDocument`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrustPolicy(String);

impl TrustPolicy {
    /// Any document; one that cannot be read is refused when a role is to have it.
    pub fn document(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A service may: `ecs.aliyuncs.com` for the role of an ECS instance.
    pub fn service(name: &str) -> Self {
        Self::of(&json!({"Service": [name]}), json!({}))
    }

    /// A RAM user, a RAM role or, with `acs:ram::<account>:root`, all of an account may, if their own policies allow it.
    pub fn ram(arn: &str) -> Self {
        Self::of(&json!({"RAM": [arn]}), json!({}))
    }

    /// Who comes with a token of this OIDC provider that was issued for `audience` and speaks of `subject`, in which `*`
    /// stands for anything.
    pub fn oidc(provider_arn: &str, audience: &str, subject: &str) -> Self {
        Self::of(
            &json!({"Federated": [provider_arn]}),
            json!({"StringEquals": {"oidc:aud": [audience]}, "StringLike": {"oidc:sub": [subject]}}),
        )
    }

    fn of(principal: &serde_json::Value, condition: serde_json::Value) -> Self {
        let mut statement = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal});
        if condition.as_object().is_some_and(|condition| !condition.is_empty()) {
            statement["Condition"] = condition;
        }
        Self(json!({"Version": "1", "Statement": [statement]}).to_string())
    }

    /// The document's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        Document::parse(&self.0).map(|_| ())
    }

    /// Whether any of `candidates`, the names by which the asker is known, may assume the role.
    pub(crate) fn trusts(&self, candidates: &[Principal<'_>], context: &Context) -> bool {
        // Only documents that could be read are ever kept.
        let Ok(document) = Document::parse(&self.0) else { return false };
        let mut trusted = false;
        for statement in &document.statement {
            let hits = candidates.iter().any(|one| statement.principal.has(one))
                && condition::hold(&statement.condition, context);
            match statement.effect {
                Effect::Deny if hits => return false,
                Effect::Allow if hits => trusted = true,
                _ => {}
            }
        }
        trusted
    }
}

/// A name by which somebody may be trusted.
pub(crate) enum Principal<'a> {
    Ram(&'a str),
    Service(&'a str),
    Federated(&'a str),
}

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
    action: OneOrMany,
    principal: Principals,
    #[serde(default)]
    condition: Conditions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Principals {
    #[serde(rename = "RAM")]
    ram: Option<OneOrMany>,
    #[serde(rename = "Service")]
    service: Option<OneOrMany>,
    #[serde(rename = "Federated")]
    federated: Option<OneOrMany>,
}

impl Principals {
    fn has(&self, candidate: &Principal<'_>) -> bool {
        let (list, name) = match candidate {
            Principal::Ram(name) => (&self.ram, name),
            Principal::Service(name) => (&self.service, name),
            Principal::Federated(name) => (&self.federated, name),
        };
        list.as_ref().is_some_and(|list| list.values().iter().any(|one| matches(one, name)))
    }
}

impl Document {
    fn parse(text: &str) -> Result<Self, String> {
        let document: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if document.version != "1" {
            return Err(format!("Version is {:?}: use \"1\"", document.version));
        }
        for statement in &document.statement {
            if statement.action.values() != ["sts:AssumeRole"] {
                return Err("the Action of a trust policy is \"sts:AssumeRole\"".to_owned());
            }
            condition::check(&statement.condition)?;
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whom_it_names_is_trusted() {
        let none = Context::default();
        let root = Principal::Ram("acs:ram::1:root");
        let ecs = Principal::Service("ecs.aliyuncs.com");
        assert!(TrustPolicy::service("ecs.aliyuncs.com").trusts(&[ecs], &none));
        assert!(!TrustPolicy::service("ecs.aliyuncs.com").trusts(&[root], &none));
        let user = [Principal::Ram("acs:ram::1:root"), Principal::Ram("acs:ram::1:user/a")];
        assert!(TrustPolicy::ram("acs:ram::1:root").trusts(&user, &none));
        assert!(TrustPolicy::ram("acs:ram::1:user/a").trusts(&user, &none));
        assert!(!TrustPolicy::ram("acs:ram::1:user/b").trusts(&user, &none));
        assert!(!TrustPolicy::ram("acs:ram::2:root").trusts(&user, &none));

        let oidc = TrustPolicy::oidc("acs:ram::1:oidc-provider/p", "sts.aliyuncs.com", "app:*");
        let provider = [Principal::Federated("acs:ram::1:oidc-provider/p")];
        let claims = |audience: &str, subject: &str| {
            Context::default().with("oidc:aud", audience).with("oidc:sub", subject)
        };
        assert!(oidc.trusts(&provider, &claims("sts.aliyuncs.com", "app:web")));
        assert!(!oidc.trusts(&provider, &claims("other", "app:web")));
        assert!(!oidc.trusts(&provider, &claims("sts.aliyuncs.com", "web")));
        assert!(!oidc.trusts(&[Principal::Federated("acs:ram::1:oidc-provider/q")], &claims("", "")));
    }

    #[test]
    fn what_is_no_trust_policy_is_refused() {
        for text in [
            "",
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Principal": {"RAM": ["x"]}}]}"#,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}"#,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "x"}}]}"#,
        ] {
            assert!(TrustPolicy::document(text).check().is_err(), "{text}");
        }
    }
}
