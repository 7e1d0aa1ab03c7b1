//! Adding resources and targets to a share, and taking them out.

use serde_json::{Value, json};

use super::share::{Association, KMS_INSTANCE, Share, VSWITCH, milliseconds};
use super::{conflict, invalid, own_share};
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

const MOST: usize = 5;

/// The resources and targets that a request names.
pub(super) struct Asked {
    /// Ids, and types if they are given.
    resources: Vec<(String, Option<String>)>,
    targets: Vec<String>,
}

impl Asked {
    pub(super) fn read(request: &Request<'_>) -> Result<Self, Refusal> {
        let resources = request.repeated_objects("Resources", ["ResourceId", "ResourceType"]);
        let targets: Vec<String> = request.repeated("Targets").into_iter().map(str::to_owned).collect();
        if resources.len() > MOST {
            return Err(invalid("Resources.Length"));
        }
        if targets.len() > MOST {
            return Err(invalid("Targets.Length"));
        }
        let mut read = Vec::new();
        for [id, kind] in resources {
            let id = id.ok_or_else(|| invalid("Resources"))?;
            let kind = kind.ok_or_else(|| invalid("ResourceType"))?;
            if ![VSWITCH, KMS_INSTANCE].contains(&kind) {
                return Err(invalid("ResourceType"));
            }
            if read.iter().any(|(one, _)| one == id) {
                return Err(invalid("Resources.Duplicate"));
            }
            read.push((id.to_owned(), Some(kind.to_owned())));
        }
        let mut sorted = targets.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() != targets.len() {
            return Err(invalid("Targets.Duplicate"));
        }
        Ok(Self { resources: read, targets })
    }

    /// All that a share has.
    pub(super) fn standing(share: &Share) -> Self {
        Self {
            resources: share
                .resources()
                .filter(|one| one.stands())
                .map(|one| (one.entity.clone(), one.resource_type.clone()))
                .collect(),
            targets: share.targets().filter(|one| one.stands()).map(|one| one.entity.clone()).collect(),
        }
    }

    /// As [`read`](Self::read), of a request that has to name something.
    fn read_some(request: &Request<'_>) -> Result<Self, Refusal> {
        let asked = Self::read(request)?;
        if asked.resources.is_empty() && asked.targets.is_empty() {
            return Err(Refusal::front(
                400,
                "ResourceAndTargetBothEmpty",
                "Neither resources nor targets are given.",
            ));
        }
        Ok(asked)
    }

    /// Whether the caller may share these resources, and with these targets.
    pub(super) fn check(&self, request: &Request<'_>, external: bool) -> Result<(), Refusal> {
        let owner = request.state().account_id.as_str();
        for (id, kind) in &self.resources {
            let own = match kind.as_deref() {
                Some(VSWITCH) => {
                    request.state().vpcs.iter().flat_map(|vpc| &vpc.vswitches).any(|one| one.id == *id)
                }
                _ => request.cloud.instances.iter().any(|one| one.id == *id && one.owner == owner),
            };
            if !own {
                return Err(invalid("Resources"));
            }
        }
        let directory = &request.cloud.directory;
        for target in &self.targets {
            if target == owner {
                return Err(conflict("ShareWithYourself", "You cannot share resources with yourself."));
            }
            if !directory.sharing {
                return Err(conflict(
                    "NotEnableSharingWithResourceDirectory",
                    "Sharing within the resource directory is not enabled.",
                ));
            }
            if directory.accounts_of(target).is_some() {
                continue;
            }
            let is_account = target.len() == 16 && target.chars().all(|c| c.is_ascii_digit());
            return Err(match (is_account, external) {
                (false, _) => Refusal::front(400, "InvalidTarget", "The target is not valid."),
                (true, false) => conflict(
                    "AccountNotInResourceDirectory",
                    "The account is not in your resource directory.",
                ),
                (true, true) => conflict(
                    "ExternalTargetsNotAllowed.ResourceType",
                    "The resources cannot be shared with accounts outside the resource directory.",
                ),
            });
        }
        Ok(())
    }

    /// What an account has in an instance must go before the instance is taken from it.
    pub(super) fn check_unused(&self, request: &Request<'_>, place: usize) -> Result<(), Refusal> {
        let cloud = &request.cloud;
        let share = &cloud.shares[place];
        let taken_from = |target: &str| self.targets.iter().any(|one| one == target);
        let taken = |id: &str| self.resources.iter().any(|(one, _)| one == id);
        for resource in share.resources().filter(|one| one.stands()) {
            for target in share.targets().filter(|one| one.stands()) {
                if !taken(&resource.entity) && !taken_from(&target.entity) {
                    continue;
                }
                let accounts = cloud.directory.accounts_of(&target.entity).unwrap_or_default();
                let uses = cloud.accounts.iter().filter(|one| one.account_id != share.owner).any(|account| {
                    let here = |of: &Option<String>| of.as_ref() == Some(&resource.entity);
                    accounts.contains(&account.account_id.as_str())
                        && (account.keys.iter().any(|key| here(&key.instance))
                            || account.secrets.values().any(|secret| here(&secret.instance)))
                });
                if uses {
                    return Err(conflict(
                        "OperationNotPermitted",
                        "The account still has keys or secrets in the instance.",
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Adds what is not there yet. A target with which an instance would go beyond its quota fails.
pub(super) fn add(request: &mut Request<'_>, place: usize, asked: &Asked) {
    let now = request.now;
    let resources = asked.resources.iter().map(|(id, kind)| (id, kind.as_deref()));
    let targets = asked.targets.iter().map(|id| (id, None));
    for (id, kind) in resources.chain(targets) {
        let share = &request.cloud.shares[place];
        if share.has(id) {
            continue;
        }
        let before: Vec<usize> =
            request.cloud.instances.iter().map(|one| request.cloud.access_used(one, now)).collect();
        let share = &mut request.cloud.shares[place];
        share.associations.push(Association::new(id, kind, now));
        share.updated = now;
        let over = request
            .cloud
            .instances
            .iter()
            .zip(before)
            .find(|(instance, before)| {
                let after = request.cloud.access_used(instance, now);
                after > *before && after > instance.access_quota
            })
            .map(|(instance, _)| instance.id.clone());
        if let Some(last) = request.cloud.shares[place].associations.last_mut() {
            last.beyond_quota_of = over;
        }
    }
}

pub(super) fn written(share: &Share, one: &Association, now: time::OffsetDateTime) -> Value {
    let status = one.status(now);
    json!({
        "ResourceShareId": share.id,
        "ResourceShareName": share.name,
        "EntityId": one.entity,
        "EntityType": one.resource_type.as_deref().unwrap_or("Account"),
        "AssociationType": one.kind(),
        "AssociationStatus": status,
        "AssociationStatusMessage": if status == "Failed" { "The quota is exceeded." } else { "" },
        "CreateTime": milliseconds(one.created),
        "UpdateTime": milliseconds(one.updated()),
    })
}

fn answer(request: &Request<'_>, place: usize, asked: &Asked) -> Value {
    let share = &request.cloud.shares[place];
    let named = |one: &&Association| {
        asked.targets.contains(&one.entity) || asked.resources.iter().any(|(id, _)| *id == one.entity)
    };
    // The latest of each: an earlier one may have ended.
    let mut listed: Vec<&Association> = Vec::new();
    for one in share.associations.iter().rev().filter(named) {
        if !listed.iter().any(|other| other.entity == one.entity) {
            listed.insert(0, one);
        }
    }
    let listed: Vec<Value> = listed.into_iter().map(|one| written(share, one, request.now)).collect();
    json!({"ResourceShareAssociations": listed})
}

pub(super) fn associate(request: &mut Request<'_>) -> Answer {
    let place = own_share(request)?;
    let asked = Asked::read_some(request)?;
    let share = &request.cloud.shares[place];
    let there = |id: &String| share.has(id);
    if asked.targets.iter().any(there) || asked.resources.iter().any(|(id, _)| there(id)) {
        return Err(conflict("AssociateConflict", "The resource or the target is associated already."));
    }
    asked.check(request, share.allow_external)?;
    add(request, place, &asked);
    Ok(answer(request, place, &asked))
}

pub(super) fn disassociate(request: &mut Request<'_>) -> Answer {
    let place = own_share(request)?;
    let asked = Asked::read_some(request)?;
    let share = &request.cloud.shares[place];
    let there = |id: &String| share.has(id);
    if !asked.targets.iter().all(there) || !asked.resources.iter().all(|(id, _)| there(id)) {
        return Err(Refusal::front(
            400,
            "DisassociateInvalid",
            "The resource or the target is not associated.",
        ));
    }
    asked.check_unused(request, place)?;
    let now = request.now;
    let share = &mut request.cloud.shares[place];
    for one in &mut share.associations {
        let named =
            asked.targets.contains(&one.entity) || asked.resources.iter().any(|(id, _)| *id == one.entity);
        if named && one.stands() {
            one.removed = Some(now);
        }
    }
    share.updated = now;
    Ok(answer(request, place, &asked))
}
