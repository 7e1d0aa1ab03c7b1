//! Locks of what threads share while they are attached to the interpreter.

use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;

use pyo3::prelude::*;

/// Locks `mutex`, and holds it at no moment at which the thread is not attached.
///
/// Where the interpreter has no GIL, a fork stops the threads that are attached, and no others. pyo3's own `lock_py_attached` takes a
/// lock first and then waits to be attached: a child forked meanwhile would find it locked for ever. For the same reason nothing of
/// Python's is called while the lock is held. That is why it is never held for long, either.
pub(crate) fn lock<'a, T>(py: Python<'_>, mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
    loop {
        match mutex.try_lock() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => py.detach(thread::yield_now),
        }
    }
}
