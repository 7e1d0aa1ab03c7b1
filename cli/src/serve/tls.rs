//! `--tls-cert`, `--tls-key` and `--tls-client-ca`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use clap::Args;
use kmsak::LogLevel;
use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use x509_parser::extensions::GeneralName;
use x509_parser::time::ASN1Time;

use crate::failure::Failure;
use crate::log;
use crate::mode::mode;
use crate::secret_json::moment;

#[derive(Clone, Debug, Args)]
pub(super) struct TlsArguments {
    /// The agent's certificate chain, PEM; with it the agent speaks TLS. With --probe, the certificate that is expected
    #[arg(long, value_name = "FILE", conflicts_with = "unix")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The private key that belongs to it, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(super) tls_key: Option<PathBuf>,
    /// The CA of client certificates, PEM. Who shows one needs no token
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(super) tls_client_ca: Option<PathBuf>,
}

/// What the agent shows and asks for, read anew when the files change.
pub(super) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    config: ArcSwap<ServerConfig>,
}

impl TlsArguments {
    pub(super) fn open(&self) -> Result<Option<Tls>, Failure> {
        let (certificate, key) = match (&self.tls_cert, &self.tls_key) {
            (None, _) => return Ok(None),
            (Some(_), None) => {
                return Err(Failure::usage("--tls-cert wants the private key too: add --tls-key"));
            }
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        };
        let client_ca = self.tls_client_ca.clone();
        let config = ArcSwap::from_pointee(config(&certificate, &key, client_ca.as_deref())?);
        Ok(Some(Tls { certificate, key, client_ca, config }))
    }
}

impl Tls {
    /// What the files hold now.
    pub(super) fn read(&self) -> Result<ServerConfig, Failure> {
        config(&self.certificate, &self.key, self.client_ca.as_deref())
    }

    /// For the connections from here on.
    pub(super) fn take_over(&self, config: ServerConfig) {
        self.config.store(Arc::new(config));
    }

    pub(super) fn acceptor(&self) -> tokio_rustls::TlsAcceptor {
        self.config.load_full().into()
    }
}

fn config(certificate: &Path, key: &Path, client_ca: Option<&Path>) -> Result<ServerConfig, Failure> {
    let wrong = |path: &Path, why: &dyn std::fmt::Display| {
        Failure::new(format!("{}: {why}", path.display())).with_code(3)
    };
    let chain = certificates(certificate)?;
    let of_validity = doubt_of_validity(certificate, &chain);
    let metadata = std::fs::metadata(key).map_err(|error| Failure::unreadable(key, &error))?;
    if let Some(mode) = mode(&metadata).filter(|mode| mode & 0o007 != 0) {
        return Err(wrong(
            key,
            &format!("anybody can read this private key (mode {mode:04o}): chmod 600 it"),
        ));
    }
    let private = private_key(key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(Failure::doing("TLS cannot be set up"))?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(path)?), provider)
                // Who shows none may have the token, or ask for /health.
                .allow_unauthenticated()
                .build()
                .map_err(|error| wrong(path, &error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, private).map_err(|error| {
        wrong(certificate, &format!("it cannot be used with the key in {} ({error})", key.display()))
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // What cannot be used is read again and again.
    if let Some(doubt) = of_validity {
        log::write(LogLevel::Warn, &doubt);
    }
    Ok(config)
}

pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let wrong = |why: String| Failure::new(format!("{}: {why}", path.display())).with_code(3);
    let broken = |error: pem::Error| match error {
        pem::Error::Io(error) => Failure::unreadable(path, &error),
        broken => wrong(format!("expected certificates in PEM ({broken})")),
    };
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(broken)?.collect();
    let found = found.map_err(broken)?;
    if found.is_empty() {
        return Err(wrong("expected certificates in PEM".to_owned()));
    }
    Ok(found)
}

pub(crate) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Failure> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| match error {
        pem::Error::Io(error) => Failure::unreadable(path, &error),
        _ => Failure::new(format!("{}: expected a private key in PEM", path.display())).with_code(3),
    })
}

/// Clients refuse a certificate before its time and after it, with reasons that say little.
fn doubt_of_validity(path: &Path, chain: &[CertificateDer<'_>]) -> Option<String> {
    let (_, parsed) = x509_parser::parse_x509_certificate(chain.first()?).ok()?;
    let validity = parsed.validity();
    let now = SystemTime::now();
    let at = |time: ASN1Time| {
        let seconds = u64::try_from(time.timestamp()).unwrap_or_default();
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    };
    let (begins, ends) = (at(validity.not_before), at(validity.not_after));
    let what = match (now < begins, now > ends) {
        (true, _) => {
            format!("begins on {}, so that no client takes it yet: look at the clock", moment(begins))
        }
        (_, true) => format!("ended on {}, so that no client takes it: renew it", moment(ends)),
        _ => return None,
    };
    Some(format!("{}: the certificate {what}", path.display()))
}

pub(crate) fn roots(path: &Path) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        let added = roots.add(certificate);
        added.map_err(|error| Failure::new(format!("{}: {error}", path.display())).with_code(3))?;
    }
    Ok(roots)
}

/// What a client's certificate is called: its alternative names, or without any its common name.
pub(super) fn names_of(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else { return Vec::new() };
    let alternative = parsed.subject_alternative_name().ok().flatten();
    let alternative = alternative.iter().flat_map(|extension| &extension.value.general_names);
    let mut names: Vec<String> = alternative
        .filter_map(|name| match name {
            GeneralName::DNSName(name) | GeneralName::URI(name) | GeneralName::RFC822Name(name) => {
                Some((*name).to_owned())
            }
            _ => None,
        })
        .collect();
    if names.is_empty() {
        let common = parsed.subject().iter_common_name();
        names.extend(common.filter_map(|name| name.as_str().ok().map(str::to_owned)));
    }
    names
}
