//! ResourceSharing 2020-01-10.

use serde::Deserialize;

use super::Product::ResourceSharing;
use super::answers::{Done, listed};
use super::{Action, Request, actions};

actions! {
    SHARING_STATUS = Action::read(ResourceSharing, "CheckSharingWithResourceDirectoryStatus", &[]);
    ENABLE_SHARING = Action::change(ResourceSharing, "EnableSharingWithResourceDirectory", &[]);
    LIST_SHARES = Action::read(ResourceSharing, "ListResourceShares", &["ResourceOwner*", "ResourceShareName", "NextToken", "MaxResults*"]);
    CREATE_SHARE = Action::change(ResourceSharing, "CreateResourceShare", &[
        "ResourceShareName*", "Resources.N.ResourceId*", "Resources.N.ResourceType*", "Targets.N*", "AllowExternalTargets",
    ]);
    ASSOCIATE = Action::change(ResourceSharing, "AssociateResourceShare", &[
        "ResourceShareId*", "Resources.N.ResourceId", "Resources.N.ResourceType", "Targets.N",
    ]);
    DISASSOCIATE = Action::change(ResourceSharing, "DisassociateResourceShare", &["ResourceShareId*", "Targets.N*"]);
    DELETE_SHARE = Action::change(ResourceSharing, "DeleteResourceShare", &["ResourceShareId*"]);
    LIST_ASSOCIATIONS = Action::read(ResourceSharing, "ListResourceShareAssociations", &[
        "AssociationType*", "ResourceShareIds.N*", "NextToken", "MaxResults*",
    ]);
    LIST_SHARED_TARGETS = Action::read(ResourceSharing, "ListSharedTargets", &["ResourceOwner*", "ResourceId*", "NextToken", "MaxResults*"]);
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SharingStatus {
    #[serde(default)]
    pub(crate) enable_sharing_with_rd: bool,
}

/// Whether the accounts of the resource directory can share without invitations.
pub(crate) fn sharing_status() -> Request<SharingStatus> {
    Request::of(&SHARING_STATUS)
}

/// For the management account alone.
pub(crate) fn enable_sharing() -> Request<Done> {
    Request::of(&ENABLE_SHARING)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Shares {
    #[serde(default, deserialize_with = "listed")]
    resource_shares: Vec<Share>,
    #[serde(default)]
    pub(crate) next_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Share {
    pub(crate) resource_share_id: String,
    #[serde(default)]
    pub(crate) resource_share_name: String,
    /// `Active`, `Pending`, `Deleting` or `Deleted`.
    #[serde(default)]
    pub(crate) resource_share_status: String,
}

impl Shares {
    pub(crate) fn all(&self) -> Vec<Share> {
        self.resource_shares.clone()
    }
}

pub(crate) fn list_shares(name: Option<&str>, next: Option<&str>) -> Request<Shares> {
    Request::of(&LIST_SHARES)
        .with("ResourceOwner", "Self")
        .maybe("ResourceShareName", name)
        .maybe("NextToken", next)
        .with("MaxResults", 100)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ShareAnswer {
    pub(crate) resource_share: Share,
}

/// What is shared: its id and its type, as `KMSInstance` or `VSwitch`.
pub(crate) type Shared<'a> = (&'a str, &'a str);

pub(crate) fn create_share(
    name: &str,
    resource: Shared<'_>,
    target: &str,
    external: bool,
) -> Request<ShareAnswer> {
    Request::of(&CREATE_SHARE)
        .with("ResourceShareName", name)
        .with("Resources.1.ResourceId", resource.0)
        .with("Resources.1.ResourceType", resource.1)
        .with("Targets.1", target)
        .maybe("AllowExternalTargets", external.then_some("true"))
}

pub(crate) fn associate(share: &str, resource: Option<Shared<'_>>, target: Option<&str>) -> Request<Done> {
    Request::of(&ASSOCIATE)
        .with("ResourceShareId", share)
        .maybe("Resources.1.ResourceId", resource.map(|(id, _)| id))
        .maybe("Resources.1.ResourceType", resource.map(|(_, kind)| kind))
        .maybe("Targets.1", target)
}

pub(crate) fn disassociate(share: &str, target: &str) -> Request<Done> {
    Request::of(&DISASSOCIATE).with("ResourceShareId", share).with("Targets.1", target)
}

pub(crate) fn delete_share(share: &str) -> Request<Done> {
    Request::of(&DELETE_SHARE).with("ResourceShareId", share)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Associations {
    #[serde(default, deserialize_with = "listed")]
    resource_share_associations: Vec<Association>,
    #[serde(default)]
    pub(crate) next_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Association {
    pub(crate) entity_id: String,
    #[serde(default)]
    pub(crate) entity_type: String,
    /// `Associating`, `Associated`, `Failed`, `Disassociating` or `Disassociated`.
    #[serde(default)]
    pub(crate) association_status: String,
    #[serde(default, deserialize_with = "listed")]
    association_failed_details: Vec<FailedDetail>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct FailedDetail {
    pub(crate) failure_reason: String,
    pub(crate) failure_description: String,
}

impl Association {
    pub(crate) fn failures(&self) -> &[FailedDetail] {
        &self.association_failed_details
    }

    pub(crate) fn is_there(&self) -> bool {
        matches!(self.association_status.as_str(), "Associated" | "Associating")
    }
}

impl Associations {
    pub(crate) fn all(&self) -> Vec<Association> {
        self.resource_share_associations.clone()
    }
}

/// `kind` is `Resource` or `Target`.
pub(crate) fn list_associations(kind: &str, share: &str, next: Option<&str>) -> Request<Associations> {
    Request::of(&LIST_ASSOCIATIONS)
        .with("AssociationType", kind)
        .with("ResourceShareIds.1", share)
        .maybe("NextToken", next)
        .with("MaxResults", 100)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SharedTargets {
    #[serde(default, deserialize_with = "listed")]
    shared_targets: Vec<SharedTarget>,
    #[serde(default)]
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SharedTarget {
    target_id: String,
}

impl SharedTargets {
    pub(crate) fn ids(&self) -> Vec<String> {
        self.shared_targets.iter().map(|target| target.target_id.clone()).collect()
    }
}

/// With whom a resource of this account is shared.
pub(crate) fn list_shared_targets(resource: &str, next: Option<&str>) -> Request<SharedTargets> {
    Request::of(&LIST_SHARED_TARGETS)
        .with("ResourceOwner", "Self")
        .with("ResourceId", resource)
        .maybe("NextToken", next)
        .with("MaxResults", 100)
}
