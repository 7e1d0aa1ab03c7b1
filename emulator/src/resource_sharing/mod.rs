//! Resource Sharing, version 2020-01-10: vSwitches and KMS instances, within the resource directory.

mod associations;
mod lists;
mod permissions;
pub(crate) mod share;
mod shares;

use serde_json::json;

use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::rpc::no_such_action;
use share::Share;

type Handler = fn(&mut Request<'_>) -> Answer;

fn handler(action: &str) -> Option<Handler> {
    Some(match action {
        "EnableSharingWithResourceDirectory" => enable,
        "CheckSharingWithResourceDirectoryStatus" => status,
        "CreateResourceShare" => shares::create,
        "UpdateResourceShare" => shares::update,
        "DeleteResourceShare" => shares::delete,
        "AssociateResourceShare" => associations::associate,
        "DisassociateResourceShare" => associations::disassociate,
        "ListResourceShares" => lists::shares,
        "ListResourceShareAssociations" => lists::associations,
        "ListSharedResources" => lists::resources,
        "ListSharedTargets" => lists::targets,
        "AssociateResourceSharePermission" => permissions::associate,
        "ListPermissions" => permissions::list,
        "GetPermission" => permissions::get,
        "ListResourceShareInvitations" => invitations,
        "AcceptResourceShareInvitation" | "RejectResourceShareInvitation" => no_invitation,
        _ => return None,
    })
}

pub(crate) fn knows(action: &str) -> bool {
    handler(action).is_some()
}

pub(crate) fn act(request: &mut Request<'_>) -> Answer {
    let known = handler(request.action()).ok_or_else(no_such_action)?;
    request.authorize("resourcesharing")?;
    known(request)
}

fn invalid(name: &str) -> Refusal {
    Refusal::front(400, &format!("InvalidParameter.{name}"), format!("The parameter {name} is not valid."))
}

fn missing(name: &str) -> Refusal {
    Refusal::front(400, &format!("MissingParameter.{name}"), format!("The parameter {name} is mandatory."))
}

fn conflict(code: &str, message: &str) -> Refusal {
    Refusal::front(409, code, message)
}

fn not_exist(kind: &str) -> Refusal {
    Refusal::front(404, &format!("EntityNotExists.{kind}"), format!("The {kind} does not exist."))
}

fn enable(request: &mut Request<'_>) -> Answer {
    if request.state().account_id != request.cloud.directory.manager {
        return Err(conflict(
            "NotManagementAccount",
            "Only the management account of the resource directory may do this.",
        ));
    }
    if request.cloud.directory.sharing {
        return Err(conflict("AlreadyEnabled", "Sharing within the resource directory is enabled already."));
    }
    request.cloud.directory.sharing = true;
    Ok(json!({}))
}

fn status(request: &mut Request<'_>) -> Answer {
    Ok(json!({"EnableSharingWithRd": request.cloud.directory.sharing}))
}

/// Nobody outside the resource directory is there to be invited.
fn invitations(_: &mut Request<'_>) -> Answer {
    Ok(json!({"ResourceShareInvitations": []}))
}

fn no_invitation(request: &mut Request<'_>) -> Answer {
    request.given("ResourceShareInvitationId").ok_or_else(|| missing("ResourceShareInvitationId"))?;
    Err(not_exist("ResourceShareInvitation"))
}

/// The place of the caller's own share that a request names.
fn own_share(request: &Request<'_>) -> Result<usize, Refusal> {
    let id = request.given("ResourceShareId").ok_or_else(|| missing("ResourceShareId"))?;
    let owner = &request.state().account_id;
    let own = |share: &Share| share.id == id && share.owner == *owner && share.deleted.is_none();
    request.cloud.shares.iter().position(own).ok_or_else(|| not_exist("ResourceShare"))
}
