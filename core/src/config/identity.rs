//! Who asks a gateway: `credentials_type`, and what goes with it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

use super::described::{Described, bytes, path};
use super::settings::{Layer, Origin, Settings};
use super::warnings::Warnings;
use super::{endpoint, keys, options};
use crate::error::{Error, Result};
use crate::identity::sts::StsPlace;
use crate::identity::{
    AccessKey, EcsRole, Fixed, IdentityConfig, OidcRole, Role, SourceConfig, SourceKind, may_be_found,
};
use crate::shown::quoted;
use crate::transport::TransportConfig;
use crate::transport::url::parse_url;

/// As `credentials_type` has them: the official clients' and `default`, which is kmsak's own.
const TYPES: [&str; 8] =
    ["client_key", "ak", "token", "sts", "ram_role", "ecs_ram_role", "oidc_role_arn", "default"];

/// Where the metadata service of an ECS instance is.
pub(crate) const METADATA: &str = "http://100.100.100.200";

/// As in the official SDKs.
pub(crate) const STS_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const STS_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// What STS takes for a session, 15 minutes to 12 hours.
const SESSION_SECONDS: std::ops::RangeInclusive<u32> = 900..=43_200;

impl Described<'_> {
    /// Who asks this gateway.
    pub(super) fn identity(&self, settings: &Settings, warnings: &mut Warnings) -> Result<IdentityConfig> {
        let given = match &self.gateway.credentials_type {
            Some(own) if !own.trim().is_empty() => {
                Some((own.trim(), self.subject("credentialsType", "credentials_type"), self.in_code))
            }
            _ => settings.text(keys::CREDENTIALS_TYPE).map(|(given, layer)| {
                (given, layer.subject(keys::CREDENTIALS_TYPE), matches!(layer.origin, Origin::Code))
            }),
        };
        let has_own = self.gateway.client_key.is_some();
        let has_client_key =
            has_own || settings.layer_of(&[keys::CLIENT_KEY_PATH, keys::CLIENT_KEY_CONTENT]).is_some();
        let Some((given, subject, in_code)) = given else {
            let misspelt =
                || warnings.has_misspelt(keys::CLIENT_KEY_PATH) || warnings.has_misspelt("clientKeyFile");
            if has_client_key || misspelt() || !may_be_found(&settings.places.environment) {
                return self.client_key_identity(settings, warnings);
            }
            // As the official V2 clients do.
            warnings.push_once(
                "credentials_type is not set and there is no ClientKey: KMS is asked as the default chain says; set \
                 credentials_type=default if that is meant"
                    .to_owned(),
            );
            return source(settings, "default", keys::CREDENTIALS_TYPE, false);
        };
        if !TYPES.contains(&given) {
            return Err(Error::configuration(format!(
                "{subject} is {}: expected one of {}",
                quoted(given),
                TYPES.join(", ")
            )));
        }
        if given == "client_key" {
            return self.client_key_identity(settings, warnings);
        }
        if self.gateway.credentials_type.is_none() {
            // The official 1.x clients ask an instance of that list with a ClientKey whatever stands there.
            let of_instances = self.name.starts_with(keys::INSTANCES) && has_client_key;
            if of_instances {
                warnings
                    .push(format!("{subject} is {given}, which {} ignores: it has a ClientKey", self.name));
            }
            if has_own || of_instances {
                return self.client_key_identity(settings, warnings);
            }
        }
        source(settings, given, &subject, in_code)
    }

    fn client_key_identity(&self, settings: &Settings, warnings: &Warnings) -> Result<IdentityConfig> {
        self.client_key(settings, warnings).map(|source| IdentityConfig::ClientKey(Arc::new(source)))
    }
}

fn source(settings: &Settings, given: &str, subject: &str, in_code: bool) -> Result<IdentityConfig> {
    let kind = kind(&Reader { settings, given, subject, in_code })?;
    Ok(IdentityConfig::AccessKey(Box::new(SourceConfig {
        kind,
        variables: settings.places.environment.clone(),
        metadata: metadata(settings)?,
        sts: sts(settings)?,
    })))
}

fn kind(reader: &Reader<'_>) -> Result<SourceKind> {
    match reader.given {
        "ak" => reader.access_key(keys::ACCESS_KEY_ID, keys::ACCESS_SECRET, None),
        // The official clients take these two for an AccessKey by other names.
        "token" => reader.access_key(keys::ACCESS_TOKEN_ID, keys::ACCESS_TOKEN, None),
        // The official clients mean a role by it.
        "sts" if reader.settings.text(keys::ROLE_ARN).is_none() => {
            reader.access_key(keys::ACCESS_KEY_ID, keys::ACCESS_SECRET, Some(keys::SECURITY_TOKEN))
        }
        "sts" | "ram_role" => reader.role(),
        "ecs_ram_role" => Ok(SourceKind::EcsRole(EcsRole { role_name: reader.text(keys::ROLE_NAME) })),
        "oidc_role_arn" => Ok(SourceKind::OidcRole(OidcRole {
            role_arn: reader.role_arn()?,
            provider_arn: reader.text(keys::OIDC_PROVIDER_ARN),
            token_file: reader.token_file()?,
            session_name: reader.text(keys::ROLE_SESSION_NAME),
            policy: reader.text(keys::POLICY),
            duration_seconds: reader.duration()?,
        })),
        _ => Ok(SourceKind::Default),
    }
}

struct Reader<'a> {
    settings: &'a Settings,
    given: &'a str,
    subject: &'a str,
    /// Where that was said, so that what is missing is called as it is there.
    in_code: bool,
}

impl Reader<'_> {
    fn text(&self, key: &str) -> Option<String> {
        self.settings.text(key).map(|(text, _)| text.to_owned())
    }

    fn missing(&self, key: &str) -> Error {
        let key = if self.in_code { options::in_code(key) } else { key };
        Error::configuration(format!(
            "{} is {} and {key} is missing: set it as well",
            self.subject, self.given
        ))
    }

    /// All parts come from the strongest source that gives any of them.
    fn access_key(&self, id: &str, secret: &str, token: Option<&str>) -> Result<SourceKind> {
        let wanted: Vec<&str> = [id, secret].into_iter().chain(token).collect();
        let layer = self.settings.layer_of(&wanted).ok_or_else(|| self.missing(id))?;
        let text = |key: &str| {
            Zeroizing::new(String::from_utf8_lossy(bytes(layer, key).as_bytes()).trim().to_owned())
        };
        if let Some(missing) = wanted.iter().find(|key| text(key).is_empty()) {
            return Err(self.missing(missing));
        }
        let token_text = token.map(text).unwrap_or_default();
        let key = AccessKey::new(&text(id), &text(secret), &token_text, &layer.subject(id))?;
        let origin = if token.is_some() { "static_sts" } else { "static_ak" };
        Ok(SourceKind::Fixed(Arc::new(Fixed(key.from(origin)))))
    }

    /// Who assumes it: an AccessKey as with the official clients, or what `credentials_source_type` names.
    fn role(&self) -> Result<SourceKind> {
        let arn = self.role_arn()?.ok_or_else(|| self.missing(keys::ROLE_ARN))?;
        let base = match self.settings.text(keys::SOURCE_TYPE) {
            None | Some(("ak", _)) => {
                let token = self.settings.layer_of(&[keys::SECURITY_TOKEN]).map(|_| keys::SECURITY_TOKEN);
                self.access_key(keys::ACCESS_KEY_ID, keys::ACCESS_SECRET, token)?
            }
            Some(("ecs_ram_role", _)) => {
                SourceKind::EcsRole(EcsRole { role_name: self.text(keys::ROLE_NAME) })
            }
            // Its role is another one than that of `credentials_role_arn`: the environment's.
            Some(("oidc_role_arn", _)) => SourceKind::OidcRole(OidcRole {
                provider_arn: self.text(keys::OIDC_PROVIDER_ARN),
                token_file: self.token_file()?,
                ..OidcRole::default()
            }),
            Some(("default", _)) => SourceKind::Default,
            Some((other, layer)) => {
                return Err(Error::configuration(format!(
                    "{} is {}: expected ak, ecs_ram_role, oidc_role_arn or default",
                    layer.subject(keys::SOURCE_TYPE),
                    quoted(other)
                )));
            }
        };
        Ok(SourceKind::Role(Box::new(Role {
            base,
            arn,
            session_name: self.text(keys::ROLE_SESSION_NAME),
            policy: self.text(keys::POLICY),
            external_id: self.text(keys::EXTERNAL_ID),
            duration_seconds: self.duration()?,
        })))
    }

    fn role_arn(&self) -> Result<Option<String>> {
        let Some((arn, layer)) = self.settings.text(keys::ROLE_ARN) else { return Ok(None) };
        let fits = arn.strip_prefix("acs:ram::").is_some_and(|rest| rest.contains(":role/"));
        if !fits {
            return Err(Error::configuration(format!(
                "{} is {}: expected acs:ram::<account id>:role/<name>",
                layer.subject(keys::ROLE_ARN),
                quoted(arn)
            )));
        }
        Ok(Some(arn.to_owned()))
    }

    /// It need not be there yet: whoever writes it may start later.
    fn token_file(&self) -> Result<Option<PathBuf>> {
        let Some(layer) = self.settings.layer_of(&[keys::OIDC_TOKEN_FILE_PATH]) else { return Ok(None) };
        let Some(path) = path(layer, keys::OIDC_TOKEN_FILE_PATH) else { return Ok(None) };
        let subject = layer.subject(keys::OIDC_TOKEN_FILE_PATH);
        self.settings.places.place(&path, layer.base.as_deref(), &subject).map(Some)
    }

    fn duration(&self) -> Result<Option<u32>> {
        let (given, layer): (&str, &Layer) = match self
            .settings
            .text(keys::DURATION_SECONDS)
            .or_else(|| self.settings.text(keys::OIDC_DURATION_SECONDS))
        {
            Some(given) => given,
            None => return Ok(None),
        };
        given.parse().ok().filter(|seconds| SESSION_SECONDS.contains(seconds)).map(Some).ok_or_else(|| {
            Error::configuration(format!(
                "{} is {}: expected a whole number of seconds from {} to {}",
                layer.subject(keys::DURATION_SECONDS),
                quoted(given),
                SESSION_SECONDS.start(),
                SESSION_SECONDS.end()
            ))
        })
    }
}

fn metadata(settings: &Settings) -> Result<String> {
    let Some((given, layer)) = settings.text(keys::ECS_METADATA_ENDPOINT) else {
        return Ok(METADATA.to_owned());
    };
    let full = if given.contains("://") { given.to_owned() } else { format!("http://{given}") };
    let is_bare = |url: &Url| {
        url.scheme() == "http"
            && url.host_str().is_some_and(|host| !host.is_empty())
            && url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
    };
    match parse_url(&full).filter(is_bare) {
        Some(url) => Ok(url.as_str().trim_end_matches('/').to_owned()),
        None => Err(Error::configuration(format!(
            "{} is {}: expected http://host or http://host:port",
            layer.subject(keys::ECS_METADATA_ENDPOINT),
            quoted(given)
        ))),
    }
}

fn sts(settings: &Settings) -> Result<StsPlace> {
    let first = |names: [&'static str; 3]| {
        names.into_iter().find_map(|key| settings.text(key).map(|(text, layer)| (text, layer.subject(key))))
    };
    let wrong = |subject: String| move |what: String| Error::configuration(format!("{subject} {what}"));
    let endpoint = first([keys::STS_ENDPOINT, keys::CREDENTIALS_STS_ENDPOINT, keys::OIDC_STS_ENDPOINT])
        .map(|(given, subject)| endpoint::authority(given).map_err(wrong(subject)));
    let region_id = first([keys::STS_REGION_ID, keys::OIDC_STS_REGION_ID, keys::OIDC_STS_REGION_ID])
        .map(|(given, subject)| endpoint::region_id(given).map_err(wrong(subject)));
    let ca = match settings.layer_of(&[keys::STS_CA_FILE_PATH]) {
        Some(layer) => path(layer, keys::STS_CA_FILE_PATH)
            .map(|path| {
                settings.places.find(&path, layer.base.as_deref(), &layer.subject(keys::STS_CA_FILE_PATH))
            })
            .transpose()?,
        None => None,
    };
    let proxy = |key: &'static str| {
        settings
            .text(key)
            .map(|(given, layer)| endpoint::proxy(given).map_err(wrong(layer.subject(key))))
            .transpose()
    };
    Ok(StsPlace {
        endpoint: endpoint.transpose()?,
        region_id: region_id.transpose()?,
        vpc: false,
        transport: TransportConfig {
            ca: ca.map(Arc::new),
            more_public_cas: settings.more_public_cas.clone(),
            of_instance: false,
            ignore_ssl_certs: false,
            connect_timeout: STS_CONNECT_TIMEOUT,
            read_timeout: STS_READ_TIMEOUT,
            http_proxy: proxy(keys::HTTP_PROXY)?,
            https_proxy: proxy(keys::HTTPS_PROXY)?,
            no_proxy: settings.text(keys::NO_PROXY).map(|(hosts, _)| hosts.to_owned()),
        },
    })
}
