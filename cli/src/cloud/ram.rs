//! RAM 2015-05-01: users, AccessKeys, and KMS's service role.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Product::Ram;
use super::answers::{Done, listed, secret_text, text};
use super::{Action, Request, actions};

actions! {
    GET_USER = Action::read(Ram, "GetUser", &["UserName*"]);
    CREATE_USER = Action::change(Ram, "CreateUser", &["UserName*", "Comments*"]);
    LIST_USERS = Action::read(Ram, "ListUsers", &["Marker", "MaxItems*"]);
    CREATE_ACCESS_KEY = Action::change(Ram, "CreateAccessKey", &["UserName*"]);
    LIST_ACCESS_KEYS = Action::read(Ram, "ListAccessKeys", &["UserName*"]);
    DELETE_ACCESS_KEY = Action::change(Ram, "DeleteAccessKey", &["UserName*", "UserAccessKeyId*"]);
    ACCESS_KEY_LAST_USED = Action::read(Ram, "GetAccessKeyLastUsed", &["UserName*", "UserAccessKeyId*"]);
    GET_ROLE = Action::read(Ram, "GetRole", &["RoleName*"]);
    CREATE_ROLE = Action::change(Ram, "CreateRole", &["RoleName*", "AssumeRolePolicyDocument*", "Description*"]);
    GET_POLICY = Action::read(Ram, "GetPolicy", &["PolicyType*", "PolicyName*"]);
    CREATE_RAM_POLICY = Action::change(Ram, "CreatePolicy", &["PolicyName*", "PolicyDocument*", "Description*"]);
    ATTACH_TO_ROLE = Action::change(Ram, "AttachPolicyToRole", &["PolicyType*", "PolicyName*", "RoleName*"]);
    POLICIES_OF_ROLE = Action::read(Ram, "ListPoliciesForRole", &["RoleName*"]);
}

/// What KMS rotates AccessKeys as; newer accounts have the second. The spelling is KMS's.
pub(crate) const SERVICE_ROLES: [&str; 2] =
    ["AliyunKMSManagedRAMCrendentialsRole", "AliyunKMSManageRAMCredentialsRole"];
pub(crate) const SERVICE_POLICY: &str = "AliyunKMSManagedRAMCrendentialsRolePolicy";

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct User {
    pub(crate) user_name: String,
    /// A number that no other user has, of whatever account.
    #[serde(default, deserialize_with = "text")]
    pub(crate) user_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UserAnswer {
    pub(crate) user: User,
}

pub(crate) fn get_user(name: &str) -> Request<UserAnswer> {
    Request::of(&GET_USER).with("UserName", name)
}

pub(crate) fn create_user(name: &str) -> Request<UserAnswer> {
    Request::of(&CREATE_USER).with("UserName", name).with("Comments", "made by kmsak")
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Users {
    #[serde(default, deserialize_with = "listed")]
    users: Vec<User>,
    #[serde(default)]
    is_truncated: Value,
    #[serde(default)]
    marker: Option<String>,
}

impl Users {
    pub(crate) fn all(&self) -> Vec<User> {
        self.users.clone()
    }

    pub(crate) fn next(&self) -> Option<String> {
        let truncated = matches!(&self.is_truncated, Value::Bool(true)) || self.is_truncated == "true";
        self.marker.clone().filter(|marker| truncated && !marker.is_empty())
    }
}

pub(crate) fn list_users(marker: Option<&str>) -> Request<Users> {
    Request::of(&LIST_USERS).maybe("Marker", marker).with("MaxItems", 1000)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NewAccessKey {
    pub(crate) access_key: AccessKey,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccessKey {
    pub(crate) access_key_id: String,
    /// Told once, when it is made.
    #[serde(default, deserialize_with = "secret_text")]
    pub(crate) access_key_secret: Option<zeroize::Zeroizing<String>>,
    #[serde(default)]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) create_date: String,
}

pub(crate) fn create_access_key(user: &str) -> Request<NewAccessKey> {
    Request::of(&CREATE_ACCESS_KEY).with("UserName", user)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccessKeys {
    #[serde(default, deserialize_with = "listed")]
    access_keys: Vec<AccessKey>,
}

impl AccessKeys {
    pub(crate) fn all(&self) -> Vec<AccessKey> {
        self.access_keys.clone()
    }
}

pub(crate) fn list_access_keys(user: &str) -> Request<AccessKeys> {
    Request::of(&LIST_ACCESS_KEYS).with("UserName", user)
}

pub(crate) fn delete_access_key(user: &str, id: &str) -> Request<Done> {
    Request::of(&DELETE_ACCESS_KEY).with("UserName", user).with("UserAccessKeyId", id)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LastUsed {
    #[serde(default)]
    access_key_last_used: Value,
}

impl LastUsed {
    /// None: never.
    pub(crate) fn date(&self) -> Option<String> {
        let date = self.access_key_last_used["LastUsedDate"].as_str()?;
        Some(date.to_owned()).filter(|date| !date.is_empty())
    }
}

pub(crate) fn access_key_last_used(user: &str, id: &str) -> Request<LastUsed> {
    Request::of(&ACCESS_KEY_LAST_USED).with("UserName", user).with("UserAccessKeyId", id)
}

pub(crate) fn get_role(name: &str) -> Request<Done> {
    Request::of(&GET_ROLE).with("RoleName", name)
}

/// A role that KMS may assume.
pub(crate) fn create_service_role(name: &str) -> Request<Done> {
    let trust = json!({
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["kms.aliyuncs.com"]}}],
    });
    Request::of(&CREATE_ROLE)
        .with("RoleName", name)
        .with("AssumeRolePolicyDocument", trust)
        .with("Description", "lets KMS rotate the AccessKeys of RAM users")
}

pub(crate) fn get_policy(kind: &str, name: &str) -> Request<Done> {
    Request::of(&GET_POLICY).with("PolicyType", kind).with("PolicyName", name)
}

/// What KMS needs to rotate AccessKeys.
pub(crate) fn create_service_policy(name: &str) -> Request<Done> {
    let document = json!({
        "Version": "1",
        "Statement": [{
            "Effect": "Allow",
            "Action": ["ram:ListAccessKeys", "ram:CreateAccessKey", "ram:DeleteAccessKey", "ram:UpdateAccessKey"],
            "Resource": "*",
        }],
    });
    Request::of(&CREATE_RAM_POLICY)
        .with("PolicyName", name)
        .with("PolicyDocument", document)
        .with("Description", "lets KMS rotate the AccessKeys of RAM users")
}

pub(crate) fn attach_to_role(kind: &str, policy: &str, role: &str) -> Request<Done> {
    Request::of(&ATTACH_TO_ROLE).with("PolicyType", kind).with("PolicyName", policy).with("RoleName", role)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Policies {
    #[serde(default, deserialize_with = "listed")]
    policies: Vec<AttachedPolicy>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttachedPolicy {
    pub(crate) policy_name: String,
}

impl Policies {
    pub(crate) fn names(&self) -> Vec<String> {
        self.policies.iter().map(|policy| policy.policy_name.clone()).collect()
    }
}

pub(crate) fn policies_of_role(role: &str) -> Request<Policies> {
    Request::of(&POLICIES_OF_ROLE).with("RoleName", role)
}
