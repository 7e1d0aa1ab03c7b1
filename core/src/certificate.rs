//! What kmsak has to know of an X.509 certificate (RFC 5280). Whether to trust it is for rustls to say.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use der::Tagged as _;
use der::asn1::{GeneralizedTime, UtcTime};

use crate::asn1::{Element, RSA_ENCRYPTION, Tag, elements, is_tagged, members, oid, only};

const COMMON_NAME: &[u8] = oid!("2.5.4.3");
const BASIC_CONSTRAINTS: &[u8] = oid!("2.5.29.19");
const VERSION_3: &[u8] = &[2];
const TRUE: &[u8] = &[0xff];

pub(crate) struct Certificate<'a> {
    /// None for a moment that no calendar has, or before 1970.
    pub(crate) not_before: Option<SystemTime>,
    pub(crate) not_after: Option<SystemTime>,
    /// The first of its subject, where it is text.
    pub(crate) common_name: Option<&'a str>,
    pub(crate) rsa_key: Option<RsaPublicKey<'a>>,
    /// Whether it is, or may be, a CA's: those before version 3 cannot say so.
    pub(crate) is_ca: bool,
    /// Whether it names itself as its issuer.
    pub(crate) is_self_issued: bool,
}

/// Numbers with the highest byte first.
#[derive(Debug, PartialEq)]
pub(crate) struct RsaPublicKey<'a> {
    pub(crate) modulus: &'a [u8],
    pub(crate) exponent: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads `der`; none where that is no certificate.
    pub(crate) fn of(der: &'a [u8]) -> Option<Self> {
        let [signed, _algorithm, _signature] = members(only(der)?)?.try_into().ok()?;
        let fields = members(signed)?;
        let (version, fields) = match fields.as_slice() {
            [version, fields @ ..] if is_tagged(*version, 0) => (Some(only(version.value())?), fields),
            fields => (None, fields),
        };
        let [_serial, _algorithm, issuer, validity, subject, key, more @ ..] = fields else { return None };
        let [not_before, not_after] = members(*validity)?.try_into().ok()?;
        let is_version_3 = version.is_some_and(|version| version.value() == VERSION_3);
        Some(Certificate {
            not_before: moment(not_before),
            not_after: moment(not_after),
            common_name: common_name(*subject)?,
            rsa_key: rsa_key(*key),
            is_ca: !is_version_3 || is_ca(more)?,
            is_self_issued: issuer.value() == subject.value(),
        })
    }
}

fn moment(time: Element<'_>) -> Option<SystemTime> {
    let since: Duration = match time.tag() {
        Tag::UtcTime => time.decode_as::<UtcTime>().ok()?.to_unix_duration(),
        _ => time.decode_as::<GeneralizedTime>().ok()?.to_unix_duration(),
    };
    UNIX_EPOCH.checked_add(since)
}

/// The common name in a Name; none at all where that is damaged.
fn common_name(name: Element<'_>) -> Option<Option<&str>> {
    for set in members(name)? {
        for attribute in elements(set.value())? {
            let [kind, value] = members(attribute)?.try_into().ok()?;
            if kind.value() == COMMON_NAME {
                return Some(text(value));
            }
        }
    }
    Some(None)
}

fn text(value: Element<'_>) -> Option<&str> {
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString => {
            std::str::from_utf8(value.value()).ok()
        }
        _ => None,
    }
}

/// The key in a SubjectPublicKeyInfo; none where it is of another kind.
fn rsa_key(info: Element<'_>) -> Option<RsaPublicKey<'_>> {
    let [algorithm, key] = members(info)?.try_into().ok()?;
    if members(algorithm)?.first()?.value() != RSA_ENCRYPTION {
        return None;
    }
    // The first octet of a BIT STRING counts the bits that its last one lacks.
    let key = key.value().strip_prefix(&[0])?;
    let [modulus, exponent] = members(only(key)?)?.try_into().ok()?;
    Some(RsaPublicKey { modulus: modulus.value(), exponent: exponent.value() })
}

/// Whether the extensions among `fields` name a CA; none where they are damaged.
fn is_ca(fields: &[Element<'_>]) -> Option<bool> {
    let Some(extensions) = fields.iter().find(|field| is_tagged(**field, 3)) else { return Some(false) };
    for extension in members(only(extensions.value())?)? {
        let extension = members(extension)?;
        let [name, .., value] = extension.as_slice() else { return None };
        if name.value() == BASIC_CONSTRAINTS {
            let constraints = members(only(value.value())?)?;
            return Some(
                constraints.first().is_some_and(|first| first.tag() == Tag::Boolean && first.value() == TRUE),
            );
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};
    use x509_parser::public_key::PublicKey;

    use super::*;

    const KMS_CAS: &[u8] = include_bytes!("transport/kms_private_cas.pem");
    const CLIENT_KEY: &[u8] = include_bytes!("../../tests/vectors/client_key_certificate.pem");

    fn agrees(der: &[u8]) {
        let read = Certificate::of(der).expect("a certificate");
        let (_, known) = X509Certificate::from_der(der).expect("a certificate");
        let seconds = |moment: Option<SystemTime>| {
            i64::try_from(moment.expect("a date").duration_since(UNIX_EPOCH).expect("after 1970").as_secs())
                .expect("not for ever")
        };
        assert_eq!(seconds(read.not_before), known.validity().not_before.timestamp());
        assert_eq!(seconds(read.not_after), known.validity().not_after.timestamp());
        assert_eq!(read.is_ca, known.version() != X509Version::V3 || known.is_ca(), "{}", known.subject());
        assert_eq!(read.is_self_issued, known.subject() == known.issuer());
        let name = known.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        assert_eq!(read.common_name, name);
        let key = match known.public_key().parsed() {
            Ok(PublicKey::RSA(key)) => Some(RsaPublicKey { modulus: key.modulus, exponent: key.exponent }),
            _ => None,
        };
        assert_eq!(read.rsa_key, key);
    }

    #[test]
    fn certificates_are_read_as_x509_parser_reads_them() {
        let ours = CertificateDer::pem_slice_iter(KMS_CAS).chain(CertificateDer::pem_slice_iter(CLIENT_KEY));
        let systems = rustls_native_certs::load_native_certs().certs;
        let all: Vec<_> = ours.map(|pem| pem.expect("PEM")).chain(systems).collect();
        assert!(all.len() >= 28, "{}", all.len());
        all.iter().for_each(|der| agrees(der));
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        for der in [b"".as_slice(), b"no certificate", &[0x30, 0], &[0x30, 0x80, 0, 0]] {
            assert!(Certificate::of(der).is_none());
        }
    }

    proptest! {
        #[test]
        fn a_damaged_certificate_does_not_panic(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
            let mut der = CertificateDer::from_pem_slice(CLIENT_KEY).unwrap().to_vec();
            let at = at.index(der.len());
            der[at] = byte;
            let _ = Certificate::of(&der);
            prop_assert!(Certificate::of(&der[..at]).is_none());
        }
    }
}
