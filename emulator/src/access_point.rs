//! Application access points: which ClientKey may read what, and from where.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Where a permission policy holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The shared gateway.
    Shared,
    /// The gateway of the instance with this id.
    Instance(String),
}

/// The permission templates that KMS offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Reading secrets through the shared gateway.
    SecretUser,
    /// Reading secrets through the instance gateway.
    CryptoServiceSecretUser,
    /// Using keys through the instance gateway; reading a secret needs its encryption key too.
    CryptoServiceKeyUser,
}

/// A permission policy of an application access point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionPolicy {
    /// Where it holds.
    pub scope: Scope,
    /// What it allows.
    pub roles: Vec<Role>,
    /// The secrets it covers; `*` covers all, and `db/*` those whose names begin so.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// The keys it covers, in the same way.
    #[serde(default)]
    pub keys: Vec<String>,
    /// The source networks it covers, like `10.0.0.0/8`; none means any.
    #[serde(default)]
    pub sources: Vec<IpNet>,
}

/// An application access point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessPoint {
    /// Its name.
    pub name: String,
    /// What its ClientKeys may do.
    pub policies: Vec<PermissionPolicy>,
}

/// What an application access point forbids.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Forbidden {
    Operation,
    Key,
}

impl AccessPoint {
    /// Whether a ClientKey of this access point may read `secret`, which is encrypted with `key`.
    pub(crate) fn may_read(
        &self,
        scope: &Scope,
        source: IpAddr,
        secret: &str,
        key: Option<&str>,
    ) -> Result<(), Forbidden> {
        let here = || {
            self.policies.iter().filter(|policy| {
                policy.scope == *scope
                    && (policy.sources.is_empty()
                        || policy.sources.iter().any(|network| network.contains(&source)))
            })
        };
        let role = match scope {
            Scope::Shared => Role::SecretUser,
            Scope::Instance(_) => Role::CryptoServiceSecretUser,
        };
        if !here().any(|policy| policy.roles.contains(&role) && covers(&policy.secrets, secret)) {
            return Err(Forbidden::Operation);
        }
        let (Scope::Instance(_), Some(key)) = (scope, key) else {
            return Ok(());
        };
        if here()
            .any(|policy| policy.roles.contains(&Role::CryptoServiceKeyUser) && covers(&policy.keys, key))
        {
            Ok(())
        } else {
            Err(Forbidden::Key)
        }
    }
}

fn covers(list: &[String], name: &str) -> bool {
    list.iter().any(|one| match one.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => one == name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(scope: Scope, roles: Vec<Role>) -> AccessPoint {
        AccessPoint {
            name: "a".into(),
            policies: vec![PermissionPolicy {
                scope,
                roles,
                secrets: vec!["s".into()],
                keys: vec!["k".into()],
                sources: vec!["10.0.0.0/8".parse().unwrap()],
            }],
        }
    }

    #[test]
    fn every_part_of_a_policy_counts() {
        let inside: IpAddr = "10.1.2.3".parse().unwrap();
        let outside: IpAddr = "127.0.0.1".parse().unwrap();
        let shared = point(Scope::Shared, vec![Role::SecretUser]);
        assert_eq!(shared.may_read(&Scope::Shared, inside, "s", Some("k")), Ok(()));
        let refused = Err(Forbidden::Operation);
        assert_eq!(shared.may_read(&Scope::Shared, outside, "s", None), refused);
        assert_eq!(shared.may_read(&Scope::Shared, inside, "t", None), refused);
        let instance = Scope::Instance("kst-1".into());
        assert_eq!(shared.may_read(&instance, inside, "s", None), refused);

        let secret_only = point(instance.clone(), vec![Role::CryptoServiceSecretUser]);
        assert_eq!(secret_only.may_read(&instance, inside, "s", Some("k")), Err(Forbidden::Key));
        let both = point(instance.clone(), vec![Role::CryptoServiceSecretUser, Role::CryptoServiceKeyUser]);
        assert_eq!(both.may_read(&instance, inside, "s", Some("k")), Ok(()));
        assert_eq!(both.may_read(&instance, inside, "s", Some("other")), Err(Forbidden::Key));
    }

    #[test]
    fn a_star_stands_for_any_ending() {
        let list = ["db/*".to_owned(), "one".to_owned()];
        for name in ["db/", "db/x", "one"] {
            assert!(covers(&list, name), "{name}");
        }
        for name in ["db", "ones", "a/db/x", ""] {
            assert!(!covers(&list, name), "{name}");
        }
        assert!(covers(&["*".to_owned()], "anything"));
    }
}
