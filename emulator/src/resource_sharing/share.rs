//! Resource shares: what an account lets others use. Associations take a moment to come and to go.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::cloud::Cloud;

pub(crate) const VSWITCH: &str = "VSwitch";
pub(crate) const KMS_INSTANCE: &str = "KMSInstance";

/// How long an association is on its way.
const DELAY: Duration = Duration::seconds(1);
/// How long what has failed or has ended is still shown.
const SHOWN: Duration = Duration::hours(48);

/// What is shared, or with whom.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Association {
    pub(crate) entity: String,
    /// The type of the resource; none for a target.
    pub(crate) resource_type: Option<String>,
    pub(crate) created: OffsetDateTime,
    pub(crate) removed: Option<OffsetDateTime>,
    /// The resource or the target because of which it failed, for want of quota.
    pub(crate) beyond_quota_of: Option<String>,
}

impl Association {
    pub(crate) fn new(entity: &str, resource_type: Option<&str>, now: OffsetDateTime) -> Self {
        Self {
            entity: entity.to_owned(),
            resource_type: resource_type.map(str::to_owned),
            created: now,
            removed: None,
            beyond_quota_of: None,
        }
    }

    pub(crate) fn status(&self, now: OffsetDateTime) -> &'static str {
        match (self.removed, &self.beyond_quota_of) {
            (Some(at), _) if now < at + DELAY => "Disassociating",
            (Some(_), _) => "Disassociated",
            (None, _) if now < self.created + DELAY => "Associating",
            (None, Some(_)) => "Failed",
            (None, None) => "Associated",
        }
    }

    pub(crate) fn is_shown(&self, now: OffsetDateTime) -> bool {
        let end = self.removed.or(self.beyond_quota_of.as_ref().map(|_| self.created));
        end.is_none_or(|end| now < end + SHOWN)
    }

    /// Whether it stands or will stand in a moment.
    pub(crate) fn stands(&self) -> bool {
        self.removed.is_none() && self.beyond_quota_of.is_none()
    }

    pub(crate) fn updated(&self) -> OffsetDateTime {
        self.removed.unwrap_or(self.created + DELAY)
    }

    pub(crate) fn kind(&self) -> &'static str {
        if self.resource_type.is_some() { "Resource" } else { "Target" }
    }
}

/// A resource share.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Share {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) allow_external: bool,
    pub(crate) created: OffsetDateTime,
    pub(crate) updated: OffsetDateTime,
    pub(crate) deleted: Option<OffsetDateTime>,
    pub(crate) permissions: Vec<String>,
    pub(crate) associations: Vec<Association>,
}

impl Share {
    pub(crate) fn status(&self, now: OffsetDateTime) -> &'static str {
        match self.deleted {
            None => "Active",
            Some(at) if now < at + DELAY => "Deleting",
            Some(_) => "Deleted",
        }
    }

    /// Whether a resource or a target of this id is associated with it.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.associations.iter().any(|one| one.entity == id && one.stands())
    }

    pub(crate) fn is_shown(&self, now: OffsetDateTime) -> bool {
        self.deleted.is_none_or(|at| now < at + SHOWN)
    }

    pub(crate) fn resources(&self) -> impl Iterator<Item = &Association> {
        self.associations.iter().filter(|one| one.resource_type.is_some())
    }

    pub(crate) fn targets(&self) -> impl Iterator<Item = &Association> {
        self.associations.iter().filter(|one| one.resource_type.is_none())
    }

    pub(crate) fn written(&self, now: OffsetDateTime) -> Value {
        json!({
            "ResourceShareId": self.id,
            "ResourceShareName": self.name,
            "ResourceShareOwner": self.owner,
            "ResourceShareStatus": self.status(now),
            "AllowExternalTargets": self.allow_external,
            "CreateTime": milliseconds(self.created),
            "UpdateTime": milliseconds(self.updated),
        })
    }
}

/// `2026-01-31T23:59:59.123Z`
pub(crate) fn milliseconds(at: OffsetDateTime) -> String {
    crate::clock::iso8601(at).replace('Z', &format!(".{:03}Z", at.millisecond()))
}

impl Cloud {
    /// Whether somebody shares a resource with an account, and the sharing stands.
    pub(crate) fn is_shared_with(&self, resource: &str, account: &str, now: OffsetDateTime) -> bool {
        self.shares.iter().any(|share| {
            let stands = |one: &Association| one.status(now) == "Associated";
            share.owner != account
                && share.resources().any(|one| one.entity == resource && stands(one))
                && share.targets().any(|one| {
                    stands(one)
                        && self
                            .directory
                            .accounts_of(&one.entity)
                            .is_some_and(|accounts| accounts.contains(&account))
                })
        })
    }

    /// The accounts that a resource is shared with, or will be in a moment.
    pub(crate) fn accounts_shared_with(&self, resource: &str, now: OffsetDateTime) -> Vec<String> {
        let mut accounts: Vec<String> = self
            .shares
            .iter()
            .filter(|share| share.resources().any(|one| one.entity == resource && one.stands()))
            .flat_map(|share| {
                share
                    .targets()
                    .filter(|one| one.stands() && one.created <= now)
                    .filter_map(|one| self.directory.accounts_of(&one.entity))
                    .flatten()
                    .filter(|account| **account != share.owner)
                    .map(str::to_owned)
            })
            .collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }
}
