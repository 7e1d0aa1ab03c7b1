//! Listing shares, what is shared, and with whom.

use serde_json::{Value, json};

use super::associations::written;
use super::share::{Share, milliseconds};
use super::{invalid, missing};
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

/// One part of a list, as all these calls answer it.
fn part(request: &Request<'_>, items: Vec<Value>, name: &str) -> Answer {
    let size = request.count("MaxResults", 20, 100, invalid)?;
    let (shown, next) = request.after_token(items, size, invalid)?;
    let mut answer = json!({});
    answer[name] = Value::Array(shown);
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// Whether the caller owns the shares that are meant, or others share with it.
fn owned(request: &Request<'_>) -> Result<bool, Refusal> {
    match request.given("ResourceOwner") {
        Some("Self") => Ok(true),
        Some("OtherAccounts") => Ok(false),
        Some(_) => Err(invalid("ResourceOwner")),
        None => Err(missing("ResourceOwner")),
    }
}

/// The shares that a request is about.
fn visible<'a>(request: &'a Request<'_>, own: bool) -> Vec<&'a Share> {
    let account = request.state().account_id.as_str();
    let ids = request.repeated("ResourceShareIds");
    let directory = &request.cloud.directory;
    request
        .cloud
        .shares
        .iter()
        .filter(|share| share.is_shown(request.now))
        .filter(|share| ids.is_empty() || ids.contains(&share.id.as_str()))
        .filter(|share| {
            if own {
                return share.owner == account;
            }
            share.owner != account
                && share.targets().any(|target| {
                    target.status(request.now) == "Associated"
                        && directory
                            .accounts_of(&target.entity)
                            .is_some_and(|accounts| accounts.contains(&account))
                })
        })
        .collect()
}

pub(super) fn shares(request: &mut Request<'_>) -> Answer {
    let shares = visible(request, owned(request)?)
        .into_iter()
        .filter(|share| request.given("ResourceShareName").is_none_or(|name| share.name == name))
        .filter(|share| {
            request.given("ResourceShareStatus").is_none_or(|status| share.status(request.now) == status)
        })
        .filter(|share| {
            let permission = request.given("PermissionName");
            permission.is_none_or(|name| share.permissions.iter().any(|one| one == name))
        })
        .map(|share| share.written(request.now))
        .collect();
    part(request, shares, "ResourceShares")
}

pub(super) fn associations(request: &mut Request<'_>) -> Answer {
    let (resource, target) = (request.given("ResourceId"), request.given("Target"));
    let kind = match (request.given("AssociationType"), resource, target) {
        (None, _, _) => return Err(missing("AssociationType")),
        (Some("Resource"), _, Some(_)) | (Some("Target"), Some(_), _) => {
            return Err(Refusal::front(
                400,
                "ConflictedAssociationType",
                "The association type conflicts with the resource or the target.",
            ));
        }
        (Some(kind @ ("Resource" | "Target")), _, _) => kind,
        (Some(_), _, _) => return Err(invalid("AssociationType")),
    };
    let status = request.given("AssociationStatus");
    let now = request.now;
    let directory = &request.cloud.directory;
    let mut listed = Vec::new();
    for share in visible(request, true) {
        for one in share.associations.iter().filter(|one| one.is_shown(now) && one.kind() == kind) {
            let named = resource.or(target).is_none_or(|id| one.entity == id);
            if !named || status.is_some_and(|status| one.status(now) != status) {
                continue;
            }
            let mut fields = written(share, one, now);
            fields["External"] =
                json!(one.resource_type.is_none() && directory.accounts_of(&one.entity).is_none());
            fields["AssociationFailedDetails"] = match (one.status(now), &one.beyond_quota_of) {
                ("Failed", Some(instance)) => json!([{
                    "EntityId": instance,
                    "EntityType": super::share::KMS_INSTANCE,
                    "AssociateType": "Resource",
                    "Status": "Failed",
                    "FailureReason": "LimitExceeded",
                    "FailureDescription": "The quota of access management of the instance is exceeded.",
                    "OperationType": "Associate",
                }]),
                _ => json!([]),
            };
            listed.push(fields);
        }
    }
    part(request, listed, "ResourceShareAssociations")
}

pub(super) fn resources(request: &mut Request<'_>) -> Answer {
    let own = owned(request)?;
    let ids = request.repeated("ResourceIds");
    let now = request.now;
    let directory = &request.cloud.directory;
    let mut listed = Vec::new();
    for share in visible(request, own) {
        let target = request.given("Target");
        // Without a target a resource is shared with nobody yet, but it is in the share.
        let with_target = target.is_none_or(|wanted| {
            share.targets().filter(|one| one.stands()).any(|one| {
                one.entity == wanted || (!own && share.owner == wanted) || {
                    let accounts = directory.accounts_of(&one.entity);
                    accounts.is_some_and(|accounts| accounts.contains(&wanted))
                }
            })
        });
        if !with_target {
            continue;
        }
        for one in share.resources().filter(|one| one.status(now) == "Associated") {
            let kind = one.resource_type.as_deref().unwrap_or("");
            if (!ids.is_empty() && !ids.contains(&one.entity.as_str()))
                || request.given("ResourceType").is_some_and(|wanted| wanted != kind)
            {
                continue;
            }
            listed.push(json!({
                "ResourceId": one.entity,
                "ResourceType": kind,
                "ResourceShareId": share.id,
                "ResourceStatus": "Available",
                "ResourceStatusMessage": "",
                "CreateTime": milliseconds(one.created),
                "UpdateTime": milliseconds(one.updated()),
            }));
        }
    }
    part(request, listed, "SharedResources")
}

pub(super) fn targets(request: &mut Request<'_>) -> Answer {
    let own = owned(request)?;
    let now = request.now;
    let wanted = request.repeated("Targets");
    let resource = request.given("ResourceId");
    let mut listed = Vec::new();
    for share in visible(request, own) {
        if resource.is_some_and(|id| !share.resources().any(|one| one.entity == id && one.stands())) {
            continue;
        }
        let written = |target: &str, created, updated| {
            json!({
                "TargetId": target,
                "ResourceShareId": share.id,
                "External": false,
                "CreateTime": milliseconds(created),
                "UpdateTime": milliseconds(updated),
            })
        };
        let found = if own {
            share
                .targets()
                .filter(|one| one.status(now) == "Associated")
                .map(|one| written(&one.entity, one.created, one.updated()))
                .collect()
        } else {
            // Seen from there, the target is the one who shares.
            vec![written(&share.owner, share.created, share.updated)]
        };
        listed.extend(
            found
                .into_iter()
                .filter(|one| wanted.is_empty() || wanted.contains(&one["TargetId"].as_str().unwrap_or(""))),
        );
    }
    part(request, listed, "SharedTargets")
}
