//! What those may do with a resource with whom it is shared.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::share::{KMS_INSTANCE, VSWITCH, milliseconds};
use super::{invalid, missing, not_exist, own_share};
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

struct Permission {
    name: &'static str,
    resource_type: &'static str,
    version: &'static str,
    is_default: bool,
    actions: &'static [&'static str],
}

const ALL: [Permission; 3] = [
    Permission {
        name: "AliyunRSDefaultPermissionVSwitch",
        resource_type: VSWITCH,
        version: "v1",
        is_default: true,
        actions: &["vpc:DescribeVSwitches", "vpc:DescribeVSwitchAttributes"],
    },
    Permission {
        name: "AliyunRSDefaultPermissionKMSInstance",
        resource_type: KMS_INSTANCE,
        version: "v2",
        is_default: true,
        actions: &["kms:GetKmsInstance", "kms:ListKmsInstances", "kms:CreateKey", "kms:CreateSecret"],
    },
    Permission {
        name: "AliyunRSPermissionKMSInstanceReadWrite",
        resource_type: KMS_INSTANCE,
        version: "v1",
        is_default: false,
        actions: &["kms:GetKmsInstance", "kms:ListKmsInstances", "kms:CreateKey", "kms:CreateSecret"],
    },
];

fn find(name: &str) -> Result<&'static Permission, Refusal> {
    ALL.iter().find(|one| one.name == name).ok_or_else(|| not_exist("Permission"))
}

/// The permissions that a request names; without any, each resource has its type's default.
pub(super) fn asked(request: &Request<'_>) -> Result<Vec<String>, Refusal> {
    let names = request.repeated("PermissionNames");
    for name in &names {
        find(name).map_err(|_| invalid("PermissionNames"))?;
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}

fn written(one: &Permission) -> Value {
    json!({
        "PermissionName": one.name,
        "PermissionVersion": one.version,
        "ResourceType": one.resource_type,
        "DefaultPermission": one.is_default,
        "DefaultVersion": true,
        "CreateTime": milliseconds(OffsetDateTime::UNIX_EPOCH),
        "UpdateTime": milliseconds(OffsetDateTime::UNIX_EPOCH),
    })
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    let kind = request.given("ResourceType");
    let found: Vec<Value> =
        ALL.iter().filter(|one| kind.is_none_or(|kind| kind == one.resource_type)).map(written).collect();
    Ok(json!({"Permissions": found}))
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    let name = request.given("PermissionName").ok_or_else(|| missing("PermissionName"))?;
    let one = find(name)?;
    if request.given("PermissionVersion").is_some_and(|version| version != one.version) {
        return Err(not_exist("Permission"));
    }
    let mut fields = written(one);
    fields["Permission"] = json!(json!({"Effect": "Allow", "Action": one.actions}).to_string());
    Ok(json!({"Permission": fields}))
}

pub(super) fn associate(request: &mut Request<'_>) -> Answer {
    let place = own_share(request)?;
    let name = request.given("PermissionName").ok_or_else(|| missing("PermissionName"))?;
    let new = find(name)?;
    let replace = request.given("Replace").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let share = &mut request.cloud.shares[place];
    let same_type = |one: &String| find(one).is_ok_and(|one| one.resource_type == new.resource_type);
    if share.permissions.iter().any(same_type) && !replace {
        return Err(super::conflict(
            "AssociateConflict",
            "The resource share has a permission for this type of resource already.",
        ));
    }
    share.permissions.retain(|one| !same_type(one));
    share.permissions.push(name.to_owned());
    Ok(json!({}))
}
