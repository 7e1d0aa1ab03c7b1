//! Files that only their owner may read, exchanged in one step.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::mode::owners_own;
#[cfg(unix)]
use crate::progress::Progress;

/// Takes the place of what is there, whatever happens on the way: who reads sees the old or the new one.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // The same name each time, so that what a run leaves behind that is ended here is gone after the next.
        let temporary = folder.join(format!(".{name}.tmp"));
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = owners_own().write(true).create_new(true).open(&temporary)?;
        let written = file
            .write_all(content)
            .and_then(|()| file.sync_all())
            .and_then(|()| replace(&temporary, path))
            .and_then(|()| keep_names(folder));
        if written.is_err() {
            // The error is that of writing.
            let _ = fs::remove_file(&temporary);
        }
        written
    };
    write().map_err(|error| cannot("write", path, &error))
}

/// What is there; none where it is not.
pub(crate) fn read(path: &Path) -> Result<Option<zeroize::Zeroizing<String>>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(zeroize::Zeroizing::new(text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("read", path, &error)),
    }
}

pub(crate) fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("remove", path, &error)),
        _ => Ok(()),
    }
}

/// A folder that only its owner may enter, unless it is there already.
pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path).map_err(|error| cannot("make", path, &error))
}

/// A folder in which nobody else works, until it is dropped.
pub(crate) struct Held {
    #[cfg(unix)]
    _folder: Option<fs::File>,
}

/// Waits for another run of this program in the same folder to end, for as long as `patience`.
#[cfg(unix)]
pub(crate) fn hold(folder: &Path, patience: Duration) -> Result<Held, Failure> {
    let open = fs::File::open(folder).map_err(|error| cannot("open", folder, &error))?;
    let _progress = Progress::begin(&format!("waiting for another kmsak in {}", folder.display()));
    let end = Instant::now() + patience;
    loop {
        match open.try_lock() {
            Ok(()) => return Ok(Held { _folder: Some(open) }),
            Err(fs::TryLockError::WouldBlock) if Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(fs::TryLockError::WouldBlock) => {
                return Err(Failure::new(format!(
                    "another kmsak works in {} at this moment: wait for it to end",
                    folder.display()
                )));
            }
            // Not every file system locks folders.
            Err(fs::TryLockError::Error(_)) => return Ok(Held { _folder: None }),
        }
    }
}

/// Windows opens no folder.
#[cfg(not(unix))]
pub(crate) fn hold(_: &Path, _: Duration) -> Result<Held, Failure> {
    Ok(Held {})
}

/// Under another name from now on, if it is there.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    match replace(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("rename", from, &error)),
        _ => Ok(()),
    }
}

/// Puts `new` in the place of `path`. On Windows whoever reads a file may keep it from being replaced: an application that watches
/// its ClientKey does so for a moment.
pub(super) fn replace(new: &Path, path: &Path) -> io::Result<()> {
    const SHARING_VIOLATION: i32 = 32;

    let end = Instant::now() + Duration::from_secs(1);
    loop {
        match fs::rename(new, path) {
            Err(error)
                if cfg!(windows)
                    && (error.kind() == io::ErrorKind::PermissionDenied
                        || error.raw_os_error() == Some(SHARING_VIOLATION))
                    && Instant::now() < end =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

/// What a folder's names lead to outlives a loss of power.
#[cfg(unix)]
fn keep_names(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Windows opens no folder, and keeps names with the file.
#[cfg(not(unix))]
fn keep_names(_: &Path) -> io::Result<()> {
    Ok(())
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!(
        "cannot {what} {} ({error}): let this user do that, or name another place",
        path.display()
    ))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_owner_reads_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("key");
        make_folder(path.parent().unwrap()).unwrap();
        for content in ["one", "two"] {
            fs::write(path.with_file_name(".key.tmp"), "half").unwrap();
            write(&path, content.as_bytes()).unwrap();
            assert_eq!(read(&path).unwrap().unwrap().as_str(), content);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let mode = fs::metadata(path.parent().unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(read(&path).unwrap().is_none());
    }
}
