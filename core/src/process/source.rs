//! Bytes that a configuration gives or names, and how a file of them is read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::disk;
use super::protected::ProtectedBytes;
use crate::error::{Error, Result};
use crate::shown;

/// No file that a configuration names has a reason to be larger.
pub(crate) const MAX_FILE_BYTES: u64 = 1 << 20;

/// Bytes from a file, or given in the configuration.
#[derive(Debug)]
pub(crate) enum Source {
    /// An absolute path.
    File(PathBuf),
    /// From the configuration or from a [`Builder::resources`](crate::Builder::resources) look-up; the name says
    /// which, for errors.
    Inline { name: String, bytes: ProtectedBytes },
}

impl Source {
    /// What to call it in a sentence.
    pub(crate) fn name(&self) -> String {
        match self {
            Source::File(path) => shown::path(path),
            Source::Inline { name, .. } => name.clone(),
        }
    }

    /// The bytes as they are now.
    ///
    /// # Errors
    /// [`Kind::Configuration`] when the file cannot be read or is over 1 MiB.
    pub(crate) fn read(&self) -> Result<Zeroizing<Vec<u8>>> {
        match self {
            Source::File(path) => read_file(path),
            Source::Inline { bytes, .. } => Ok(Zeroizing::new(bytes.as_bytes().to_vec())),
        }
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Source::File(ours), Source::File(theirs)) => ours == theirs,
            (Source::Inline { bytes: ours, .. }, Source::Inline { bytes: theirs, .. }) => {
                ours.as_bytes() == theirs.as_bytes()
            }
            _ => false,
        }
    }
}

/// Opens a file for reading. What is none, such as a pipe that nobody writes to, is refused, and never waited for.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOCTTY);
    let is_none = || io::Error::other("it is no regular file");
    // To open a device may do something to it.
    if !fs::metadata(path)?.is_file() {
        return Err(is_none());
    }
    let file = options.open(path)?;
    // It may be another one by now.
    if file.metadata()?.is_file() { Ok(file) } else { Err(is_none()) }
}

/// What there is at `path`.
///
/// # Errors
/// The system's, or [`io::ErrorKind::TimedOut`] when its disk does not answer.
pub(crate) fn metadata(path: &Path) -> io::Result<fs::Metadata> {
    let path = path.to_owned();
    disk::in_time(move || fs::metadata(path)).unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
}

/// Whether `bytes` are text in UTF-16, as some Windows programs save it: by its mark, or by the zeros that plain letters have
/// in it.
pub(crate) fn is_utf16(bytes: &[u8]) -> bool {
    const ENOUGH: usize = 32;

    let zeros_at = |first: usize| {
        bytes.chunks_exact(2).take(ENOUGH).all(|unit| unit[first] == 0 && unit[1 - first] != 0)
    };
    let marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    marked || (bytes.len() >= 4 && bytes.len().is_multiple_of(2) && (zeros_at(0) || zeros_at(1)))
}

/// Reads a whole file of at most 1 MiB.
pub(crate) fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let its = path.to_owned();
    disk::in_time(move || read_now(&its))
        .unwrap_or_else(|| Err(Error::configuration(cannot_read(path, &io::ErrorKind::TimedOut.into()))))
}

fn read_now(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let shown = shown::path(path);
    let failed = |error: io::Error| Error::configuration(cannot_read(path, &error));
    let size = fs::metadata(path).map_err(failed)?;
    if size.is_dir() {
        return Err(Error::configuration(format!("{shown} is a folder: name the file in it")));
    }
    let file = open_file(path).map_err(failed)?;
    // As large as it will get, for a vector that grows leaves copies behind.
    let capacity = usize::try_from(size.len().min(MAX_FILE_BYTES)).unwrap_or(0) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Error::configuration(format!(
            "{shown} is over 1 MiB, which no file of a configuration is"
        )));
    }
    Ok(bytes)
}

/// The sentence for a file that is there but cannot be read, or is not there.
pub(crate) fn cannot_read(path: &Path, error: &io::Error) -> String {
    let shown = shown::path(path);
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {shown}: put it there or correct the path"),
        io::ErrorKind::PermissionDenied => {
            format!(
                "{shown} may not be read by this process: let its user read the file and enter the folders above"
            )
        }
        io::ErrorKind::TimedOut => format!(
            "{shown} cannot be read, as its disk has not answered for {} s: look whether its file system is there",
            disk::PATIENCE.as_secs()
        ),
        _ => format!("{shown} cannot be read: {error}"),
    }
}
