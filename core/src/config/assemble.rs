//! From the settings of all sources to one checked [`Config`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::endpoint::{self, quoted};
use super::gateway::{Gateway, Given, GivenPassword};
use super::limits as limit;
use super::settings::{Layer, Origin, Settings, Value};
use super::shown;
use super::source::{ClientKeySource, PasswordSource, Source};
use super::warnings::Warnings;
use super::{
    CONFIG_VARIABLE, Config, DEFAULT_FILE, EndpointConfig, GatewayKind, RefreshConfig, RenewalConfig,
    TransportConfig, keys, lists,
};
use crate::error::{Error, Result};
use crate::live::check_name;
use crate::protected::ProtectedBytes;

pub(super) fn config(
    settings: &Settings,
    in_code: &[Gateway],
    usual_places: bool,
    language: String,
    mut warnings: Warnings,
) -> Result<Config> {
    let described = describe(settings, in_code, usual_places, &mut warnings)?;
    check_credentials_type(settings, &described, &mut warnings)?;
    let mut endpoints: Vec<EndpointConfig> = Vec::new();
    for gateway in &described {
        let endpoint = gateway.endpoint(settings, &endpoints, &mut warnings)?;
        endpoints.push(endpoint);
    }
    let interval = match settings.optional_duration(keys::ROTATION_INTERVAL, limit::INTERVAL)? {
        Some(interval) => interval,
        None => settings.duration(keys::REFRESH_SECRET_TTL, limit::INTERVAL, limit::ROTATION_INTERVAL)?,
    };
    // The official clients' monitors fetch again what has outlived its rotation interval; the schedule does that here.
    settings.optional_duration(keys::MONITOR_PERIOD, limit::MONITOR)?;
    settings.optional_duration(keys::MONITOR_CUSTOMER, limit::MONITOR)?;
    Ok(Config {
        endpoints,
        secret_names: secret_names(settings)?,
        refresh: RefreshConfig {
            interval,
            delay: settings.duration(keys::DELAY_INTERVAL, limit::ADDITION, limit::DELAY_INTERVAL)?,
            jitter: settings.duration(keys::JITTER_INTERVAL, limit::ADDITION, limit::JITTER_INTERVAL)?,
        },
        renewal: RenewalConfig {
            deadline: settings.duration(keys::RENEW_DEADLINE, limit::DEADLINE, limit::RENEW_DEADLINE)?,
            tokens: settings.count(keys::RENEW_TOKENS, 1, limit::MOST_RENEW_TOKENS, limit::RENEW_TOKENS)?,
            refill: settings.duration(
                keys::RENEW_REFILL_INTERVAL,
                limit::REFILL,
                limit::RENEW_REFILL_INTERVAL,
            )?,
            rejection_codes: rejection_codes(settings)?,
        },
        fetch_deadline: settings.duration(keys::FETCH_DEADLINE, limit::DEADLINE, limit::FETCH_DEADLINE)?,
        max_stale: settings.optional_duration(keys::MAX_STALE, limit::AGE)?,
        cache_file: cache_file(settings)?,
        warnings: warnings.into_sentences(),
        language,
    })
}

/// A gateway with the source that it came from.
struct Described<'a> {
    gateway: Gateway,
    layer: &'a Layer,
    /// `cache_client_region_id[0]`, or how to call one that came from code.
    name: String,
    in_code: bool,
}

/// All gateways come from one source: the strongest that names any. In it, instances win over regions.
fn describe<'a>(
    settings: &'a Settings,
    in_code: &[Gateway],
    usual_places: bool,
    warnings: &mut Warnings,
) -> Result<Vec<Described<'a>>> {
    if !in_code.is_empty() {
        return Ok(in_code
            .iter()
            .enumerate()
            .map(|(index, gateway)| Described {
                gateway: gateway.clone(),
                layer: &settings.layers[0],
                name: format!("gateway {}", index + 1),
                in_code: true,
            })
            .collect());
    }
    let Some(layer) = settings.layer_of(&[keys::INSTANCES, keys::REGIONS]) else {
        return Err(warnings.missing(
            "no KMS gateway is configured",
            &[keys::REGIONS, keys::INSTANCES],
            &where_to_set_gateways(settings, usual_places),
        ));
    };
    let (key, text) = match (layer.text(keys::INSTANCES), layer.text(keys::REGIONS)) {
        (Some(text), regions) => {
            if regions.is_some() {
                warnings.push(format!(
                    "cache_client_region_id {} is ignored, as cache_client_dkms_config_info is set as well",
                    layer.origin
                ));
            }
            (keys::INSTANCES, text)
        }
        (None, Some(text)) => (keys::REGIONS, text),
        (None, None) => return Err(Error::configuration("cache_client_region_id is not text")),
    };
    let gateways = lists::read(settings, layer, key, text, warnings)?;
    Ok(gateways
        .into_iter()
        .enumerate()
        .map(|(index, gateway)| Described { gateway, layer, name: format!("{key}[{index}]"), in_code: false })
        .collect())
}

fn where_to_set_gateways(settings: &Settings, usual_places: bool) -> String {
    let file = match (settings.places.variable(CONFIG_VARIABLE), settings.properties()) {
        (Some(path), _) if usual_places => {
            format!("{}, which {CONFIG_VARIABLE} names,", shown::path(Path::new(&path)))
        }
        (_, Some(name)) => name.to_owned(),
        _ if usual_places => format!("{DEFAULT_FILE} (looked for in {})", settings.places.usual_folders()),
        _ => {
            return "add one in code, or in a properties file set cache_client_region_id to a JSON array of regions or \
                    cache_client_dkms_config_info to one of KMS instances"
                .to_owned();
        }
    };
    let by_variable = settings.layers.iter().any(|layer| matches!(layer.origin, Origin::Environment));
    let variable = if by_variable { " or as an environment variable of that name" } else { "" };
    format!("set cache_client_region_id or cache_client_dkms_config_info in {file}{variable}")
}

fn check_credentials_type(
    settings: &Settings,
    gateways: &[Described<'_>],
    warnings: &mut Warnings,
) -> Result<()> {
    const OTHERS: [&str; 6] = ["ecs_ram_role", "ak", "token", "sts", "ram_role", "oidc_role_arn"];

    let Some((given, layer)) = settings.text(keys::CREDENTIALS_TYPE) else { return Ok(()) };
    if given == "client_key" {
        return Ok(());
    }
    let known = OTHERS.contains(&given);
    // The official clients ask an instance with its ClientKey whatever stands here.
    if known && gateways.iter().all(|described| described.kind() == GatewayKind::Instance) {
        warnings.push(format!(
            "credentials_type {} is {given}, which is ignored: a KMS instance is asked with a ClientKey",
            layer.origin
        ));
        return Ok(());
    }
    Err(Error::configuration(if known {
        format!(
            "credentials_type {} is {given}, which kmsak does not support yet: create a ClientKey in KMS and set \
             credentials_type to client_key",
            layer.origin
        )
    } else {
        format!("credentials_type {} is {}: expected client_key", layer.origin, quoted(given))
    }))
}

impl Described<'_> {
    /// What to call a field: by its JSON name, or by the name of its method.
    fn subject(&self, json: &str, method: &str) -> String {
        if self.in_code { format!("{method} of {}", self.name) } else { format!("{}.{json}", self.name) }
    }

    /// The V2 client lists an instance among the regions.
    fn kind(&self) -> GatewayKind {
        match text(&self.gateway.endpoint).map(endpoint::authority) {
            Some(Ok(authority)) if endpoint::is_instance(&authority) => GatewayKind::Instance,
            _ => self.gateway.kind,
        }
    }

    fn endpoint(
        &self,
        settings: &Settings,
        earlier: &[EndpointConfig],
        warnings: &mut Warnings,
    ) -> Result<EndpointConfig> {
        let gateway = &self.gateway;
        let wrong = |subject: String| move |what: String| Error::configuration(format!("{subject} {what}"));
        let region_id = text(&gateway.region_id)
            .map(|id| endpoint::region_id(id).map_err(wrong(self.subject("regionId", "region_id"))))
            .transpose()?;
        let given = text(&gateway.endpoint)
            .map(|host| endpoint::authority(host).map_err(wrong(self.subject("endpoint", "endpoint"))))
            .transpose()?;
        let kind = self.kind();
        let region_id = region_id.or_else(|| given.as_deref().and_then(endpoint::region_of));
        let authority = match (kind, given, &region_id) {
            (_, Some(authority), Some(_)) | (GatewayKind::Instance, Some(authority), None) => Some(authority),
            (GatewayKind::Instance, None, _) => None,
            (GatewayKind::Shared, None, Some(region)) if gateway.vpc => {
                Some(format!("kms-vpc.{region}.aliyuncs.com"))
            }
            (GatewayKind::Shared, None, Some(region)) => Some(format!("kms.{region}.aliyuncs.com")),
            (GatewayKind::Shared, _, None) => {
                let subject = self.subject("regionId", "region_id");
                return Err(warnings.missing(
                    &format!("{subject} is missing"),
                    &[&subject],
                    "expected a region id such as cn-hangzhou",
                ));
            }
        };
        let transport = self.transport(settings)?;
        let client_key = self.client_key(settings, warnings)?;
        if transport.ignore_ssl_certs {
            warnings.push(format!(
                "{} is true: whoever answers in KMS's place is believed and sees each secret that is asked for; \
                 configure a CA instead",
                self.subject("ignoreSslCerts", "ignore_ssl_certs")
            ));
        } else if kind == GatewayKind::Instance && transport.ca.is_none() {
            warnings.push(format!(
                "{} is missing: a KMS instance has a certificate of a private CA, so download that CA in the KMS \
                 console and name it here",
                self.subject("caFilePath", "ca_file")
            ));
        }
        let client_key = earlier
            .iter()
            .map(|endpoint| &endpoint.client_key)
            .find(|source| ***source == client_key)
            .cloned()
            .unwrap_or_else(|| Arc::new(client_key));
        Ok(EndpointConfig { gateway: kind, authority, region_id, client_key, transport })
    }

    fn base(&self) -> Option<&Path> {
        self.layer.base.as_deref()
    }

    fn transport(&self, settings: &Settings) -> Result<TransportConfig> {
        let gateway = &self.gateway;
        let ca = gateway.ca.as_ref().map(|ca| match ca {
            Given::File(path) => {
                settings.places.find(path, self.base(), &self.subject("caFilePath", "ca_file"))
            }
            Given::Bytes(bytes) => Ok(inline(&self.subject("ca", "ca"), bytes)),
        });
        let timeout = |own, json, key, default| match own {
            Some(timeout) => limit::TIMEOUT.check(&self.subject(json, key), timeout),
            None => settings.duration(key, limit::TIMEOUT, default),
        };
        let proxy = |own: &Option<String>, json, key: &'static str| {
            let (given, subject) = match text(own) {
                Some(own) => (own, self.subject(json, key)),
                None => match settings.text(key) {
                    Some((global, layer)) => (global, format!("{key} {}", layer.origin)),
                    None => return Ok(None),
                },
            };
            endpoint::proxy(given).map(Some).map_err(|what| Error::configuration(format!("{subject} {what}")))
        };
        Ok(TransportConfig {
            ca: ca.transpose()?.map(Arc::new),
            ignore_ssl_certs: gateway.ignore_ssl_certs,
            connect_timeout: timeout(
                gateway.connect_timeout,
                "connectTimeout",
                keys::CONNECT_TIMEOUT,
                limit::CONNECT_TIMEOUT,
            )?,
            read_timeout: timeout(
                gateway.read_timeout,
                "readTimeout",
                keys::READ_TIMEOUT,
                limit::READ_TIMEOUT,
            )?,
            http_proxy: proxy(&gateway.http_proxy, "httpProxy", keys::HTTP_PROXY)?,
            https_proxy: proxy(&gateway.https_proxy, "httpsProxy", keys::HTTPS_PROXY)?,
            no_proxy: text(&gateway.no_proxy)
                .or_else(|| settings.text(keys::NO_PROXY).map(|(hosts, _)| hosts))
                .map(str::to_owned),
        })
    }

    /// The gateway's own ClientKey and password, each falling back on the one that all gateways share.
    fn client_key(&self, settings: &Settings, warnings: &Warnings) -> Result<ClientKeySource> {
        let key = match &self.gateway.client_key {
            Some(Given::File(path)) => {
                settings.places.find(path, self.base(), &self.subject("clientKeyFile", "client_key_file"))?
            }
            Some(Given::Bytes(bytes)) => inline(&self.subject("clientKeyContent", "client_key"), bytes),
            None => self.common_client_key(settings, warnings)?,
        };
        let password = match &self.gateway.password {
            Some(GivenPassword::File(path)) => {
                let subject = self.subject("passwordFromFilePath", "client_key_password_file");
                password_file(settings.places.find_password(path, self.base(), &subject)?)?
            }
            Some(GivenPassword::Environment(name)) => {
                let name = name.trim();
                if !settings.places.is_set(name) {
                    return match common_password(settings)? {
                        Some(password) => Ok(ClientKeySource { key, password }),
                        None => Err(not_set(
                            &self.subject("passwordFromEnvVariable", "client_key_password_env"),
                            name,
                        )),
                    };
                }
                PasswordSource::Environment(name.to_owned())
            }
            Some(GivenPassword::Bytes(bytes)) => {
                let name = self.subject("password", "client_key_password");
                PasswordSource::Inline { name, bytes: ProtectedBytes::copy_from(bytes.as_bytes()) }
            }
            None => common_password(settings)?.ok_or_else(|| self.no_password(warnings))?,
        };
        Ok(ClientKeySource { key, password })
    }

    fn common_client_key(&self, settings: &Settings, warnings: &Warnings) -> Result<Source> {
        let Some(layer) = settings.layer_of(&[keys::CLIENT_KEY_PATH, keys::CLIENT_KEY_CONTENT]) else {
            return Err(self.no_client_key(warnings));
        };
        if let Some(path) = path(layer, keys::CLIENT_KEY_PATH) {
            let subject = layer.subject(keys::CLIENT_KEY_PATH);
            return settings.places.find(&path, layer.base.as_deref(), &subject);
        }
        let name = layer.subject(keys::CLIENT_KEY_CONTENT);
        Ok(Source::Inline { name, bytes: bytes(layer, keys::CLIENT_KEY_CONTENT) })
    }

    fn no_client_key(&self, warnings: &Warnings) -> Error {
        let (place, settings) = if self.in_code {
            (String::new(), "client_key_file in code, of this gateway or for all,")
        } else {
            (format!(" {}", self.layer.origin), "its clientKeyFile, or client_key_private_key_path,")
        };
        warnings.missing(
            &format!("{}{place} has no ClientKey", self.name),
            &[
                &format!("{}.clientKeyFile", self.name),
                &format!("{}.clientKeyContent", self.name),
                keys::CLIENT_KEY_PATH,
                keys::CLIENT_KEY_CONTENT,
            ],
            &format!("set {settings} to the clientKey_****.json file that KMS issued"),
        )
    }

    fn no_password(&self, warnings: &Warnings) -> Error {
        let (place, settings) = if self.in_code {
            (
                String::new(),
                "client_key_password_file, client_key_password_env or client_key_password in code,",
            )
        } else {
            (
                format!(" {}", self.layer.origin),
                "its passwordFromFilePath, or client_key_password_from_file_path, \
                 client_key_password_from_env_variable",
            )
        };
        let field = |field| format!("{}.{field}", self.name);
        warnings.missing(
            &format!("the ClientKey of {}{place} has no password", self.name),
            &[
                &field("passwordFromFilePath"),
                &field("passwordFromFilePathName"),
                &field("passwordFromEnvVariable"),
                &field("password"),
                keys::PASSWORD_PATH,
                keys::PASSWORD_ENV,
                keys::PASSWORD,
            ],
            &format!("set {settings} or the environment variable client_key_password"),
        )
    }
}

/// The password that all gateways share, in the official clients' order: the named environment variable, the file,
/// `client_key_password`.
fn common_password(settings: &Settings) -> Result<Option<PasswordSource>> {
    let layer = settings.layer_of(&[keys::PASSWORD_ENV, keys::PASSWORD_PATH, keys::PASSWORD]);
    let mut unset = None;
    if let Some(layer) = layer {
        if let Some(name) = layer.text(keys::PASSWORD_ENV) {
            if settings.places.is_set(name) {
                return Ok(Some(PasswordSource::Environment(name.to_owned())));
            }
            unset = Some(not_set(&layer.subject(keys::PASSWORD_ENV), name));
        }
        if let Some(path) = path(layer, keys::PASSWORD_PATH) {
            let subject = layer.subject(keys::PASSWORD_PATH);
            return password_file(settings.places.find_password(&path, layer.base.as_deref(), &subject)?)
                .map(Some);
        }
        if layer.values.contains_key(keys::PASSWORD) {
            let password = bytes(layer, keys::PASSWORD);
            if !password.as_bytes().is_empty() {
                let name = layer.subject(keys::PASSWORD);
                return Ok(Some(PasswordSource::Inline { name, bytes: password }));
            }
        }
    }
    if settings.places.is_set(keys::PASSWORD) {
        return Ok(Some(PasswordSource::Environment(keys::PASSWORD.to_owned())));
    }
    unset.map_or(Ok(None), Err)
}

fn not_set(subject: &str, name: &str) -> Error {
    Error::configuration(if shown::is_surely_a_name(name) {
        format!(
            "{subject} names the environment variable {name}, which is not set: set it to the ClientKey's password"
        )
    } else {
        format!(
            "{subject} names an environment variable that is not set (it is not shown, as it may be the password \
             itself): write the name of the variable there, and set that to the ClientKey's password"
        )
    })
}

fn password_file(source: Source) -> Result<PasswordSource> {
    Ok(match source {
        Source::File(path) => PasswordSource::File(path),
        Source::Inline { name, bytes } => PasswordSource::Inline { name, bytes },
    })
}

fn inline(name: &str, bytes: &ProtectedBytes) -> Source {
    Source::Inline { name: name.to_owned(), bytes: ProtectedBytes::copy_from(bytes.as_bytes()) }
}

fn path(layer: &Layer, key: &str) -> Option<PathBuf> {
    match layer.values.get(key) {
        Some(Value::Path(path)) => Some(path.clone()),
        _ => layer.text(key).map(PathBuf::from),
    }
}

fn bytes(layer: &Layer, key: &str) -> ProtectedBytes {
    match layer.values.get(key) {
        Some(Value::Bytes(bytes)) => ProtectedBytes::copy_from(bytes.as_bytes()),
        Some(Value::Text(text)) => ProtectedBytes::copy_from(text.as_bytes()),
        _ => ProtectedBytes::copy_from(&[]),
    }
}

fn text(given: &Option<String>) -> Option<&str> {
    given.as_deref().filter(|text| !text.trim().is_empty())
}

fn secret_names(settings: &Settings) -> Result<Vec<String>> {
    let Some((names, layer)) = settings.list(keys::SECRET_NAMES) else { return Ok(Vec::new()) };
    for name in &names {
        if check_name(name).is_err() {
            return Err(Error::configuration(format!(
                "secret_names {} holds {}: expected names such as acs/ram/user/app, separated by commas",
                layer.origin,
                quoted(name)
            )));
        }
    }
    Ok(names)
}

fn rejection_codes(settings: &Settings) -> Result<Arc<[String]>> {
    let Some((codes, layer)) = settings.list(keys::REJECTION_CODES) else {
        return Ok(limit::REJECTION_CODES.map(str::to_owned).into());
    };
    for code in &codes {
        if code.len() > 128 || !code.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::configuration(format!(
                "rejection_codes {} holds {}: expected error codes such as InvalidAccessKeyId.NotFound, separated by \
                 commas",
                layer.origin,
                quoted(code)
            )));
        }
    }
    Ok(codes.into())
}

fn cache_file(settings: &Settings) -> Result<Option<PathBuf>> {
    let Some(layer) = settings.layer_of(&[keys::CACHE_FILE]) else { return Ok(None) };
    let Some(path) = path(layer, keys::CACHE_FILE) else { return Ok(None) };
    let subject = layer.subject(keys::CACHE_FILE);
    settings.places.place(&path, layer.base.as_deref(), &subject).map(Some)
}
