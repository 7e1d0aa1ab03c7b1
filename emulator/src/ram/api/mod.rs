//! RAM, version 2015-05-01.

mod access_keys;
mod policies;
mod policy_attachments;
mod roles;
mod users;

pub(crate) use users::date;

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::rpc::{no_such_action, not_authorized};

type Handler = fn(&mut Request<'_>) -> Answer;

fn handler(action: &str) -> Option<Handler> {
    Some(match action {
        "CreateUser" => users::create,
        "GetUser" => users::get,
        "ListUsers" => users::list,
        "UpdateUser" => users::update,
        "DeleteUser" => users::delete,
        "CreateAccessKey" => access_keys::create,
        "ListAccessKeys" => access_keys::list,
        "UpdateAccessKey" => access_keys::update,
        "DeleteAccessKey" => access_keys::delete,
        "GetAccessKeyLastUsed" => access_keys::last_used,
        "CreateRole" => roles::create,
        "GetRole" => roles::get,
        "ListRoles" => roles::list,
        "UpdateRole" => roles::update,
        "DeleteRole" => roles::delete,
        "CreatePolicy" => policies::create,
        "GetPolicy" => policies::get,
        "ListPolicies" => policies::list,
        "DeletePolicy" => policies::delete,
        "AttachPolicyToUser" => policy_attachments::attach_to_user,
        "DetachPolicyFromUser" => policy_attachments::detach_from_user,
        "ListPoliciesForUser" => policy_attachments::of_user,
        "AttachPolicyToRole" => policy_attachments::attach_to_role,
        "DetachPolicyFromRole" => policy_attachments::detach_from_role,
        "ListPoliciesForRole" => policy_attachments::of_role,
        "ListEntitiesForPolicy" => policy_attachments::entities,
        _ => return None,
    })
}

pub(crate) fn knows(action: &str) -> bool {
    handler(action).is_some()
}

pub(crate) fn act(request: &mut Request<'_>) -> Answer {
    handler(request.action()).ok_or_else(no_such_action)?(request)
}

impl Request<'_> {
    /// Lets those pass whom RAM allows the call on `user/<name>`, `role/<name>` and so on.
    fn allow(&self, resource: &str) -> Result<(), Refusal> {
        let resource = format!("acs:ram:*:{}:{resource}", self.state().account_id);
        if self.permits(&format!("ram:{}", self.action()), &resource) {
            Ok(())
        } else {
            Err(not_authorized())
        }
    }
}

fn not_exist(kind: &str, name: &str) -> Refusal {
    Refusal::front(
        404,
        &format!("EntityNotExist.{kind}"),
        format!("The {} does not exist: {name}.", kind.rsplit('.').next().unwrap_or(kind).to_lowercase()),
    )
}

fn already_exists(kind: &str, name: &str) -> Refusal {
    Refusal::front(
        409,
        &format!("EntityAlreadyExists.{kind}"),
        format!("The {} already exists: {name}.", kind.to_lowercase()),
    )
}

fn conflict(kind: &str, what: &str) -> Refusal {
    Refusal::front(409, &format!("DeleteConflict.{kind}"), what)
}

fn invalid(name: &str) -> Refusal {
    Refusal::front(400, &format!("InvalidParameter.{name}"), format!("The parameter {name} is not valid."))
}

/// The part of a list that `Marker` and `MaxItems` ask for: each item goes with the name by which the list is sorted.
fn part(
    request: &Request<'_>,
    items: Vec<(String, Value)>,
    name: &str,
    inner: &str,
) -> Result<Value, Refusal> {
    let most: usize = match request.given("MaxItems") {
        None => 100,
        Some(text) => {
            text.parse().ok().filter(|most| (1..=1000).contains(most)).ok_or_else(|| invalid("MaxItems"))?
        }
    };
    let after = request.given("Marker");
    let mut rest = items.into_iter().filter(|(key, _)| after.is_none_or(|after| key.as_str() > after));
    let shown: Vec<(String, Value)> = rest.by_ref().take(most).collect();
    let truncated = rest.next().is_some();
    let mut answer = json!({"IsTruncated": truncated});
    if truncated && let Some((last, _)) = shown.last() {
        answer["Marker"] = json!(last);
    }
    let shown: Vec<Value> = shown.into_iter().map(|(_, item)| item).collect();
    let mut list = serde_json::Map::new();
    list.insert(inner.to_owned(), Value::Array(shown));
    answer[name] = Value::Object(list);
    Ok(answer)
}
