//! How kmsak speaks TLS: 1.2 and 1.3 with ring, whatever provider the rest of the process has chosen.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::version::{TLS12, TLS13};

use super::TransportConfig;
use super::roots;
use super::unverified::AnyCertificate;
use super::verifier::Verifier;
use crate::error::{Error, Kind, Result};

/// For a client that never speaks TLS: it trusts nobody.
///
/// # Errors
/// [`Kind::Tls`] when TLS cannot be set up at all.
pub(super) fn unused() -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| Error::new(Kind::Tls, format!("TLS cannot be set up: {error}")))?;
    Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

/// The TLS side of a transport.
///
/// # Errors
/// [`Kind::Configuration`] when the configured CA cannot be used.
pub(super) fn client_config(config: &TransportConfig) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| Error::new(Kind::Tls, format!("TLS cannot be set up: {error}")))?;
    let mut tls = if config.ignore_ssl_certs {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth()
    } else {
        let roots = roots::load(config.ca.as_deref(), config.more_public_cas.as_deref(), config.of_instance)?;
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier::new(roots, provider)?))
            .with_no_client_auth()
    };
    // Not h2: a hung h2 connection would be shared by every later request, a hung HTTP/1.1 connection is dropped.
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}
