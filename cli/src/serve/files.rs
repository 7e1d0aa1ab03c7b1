//! The files by which clients are told, looked at every few seconds: whoever renews certificates and mounted Secrets sends no
//! signal.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// As long as the kubelet takes at best.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Files {
    paths: Vec<PathBuf>,
    seen: Vec<Option<Stamp>>,
    /// Why what they hold cannot be used, as it was told.
    unusable: Option<String>,
}

type Stamp = (u64, u64, Option<SystemTime>);

impl Files {
    pub(super) fn new<'a>(paths: impl Iterator<Item = &'a Path>) -> Self {
        let paths: Vec<PathBuf> = paths.map(Path::to_owned).collect();
        let seen = paths.iter().map(|path| stamp(path)).collect();
        Files { paths, seen, unusable: None }
    }

    /// Whether they are worth reading: one of them is another than it was, or what they held could not be used, which may be mended
    /// by what no stamp shows, such as a mode. One that is gone says nothing: it is on its way, and none is to be made in its place.
    pub(super) fn changed(&mut self) -> bool {
        let mut changed = self.unusable.is_some() && self.paths.iter().all(|path| path.exists());
        for (path, seen) in self.paths.iter().zip(&mut self.seen) {
            let now = stamp(path);
            if now.is_some() && now != *seen {
                *seen = now;
                changed = true;
            }
        }
        changed
    }

    /// Goes on with what is named now.
    pub(super) fn look_at(&mut self, now: Files) {
        (self.paths, self.seen) = (now.paths, now.seen);
    }

    pub(super) fn were_used(&mut self) {
        self.unusable = None;
    }

    /// They are tried at each look from here on. Whether `why` is news.
    pub(super) fn could_not_be_used(&mut self, why: &str) -> bool {
        let told = self.unusable.as_deref() == Some(why);
        self.unusable = Some(why.to_owned());
        !told
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_used_is_tried_at_each_look_and_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "one").unwrap();
        let look_at = || Files::new([path.as_path()].into_iter());
        let mut files = look_at();
        assert!(!files.changed());
        std::fs::write(&path, "another").unwrap();
        assert!(files.changed());
        files.look_at(look_at());
        assert!(files.could_not_be_used("mode 0644"));
        assert!(files.changed() && !files.could_not_be_used("mode 0644"), "it is known");
        assert!(files.changed() && files.could_not_be_used("it is empty"), "that is another reason");
        assert!(files.changed());
        std::fs::rename(&path, folder.path().join("old")).unwrap();
        assert!(!files.changed(), "it is on its way");
        std::fs::rename(folder.path().join("old"), &path).unwrap();
        assert!(files.changed());
        files.were_used();
        assert!(!files.changed());
    }
}
