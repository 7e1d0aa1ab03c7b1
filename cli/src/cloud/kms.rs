//! KMS 2016-01-20: access.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Product::Kms;
use super::answers::{Done, listed, number, secret_text, strings, text_list};
use super::{Action, Request, actions};

actions! {
    CREATE_NETWORK_RULE = Action::change(Kms, "CreateNetworkRule", &["Name*", "Type*", "SourcePrivateIp*", "Description*"]);
    DESCRIBE_NETWORK_RULE = Action::read(Kms, "DescribeNetworkRule", &["Name*"]);
    UPDATE_NETWORK_RULE = Action::change(Kms, "UpdateNetworkRule", &["Name*", "SourcePrivateIp*"]);
    DELETE_NETWORK_RULE = Action::change(Kms, "DeleteNetworkRule", &["Name*"]);
    CREATE_POLICY = Action::change(Kms, "CreatePolicy", &["Name*", "KmsInstance*", "Permissions*", "Resources*", "AccessControlRules", "Description*"]);
    DESCRIBE_POLICY = Action::read(Kms, "DescribePolicy", &["Name*"]);
    UPDATE_POLICY = Action::change(Kms, "UpdatePolicy", &["Name*", "Permissions*", "Resources*", "AccessControlRules*"]);
    DELETE_POLICY = Action::change(Kms, "DeletePolicy", &["Name*"]);
    CREATE_ACCESS_POINT = Action::change(Kms, "CreateApplicationAccessPoint", &["Name*", "AuthenticationMethod*", "Policies*", "Description*"]);
    DESCRIBE_ACCESS_POINT = Action::read(Kms, "DescribeApplicationAccessPoint", &["Name*"]);
    UPDATE_ACCESS_POINT = Action::change(Kms, "UpdateApplicationAccessPoint", &["Name*", "Policies*"]);
    DELETE_ACCESS_POINT = Action::change(Kms, "DeleteApplicationAccessPoint", &["Name*"]);
    LIST_ACCESS_POINTS = Action::read(Kms, "ListApplicationAccessPoints", &["PageNumber*", "PageSize*"]);
    CREATE_CLIENT_KEY = Action::change(Kms, "CreateClientKey", &["AapName*", "Password*!", "NotBefore*", "NotAfter*"]);
    GET_CLIENT_KEY = Action::read(Kms, "GetClientKey", &["ClientKeyId*"]).by_get();
    LIST_CLIENT_KEYS = Action::read(Kms, "ListClientKeys", &["AapName*"]).by_get();
    DELETE_CLIENT_KEY = Action::change(Kms, "DeleteClientKey", &["ClientKeyId*"]);
}

/// The answers' lists are as long as this at most.
pub(crate) const PAGE: usize = 100;

/// The scope of a policy for the shared gateway.
pub(crate) const SHARED: &str = "shared";

pub(crate) const KEY_USER: &str = "RbacPermission/Template/CryptoServiceKeyUser";
pub(crate) const INSTANCE_SECRET_USER: &str = "RbacPermission/Template/CryptoServiceSecretUser";
pub(crate) const SHARED_SECRET_USER: &str = "RbacPermission/Template/SecretUser";

fn json_list<S: AsRef<str>>(items: &[S]) -> String {
    Value::from(items.iter().map(AsRef::as_ref).collect::<Vec<_>>()).to_string()
}

fn rules_json<S: AsRef<str>>(rules: &[S]) -> String {
    json!({ "NetworkRules": rules.iter().map(AsRef::as_ref).collect::<Vec<_>>() }).to_string()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NetworkRule {
    #[serde(rename = "Type", default)]
    pub(crate) kind: String,
    #[serde(default, deserialize_with = "text_list")]
    pub(crate) source_private_ip: Vec<String>,
}

pub(crate) fn describe_network_rule(name: &str) -> Request<NetworkRule> {
    Request::of(&DESCRIBE_NETWORK_RULE).with("Name", name)
}

/// `Private` is the only type that the API takes.
pub(crate) fn create_network_rule(name: &str, sources: &[String], description: &str) -> Request<Done> {
    Request::of(&CREATE_NETWORK_RULE)
        .with("Name", name)
        .with("Type", "Private")
        .with("SourcePrivateIp", json_list(sources))
        .with("Description", description)
}

pub(crate) fn update_network_rule(name: &str, sources: &[String]) -> Request<Done> {
    Request::of(&UPDATE_NETWORK_RULE).with("Name", name).with("SourcePrivateIp", json_list(sources))
}

pub(crate) fn delete_network_rule(name: &str) -> Request<Done> {
    Request::of(&DELETE_NETWORK_RULE).with("Name", name)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Policy {
    #[serde(default)]
    pub(crate) kms_instance: String,
    #[serde(default, deserialize_with = "text_list")]
    pub(crate) permissions: Vec<String>,
    #[serde(default, deserialize_with = "text_list")]
    pub(crate) resources: Vec<String>,
    #[serde(default)]
    access_control_rules: Value,
}

impl Policy {
    /// The names of its network rules; none: from anywhere.
    pub(crate) fn network_rules(&self) -> Vec<String> {
        let parsed = match &self.access_control_rules {
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            other => other.clone(),
        };
        strings(&parsed["NetworkRules"])
    }
}

pub(crate) fn describe_policy(name: &str) -> Request<Policy> {
    Request::of(&DESCRIBE_POLICY).with("Name", name)
}

/// What an access point's policy says.
pub(crate) struct PolicyText {
    pub(crate) name: String,
    pub(crate) scope: String,
    pub(crate) permissions: Vec<&'static str>,
    pub(crate) resources: Vec<String>,
    pub(crate) rules: Vec<String>,
}

pub(crate) fn create_policy(policy: &PolicyText, description: &str) -> Request<Done> {
    let rules = (!policy.rules.is_empty()).then(|| rules_json(&policy.rules));
    Request::of(&CREATE_POLICY)
        .with("Name", &policy.name)
        .with("KmsInstance", &policy.scope)
        .with("Permissions", json_list(&policy.permissions))
        .with("Resources", json_list(&policy.resources))
        .maybe("AccessControlRules", rules)
        .with("Description", description)
}

pub(crate) fn update_policy(policy: &PolicyText) -> Request<Done> {
    Request::of(&UPDATE_POLICY)
        .with("Name", &policy.name)
        .with("Permissions", json_list(&policy.permissions))
        .with("Resources", json_list(&policy.resources))
        .with("AccessControlRules", rules_json(&policy.rules))
}

pub(crate) fn delete_policy(name: &str) -> Request<Done> {
    Request::of(&DELETE_POLICY).with("Name", name)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccessPoint {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "text_list")]
    pub(crate) policies: Vec<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
}

pub(crate) fn describe_access_point(name: &str) -> Request<AccessPoint> {
    Request::of(&DESCRIBE_ACCESS_POINT).with("Name", name)
}

pub(crate) fn create_access_point(name: &str, policies: &[String], description: &str) -> Request<Done> {
    Request::of(&CREATE_ACCESS_POINT)
        .with("Name", name)
        .with("AuthenticationMethod", "ClientKey")
        .with("Policies", json_list(policies))
        .with("Description", description)
}

pub(crate) fn update_access_point(name: &str, policies: &[String]) -> Request<Done> {
    Request::of(&UPDATE_ACCESS_POINT).with("Name", name).with("Policies", json_list(policies))
}

pub(crate) fn delete_access_point(name: &str) -> Request<Done> {
    Request::of(&DELETE_ACCESS_POINT).with("Name", name)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccessPoints {
    #[serde(default, deserialize_with = "listed")]
    application_access_points: Vec<AccessPoint>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) total_count: u64,
}

impl AccessPoints {
    pub(crate) fn names(&self) -> Vec<String> {
        self.application_access_points.iter().map(|point| point.name.clone()).collect()
    }
}

pub(crate) fn list_access_points(page: usize) -> Request<AccessPoints> {
    Request::of(&LIST_ACCESS_POINTS).with("PageNumber", page).with("PageSize", PAGE)
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ClientKey {
    pub(crate) client_key_id: String,
    #[serde(default)]
    pub(crate) aap_name: String,
    #[serde(default)]
    pub(crate) not_before: String,
    #[serde(default)]
    pub(crate) not_after: String,
    /// The base64 of a PKCS#12; in the answer to its creation only.
    #[serde(default, deserialize_with = "secret_text")]
    pub(crate) private_key_data: Option<zeroize::Zeroizing<String>>,
}

pub(crate) fn create_client_key(
    access_point: &str,
    password: &str,
    not_before: &str,
    not_after: &str,
) -> Request<ClientKey> {
    Request::of(&CREATE_CLIENT_KEY)
        .with("AapName", access_point)
        .with("Password", password)
        .with("NotBefore", not_before)
        .with("NotAfter", not_after)
}

pub(crate) fn get_client_key(id: &str) -> Request<ClientKey> {
    Request::of(&GET_CLIENT_KEY).with("ClientKeyId", id)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ClientKeys {
    #[serde(default, deserialize_with = "listed")]
    client_keys: Vec<ClientKey>,
}

impl ClientKeys {
    pub(crate) fn all(&self) -> Vec<ClientKey> {
        self.client_keys.clone()
    }
}

pub(crate) fn list_client_keys(access_point: &str) -> Request<ClientKeys> {
    Request::of(&LIST_CLIENT_KEYS).with("AapName", access_point)
}

pub(crate) fn delete_client_key(id: &str) -> Request<Done> {
    Request::of(&DELETE_CLIENT_KEY).with("ClientKeyId", id)
}
