//! What every process must have for itself.

use std::process;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A value made when a process first needs it, and never freed: after a fork the child leaves its parent's behind,
/// whose locks may be held by threads that the child does not have.
pub(crate) struct PerProcess<T>(AtomicPtr<Owned<T>>);

struct Owned<T> {
    process: u32,
    value: T,
}

impl<T: Default + Sync + 'static> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        PerProcess(AtomicPtr::new(std::ptr::null_mut()))
    }

    pub(crate) fn get(&self) -> &'static T {
        let mut seen = self.0.load(Ordering::Acquire);
        loop {
            // SAFETY: only what was leaked below is ever stored here.
            if let Some(owned) = unsafe { seen.as_ref() }.filter(|owned| owned.process == process::id()) {
                return &owned.value;
            }
            let new = Box::into_raw(Box::new(Owned { process: process::id(), value: T::default() }));
            match self.0.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => seen = new,
                Err(other) => {
                    // SAFETY: made above, and seen by nobody else.
                    drop(unsafe { Box::from_raw(new) });
                    seen = other;
                }
            }
        }
    }
}
