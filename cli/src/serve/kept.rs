//! What is kept for a while, and never more than so many.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(super) struct Kept<T> {
    most: usize,
    /// Those without a time are older than all others.
    entries: Mutex<HashMap<String, (Option<Instant>, T)>>,
}

impl<T: Clone> Kept<T> {
    pub(super) fn new(most: usize) -> Self {
        Kept { most, entries: Mutex::default() }
    }

    /// With its age.
    pub(super) fn get(&self, name: &str) -> Option<(Duration, T)> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |at: Option<Instant>| at.map_or(Duration::MAX, |at| at.elapsed());
        entries.get(name).map(|(at, value)| (age(*at), value.clone()))
    }

    /// The oldest makes room.
    pub(super) fn put(&self, name: &str, value: T) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.most && !entries.contains_key(name) {
            let oldest = entries.iter().min_by_key(|(_, (at, _))| *at).map(|(name, _)| name.clone());
            oldest.map(|oldest| entries.remove(&oldest));
        }
        entries.insert(name.to_owned(), (Some(Instant::now()), value));
    }

    /// Begins with what `other` has, for those whom any age will do.
    pub(super) fn inherit(&self, other: &Self) {
        let others = other.entries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let others = others.into_iter().map(|(name, (_, value))| (name, (None, value)));
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).extend(others);
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

    #[test]
    fn what_is_inherited_is_older_than_all_else() {
        let (before, kept) = (Kept::new(2), Kept::new(2));
        before.put("a", 1);
        kept.inherit(&before);
        assert_eq!(kept.get("a"), Some((Duration::MAX, 1)));
        kept.put("b", 2);
        kept.put("c", 3);
        assert!(kept.get("a").is_none() && kept.get("b").is_some());
    }
}
