//! Signing, and a sentence for each ClientKey that cannot be used. See `tests/vectors/odd/README.md` for how the
//! odd ones were made.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use serde_json::Value;

use super::{ClientKey, ClientKeyInfo, MAX_FILE_BYTES};
use crate::error::{Kind, Result};

const LEGACY: &[u8] = include_bytes!("../../../../tests/vectors/clientKey.json");
const PBES2: &[u8] = include_bytes!("../../../../tests/vectors/clientKey_pbes2.json");
const PASSWORD: &str = include_str!("../../../../tests/vectors/clientKey_Password.txt");

fn load(json: &[u8]) -> Result<ClientKey> {
    ClientKey::load(json, PASSWORD, "clientKey.json", "the variable P")
}

#[test]
fn recorded_signatures_are_reproduced_byte_for_byte() {
    let recorded: Value =
        serde_json::from_str(include_str!("../../../../tests/vectors/official_requests.json")).unwrap();
    let requests = recorded["requests"].as_array().unwrap();
    assert!(!requests.is_empty());
    for json in [LEGACY, PBES2] {
        let client_key = load(json).unwrap();
        for request in requests {
            let message = request["string_to_sign"].as_str().unwrap();
            let signature = client_key.sign(message.as_bytes()).unwrap();
            assert_eq!(
                BASE64_STANDARD.encode(signature),
                request["signature_base64"].as_str().unwrap(),
                "{message}"
            );
        }
    }
}

#[test]
fn a_client_key_tells_of_itself() {
    for json in [LEGACY, PBES2] {
        let client_key = load(json).unwrap();
        let info = client_key.info();
        assert_eq!(info.key_id, "KAAP.00000000-0000-4000-8000-000000000001");
        assert_eq!(info.instance_id.as_deref(), Some("kst-hzz000000000000000"));
        assert_eq!(
            info.instance_endpoint().as_deref(),
            Some("kst-hzz000000000000000.cryptoservice.kms.aliyuncs.com")
        );
        // Read off client_key_certificate.pem with openssl.
        assert_eq!(info.not_before, UNIX_EPOCH + Duration::from_secs(1_795_437_199));
        assert_eq!(info.not_after, UNIX_EPOCH + Duration::from_secs(1_953_117_199));
    }
}

#[test]
fn a_certificate_need_not_name_an_instance() {
    let client_key = load(include_bytes!("../../../../tests/vectors/odd/no_instance.json")).unwrap();
    assert_eq!(client_key.info().instance_id, None);
    assert_eq!(client_key.info().instance_endpoint(), None);
}

#[test]
fn bags_without_encryption_load() {
    load(include_bytes!("../../../../tests/vectors/odd/unencrypted_bags.json")).unwrap();
    load(include_bytes!("../../../../tests/vectors/odd/no_mac.json")).unwrap();
}

#[test]
fn rc2_of_128_bits_is_read_as_the_official_java_client_reads_it() {
    let with_mac = include_bytes!("../../../../tests/vectors/odd/rc2_128.json").as_slice();
    let without = include_bytes!("../../../../tests/vectors/odd/rc2_128_no_mac.json").as_slice();
    let known = load(LEGACY).unwrap();
    for json in [with_mac, without] {
        let client_key = load(json).unwrap();
        assert_eq!(client_key.info(), known.info());
        assert_eq!(client_key.sign(b"x").unwrap(), known.sign(b"x").unwrap());
        assert!(refusal(json, "wrong").contains("does not open clientKey.json"));
    }
}

#[test]
fn damage_in_rc2_of_128_bits_is_told() {
    let json: Value =
        serde_json::from_slice(include_bytes!("../../../../tests/vectors/odd/rc2_128_no_mac.json")).unwrap();
    let der = BASE64_STANDARD.decode(json["PrivateKeyData"].as_str().unwrap()).unwrap();
    for at in (0..der.len()).step_by(23).chain(0..60) {
        let mut damaged = der.clone();
        damaged[at] ^= 0x41;
        // What is refused is told without a panic; some of it does no harm.
        let json = with(Some("KAAP.1"), Some(&BASE64_STANDARD.encode(damaged)));
        if let Err(error) = ClientKey::load(&json, PASSWORD, "clientKey.json", "the variable P") {
            assert_eq!(error.kind(), Kind::ClientKey, "byte {at}: {error}");
        }
    }
}

fn info() -> ClientKeyInfo {
    ClientKeyInfo {
        key_id: "KAAP.1".to_owned(),
        instance_id: None,
        not_before: at(1_000_000),
        not_after: at(2_000_000),
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn outside_its_validity_a_client_key_warns_only() {
    assert_eq!(info().validity_warning(at(1_000_000)), None);
    assert_eq!(info().validity_warning(at(2_000_000)), None);
    assert_eq!(
        info().validity_warning(at(2_000_001)).unwrap(),
        "the ClientKey KAAP.1 expired at 1970-01-24T03:33:20Z: create a new one in KMS and replace the ClientKey and \
         password files"
    );
    assert_eq!(
        info().validity_warning(at(999_999)).unwrap(),
        "the ClientKey KAAP.1 is valid from 1970-01-12T13:46:40Z only and this machine's clock says \
         1970-01-12T13:46:39Z: check the clock"
    );
    assert_eq!(
        info().validity_warning_by_kms(at(999_999)).unwrap(),
        "the ClientKey KAAP.1 is valid from 1970-01-12T13:46:40Z only and KMS's clock says 1970-01-12T13:46:39Z: use \
         another ClientKey until then"
    );
}

fn refusal(json: &[u8], password: &str) -> String {
    let error = ClientKey::load(json, password, "clientKey.json", "the variable P").unwrap_err();
    assert_eq!(error.kind(), Kind::ClientKey);
    assert!(!error.retryable());
    error.message().to_owned()
}

fn with(key_id: Option<&str>, private_key_data: Option<&str>) -> Vec<u8> {
    let mut fields = serde_json::Map::new();
    fields.extend(key_id.map(|text| ("KeyId".to_owned(), text.into())));
    fields.extend(private_key_data.map(|text| ("PrivateKeyData".to_owned(), text.into())));
    Value::Object(fields).to_string().into_bytes()
}

const EXPECTED: &str = r#"expected {"KeyId": "KAAP...", "PrivateKeyData": "..."} as KMS issued it"#;

#[test]
fn a_wrong_password_is_told() {
    const SENTENCE: &str = "the password from the variable P does not open clientKey.json: use the clientKey_****_Password.txt that was \
                            downloaded with this ClientKey";
    for json in [LEGACY, PBES2, include_bytes!("../../../../tests/vectors/odd/no_mac.json").as_slice()] {
        for password in ["", "wrong", "kmsak#2026test", "é", "\u{1f511}", "Kmsak#2026test "] {
            assert_eq!(refusal(json, password), SENTENCE, "{password:?}");
        }
    }
}

#[test]
fn what_is_not_json_is_told() {
    for json in ["KeyId", "[]", "\"KeyId\"", "{\"KeyId\":", "\u{0}\u{1}"] {
        assert_eq!(
            refusal(json.as_bytes(), PASSWORD),
            format!("clientKey.json is not a JSON object: {EXPECTED}")
        );
    }
}

#[test]
fn what_is_empty_or_utf16_is_told() {
    for json in ["", " \r\n"] {
        assert_eq!(refusal(json.as_bytes(), PASSWORD), format!("clientKey.json is empty: {EXPECTED}"));
    }
    let text = std::str::from_utf8(LEGACY).unwrap();
    let units = |encode: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(encode).collect() };
    for json in [
        [b"\xff\xfe".as_slice(), &units(u16::to_le_bytes)].concat(),
        [b"\xfe\xff".as_slice(), &units(u16::to_be_bytes)].concat(),
        units(u16::to_le_bytes),
        units(u16::to_be_bytes),
    ] {
        assert_eq!(
            refusal(&json, PASSWORD),
            "clientKey.json is UTF-16: save it as UTF-8, or use the file as KMS issued it"
        );
    }
}

#[test]
fn a_client_key_loads_as_gson_reads_it() {
    let fields: Value = serde_json::from_slice(LEGACY).unwrap();
    let (id, data) = (fields["KeyId"].as_str().unwrap(), fields["PrivateKeyData"].as_str().unwrap());
    let broken: String =
        data.as_bytes().chunks(64).map(|line| format!("{}\n", std::str::from_utf8(line).unwrap())).collect();
    for json in [
        format!("\u{feff}{{\"KeyId\":\"{id}\",\"PrivateKeyData\":\"{broken}\"}}"),
        format!("{{'KeyId':'{id}','PrivateKeyData':'{data}'}}"),
        format!("{{KeyId:{id},PrivateKeyData:{data}}}"),
    ] {
        assert_eq!(load(json.as_bytes()).unwrap().info().key_id, id);
    }
}

#[test]
fn the_answer_of_the_api_is_told_from_a_client_key() {
    let answer = br#"{"ClientKeyId": "KAAP.1", "KeyAlgorithm": "RSA_2048", "PrivateKeyData": "AA=="}"#;
    assert_eq!(
        refusal(answer, PASSWORD),
        "clientKey.json has a ClientKeyId instead of a KeyId, as the API's answer to CreateClientKey has: name that field \
         KeyId"
    );
    // GetClientKey never gives the private key.
    assert_eq!(
        refusal(br#"{"ClientKeyId": "KAAP.1", "PublicKeyData": "x"}"#, PASSWORD),
        format!("clientKey.json has no PrivateKeyData: {EXPECTED}")
    );
}

#[test]
fn a_missing_field_is_told() {
    for key_id in [None, Some(""), Some(" ")] {
        assert_eq!(
            refusal(&with(key_id, Some("AA==")), PASSWORD),
            format!("clientKey.json has no KeyId: {EXPECTED}")
        );
    }
    for data in [None, Some(""), Some("\n")] {
        assert_eq!(
            refusal(&with(Some("KAAP.1"), data), PASSWORD),
            format!("clientKey.json has no PrivateKeyData: {EXPECTED}")
        );
    }
    assert_eq!(
        refusal(br#"{"KeyId": 1, "PrivateKeyData": "AA=="}"#, PASSWORD),
        format!("clientKey.json has no KeyId: {EXPECTED}")
    );
}

#[test]
fn a_key_id_that_no_header_can_hold_is_told() {
    let endless = "K".repeat(300);
    for key_id in ["KAAP.1\r\nx: y", "KAAP 1", "KAAP.é", endless.as_str()] {
        assert_eq!(
            refusal(&with(Some(key_id), Some("AA==")), PASSWORD),
            "the KeyId in clientKey.json is not one that KMS issues: expected KAAP. and a UUID, without blanks"
        );
    }
}

#[test]
fn what_is_not_base64_is_told() {
    for data in ["****", "AAAAA", "-----BEGIN PRIVATE KEY-----"] {
        assert_eq!(
            refusal(&with(Some("KAAP.1"), Some(data)), PASSWORD),
            "the PrivateKeyData in clientKey.json is not base64: the file is damaged, download the ClientKey again"
        );
    }
}

#[test]
fn what_is_not_pkcs12_is_told() {
    let large = BASE64_STANDARD.encode(vec![0x30; 100_000]);
    for data in ["AAAA", "MAA=", "MIIB", large.as_str()] {
        assert_eq!(
            refusal(&with(Some("KAAP.1"), Some(data)), PASSWORD),
            "the PrivateKeyData in clientKey.json is not a PKCS#12 file: it is damaged, download the ClientKey again"
        );
    }
}

#[test]
fn each_odd_content_has_its_sentence() {
    macro_rules! odd {
        ($name:literal) => {
            include_bytes!(concat!("../../../../tests/vectors/odd/", $name)).as_slice()
        };
    }
    for (json, sentence) in [
        (odd!("no_key.json"), "clientKey.json holds no private key: download the ClientKey again"),
        (
            odd!("ec_key.json"),
            "the private key in clientKey.json is not an RSA key: KMS issues RSA ClientKeys only, download it again",
        ),
        (
            odd!("rsa_1024.json"),
            "the RSA key in clientKey.json has fewer than 2048 bits, which is not safe: create a new ClientKey in KMS",
        ),
        (
            odd!("rsa_5120.json"),
            "the RSA key in clientKey.json has more than 4096 bits, which kmsak cannot use: create a new ClientKey in \
             KMS",
        ),
        (
            odd!("no_certificate.json"),
            "clientKey.json holds no certificate: use the file as KMS issued it, or keep the certificate when you \
             encrypt it anew",
        ),
        (
            odd!("other_certificate.json"),
            "no certificate in clientKey.json belongs to its private key: download the ClientKey again",
        ),
        (
            odd!("two_keys.json"),
            "clientKey.json holds more than one private key, and kmsak cannot know which is meant: use the file as \
             KMS issued it",
        ),
        (
            odd!("camellia.json"),
            "the PKCS#12 file in clientKey.json is damaged or encrypted in a way that kmsak cannot read: use the \
             file as KMS issued it, or encrypt it anew with openssl pkcs12 -export and its defaults",
        ),
    ] {
        assert_eq!(refusal(json, PASSWORD), sentence);
    }
}

const TOO_MUCH_WORK: &str = "the PKCS#12 file in clientKey.json asks for more key derivation work than kmsak does \
                             (2000000 iterations, no scrypt): encrypt it anew with openssl pkcs12 -export and its \
                             defaults";

#[test]
fn endless_key_derivation_is_refused_and_not_begun() {
    // Three derivations of 2^31 - 1 iterations each: a quarter of an hour.
    assert_eq!(
        refusal(include_bytes!("../../../../tests/vectors/odd/endless_work.json"), PASSWORD),
        TOO_MUCH_WORK
    );
}

#[test]
fn scrypt_which_may_ask_for_any_amount_of_memory_is_refused() {
    const PBKDF2: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
    const SCRYPT: &[u8] = &[0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];
    let json: Value = serde_json::from_slice(PBES2).unwrap();
    let mut der = BASE64_STANDARD.decode(json["PrivateKeyData"].as_str().unwrap()).unwrap();
    let at = der.windows(PBKDF2.len()).position(|window| window == PBKDF2).unwrap();
    der[at..at + SCRYPT.len()].copy_from_slice(SCRYPT);
    assert_eq!(refusal(&with(Some("KAAP.1"), Some(&BASE64_STANDARD.encode(der))), PASSWORD), TOO_MUCH_WORK);
}

#[test]
fn a_file_over_1_mib_is_refused() {
    assert_eq!(
        refusal(&vec![b' '; MAX_FILE_BYTES + 1], PASSWORD),
        "clientKey.json is over 1 MiB and so is not a ClientKey: name the clientKey_****.json file that KMS issued"
    );
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?}", load(LEGACY).unwrap());
    assert!(shown.contains("KAAP.") && shown.contains("[protected]") && shown.len() < 400, "{shown}");
}

fn der_of(json: &[u8]) -> Vec<u8> {
    let json: Value = serde_json::from_slice(json).unwrap();
    BASE64_STANDARD.decode(json["PrivateKeyData"].as_str().unwrap()).unwrap()
}

fn load_der(der: &[u8]) -> Result<ClientKey> {
    load(&with(Some("KAAP.1"), Some(&BASE64_STANDARD.encode(der))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_load_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(load(&bytes).is_err());
        prop_assert!(load_der(&bytes).is_err());
    }

    #[test]
    fn a_damaged_file_loads_or_is_refused(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        for json in [LEGACY, PBES2] {
            let mut damaged = json.to_vec();
            let at = at.index(damaged.len());
            damaged[at] = byte;
            let _ = load(&damaged);
        }
    }

    /// Without a MAC, damage reaches every parser.
    #[test]
    fn a_damaged_archive_loads_or_is_refused(
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        for json in [
            include_bytes!("../../../../tests/vectors/odd/no_mac.json").as_slice(),
            include_bytes!("../../../../tests/vectors/odd/unencrypted_bags.json"),
            LEGACY,
        ] {
            let mut der = der_of(json);
            for (at, byte) in &damages {
                let at = at.index(der.len());
                der[at] = *byte;
            }
            if let Ok(client_key) = load_der(&der) {
                let _ = client_key.sign(b"message");
            }
        }
    }

    #[test]
    fn a_cut_archive_is_refused(at in any::<proptest::sample::Index>()) {
        let der = der_of(LEGACY);
        prop_assert!(load_der(&der[..at.index(der.len())]).is_err());
    }
}
