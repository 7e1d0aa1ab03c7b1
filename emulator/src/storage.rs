//! The state file: encrypted with AES-256-GCM under a key that is made at the first start.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::cloud::Cloud;
use crate::error::{Error, doing};

const STATE: &str = "emulator.state";
const KEY: &str = "emulator.key";
const LOCK: &str = "emulator.lock";
const FORM: &[u8] = b"kmsak-emulator state 1";

pub(crate) struct Storage {
    path: PathBuf,
    key: LessSafeKey,
    /// Locked for as long as the emulator runs.
    _lock: fs::File,
}

impl Storage {
    /// Opens the state of a folder; gives none as the state at the first start.
    pub(crate) fn open(folder: &Path) -> Result<(Self, Option<Cloud>), Error> {
        create_folder(folder)?;
        // Before anything is read or made: of two emulators on a new folder only one may make the key.
        let lock = lock(folder)?;
        let key_path = folder.join(KEY);
        let state_path = folder.join(STATE);
        let key: Vec<u8> = match fs::read(&key_path) {
            Ok(key) => key,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if state_path.exists() {
                    return Err(Error::new(format!(
                        "{} is encrypted, and its key {} is missing: put the key back, or delete the state to start anew",
                        state_path.display(),
                        key_path.display()
                    )));
                }
                let key: [u8; 32] = rand::random();
                write_private(&key_path, &key)?;
                key.to_vec()
            }
            Err(error) => {
                return Err(Error::new(format!("reading {}: {error}", key_path.display())));
            }
        };
        let key = UnboundKey::new(&AES_256_GCM, &key)
            .map_err(|_| Error::new(format!("{} does not hold a key of 32 bytes", key_path.display())))?;
        let storage = Self { path: state_path, key: LessSafeKey::new(key), _lock: lock };
        let state = storage.load()?;
        Ok((storage, state))
    }

    fn load(&self) -> Result<Option<Cloud>, Error> {
        let sealed = match fs::read(&self.path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Error::new(format!("reading {}: {error}", self.path.display())));
            }
        };
        let damaged = || {
            Error::new(format!(
                "{} is damaged or belongs to another key: delete it to start anew",
                self.path.display()
            ))
        };
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(damaged)?;
        let mut sealed = sealed.to_vec();
        let plain = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(FORM), &mut sealed)
            .map_err(|_| damaged())?;
        Cloud::from_json(plain).map(Some).map_err(|_| damaged())
    }

    pub(crate) fn save(&self, state: &Cloud) -> Result<(), Error> {
        let mut data = serde_json::to_vec(state).map_err(doing("writing the state"))?;
        let nonce: [u8; NONCE_LEN] = rand::random();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(FORM), &mut data)
            .map_err(|_| Error::new("encrypting the state failed"))?;
        let sealed = [&nonce[..], &data[..]].concat();
        write_private(&self.path, &sealed)
    }
}

fn lock(folder: &Path) -> Result<fs::File, Error> {
    let path = folder.join(LOCK);
    let locking = || format!("locking {}", path.display());
    let file = owners_own().write(true).create(true).truncate(false).open(&path).map_err(doing(locking()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::new(format!(
            "another emulator runs with the folder {}: stop it, or use another folder",
            folder.display()
        ))),
        Err(fs::TryLockError::Error(error)) => Err(doing(locking())(error)),
    }
}

/// A new file that only its owner may read. On Windows the folder's list says who may.
fn owners_own() -> fs::OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode"))]
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder that only its owner may enter, if it is not there yet. On Windows the folder above says who may.
pub(crate) fn create_folder(folder: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder).map_err(|error| cannot_create(folder, &error))
}

fn cannot_create(folder: &Path, error: &std::io::Error) -> Error {
    let shown = folder.display();
    Error::new(match error.kind() {
        std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory => {
            format!(
                "the folder {shown} cannot be created, as a file is in its place: name another folder (--dir)"
            )
        }
        std::io::ErrorKind::PermissionDenied => {
            format!("the folder {shown} may not be created by this user: name another folder (--dir)")
        }
        _ => format!("the folder {shown} cannot be created ({error}): name another folder (--dir)"),
    })
}

/// Replaces a file in one step by one that only its owner may read.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), Error> {
    let write = || -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = folder.join(format!(".{name}.{:08x}", rand::random::<u32>()));
        let mut file = owners_own().write(true).create_new(true).open(&temporary)?;
        let written = file.write_all(content).and_then(|()| replace(&temporary, path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    };
    write().map_err(doing(format!("writing {}", path.display())))
}

/// Puts `new` in the place of `path`. On Windows whoever reads a file may keep it from being replaced: a client that watches it does
/// so for a moment.
fn replace(new: &Path, path: &Path) -> std::io::Result<()> {
    const SHARING_VIOLATION: i32 = 32;

    let end = Instant::now() + Duration::from_secs(1);
    loop {
        match fs::rename(new, path) {
            Err(error)
                if cfg!(windows)
                    && (error.kind() == std::io::ErrorKind::PermissionDenied
                        || error.raw_os_error() == Some(SHARING_VIOLATION))
                    && Instant::now() < end =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}
