//! The cache that survives a restart: an encrypted file, used when KMS cannot be reached at start.
//!
//! Each secret is sealed with AES-256-GCM under a key that HKDF-SHA256 derives from the ClientKey's private key and
//! a salt of the entry's own. Whoever has the file without the ClientKey has nothing; whoever has the ClientKey
//! could ask KMS. The secret's name, its version, the moment of the fetch and the ClientKey's id are bound in, so
//! that no entry can be passed off as another.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::MutexGuard;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::identity::client_key::ClientKey;
use crate::process::lock::Mutex;
use crate::process::protected::ProtectedBytes;
use crate::secret::Secret;
use crate::secret::c_text::CText;
use crate::shown::path as shown_path;
use crate::upkeep::cache::Snapshot;

const FORMAT: u32 = 1;
const SALT_LEN: usize = 16;

/// What is written before it takes the file's place has the file's name, 16 hexadecimal digits and this in its own.
const NEW: &str = ".new";

/// No writing takes so long: whoever began it was killed.
const LEFT_OVER: Duration = Duration::from_secs(60 * 60);

/// A file over this size was not written by us.
const MOST_BYTES: u64 = 64 << 20;

pub(crate) struct CacheFile {
    path: PathBuf,
    /// Opens what was there at start.
    key: ProtectedBytes,
    key_id: String,
    entries: Mutex<BTreeMap<String, Sealed>>,
}

#[derive(Serialize, Deserialize)]
struct Content {
    format: u32,
    secrets: BTreeMap<String, Sealed>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Sealed {
    version_id: String,
    /// Milliseconds since 1970 by KMS's clock.
    fetched: u64,
    key_id: String,
    salt: String,
    nonce: String,
    sealed: String,
}

/// A secret as it stands inside the seal. The value is base64, whatever it is.
#[derive(Serialize, Deserialize, Zeroize)]
#[zeroize(drop)]
struct Opened {
    secret_type: String,
    value: String,
    binary: bool,
    version_stages: Vec<String>,
    create_time: Option<String>,
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

/// The right to write the file.
pub(crate) struct Writing<'a> {
    file: &'a CacheFile,
    entries: MutexGuard<'a, BTreeMap<String, Sealed>>,
}

impl Writing<'_> {
    /// Writes `snapshot`, sealed for `client_key`, beside what is there. A failure is logged: the cache in memory serves on.
    pub(crate) fn store(mut self, snapshot: &Snapshot, client_key: &ClientKey) {
        let path = &self.file.path;
        self.entries.insert(snapshot.secret.name().to_owned(), seal(snapshot, client_key));
        // Other processes of the application may write the same file.
        for (name, theirs) in read(path).unwrap_or_default() {
            if self.entries.get(&name).is_none_or(|ours| ours.fetched < theirs.fetched) {
                self.entries.insert(name, theirs);
            }
        }
        if let Err(error) = write(path, &self.entries) {
            tracing::warn!("the cache file {} cannot be written: {error}", shown_path(path));
        }
    }
}

impl CacheFile {
    /// Reads what an earlier process left. A file that is missing, corrupt or somebody else's is no error: it is
    /// written anew.
    pub(crate) fn new(path: PathBuf, client_key: &ClientKey) -> Self {
        let entries = read(&path).unwrap_or_else(|why| {
            tracing::warn!("the cache file {} is ignored: {why}", shown_path(&path));
            BTreeMap::new()
        });
        remove_left_over(&path);
        CacheFile {
            path,
            key: ProtectedBytes::copy_from(client_key.private_key().as_bytes()),
            key_id: client_key.info().key_id.clone(),
            entries: Mutex::new(entries),
        }
    }

    pub(crate) fn holds(&self, name: &str) -> bool {
        self.entries.lock().contains_key(name)
    }

    /// The secret as it was last fetched. None, with a warning, when it cannot be opened or is older than `max_stale`: then it is
    /// not held any more.
    pub(crate) fn load(&self, name: &str, max_stale: Option<Duration>, now: SystemTime) -> Option<Kept> {
        let sealed = self.entries.lock().get(name)?.clone();
        let kept = self.open(name, &sealed).and_then(|kept| {
            let age = now.duration_since(kept.fetched).unwrap_or_default();
            match max_stale {
                Some(most) if age > most => Err("it is older than max_stale allows"),
                _ => Ok(kept),
            }
        });
        match kept {
            Ok(kept) => Some(kept),
            Err(why) => {
                tracing::warn!("{name} is not taken from the cache file {}: {why}", shown_path(&self.path));
                self.entries.lock().remove(name);
                None
            }
        }
    }

    /// Until the guard is dropped, [`settle`](CacheFile::settle) waits.
    pub(crate) fn begin(&self) -> Writing<'_> {
        Writing { file: self, entries: self.entries.lock() }
    }

    /// Waits for what was begun.
    pub(crate) fn settle(&self) {
        drop(self.entries.lock());
    }

    fn open(&self, name: &str, sealed: &Sealed) -> std::result::Result<Kept, &'static str> {
        if sealed.key_id != self.key_id {
            return Err("it was sealed for another ClientKey");
        }
        let corrupt = "it is corrupt, or was sealed for another ClientKey";
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| corrupt);
        let nonce: [u8; NONCE_LEN] = decode(&sealed.nonce)?.try_into().map_err(|_| corrupt)?;
        let mut text = Zeroizing::new(decode(&sealed.sealed)?);
        let key = derive(self.key.as_bytes(), &decode(&sealed.salt)?);
        let plain = key
            .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(bound_in(name, sealed)), &mut text)
            .map_err(|_| corrupt)?;
        let opened: Opened = serde_json::from_slice(plain).map_err(|_| corrupt)?;
        let value = Zeroizing::new(decode(&opened.value)?);
        let secret = Secret {
            name: name.into(),
            secret_type: opened.secret_type.as_str().into(),
            value: ProtectedBytes::copy_from(&value),
            binary: opened.binary,
            version_id: sealed.version_id.as_str().into(),
            version_stages: opened.version_stages.clone().into(),
            create_time: opened.create_time.as_deref().map(CText::from),
            request_id: "".into(),
            last_rotation_date: None,
            next_rotation_date: opened.next_rotation.and_then(moment),
            rotation_interval: opened.rotation_interval.map(Duration::from_secs),
            automatic_rotation: opened.automatic_rotation.as_deref().map(CText::from),
            extended_config: opened.extended_config.as_deref().map(CText::from),
        };
        Ok(Kept { secret, fetched: moment(sealed.fetched).ok_or(corrupt)? })
    }
}

fn seal(snapshot: &Snapshot, client_key: &ClientKey) -> Sealed {
    let secret = &snapshot.secret;
    let opened = Opened {
        secret_type: secret.secret_type().to_owned(),
        value: STANDARD.encode(secret.as_bytes()),
        binary: secret.binary,
        version_stages: secret.version_stages().to_vec(),
        create_time: secret.create_time().map(str::to_owned),
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
        key_id: client_key.info().key_id.clone(),
        salt: STANDARD.encode(salt),
        nonce: STANDARD.encode(nonce),
        sealed: String::new(),
    };
    // Room for the tag from the start, so that no copy of the text is left behind by growing.
    let mut text = Zeroizing::new(Vec::with_capacity(opened.value.len() * 2 + 4096));
    serde_json::to_writer(&mut *text, &opened).expect("strings and numbers become JSON");
    derive(client_key.private_key().as_bytes(), &salt)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(bound_in(secret.name(), &sealed)),
            &mut *text,
        )
        .expect("a secret is within AES-GCM's limits");
    sealed.sealed = STANDARD.encode(&*text);
    sealed
}

fn derive(private_key: &[u8], salt: &[u8]) -> LessSafeKey {
    let extracted = Salt::new(HKDF_SHA256, salt).extract(private_key);
    let info: [&[u8]; 1] = [b"kmsak cache file 1"];
    let key = extracted.expand(&info, &AES_256_GCM).expect("32 bytes are within HKDF's limits");
    LessSafeKey::new(UnboundKey::from(key))
}

fn bound_in(name: &str, sealed: &Sealed) -> Vec<u8> {
    let fetched = sealed.fetched.to_string();
    // Lengths first, so that no two sets of parts give the same bytes.
    [name, &sealed.version_id, &fetched, &sealed.key_id]
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

fn read(path: &Path) -> std::result::Result<BTreeMap<String, Sealed>, String> {
    let bytes = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.to_string()),
        Ok(metadata) if metadata.len() > MOST_BYTES => return Err("it is far too large".to_owned()),
        Ok(_) => fs::read(path).map_err(|error| error.to_string())?,
    };
    let content: Content = serde_json::from_slice(&bytes).map_err(|_| "it is corrupt".to_owned())?;
    if content.format != FORMAT {
        return Err("it was written by another version of kmsak".to_owned());
    }
    Ok(content.secrets)
}

/// Another file takes the place of the old one in one step: a reader finds either, whole.
fn write(path: &Path, entries: &BTreeMap<String, Sealed>) -> io::Result<()> {
    let content = Content { format: FORMAT, secrets: entries.clone() };
    let mut number = [0; 8];
    SystemRandom::new().fill(&mut number).expect("the system gives random bytes");
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // Not the process's number, which another container that writes here may have as well.
    name.push(format!(".{:016x}{NEW}", u64::from_le_bytes(number)));
    let new = path.with_file_name(name);
    let written = write_new(&new, &serde_json::to_vec(&content)?).and_then(|()| fs::rename(&new, path));
    if written.is_err()
        && let Err(error) = fs::remove_file(&new)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::debug!("{} is left over: {error}", shown_path(&new));
    }
    written
}

/// Removes what processes left beside `path` that were killed while they wrote.
fn remove_left_over(path: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
    // A relative name has an empty parent.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    // That the folder cannot be read is told when the file is to be written.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_old = || entry.metadata()?.modified().map(|at| at.elapsed().is_ok_and(|age| age > LEFT_OVER));
        if is_unfinished(&entry.file_name(), name)
            && is_old().unwrap_or(false)
            && let Err(error) = fs::remove_file(entry.path())
        {
            tracing::debug!("{} is left over: {error}", shown_path(&entry.path()));
        }
    }
}

fn is_unfinished(name: &OsStr, of: &OsStr) -> bool {
    let number = name
        .as_encoded_bytes()
        .strip_prefix(of.as_encoded_bytes())
        .and_then(|rest| rest.strip_prefix(b"."))
        .and_then(|rest| rest.strip_suffix(NEW.as_bytes()));
    number.is_some_and(|number| number.len() == 16 && number.iter().all(u8::is_ascii_hexdigit))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
