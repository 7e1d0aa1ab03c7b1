//! The default chain of the official SDKs, in their order: environment, OIDC, profile of the aliyun CLI, credentials file, role of the
//! ECS instance, credentials URI. The first that gives an AccessKey stays.

use arc_swap::ArcSwapOption;
use zeroize::Zeroizing;

use super::ecs_role::EcsRoleSource;
use super::oidc_role::{self, OidcRoleSource};
use super::source::{EcsRole, OidcRole, Source, SourceConfig};
use super::sts::is_true;
use super::uri::{self, UriSource};
use super::{AccessKey, Asking, Variables, World, cli_profile, ini, kept};
use crate::error::{Error, Kind, Result, Scope};
use crate::process::disk;

/// Whether the environment or the user's home says who asks, as far as that can be told without asking anybody.
pub(crate) fn may_be_found(variables: &Variables) -> bool {
    let is_set = |name: &str| variables(name).is_some_and(|value| !value.is_empty());
    let any =
        ["ALIBABA_CLOUD_ACCESS_KEY_ID", oidc_role::TOKEN_FILE, "ALIBABA_CLOUD_ECS_METADATA", uri::VARIABLE];
    if any.into_iter().any(is_set) {
        return true;
    }
    let variables = variables.clone();
    // The home may lie on a disk that does not answer.
    disk::in_time(move || cli_profile::path(&variables).is_some() || ini::path(&variables).is_some())
        .unwrap_or(false)
}

pub(super) struct Chain {
    config: SourceConfig,
    /// The one that gave the AccessKey in use.
    chosen: ArcSwapOption<Link>,
}

#[derive(Clone, Copy, PartialEq)]
enum Link {
    Environment,
    Oidc,
    CliProfile,
    Ini,
    EcsRole,
    Uri,
}

const ORDER: [Link; 6] =
    [Link::Environment, Link::Oidc, Link::CliProfile, Link::Ini, Link::EcsRole, Link::Uri];

impl Chain {
    pub(super) fn new(config: &SourceConfig) -> Self {
        Chain { config: config.clone(), chosen: ArcSwapOption::empty() }
    }

    fn variable(&self, name: &str) -> Option<String> {
        (self.config.variables)(name)?.into_string().ok().filter(|value| !value.is_empty())
    }

    /// The AccessKey that `link` gives; none where nothing is said of it.
    async fn ask_link(&self, link: Link, world: &World) -> Result<Option<AccessKey>> {
        let (source, prefix): (Box<dyn Source>, &str) = match link {
            Link::Environment => return self.environment(),
            Link::Oidc => {
                let all = [oidc_role::ROLE_ARN, oidc_role::PROVIDER_ARN, oidc_role::TOKEN_FILE];
                if all.iter().any(|name| self.variable(name).is_none()) {
                    return Ok(None);
                }
                (Box::new(OidcRoleSource::new(OidcRole::default(), &self.config)), "")
            }
            Link::CliProfile => match super::aside({
                let (config, world) = (self.config.clone(), world.clone());
                move || cli_profile::read(&config, &world)
            })
            .await?
            {
                Some(source) => (source, "cli_profile/"),
                None => return Ok(None),
            },
            Link::Ini => match super::aside({
                let variables = self.config.variables.clone();
                move || ini::read(&variables)
            })
            .await?
            {
                Some(kind) => (self.config.with(kind).source(world), "profile/"),
                None => return Ok(None),
            },
            Link::EcsRole if is_true(self.variable("ALIBABA_CLOUD_ECS_METADATA_DISABLED")) => {
                return Ok(None);
            }
            Link::EcsRole => (Box::new(EcsRoleSource::new(EcsRole::default(), &self.config)), ""),
            Link::Uri => match self.variable(uri::VARIABLE) {
                Some(uri) => (Box::new(UriSource::new(uri, &self.config)), ""),
                None => return Ok(None),
            },
        };
        let key = source.ask(world).await.map_err(|error| match (link, error.kind()) {
            // Off the cloud nobody is there, and nobody will be.
            (Link::EcsRole, Kind::Network) => error.with_retryable(false),
            _ => error,
        })?;
        let origin = format!("default/{prefix}{}", key.origin);
        Ok(Some(key.from(origin)))
    }

    fn environment(&self) -> Result<Option<AccessKey>> {
        let id = self.variable("ALIBABA_CLOUD_ACCESS_KEY_ID");
        let secret = self.variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET").map(Zeroizing::new);
        let (Some(id), Some(secret)) = (id, secret) else { return Ok(None) };
        let token = Zeroizing::new(self.variable("ALIBABA_CLOUD_SECURITY_TOKEN").unwrap_or_default());
        AccessKey::new(&id, &secret, &token, "ALIBABA_CLOUD_ACCESS_KEY_ID and its like")
            .map(|key| Some(key.from("default/env")))
    }

    async fn first(&self, world: &World) -> Result<AccessKey> {
        let mut failures: Vec<Error> = Vec::new();
        for link in ORDER {
            match self.ask_link(link, world).await {
                Ok(Some(key)) => {
                    // One that comes before it and was only away for the moment is asked again next time.
                    if !failures.iter().any(Error::retryable) {
                        self.chosen.store(Some(link.into()));
                    }
                    return Ok(key);
                }
                Ok(None) => {}
                Err(error) => failures.push(error),
            }
        }
        Err(nobody(&failures))
    }
}

impl Source for Chain {
    fn kind(&self) -> &'static str {
        "default"
    }

    fn name(&self) -> String {
        String::new()
    }

    fn ask<'a>(&'a self, world: &'a World) -> Asking<'a, Result<AccessKey>> {
        Box::pin(async move {
            if let Some(link) = self.chosen.load_full() {
                return match self.ask_link(*link, world).await? {
                    Some(key) => Ok(key),
                    // What said who asks is gone: look anew.
                    None => self.first(world).await,
                };
            }
            self.first(world).await
        })
    }
}

fn nobody(failures: &[Error]) -> Error {
    let why: Vec<&str> = failures.iter().map(Error::message).collect();
    let retryable = failures.iter().any(Error::retryable);
    let message = if why.is_empty() {
        "nothing says who asks KMS: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, run aliyun \
         configure, attach a RAM role to the ECS instance, or set credentials_type to another than default"
            .to_owned()
    } else {
        format!("nothing says who asks KMS (credentials_type=default): {}", why.join("; and "))
    };
    let error = Error::new(Kind::Denied, message).with_scope(Scope::Identity).with_retryable(retryable);
    // What is not there yet may be in a moment, whichever of them it is.
    if failures.iter().any(kept::is_missing) { error.with_http_status(kept::NOT_FOUND) } else { error }
}

#[cfg(test)]
mod tests;
