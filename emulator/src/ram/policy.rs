//! Policies of RAM: documents that allow and deny actions on resources.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::error::Error;
use crate::ram::condition::{self, Conditions, Context, OneOrMany, matches};
use crate::ram::system_policies;
use crate::state::State;

/// A policy that was made in this account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RamPolicy {
    /// Its name, which no other policy has, nor any system policy.
    pub name: String,
    /// What it says: `{"Version": "1", "Statement": [{"Effect", "Action", "Resource", "Condition"}]}`.
    pub document: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// When it was made through RAM's own API, by the emulator's clock.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub created: Option<OffsetDateTime>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Statement {
    #[serde(default, rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    action: Option<OneOrMany>,
    not_action: Option<OneOrMany>,
    resource: OneOrMany,
    #[serde(default)]
    condition: Conditions,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct PolicyDocument {
    version: String,
    statement: Vec<Statement>,
}

impl PolicyDocument {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let document: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if document.version != "1" {
            return Err(format!("Version is {:?}: use \"1\"", document.version));
        }
        for statement in &document.statement {
            if statement.action.is_some() == statement.not_action.is_some() {
                return Err("each statement has one of Action and NotAction".to_owned());
            }
            condition::check(&statement.condition)?;
        }
        Ok(document)
    }

    /// What it says of `action`, like `kms:GetSecretValue`, on `resource`, like `acs:kms:*:*:secret/name`.
    pub(crate) fn effect(&self, action: &str, resource: &str, context: &Context) -> Option<Effect> {
        let listed = |list: &OneOrMany| {
            let action = action.to_ascii_lowercase();
            list.values().iter().any(|one| matches(&one.to_ascii_lowercase(), &action))
        };
        let mut effect = None;
        for statement in &self.statement {
            let acts = match (&statement.action, &statement.not_action) {
                (Some(list), _) => listed(list),
                (None, Some(list)) => !listed(list),
                (None, None) => false,
            };
            let hits = acts
                && statement.resource.values().iter().any(|one| matches(one, resource))
                && condition::hold(&statement.condition, context);
            match statement.effect {
                Effect::Deny if hits => return Some(Effect::Deny),
                Effect::Allow if hits => effect = Some(Effect::Allow),
                _ => {}
            }
        }
        effect
    }
}

/// Whether these documents together allow it: one does, and none denies it.
pub(crate) fn allowed<'a>(
    documents: impl Iterator<Item = &'a str>,
    action: &str,
    resource: &str,
    context: &Context,
) -> bool {
    let mut allowed = false;
    for document in documents {
        // Only documents that could be read are ever kept.
        let effect =
            PolicyDocument::parse(document).ok().and_then(|one| one.effect(action, resource, context));
        match effect {
            Some(Effect::Deny) => return false,
            Some(Effect::Allow) => allowed = true,
            None => {}
        }
    }
    allowed
}

impl State {
    /// Makes or replaces a policy of one's own.
    pub(crate) fn put_policy(&mut self, name: &str, document: &str) -> Result<(), Error> {
        let plausible = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || name.len() > 128 || !name.chars().all(plausible) {
            return Err(Error::new(format!(
                "{name:?} is no policy name: use 1 to 128 letters, digits and hyphens"
            )));
        }
        if system_policies::document(name).is_some() {
            return Err(Error::new(format!("{name:?} is a system policy: choose another name")));
        }
        PolicyDocument::parse(document)
            .map_err(|why| Error::new(format!("the policy {name:?} cannot be read: {why}")))?;
        let policy = RamPolicy {
            name: name.to_owned(),
            document: document.to_owned(),
            description: String::new(),
            created: None,
        };
        self.policies.insert(name.to_owned(), policy);
        Ok(())
    }

    /// Deletes a policy of one's own; nobody may have it.
    pub(crate) fn delete_policy(&mut self, name: &str) -> Result<(), Error> {
        let users = self.users.values().map(|user| (&user.name, &user.policies));
        let roles = self.roles.values().map(|role| (&role.name, &role.policies));
        let mut holders = users.chain(roles).filter(|(_, policies)| policies.iter().any(|one| one == name));
        if let Some((holder, _)) = holders.next() {
            return Err(Error::new(format!("{holder:?} has the policy {name:?}: take it away first")));
        }
        drop(holders);
        self.policies.remove(name).map(|_| ()).ok_or_else(|| Error::not_found("RAM policy", name))
    }

    pub(crate) fn check_policies(&self, names: &[String]) -> Result<(), Error> {
        match names.iter().find(|name| self.policy_document(name).is_none()) {
            Some(name) => Err(Error::not_found("RAM policy", name)),
            None => Ok(()),
        }
    }

    pub(crate) fn policy_document(&self, name: &str) -> Option<&str> {
        system_policies::document(name)
            .or_else(|| self.policies.get(name).map(|policy| policy.document.as_str()))
    }
}

/// The policies of an account, by name.
pub(crate) type Policies = BTreeMap<String, RamPolicy>;

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(document: &str, action: &str, resource: &str) -> Option<Effect> {
        PolicyDocument::parse(document).unwrap().effect(action, resource, &Context::default())
    }

    #[test]
    fn statements_decide_and_deny_wins() {
        let document = r#"{"Version": "1", "Statement": [
            {"Effect": "Allow", "Action": ["kms:Get*", "kms:describesecret"], "Resource": "acs:kms:*:*:secret/app/*"},
            {"Effect": "Deny", "Action": "kms:*", "Resource": ["acs:kms:*:*:secret/app/root"]},
            {"Effect": "Allow", "NotAction": "kms:*", "Resource": "*"}]}"#;
        let secret = |name: &str| format!("acs:kms:cn-hangzhou:1:secret/{name}");
        assert_eq!(effect(document, "kms:GetSecretValue", &secret("app/db")), Some(Effect::Allow));
        assert_eq!(effect(document, "kms:DescribeSecret", &secret("app/db")), Some(Effect::Allow));
        assert_eq!(effect(document, "kms:GetSecretValue", &secret("app/root")), Some(Effect::Deny));
        assert_eq!(effect(document, "kms:GetSecretValue", &secret("db")), None);
        assert_eq!(effect(document, "kms:ListSecrets", &secret("app/db")), None);
        assert_eq!(effect(document, "sts:AssumeRole", "acs:ram::1:role/x"), Some(Effect::Allow));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for text in [
            "",
            "{}",
            r#"{"Version": "2", "Statement": []}"#,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Resource": "*"}]}"#,
            r#"{"Version": "1", "Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]}"#,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*"}]}"#,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}]}"#,
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Odd": {}}}]}"#,
        ] {
            assert!(PolicyDocument::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_system_policy_can_be_read() {
        for (name, document) in system_policies::ALL {
            assert!(PolicyDocument::parse(document).is_ok(), "{name}");
        }
    }
}
