//! Network rules, permission policies and application access points, each with a name, as the OpenAPI knows them. What they
//! say together is worked out into the [`AccessPoint`]s that the gateways go by.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::access_point::{AccessPoint, PermissionPolicy, Role, Scope};
use crate::state::State;

const TEMPLATE: &str = "RbacPermission/Template/";
const SHARED: &str = "shared";

/// Source addresses.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct NetworkRule {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) description: String,
    /// As they were written: networks and single addresses.
    pub(crate) sources: Vec<String>,
}

/// What is allowed, and where.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct NamedPolicy {
    pub(crate) name: String,
    pub(crate) description: String,
    /// An instance's id, or `shared`.
    pub(crate) scope: String,
    pub(crate) permissions: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) network_rules: Vec<String>,
}

/// Which policies a ClientKey is subject to.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct NamedAccessPoint {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) policies: Vec<String>,
}

pub(crate) fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

pub(crate) fn role(permission: &str) -> Option<Role> {
    match permission.strip_prefix(TEMPLATE)? {
        "SecretUser" => Some(Role::SecretUser),
        "CryptoServiceSecretUser" => Some(Role::CryptoServiceSecretUser),
        "CryptoServiceKeyUser" => Some(Role::CryptoServiceKeyUser),
        _ => None,
    }
}

/// Whether a scope has this permission: one is about the shared gateway, the others about instances.
pub(crate) fn fits(role: Role, scope: &str) -> bool {
    (role == Role::SecretUser) == (scope == SHARED)
}

impl NamedPolicy {
    fn resolved(&self, state: &State) -> PermissionPolicy {
        let named = |kind: &str| {
            self.resources.iter().filter_map(|one| one.strip_prefix(kind)).map(str::to_owned).collect()
        };
        PermissionPolicy {
            scope: match self.scope.as_str() {
                SHARED => Scope::Shared,
                instance => Scope::Instance(instance.to_owned()),
            },
            roles: self.permissions.iter().filter_map(|one| role(one)).collect(),
            secrets: named("secret/"),
            keys: named("key/"),
            sources: self
                .network_rules
                .iter()
                .filter_map(|name| state.network_rules.get(name))
                .flat_map(|rule| rule.sources.iter().filter_map(|text| network(text)))
                .collect(),
        }
    }
}

impl State {
    /// Works out anew what each access point allows, after a rule, a policy or an access point has changed.
    pub(crate) fn resolve_access_points(&mut self) {
        let resolved = self
            .named_access_points
            .values()
            .map(|point| {
                let policies = point
                    .policies
                    .iter()
                    .filter_map(|name| self.permission_policies.get(name))
                    .map(|policy| policy.resolved(self))
                    .collect();
                (point.name.clone(), AccessPoint { name: point.name.clone(), policies })
            })
            .collect();
        self.access_points = resolved;
    }

    /// Gives names to the parts of an access point that was made as a whole, in place of those that it had.
    pub(crate) fn name_parts(&mut self, point: &AccessPoint) {
        let prefix = format!("{}-", point.name);
        let own = |name: &str| {
            name.strip_prefix(&prefix)
                .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()))
        };
        self.permission_policies.retain(|name, _| !own(name));
        self.network_rules.retain(|name, _| !own(name));
        let mut policies = Vec::new();
        for (index, policy) in point.policies.iter().enumerate() {
            let name = format!("{prefix}{}", index + 1);
            let mut network_rules = Vec::new();
            if !policy.sources.is_empty() {
                let rule = NetworkRule {
                    name: name.clone(),
                    kind: "Private".to_owned(),
                    description: String::new(),
                    sources: policy.sources.iter().map(ToString::to_string).collect(),
                };
                self.network_rules.insert(name.clone(), rule);
                network_rules.push(name.clone());
            }
            let resources = |kind: &str, names: &[String]| -> Vec<String> {
                names.iter().map(|name| format!("{kind}/{name}")).collect()
            };
            let named = NamedPolicy {
                name: name.clone(),
                description: String::new(),
                scope: match &policy.scope {
                    Scope::Shared => SHARED.to_owned(),
                    Scope::Instance(id) => id.clone(),
                },
                permissions: policy.roles.iter().map(|role| format!("{TEMPLATE}{role:?}")).collect(),
                resources: [resources("secret", &policy.secrets), resources("key", &policy.keys)].concat(),
                network_rules,
            };
            self.permission_policies.insert(name.clone(), named);
            policies.push(name);
        }
        let named = NamedAccessPoint { name: point.name.clone(), description: String::new(), policies };
        self.named_access_points.insert(point.name.clone(), named);
    }
}
