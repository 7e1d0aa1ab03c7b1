//! Watches the ClientKey, password and CA files, so that replacing them needs no restart.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::{Instant, sleep, sleep_until};

use crate::config::Config;
use crate::error::Error;
use crate::event::Event;
use crate::process::disk;
use crate::process::file_notices::{Fingerprint, Notices};
use crate::process::fork;
use crate::process::source::Source;
use crate::process::supervision::keep_running;
use crate::upkeep::keeper::Ask;
use crate::upkeep::live::Live;

/// Two files that belong together are rarely written in the same moment.
const SETTLE: Duration = Duration::from_millis(200);

/// What could not be taken over is looked at again after this long: it may have been the disk's or the process's limits that stood
/// in the way, and nothing tells that they are gone.
const AGAIN: Duration = Duration::from_secs(30);

/// The files that a provider reads, and what they were like when it last did. Survives a fork: what changes between the fork and
/// the child's first use is noticed as well.
pub(crate) struct WatchedFiles {
    paths: Arc<BTreeSet<PathBuf>>,
    seen: ArcSwap<Fingerprint>,
    /// The process that read them first.
    read_in: u64,
}

impl WatchedFiles {
    pub(crate) fn of(config: &Config) -> Self {
        let mut paths = BTreeSet::new();
        for endpoint in &config.endpoints {
            if let Some(client_key) = endpoint.identity.client_key() {
                paths.extend(client_key.files().into_iter().map(Path::to_path_buf));
            }
            if let Some(Source::File(path)) = endpoint.transport.ca.as_deref() {
                paths.insert(path.clone());
            }
        }
        let paths = Arc::new(paths);
        let looked_at = paths.clone();
        // Where the disk does not answer, to read them fails next.
        let look = || disk::in_time(move || Fingerprint::of(&looked_at)).unwrap_or_default();
        let seen = if paths.is_empty() { Fingerprint::default() } else { look() };
        WatchedFiles { paths, seen: ArcSwap::from_pointee(seen), read_in: fork::generation() }
    }

    /// Whether what the files are like `now` is worth reading them before anything more happens. A forked child may not be
    /// allowed to see the files: what its parent read is in use.
    fn have_changed(&self, now: &Fingerprint) -> bool {
        let seen = self.seen.load();
        if self.read_in == fork::generation() { *now != **seen } else { now.sees_a_change_since(&seen) }
    }
}

/// Begins to watch what `live` read its ClientKeys and CAs from.
pub(crate) fn start(live: &Arc<Live>) {
    let files = &live.state().files;
    if !files.paths.is_empty() {
        let watched = live.clone();
        live.spawn(keep_running("the watch over files", move || watch(watched.clone())));
    }
}

async fn watch(live: Arc<Live>) {
    let files = &live.state().files;
    let mut notices = Notices::about(&files.paths).await;
    let mut now = Fingerprint::now(&files.paths).await;
    if !files.have_changed(&now) {
        files.seen.store(Arc::new(now));
        notices.wait().await;
        now = Fingerprint::now(&files.paths).await;
    }
    // What could not be used of what the files hold now.
    let mut told = BTreeSet::new();
    let mut tried = Instant::now();
    loop {
        if now != **files.seen.load() {
            while now != **files.seen.load() {
                files.seen.store(Arc::new(now));
                sleep(SETTLE).await;
                now = Fingerprint::now(&files.paths).await;
            }
            live.reconsider();
            told.clear();
            reload(&live, &mut told).await;
            tried = Instant::now();
            // What changes before they begin is seen by the look that follows.
            notices = Notices::about(&files.paths).await;
        } else {
            // Somebody else's files in the same folder may change all the time.
            sleep(SETTLE).await;
            tokio::select! {
                () = notices.wait() => {}
                () = sleep_until(tried + AGAIN), if !told.is_empty() => {
                    reload(&live, &mut told).await;
                    tried = Instant::now();
                    if told.is_empty() {
                        live.reconsider();
                    }
                }
            }
        }
        now = Fingerprint::now(&files.paths).await;
    }
}

/// Takes over what the files hold. `told` is what was told of them before, and what cannot be used of them afterwards.
async fn reload(live: &Arc<Live>, told: &mut BTreeSet<String>) {
    let before = std::mem::take(told);
    let mut unusable = |key_id: String, error: Error| {
        if !before.contains(error.message()) {
            live.tell(Event::ClientKeyUnusable { key_id, error: error.clone() });
        }
        told.insert(error.message().to_owned());
    };
    for client_key in &live.state().identities.client_keys {
        match client_key.reload().await {
            Ok(true) => {
                // The new ClientKey proves itself on whatever is asked next; nobody should have to wait for that.
                if let Some(name) = live.state().cache.names().first() {
                    live.ask(name, Ask::Probe);
                }
            }
            Ok(false) => {}
            Err(error) => unusable(client_key.proven().info().key_id.clone(), error),
        }
    }
    for endpoint in live.endpoints() {
        if let Err(error) = endpoint.reload_ca(live.environment()).await {
            unusable(endpoint.plan.identity.who().name, error);
        }
    }
}
