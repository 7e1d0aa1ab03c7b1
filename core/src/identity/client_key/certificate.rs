//! The certificate inside a ClientKey: validity and instance.

use std::time::SystemTime;

use ring::signature::RsaKeyPair;

use super::unusable;
use crate::certificate::Certificate as X509Certificate;
use crate::error::Result;

pub(super) struct Certificate {
    pub(super) instance_id: Option<String>,
    pub(super) not_before: SystemTime,
    pub(super) not_after: SystemTime,
}

/// The certificate among `certificates` (DER) that belongs to `key_pair`. A ClientKey without one is refused: KMS
/// issues none without, and kmsak could tell neither when it expires nor whose it is.
pub(super) fn find<'a>(
    certificates: impl Iterator<Item = &'a [u8]>,
    key_pair: &RsaKeyPair,
    origin: &str,
) -> Result<Certificate> {
    let mut others = 0;
    for der in certificates {
        let Some(certificate) = X509Certificate::of(der).filter(|found| belongs(found, key_pair)) else {
            others += 1;
            continue;
        };
        let (Some(not_before), Some(not_after)) = (certificate.not_before, certificate.not_after) else {
            return Err(unusable(format!(
                "the certificate in {origin} has a validity that is no date: download the ClientKey again"
            )));
        };
        return Ok(Certificate { instance_id: instance_id(&certificate), not_before, not_after });
    }
    Err(unusable(if others == 0 {
        format!(
            "{origin} holds no certificate: use the file as KMS issued it, or keep the certificate when you encrypt \
             it anew"
        )
    } else {
        format!("no certificate in {origin} belongs to its private key: download the ClientKey again")
    }))
}

fn belongs(certificate: &X509Certificate<'_>, key_pair: &RsaKeyPair) -> bool {
    let Some(theirs) = &certificate.rsa_key else { return false };
    let ours = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(key_pair.public());
    without_leading_zeros(theirs.modulus) == without_leading_zeros(&ours.n)
        && without_leading_zeros(theirs.exponent) == without_leading_zeros(&ours.e)
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// KMS names the subject `CN=kst-<instance>-client`.
fn instance_id(certificate: &X509Certificate<'_>) -> Option<String> {
    let id = certificate.common_name?.strip_suffix("-client")?;
    let tail = id.strip_prefix("kst-")?;
    // It becomes a host name.
    let is_label = !tail.is_empty()
        && id.len() <= 63
        && !id.ends_with('-')
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    is_label.then(|| id.to_owned())
}
