//! Which process this is. After a fork the child has the parent's memory but not its threads, so whatever depends
//! on a thread (a runtime, a connection, a lock that a lost thread held) must be left behind, never used or dropped.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;

static GENERATION: AtomicU64 = AtomicU64::new(0);

/// A number that differs between a process that has opened a provider and its forked children. As cheap as a load; for
/// bindings that keep what [`Provider::cached_credentials`](crate::Provider::cached_credentials) answered, as a child that does
/// not ask does not begin to refresh.
#[must_use]
#[inline]
pub fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// Leaves everything of this process behind, as a forked child does, unless that happened since `seen` was its generation.
pub(crate) fn leave_behind(seen: u64) {
    // If it did, somebody else was as quick.
    let _done = GENERATION.compare_exchange(seen, seen + 1, Ordering::AcqRel, Ordering::Relaxed);
}

/// Sees to it that [`generation`] changes in every child forked from now on, that protected memory is locked there as well, and that
/// it has no part in its parent's locks on files.
#[cfg(unix)]
pub(crate) fn watch() {
    use std::cell::RefCell;

    use super::{lock_file, logs, protected};

    thread_local! {
        /// What the thread that forks holds, so that no other one can hold it at that moment.
        static HELD: RefCell<Option<(protected::Held, lock_file::Held)>> = const { RefCell::new(None) };
    }
    fn release() -> Option<(protected::Held, lock_file::Held)> {
        // A thread that forks while it ends has no such place any more, and has held nothing.
        HELD.try_with(RefCell::take).unwrap_or_default()
    }
    extern "C" fn before() {
        // See above.
        let _ended = HELD.try_with(|held| held.replace(Some((protected::hold(), lock_file::hold()))));
    }
    extern "C" fn in_the_parent() {
        drop(release());
    }
    extern "C" fn in_the_child() {
        if let Some((protected, lock_files)) = release() {
            protected::in_the_child(protected);
            lock_file::in_the_child(lock_files);
        }
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
    static WATCHED: std::sync::Once = std::sync::Once::new();
    WATCHED.call_once(|| {
        // SAFETY: the handlers use an atomic, locks that are held across the fork, and system calls.
        let failed = unsafe { libc::pthread_atfork(Some(before), Some(in_the_parent), Some(in_the_child)) };
        if failed != 0 {
            logs::warn!("out of memory for a fork handler: do not use this provider in a forked child");
        }
    });
}

/// Nothing forks here.
#[cfg(not(unix))]
pub(crate) fn watch() {}

/// A value made anew in each process. The copy that a child inherits is never touched again: its locks may be held
/// by threads that the child does not have.
pub(crate) struct PerProcess<T> {
    slot: ArcSwapOption<Slot<T>>,
    /// The generation of the process that made the value, and 1; 0 before.
    made_in: AtomicU64,
}

struct Slot<T> {
    generation: u64,
    value: Arc<T>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn empty() -> Self {
        PerProcess { slot: ArcSwapOption::const_empty(), made_in: AtomicU64::new(0) }
    }

    /// Whether the value is one that a parent made. As cheap as two loads.
    #[inline(always)]
    pub(crate) fn is_inherited(&self) -> bool {
        let made_in = self.made_in.load(Ordering::Relaxed);
        made_in != 0 && made_in != generation() + 1
    }

    /// This process's value; `make` runs if there is none yet. When two threads make one at the same time, the
    /// loser's is handed to `unmake`.
    pub(crate) fn get_or_make<E>(
        &self,
        make: impl FnOnce() -> Result<Arc<T>, E>,
        unmake: impl FnOnce(Arc<T>),
    ) -> Result<Arc<T>, E> {
        let seen = self.slot.load_full();
        if let Some(slot) = seen.as_ref().filter(|slot| slot.generation == generation()) {
            return Ok(slot.value.clone());
        }
        let made = make()?;
        let slot = Arc::new(Slot { generation: generation(), value: made.clone() });
        // Before the value is there: whoever forks in between has a child that looks once too often, and not one that never does.
        self.made_in.store(slot.generation + 1, Ordering::SeqCst);
        let before = arc_swap::Guard::into_inner(self.slot.compare_and_swap(&seen, Some(slot)));
        let won = match (&before, &seen) {
            (None, None) => true,
            (Some(before), Some(seen)) => Arc::ptr_eq(before, seen),
            _ => false,
        };
        if won {
            // What the parent left is not ours to drop.
            mem::forget(before);
            mem::forget(seen);
            return Ok(made);
        }
        unmake(made);
        let winner = before.expect("only a made value can win");
        Ok(winner.value.clone())
    }

    /// Takes this process's value out; a value inherited from a parent is left behind.
    pub(crate) fn take(&self) -> Option<Arc<T>> {
        let slot = self.slot.swap(None)?;
        if slot.generation == generation() {
            return Some(slot.value.clone());
        }
        mem::forget(slot);
        None
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        // An inherited slot must not be dropped; `take` sees to that.
        drop(self.take());
    }
}
