//! KMS, version 2016-01-20. The shared gateway takes it from all; instances take the reading of secrets from all but
//! ClientKeys, for which they have their own protocol.

mod access_points;
mod client_keys;
pub(crate) mod instances;
pub(crate) mod keys;
mod named_access_points;
mod network_rules;
mod parameters;
mod policies;
mod ram_secrets;
mod secret_calls;
mod secret_deletion;
mod secret_lists;
mod secret_policy;
mod secret_rotation;
mod secret_values;
mod secret_versions;
mod tags;

pub(crate) use named_access_points::{NamedAccessPoint, NamedPolicy, NetworkRule, network};

use serde_json::{Value, json};

use crate::access_point::Forbidden;
use crate::authentication::{Caller, unknown_access_key};
use crate::endpoint::Endpoint;
use crate::refusal::Refusal;
use crate::region::is_region_id;
use crate::request::{Answer, Request};
use crate::rpc::no_such_action;

/// The regions in which the emulator's KMS claims to be open.
const REGIONS: [&str; 4] = ["cn-hangzhou", "cn-shanghai", "cn-beijing", "ap-southeast-1"];

type Handler = fn(&mut Request<'_>) -> Answer;

/// The calls that only GET takes.
const BY_GET: [&str; 2] = ["GetClientKey", "ListClientKeys"];
/// The calls that only POST takes.
const BY_POST: [&str; 2] = ["ConnectKmsInstance", "SetSecretPolicy"];

fn handler(action: &str) -> Option<Handler> {
    Some(match action {
        "CreateNetworkRule" => network_rules::create,
        "DescribeNetworkRule" => network_rules::describe,
        "ListNetworkRules" => network_rules::list,
        "UpdateNetworkRule" => network_rules::update,
        "DeleteNetworkRule" => network_rules::delete,
        "CreatePolicy" => policies::create,
        "DescribePolicy" => policies::describe,
        "ListPolicies" => policies::list,
        "UpdatePolicy" => policies::update,
        "DeletePolicy" => policies::delete,
        "CreateApplicationAccessPoint" => access_points::create,
        "DescribeApplicationAccessPoint" => access_points::describe,
        "ListApplicationAccessPoints" => access_points::list,
        "UpdateApplicationAccessPoint" => access_points::update,
        "DeleteApplicationAccessPoint" => access_points::delete,
        "CreateClientKey" => client_keys::create,
        "GetClientKey" => client_keys::get,
        "ListClientKeys" => client_keys::list,
        "DeleteClientKey" => client_keys::delete,
        "ListKmsInstances" => instances::list,
        "GetKmsInstance" => instances::get,
        "GetDefaultKmsInstance" => instances::get_default,
        "GetKmsInstanceQuotaInfos" => instances::quota,
        "ConnectKmsInstance" => instances::connect,
        "ReleaseKmsInstance" => instances::release,
        "UpdateKmsInstance" => instances::update,
        "UpdateKmsInstanceBindVpc" => instances::bind_vpcs,
        "OpenKmsService" => open_service,
        "DescribeAccountKmsStatus" => account_status,
        "DescribeRegions" => regions,
        "CreateKey" => keys::create,
        "DescribeKey" => keys::describe,
        "ListKeys" => keys::list,
        "EnableKey" => keys::enable,
        "DisableKey" => keys::disable,
        "ScheduleKeyDeletion" => keys::schedule_deletion,
        "CancelKeyDeletion" => keys::cancel_deletion,
        "SetDeletionProtection" => keys::protect,
        "CreateSecret" => secret_calls::create,
        "DescribeSecret" => secret_calls::describe,
        "UpdateSecret" => secret_calls::update,
        "ListSecrets" => secret_lists::secrets,
        "ListSecretVersionIds" => secret_lists::versions,
        "GetSecretValue" => secret_values::get,
        "BatchGetSecretValue" => secret_values::get_batch,
        "PutSecretValue" => secret_versions::put,
        "UpdateSecretVersionStage" => secret_versions::move_stage,
        "RotateSecret" => secret_rotation::rotate,
        "UpdateSecretRotationPolicy" => secret_rotation::set_policy,
        "DeleteSecret" => secret_deletion::delete,
        "RestoreSecret" => secret_deletion::restore,
        "GetSecretPolicy" => secret_policy::get,
        "SetSecretPolicy" => secret_policy::set,
        "TagResource" => tags::tag,
        "UntagResource" => tags::untag,
        "ListResourceTags" => tags::list_of_key,
        "TagResources" => tags::tag_many,
        "UntagResources" => tags::untag_many,
        "ListTagResources" => tags::list,
        _ => return None,
    })
}

pub(crate) fn knows(action: &str) -> bool {
    handler(action).is_some()
}

pub(crate) fn act(request: &mut Request<'_>) -> Answer {
    let action = request.action();
    let known = handler(action);
    if matches!(request.call.endpoint, Endpoint::Instance(_)) {
        if matches!(request.caller, Caller::ClientKey(_)) {
            return Err(unknown_access_key());
        }
        if known.is_some() && action != "GetSecretValue" {
            return Err(Refusal::service(400, "UnsupportedOperation", "This operation is not supported."));
        }
    }
    if request.call.parameter("RegionId").is_some_and(|region| !is_region_id(region)) {
        return Err(Refusal::front(
            404,
            "InvalidRegionId.NotFound",
            "The specified RegionId does not exist.",
        ));
    }
    let known = known.ok_or_else(no_such_action)?;
    let method = request.call.method.as_str();
    if (BY_GET.contains(&action) && method != "GET") || (BY_POST.contains(&action) && method != "POST") {
        return Err(Refusal::wrong_method());
    }
    known(request)
}

impl Request<'_> {
    /// Lets those pass whom RAM allows the call; a ClientKey may only read secrets' values.
    fn permit(&self, resource: &str) -> Result<(), Refusal> {
        let action = format!("kms:{}", self.action());
        if self.permits(&action, &self.arn(resource)) {
            Ok(())
        } else {
            Err(Refusal::forbidden(&Forbidden::Operation, ""))
        }
    }

    /// The full name of a thing of KMS in the caller's account.
    fn arn(&self, resource: &str) -> String {
        self.state().kms_arn(resource)
    }
}

fn open_service(request: &mut Request<'_>) -> Answer {
    request.permit("*")?;
    Err(Refusal::service(409, "Forbidden.Opened", "The KMS service has been opened already."))
}

fn account_status(request: &mut Request<'_>) -> Answer {
    request.permit("*")?;
    Ok(json!({"AccountStatus": "Enabled"}))
}

fn regions(request: &mut Request<'_>) -> Answer {
    request.permit("*")?;
    let own = request.state().region.clone();
    let others = REGIONS.iter().filter(|one| **one != own).map(|one| (*one).to_owned());
    let regions: Vec<Value> =
        std::iter::once(own.clone()).chain(others).map(|region| json!({"RegionId": region})).collect();
    Ok(json!({"Regions": {"Region": regions}}))
}
