//! Every algorithm, against what other implementations write.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use der::{Encode as _, asn1::OctetStringRef};
use p12_keystore::{EncryptionAlgorithm, KeyStore, MacAlgorithm, Pkcs12ImportPolicy};
use pkcs5::pbes2::{EncryptionScheme, Parameters, Pbkdf2Params, Pbkdf2Prf, Salt};

use super::content::{self, Fault};
use super::encryption::decrypt;
use crate::asn1::only;

const PASSWORD: &str = include_str!("../../../../../tests/vectors/clientKey_Password.txt");

fn known() -> KeyStore {
    let json: serde_json::Value =
        serde_json::from_slice(include_bytes!("../../../../../tests/vectors/clientKey.json")).unwrap();
    let der = BASE64_STANDARD.decode(json["PrivateKeyData"].as_str().unwrap()).unwrap();
    KeyStore::from_pkcs12(&der, PASSWORD, Pkcs12ImportPolicy::Strict).unwrap()
}

#[test]
fn each_mac_and_each_scheme_of_a_key_store_is_read() {
    use EncryptionAlgorithm::*;
    use MacAlgorithm::*;
    let store = known();
    let (_, chain) = store.private_key_chain().unwrap();
    for mac in [HmacSha1, HmacSha224, HmacSha256, HmacSha384, HmacSha512, HmacSha512_224, HmacSha512_256] {
        for encryption in
            [PbeWithHmacSha256AndAes256, PbeWithShaAnd40BitRc4Cbc, PbeWithShaAnd3KeyTripleDesCbc]
        {
            let writer = store.writer(PASSWORD).encryption_algorithm(encryption).encryption_iterations(10);
            let der = writer.mac_algorithm(mac).mac_iterations(10).write().unwrap();
            let found = content::read(&der, PASSWORD)
                .unwrap_or_else(|fault| panic!("{mac:?} {encryption:?} {fault:?}"));
            let [key] = found.keys.as_slice() else { panic!("one key") };
            assert!(key.is_rsa);
            assert_eq!(key.pkcs8.as_slice(), chain.key().as_der());
            let [certificate] = found.certificates.as_slice() else { panic!("one certificate") };
            assert_eq!(certificate.as_slice(), chain.certs()[0].as_der());
            assert_eq!(content::read(&der, "wrong").err(), Some(Fault::Mac));
            assert_eq!(content::read(&der, "\u{1f511}").err(), Some(Fault::Character));
        }
    }
}

#[test]
fn each_cipher_and_each_function_of_pbes2_is_read() {
    use EncryptionScheme::*;
    use Pbkdf2Prf::*;
    for prf in [HmacWithSha1, HmacWithSha224, HmacWithSha256, HmacWithSha384, HmacWithSha512] {
        for encryption in [
            Aes128Cbc { iv: [1; 16] },
            Aes192Cbc { iv: [2; 16] },
            Aes256Cbc { iv: [3; 16] },
            Aes128Gcm { nonce: [4; 12] },
            Aes256Gcm { nonce: [5; 12] },
        ] {
            for key_length in [None, Some(encryption.key_size() as u16)] {
                let salt = Salt::new(b"some salt").unwrap();
                let kdf = Pbkdf2Params { salt, iteration_count: 3, key_length, prf }.into();
                let scheme = Parameters { kdf, encryption };
                let encrypted = scheme.encrypt(PASSWORD, b"the text").unwrap();
                let algorithm = spki(&scheme.to_der().unwrap());
                let decrypted = |password| decrypt(only(&algorithm).unwrap(), &encrypted, password);
                let text =
                    decrypted(PASSWORD).unwrap_or_else(|fault| panic!("{prf:?} {encryption:?} {fault:?}"));
                assert_eq!(text.as_slice(), b"the text");
                assert_ne!(
                    decrypted("wrong").ok().as_deref().map(Vec::as_slice),
                    Some(b"the text".as_slice())
                );
            }
        }
    }
}

/// The AlgorithmIdentifier of PBES2 with `parameters`.
fn spki(parameters: &[u8]) -> Vec<u8> {
    let name = pkcs5::pbes2::PBES2_OID.to_der().unwrap();
    wrapped(0x30, &[name.as_slice(), parameters].concat())
}

fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = OctetStringRef::new(content).unwrap().to_der().unwrap();
    der[0] = tag;
    der
}

#[test]
fn a_key_of_another_length_than_the_ciphers_is_refused() {
    let salt = Salt::new(b"some salt").unwrap();
    let kdf = Pbkdf2Params { salt, iteration_count: 3, key_length: Some(16), prf: Pbkdf2Prf::HmacWithSha256 };
    let scheme = Parameters { kdf: kdf.into(), encryption: EncryptionScheme::Aes256Cbc { iv: [0; 16] } };
    let algorithm = spki(&scheme.to_der().unwrap());
    assert_eq!(decrypt(only(&algorithm).unwrap(), &[0; 16], PASSWORD).err(), Some(Fault::Unreadable));
}
