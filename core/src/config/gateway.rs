//! One gateway as a user describes it, in code or in one of the two JSON arrays.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroize;

use super::GatewayKind;
use crate::process::protected::ProtectedBytes;

/// A KMS gateway to ask, for [`Builder::gateway`](super::Builder::gateway). What is left out is taken from the
/// builder's own settings, and the endpoint of an instance from its ClientKey. Nothing is checked before
/// [`Builder::build`](super::Builder::build).
///
/// ```
/// use kmsak::Gateway;
/// let on_the_cloud = Gateway::instance().ca_file("PrivateKmsCA_kst-hzz000000000000000.pem");
/// let off_the_cloud = Gateway::shared("cn-hangzhou");
/// ```
#[derive(Clone)]
#[must_use]
pub struct Gateway {
    pub(super) kind: GatewayKind,
    pub(super) region_id: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) vpc: bool,
    pub(super) credentials_type: Option<String>,
    pub(super) client_key: Option<Given>,
    pub(super) password: Option<GivenPassword>,
    pub(super) ca: Option<Given>,
    pub(super) ignore_ssl_certs: bool,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) read_timeout: Option<Duration>,
    pub(super) http_proxy: Option<String>,
    pub(super) https_proxy: Option<String>,
    pub(super) no_proxy: Option<String>,
}

#[derive(Clone)]
pub(super) enum Given {
    File(PathBuf),
    Bytes(Arc<ProtectedBytes>),
}

#[derive(Clone)]
pub(super) enum GivenPassword {
    File(PathBuf),
    Environment(String),
    Bytes(Arc<ProtectedBytes>),
}

impl Gateway {
    /// The shared gateway of a region such as `cn-hangzhou`, reached over the Internet unless [`Gateway::vpc`] or
    /// [`Gateway::endpoint`] say otherwise.
    pub fn shared(region_id: impl Into<String>) -> Self {
        let mut gateway = Gateway::new(GatewayKind::Shared);
        gateway.region_id = Some(region_id.into());
        gateway
    }

    /// The gateway of a KMS instance, reached inside its VPC. Its endpoint is read off the ClientKey unless
    /// [`Gateway::endpoint`] names it.
    pub fn instance() -> Self {
        Gateway::new(GatewayKind::Instance)
    }

    pub(super) fn new(kind: GatewayKind) -> Self {
        Gateway {
            kind,
            region_id: None,
            endpoint: None,
            vpc: false,
            credentials_type: None,
            client_key: None,
            password: None,
            ca: None,
            ignore_ssl_certs: false,
            connect_timeout: None,
            read_timeout: None,
            http_proxy: None,
            https_proxy: None,
            no_proxy: None,
        }
    }

    /// The region id, such as `cn-hangzhou`.
    pub fn region_id(mut self, region_id: impl Into<String>) -> Self {
        self.region_id = Some(region_id.into());
        self
    }

    /// `host` or `host:port`.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Whether to reach the shared gateway from inside a VPC, at `kms-vpc.<region>.aliyuncs.com`.
    pub fn vpc(mut self, vpc: bool) -> Self {
        self.vpc = vpc;
        self
    }

    /// Who asks this gateway, as [`Builder::credentials_type`](super::Builder::credentials_type) has it for all.
    pub fn credentials_type(mut self, credentials_type: impl Into<String>) -> Self {
        self.credentials_type = Some(credentials_type.into());
        self
    }

    /// This gateway's own ClientKey file.
    pub fn client_key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.client_key = Some(Given::File(path.into()));
        self
    }

    /// The content of this gateway's own ClientKey file. The bytes are copied into protected memory.
    pub fn client_key(mut self, json: impl AsRef<[u8]>) -> Self {
        self.client_key = Some(Given::bytes(json.as_ref()));
        self
    }

    /// The file with the password of this gateway's ClientKey.
    pub fn client_key_password_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.password = Some(GivenPassword::File(path.into()));
        self
    }

    /// The name of the environment variable with the password of this gateway's ClientKey.
    pub fn client_key_password_env(mut self, variable: impl Into<String>) -> Self {
        self.password = Some(GivenPassword::Environment(variable.into()));
        self
    }

    /// The password of this gateway's ClientKey. The bytes are copied into protected memory.
    pub fn client_key_password(mut self, password: impl AsRef<[u8]>) -> Self {
        self.password = Some(GivenPassword::bytes(password.as_ref()));
        self
    }

    /// A file of PEM certificates to trust instead of the public CAs.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca = Some(Given::File(path.into()));
        self
    }

    /// PEM certificates to trust instead of the public CAs.
    pub fn ca(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.ca = Some(Given::bytes(pem.as_ref()));
        self
    }

    /// `true` switches verification of the peer off: whoever answers at the endpoint's address is believed. Warned
    /// about at each start.
    pub fn ignore_ssl_certs(mut self, ignore: bool) -> Self {
        self.ignore_ssl_certs = ignore;
        self
    }

    /// How long a connection may take to be made, 1 ms to 10 min.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// How long the answer may take once a request goes out on an open connection, 1 ms to 10 min.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = Some(timeout);
        self
    }

    /// Has no effect: it is for plain HTTP, which KMS does not speak. Checked all the same, as the official clients'
    /// configuration has it.
    pub fn http_proxy(mut self, proxy: impl Into<String>) -> Self {
        self.http_proxy = Some(proxy.into());
        self
    }

    /// The proxy to reach KMS through, `http://[user:password@]host:port`; `socks4`, `socks4a`, `socks5` and `socks5h`
    /// work as well, and `https` where KMS is verified with the public CAs. Without one, the environment's `HTTPS_PROXY` and `ALL_PROXY` count.
    pub fn https_proxy(mut self, proxy: impl Into<String>) -> Self {
        self.https_proxy = Some(proxy.into());
        self
    }

    /// Hosts, domains and networks, separated by commas, that are reached without a proxy: a domain with all below it,
    /// `host:port` for one port, `*` for all.
    pub fn no_proxy(mut self, hosts: impl Into<String>) -> Self {
        self.no_proxy = Some(hosts.into());
        self
    }
}

impl Given {
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Given::Bytes(Arc::new(ProtectedBytes::copy_from(bytes)))
    }

    /// Takes over a text and wipes it.
    pub(super) fn text(mut text: String) -> Self {
        let given = Given::bytes(text.as_bytes());
        text.zeroize();
        given
    }
}

impl GivenPassword {
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        GivenPassword::Bytes(Arc::new(ProtectedBytes::copy_from(bytes)))
    }
}

impl fmt::Debug for Gateway {
    /// Proxies may hold passwords, so they are left out along with the ClientKey.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("kind", &self.kind)
            .field("region_id", &self.region_id)
            .field("endpoint", &self.endpoint)
            .field("vpc", &self.vpc)
            .field("ignore_ssl_certs", &self.ignore_ssl_certs)
            .finish_non_exhaustive()
    }
}
