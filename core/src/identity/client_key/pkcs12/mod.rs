//! Opening the PKCS#12 file inside a ClientKey, both in KMS's own legacy form and in the modern one.

use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error as Pkcs12Error;
use x509_parser::der_parser::asn1_rs::{Any, FromDer, Tag};

use super::{rc2_128, unusable};
use crate::error::Result;

/// A real one has 2.6 KB. The limit bounds how many key derivations a file can ask for.
const MAX_ARCHIVE_BYTES: usize = 64 << 10;

/// The sum of the iteration counts that a file may ask for: OpenSSL writes 3 times 2,048, Java 3 times 10,000.
const MAX_WORK: u64 = 2_000_000;

const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";

/// The content octets of scrypt's object identifier, 1.3.6.1.4.1.11591.4.11.
const SCRYPT: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];

/// An opened file with exactly one RSA private key.
pub(super) struct Opened(Pkcs12Archive);

impl Opened {
    /// PKCS#8 DER.
    pub(super) fn private_key(&self) -> &[u8] {
        self.0.keys[0].key.as_der()
    }

    /// X.509 DER.
    pub(super) fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.0.certs.iter().map(|bag| bag.cert.as_der())
    }
}

pub(super) fn open(der: &[u8], password: &str, origin: &str, password_origin: &str) -> Result<Opened> {
    let not_pkcs12 = || {
        unusable(format!(
            "the PrivateKeyData in {origin} is not a PKCS#12 file: it is damaged, download the ClientKey again"
        ))
    };
    if der.len() > MAX_ARCHIVE_BYTES {
        return Err(not_pkcs12());
    }
    let survey = Survey::of(der).ok_or_else(not_pkcs12)?;
    if survey.work > MAX_WORK || survey.scrypt {
        return Err(unusable(format!(
            "the PKCS#12 file in {origin} asks for more key derivation work than kmsak does ({MAX_WORK} iterations, \
             no scrypt): encrypt it anew with openssl pkcs12 -export and its defaults"
        )));
    }
    let opened = Pkcs12Archive::from_pkcs12(der, password).or_else(|error| match error {
        // Told after the MAC was verified.
        Pkcs12Error::UnsupportedEncryptionScheme => match rc2_128::readable(der, password) {
            Some(readable) => Pkcs12Archive::from_pkcs12(&readable, password),
            None => Err(error),
        },
        _ => Err(error),
    });
    let archive = opened.map_err(|error| match error {
        Pkcs12Error::MacError(_) => wrong_password(origin, password_origin),
        Pkcs12Error::UnpadError | Pkcs12Error::Pkcs5Error(_) if !survey.authenticated => {
            wrong_password(origin, password_origin)
        }
        Pkcs12Error::InvalidPrivateKey => {
            unusable(format!("the private key in {origin} is damaged: download the ClientKey again"))
        }
        // BMPString, which PKCS#12 writes passwords in, knows no others.
        _ if !password.chars().all(|c| u32::from(c) <= 0xffff) => wrong_password(origin, password_origin),
        // The library tells damage and an unknown cipher by the same error.
        _ => unusable(format!(
            "the PKCS#12 file in {origin} is damaged or encrypted in a way that kmsak cannot read: use the file as \
             KMS issued it, or encrypt it anew with openssl pkcs12 -export and its defaults"
        )),
    })?;
    match archive.keys.as_slice() {
        [] => Err(unusable(format!("{origin} holds no private key: download the ClientKey again"))),
        [bag] if bag.key.oid().to_string() != RSA_ENCRYPTION => Err(unusable(format!(
            "the private key in {origin} is not an RSA key: KMS issues RSA ClientKeys only, download it again"
        ))),
        [_] => Ok(Opened(archive)),
        _ => Err(unusable(format!(
            "{origin} holds more than one private key, and kmsak cannot know which is meant: use the file as KMS \
             issued it"
        ))),
    }
}

fn wrong_password(origin: &str, password_origin: &str) -> crate::error::Error {
    unusable(format!(
        "the password from {password_origin} does not open {origin}: use the clientKey_****_Password.txt that was downloaded with this \
         ClientKey"
    ))
}

/// What can be seen of a file before anything in it is believed. Bags inside an encrypted part are not seen; only one
/// who knows the password can have put them there.
struct Survey {
    work: u64,
    scrypt: bool,
    /// A MAC stands over the content, so that a wrong password shows there.
    authenticated: bool,
}

impl Survey {
    const MAX_DEPTH: usize = 32;

    fn of(der: &[u8]) -> Option<Survey> {
        let [pfx] = children(der)?.try_into().ok()?;
        let parts = children(pfx.data)?;
        let [version, content, ..] = parts.as_slice() else { return None };
        let is_pfx = version.tag() == Tag::Integer
            && version.data == [3]
            && children(content.data)?.first()?.tag() == Tag::Oid;
        if !is_pfx {
            return None;
        }
        let mut survey = Survey { work: 0, scrypt: false, authenticated: parts.len() > 2 };
        survey.visit(&parts, Self::MAX_DEPTH);
        Some(survey)
    }

    /// Every key derivation is parametrised by a salt, an OCTET STRING, and a cost, the INTEGER right after it.
    fn visit(&mut self, siblings: &[Any<'_>], depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        for (index, item) in siblings.iter().enumerate() {
            match item.tag() {
                Tag::Integer if index > 0 && siblings[index - 1].tag() == Tag::OctetString => {
                    self.work = self.work.saturating_add(magnitude(item.data));
                }
                Tag::Oid if item.data == SCRYPT => self.scrypt = true,
                _ => {}
            }
            if (item.header.is_constructed() || item.tag() == Tag::OctetString)
                && let Some(inner) = children(item.data)
            {
                self.visit(&inner, depth);
            }
        }
    }
}

pub(super) fn children(mut der: &[u8]) -> Option<Vec<Any<'_>>> {
    let mut found = Vec::new();
    while !der.is_empty() {
        let (rest, item) = Any::from_der(der).ok()?;
        found.push(item);
        der = rest;
    }
    Some(found)
}

pub(super) fn magnitude(integer: &[u8]) -> u64 {
    integer.iter().fold(0_u64, |sum, byte| sum.saturating_mul(256).saturating_add(u64::from(*byte)))
}
