//! Carries what kmsak's threads have to tell to Python. kmsak's own thread must never wait for the GIL, which any
//! extension module may hold for seconds; so it leaves its messages here, and a thread that lives only as long as
//! there are some takes the GIL and delivers them in order.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::per_process::PerProcess;

type Message = Box<dyn FnOnce(Python<'_>) + Send>;

/// Log lines. Apart from the answers, so that a slow log handler delays no asyncio task.
pub(crate) static LOG_LINES: Courier = Courier(PerProcess::new());

/// What asyncio tasks wait for.
pub(crate) static ANSWERS: Courier = Courier(PerProcess::new());

static GATE: PerProcess<Gate> = PerProcess::new();

/// How long the interpreter's exit waits for what is being delivered.
const LAST_DELIVERY: Duration = Duration::from_secs(2);

pub(crate) struct Courier(PerProcess<Bag>);

#[derive(Default)]
struct Bag {
    state: Mutex<State>,
    emptied: Condvar,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Message>,
    /// Whether a thread is delivering.
    busy: bool,
}

/// Who is in Python. A thread that still waits for the GIL when the interpreter goes is ended in the middle of our
/// code, which aborts the process; so the interpreter's exit closes the gate and waits until everybody is out.
#[derive(Default)]
struct Gate {
    state: Mutex<Inside>,
    left: Condvar,
}

#[derive(Default)]
struct Inside {
    closed: bool,
    threads: usize,
}

/// Runs `f` with the GIL, on a thread that Python did not start. None when the interpreter is going or gone.
pub(crate) fn attached<R>(f: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    let gate = GATE.get();
    {
        let mut inside = lock(&gate.state);
        if inside.closed {
            return None;
        }
        inside.threads += 1;
    }
    let _leave = Leave(gate);
    Python::try_attach(f)
}

/// Whether the interpreter is going: nothing is delivered any more.
pub(crate) fn is_stopped() -> bool {
    lock(&GATE.get().state).closed
}

struct Leave(&'static Gate);

impl Drop for Leave {
    fn drop(&mut self) {
        lock(&self.0.state).threads -= 1;
        self.0.left.notify_all();
    }
}

impl Courier {
    /// Takes `message` along. Never waits for the GIL.
    pub(crate) fn send(&self, message: impl FnOnce(Python<'_>) + Send + 'static) {
        let bag = self.0.get();
        let mut state = lock(&bag.state);
        state.messages.push_back(Box::new(message));
        if !state.busy {
            // Without a thread the messages wait for the next one that can be had.
            state.busy = thread::Builder::new().name("kmsak-python".into()).spawn(|| bag.deliver()).is_ok();
        }
    }
}

impl Bag {
    fn deliver(&self) {
        loop {
            let message = {
                let mut state = lock(&self.state);
                match state.messages.pop_front() {
                    Some(message) => message,
                    None => return self.done(&mut state),
                }
            };
            if attached(message).is_none() {
                // The interpreter is gone: nobody hears the rest.
                let mut state = lock(&self.state);
                state.messages.clear();
                return self.done(&mut state);
            }
        }
    }

    fn done(&self, state: &mut State) {
        state.busy = false;
        self.emptied.notify_all();
    }
}

/// Delivers what is waiting, and lets nobody into Python any more. The caller must not hold the GIL.
pub(crate) fn stop() {
    let until = Instant::now() + LAST_DELIVERY;
    for courier in [&LOG_LINES, &ANSWERS] {
        let bag = courier.0.get();
        wait_while(&bag.emptied, lock(&bag.state), until, |state| state.busy);
    }
    let gate = GATE.get();
    let mut inside = lock(&gate.state);
    inside.closed = true;
    wait_while(&gate.left, inside, until, |inside| inside.threads > 0);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait_while<T>(changed: &Condvar, guard: MutexGuard<'_, T>, until: Instant, more: impl Fn(&T) -> bool) {
    let left = until.saturating_duration_since(Instant::now());
    // Whoever takes longer than that is left behind.
    drop(changed.wait_timeout_while(guard, left, |state| more(state)));
}
