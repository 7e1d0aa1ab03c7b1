//! Opening the PKCS#12 file inside a ClientKey, both in KMS's own legacy form and in the modern one.

mod content;
mod encryption;
mod mac;
#[cfg(test)]
mod tests;

use der::Tagged as _;

use self::content::{Content, Fault};
use super::unusable;
use crate::asn1::{Element, Tag, elements, magnitude, oid, only};
use crate::error::Result;

/// A real one has 2.6 KB. The limit bounds how many key derivations a file can ask for.
const MAX_ARCHIVE_BYTES: usize = 64 << 10;

/// The sum of the iteration counts that a file may ask for: OpenSSL writes 3 times 2,048, Java 3 times 10,000.
const MAX_WORK: u64 = 2_000_000;

const SCRYPT: &[u8] = oid!("1.3.6.1.4.1.11591.4.11");

/// An opened file with exactly one RSA private key.
pub(super) struct Opened(Content);

impl Opened {
    /// PKCS#8 DER.
    pub(super) fn private_key(&self) -> &[u8] {
        &self.0.keys[0].pkcs8
    }

    /// X.509 DER.
    pub(super) fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.0.certificates.iter().map(Vec::as_slice)
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
    let content = content::read(der, password).map_err(|fault| match fault {
        Fault::Mac | Fault::Character => wrong_password(origin, password_origin),
        Fault::Padding if !survey.authenticated => wrong_password(origin, password_origin),
        Fault::PrivateKey => {
            unusable(format!("the private key in {origin} is damaged: download the ClientKey again"))
        }
        Fault::Padding | Fault::Unreadable => unusable(format!(
            "the PKCS#12 file in {origin} is damaged or encrypted in a way that kmsak cannot read: use the file as \
             KMS issued it, or encrypt it anew with openssl pkcs12 -export and its defaults"
        )),
    })?;
    match content.keys.as_slice() {
        [] => Err(unusable(format!("{origin} holds no private key: download the ClientKey again"))),
        [key] if !key.is_rsa => Err(unusable(format!(
            "the private key in {origin} is not an RSA key: KMS issues RSA ClientKeys only, download it again"
        ))),
        [_] => Ok(Opened(content)),
        _ => Err(unusable(format!(
            "{origin} holds more than one private key, and kmsak cannot know which is meant: use the file as KMS \
             issued it"
        ))),
    }
}

/// A count of iterations; none where it is no such count.
fn iterations(integer: Element<'_>) -> Option<i32> {
    let count = i32::try_from(magnitude(integer.value())).ok()?;
    (integer.tag() == Tag::Integer && count > 0).then_some(count)
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
        let parts = elements(only(der)?.value())?;
        let [version, content, ..] = parts.as_slice() else { return None };
        let is_pfx = version.tag() == Tag::Integer
            && version.value() == [3]
            && elements(content.value())?.first()?.tag() == Tag::ObjectIdentifier;
        if !is_pfx {
            return None;
        }
        let mut survey = Survey { work: 0, scrypt: false, authenticated: parts.len() > 2 };
        survey.visit(&parts, Self::MAX_DEPTH);
        Some(survey)
    }

    /// Every key derivation is parametrised by a salt, an OCTET STRING, and a cost, the INTEGER right after it.
    fn visit(&mut self, siblings: &[Element<'_>], depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        for (index, item) in siblings.iter().enumerate() {
            match item.tag() {
                Tag::Integer if index > 0 && siblings[index - 1].tag() == Tag::OctetString => {
                    self.work = self.work.saturating_add(magnitude(item.value()));
                }
                Tag::ObjectIdentifier if item.value() == SCRYPT => self.scrypt = true,
                _ => {}
            }
            if (item.header().is_constructed() || item.tag() == Tag::OctetString)
                && let Some(inner) = elements(item.value())
            {
                self.visit(&inner, depth);
            }
        }
    }
}
