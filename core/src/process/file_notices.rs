//! Notices of changed files.
//!
//! A mounted Kubernetes Secret is replaced by exchanging a symbolic link in the directory above the file, so every
//! directory on the way to the real file is watched, links included. Where the system can tell nothing (another
//! system than Linux, a network file system, no watches left), the files are looked at now and then.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use super::disk;

/// How often the files are looked at where nothing tells of changes.
const WITHOUT_NOTICE: Duration = Duration::from_secs(10);

/// How often they are looked at all the same where something does.
#[cfg(target_os = "linux")]
const WITH_NOTICE: Duration = Duration::from_secs(300);

/// What tells one content of the files from another without reading them.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Fingerprint(Vec<Option<Mark>>);

#[derive(PartialEq, Eq)]
struct Mark {
    real: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    inode: u64,
}

impl Fingerprint {
    /// May hang where the disk does.
    pub(crate) fn of(files: &BTreeSet<PathBuf>) -> Self {
        Fingerprint(files.iter().map(|file| Mark::of(file)).collect())
    }

    /// As [`of`](Fingerprint::of), once the disk answers.
    pub(crate) async fn now(files: &Arc<BTreeSet<PathBuf>>) -> Self {
        loop {
            let files = files.clone();
            match disk::aside(move || Fingerprint::of(&files)).await {
                Some(now) => return now,
                None => sleep(WITHOUT_NOTICE).await,
            }
        }
    }

    /// Whether a file that is there now is another than before.
    pub(crate) fn sees_a_change_since(&self, before: &Fingerprint) -> bool {
        self.0.iter().zip(&before.0).any(|(now, before)| now.is_some() && now != before)
    }
}

impl Mark {
    fn of(file: &Path) -> Option<Self> {
        let real = file.canonicalize().ok()?;
        let metadata = real.metadata().ok()?;
        Some(Mark {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(&metadata),
            real,
        })
    }
}

/// Every directory in which a change can change what `file` leads to.
#[cfg(target_os = "linux")]
fn directories(file: &Path) -> BTreeSet<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut found = BTreeSet::new();
    let mut path = file.to_path_buf();
    for _ in 0..MOST_LINKS {
        // A link may stand anywhere on the way, as Kubernetes's `..data` does.
        let mut next = None;
        for ancestor in path.ancestors() {
            let Some(directory) = ancestor.parent() else { break };
            if let Ok(target) = ancestor.read_link() {
                found.insert(directory.to_path_buf());
                let rest = path.strip_prefix(ancestor).unwrap_or(Path::new(""));
                let resolved = directory.join(target);
                next = Some(if rest.as_os_str().is_empty() { resolved } else { resolved.join(rest) });
            }
        }
        found.extend(path.parent().map(Path::to_path_buf));
        match next {
            Some(next) => path = next,
            None => break,
        }
    }
    found
}

#[cfg(target_os = "linux")]
pub(crate) struct Notices(Option<inotify::EventStream<[u8; 4096]>>);

#[cfg(target_os = "linux")]
impl Notices {
    pub(crate) async fn about(files: &Arc<BTreeSet<PathBuf>>) -> Self {
        let without = |error: &std::io::Error| {
            super::logs::debug!(
                "no notice of changed files ({error}): looking every {} s",
                WITHOUT_NOTICE.as_secs()
            );
        };
        let files = files.clone();
        let watching = disk::aside(move || Self::try_about(&files)).await;
        let watching = watching.unwrap_or_else(|| Err(std::io::ErrorKind::TimedOut.into()));
        // The stream belongs to the runtime that it is made on.
        let stream = watching.and_then(|inotify| inotify.into_event_stream([0; 4096]));
        Notices(stream.inspect_err(without).ok())
    }

    fn try_about(files: &BTreeSet<PathBuf>) -> std::io::Result<inotify::Inotify> {
        use inotify::WatchMask;
        let inotify = inotify::Inotify::init()?;
        let changes = WatchMask::CREATE
            | WatchMask::CLOSE_WRITE
            | WatchMask::MOVED_TO
            | WatchMask::MOVED_FROM
            | WatchMask::DELETE
            | WatchMask::ATTRIB;
        for directory in files.iter().flat_map(|file| directories(file)) {
            inotify.watches().add(directory, changes)?;
        }
        Ok(inotify)
    }

    /// Returns when something changed, which need not be one of the files, or when it is time to look.
    pub(crate) async fn wait(&mut self) {
        use futures_core::Stream;
        let Some(stream) = &mut self.0 else { return sleep(WITHOUT_NOTICE).await };
        let event = std::future::poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_next(context));
        tokio::select! {
            event = event => if !matches!(event, Some(Ok(_))) {
                self.0 = None;
            },
            () = sleep(WITH_NOTICE) => {}
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) struct Notices;

#[cfg(not(target_os = "linux"))]
impl Notices {
    pub(crate) async fn about(_: &Arc<BTreeSet<PathBuf>>) -> Self {
        Notices
    }

    pub(crate) async fn wait(&mut self) {
        sleep(WITHOUT_NOTICE).await;
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn every_directory_on_the_way_is_watched_links_included() {
        let root = tempfile::tempdir().expect("a folder");
        let root = root.path().canonicalize().expect("a real path");
        fs::create_dir(root.join("..2026_11_23")).expect("a folder");
        fs::write(root.join("..2026_11_23/clientKey.json"), "{}").expect("a file");
        symlink("..2026_11_23", root.join("..data")).expect("a link");
        symlink("..data/clientKey.json", root.join("clientKey.json")).expect("a link");
        let found = directories(&root.join("clientKey.json"));
        assert!(found.contains(&root), "{found:?}");
        assert!(found.contains(&root.join("..2026_11_23")), "{found:?}");
    }

    #[test]
    fn links_in_a_circle_end() {
        let root = tempfile::tempdir().expect("a folder");
        symlink("b", root.path().join("a")).expect("a link");
        symlink("a", root.path().join("b")).expect("a link");
        assert!(directories(&root.path().join("a")).contains(root.path()));
    }

    #[test]
    fn an_exchanged_link_changes_the_fingerprint() {
        let root = tempfile::tempdir().expect("a folder");
        for version in ["one", "two"] {
            fs::create_dir(root.path().join(version)).expect("a folder");
            fs::write(root.path().join(version).join("key"), "{}").expect("a file");
        }
        symlink("one", root.path().join("data")).expect("a link");
        let files = BTreeSet::from([root.path().join("data/key")]);
        let before = Fingerprint::of(&files);
        assert!(before == Fingerprint::of(&files));
        symlink("two", root.path().join("new")).expect("a link");
        fs::rename(root.path().join("new"), root.path().join("data")).expect("exchanged");
        assert!(before != Fingerprint::of(&files));
    }
}
