//! A secret as it stands in the file.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use zeroize::{Zeroize, Zeroizing};

use crate::identity::Lasting;
use crate::process::protected::ProtectedBytes;
use crate::secret::Secret;
use crate::secret::c_text::CText;
use crate::upkeep::cache::Snapshot;

const SALT_LEN: usize = 16;

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Sealed {
    version_id: String,
    /// Milliseconds since 1970 by KMS's clock.
    pub(super) fetched: u64,
    salt: String,
    nonce: String,
    sealed: String,
}

/// What is inside the seal. The value is base64, whatever it is.
#[derive(Serialize, Deserialize, Zeroize)]
#[zeroize(drop)]
struct Opened {
    secret_type: String,
    value: String,
    binary: bool,
    version_stages: Vec<String>,
    create_time: Option<String>,
    #[serde(default)]
    last_rotation: Option<u64>,
    next_rotation: Option<u64>,
    rotation_interval: Option<u64>,
    automatic_rotation: Option<String>,
    extended_config: Option<String>,
}

/// What the file held.
pub(crate) struct Kept {
    pub(crate) secret: Secret,
    pub(crate) fetched: SystemTime,
}

impl Kept {
    /// As the cache holds what was fetched at `fetched_at`; none where no AccessKey can be read from it.
    pub(crate) fn snapshot(self, fetched_at: Instant) -> Option<Snapshot> {
        Snapshot::new(Arc::new(self.secret), self.fetched, fetched_at).ok()
    }
}

impl Sealed {
    /// Seals `snapshot` for who has `lasting`.
    pub(super) fn new(snapshot: &Snapshot, lasting: &Lasting) -> Self {
        let secret = &snapshot.secret;
        let opened = Opened {
            secret_type: secret.secret_type().to_owned(),
            value: STANDARD.encode(secret.as_bytes()),
            binary: secret.binary,
            version_stages: secret.version_stages().to_vec(),
            create_time: secret.create_time().map(str::to_owned),
            last_rotation: secret.last_rotation_date.map(milliseconds),
            next_rotation: secret.next_rotation_date.map(milliseconds),
            rotation_interval: secret.rotation_interval.map(|interval| interval.as_secs()),
            automatic_rotation: secret.automatic_rotation().map(str::to_owned),
            extended_config: secret.extended_config().map(str::to_owned),
        };
        let random = SystemRandom::new();
        let mut salt = [0; SALT_LEN];
        let mut nonce = [0; NONCE_LEN];
        for bytes in [&mut salt[..], &mut nonce[..]] {
            random.fill(bytes).expect("the system gives random bytes");
        }
        let mut sealed = Sealed {
            version_id: secret.version_id().to_owned(),
            fetched: milliseconds(snapshot.fetched),
            salt: STANDARD.encode(salt),
            nonce: STANDARD.encode(nonce),
            sealed: String::new(),
        };
        // Room for the tag from the start, so that no copy of the text is left behind by growing.
        let mut text = Zeroizing::new(Vec::with_capacity(opened.value.len() * 2 + 4096));
        serde_json::to_writer(&mut *text, &opened).expect("strings and numbers become JSON");
        derive(lasting.secret.as_bytes(), &salt)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound_in(secret.name(), &sealed, &lasting.id)),
                &mut *text,
            )
            .expect("a secret is within AES-GCM's limits");
        sealed.sealed = STANDARD.encode(&*text);
        sealed
    }

    /// The secret `name` that was sealed for who has this id and secret.
    pub(super) fn open(
        &self,
        name: &str,
        key_id: &str,
        private_key: &[u8],
    ) -> std::result::Result<Kept, &'static str> {
        let corrupt = "it is corrupt, or was sealed for another ClientKey or AccessKey";
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| corrupt);
        let nonce: [u8; NONCE_LEN] = decode(&self.nonce)?.try_into().map_err(|_| corrupt)?;
        let mut text = Zeroizing::new(decode(&self.sealed)?);
        let key = derive(private_key, &decode(&self.salt)?);
        let bound = Aad::from(bound_in(name, self, key_id));
        let plain =
            key.open_in_place(Nonce::assume_unique_for_key(nonce), bound, &mut text).map_err(|_| corrupt)?;
        let opened: Opened = serde_json::from_slice(plain).map_err(|_| corrupt)?;
        let value = Zeroizing::new(decode(&opened.value)?);
        let secret = Secret {
            name: name.into(),
            secret_type: opened.secret_type.as_str().into(),
            value: ProtectedBytes::copy_from(&value),
            binary: opened.binary,
            version_id: self.version_id.as_str().into(),
            version_stages: opened.version_stages.clone().into(),
            create_time: opened.create_time.as_deref().map(CText::from),
            request_id: "".into(),
            last_rotation_date: opened.last_rotation.and_then(moment),
            next_rotation_date: opened.next_rotation.and_then(moment),
            rotation_interval: opened.rotation_interval.map(Duration::from_secs),
            automatic_rotation: opened.automatic_rotation.as_deref().map(CText::from),
            extended_config: opened.extended_config.as_deref().map(CText::from),
        };
        Ok(Kept { secret, fetched: moment(self.fetched).ok_or(corrupt)? })
    }

    /// Whether it holds the version that `snapshot` has.
    pub(super) fn is_version_of(&self, snapshot: &Snapshot) -> bool {
        self.version_id == snapshot.secret.version_id()
    }

    /// How much later than `other` it was fetched, in milliseconds; negative where it was sooner.
    pub(super) fn later_than(&self, other: &Sealed) -> i128 {
        i128::from(self.fetched) - i128::from(other.fetched)
    }
}

fn derive(private_key: &[u8], salt: &[u8]) -> LessSafeKey {
    let extracted = Salt::new(HKDF_SHA256, salt).extract(private_key);
    let info: [&[u8]; 1] = [b"kmsak cache file 1"];
    let key = extracted.expand(&info, &AES_256_GCM).expect("32 bytes are within HKDF's limits");
    LessSafeKey::new(UnboundKey::from(key))
}

fn bound_in(name: &str, sealed: &Sealed, key_id: &str) -> Vec<u8> {
    let fetched = sealed.fetched.to_string();
    // Lengths first, so that no two sets of parts give the same bytes.
    [name, &sealed.version_id, &fetched, key_id]
        .iter()
        .flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.bytes()))
        .collect()
}

fn milliseconds(moment: SystemTime) -> u64 {
    moment.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn moment(milliseconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
}
