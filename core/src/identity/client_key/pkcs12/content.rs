//! What a PKCS#12 file (RFC 7292) holds.

use der::Tagged as _;
use zeroize::Zeroizing;

use super::encryption::decrypt;
use super::mac;
use crate::asn1::{Element, RSA_ENCRYPTION, Tag, is_tagged, members, oid, only, sequence};

const DATA: &[u8] = oid!("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: &[u8] = oid!("1.2.840.113549.1.7.6");
const KEY_BAG: &[u8] = oid!("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: &[u8] = oid!("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: &[u8] = oid!("1.2.840.113549.1.12.10.1.3");
const X509_CERTIFICATE: &[u8] = oid!("1.2.840.113549.1.9.22.1");

#[derive(Default)]
pub(super) struct Content {
    pub(super) keys: Vec<PrivateKey>,
    /// X.509 DER, unread.
    pub(super) certificates: Vec<Vec<u8>>,
}

pub(super) struct PrivateKey {
    pub(super) pkcs8: Zeroizing<Vec<u8>>,
    pub(super) is_rsa: bool,
}

/// Why a file cannot be read.
#[derive(Debug, PartialEq)]
pub(super) enum Fault {
    /// The MAC over the content is another with this password.
    Mac,
    /// What was decrypted does not end as it must.
    Padding,
    /// The password has characters that no BMPString has, in which PKCS#12 writes them.
    Character,
    PrivateKey,
    /// Damaged, or encrypted in a way that is not known.
    Unreadable,
}

/// Reads `der` with `password`. A MAC is verified before anything under it is read; bags of other kinds are passed over.
pub(super) fn read(der: &[u8], password: &str) -> Result<Content, Fault> {
    let parts = sequence(der).ok_or(Fault::Unreadable)?;
    let (content, mac) = match parts.as_slice() {
        [_version, content] => (*content, None),
        [_version, content, mac] => (*content, Some(*mac)),
        _ => return Err(Fault::Unreadable),
    };
    let safes = match info(content) {
        Some((DATA, safes)) if safes.tag() == Tag::OctetString => safes.value(),
        _ => return Err(Fault::Unreadable),
    };
    if let Some(mac) = mac {
        mac::verify(mac, password, safes)?;
    }
    let mut found = Content::default();
    for safe in sequence(safes).ok_or(Fault::Unreadable)? {
        match info(safe).ok_or(Fault::Unreadable)? {
            (DATA, bags) => found.add_bags(bags.value(), password)?,
            (ENCRYPTED_DATA, data) => {
                let (algorithm, data) = encrypted(data).ok_or(Fault::Unreadable)?;
                found.add_bags(&decrypt(algorithm, data, password)?, password)?;
            }
            _ => return Err(Fault::Unreadable),
        }
    }
    Ok(found)
}

/// The type and the content of a ContentInfo.
fn info(element: Element<'_>) -> Option<(&[u8], Element<'_>)> {
    let [kind, content] = members(element)?.try_into().ok()?;
    Some((kind.value(), explicit(content)?))
}

/// What stands under the explicit tag `[0]`.
fn explicit(element: Element<'_>) -> Option<Element<'_>> {
    if is_tagged(element, 0) { only(element.value()) } else { None }
}

/// The algorithm of an EncryptedData, and what it encrypts.
fn encrypted(data: Element<'_>) -> Option<(Element<'_>, &[u8])> {
    let data = members(data)?;
    let [version, content, ..] = data.as_slice() else { return None };
    let [_kind, algorithm, octets] = members(*content)?.try_into().ok()?;
    let is_whole = version.value() == [0] && is_tagged(octets, 0) && !octets.header().is_constructed();
    is_whole.then(|| (algorithm, octets.value()))
}

impl Content {
    fn add_bags(&mut self, bags: &[u8], password: &str) -> Result<(), Fault> {
        for bag in sequence(bags).ok_or(Fault::Unreadable)? {
            let bag = members(bag).ok_or(Fault::Unreadable)?;
            let [kind, wrapped, ..] = bag.as_slice() else { return Err(Fault::Unreadable) };
            let value = explicit(*wrapped).ok_or(Fault::Unreadable)?;
            match kind.value() {
                KEY_BAG => self.keys.push(private_key(Zeroizing::new(wrapped.value().to_vec()))?),
                SHROUDED_KEY_BAG => {
                    let [algorithm, data] =
                        members(value).and_then(|parts| parts.try_into().ok()).ok_or(Fault::Unreadable)?;
                    self.keys.push(private_key(decrypt(algorithm, data.value(), password)?)?);
                }
                CERTIFICATE_BAG => match members(value).as_deref() {
                    Some([kind, wrapped]) if kind.value() == X509_CERTIFICATE => {
                        let certificate = explicit(*wrapped).ok_or(Fault::Unreadable)?;
                        self.certificates.push(certificate.value().to_vec());
                    }
                    _ => return Err(Fault::Unreadable),
                },
                _ => {}
            }
        }
        Ok(())
    }
}

fn private_key(pkcs8: Zeroizing<Vec<u8>>) -> Result<PrivateKey, Fault> {
    let is_rsa = is_rsa(&pkcs8).ok_or(Fault::PrivateKey)?;
    Ok(PrivateKey { pkcs8, is_rsa })
}

/// Whether the key in a PrivateKeyInfo is one of RSA; none where that is damaged.
fn is_rsa(pkcs8: &[u8]) -> Option<bool> {
    let parts = sequence(pkcs8)?;
    let [version, algorithm, key, ..] = parts.as_slice() else { return None };
    let is_whole = version.tag() == Tag::Integer && key.tag() == Tag::OctetString;
    let kind = *members(*algorithm)?.first()?;
    is_whole.then(|| kind.value() == RSA_ENCRYPTION)
}
