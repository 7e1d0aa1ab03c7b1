//! PKCS#12 files with parts in 128-bit RC2, which the official Java client reads and p12-keystore does not. Such parts are
//! encrypted anew, in memory, with the 40-bit RC2 that it does read: cipher and text of the same length, the object identifiers one
//! digit apart.

use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use pkcs12::kdf::{Pkcs12KeyType, derive_key_utf8};
use rc2::Rc2;
use sha1::Sha1;
use x509_parser::der_parser::asn1_rs::{Any, Tag};
use zeroize::Zeroizing;

use super::pkcs12::{children, magnitude};

/// The content octets of pbeWithSHAAnd128BitRC2-CBC, 1.2.840.113549.1.12.1.5; the 40-bit one ends in a 6.
const RC2_128: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x05];
const LAST_OF_RC2_40: u8 = 0x06;

const DEEPEST: usize = 32;

/// An encrypted part of a file.
struct Part<'a> {
    /// The object identifier of its cipher.
    cipher: &'a [u8],
    salt: &'a [u8],
    iterations: i32,
    encrypted: &'a [u8],
}

/// The PKCS#12 file `der`, whose MAC has been verified, with 40-bit RC2 in the place of 128-bit RC2 and without its MAC, which
/// no longer fits. None where nothing in it is so encrypted, or it is damaged.
pub(super) fn readable(der: &[u8], password: &str) -> Option<Zeroizing<Vec<u8>>> {
    let [pfx] = children(der)?.try_into().ok()?;
    let outer = children(pfx.data)?;
    let content = outer.get(1)?;
    let mut parts = Vec::new();
    find(&outer[..2], DEEPEST, &mut parts);
    if parts.is_empty() {
        return None;
    }
    let mut rewritten = Zeroizing::new(der.to_vec());
    for part in parts {
        let at = offset(der, part.encrypted);
        part.encrypt_anew(&mut rewritten[at..at + part.encrypted.len()], password)?;
        rewritten[offset(der, part.cipher) + RC2_128.len() - 1] = LAST_OF_RC2_40;
    }
    let (from, to) = (offset(der, pfx.data), offset(der, content.data) + content.data.len());
    Some(sequence(&rewritten[from..to]))
}

impl Part<'_> {
    fn encrypt_anew(&self, text: &mut [u8], password: &str) -> Option<()> {
        let derive = |what, length| {
            derive_key_utf8::<Sha1>(password, self.salt, what, self.iterations, length)
                .map(Zeroizing::new)
                .ok()
        };
        let iv = derive(Pkcs12KeyType::Iv, 8)?;
        let (long, short) =
            (derive(Pkcs12KeyType::EncryptionKey, 16)?, derive(Pkcs12KeyType::EncryptionKey, 5)?);
        let length = text.len();
        let decryptor = cbc::Decryptor::<Rc2>::new_from_slices(&long, &iv).ok()?;
        decryptor.decrypt_padded::<NoPadding>(text).ok()?;
        let encryptor = cbc::Encryptor::<Rc2>::new_from_slices(&short, &iv).ok()?;
        encryptor.encrypt_padded::<NoPadding>(text, length).ok()?;
        Some(())
    }
}

/// Parts stand right after the name of their cipher: an OCTET STRING, or one whose tag is implicit.
fn find<'a>(siblings: &[Any<'a>], depth: usize, parts: &mut Vec<Part<'a>>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    for (index, item) in siblings.iter().enumerate() {
        let holds_others = item.header.is_constructed() || item.tag() == Tag::OctetString;
        let Some(inner) = children(item.data).filter(|_| holds_others) else { continue };
        match part(&inner, siblings.get(index + 1)) {
            Some(part) => parts.push(part),
            None => find(&inner, depth, parts),
        }
    }
}

fn part<'a>(cipher: &[Any<'a>], next: Option<&Any<'a>>) -> Option<Part<'a>> {
    let [name, parameters] = cipher else { return None };
    let encrypted = next.filter(|next| !next.header.is_constructed())?.data;
    if name.tag() != Tag::Oid || name.data != RC2_128 {
        return None;
    }
    let [salt, iterations] = <[Any<'a>; 2]>::try_from(children(parameters.data)?).ok()?;
    let iterations = i32::try_from(magnitude(iterations.data)).ok().filter(|count| *count > 0)?;
    Some(Part { cipher: name.data, salt: salt.data, iterations, encrypted })
}

/// Where `part`, which is a part of it, stands in `whole`.
fn offset(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}

fn sequence(content: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len())..];
    let mut der = Zeroizing::new(Vec::with_capacity(content.len() + 10));
    der.push(0x30);
    if content.len() >= 0x80 {
        der.push(0x80 | length.len() as u8);
    }
    der.extend_from_slice(length);
    der.extend_from_slice(content);
    der
}
