//! What a configuration says, without any secret: for programs that explain it to a person.

use std::path::{Path, PathBuf};

use super::{Config, EndpointConfig, GatewayKind};
use crate::error::Result;
use crate::identity::client_key::{ClientKeyInfo, PasswordSource};
use crate::process::source::Source;
use crate::transport::{self, check_ca};

/// One endpoint of a [`Config`], without secrets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndpointDescription {
    /// `instance` or `shared`.
    pub gateway: &'static str,
    /// Host, and port where it is not 443. None when it is to be read off the ClientKey.
    pub authority: Option<String>,
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
        self.endpoints.iter().map(describe).collect()
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
    /// [`Kind::ClientKey`](crate::Kind::ClientKey) when it or its password cannot be used.
    ///
    /// # Panics
    /// When there is no such endpoint.
    pub fn read_client_key(&self, endpoint: usize) -> Result<ClientKeyInfo> {
        self.endpoints[endpoint].client_key.load().map(|key| key.info().clone())
    }

    /// The PEM certificates that the endpoint with this index is verified with; none for the public CAs.
    ///
    /// # Errors
    /// [`Kind::Configuration`](crate::Kind::Configuration) when the file cannot be read or holds no CA.
    ///
    /// # Panics
    /// When there is no such endpoint.
    pub fn read_ca(&self, endpoint: usize) -> Result<Option<Vec<u8>>> {
        let ca = self.endpoints[endpoint].transport.ca.as_ref();
        let Some(source) = ca else { return Ok(None) };
        check_ca(source)?;
        source.read().map(|bytes| Some(bytes.to_vec()))
    }
}

fn describe(endpoint: &EndpointConfig) -> EndpointDescription {
    let file = |source: &Source| match source {
        Source::File(path) => Some(path.clone()),
        Source::Inline { .. } => None,
    };
    let (password_file, password_variable) = match &endpoint.client_key.password {
        PasswordSource::File(path) => (Some(path.clone()), None),
        PasswordSource::Environment(name) => (None, Some(name.clone())),
        PasswordSource::Inline { .. } => (None, None),
    };
    let named_by_key = || endpoint.client_key.load().ok()?.info().instance_endpoint();
    let authority = endpoint.authority.clone().or_else(named_by_key).unwrap_or_default();
    EndpointDescription {
        gateway: match endpoint.gateway {
            GatewayKind::Instance => "instance",
            GatewayKind::Shared => "shared",
        },
        authority: endpoint.authority.clone(),
        region_id: endpoint.region_id.clone(),
        client_key_file: file(&endpoint.client_key.key),
        password_file,
        password_variable,
        ca_file: endpoint.transport.ca.as_ref().and_then(|ca| file(ca)),
        private_ca: endpoint.transport.ca.is_some(),
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
