//! What was fetched. Readers never wait: a value is an immutable snapshot behind an atomic pointer.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::SystemTime;

use arc_swap::{ArcSwap, ArcSwapOption};
use foldhash::fast::RandomState;
use tokio::time::Instant;

use crate::date;
use crate::error::Result;
use crate::secret::{Credentials, Secret};

/// One fetched version of a secret.
pub(crate) struct Snapshot {
    pub(crate) secret: Arc<Secret>,
    /// None for a secret that holds no AccessKey.
    pub(crate) credentials: Option<Handles>,
    /// When KMS answered it, by KMS's clock as far as it is known.
    pub(crate) fetched: SystemTime,
    /// The same moment on the clock that only runs forward.
    pub(crate) fetched_at: Instant,
    rejected: AtomicBool,
}

impl Snapshot {
    /// # Errors
    /// When it is a managed RAM secret and no AccessKey can be read from it.
    pub(crate) fn new(secret: Arc<Secret>, fetched: SystemTime, fetched_at: Instant) -> Result<Self> {
        let credentials = if secret.is_ram() {
            Some(Handles::new(&Credentials::from_secret(secret.clone())?))
        } else {
            None
        };
        Ok(Snapshot { secret, credentials, fetched, fetched_at, rejected: AtomicBool::new(false) })
    }

    /// Notes that a service has rejected this AccessKey: whoever renews asks the keeper from now on.
    pub(crate) fn reject(&self) {
        self.rejected.store(true, Ordering::Relaxed);
    }

    /// Whether `other` is a later version. Only of a secret that KMS itself rotates: there is no way back from a rotation, but
    /// whoever keeps a generic secret may have its stage point to an earlier version again.
    pub(crate) fn is_older_than(&self, other: &Snapshot) -> bool {
        let (ours, theirs) = (&self.secret, &other.secret);
        if ours.version_id() == theirs.version_id() || ours.secret_type().eq_ignore_ascii_case("Generic") {
            return false;
        }
        let differing = |ours: Option<SystemTime>, theirs: Option<SystemTime>| {
            ours.zip(theirs).filter(|(ours, theirs)| ours != theirs).map(|(ours, theirs)| ours < theirs)
        };
        let created = |secret: &Secret| secret.create_time().and_then(date::parse_date);
        differing(self.generated(), other.generated())
            .or_else(|| differing(ours.last_rotation_date(), theirs.last_rotation_date()))
            .or_else(|| differing(created(ours), created(theirs)))
            .unwrap_or(false)
    }

    /// When the AccessKey was made, where it says so.
    fn generated(&self) -> Option<SystemTime> {
        self.credentials.as_ref().and_then(Handles::generated)
    }

    /// The AccessKey if it is another than `rejected_id` and nobody has reported it as rejected.
    pub(crate) fn other_than(&self, rejected_id: &str) -> Option<Arc<Credentials>> {
        let handles = self.credentials.as_ref()?;
        let another = handles.access_key_id() != rejected_id && !self.rejected.load(Ordering::Relaxed);
        another.then(|| handles.mine())
    }

    pub(crate) fn access_key_id(&self) -> Option<&str> {
        self.credentials.as_ref().map(Handles::access_key_id)
    }

    /// The AccessKey, or the error that says that there is none in this secret.
    pub(crate) fn credentials(&self) -> Result<Arc<Credentials>> {
        match &self.credentials {
            Some(handles) => Ok(handles.mine()),
            None => Credentials::from_secret(self.secret.clone()).map(Arc::new),
        }
    }
}

/// Several reference counts for one AccessKey. Threads that read the same AccessKey at the same time would otherwise
/// pass one count's cache line back and forth, and eight threads would read no faster than one.
pub(crate) struct Handles([Arc<Credentials>; HANDLES]);

const HANDLES: usize = 16;

impl Handles {
    fn new(credentials: &Credentials) -> Self {
        Handles(std::array::from_fn(|_| Arc::new(credentials.clone())))
    }

    fn access_key_id(&self) -> &str {
        self.0[0].access_key_id()
    }

    fn generated(&self) -> Option<SystemTime> {
        date::parse_date(self.0[0].generate_timestamp()?)
    }

    /// The one that this thread counts its references in.
    pub(crate) fn mine(&self) -> Arc<Credentials> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
        }
        let mine = MINE.with(|mine| {
            if mine.get() == usize::MAX {
                mine.set(NEXT.fetch_add(1, Ordering::Relaxed) % HANDLES);
            }
            mine.get()
        });
        self.0[mine].clone()
    }
}

/// A secret's place in the cache.
pub(crate) struct Entry {
    snapshot: ArcSwapOption<Snapshot>,
    changes: Arc<AtomicU32>,
}

impl Entry {
    pub(crate) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.load_full()
    }

    pub(crate) fn set(&self, snapshot: Option<Arc<Snapshot>>) {
        self.snapshot.store(snapshot);
        self.changes.fetch_add(1, Ordering::Release);
    }
}

type Entries = HashMap<Box<str>, Arc<Entry>, RandomState>;

/// All secrets that were ever fetched, by name.
///
/// A new name copies the map that it goes into. Of one map with all names, a thousand new ones would copy half a million
/// entries, on the thread that asks for them.
pub(crate) struct Cache {
    shards: [ArcSwap<Entries>; SHARDS],
    hasher: RandomState,
    changes: Arc<AtomicU32>,
}

const SHARDS: usize = 64;

impl Cache {
    pub(crate) fn new() -> Self {
        Cache {
            shards: std::array::from_fn(|_| ArcSwap::default()),
            hasher: RandomState::default(),
            changes: Arc::default(),
        }
    }

    fn shard(&self, name: &str) -> &ArcSwap<Entries> {
        &self.shards[self.hasher.hash_one(name) as usize % SHARDS]
    }

    /// The AccessKey if it is cached. Takes no lock, allocates nothing, and touches no memory that another thread's
    /// read writes to.
    pub(crate) fn credentials(&self, name: &str) -> Option<Arc<Credentials>> {
        let entries = self.shard(name).load();
        let snapshot = entries.get(name)?.snapshot.load();
        snapshot.as_ref()?.credentials.as_ref().map(Handles::mine)
    }

    pub(crate) fn snapshot(&self, name: &str) -> Option<Arc<Snapshot>> {
        self.shard(name).load().get(name)?.snapshot()
    }

    /// The place of `name`, made if need be.
    pub(crate) fn entry(&self, name: &str) -> Arc<Entry> {
        let shard = self.shard(name);
        if let Some(entry) = shard.load().get(name) {
            return entry.clone();
        }
        let new = Arc::new(Entry { snapshot: ArcSwapOption::empty(), changes: self.changes.clone() });
        shard.rcu(|entries| {
            let mut entries = Entries::clone(entries);
            entries.entry(name.into()).or_insert_with(|| new.clone());
            entries
        });
        shard.load().get(name).cloned().unwrap_or(new)
    }

    /// Frees the place of `name` if it is empty; whoever fills it asks for it anew.
    pub(crate) fn free(&self, name: &str) {
        let is_free =
            |entries: &Entries| entries.get(name).is_some_and(|entry| entry.snapshot.load().is_none());
        let shard = self.shard(name);
        if is_free(&shard.load()) {
            // What is left is copied into a map of its own size.
            shard.rcu(|entries| {
                let others = entries.iter().filter(|(other, _)| ***other != *name);
                others.map(|(name, entry)| (name.clone(), entry.clone())).collect::<Entries>()
            });
        }
    }

    /// Counts what was put here or forgotten, after it happened.
    pub(crate) fn changes(&self) -> &Arc<AtomicU32> {
        &self.changes
    }

    #[cfg(test)]
    pub(crate) fn places(&self) -> usize {
        self.shards.iter().map(|shard| shard.load().len()).sum()
    }

    /// The names of all secrets with a value.
    pub(crate) fn names(&self) -> Vec<Box<str>> {
        let mut names = Vec::new();
        for shard in &self.shards {
            let entries = shard.load();
            let filled = entries.iter().filter(|(_, entry)| entry.snapshot.load().is_some());
            names.extend(filled.map(|(name, _)| name.clone()));
        }
        names
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            shard.store(Arc::default());
        }
        self.changes.fetch_add(1, Ordering::Release);
    }
}
