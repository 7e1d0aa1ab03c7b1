//! What is kept for a while, and never more than so many.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(super) struct Kept<T> {
    most: usize,
    entries: Mutex<HashMap<String, (Instant, T)>>,
}

impl<T: Clone> Kept<T> {
    pub(super) fn new(most: usize) -> Self {
        Kept { most, entries: Mutex::default() }
    }

    /// With its age.
    pub(super) fn get(&self, name: &str) -> Option<(Duration, T)> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(name).map(|(at, value)| (at.elapsed(), value.clone()))
    }

    /// The oldest makes room.
    pub(super) fn put(&self, name: &str, value: T) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.most && !entries.contains_key(name) {
            let oldest = entries.iter().min_by_key(|(_, (at, _))| *at).map(|(name, _)| name.clone());
            oldest.map(|oldest| entries.remove(&oldest));
        }
        entries.insert(name.to_owned(), (Instant::now(), value));
    }

    pub(super) fn remove(&self, name: &str) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let kept = Kept::new(2);
        for name in ["a", "b", "a", "c"] {
            kept.put(name, name.len());
        }
        assert!(kept.get("b").is_none(), "it was the oldest, as a came again");
        assert!(kept.get("a").is_some() && kept.get("c").is_some());
        kept.remove("a");
        assert!(kept.get("a").is_none());
    }
}
