//! What was fetched. Readers never wait: a value is an immutable snapshot behind an atomic pointer.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::SystemTime;

use arc_swap::ArcSwapOption;
use foldhash::fast::RandomState;
use once_cell::race::OnceBox;
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
    #[inline(always)]
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
        // What is there already is in bounds: so the compiler need not look.
        self.0[mine % HANDLES].clone()
    }
}

/// A secret's place, in the cache once it has been filled.
pub(crate) struct Entry {
    name: Box<str>,
    snapshot: ArcSwapOption<Snapshot>,
}

impl Entry {
    pub(crate) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.load_full()
    }
}

/// All secrets that were ever fetched, by name.
///
/// A table that only grows: whoever reads follows pointers that are written once, and one that is swapped. A name comes in with
/// its first value, so that what KMS does not know takes no place, and stays. Neither side waits for the other, and no fork finds
/// it half done.
pub(crate) struct Cache {
    heads: Box<[OnceBox<Node>]>,
    hasher: RandomState,
    changes: Arc<AtomicU32>,
    /// Nothing is to be found here any more.
    closed: AtomicBool,
}

/// One of the secrets whose names' hashes are alike.
struct Node {
    entry: Arc<Entry>,
    next: OnceBox<Node>,
}

const HEADS: usize = 256;

impl Cache {
    pub(crate) fn new() -> Self {
        Cache {
            heads: (0..HEADS).map(|_| OnceBox::new()).collect(),
            hasher: RandomState::default(),
            changes: Arc::default(),
            closed: AtomicBool::new(false),
        }
    }

    #[inline(always)]
    fn head(&self, name: &[u8]) -> &OnceBox<Node> {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(name);
        &self.heads[hasher.finish() as usize % HEADS]
    }

    #[inline(always)]
    fn find(&self, name: &[u8]) -> Option<&Entry> {
        let mut place = self.head(name);
        while let Some(node) = place.get() {
            if node.entry.name.as_bytes() == name {
                return Some(&node.entry);
            }
            place = &node.next;
        }
        None
    }

    /// The AccessKey if it is cached. Takes no lock, allocates nothing, and touches no memory that another thread's
    /// read writes to.
    #[inline(always)]
    pub(crate) fn credentials(&self, name: &[u8]) -> Option<Arc<Credentials>> {
        let snapshot = self.find(name)?.snapshot.load();
        snapshot.as_ref()?.credentials.as_ref().map(Handles::mine)
    }

    #[inline(always)]
    pub(crate) fn secret(&self, name: &[u8]) -> Option<Arc<Secret>> {
        Some(self.find(name)?.snapshot.load().as_ref()?.secret.clone())
    }

    pub(crate) fn snapshot(&self, name: &[u8]) -> Option<Arc<Snapshot>> {
        self.find(name)?.snapshot()
    }

    /// The place of `name`, which is in the cache already or will be once it is filled.
    pub(crate) fn entry(&self, name: &str) -> Arc<Entry> {
        self.nodes_of(name.as_bytes()).find(|node| *node.entry.name == *name).map_or_else(
            || Arc::new(Entry { name: name.into(), snapshot: ArcSwapOption::empty() }),
            |node| node.entry.clone(),
        )
    }

    fn nodes_of<'a>(&'a self, name: &[u8]) -> impl Iterator<Item = &'a Node> {
        iter::successors(self.head(name).get(), |node| node.next.get())
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.heads.iter().flat_map(|head| iter::successors(head.get(), |node| node.next.get()))
    }

    /// Fills or empties `entry`, of which there is one for each name at a time.
    pub(crate) fn set(&self, entry: &Arc<Entry>, snapshot: Option<Arc<Snapshot>>) {
        let is_filled = snapshot.is_some();
        entry.snapshot.store(snapshot);
        if is_filled {
            self.place(entry);
        }
        // Whoever closed the cache meanwhile may have passed this entry before it was filled.
        if self.closed.load(Ordering::SeqCst) {
            entry.snapshot.store(None);
        }
        self.changes.fetch_add(1, Ordering::Release);
    }

    fn place(&self, entry: &Arc<Entry>) {
        let mut place = self.head(entry.name.as_bytes());
        let mut new = None;
        loop {
            if let Some(node) = place.get() {
                if Arc::ptr_eq(&node.entry, entry) {
                    return;
                }
                place = &node.next;
                continue;
            }
            let node =
                new.take().unwrap_or_else(|| Box::new(Node { entry: entry.clone(), next: OnceBox::new() }));
            match place.set(node) {
                Ok(()) => return,
                // Somebody else's came first.
                Err(node) => new = Some(node),
            }
        }
    }

    /// Counts what was put here or forgotten, after it happened.
    pub(crate) fn changes(&self) -> &Arc<AtomicU32> {
        &self.changes
    }

    #[cfg(test)]
    pub(crate) fn places(&self) -> usize {
        self.nodes().count()
    }

    /// The names of all secrets with a value.
    pub(crate) fn names(&self) -> Vec<Box<str>> {
        let filled = self.nodes().filter(|node| node.entry.snapshot.load().is_some());
        filled.map(|node| node.entry.name.clone()).collect()
    }

    /// Forgets everything, for ever.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.nodes().for_each(|node| node.entry.snapshot.store(None));
        self.changes.fetch_add(1, Ordering::Release);
    }
}
