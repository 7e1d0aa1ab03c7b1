//! How the parts of a PKCS#12 file are encrypted: by PKCS#12's own schemes (RFC 7292), as KMS writes them, or by PBES2 (RFC 8018).

use aes::{Aes128Dec, Aes192Dec, Aes256Dec};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt as _, KeyInit, KeyIvInit as _};
use der::Tagged as _;
use des::TdesEde3;
use pbkdf2::pbkdf2_hmac;
use pkcs12::kdf::{Pkcs12KeyType, derive_key_utf8};
use rc2::Rc2;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::content::Fault;
use super::iterations;
use crate::asn1::{Element, Tag, magnitude, members, oid};

const TRIPLE_DES: &[u8] = oid!("1.2.840.113549.1.12.1.3");
const RC2_128: &[u8] = oid!("1.2.840.113549.1.12.1.5");
const RC2_40: &[u8] = oid!("1.2.840.113549.1.12.1.6");

const PBES2: &[u8] = oid!("1.2.840.113549.1.5.13");
const PBKDF2: &[u8] = oid!("1.2.840.113549.1.5.12");
const HMAC_SHA1: &[u8] = oid!("1.2.840.113549.2.7");
const HMAC_SHA224: &[u8] = oid!("1.2.840.113549.2.8");
const HMAC_SHA256: &[u8] = oid!("1.2.840.113549.2.9");
const HMAC_SHA384: &[u8] = oid!("1.2.840.113549.2.10");
const HMAC_SHA512: &[u8] = oid!("1.2.840.113549.2.11");
const AES_128_CBC: &[u8] = oid!("2.16.840.1.101.3.4.1.2");
const AES_128_GCM_ID: &[u8] = oid!("2.16.840.1.101.3.4.1.6");
const AES_192_CBC: &[u8] = oid!("2.16.840.1.101.3.4.1.22");
const AES_256_CBC: &[u8] = oid!("2.16.840.1.101.3.4.1.42");
const AES_256_GCM_ID: &[u8] = oid!("2.16.840.1.101.3.4.1.46");

type Text = Zeroizing<Vec<u8>>;

/// Decrypts `data`, which `algorithm` (an AlgorithmIdentifier) has encrypted with `password`.
pub(super) fn decrypt(algorithm: Element<'_>, data: &[u8], password: &str) -> Result<Text, Fault> {
    let (scheme, parameters) = named(algorithm).ok_or(Fault::Unreadable)?;
    match scheme {
        TRIPLE_DES => with_own_scheme::<TdesEde3>(24, parameters, data, password),
        RC2_128 => with_own_scheme::<Rc2>(16, parameters, data, password),
        RC2_40 => with_own_scheme::<Rc2>(5, parameters, data, password),
        PBES2 => {
            let scheme = Pbes2::of(parameters).ok_or(Fault::Unreadable)?;
            scheme.decrypt(data, password)
        }
        _ => Err(Fault::Unreadable),
    }
}

/// An AlgorithmIdentifier's name and its parameters.
fn named(algorithm: Element<'_>) -> Option<(&[u8], Element<'_>)> {
    let [name, parameters] = members(algorithm)?.try_into().ok()?;
    Some((name.value(), parameters))
}

fn with_own_scheme<C: KeyInit + BlockCipherDecrypt>(
    key_bytes: usize,
    parameters: Element<'_>,
    data: &[u8],
    password: &str,
) -> Result<Text, Fault> {
    let [salt, count] =
        members(parameters).and_then(|parts| parts.try_into().ok()).ok_or(Fault::Unreadable)?;
    let count = iterations(count).ok_or(Fault::Unreadable)?;
    let derive = |what, length| {
        derive_key_utf8::<Sha1>(password, salt.value(), what, count, length)
            .map(Zeroizing::new)
            .map_err(|_| Fault::Character)
    };
    let iv = derive(Pkcs12KeyType::Iv, 8)?;
    cbc::<C>(&derive(Pkcs12KeyType::EncryptionKey, key_bytes)?, &iv, data)
}

fn cbc<C: KeyInit + BlockCipherDecrypt>(key: &[u8], iv: &[u8], data: &[u8]) -> Result<Text, Fault> {
    let cipher = Decryptor::<C>::new_from_slices(key, iv).map_err(|_| Fault::Unreadable)?;
    let mut text = Zeroizing::new(data.to_vec());
    let length = cipher.decrypt_padded::<Pkcs7>(&mut text).map_err(|_| Fault::Padding)?.len();
    text.truncate(length);
    Ok(text)
}

/// Some write AES-GCM as PBES2's cipher: a nonce in the place of the vector, and the tag at the end.
fn gcm(algorithm: &'static Algorithm, key: &[u8], nonce: &[u8], data: &[u8]) -> Result<Text, Fault> {
    let key = UnboundKey::new(algorithm, key).map(LessSafeKey::new).map_err(|_| Fault::Unreadable)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Fault::Unreadable)?;
    let mut text = Zeroizing::new(data.to_vec());
    let length = key.open_in_place(nonce, Aad::empty(), &mut text).map_err(|_| Fault::Padding)?.len();
    text.truncate(length);
    Ok(text)
}

/// PBES2-params, of which the key comes by PBKDF2.
struct Pbes2<'a> {
    salt: &'a [u8],
    iterations: u32,
    key_bytes: Option<u64>,
    prf: &'a [u8],
    cipher: &'a [u8],
    iv: &'a [u8],
}

impl<'a> Pbes2<'a> {
    fn of(parameters: Element<'a>) -> Option<Self> {
        let [derivation, cipher] = members(parameters)?.try_into().ok()?;
        let (PBKDF2, derivation) = named(derivation)? else { return None };
        let derivation = members(derivation)?;
        let [salt, count, more @ ..] = derivation.as_slice() else { return None };
        let (cipher, iv) = named(cipher)?;
        let mut scheme = Pbes2 {
            salt: salt.value(),
            iterations: iterations(*count)?.cast_unsigned(),
            key_bytes: None,
            prf: HMAC_SHA1,
            cipher,
            iv: iv.value(),
        };
        for part in more {
            match part.tag() {
                Tag::Integer => scheme.key_bytes = Some(magnitude(part.value())),
                _ => scheme.prf = members(*part)?.first()?.value(),
            }
        }
        Some(scheme)
    }

    fn decrypt(&self, data: &[u8], password: &str) -> Result<Text, Fault> {
        match self.cipher {
            AES_128_CBC => cbc::<Aes128Dec>(&*self.key::<16>(password)?, self.iv, data),
            AES_192_CBC => cbc::<Aes192Dec>(&*self.key::<24>(password)?, self.iv, data),
            AES_256_CBC => cbc::<Aes256Dec>(&*self.key::<32>(password)?, self.iv, data),
            AES_128_GCM_ID => gcm(&AES_128_GCM, &*self.key::<16>(password)?, self.iv, data),
            AES_256_GCM_ID => gcm(&AES_256_GCM, &*self.key::<32>(password)?, self.iv, data),
            _ => Err(Fault::Unreadable),
        }
    }

    fn key<const N: usize>(&self, password: &str) -> Result<Zeroizing<[u8; N]>, Fault> {
        if self.key_bytes.is_some_and(|bytes| bytes != N as u64) {
            return Err(Fault::Unreadable);
        }
        let mut key = Zeroizing::new([0; N]);
        self.derive(password.as_bytes(), &mut *key).ok_or(Fault::Unreadable)?;
        Ok(key)
    }

    fn derive(&self, password: &[u8], key: &mut [u8]) -> Option<()> {
        let (salt, iterations) = (self.salt, self.iterations);
        match self.prf {
            HMAC_SHA1 => pbkdf2_hmac::<Sha1>(password, salt, iterations, key),
            HMAC_SHA224 => pbkdf2_hmac::<Sha224>(password, salt, iterations, key),
            HMAC_SHA256 => pbkdf2_hmac::<Sha256>(password, salt, iterations, key),
            HMAC_SHA384 => pbkdf2_hmac::<Sha384>(password, salt, iterations, key),
            HMAC_SHA512 => pbkdf2_hmac::<Sha512>(password, salt, iterations, key),
            _ => return None,
        }
        Some(())
    }
}
