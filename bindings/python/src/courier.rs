//! Carries what kmsak's threads have to tell to Python. kmsak's own thread must never wait for the GIL, which any
//! extension module may hold for seconds; so it leaves its messages here, and a thread that lives only as long as
//! there are some delivers them in order.
//!
//! That thread is Python's own and runs `kmsak/_deliveries.py`. When the interpreter ends, it ends such a thread wherever it is,
//! also in the middle of a listener; that must not happen below a Rust function, which would have something to clean up.

use std::cell::Cell;
use std::collections::VecDeque;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::per_process::PerProcess;

/// A function of Python and its arguments; none when there is nothing to call any more.
pub(crate) type Call = Option<(Py<PyAny>, Py<PyTuple>)>;

type Unpack = Box<dyn FnOnce(Python<'_>) -> PyResult<Call> + Send>;

/// What is delivered apart from the rest, so that a slow log handler delays no asyncio task and a slow listener nobody.
#[derive(Clone, Copy)]
pub(crate) enum Route {
    LogLines,
    Answers,
    Events,
}

impl Route {
    const ALL: [Route; 3] = [Route::LogLines, Route::Answers, Route::Events];

    /// Lines and answers keep their order; of events, each listener's thread waits for the one before.
    fn most_threads(self) -> usize {
        match self {
            Route::LogLines | Route::Answers => 1,
            Route::Events => usize::MAX,
        }
    }
}

static OFFICE: PerProcess<Office> = PerProcess::new();

/// Starts a thread of Python's on the messages that it is given.
static START: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

thread_local! {
    /// Whether this is one of those threads.
    static DELIVERS: Cell<bool> = const { Cell::new(false) };
}

/// How long the interpreter's exit waits for what is being delivered.
const LAST_DELIVERY: Duration = Duration::from_secs(2);

/// How long a fork waits for it: on a busy machine a thread may not be let run for a while, and what it holds is lost to the child.
const BEFORE_A_FORK: Duration = Duration::from_secs(1);

/// How long a fork waits for threads that come into Python, which they do as soon as they are let.
const COMING_IN: Duration = Duration::from_secs(10);

/// How soon another thread is asked for where the system had none.
const NEXT_THREAD: Duration = Duration::from_secs(1);

/// Its lock is never held while anything of Python's is touched.
#[derive(Default)]
struct Office {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queues: [Queue; Route::ALL.len()],
    /// Threads that are in Python with Rust functions above them: the interpreter's exit waits until all are out.
    inside: usize,
    /// How many forks are about to happen.
    paused: usize,
    closed: bool,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<Message>,
    /// Threads that will look for a message before they end, also those that the system has yet to give.
    coming: usize,
    /// Threads that are delivering one.
    out: usize,
}

struct Message {
    unpack: Unpack,
    delivered: Arc<AtomicBool>,
}

impl State {
    /// Whether another thread is to come. It counts as coming from here on.
    fn awaits_another(&mut self, route: Route) -> bool {
        let queue = &mut self.queues[route as usize];
        let does = queue.messages.len() > queue.coming && queue.coming + queue.out < route.most_threads();
        queue.coming += usize::from(does);
        does
    }

    fn out(&self) -> usize {
        self.queues.iter().map(|queue| queue.out).sum()
    }

    fn is_idle(&self) -> bool {
        self.queues.iter().all(|queue| queue.messages.is_empty() && queue.coming + queue.out == 0)
    }
}

/// Says how a thread is started. To be called once, before anything is sent.
pub(crate) fn begin(py: Python<'_>, start: Py<PyAny>) {
    // A second copy of the package would be a second native module.
    drop(START.set(py, start));
}

/// Takes a message along. Never waits for the GIL.
pub(crate) fn send(route: Route, unpack: impl FnOnce(Python<'_>) -> PyResult<Call> + Send + 'static) {
    OFFICE.get().post(route, Box::new(unpack));
}

/// As [`send`], and waits until it is delivered or nothing is any more. The caller must not hold the GIL.
pub(crate) fn send_and_wait(
    route: Route,
    unpack: impl FnOnce(Python<'_>) -> PyResult<Call> + Send + 'static,
) {
    let office = OFFICE.get();
    let delivered = office.post(route, Box::new(unpack));
    let is_waiting = |state: &mut State| !state.closed && !delivered.load(Ordering::Acquire);
    loop {
        let (mut state, _) = office
            .changed
            .wait_timeout_while(office.lock(), NEXT_THREAD, is_waiting)
            .unwrap_or_else(PoisonError::into_inner);
        if !is_waiting(&mut state) {
            return;
        }
        office.staff(route, state);
    }
}

/// Whether the interpreter is going: nothing is delivered any more.
pub(crate) fn is_stopped() -> bool {
    OFFICE.get().lock().closed
}

/// Delivers what is waiting, and nothing any more after it. The caller must not hold the GIL.
pub(crate) fn stop() {
    let office = OFFICE.get();
    let mut state = office.wait_while(LAST_DELIVERY, |state| !state.is_idle());
    state.closed = true;
    let undelivered: Vec<_> =
        state.queues.iter_mut().map(|queue| std::mem::take(&mut queue.messages)).collect();
    office.changed.notify_all();
    // All that these do is ours, and short.
    let state =
        office.changed.wait_while(state, |state| state.inside > 0).unwrap_or_else(PoisonError::into_inner);
    drop(state);
    drop(undelivered);
}

/// Lets nothing begin to be delivered until [`go_on`], and waits for what is: a child would inherit the locks that a log handler
/// holds, and nobody to open them. Nor does any thread come into Python meanwhile: up to 3.11 it takes a lock of the interpreter's,
/// without the GIL, for which every child waits before it is let out of `os.fork`. The caller must not hold the GIL.
pub(crate) fn pause() {
    let office = OFFICE.get();
    office.lock().paused += 1;
    // A listener that forks does not wait for itself.
    let own = usize::from(DELIVERS.get());
    drop(office.wait_while(BEFORE_A_FORK, |state| state.out() > own));
    drop(office.wait_while(COMING_IN, |state| state.inside > 0));
}

/// Ends a [`pause`], in the parent; a child begins with nothing.
pub(crate) fn go_on() {
    let office = OFFICE.get();
    let mut state = office.lock();
    state.paused = state.paused.saturating_sub(1);
    office.changed.notify_all();
}

impl Office {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, most: Duration, more: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_timeout_while(self.lock(), most, |state| more(state));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits until no fork is about to happen.
    fn after_a_pause(&self) -> MutexGuard<'_, State> {
        let is_paused = |state: &mut State| state.paused > 0 && !state.closed;
        self.changed.wait_while(self.lock(), is_paused).unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&'static self, route: Route, unpack: Unpack) -> Arc<AtomicBool> {
        let delivered = Arc::new(AtomicBool::new(false));
        let mut state = self.lock();
        if !state.closed {
            let message = Message { unpack, delivered: delivered.clone() };
            state.queues[route as usize].messages.push_back(message);
            self.staff(route, state);
        }
        delivered
    }

    /// Asks for a thread if there are not enough. Where the system has none, the messages wait until it has.
    fn staff(&'static self, route: Route, mut state: MutexGuard<'_, State>) {
        if !state.awaits_another(route) {
            return;
        }
        drop(state);
        let messages = Messages::to_come(route);
        kmsak::start_thread("kmsak-python", move || self.start(messages));
    }

    /// Has Python start a thread of its own on them, and asks again where it has none either.
    fn start(&'static self, messages: Messages) {
        let route = messages.route;
        let mut next = Some(messages);
        while let Some(messages) = next.take() {
            if !self.is_refused(messages) {
                return;
            }
            // Counted during the pause, or each message would bring another one to wait here.
            next = self.lock().awaits_another(route).then(|| Messages::to_come(route));
            drop(self.wait_while(NEXT_THREAD, |state| !state.closed));
        }
    }

    fn is_refused(&self, messages: Messages) -> bool {
        {
            let mut state = self.after_a_pause();
            if state.closed {
                return false;
            }
            state.inside += 1;
        }
        let _leave = Leave(self);
        // The error is dropped there and then, and with it all that holds on to the messages.
        let start = |py: Python<'_>| START.get(py).is_some_and(|start| start.call1(py, (messages,)).is_err());
        Python::try_attach(start).unwrap_or(false)
    }
}

/// Counts a thread out of Python.
struct Leave<'a>(&'a Office);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.lock().inside -= 1;
        self.0.changed.notify_all();
    }
}

/// What one thread is to call, as an iterator of functions and their arguments.
#[pyclass(frozen, name = "_Messages", module = "kmsak._kmsak")]
pub(crate) struct Messages {
    route: Route,
    process: u32,
    /// Of the message that is being delivered.
    held: Mutex<Option<Arc<AtomicBool>>>,
    /// Whether the thread has begun with them.
    came: AtomicBool,
    gone: AtomicBool,
}

impl Messages {
    /// For a thread that is counted as coming.
    fn to_come(route: Route) -> Self {
        Messages {
            route,
            process: process::id(),
            held: Mutex::default(),
            came: AtomicBool::new(false),
            gone: AtomicBool::new(false),
        }
    }

    /// The message that was given out is delivered.
    fn come_back(&self, office: &Office) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(delivered) = held else { return };
        let mut state = office.lock();
        let queue = &mut state.queues[self.route as usize];
        queue.out -= 1;
        queue.coming += 1;
        delivered.store(true, Ordering::Release);
        office.changed.notify_all();
    }

    fn take(&self, py: Python<'_>, office: &Office) -> Option<Message> {
        loop {
            let mut state = office.lock();
            if state.closed {
                return None;
            }
            if state.paused > 0 {
                drop(state);
                py.detach(|| drop(office.after_a_pause()));
                continue;
            }
            let queue = &mut state.queues[self.route as usize];
            let message = queue.messages.pop_front()?;
            queue.coming -= 1;
            queue.out += 1;
            state.inside += 1;
            return Some(message);
        }
    }

    fn end(&self) {
        if process::id() != self.process || self.gone.swap(true, Ordering::AcqRel) {
            return;
        }
        let office = OFFICE.get();
        self.come_back(office);
        let mut state = office.lock();
        state.queues[self.route as usize].coming -= 1;
        office.changed.notify_all();
        // In the place of a thread that never came, another one would be refused at once, and so on without end.
        if self.came.load(Ordering::Acquire) {
            office.staff(self.route, state);
        }
    }
}

#[pymethods]
impl Messages {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> Call {
        DELIVERS.set(true);
        // What a listener forked goes on as a copy of this thread: the messages are the parent's.
        if process::id() != self.process {
            return None;
        }
        self.came.store(true, Ordering::Release);
        let office = OFFICE.get();
        loop {
            self.come_back(office);
            let Some(message) = self.take(py, office) else {
                self.end();
                return None;
            };
            let leave = Leave(office);
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.delivered);
            let call = (message.unpack)(py);
            drop(leave);
            match call {
                Ok(Some(call)) => return Some(call),
                Ok(None) => {}
                Err(error) => error.write_unraisable(py, None),
            }
        }
    }

    /// Tells of what `function` raised.
    #[pyo3(signature = (error, function))]
    fn failed(&self, error: &Bound<'_, PyAny>, function: &Bound<'_, PyAny>) {
        PyErr::from_value(error.clone()).write_unraisable(error.py(), Some(function));
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.end();
    }
}
