//! The ClientKey: who the application is to KMS.

mod certificate;
mod in_use;
mod info;
mod pkcs12;
mod source;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::Value;
use zeroize::Zeroizing;

pub(crate) use in_use::ClientKeyInUse;
pub use info::ClientKeyInfo;
pub(crate) use source::{ClientKeySource, PasswordSource};

use crate::error::{Error, Kind, Result};
use crate::lenient_json;
use crate::process::protected::ProtectedBytes;
use crate::process::source::is_utf16;

/// A ClientKey file larger than this is refused unread: a real one has 4 KB.
pub(crate) const MAX_FILE_BYTES: usize = 1 << 20;

const MAX_KEY_ID_BYTES: usize = 256;

/// Files made by hand come with line breaks and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A loaded ClientKey, able to sign. The private key stays in protected memory as PKCS#8 and is opened for each
/// signature: a fetch is rare, a core dump is for ever.
#[derive(Debug)]
pub(crate) struct ClientKey {
    info: ClientKeyInfo,
    private_key: ProtectedBytes,
}

impl ClientKey {
    /// Reads the ClientKey file's content `json` with `password`. `origin` names the file in errors, and
    /// `password_origin` where the password stands. A ClientKey outside its validity loads: the local clock may be
    /// wrong, and KMS decides.
    ///
    /// # Errors
    /// [`Kind::ClientKey`], with a sentence of its own for each thing that can be wrong with the file.
    pub(crate) fn load(json: &[u8], password: &str, origin: &str, password_origin: &str) -> Result<Self> {
        if json.len() > MAX_FILE_BYTES {
            return Err(unusable(format!(
                "{origin} is over 1 MiB and so is not a ClientKey: name the clientKey_****.json file that KMS issued"
            )));
        }
        let (key_id, private_key_data) = read_json(json, origin)?;
        let archive = decode_base64(&private_key_data, origin)?;
        let opened = pkcs12::open(&archive, password, origin, password_origin)?;
        let key_pair = key_pair(opened.private_key(), origin)?;
        let certificate = certificate::find(opened.certificates(), &key_pair, origin)?;
        Ok(ClientKey {
            info: ClientKeyInfo {
                key_id,
                instance_id: certificate.instance_id,
                not_before: certificate.not_before,
                not_after: certificate.not_after,
            },
            private_key: ProtectedBytes::copy_from(opened.private_key()),
        })
    }

    pub(crate) fn info(&self) -> &ClientKeyInfo {
        &self.info
    }

    /// The private key as PKCS#8 DER, to derive other keys from.
    pub(crate) fn private_key(&self) -> &ProtectedBytes {
        &self.private_key
    }

    /// RSA PKCS#1 v1.5 with SHA-256 over `message`.
    ///
    /// # Errors
    /// [`Kind::ClientKey`] when the parts of the private key contradict each other.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let key_pair = key_pair(self.private_key.as_bytes(), &self.info.key_id)?;
        let mut signature = vec![0; key_pair.public().modulus_len()];
        key_pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).map_err(|_| {
            unusable(format!(
                "the private key of {} cannot sign, so its file is damaged: download the ClientKey again",
                self.info.key_id
            ))
        })?;
        Ok(signature)
    }
}

/// The key id and the base64 text of the PKCS#12 file.
fn read_json(json: &[u8], origin: &str) -> Result<(String, Zeroizing<String>)> {
    const EXPECTED: &str = r#"expected {"KeyId": "KAAP...", "PrivateKeyData": "..."} as KMS issued it"#;

    if is_utf16(json) {
        return Err(unusable(format!(
            "{origin} is UTF-16: save it as UTF-8, or use the file as KMS issued it"
        )));
    }
    if json.trim_ascii().is_empty() {
        return Err(unusable(format!("{origin} is empty: {EXPECTED}")));
    }
    let parsed = std::str::from_utf8(json).ok().and_then(|json| lenient_json::read(json).ok());
    let Some(Value::Object(mut fields)) = parsed else {
        return Err(unusable(format!("{origin} is not a JSON object: {EXPECTED}")));
    };
    let private_key_data = match fields.remove("PrivateKeyData") {
        Some(Value::String(text)) if !text.trim().is_empty() => Zeroizing::new(text),
        _ => return Err(unusable(format!("{origin} has no PrivateKeyData: {EXPECTED}"))),
    };
    let key_id = match fields.remove("KeyId") {
        Some(Value::String(text)) if !text.trim().is_empty() => text.trim().to_owned(),
        _ if fields.contains_key("ClientKeyId") => {
            return Err(unusable(format!(
                "{origin} has a ClientKeyId instead of a KeyId, as the API's answer to CreateClientKey has: name that field KeyId"
            )));
        }
        _ => return Err(unusable(format!("{origin} has no KeyId: {EXPECTED}"))),
    };
    // It goes into an HTTP header; whether it exists is for KMS to say.
    if key_id.len() > MAX_KEY_ID_BYTES || !key_id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unusable(format!(
            "the KeyId in {origin} is not one that KMS issues: expected KAAP. and a UUID, without blanks"
        )));
    }
    Ok((key_id, private_key_data))
}

fn decode_base64(text: &str, origin: &str) -> Result<Zeroizing<Vec<u8>>> {
    let packed: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
    BASE64.decode(packed.as_slice()).map(Zeroizing::new).map_err(|_| {
        unusable(format!(
            "the PrivateKeyData in {origin} is not base64: the file is damaged, download the ClientKey again"
        ))
    })
}

fn key_pair(pkcs8: &[u8], origin: &str) -> Result<RsaKeyPair> {
    RsaKeyPair::from_pkcs8(pkcs8).map_err(|rejected| {
        // ring's short words are its interface here: KeyRejected has no kinds to match on.
        unusable(match rejected.to_string().as_str() {
            "TooSmall" => format!(
                "the RSA key in {origin} has fewer than 2048 bits, which is not safe: create a new ClientKey in KMS"
            ),
            "TooLarge" => format!(
                "the RSA key in {origin} has more than 4096 bits, which kmsak cannot use: create a new ClientKey in KMS"
            ),
            _ => format!("the private key in {origin} is damaged: download the ClientKey again"),
        })
    })
}

fn unusable(message: String) -> Error {
    Error::new(Kind::ClientKey, message)
}
