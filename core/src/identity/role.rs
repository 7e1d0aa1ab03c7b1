//! A RAM role, assumed by whoever may: `AssumeRole`. Roles can stand on roles.

use super::source::{Role, Source, SourceConfig};
use super::sts::{self, StsPlace, Wanted};
use super::{AccessKey, Asking, Identity as _, Kept, Signer, Variables, World};
use crate::error::Result;

pub(super) struct RoleSource {
    role: Role,
    base: Kept,
    place: StsPlace,
    variables: Variables,
}

/// As the official SDKs have it, which makes it possible to tell in ActionTrail who it was.
const SESSION_NAME: &str = "kmsak";

const DEFAULT_SECONDS: u32 = 3600;

impl RoleSource {
    pub(super) fn new(role: Role, base: Kept, config: &SourceConfig) -> Self {
        RoleSource { role, base, place: config.sts.clone(), variables: config.variables.clone() }
    }

    /// In another region than the configuration's, or in its VPC.
    pub(super) fn at(mut self, region_id: Option<String>, vpc: bool) -> Self {
        if region_id.is_some() {
            self.place.region_id = region_id;
        }
        self.place.vpc |= vpc;
        self
    }

    async fn assume(&self, key: &AccessKey, world: &World) -> Result<AccessKey> {
        let role = &self.role;
        let session_name = session_name(role.session_name.as_deref(), &self.variables);
        let seconds = role.duration_seconds.unwrap_or(DEFAULT_SECONDS).to_string();
        let parameters = [
            ("DurationSeconds", seconds.as_str()),
            ("ExternalId", role.external_id.as_deref().unwrap_or_default()),
            ("Policy", role.policy.as_deref().unwrap_or_default()),
            ("RoleArn", &role.arn),
            ("RoleSessionName", &session_name),
        ];
        let by = format!("the AccessKey {}", key.id());
        let wanted = Wanted { role_arn: &role.arn, by: &by };
        sts::assume_role(&self.place, &self.variables, world, key, &parameters, &wanted).await
    }
}

impl Source for RoleSource {
    fn kind(&self) -> &'static str {
        "ram_role"
    }

    fn name(&self) -> String {
        self.role.arn.clone()
    }

    fn ask<'a>(&'a self, world: &'a World) -> Asking<'a, Result<AccessKey>> {
        Box::pin(async move {
            let base = self.base.key().await?;
            let (base, outcome) = match self.assume(&base, world).await {
                Err(error) => {
                    // The token of a role that stands under this one may have ended.
                    let refused = [(Signer::AccessKey(base.clone()), error.clone())];
                    match self.base.other_than(&refused).await.0 {
                        Some(Signer::AccessKey(other)) => {
                            let outcome = self.assume(&other, world).await;
                            (other, outcome)
                        }
                        _ => (base, Err(error)),
                    }
                }
                answered => (base, answered),
            };
            outcome.map(|key| key.from(format!("ram_role_arn/{}", base.origin)))
        })
    }
}

/// The given one, the environment's, or kmsak's own.
pub(super) fn session_name(given: Option<&str>, variables: &Variables) -> String {
    given
        .map(str::to_owned)
        .or_else(|| variables("ALIBABA_CLOUD_ROLE_SESSION_NAME")?.into_string().ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| SESSION_NAME.to_owned())
}
