//! One provider for each configuration and identity: however many pods mount, KMS is asked once.

use std::collections::HashMap;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kmsak::{Builder, Error, Provider};
use ring::digest::{Context, SHA256};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::parameters::Parameters;

/// A pod that is gone does not ask again: the driver polls every few minutes.
const FORGET_AFTER: Duration = Duration::from_secs(3600);

/// The providers in use.
pub struct Providers {
    open: Mutex<HashMap<Key, Open>>,
    /// For the tokens of service accounts.
    tokens: PathBuf,
    own_identity: bool,
}

type Key = [u8; 32];

struct Open {
    provider: Provider,
    used: Instant,
}

/// What may stand in the Secret of `nodePublishSecretRef`.
struct Identity {
    client_key: Option<Zeroizing<String>>,
    password: Option<Zeroizing<String>>,
    access_key: Option<(String, Zeroizing<String>)>,
    ca: Option<String>,
}

impl Providers {
    /// `own_identity`: whether who brings none may ask as this process does.
    ///
    /// # Errors
    /// When `tokens` cannot be made, a folder that nobody else can read.
    pub fn new(tokens: PathBuf, own_identity: bool) -> std::io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&tokens)?;
        Ok(Providers { open: Mutex::default(), tokens, own_identity })
    }

    /// The provider for these parameters and the JSON of the Secret. Blocks on files and key derivation the first time.
    ///
    /// # Errors
    /// One sentence.
    pub fn of(&self, parameters: &Parameters, secrets: &str) -> Result<Provider, String> {
        let identity = Identity::read(secrets)?;
        let key = key(parameters, secrets);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let token_file = self.keep_token(&key, parameters)?;
        let now = Instant::now();
        open.retain(|_, one| now.duration_since(one.used) < FORGET_AFTER);
        if let Some(one) = open.get_mut(&key) {
            one.used = now;
            return Ok(one.provider.clone());
        }
        let builder = self.builder(parameters, identity, token_file.as_deref())?;
        let provider = builder.open().map_err(|error: Error| error.message().to_owned())?;
        open.insert(key, Open { provider: provider.clone(), used: now });
        Ok(provider)
    }

    fn builder(
        &self,
        parameters: &Parameters,
        identity: Identity,
        token: Option<&Path>,
    ) -> Result<Builder, String> {
        let mut builder = Builder::new().language("csi");
        for (name, value) in &parameters.settings {
            let value = match &identity.ca {
                Some(ca) if value.starts_with('[') => with_ca(value, ca),
                _ => value.clone(),
            };
            builder = builder.property(name, value);
        }
        if let (Some(role), Some(token)) = (&parameters.role, token) {
            return Ok(builder
                .credentials_type("oidc_role_arn")
                .role_arn(role.arn.as_str())
                .property("credentials_oidc_provider_arn", role.oidc_provider_arn.as_str())
                .property("credentials_oidc_token_file_path", token.to_string_lossy()));
        }
        match (identity.client_key, identity.password, identity.access_key) {
            (Some(client_key), Some(password), None) => Ok(builder
                .credentials_type("client_key")
                .client_key(client_key.as_bytes())
                .client_key_password(password.as_bytes())),
            (None, None, Some((id, secret))) => Ok(builder.credentials_type("ak").access_key_id(id).access_key_secret(secret.as_bytes())),
            (None, None, None) if self.own_identity => {
                keep_at_home(parameters)?;
                Ok(builder.environment().credentials_type("default"))
            }
            (None, None, None) => Err("nobody says who asks KMS: name a Secret with clientKey.json and clientKey_Password.txt in nodePublishSecretRef, or set roleArn and oidcProviderArn".to_owned()),
            _ => Err("nodePublishSecretRef: expected clientKey.json with clientKey_Password.txt, or accessKeyId with accessKeySecret".to_owned()),
        }
    }

    /// The driver brings a newer token each time. For whoever holds the lock: pods of one account come together.
    fn keep_token(&self, key: &Key, parameters: &Parameters) -> Result<Option<PathBuf>, String> {
        let Some(role) = &parameters.role else { return Ok(None) };
        let name: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let (path, new) = (self.tokens.join(&name), self.tokens.join(format!("{name}.new")));
        let written = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)
            .and_then(|mut file| file.write_all(role.token.as_bytes()))
            .and_then(|()| std::fs::rename(&new, &path));
        written.map_err(|error| {
            format!("the pod's token cannot be kept in {}: {error}", self.tokens.display())
        })?;
        Ok(Some(path))
    }
}

impl Identity {
    fn read(secrets: &str) -> Result<Self, String> {
        let wrong = || "nodePublishSecretRef: its content is no JSON object of texts".to_owned();
        let fields: Map<String, Value> = match secrets.trim() {
            "" | "null" => Map::new(),
            text => serde_json::from_str(text).map_err(|_| wrong())?,
        };
        let mut identity = Identity { client_key: None, password: None, access_key: None, ca: None };
        let (mut id, mut secret) = (None, None);
        for (name, value) in &fields {
            let text = value.as_str().ok_or_else(wrong)?.to_owned();
            match name.as_str() {
                "clientKey.json" => identity.client_key = Some(text.into()),
                "clientKey_Password.txt" => identity.password = Some(text.into()),
                "ca.pem" => identity.ca = Some(text),
                "accessKeyId" => id = Some(text),
                "accessKeySecret" => secret = Some(Zeroizing::new(text)),
                _ => {
                    return Err(format!(
                        "nodePublishSecretRef: {name} is unknown; expected clientKey.json, clientKey_Password.txt, ca.pem, accessKeyId, accessKeySecret"
                    ));
                }
            }
        }
        if id.is_some() != secret.is_some() {
            return Err("nodePublishSecretRef: accessKeyId and accessKeySecret belong together".to_owned());
        }
        identity.access_key = id.zip(secret);
        Ok(identity)
    }
}

/// Whoever brings the same gets the same: the whole of what a provider is made from. A role is that of one service account.
fn key(parameters: &Parameters, secrets: &str) -> Key {
    let mut parts: Vec<&str> = vec![secrets];
    for (name, value) in &parameters.settings {
        parts.extend([name.as_str(), value.as_str()]);
    }
    if let Some(role) = &parameters.role {
        parts.extend([
            role.arn.as_str(),
            role.oidc_provider_arn.as_str(),
            parameters.service_account.as_str(),
        ]);
    }
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    context.finish().as_ref().try_into().unwrap_or_default()
}

/// Whoever wrote the class must not be shown this process's own OIDC token, which STS gets as it is. KMS gets signatures alone, and what
/// they are good for the class may have anyway.
fn keep_at_home(parameters: &Parameters) -> Result<(), String> {
    let mut settings = parameters.settings.iter();
    match settings.find(|(name, value)| name == "sts_endpoint" && !is_sts(value)) {
        None => Ok(()),
        Some((_, host)) => Err(format!(
            "configuration: sts_endpoint is {host:?}, but who asks by the provider's own identity may name Alibaba Cloud's own STS alone: leave it out, take sts.REGION.aliyuncs.com or sts-vpc.REGION.aliyuncs.com, or bring an identity with nodePublishSecretRef or roleArn"
        )),
    }
}

/// Whether it is one of those that kmsak chooses by itself.
fn is_sts(host: &str) -> bool {
    let Some(rest) = host.strip_suffix(".aliyuncs.com") else { return false };
    let region = rest.strip_prefix("sts.").or_else(|| rest.strip_prefix("sts-vpc."));
    // A bucket of OSS may have any name before its region's, as in sts.oss-cn-hangzhou.
    let is_region = |region: &str| {
        let parted = region.split_once('-').is_some_and(|(area, _)| area.len() == 2);
        parted
            && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    region.map_or(rest == "sts", is_region)
}

/// The gateways, each with this CA unless it has one of its own.
fn with_ca(gateways: &str, ca: &str) -> String {
    let mut list: Value = serde_json::from_str(gateways).unwrap_or_default();
    for gateway in list.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        if !gateway.contains_key("ca") && !gateway.contains_key("caCert") {
            gateway.insert("ca".to_owned(), ca.into());
        }
    }
    list.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(settings: &str, role: bool) -> Parameters {
        let mut attributes = serde_json::json!({
            "configuration": format!("cache_client_region_id=[{{\"regionId\":\"cn-hangzhou\"}}]\n{settings}"),
            "secrets": "- name: a",
        });
        if role {
            attributes["roleArn"] = "acs:ram::1234567890123456:role/app".into();
            attributes["oidcProviderArn"] = "acs:ram::1234567890123456:oidc-provider/ack".into();
            attributes["csi.storage.k8s.io/serviceAccount.tokens"] =
                r#"{"sts.aliyuncs.com": {"token": "a.b.c"}}"#.into();
        }
        Parameters::read(&attributes.to_string()).unwrap()
    }

    #[test]
    fn nobody_leads_the_providers_own_identity_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let providers = Providers::new(folder.path().to_owned(), true).unwrap();
        let built = |settings: &str, role: bool, secrets: &str| {
            let token = role.then_some(Path::new("/token"));
            providers.builder(&parameters(settings, role), Identity::read(secrets)?, token).map(drop)
        };
        for host in [
            "sts.example.com",
            "sts.aliyuncs.com:8443",
            "sts.aliyuncs.com.example.com",
            "sts.aliyuncs.com@example.com",
            "example.com/sts.aliyuncs.com",
            "sts.cn-hangzhou.aliyuncs.com.cn",
            "sts.a.cn-hangzhou.aliyuncs.com",
            "sts.oss-cn-hangzhou.aliyuncs.com",
            "evil-sts.cn-hangzhou.aliyuncs.com",
            "sts..aliyuncs.com",
            "",
        ] {
            let settings = format!("sts_endpoint={host}");
            let said = built(&settings, false, "{}").unwrap_err();
            assert!(said.contains("may name Alibaba Cloud's own STS alone"), "{host}: {said}");
            // Whoever brings an identity may lead it where they like.
            built(&settings, true, "{}").unwrap();
            built(&settings, false, r#"{"accessKeyId": "LTAI", "accessKeySecret": "s"}"#).unwrap();
        }
        for host in [
            "sts.aliyuncs.com",
            "sts.cn-hangzhou.aliyuncs.com",
            "sts-vpc.ap-southeast-1.aliyuncs.com",
            "sts.cn-shanghai-finance-1.aliyuncs.com",
        ] {
            built(&format!("sts_endpoint={host}"), false, "{}").unwrap();
        }
        built("", false, "{}").unwrap();
    }
}
