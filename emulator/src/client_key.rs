//! ClientKeys, issued in the form that KMS itself uses: a PKCS#12 file with a MAC of HMAC-SHA1 and one
//! iteration, the certificate under 40-bit RC2 and the key under triple DES, 2048 iterations each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cbc::cipher::{BlockCipherEncrypt, BlockModeEncrypt, KeyInit, KeyIvInit, block_padding::Pkcs7};
use cms::cert::x509::attr::{Attribute, AttributeValue, Attributes};
use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::encrypted_data::EncryptedData;
use cms::enveloped_data::EncryptedContentInfo;
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode, Encode};
use pkcs12::kdf::{Pkcs12KeyType, derive_key_utf8};
use pkcs12::pbe_params::{EncryptedPrivateKeyInfo, Pkcs12PbeParams};
use pkcs12::pfx::{Pfx, Version};
use pkcs12::safe_bag::SafeBag;
use pkcs12::{CertBag, DigestInfo, MacData};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};
use ring::signature::KeyPair as _;
use rsa::pkcs8::EncodePrivateKey;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use time::OffsetDateTime;

use crate::error::{Error, doing};

const ENCRYPTION_ITERATIONS: i32 = 2048;
const MAC_ITERATIONS: i32 = 1;
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

/// A ClientKey as the console hands it out: two files.
#[derive(Clone, Serialize, Deserialize)]
pub struct ClientKey {
    /// `KAAP.<uuid>`.
    pub key_id: String,
    /// The content of `clientKey_****.json`.
    pub json: String,
    /// The content of `clientKey_****_Password.txt`.
    pub password: String,
}

impl std::fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientKey").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// What KMS keeps of a ClientKey: never the private key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RegisteredClientKey {
    /// `KAAP.<uuid>`.
    pub key_id: String,
    /// The application access point that it belongs to.
    pub access_point: String,
    /// PKCS#1 `RSAPublicKey`, in hexadecimal.
    #[serde(with = "base64_bytes")]
    pub(crate) public_key: Vec<u8>,
    /// When it begins to be valid.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// When it ends to be valid.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// Whether both gateways refuse it.
    pub revoked: bool,
    /// When it was issued; none if it was taken in.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub created: Option<OffsetDateTime>,
    /// Its certificate.
    #[serde(default)]
    pub(crate) certificate_pem: String,
}

/// Where the RSA key of a new ClientKey comes from.
pub(crate) enum KeySource {
    /// A fresh one: about a second of work in a debug build.
    Generated,
    /// One of the keys compiled in, for tests that start hundreds of emulators.
    Pool(usize),
}

/// RSA-2048 keys that anyone can read: they protect nothing but tests.
const POOL: [&str; 4] = [
    include_str!("test_keys/1.pem"),
    include_str!("test_keys/2.pem"),
    include_str!("test_keys/3.pem"),
    include_str!("test_keys/4.pem"),
];

impl KeySource {
    /// The key in PKCS#8.
    pub(crate) fn private_key(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Pool(index) if *index < POOL.len() => {
                Ok(PrivatePkcs8KeyDer::from_pem_slice(POOL[*index].as_bytes())
                    .map_err(doing("reading a test key"))?
                    .secret_pkcs8_der()
                    .to_vec())
            }
            Self::Pool(_) | Self::Generated => generate(),
        }
    }
}

impl ClientKey {
    /// The PKCS#12 file in base64, as it stands in the JSON.
    pub(crate) fn private_key_data(&self) -> Option<String> {
        let file: File = serde_json::from_str(&self.json).ok()?;
        Some(file.private_key_data)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    key_id: String,
    private_key_data: String,
}

/// Issues a ClientKey that is valid from the first to the second moment, under a password of its own unless one is given.
pub(crate) fn issue(
    instance_id: &str,
    access_point: &str,
    (not_before, not_after): (OffsetDateTime, OffsetDateTime),
    private_key: &[u8],
    given_password: Option<String>,
) -> Result<(ClientKey, RegisteredClientKey), Error> {
    let public_key = public_key_of(private_key)?;
    let certificate = certificate(instance_id, private_key, not_before, not_after)?;
    let certificate_pem = certificate.pem();
    let certificate = certificate.der().to_vec();
    let key_id = format!("KAAP.{}", uuid::Uuid::new_v4());
    let password = given_password.unwrap_or_else(password);
    let archive = pkcs12(private_key, &certificate, &password)
        .map_err(doing("writing the ClientKey's PKCS#12 file"))?;
    let json = serde_json::json!({
        "KeyId": key_id,
        "PrivateKeyData": BASE64.encode(archive),
    })
    .to_string();
    let registered = RegisteredClientKey {
        key_id: key_id.clone(),
        access_point: access_point.to_owned(),
        public_key,
        not_before,
        not_after,
        revoked: false,
        created: None,
        certificate_pem,
    };
    Ok((ClientKey { key_id, json, password }, registered))
}

/// Takes in a ClientKey that was issued elsewhere, in either PKCS#12 form.
pub(crate) fn import(json: &str, password: &str, access_point: &str) -> Result<RegisteredClientKey, Error> {
    let file: File = serde_json::from_str(json).map_err(doing("reading the ClientKey"))?;
    let archive = BASE64.decode(&file.private_key_data).map_err(doing("reading the ClientKey"))?;
    let store =
        p12_keystore::KeyStore::from_pkcs12(&archive, password, p12_keystore::Pkcs12ImportPolicy::Strict)
            .map_err(doing("reading the ClientKey"))?;
    let (_, chain) =
        store.private_key_chain().ok_or_else(|| Error::new("the ClientKey holds no private key"))?;
    let certificate =
        chain.certs().first().ok_or_else(|| Error::new("the ClientKey holds no certificate"))?;
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate.as_der())
        .map_err(doing("reading the ClientKey's certificate"))?;
    Ok(RegisteredClientKey {
        key_id: file.key_id,
        access_point: access_point.to_owned(),
        public_key: public_key_of(chain.key().as_der())?,
        not_before: parsed.validity().not_before.to_datetime(),
        not_after: parsed.validity().not_after.to_datetime(),
        revoked: false,
        created: None,
        certificate_pem: pem(certificate.as_der()),
    })
}

fn generate() -> Result<Vec<u8>, Error> {
    let key = rsa::PrivateKey::new(&mut rand::rng(), 2048).map_err(doing("generating an RSA key"))?;
    let document = key.to_pkcs8_der().map_err(doing("encoding an RSA key"))?;
    Ok(document.as_bytes().to_vec())
}

fn public_key_of(pkcs8: &[u8]) -> Result<Vec<u8>, Error> {
    let pair = ring::signature::RsaKeyPair::from_pkcs8(pkcs8)
        .map_err(doing("reading the ClientKey's private key"))?;
    Ok(pair.public_key().as_ref().to_vec())
}

fn certificate(
    instance_id: &str,
    private_key: &[u8],
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
) -> Result<rcgen::Certificate, Error> {
    let key = KeyPair::from_pkcs8_der_and_sign_algo(
        &PrivatePkcs8KeyDer::from(private_key),
        &rcgen::PKCS_RSA_SHA256,
    )
    .map_err(doing("reading the ClientKey's private key"))?;
    let mut parameters = CertificateParams::default();
    parameters.not_before = not_before;
    parameters.not_after = not_after;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    let common_name = format!("{instance_id}-client");
    for (kind, value) in [
        (DnType::CountryName, "CN"),
        (DnType::StateOrProvinceName, "Zhejiang"),
        (DnType::LocalityName, "Hangzhou"),
        (DnType::OrganizationName, "Alibaba"),
        (DnType::OrganizationalUnitName, "Aliyun"),
        (DnType::CommonName, common_name.as_str()),
    ] {
        parameters.distinguished_name.push(kind, value);
    }
    parameters.self_signed(&key).map_err(doing("issuing the ClientKey's certificate"))
}

fn pem(certificate: &[u8]) -> String {
    let text = BASE64.encode(certificate);
    let lines: Vec<String> =
        text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// Within KMS's rule: 8 to 64 characters, at least two kinds.
fn password() -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    let mut text = crate::random_text(ALPHABET, 24);
    text.push_str("#7");
    text
}

fn pkcs12(private_key: &[u8], certificate: &[u8], password: &str) -> der::Result<Vec<u8>> {
    let key_id = Sha1::digest(certificate);
    let certificate_bag = SafeBag {
        bag_id: pkcs12::PKCS_12_CERT_BAG_OID,
        bag_value: CertBag {
            cert_id: pkcs12::PKCS_12_X509_CERT_OID,
            cert_value: OctetString::new(certificate)?,
        }
        .to_der()?,
        bag_attributes: Some(local_key_id(&key_id)?),
    };
    let (algorithm, encrypted) = encrypt::<rc2::Rc2>(
        pkcs12::PKCS_12_PBEWITH_SHAAND40_BIT_RC2_CBC,
        5,
        &vec![certificate_bag].to_der()?,
        password,
    )?;
    let certificates = ContentInfo {
        content_type: ENCRYPTED_DATA,
        content: any(&EncryptedData {
            version: CmsVersion::V0,
            enc_content_info: EncryptedContentInfo {
                content_type: DATA,
                content_enc_alg: algorithm,
                encrypted_content: Some(OctetString::new(encrypted)?),
            },
            unprotected_attrs: None,
        })?,
    };

    let (algorithm, encrypted) = encrypt::<des::TdesEde3>(
        pkcs12::PKCS_12_PBE_WITH_SHAAND3_KEY_TRIPLE_DES_CBC,
        24,
        private_key,
        password,
    )?;
    let key_bag = SafeBag {
        bag_id: pkcs12::PKCS_12_PKCS8_KEY_BAG_OID,
        bag_value: EncryptedPrivateKeyInfo {
            encryption_algorithm: algorithm,
            encrypted_data: OctetString::new(encrypted)?,
        }
        .to_der()?,
        bag_attributes: Some(local_key_id(&key_id)?),
    };
    let keys = ContentInfo { content_type: DATA, content: any(&OctetString::new(vec![key_bag].to_der()?)?)? };

    let content = vec![certificates, keys].to_der()?;
    let salt: [u8; 8] = rand::random();
    let mac_key = derive_key_utf8::<Sha1>(password, &salt, Pkcs12KeyType::Mac, MAC_ITERATIONS, 20)?;
    let mac_key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &mac_key);
    let mac = ring::hmac::sign(&mac_key, &content);
    Pfx {
        version: Version::V3,
        auth_safe: ContentInfo { content_type: DATA, content: any(&OctetString::new(content)?)? },
        mac_data: Some(MacData {
            mac: DigestInfo {
                algorithm: AlgorithmIdentifierOwned { oid: SHA1, parameters: Some(Any::null()) },
                digest: OctetString::new(mac.as_ref())?,
            },
            mac_salt: OctetString::new(salt)?,
            iterations: MAC_ITERATIONS,
        }),
    }
    .to_der()
}

fn encrypt<C>(
    scheme: ObjectIdentifier,
    key_length: usize,
    plain: &[u8],
    password: &str,
) -> der::Result<(AlgorithmIdentifierOwned, Vec<u8>)>
where
    C: KeyInit + BlockCipherEncrypt,
{
    let salt: [u8; 8] = rand::random();
    let derive = |kind, length| derive_key_utf8::<Sha1>(password, &salt, kind, ENCRYPTION_ITERATIONS, length);
    let key = derive(Pkcs12KeyType::EncryptionKey, key_length)?;
    let iv = derive(Pkcs12KeyType::Iv, 8)?;
    let cipher = cbc::Encryptor::<C>::new_from_slices(&key, &iv)
        .map_err(|_| der::Error::from(der::ErrorKind::Failed))?;
    let parameters = Pkcs12PbeParams { salt: OctetString::new(salt)?, iterations: ENCRYPTION_ITERATIONS };
    let algorithm = AlgorithmIdentifierOwned { oid: scheme, parameters: Some(any(&parameters)?) };
    Ok((algorithm, cipher.encrypt_padded_vec::<Pkcs7>(plain)))
}

fn local_key_id(id: &[u8]) -> der::Result<Attributes> {
    let value: AttributeValue = any(&OctetString::new(id)?)?;
    let mut attributes = Attributes::new();
    attributes.insert(Attribute { oid: LOCAL_KEY_ID, values: SetOfVec::from_iter([value])? })?;
    Ok(attributes)
}

fn any(value: &impl Encode) -> der::Result<Any> {
    Any::from_der(&value.to_der()?)
}

mod base64_bytes {
    use super::{BASE64, Deserialize};
    use base64::Engine as _;

    pub(super) fn serialize<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64.decode(text).map_err(serde::de::Error::custom)
    }
}
