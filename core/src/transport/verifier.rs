//! Verifies a peer as rustls does, that whom it is trusted for has not expired, and that this is a CA or the peer itself: webpki takes
//! whatever is trusted for a CA, whatever it says of itself, and for good, whatever its dates say.

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

/// Whom to trust, until when and for what.
pub(super) struct Roots {
    store: RootCertStore,
    /// Of each in the store.
    limits: Vec<Limits>,
}

#[derive(Clone, Default)]
struct Limits {
    /// In seconds since 1970; none where it never ends.
    end: Option<u64>,
    /// One that is no CA's is trusted for itself: whoever has its key must not stand in for others.
    only: Option<CertificateDer<'static>>,
}

impl Limits {
    fn of(certificate: &CertificateDer<'static>) -> Self {
        let read = Certificate::of(certificate);
        let end =
            read.as_ref().and_then(|read| Some(read.not_after?.duration_since(UNIX_EPOCH).ok()?.as_secs()));
        let is_ca = read.is_some_and(|read| read.is_ca);
        Limits { end, only: (!is_ca).then(|| certificate.clone()) }
    }

    fn has_ended(&self, now: u64) -> bool {
        self.end.is_some_and(|end| end < now)
    }

    /// Whether it may answer for whoever shows `peer`.
    fn allow(&self, now: u64, peer: &CertificateDer<'_>) -> bool {
        !self.has_ended(now) && self.only.as_ref().is_none_or(|only| only == peer)
    }
}

impl Default for Roots {
    fn default() -> Self {
        Roots { store: RootCertStore::empty(), limits: Vec::new() }
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
        let limits = Limits::of(&certificate);
        self.store.add(certificate)?;
        self.limits.push(limits);
        Ok(())
    }

    /// Adds CAs whose end is not known.
    pub(super) fn trust_without_end(&mut self, anchors: &[TrustAnchor<'static>]) {
        self.store.extend(anchors.iter().cloned());
        self.limits.resize(self.store.len(), Limits::default());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.limits.len()
    }

    fn for_peer(&self, now: u64, peer: &CertificateDer<'_>) -> RootCertStore {
        let all = self.store.roots.iter().zip(&self.limits);
        all.filter(|(_, limits)| limits.allow(now, peer)).map(|(root, _)| root.clone()).collect()
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
        write!(f, "{} CAs", self.limits.len())
    }
}

impl Verifier {
    pub(super) fn new(roots: Roots, provider: Arc<CryptoProvider>) -> Result<Self> {
        let all = trusting(roots.store.clone(), &provider)
            .map_err(|error| Error::new(Kind::Tls, format!("TLS cannot be set up: {error}")))?;
        Ok(Verifier { roots: Arc::new(roots), provider, all })
    }

    fn for_peer(
        &self,
        now: UnixTime,
        peer: &CertificateDer<'_>,
    ) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
        let (now, limits) = (now.as_secs(), &self.roots.limits);
        if limits.iter().all(|limits| limits.allow(now, peer)) {
            return Ok(self.all.clone());
        }
        let trusted = self.roots.for_peer(now, peer);
        if !trusted.is_empty() {
            return trusting(trusted, &self.provider);
        }
        Err(if limits.iter().all(|limits| limits.has_ended(now)) {
            CertificateError::Other(OtherError(Arc::new(ExpiredCas))).into()
        } else {
            CertificateError::UnknownIssuer.into()
        })
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
        let verified = self.for_peer(now, end_entity)?.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
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
