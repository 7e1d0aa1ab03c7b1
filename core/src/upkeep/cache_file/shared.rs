//! Processes that share a file learn of a rotation from each other: of those who want the same at the same time one asks KMS, and the
//! others find in the file what it was answered.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::timeout;

use super::disk::{self, Unread};
use super::{CacheFile, Desk, Work};
use crate::identity::Lasting;
use crate::process::logs;
use crate::shown::path as shown_path;

/// A disk that takes longer to be read is not waited for.
const LONGEST_LOOK: Duration = Duration::from_millis(500);

/// The right to ask KMS for all who share the file. Given back when it is dropped, once what KMS answered is in the file.
pub(crate) struct RightToAsk<'a>(&'a CacheFile);

impl<'a> RightToAsk<'a> {
    fn wanted(file: &'a CacheFile) -> Self {
        file.desk.work.lock().asking += 1;
        RightToAsk(file)
    }
}

impl Drop for RightToAsk<'_> {
    fn drop(&mut self) {
        let desk = &self.0.desk;
        let mut work = desk.work.lock();
        work.asking -= 1;
        if !work.busy {
            work.give_back_the_right();
        }
        // What was answered is written now, as others wait for it.
        desk.changed.notify_all();
    }
}

impl CacheFile {
    /// Reads again what other processes have written. Answers the right to ask KMS, unless another process has it; whoever cannot
    /// know, as the disk does not answer or the file cannot be read, has it as well.
    pub(crate) async fn look_again(&self) -> Option<RightToAsk<'_>> {
        let mut looked = self.desk.looked.subscribe();
        let right = RightToAsk::wanted(self);
        let wanted = {
            let mut work = self.desk.work.lock();
            work.looks_wanted += 1;
            self.begin_work(&mut work);
            work.looks_wanted
        };
        self.desk.changed.notify_all();
        let taken = timeout(LONGEST_LOOK, looked.wait_for(|taken| *taken >= wanted)).await.is_ok();
        let work = self.desk.work.lock();
        let is_anothers = taken && !work.tells_nothing && work.right_to_ask.is_none();
        drop(work);
        (!is_anothers).then_some(right)
    }

    /// When the secret was fetched that [`load`](CacheFile::load) would answer.
    pub(crate) fn fetched(&self, name: &str, lasting: &Lasting) -> Option<SystemTime> {
        let work = self.desk.work.lock();
        let of = |key_id: &str| work.known.get(key_id).and_then(|secrets| secrets.get(name));
        of(&lasting.id)
            .or_else(|| of(&self.desk.key_id))
            .and_then(|sealed| UNIX_EPOCH.checked_add(Duration::from_millis(sealed.fetched)))
    }
}

impl Desk {
    pub(super) fn look_again(&self) {
        let (wanted, has_right) = {
            let work = self.work.lock();
            if !work.has_to_look() {
                return;
            }
            (work.looks_wanted, work.right_to_ask.is_some())
        };
        // The lock first: whoever had it has written before.
        let right = if has_right { None } else { disk::Lock::to_ask(&self.path) };
        let known = disk::read(&self.path);
        let mut work = self.work.lock();
        work.tells_nothing = matches!(known, Err(Unread::Io(_) | Unread::Newer));
        match known {
            Ok(known) => work.known = known,
            Err(why) => logs::debug!("the cache file {} is not read again: {why}", shown_path(&self.path)),
        }
        work.looks_taken = wanted;
        if right.is_some() {
            work.right_to_ask = right;
        }
        drop(work);
        self.looked.send_replace(wanted);
    }
}

impl Work {
    pub(super) fn has_to_look(&self) -> bool {
        self.looks_taken < self.looks_wanted
    }

    /// The right to ask goes to another process once nobody here asks. Called when all that was answered is written, or cannot be.
    pub(super) fn give_back_the_right(&mut self) {
        if self.asking == 0 {
            self.right_to_ask = None;
        }
    }
}
