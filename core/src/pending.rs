//! An answer that may still be on its way.

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Kind, Result};
use crate::process::{engine, logs};

/// An answer that may still be on its way: wait for it ([`wait`](Pending::wait),
/// [`wait_timeout`](Pending::wait_timeout)), await it from any executor, or have a function called with it
/// ([`then`](Pending::then)). Dropping it gives up waiting; the fetch goes on for whoever else waits and for the cache.
#[must_use = "an answer that nobody waits for is lost"]
pub struct Pending<T>(Arc<Slot<T>>);

struct Slot<T> {
    state: Mutex<State<T>>,
    arrived: Condvar,
}

enum State<T> {
    Awaited(Option<Waker>),
    Promised(Box<dyn FnOnce(Result<T>) + Send>),
    Here(Result<T>),
    Gone,
}

/// The other end of a [`Pending`]. Dropped without an answer, it answers that the provider is closed; by a panic, that the
/// answer is lost.
pub(crate) struct Reply<T>(Option<Arc<Slot<T>>>);

impl<T> Slot<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Pending<T> {
    pub(crate) fn new() -> (Reply<T>, Pending<T>) {
        let slot = Arc::new(Slot { state: Mutex::new(State::Awaited(None)), arrived: Condvar::new() });
        (Reply(Some(slot.clone())), Pending(slot))
    }

    pub(crate) fn ready(result: Result<T>) -> Self {
        Pending(Arc::new(Slot { state: Mutex::new(State::Here(result)), arrived: Condvar::new() }))
    }

    /// Blocks until the answer is here. Do not call it from an async task: await the value there.
    ///
    /// # Errors
    /// Whatever the operation that gave this `Pending` documents. [`Kind::Configuration`] on kmsak's own thread, such as in a
    /// function given to [`then`](Pending::then), unless the answer is here: that thread would wait for itself.
    pub fn wait(self) -> Result<T> {
        let mut state = self.0.lock();
        loop {
            if let Some(result) = take_if_here(&mut state) {
                return result;
            }
            if engine::is_this_thread() {
                return Err(waits_for_itself());
            }
            state = self.0.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Blocks for at most `timeout`; `None` when the answer is not here by then: call again, or drop the value. Once
    /// it has returned an answer, it must not be called again. On kmsak's own thread as [`wait`](Pending::wait), but a `timeout`
    /// of nothing may look there as well.
    ///
    /// # Panics
    /// When the answer was taken already.
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Result<T>> {
        let started = Instant::now();
        let mut state = self.0.lock();
        loop {
            if let Some(result) = take_if_here(&mut state) {
                return Some(result);
            }
            let left = timeout.checked_sub(started.elapsed()).filter(|left| !left.is_zero())?;
            if engine::is_this_thread() {
                return Some(Err(waits_for_itself()));
            }
            (state, _) = self.0.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Blocks for at most `timeout`. The fetch goes on after it, for the cache and for whoever else waits.
    ///
    /// # Errors
    /// As for [`wait`](Pending::wait), and [`Kind::Network`](crate::Kind::Network) when the time is over.
    pub fn wait_within(self, timeout: Duration) -> Result<T> {
        self.wait_timeout(timeout).unwrap_or_else(|| Err(Error::no_answer_within(timeout)))
    }

    pub(crate) fn is_here(&self) -> bool {
        matches!(*self.0.lock(), State::Here(_))
    }

    /// Calls `f` with the answer, once: now, on this thread, if it is here already; else on kmsak's own thread, which `f` must
    /// not block and where a panic of `f` is caught and logged.
    pub fn then(self, f: impl FnOnce(Result<T>) + Send + 'static) {
        let mut state = self.0.lock();
        if let Some(result) = take_if_here(&mut state) {
            drop(state);
            f(result);
        } else {
            *state = State::Promised(Box::new(f));
        }
    }
}

impl<T: Send + 'static> Pending<T> {
    /// As [`then`](Pending::then), but `f` may block: where it would be called on kmsak's own thread it is called on another one,
    /// which blocks all signals.
    pub fn then_apart(self, f: impl FnOnce(Result<T>) + Send + 'static) {
        self.then(move |result| engine::run_where_it_may_block(move || f(result)));
    }
}

fn take_if_here<T>(state: &mut State<T>) -> Option<Result<T>> {
    match state {
        State::Here(_) => match std::mem::replace(state, State::Gone) {
            State::Here(result) => Some(result),
            _ => unreachable!("it was here"),
        },
        State::Gone => panic!("the answer was taken already"),
        State::Awaited(_) | State::Promised(_) => None,
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock();
        match take_if_here(&mut state) {
            Some(result) => Poll::Ready(result),
            None => {
                *state = State::Awaited(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl<T> Reply<T> {
    pub(crate) fn send(mut self, result: Result<T>) {
        if let Some(slot) = self.0.take() {
            deliver(&slot, result);
        }
    }
}

fn deliver<T>(slot: &Slot<T>, result: Result<T>) {
    let mut state = slot.lock();
    match std::mem::replace(&mut *state, State::Gone) {
        State::Promised(f) => {
            drop(state);
            // It runs on kmsak's own thread, in the middle of the work for all others.
            if panic::catch_unwind(AssertUnwindSafe(|| f(result))).is_err() {
                logs::warn!("a function that was to be called with an answer panicked");
            }
        }
        State::Awaited(waker) => {
            *state = State::Here(result);
            drop(state);
            slot.arrived.notify_all();
            // Wakers are the application's executor's.
            if let Some(waker) = waker
                && panic::catch_unwind(AssertUnwindSafe(|| waker.wake())).is_err()
            {
                logs::warn!("an executor panicked when it was told of an answer");
            }
        }
        State::Here(_) | State::Gone => unreachable!("a reply is sent once"),
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        if let Some(slot) = self.0.take() {
            deliver(&slot, Err(if thread::panicking() { lost_to_a_defect() } else { closed() }));
        }
    }
}

/// The answer to whoever would block the thread that is to bring the answer.
fn waits_for_itself() -> Error {
    Error::configuration(
        "kmsak's own thread would wait for itself: in a function that kmsak calls, use what begins without waiting, or wait \
         on another thread",
    )
}

/// The answer to those who wait for work that panicked.
fn lost_to_a_defect() -> Error {
    Error::new(
        Kind::Server,
        "kmsak met a defect of its own and has lost the answer: try again, and report the log",
    )
    .with_retryable(true)
}

/// The answer to everybody once a provider is closed.
pub(crate) fn closed() -> Error {
    Error::new(Kind::Closed, "The provider is closed: open a new one, or close it later")
}

impl<T> std::fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_waits_no_longer_than_it_said() {
        let (reply, pending) = Pending::<u8>::new();
        let error = pending.wait_within(Duration::from_millis(10)).expect_err("nobody answers");
        assert_eq!((error.kind(), error.retryable()), (Kind::Network, true));
        assert!(error.message().starts_with("there is no answer after 10 ms: "), "{error}");
        // Whoever gave up harms nobody.
        reply.send(Ok(1));
        assert_eq!(Pending::ready(Ok(2)).wait_within(Duration::ZERO).expect("it is there"), 2);
    }
}
