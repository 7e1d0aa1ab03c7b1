//! What a configuration says, without any secret: for programs that explain it to a person.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Config, EndpointConfig, GatewayKind};
use crate::error::{Error, Result};
use crate::identity::IdentityConfig;
use crate::identity::client_key::{ClientKeyInfo, PasswordSource};
use crate::process::source::Source;
use crate::transport::{self, KMS_PRIVATE_CAS, check_ca};

/// One endpoint of a [`Config`], without secrets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndpointDescription {
    /// `instance` or `shared`.
    pub gateway: &'static str,
    /// Host, and port where it is not 443. None when it is to be read off the ClientKey.
    pub authority: Option<String>,
    /// Which of those who ask, counted from 0: endpoints with the same number share one.
    pub identity: usize,
    /// Who asks, as `credentials_type` calls it.
    pub credentials_type: &'static str,
    /// The region, where the configuration names one.
    pub region_id: Option<String>,
    /// The ClientKey file, where it is a file.
    pub client_key_file: Option<PathBuf>,
    /// The file with the ClientKey's password, where it is a file.
    pub password_file: Option<PathBuf>,
    /// The environment variable with the ClientKey's password, where it is one.
    pub password_variable: Option<String>,
    /// The CA file, where it is a file.
    pub ca_file: Option<PathBuf>,
    /// Whether the endpoint has a CA of its own, in a file or inline.
    pub private_ca: bool,
    /// Whether the private CAs of KMS instances that kmsak carries are trusted, beside the public CAs.
    pub carried_ca: bool,
    /// Whether verification is switched off.
    pub ignore_ssl_certs: bool,
    /// Whether requests go through a proxy, of the configuration or of the environment. Its address may hold a
    /// password and is not told.
    pub proxy: bool,
}

impl Config {
    /// The endpoints in the order of preference.
    #[must_use]
    pub fn endpoints(&self) -> Vec<EndpointDescription> {
        let mut known: Vec<&Arc<IdentityConfig>> = Vec::new();
        let mut described = Vec::with_capacity(self.endpoints.len());
        for endpoint in &self.endpoints {
            let place = known.iter().position(|one| Arc::ptr_eq(one, &endpoint.identity));
            let identity = place.unwrap_or_else(|| {
                known.push(&endpoint.identity);
                known.len() - 1
            });
            described.push(describe(endpoint, identity));
        }
        described
    }

    /// The secrets that are fetched at start, `secret_names`.
    #[must_use]
    pub fn secret_names(&self) -> &[String] {
        &self.secret_names
    }

    /// The encrypted cache file, where one is configured.
    #[must_use]
    pub fn cache_file(&self) -> Option<&Path> {
        self.cache_file.as_deref()
    }

    /// Reads the ClientKey of the endpoint with this index in [`endpoints`](Config::endpoints), and says what it tells
    /// of itself.
    ///
    /// # Errors
    /// [`Kind::ClientKey`](crate::Kind::ClientKey) when it or its password cannot be used,
    /// [`Kind::Configuration`](crate::Kind::Configuration) when it is not asked with one.
    ///
    /// # Panics
    /// When there is no such endpoint.
    pub fn read_client_key(&self, endpoint: usize) -> Result<ClientKeyInfo> {
        match self.endpoints[endpoint].identity.client_key() {
            Some(source) => source.load().map(|key| key.info().clone()),
            None => Err(Error::configuration("this endpoint is not asked with a ClientKey")),
        }
    }

    /// The PEM certificates that the endpoint with this index is verified with, those that kmsak carries included; none for the
    /// public CAs alone.
    ///
    /// # Errors
    /// [`Kind::Configuration`](crate::Kind::Configuration) when the file cannot be read or holds no CA.
    ///
    /// # Panics
    /// When there is no such endpoint.
    pub fn read_ca(&self, endpoint: usize) -> Result<Option<Vec<u8>>> {
        let ca = self.endpoints[endpoint].transport.ca.as_ref();
        let Some(source) = ca else {
            return Ok(carries_ca(&self.endpoints[endpoint]).then(|| KMS_PRIVATE_CAS.to_vec()));
        };
        check_ca(source)?;
        source.read().map(|bytes| Some(bytes.to_vec()))
    }
}

fn carries_ca(endpoint: &EndpointConfig) -> bool {
    let transport = &endpoint.transport;
    transport.of_instance && transport.ca.is_none() && !transport.ignore_ssl_certs
}

fn describe(endpoint: &EndpointConfig, identity: usize) -> EndpointDescription {
    let file = |source: &Source| match source {
        Source::File(path) => Some(path.clone()),
        Source::Inline { .. } => None,
    };
    let client_key = endpoint.identity.client_key();
    let (password_file, password_variable) = match client_key.map(|source| &source.password) {
        Some(PasswordSource::File(path)) => (Some(path.clone()), None),
        Some(PasswordSource::Environment(name)) => (None, Some(name.clone())),
        Some(PasswordSource::Inline { .. }) | None => (None, None),
    };
    let named_by_key = || client_key?.load().ok()?.info().instance_endpoint();
    let authority = endpoint.authority.clone().or_else(named_by_key).unwrap_or_default();
    EndpointDescription {
        gateway: match endpoint.gateway {
            GatewayKind::Instance => "instance",
            GatewayKind::Shared => "shared",
        },
        authority: endpoint.authority.clone(),
        identity,
        credentials_type: endpoint.identity.kind(),
        region_id: endpoint.region_id.clone(),
        client_key_file: client_key.and_then(|source| file(&source.key)),
        password_file,
        password_variable,
        ca_file: endpoint.transport.ca.as_ref().and_then(|ca| file(ca)),
        private_ca: endpoint.transport.ca.is_some(),
        carried_ca: carries_ca(endpoint),
        ignore_ssl_certs: endpoint.transport.ignore_ssl_certs,
        // A proxy that cannot be used is told when the provider opens.
        proxy: transport::goes_through_a_proxy(&endpoint.transport, &authority).unwrap_or(true),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Builder, Gateway};

    #[test]
    fn tells_files_and_endpoints_but_no_secret() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
        let config = Builder::new()
            .client_key_file(format!("{folder}/clientKey.json"))
            .client_key_password_file(format!("{folder}/clientKey_Password.txt"))
            .secret_names(["a", "b"])
            .gateway(
                Gateway::instance()
                    .ca_file(format!("{folder}/ca.pem"))
                    .https_proxy("http://user:hunter2@proxy:3128"),
            )
            .gateway(Gateway::shared("cn-hangzhou").https_proxy("proxy:3128").no_proxy("*.aliyuncs.com"))
            .build()
            .unwrap();
        assert_eq!(config.secret_names(), ["a", "b"]);
        let endpoints = config.endpoints();
        assert_eq!(endpoints[0].gateway, "instance");
        assert!(endpoints[0].ca_file.as_ref().unwrap().ends_with("ca.pem"));
        assert!(endpoints[0].proxy);
        assert_eq!(endpoints[1].authority.as_deref(), Some("kms.cn-hangzhou.aliyuncs.com"));
        assert!(!endpoints[1].private_ca);
        assert!(!endpoints[1].proxy);
        assert!(!format!("{endpoints:?}").contains("hunter2"));
        assert!(config.read_client_key(0).unwrap().key_id.starts_with("KAAP."));
        assert!(config.read_ca(0).unwrap().unwrap().starts_with(b"-----BEGIN"));
        assert!(config.read_ca(1).unwrap().is_none());
    }
}
