//! A RAM role for who has a token of an OIDC provider: `AssumeRoleWithOIDC`, as RRSA in ACK has it. The token file is read anew each
//! time, since whoever writes it replaces it.

use std::path::PathBuf;

use super::role::session_name;
use super::source::{OidcRole, Source, SourceConfig};
use super::sts::{self, StsPlace, Wanted};
use super::{AccessKey, Asking, Variables, World};
use crate::error::{Error, Kind, Result, Scope};
use crate::process::source::read_file;
use crate::shown;

pub(super) const ROLE_ARN: &str = "ALIBABA_CLOUD_ROLE_ARN";
pub(super) const PROVIDER_ARN: &str = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN";
pub(super) const TOKEN_FILE: &str = "ALIBABA_CLOUD_OIDC_TOKEN_FILE";

pub(super) struct OidcRoleSource {
    role: OidcRole,
    place: StsPlace,
    variables: Variables,
}

impl OidcRoleSource {
    pub(super) fn new(role: OidcRole, config: &SourceConfig) -> Self {
        OidcRoleSource { role, place: config.sts.clone(), variables: config.variables.clone() }
    }

    /// In another region than the configuration's, or in its VPC.
    pub(super) fn at(mut self, region_id: Option<String>, vpc: bool) -> Self {
        if region_id.is_some() {
            self.place.region_id = region_id;
        }
        self.place.vpc |= vpc;
        self
    }

    fn text(&self, given: &Option<String>, variable: &str, key: &str) -> Result<String> {
        given
            .clone()
            .or_else(|| (self.variables)(variable)?.into_string().ok())
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| missing(key, variable))
    }

    async fn token(&self) -> Result<String> {
        let path = self
            .role
            .token_file
            .clone()
            .or_else(|| (self.variables)(TOKEN_FILE).filter(|path| !path.is_empty()).map(PathBuf::from))
            .ok_or_else(|| missing("credentials_oidc_token_file_path", TOKEN_FILE))?;
        let unusable = |what: String| {
            Error::new(Kind::Configuration, format!("the OIDC token: {what}")).with_scope(Scope::Identity)
        };
        let bytes = super::aside({
            let path = path.clone();
            move || read_file(&path)
        })
        .await
        .map_err(|error| unusable(error.message().to_owned()))?;
        let text = std::str::from_utf8(&bytes)
            .ok()
            .map(str::trim)
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()));
        text.map(str::to_owned).ok_or_else(|| {
            unusable(format!("{} holds no token: it is to hold a JWT and nothing else", shown::path(&path)))
        })
    }
}

impl Source for OidcRoleSource {
    fn kind(&self) -> &'static str {
        "oidc_role_arn"
    }

    fn name(&self) -> String {
        self.text(&self.role.role_arn, ROLE_ARN, "").unwrap_or_default()
    }

    fn ask<'a>(&'a self, world: &'a World) -> Asking<'a, Result<AccessKey>> {
        Box::pin(async move {
            let role_arn = self.text(&self.role.role_arn, ROLE_ARN, "credentials_role_arn")?;
            let provider =
                self.text(&self.role.provider_arn, PROVIDER_ARN, "credentials_oidc_provider_arn")?;
            let token = self.token().await?;
            let session_name = session_name(self.role.session_name.as_deref(), &self.variables);
            let seconds = self.role.duration_seconds.unwrap_or(3600).to_string();
            let parameters = [
                ("DurationSeconds", seconds.as_str()),
                ("OIDCProviderArn", &provider),
                ("OIDCToken", &token),
                ("Policy", self.role.policy.as_deref().unwrap_or_default()),
                ("RoleArn", &role_arn),
                ("RoleSessionName", &session_name),
            ];
            let wanted = Wanted { role_arn: &role_arn, by: "the bearer of the OIDC token" };
            let key =
                sts::assume_role_with_oidc(&self.place, &self.variables, world, &parameters, &wanted).await?;
            Ok(key.from("oidc_role_arn"))
        })
    }
}

fn missing(key: &str, variable: &str) -> Error {
    Error::new(
        Kind::Configuration,
        format!(
            "{key} is not set, and neither is {variable}: in ACK, check that RRSA is on and the pod is labelled for \
             ack-pod-identity-webhook, or set it"
        ),
    )
    .with_scope(Scope::Identity)
}
