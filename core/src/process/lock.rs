//! A lock that a forked child can use.
//!
//! Not parking_lot: it parks waiting threads in one table for the whole process, whose own locks a child may inherit
//! held by a thread that it does not have. The standard library's locks keep all their state in themselves.

use std::sync::{MutexGuard, PoisonError};

/// A mutex whose holder's panic harms nobody else: what it guards is valid between any two statements.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Mutex(std::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
