//! Where an AccessKey comes from.

use std::path::PathBuf;
use std::sync::Arc;

use super::chain::Chain;
use super::ecs_role::EcsRoleSource;
use super::fixed::Fixed;
use super::oidc_role::OidcRoleSource;
use super::role::RoleSource;
use super::sts::StsPlace;
use super::{AccessKey, Asking, Kept, Variables, World};
use crate::error::Result;

/// Gives AccessKeys, one at a time. Keeps none: that is [`Kept`]'s part.
pub(crate) trait Source: Send + Sync {
    /// As `credentials_type` calls it.
    fn kind(&self) -> &'static str;

    /// What tells it from others of its kind.
    fn name(&self) -> String;

    /// An AccessKey, from wherever it comes.
    ///
    /// # Errors
    /// What is missing, or who refused. Never with a secret.
    fn ask<'a>(&'a self, world: &'a World) -> Asking<'a, Result<AccessKey>>;
}

/// A source as a configuration describes it.
#[derive(Clone)]
pub(crate) struct SourceConfig {
    pub(crate) kind: SourceKind,
    /// Read when the AccessKey is asked for.
    pub(crate) variables: Variables,
    /// `http://host`, or `http://host:port`.
    pub(crate) metadata: String,
    pub(crate) sts: StsPlace,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SourceKind {
    Fixed(Arc<Fixed>),
    EcsRole(EcsRole),
    Role(Box<Role>),
    OidcRole(OidcRole),
    Default,
}

impl SourceKind {
    /// As `credentials_type` calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            SourceKind::Fixed(fixed) => fixed.kind(),
            SourceKind::EcsRole(_) => "ecs_ram_role",
            SourceKind::Role(_) => "ram_role",
            SourceKind::OidcRole(_) => "oidc_role_arn",
            SourceKind::Default => "default",
        }
    }

    /// The AccessKey, where it is one that does not end.
    pub(crate) fn lasting_key(&self) -> Option<&AccessKey> {
        match self {
            SourceKind::Fixed(fixed) if fixed.0.token().is_none() => Some(&fixed.0),
            _ => None,
        }
    }
}

/// The role of the ECS instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EcsRole {
    /// The one that is bound to the instance where none is named.
    pub(crate) role_name: Option<String>,
}

/// A role that is assumed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Role {
    /// Who assumes it.
    pub(crate) base: SourceKind,
    pub(crate) arn: String,
    pub(crate) session_name: Option<String>,
    pub(crate) policy: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) duration_seconds: Option<u32>,
}

/// A role that is assumed with a token of an OIDC provider. What is missing stands in the environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OidcRole {
    pub(crate) role_arn: Option<String>,
    pub(crate) provider_arn: Option<String>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) session_name: Option<String>,
    pub(crate) policy: Option<String>,
    pub(crate) duration_seconds: Option<u32>,
}

impl SourceConfig {
    pub(crate) fn with(&self, kind: SourceKind) -> Self {
        SourceConfig { kind, ..self.clone() }
    }

    /// The source itself.
    pub(crate) fn source(&self, world: &World) -> Box<dyn Source> {
        match &self.kind {
            SourceKind::Fixed(fixed) => Box::new(fixed.clone()),
            SourceKind::EcsRole(role) => Box::new(EcsRoleSource::new(role.clone(), self)),
            SourceKind::Role(role) => {
                let base = Kept::new(self.with(role.base.clone()).source(world), world.clone());
                Box::new(RoleSource::new((**role).clone(), base, self))
            }
            SourceKind::OidcRole(role) => Box::new(OidcRoleSource::new(role.clone(), self)),
            SourceKind::Default => Box::new(Chain::new(self)),
        }
    }
}

impl PartialEq for SourceConfig {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.metadata == other.metadata && self.sts == other.sts
    }
}

impl std::fmt::Debug for SourceConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceConfig").field("kind", &self.kind).finish_non_exhaustive()
    }
}
