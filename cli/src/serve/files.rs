//! The files by which clients are told, looked at every few seconds: whoever renews certificates and mounted Secrets sends no
//! signal.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// As long as the kubelet takes at best.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Files {
    paths: Vec<PathBuf>,
    seen: Vec<Option<Stamp>>,
}

type Stamp = (u64, u64, Option<SystemTime>);

impl Files {
    pub(super) fn new<'a>(paths: impl Iterator<Item = &'a Path>) -> Self {
        let paths: Vec<PathBuf> = paths.map(Path::to_owned).collect();
        let seen = paths.iter().map(|path| stamp(path)).collect();
        Files { paths, seen }
    }

    /// Whether one of them is another than it was. One that is gone says nothing: it is on its way.
    pub(super) fn changed(&mut self) -> bool {
        let mut changed = false;
        for (path, seen) in self.paths.iter().zip(&mut self.seen) {
            let now = stamp(path);
            if now.is_some() && now != *seen {
                *seen = now;
                changed = true;
            }
        }
        changed
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((inode(&metadata), metadata.len(), metadata.modified().ok()))
}

#[cfg(unix)]
fn inode(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

/// There is none: length and time tell.
#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}
