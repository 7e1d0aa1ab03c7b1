//! The file itself: how it is read, and replaced without losing what other processes put there.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use super::sealed::Sealed;
use crate::process::lock_file::LockFile;
use crate::process::logs;
use crate::process::source::open_file;
use crate::shown::path as shown_path;

const FORMAT: u32 = 2;

/// What is written before it takes the file's place has the file's name, 16 hexadecimal digits and this in its own.
const NEW: &str = ".new";

/// Beside the file: whoever changes the file holds a lock on it. Stays, for another may wait for it.
const LOCK: &str = ".lock";

/// Beside the file: of the processes that share it, the one that asks KMS for all holds a lock on it.
const ASKING: &str = ".asking";

/// A process that was stopped while it held the lock keeps the others waiting no longer.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// How often the lock is tried meanwhile.
const TRY_AGAIN: Duration = Duration::from_millis(5);

/// How long the file is waited for that somebody has open, where it can be neither replaced nor read meanwhile.
const LONGEST_OPEN: Duration = Duration::from_secs(1);

/// No writing takes so long: whoever began it was killed.
const LEFT_OVER: Duration = Duration::from_secs(60 * 60);

/// A file over this size was not written by us.
const MOST_BYTES: u64 = 64 << 20;

/// By the ClientKey's id, then by the secret's name: applications with ClientKeys of their own may share a file.
pub(super) type Entries = BTreeMap<String, BTreeMap<String, Sealed>>;

/// Of the file in every version, whatever else is in it.
#[derive(Deserialize)]
struct Header {
    format: u64,
}

/// Why there is nothing to be had from the file.
#[derive(Debug)]
pub(super) enum Unread {
    /// Of the system: what is there may be good.
    Io(io::Error),
    /// A later version of kmsak wrote it, and may be at work beside this one.
    Newer,
    /// What is there is of no use to anybody.
    Useless(&'static str),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::Io(error) => error.fmt(f),
            Unread::Newer => f.write_str("it was written by a newer version of kmsak, and is left alone"),
            Unread::Useless(why) => f.write_str(why),
        }
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Unread::Io(error)
    }
}

#[derive(Serialize, Deserialize)]
struct Content<E> {
    format: u32,
    client_keys: E,
}

/// What the file at `path` holds: nothing where there is none.
pub(super) fn read(path: &Path) -> Result<Entries, Unread> {
    let file = match while_open_elsewhere(|| open_file(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Entries::new()),
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Unread::Useless("it is far too large"));
    }
    let corrupt = |_| Unread::Useless("it is corrupt");
    let header: Header = serde_json::from_slice(&bytes).map_err(corrupt)?;
    match header.format.cmp(&u64::from(FORMAT)) {
        Ordering::Greater => Err(Unread::Newer),
        Ordering::Less => Err(Unread::Useless("it was written by an older version of kmsak")),
        Ordering::Equal => {
            let content: Content<Entries> = serde_json::from_slice(&bytes).map_err(corrupt)?;
            Ok(content.client_keys)
        }
    }
}

/// Changes what the file holds; answers what it holds then.
///
/// # Errors
/// When it cannot be written, and when it cannot be read and may hold what others need.
pub(super) fn update(path: &Path, change: impl FnOnce(&mut Entries)) -> Result<Entries, Unread> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("what is there is no regular file").into());
    }
    let _lock = Lock::on(path);
    let mut entries = match read(path) {
        // It was told of at the start.
        Err(Unread::Useless(_)) => Entries::new(),
        read => read?,
    };
    change(&mut entries);
    write(path, &entries)?;
    Ok(entries)
}

/// The right to change the file, or to ask KMS for those who share it; none where locks cannot be had.
pub(super) struct Lock {
    _file: Option<LockFile>,
}

impl Lock {
    /// Waits for it. Where it cannot be had, the file is changed all the same: better that another process's entry is lost than
    /// that none is kept.
    fn on(path: &Path) -> Self {
        let taken = Self::take(&beside(path, LOCK));
        if let Err(error) = &taken {
            logs::debug!("the cache file {} is changed without a lock: {error}", shown_path(path));
        }
        Lock { _file: taken.ok() }
    }

    /// The right to ask KMS for all who share the file at `path`; none while another process has it. Where locks cannot be had,
    /// each asks for itself.
    pub(super) fn to_ask(path: &Path) -> Option<Self> {
        match open_lock(&beside(path, ASKING)).map_err(TryLockError::Error).and_then(|file| {
            file.try_lock()?;
            Ok(file)
        }) {
            Ok(file) => Some(Lock { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(_)) => Some(Lock { _file: None }),
        }
    }

    fn take(path: &Path) -> io::Result<LockFile> {
        let began = Instant::now();
        let file = open_lock(path)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if began.elapsed() > LONGEST_WAIT => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Err(TryLockError::WouldBlock) => thread::sleep(TRY_AGAIN),
            }
        }
    }
}

fn open_lock(path: &Path) -> io::Result<LockFile> {
    LockFile::open(|| owners_own().write(true).create(true).truncate(false).open(path))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

fn owners_own() -> fs::OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode"))]
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Another file takes the place of the old one in one step: a reader finds either, whole.
fn write(path: &Path, entries: &Entries) -> io::Result<()> {
    let content = Content { format: FORMAT, client_keys: entries };
    let mut number = [0; 8];
    SystemRandom::new().fill(&mut number).expect("the system gives random bytes");
    // Not the process's number, which another container that writes here may have as well.
    let new = beside(path, &format!(".{:016x}{NEW}", u64::from_le_bytes(number)));
    let written = write_new(&new, &serde_json::to_vec(&content)?).and_then(|()| replace(&new, path));
    if written.is_err()
        && let Err(error) = fs::remove_file(&new)
        && error.kind() != io::ErrorKind::NotFound
    {
        logs::debug!("{} is left over: {error}", shown_path(&new));
    }
    written
}

/// Puts `new` in the place of `path`.
fn replace(new: &Path, path: &Path) -> io::Result<()> {
    while_open_elsewhere(|| fs::rename(new, path))
}

/// Does `work`, and again for a while where that is in the way: on Windows whoever reads a file may keep it from being replaced, and
/// whoever replaces it from being read.
fn while_open_elsewhere<T>(work: impl Fn() -> io::Result<T>) -> io::Result<T> {
    let began = Instant::now();
    loop {
        match work() {
            Err(error) if is_open_elsewhere(&error) && began.elapsed() < LONGEST_OPEN => {
                thread::sleep(TRY_AGAIN);
            }
            done => return done,
        }
    }
}

fn is_open_elsewhere(error: &io::Error) -> bool {
    const SHARING_VIOLATION: i32 = 32;

    cfg!(windows)
        && (error.kind() == io::ErrorKind::PermissionDenied
            || error.raw_os_error() == Some(SHARING_VIOLATION))
}

/// Removes what processes left beside `path` that were killed while they wrote.
pub(super) fn remove_left_over(path: &Path) {
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
            logs::debug!("{} is left over: {error}", shown_path(&entry.path()));
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
    let mut file = owners_own().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
