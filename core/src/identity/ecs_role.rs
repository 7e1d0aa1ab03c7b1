//! The RAM role of the ECS instance, from its metadata service: with a metadata token (v2), and without one (v1) only where the
//! service knows no tokens.

use std::time::Duration;

use super::acs3::encode;
use super::source::{EcsRole, Source, SourceConfig};
use super::sts::is_true;
use super::{AccessKey, Asking, Variables, World, answer};
use crate::error::{Error, Kind, Result, Scope};
use crate::shown::plain;
use crate::transport::plain::{PlainFailure, PlainResponse, exchange};
use crate::transport::{HttpRequest, Method};

/// A link-local address: it answers at once, or there is nobody.
const PATIENCE: Duration = Duration::from_secs(1);

/// Of the metadata token, which is asked for anew each time. Short, as nothing keeps it.
const TOKEN_SECONDS: &str = "60";

const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

/// No role's name is longer.
const LONGEST_NAME: usize = 128;

pub(super) struct EcsRoleSource {
    role: EcsRole,
    metadata: String,
    variables: Variables,
}

impl EcsRoleSource {
    pub(super) fn new(role: EcsRole, config: &SourceConfig) -> Self {
        EcsRoleSource { role, metadata: config.metadata.clone(), variables: config.variables.clone() }
    }

    fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name)?.into_string().ok().filter(|value| !value.is_empty())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        header: Option<(&'static str, String)>,
    ) -> Result<PlainResponse> {
        let mut headers = vec![("accept", "*/*".to_owned())];
        headers.extend(header);
        let url = format!("{}{path}", self.metadata);
        let request = HttpRequest { method, url, headers, body: Vec::new() };
        exchange(request, PATIENCE).await?.map_err(|failure| self.explain(&failure))
    }

    /// The metadata token; none where the service knows none.
    async fn token(&self) -> Result<Option<String>> {
        let ttl = ("x-aliyun-ecs-metadata-token-ttl-seconds", TOKEN_SECONDS.to_owned());
        let response = self.send(Method::Put, "/latest/api/token", Some(ttl)).await?;
        match response.status {
            200 => {
                let text = std::str::from_utf8(&response.body).map(str::trim).unwrap_or_default();
                if text.is_empty() || text.len() > 4096 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(answer::unusable(&self.from(), "without a metadata token"));
                }
                Ok(Some(text.to_owned()))
            }
            status @ 403..=405 if is_true(self.variable("ALIBABA_CLOUD_IMDSV1_DISABLED")) => Err(self
                .wrong(
                    Kind::Denied,
                    "gives no metadata token, and ALIBABA_CLOUD_IMDSV1_DISABLED forbids to ask without one: let the \
                     instance have the security hardening mode (IMDSv2), or unset the variable",
                )
                .with_http_status(status)),
            403..=405 => Ok(None),
            status => Err(self.odd(status)),
        }
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Result<PlainResponse> {
        let header = token.map(|token| ("x-aliyun-ecs-metadata-token", token.to_owned()));
        self.send(Method::Get, path, header).await
    }

    async fn role_name(&self, token: Option<&str>) -> Result<String> {
        if let Some(name) =
            self.role.role_name.clone().or_else(|| self.variable("ALIBABA_CLOUD_ECS_METADATA"))
        {
            return Ok(name);
        }
        let response = self.get(ROLES, token).await?;
        match response.status {
            200 => {
                let text = String::from_utf8_lossy(&response.body);
                let name = text.lines().next().unwrap_or_default().trim();
                let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
                if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(fits) {
                    return Err(answer::unusable(&self.from(), "without the name of a RAM role"));
                }
                Ok(name.to_owned())
            }
            404 => Err(self
                .wrong(
                    Kind::Denied,
                    "knows no RAM role of this ECS instance: attach one in the ECS console, with \
                     AliyunKMSSecretUserAccess or a policy that lets it read the secret",
                )
                .with_http_status(404)),
            401 => Err(self.wants_a_token()),
            403 if token.is_none() => Err(self.wants_a_token()),
            status => Err(self.odd(status)),
        }
    }

    fn from(&self) -> String {
        format!("the metadata service {}", self.metadata)
    }

    fn wrong(&self, kind: Kind, what: &str) -> Error {
        Error::new(kind, format!("{} {what}", self.from())).with_scope(Scope::Identity)
    }

    /// It gave no metadata token just now, and asks for one. It may not have been up yet.
    fn wants_a_token(&self) -> Error {
        self.wrong(Kind::Denied, "wants a metadata token and gives none: look for a proxy on the way to it")
            .with_retryable(true)
    }

    fn odd(&self, status: u16) -> Error {
        self.wrong(
            Kind::Server,
            &format!("answered HTTP {status}: try again, and check that ecs_metadata_endpoint leads to that of an ECS instance"),
        )
        .with_http_status(status)
        .with_retryable(status >= 500 || status == 429)
    }

    fn explain(&self, failure: &PlainFailure) -> Error {
        match failure {
            PlainFailure::Silent(what) => self.wrong(
                Kind::Network,
                &format!("{what}: is this an ECS instance? In a container, let it reach that address"),
            ),
            PlainFailure::Garbled(what) => {
                self.wrong(Kind::Server, &format!("{what}: look for somebody who answers in its place"))
            }
        }
        .with_retryable(true)
    }
}

impl Source for EcsRoleSource {
    fn kind(&self) -> &'static str {
        "ecs_ram_role"
    }

    fn name(&self) -> String {
        let named = self.role.role_name.clone();
        named.or_else(|| self.variable("ALIBABA_CLOUD_ECS_METADATA")).unwrap_or_default()
    }

    fn ask<'a>(&'a self, _: &'a World) -> Asking<'a, Result<AccessKey>> {
        Box::pin(async move {
            let token = self.token().await?;
            let name = self.role_name(token.as_deref()).await?;
            let response = self.get(&format!("{ROLES}{}", encode(&name)), token.as_deref()).await?;
            match response.status {
                200 => answer::access_key(&response.body, &self.from()).map(|key| key.from("ecs_ram_role")),
                401 => Err(self.wants_a_token()),
                403 if token.is_none() => Err(self.wants_a_token()),
                status @ (403 | 404) => Err(self
                    .wrong(
                        Kind::Denied,
                        &format!(
                            "has nothing for the RAM role {}: attach it to this ECS instance, or correct \
                             credentials_role_name",
                            plain(&name, 80)
                        ),
                    )
                    .with_http_status(status)),
                status => Err(self.odd(status)),
            }
        })
    }
}
