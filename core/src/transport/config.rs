//! How a peer is reached and verified.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::process::source::Source;

/// How to reach and verify a peer.
#[derive(Clone)]
pub(crate) struct TransportConfig {
    /// PEM certificates to trust instead of the public CAs.
    pub(crate) ca: Option<Arc<Source>>,
    /// A file of PEM certificates to trust beside the public CAs, where `ca` is none.
    pub(crate) more_public_cas: Option<PathBuf>,
    /// Without a CA of its own: whether KMS's private CAs, which kmsak carries, are trusted beside the public ones.
    pub(crate) of_instance: bool,
    /// `ignoreSslCerts: true` in so many words.
    pub(crate) ignore_ssl_certs: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) http_proxy: Option<String>,
    pub(crate) https_proxy: Option<String>,
    pub(crate) no_proxy: Option<String>,
}

impl fmt::Debug for TransportConfig {
    /// Proxies may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportConfig")
            .field("ca", &self.ca)
            .field("more_public_cas", &self.more_public_cas)
            .field("of_instance", &self.of_instance)
            .field("ignore_ssl_certs", &self.ignore_ssl_certs)
            .field("connect_timeout", &self.connect_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("http_proxy", &self.http_proxy.is_some())
            .field("https_proxy", &self.https_proxy.is_some())
            .field("no_proxy", &self.no_proxy)
            .finish()
    }
}
