//! IMS, version 2019-08-15: users by their principal names, the credential report, from where AccessKeys may be used, and
//! the recycle bin. RAM's policies govern it.

mod access_keys;
pub(crate) mod network_policy;
pub(crate) mod recycle_bin;
pub(crate) mod report;

use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::rpc::{no_such_action, not_authorized};

type Handler = fn(&mut Request<'_>) -> Answer;

fn handler(action: &str) -> Option<Handler> {
    Some(match action {
        "GenerateCredentialReport" => report::generate,
        "GetCredentialReport" => report::get,
        "ListUsers" => access_keys::users,
        "ListAccessKeys" => access_keys::list,
        "GetAccessKeyLastUsed" => access_keys::last_used,
        "SetAccessKeyPolicy" => network_policy::set,
        "GetAccessKeyPolicy" => network_policy::get,
        "SetAccessKeyPolicyForAccount" => network_policy::set_for_account,
        "GetAccessKeyPolicyForAccount" => network_policy::get_for_account,
        "ListAccessKeysInRecycleBin" => recycle_bin::list,
        "GetAccessKeyInfoInRecycleBin" => recycle_bin::get,
        "RestoreAccessKeyFromRecycleBin" => recycle_bin::restore,
        "DeleteAccessKeyInRecycleBin" => recycle_bin::delete,
        _ => return None,
    })
}

pub(crate) fn knows(action: &str) -> bool {
    handler(action).is_some()
}

pub(crate) fn act(request: &mut Request<'_>) -> Answer {
    let known = handler(request.action()).ok_or_else(no_such_action)?;
    let resource = format!("acs:ram:*:{}:*", request.state().account_id);
    if !request.permits(&format!("ram:{}", request.action()), &resource) {
        return Err(not_authorized());
    }
    known(request)
}

fn invalid(name: &str) -> Refusal {
    Refusal::front(400, &format!("InvalidParameter.{name}"), format!("The parameter {name} is not valid."))
}
