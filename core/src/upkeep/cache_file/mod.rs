//! The cache that survives a restart: an encrypted file, used when KMS cannot be reached at start.
//!
//! Each secret is sealed with AES-256-GCM under a key that HKDF-SHA256 derives from the ClientKey's private key, or from the
//! secret of a fixed AccessKey, and a salt of the entry's own. Whoever has the file without that has nothing; whoever has that could
//! ask KMS. The secret's name, its version, the moment of the fetch and the id of who asks are bound in, so that no entry
//! can be passed off as another.
//!
//! A disk may be slow, full or gone. All work on it is done by a thread that lives as long as there is some, which takes up at
//! once whatever has come meanwhile; nobody waits for it, but for whoever closes the provider, and that not for long.

mod disk;
mod sealed;
mod shared;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout_at;

use crate::identity::Lasting;
use crate::process::lock::Mutex;
use crate::process::protected::ProtectedBytes;
use crate::process::{logs, threads};
use crate::shown::path as shown_path;
use crate::upkeep::cache::Snapshot;
use disk::{Entries, Unread};
pub(crate) use sealed::Kept;
use sealed::Sealed;
pub(crate) use shared::RightToAsk;

/// How long to wait for what else there is to write, when something was written just before.
const GATHER: Duration = Duration::from_millis(100);

/// How long the first reading of the file may keep those waiting to whom KMS does not answer.
const LONGEST_READING: Duration = Duration::from_secs(2);

/// How long closing the provider waits for the disk.
const LONGEST_CLOSING: Duration = Duration::from_secs(5);

/// An entry that is dated so much later than what KMS answered just now was written by a clock that was wrong.
const FUTURE: Duration = Duration::from_secs(60 * 60);

/// What other ClientKeys have not renewed for so long is dropped: most likely they were replaced.
const FORGOTTEN: Duration = Duration::from_secs(30 * 86_400);

/// A cache file, and the way to it.
pub(crate) struct CacheFile {
    desk: Arc<Desk>,
    runtime: Handle,
    /// Until when its first reading may keep anybody waiting.
    read_by: tokio::time::Instant,
}

/// Shared with the thread that works on the disk.
struct Desk {
    path: PathBuf,
    /// Opens what was there at start.
    key: ProtectedBytes,
    key_id: String,
    work: Mutex<Work>,
    /// Told when the thread ends, and when it is to hurry.
    changed: Condvar,
    is_read: watch::Sender<bool>,
    /// How many of the looks that were wanted have been taken.
    looked: watch::Sender<u64>,
}

#[derive(Default)]
struct Work {
    /// What the file held when it was last looked at.
    known: Entries,
    /// To be written, by name.
    due: BTreeMap<String, (Arc<Snapshot>, Arc<Lasting>)>,
    /// The ids of ClientKeys that were replaced.
    replaced: BTreeSet<String>,
    is_read: bool,
    /// How often somebody wanted to know what other processes have written.
    looks_wanted: u64,
    looks_taken: u64,
    /// The right to ask KMS for all who share the file, and how many of this process's secrets are asked for under it.
    right_to_ask: Option<disk::Lock>,
    asking: usize,
    busy: bool,
    hurry: bool,
    /// Whether the file could not be read when it was last looked at, and stays as it is: there is no use in waiting for others.
    tells_nothing: bool,
    /// Whether it was told that the file is of a newer version.
    told_newer: bool,
    /// How often the file was written.
    #[cfg(test)]
    writings: usize,
}

impl CacheFile {
    /// Begins to read what an earlier process left. A file that is missing, corrupt or for other ClientKeys is no
    /// error: it is written anew, unless a newer version of kmsak wrote it or it cannot be read.
    pub(crate) fn open(path: PathBuf, lasting: &Lasting, runtime: &Handle) -> Self {
        let desk = Arc::new(Desk {
            path,
            key: ProtectedBytes::copy_from(lasting.secret.as_bytes()),
            key_id: lasting.id.clone(),
            work: Mutex::default(),
            changed: Condvar::new(),
            is_read: watch::Sender::new(false),
            looked: watch::Sender::new(0),
        });
        let file = CacheFile {
            desk,
            runtime: runtime.clone(),
            read_by: tokio::time::Instant::now() + LONGEST_READING,
        };
        file.begin_work(&mut file.desk.work.lock());
        file
    }

    /// Waits until the file has been read, or has taken too long.
    pub(crate) async fn is_read(&self) {
        let mut is_read = self.desk.is_read.subscribe();
        // Either way there is nothing more to wait for.
        drop(timeout_at(self.read_by, is_read.wait_for(|is_read| *is_read)).await);
    }

    /// Whether [`load`](CacheFile::load) may answer something, as far as can be told.
    pub(crate) fn may_hold(&self, name: &str, lasting: &Lasting) -> bool {
        let work = self.desk.work.lock();
        let holds = |key_id| work.known.get(key_id).is_some_and(|secrets| secrets.contains_key(name));
        !work.is_read || holds(&lasting.id) || holds(&self.desk.key_id)
    }

    /// The secret as it was last fetched by whoever has `lasting`, or had that of the start. None, with a warning, when it cannot
    /// be opened or is older than `max_stale`: then it is not held any more.
    pub(crate) fn load(
        &self,
        name: &str,
        lasting: &Lasting,
        max_stale: Option<Duration>,
        now: SystemTime,
    ) -> Option<Kept> {
        let own = (lasting.id.as_str(), lasting.secret.as_bytes());
        [own, (&self.desk.key_id, self.desk.key.as_bytes())].into_iter().find_map(|(key_id, private_key)| {
            let sealed = self.desk.work.lock().known.get(key_id)?.get(name)?.clone();
            let kept = sealed.open(name, key_id, private_key).and_then(|kept| {
                match (max_stale, now.duration_since(kept.fetched)) {
                    (Some(most), Ok(age)) if age > most => Err("it is older than max_stale allows"),
                    (Some(_), Err(ahead)) if ahead.duration() > FUTURE => {
                        Err("it is dated in the future, so that nobody knows whether max_stale allows it")
                    }
                    _ => Ok(kept),
                }
            });
            kept.inspect_err(|why| {
                let path = shown_path(&self.desk.path);
                logs::warn!("{name} is not taken from the cache file {path}: {why}");
                self.desk.work.lock().known.get_mut(key_id).and_then(|secrets| secrets.remove(name));
            })
            .ok()
        })
    }

    /// Has `snapshot` written, sealed for `lasting`, beside what is there.
    pub(crate) fn store(&self, snapshot: Arc<Snapshot>, lasting: Arc<Lasting>) {
        let mut work = self.desk.work.lock();
        work.due.insert(snapshot.secret.name().to_owned(), (snapshot, lasting));
        self.begin_work(&mut work);
    }

    /// Has what was sealed for the ClientKey with this id removed.
    pub(crate) fn forget(&self, key_id: &str) {
        let mut work = self.desk.work.lock();
        work.replaced.insert(key_id.to_owned());
        self.begin_work(&mut work);
    }

    /// Waits for what was begun, unless the disk takes too long.
    pub(crate) fn settle(&self) {
        let by = Instant::now() + LONGEST_CLOSING;
        let mut work = self.desk.work.lock();
        work.hurry = true;
        self.desk.changed.notify_all();
        while work.busy {
            let left = by.saturating_duration_since(Instant::now());
            if left.is_zero() {
                logs::warn!(
                    "the cache file {} is not whole yet: its disk is slow",
                    shown_path(&self.desk.path)
                );
                return;
            }
            work = self.desk.wait(work, left);
        }
    }

    fn begin_work(&self, work: &mut Work) {
        if !mem::replace(&mut work.busy, true) {
            let at_work = AtWork { desk: self.desk.clone(), went_home: false };
            threads::start_in_time("kmsak-cache", &self.runtime, move || at_work.work_off());
        }
    }
}

/// The thread at the desk. However it ends, another may begin.
struct AtWork {
    desk: Arc<Desk>,
    went_home: bool,
}

impl AtWork {
    fn work_off(mut self) {
        self.desk.work_off();
        self.went_home = true;
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        if !self.went_home {
            self.desk.go_home(&mut self.desk.work.lock());
        }
    }
}

impl Desk {
    fn wait<'a>(&self, work: MutexGuard<'a, Work>, most: Duration) -> MutexGuard<'a, Work> {
        self.changed.wait_timeout(work, most).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Under the lock under which nothing was left to do: whoever comes with more begins anew.
    fn go_home(&self, work: &mut Work) {
        work.busy = false;
        work.give_back_the_right();
        self.changed.notify_all();
    }

    /// Reads the file if nobody has, and writes until there is nothing more to write.
    fn work_off(&self) {
        if !self.work.lock().is_read {
            let known = disk::read(&self.path);
            disk::remove_left_over(&self.path);
            self.take_note(known);
        }
        let mut written_before = false;
        loop {
            self.look_again();
            let mut work = self.work.lock();
            if written_before && !work.hurry && !work.has_to_look() {
                work = self.wait(work, GATHER);
            }
            if work.has_to_look() {
                continue;
            }
            let due = mem::take(&mut work.due);
            let replaced = mem::take(&mut work.replaced);
            if due.is_empty() && replaced.is_empty() {
                return self.go_home(&mut work);
            }
            drop(work);
            if let Err(error) = self.write(&due, &replaced) {
                let mut work = self.work.lock();
                let is_told = matches!(error, Unread::Newer) && mem::replace(&mut work.told_newer, true);
                if !is_told {
                    logs::warn!("the cache file {} cannot be written: {error}", shown_path(&self.path));
                }
                // They are tried again with the next one.
                for (name, secret) in due {
                    work.due.entry(name).or_insert(secret);
                }
                work.replaced.extend(replaced);
                return self.go_home(&mut work);
            }
            written_before = true;
        }
    }

    fn take_note(&self, known: Result<Entries, Unread>) {
        let told_newer = matches!(known, Err(Unread::Newer));
        let known = known.unwrap_or_else(|why| {
            logs::warn!("the cache file {} is ignored: {why}", shown_path(&self.path));
            Entries::new()
        });
        let mut work = self.work.lock();
        work.known = known;
        work.told_newer = told_newer;
        work.is_read = true;
        drop(work);
        self.is_read.send_replace(true);
    }

    fn write(
        &self,
        due: &BTreeMap<String, (Arc<Snapshot>, Arc<Lasting>)>,
        replaced: &BTreeSet<String>,
    ) -> Result<(), Unread> {
        let sealed: Vec<_> = due
            .iter()
            .map(|(name, (snapshot, lasting))| (name.clone(), Sealed::new(snapshot, lasting)))
            .collect();
        let known = disk::update(&self.path, |entries| {
            entries.retain(|key_id, _| !replaced.contains(key_id));
            for (name, ours) in sealed {
                let (snapshot, lasting) = &due[&name];
                keep_the_living(entries, &lasting.id, &ours);
                put(entries.entry(lasting.id.clone()).or_default(), ours, snapshot, lasting);
            }
        })?;
        let mut work = self.work.lock();
        work.known = known;
        work.told_newer = false;
        #[cfg(test)]
        {
            work.writings += 1;
        }
        Ok(())
    }
}

/// Puts `ours`, of `snapshot`, beside what other processes have put there. Of two for one secret the later version stays, whoever
/// fetched it when: a region may lag behind, and a clock may have been set back. Where versions have no order, and of the same one,
/// what was fetched later stays.
fn put(secrets: &mut BTreeMap<String, Sealed>, ours: Sealed, snapshot: &Snapshot, lasting: &Lasting) {
    let name = snapshot.secret.name();
    let stays = |theirs: &Sealed| {
        let fetched_later = || (1..=milliseconds(FUTURE)).contains(&theirs.later_than(&ours));
        let theirs_opened = match theirs.is_version_of(snapshot) {
            true => None,
            false => theirs.open(name, &lasting.id, lasting.secret.as_bytes()).ok(),
        };
        match theirs_opened.and_then(|kept| kept.snapshot(tokio::time::Instant::now())) {
            Some(theirs) if snapshot.is_older_than(&theirs) => true,
            Some(theirs) if theirs.is_older_than(snapshot) => false,
            _ => fetched_later(),
        }
    };
    if !secrets.get(name).is_some_and(stays) {
        secrets.insert(name.to_owned(), ours);
    }
}

/// Drops what other ClientKeys than `key_id` have left long before `now` was fetched, or are said to leave in the future.
fn keep_the_living(entries: &mut Entries, key_id: &str, now: &Sealed) {
    for (_, secrets) in entries.iter_mut().filter(|(other, _)| *other != key_id) {
        secrets.retain(|_, sealed| {
            (-milliseconds(FORGOTTEN)..=milliseconds(FUTURE)).contains(&sealed.later_than(now))
        });
    }
    entries.retain(|_, secrets| !secrets.is_empty());
}

fn milliseconds(duration: Duration) -> i128 {
    i128::try_from(duration.as_millis()).unwrap_or(i128::MAX)
}
