//! How many threads may wait at the same time for what may never come.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fork::PerProcess;

/// So many places, in each process.
pub(crate) struct Places {
    most: usize,
    taken: PerProcess<AtomicUsize>,
}

/// One of them, until it is dropped.
pub(crate) struct Place(Arc<AtomicUsize>);

impl Places {
    pub(crate) const fn new(most: usize) -> Self {
        Places { most, taken: PerProcess::empty() }
    }

    pub(crate) fn take(&self) -> Option<Place> {
        let Ok(taken) = self.taken.get_or_make(|| Ok::<_, Infallible>(Arc::default()), drop);
        let place = Place(taken);
        (place.0.fetch_add(1, Ordering::Relaxed) < self.most).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
