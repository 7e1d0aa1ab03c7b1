//! The MAC over a PKCS#12 file's content, which shows that the password is right.

use hmac::digest::block_api::BlockSizeUser;
use hmac::digest::{Digest, FixedOutputReset};
use hmac::{KeyInit as _, Mac as _, SimpleHmac};
use pkcs12::kdf::{Pkcs12KeyType, derive_key_utf8};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use zeroize::Zeroizing;

use super::content::Fault;
use super::iterations;
use crate::asn1::{Element, members, oid};

const SHA1: &[u8] = oid!("1.3.14.3.2.26");
const SHA256: &[u8] = oid!("2.16.840.1.101.3.4.2.1");
const SHA384: &[u8] = oid!("2.16.840.1.101.3.4.2.2");
const SHA512: &[u8] = oid!("2.16.840.1.101.3.4.2.3");
const SHA224: &[u8] = oid!("2.16.840.1.101.3.4.2.4");
const SHA512_224: &[u8] = oid!("2.16.840.1.101.3.4.2.5");
const SHA512_256: &[u8] = oid!("2.16.840.1.101.3.4.2.6");

/// A MacData, with the password in hand.
struct Mac<'a> {
    password: &'a str,
    salt: &'a [u8],
    iterations: i32,
    digest: &'a [u8],
}

/// Whether `mac`, a MacData, is that of `content` with `password`.
pub(super) fn verify(mac: Element<'_>, password: &str, content: &[u8]) -> Result<(), Fault> {
    let (algorithm, mac) = read(mac, password).ok_or(Fault::Unreadable)?;
    match algorithm {
        SHA1 => mac.verify::<Sha1>(content),
        SHA224 => mac.verify::<Sha224>(content),
        SHA256 => mac.verify::<Sha256>(content),
        SHA384 => mac.verify::<Sha384>(content),
        SHA512 => mac.verify::<Sha512>(content),
        SHA512_224 => mac.verify::<Sha512_224>(content),
        SHA512_256 => mac.verify::<Sha512_256>(content),
        _ => Err(Fault::Unreadable),
    }
}

fn read<'a>(mac: Element<'a>, password: &'a str) -> Option<(&'a [u8], Mac<'a>)> {
    let parts = members(mac)?;
    let (digest_info, salt, count) = match parts.as_slice() {
        [digest_info, salt] => (*digest_info, salt, 1),
        [digest_info, salt, count] => (*digest_info, salt, iterations(*count)?),
        _ => return None,
    };
    let [algorithm, digest] = members(digest_info)?.try_into().ok()?;
    let algorithm = members(algorithm)?.first()?.value();
    Some((algorithm, Mac { password, salt: salt.value(), iterations: count, digest: digest.value() }))
}

impl Mac<'_> {
    fn verify<D: Digest + FixedOutputReset + BlockSizeUser>(&self, content: &[u8]) -> Result<(), Fault> {
        let length = <D as Digest>::output_size();
        let key = derive_key_utf8::<D>(self.password, self.salt, Pkcs12KeyType::Mac, self.iterations, length)
            .map(Zeroizing::new)
            .map_err(|_| Fault::Character)?;
        let mut mac = SimpleHmac::<D>::new_from_slice(&key).map_err(|_| Fault::Unreadable)?;
        mac.update(content);
        mac.verify_slice(self.digest).map_err(|_| Fault::Mac)
    }
}
