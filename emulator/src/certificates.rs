//! The private CA of the KMS instance, in two levels like the real one, and the servers' certificates.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::error::{Error, doing};

/// How long a CA and a server certificate live. TLS clients judge by the machine's own clock, so the
/// emulator's movable clock has no part in this.
const CA_YEARS: i64 = 20;
const SERVER_DAYS: i64 = 365;

/// A certificate that a client must not trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrongCertificate {
    /// Signed by its own key.
    SelfSigned,
    /// Signed by its own key, and a CA's, as `openssl req -x509` makes it.
    SelfSignedCa,
    /// Issued by a CA that is not in `ca.pem`.
    OtherCa,
    /// Issued by the right CA, but it ended yesterday.
    Expired,
    /// Issued by the right CA for `wrong.example.com` only.
    WrongName,
}

/// Both levels of the CA, as kept in the state.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Authority {
    root_pem: String,
    second_pem: String,
    second_key_pem: String,
}

impl Authority {
    pub(crate) fn create(region: &str) -> Result<Self, Error> {
        Self::create_named("Private KMS Root CA", region)
    }

    fn create_named(root_name: &str, region: &str) -> Result<Self, Error> {
        let issue = || -> Result<Self, rcgen::Error> {
            let root_key = KeyPair::generate()?;
            let mut root = ca_parameters(root_name, BasicConstraints::Unconstrained);
            root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            let root_certificate = root.self_signed(&root_key)?;
            let second_key = KeyPair::generate()?;
            let mut second =
                ca_parameters(&format!("Private KMS {region} Second CA"), BasicConstraints::Constrained(0));
            second.use_authority_key_identifier_extension = true;
            second.key_usages = vec![
                KeyUsagePurpose::DigitalSignature,
                KeyUsagePurpose::KeyCertSign,
                KeyUsagePurpose::CrlSign,
            ];
            let second_certificate = second.signed_by(&second_key, &Issuer::from_params(&root, &root_key))?;
            Ok(Self {
                root_pem: root_certificate.pem(),
                second_pem: second_certificate.pem(),
                second_key_pem: second_key.serialize_pem(),
            })
        };
        issue().map_err(doing("creating the CA"))
    }

    /// What the console hands out as the instance's CA file: root first, then the region's CA.
    pub(crate) fn pem(&self) -> String {
        format!("{}{}", self.root_pem, self.second_pem)
    }

    /// The TLS settings of a server that shows a certificate for `names`.
    pub(crate) fn server(&self, names: &[String], protocols: &[&[u8]]) -> Result<Arc<ServerConfig>, Error> {
        let now = OffsetDateTime::now_utc();
        self.issue(names, now + Duration::days(SERVER_DAYS))
            .and_then(|(chain, key)| server_config(chain, key, protocols))
    }

    /// The TLS settings of a server that shows a certificate which no client may accept.
    pub(crate) fn wrong_server(
        &self,
        wrong: WrongCertificate,
        names: &[String],
    ) -> Result<Arc<ServerConfig>, Error> {
        let now = OffsetDateTime::now_utc();
        let (chain, key) = match wrong {
            WrongCertificate::SelfSigned | WrongCertificate::SelfSignedCa => {
                let key = KeyPair::generate().map_err(doing("generating a key"))?;
                let mut parameters = server_parameters(names, now, now + Duration::days(SERVER_DAYS))?;
                if wrong == WrongCertificate::SelfSignedCa {
                    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                }
                let certificate = parameters.self_signed(&key).map_err(doing("issuing a certificate"))?;
                (vec![certificate.der().clone()], key)
            }
            WrongCertificate::OtherCa => Self::create_named("Another Root CA", "elsewhere")?
                .issue(names, now + Duration::days(SERVER_DAYS))?,
            WrongCertificate::Expired => self.issue(names, now - Duration::days(1))?,
            WrongCertificate::WrongName => {
                self.issue(&["wrong.example.com".to_owned()], now + Duration::days(SERVER_DAYS))?
            }
        };
        server_config(chain, key, &[b"http/1.1"])
    }

    fn issue(
        &self,
        names: &[String],
        not_after: OffsetDateTime,
    ) -> Result<(Vec<CertificateDer<'static>>, KeyPair), Error> {
        let issue = || -> Result<(Certificate, KeyPair), Error> {
            let issuer_key =
                KeyPair::from_pem(&self.second_key_pem).map_err(doing("reading the CA's key"))?;
            let issuer = Issuer::from_ca_cert_pem(&self.second_pem, issuer_key)
                .map_err(doing("reading the CA's certificate"))?;
            let key = KeyPair::generate().map_err(doing("generating a key"))?;
            let mut parameters =
                server_parameters(names, not_after - Duration::days(SERVER_DAYS + 1), not_after)?;
            parameters.use_authority_key_identifier_extension = true;
            let certificate = parameters.signed_by(&key, &issuer).map_err(doing("issuing a certificate"))?;
            Ok((certificate, key))
        };
        let (certificate, key) = issue()?;
        let second = CertificateDer::from_pem_slice(self.second_pem.as_bytes())
            .map_err(doing("reading the CA's certificate"))?;
        Ok((vec![certificate.der().clone(), second], key))
    }
}

fn ca_parameters(common_name: &str, constraints: BasicConstraints) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    let now = OffsetDateTime::now_utc();
    parameters.not_before = now - Duration::days(1);
    parameters.not_after = now + Duration::days(365 * CA_YEARS);
    parameters.is_ca = IsCa::Ca(constraints);
    name(&mut parameters, common_name);
    parameters
}

fn server_parameters(
    names: &[String],
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
) -> Result<CertificateParams, Error> {
    let mut parameters =
        CertificateParams::new(names.to_vec()).map_err(doing("naming a server certificate"))?;
    parameters.not_before = not_before;
    parameters.not_after = not_after;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    name(&mut parameters, names.first().map_or("kms", |name| name));
    Ok(parameters)
}

fn name(parameters: &mut CertificateParams, common_name: &str) {
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    let name = &mut parameters.distinguished_name;
    name.push(DnType::CountryName, "CN");
    name.push(DnType::OrganizationName, "kmsak emulator");
    name.push(DnType::CommonName, common_name);
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
    protocols: &[&[u8]],
) -> Result<Arc<ServerConfig>, Error> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(doing("setting up TLS"))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(doing("setting up TLS"))?;
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(config))
}
