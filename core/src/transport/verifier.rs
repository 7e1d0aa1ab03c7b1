//! Verifies a peer as rustls does, and that whom it is trusted for has not expired: webpki takes a trusted CA for good whatever
//! its dates say.

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use crate::certificate::Certificate;
use crate::error::{Error, Kind, Result};

/// CAs to trust, and until when.
pub(super) struct Roots {
    store: RootCertStore,
    /// For each in the store, in seconds since 1970; none where it never ends.
    ends: Vec<Option<u64>>,
}

impl Default for Roots {
    fn default() -> Self {
        Roots { store: RootCertStore::empty(), ends: Vec::new() }
    }
}

impl Extend<CertificateDer<'static>> for Roots {
    /// Adds those that can be read.
    fn extend<I: IntoIterator<Item = CertificateDer<'static>>>(&mut self, certificates: I) {
        for certificate in certificates {
            // A system's store may well hold some that cannot.
            let _unreadable = self.add(certificate);
        }
    }
}

impl FromIterator<CertificateDer<'static>> for Roots {
    fn from_iter<I: IntoIterator<Item = CertificateDer<'static>>>(certificates: I) -> Self {
        let mut roots = Roots::default();
        roots.extend(certificates);
        roots
    }
}

impl Roots {
    pub(super) fn add(&mut self, certificate: CertificateDer<'static>) -> Result<(), rustls::Error> {
        let end = Certificate::of(&certificate)
            .and_then(|read| Some(read.not_after?.duration_since(UNIX_EPOCH).ok()?.as_secs()));
        self.store.add(certificate)?;
        self.ends.push(end);
        Ok(())
    }

    /// Adds CAs whose end is not known.
    pub(super) fn trust_without_end(&mut self, anchors: &[TrustAnchor<'static>]) {
        self.store.extend(anchors.iter().cloned());
        self.ends.resize(self.store.len(), None);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Those that have not expired at `now`.
    fn at(&self, now: u64) -> RootCertStore {
        let all = self.store.roots.iter().zip(&self.ends);
        let valid = all.filter(|(_, end)| end.is_none_or(|end| now <= end));
        valid.map(|(root, _)| root.clone()).collect()
    }
}

/// All CAs that are trusted have expired.
#[derive(Debug)]
pub(super) struct ExpiredCas;

impl fmt::Display for ExpiredCas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("every trusted CA has expired")
    }
}

impl std::error::Error for ExpiredCas {}

/// The peer shows a certificate that is a CA's, or of a version in which it cannot say that it is none.
#[derive(Debug)]
pub(super) struct CaAsServer;

impl fmt::Display for CaAsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server's certificate is a CA's, or older than version 3")
    }
}

impl std::error::Error for CaAsServer {}

#[derive(Debug)]
pub(super) struct Verifier {
    roots: Arc<Roots>,
    provider: Arc<CryptoProvider>,
    /// Trusts all of `roots`.
    all: Arc<WebPkiServerVerifier>,
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} CAs", self.ends.len())
    }
}

impl Verifier {
    pub(super) fn new(roots: Roots, provider: Arc<CryptoProvider>) -> Result<Self> {
        let all = trusting(roots.store.clone(), &provider)
            .map_err(|error| Error::new(Kind::Tls, format!("TLS cannot be set up: {error}")))?;
        Ok(Verifier { roots: Arc::new(roots), provider, all })
    }

    fn at(&self, now: UnixTime) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
        let now = now.as_secs();
        if self.roots.ends.iter().flatten().all(|end| now <= *end) {
            return Ok(self.all.clone());
        }
        let valid = self.roots.at(now);
        if valid.is_empty() {
            return Err(CertificateError::Other(OtherError(Arc::new(ExpiredCas))).into());
        }
        trusting(valid, &self.provider)
    }
}

fn trusting(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified =
            self.at(now)?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            // What rustls has no name for itself.
            rustls::Error::InvalidCertificate(CertificateError::Other(_))
                if Certificate::of(end_entity).is_some_and(|read| read.is_ca) =>
            {
                CertificateError::Other(OtherError(Arc::new(CaAsServer))).into()
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.all.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.all.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.all.supported_verify_schemes()
    }
}
