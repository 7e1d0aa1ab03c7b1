//! The one thread that a process has for kmsak, whatever the number of providers. It runs every request, retry,
//! schedule and file watch, and sleeps in between.
//!
//! Why not reqwest's blocking client: it starts a thread with a runtime of its own for each client, and a provider
//! has a client an endpoint. A process would hold as many idle threads as endpoints, hedging and time-outs would
//! need still more, and a fork would leave every one of those runtimes dead in the child. Here they are futures on
//! a single thread, and the blocking face is [`Pending`](crate::Pending).

use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::error::{Error, Kind, Result};
use crate::process::descriptors::Sentinel;
use crate::process::fork::{self, PerProcess};
use crate::process::lock::Mutex;
use crate::process::{answering, logs, signals, threads};

static ENGINE: PerProcess<Mutex<Weak<Engine>>> = PerProcess::empty();

static MAY_BE_UNLOADED: AtomicBool = AtomicBool::new(true);

/// Promises that the library which this code is part of is never unloaded, for hosts that must not block. Closing the last
/// provider then does not wait for kmsak's thread to end; otherwise it does, lest the thread's code vanish under it.
pub fn never_unloaded() {
    MAY_BE_UNLOADED.store(false, Ordering::Relaxed);
}

thread_local! {
    static THIS_THREAD: Cell<ThisThread> = const { Cell::new(ThisThread::Another) };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ThisThread {
    Another,
    Running,
    Ending,
}

/// Whether this is kmsak's own thread, which must not wait for itself.
pub(crate) fn is_this_thread() -> bool {
    THIS_THREAD.get() != ThisThread::Another
}

/// Runs `work` on a thread of its own, which runs no signal handler of the host. Where the system refuses one, it is asked again
/// until it does not; `work` is dropped when no provider is open meanwhile, for nobody is there to ask then. Never waits. For
/// bindings; the receiver given to [`forward_logs`](crate::forward_logs) may call it.
pub fn start_thread(name: &'static str, work: impl FnOnce() + Send + 'static) {
    let Err((_, work)) = threads::start_or_give_back(name, Box::new(work)) else { return };
    let Ok(slot) = ENGINE.get_or_make(|| Ok::<_, Infallible>(Arc::default()), drop);
    let running = slot.lock().upgrade();
    if let Some(engine) = running {
        threads::start_in_time(name, engine.handle(), work);
    }
}

/// Runs `f`, once, where it may block: here, unless this is kmsak's own thread, which borrows another for it.
pub(crate) fn run_where_it_may_block(f: impl FnOnce() + Send + 'static) {
    // A runtime that ends drops what it has not begun.
    let call = OnDrop(Some(f));
    match (THIS_THREAD.get(), Handle::try_current()) {
        (ThisThread::Running, Ok(runtime)) => {
            answering::hand_over(Box::new(move || drop(call)), &runtime);
        }
        // It waits for no thread any more. Where the system refuses one, `call` is dropped, and run, here.
        (ThisThread::Ending, _) => drop(threads::start("kmsak-answers", move || drop(call))),
        _ => drop(call),
    }
}

struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(f) = self.0.take()
            && panic::catch_unwind(AssertUnwindSafe(f)).is_err()
        {
            logs::warn!("a function that was to be called with an answer panicked");
        }
    }
}

/// A running thread. Dropping the last `Arc` ends it.
pub(crate) struct Engine {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// This process's engine, started if need be.
    pub(crate) fn get() -> Result<Arc<Engine>> {
        fork::watch();
        let slot = ENGINE.get_or_make(|| Ok::<_, Error>(Arc::default()), drop)?;
        let mut running = slot.lock();
        if let Some(engine) = running.upgrade() {
            return Ok(engine);
        }
        let engine = Arc::new(Engine::start()?);
        *running = Arc::downgrade(&engine);
        Ok(engine)
    }

    fn start() -> Result<Engine> {
        let cannot = |error: std::io::Error| {
            Error::new(Kind::Server, format!("The system refuses kmsak its background thread ({error}): raise the limit on threads or open files"))
                .with_retryable(true)
        };
        let generation = fork::generation();
        let sentinel = Sentinel::open().map_err(cannot)?;
        let mark = sentinel.mark();
        let look = move || {
            if mark.is_lost() {
                fork::leave_behind(generation);
                stay_asleep();
            }
        };
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            // Before it waits as well: to wait with a descriptor that is gone makes Tokio panic, and drop what it cannot close.
            .on_thread_park(look)
            .on_thread_unpark(look)
            .build()
            .map_err(cannot)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = signals::blocked(|| {
            thread::Builder::new().name("kmsak".into()).spawn(move || {
                THIS_THREAD.set(ThisThread::Running);
                // Told to go, forgotten, or beaten: without its descriptors the runtime panics.
                let ended = panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(stopped)));
                if ended.is_err() {
                    fork::leave_behind(generation);
                    stay_asleep();
                }
                THIS_THREAD.set(ThisThread::Ending);
                // A name look-up or a subscriber may still be at work on a thread of its own; nobody waits for it.
                runtime.shutdown_background();
                drop(sentinel);
            })
        })
        .map_err(cannot)?;
        Ok(Engine { handle, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && MAY_BE_UNLOADED.load(Ordering::Relaxed)
            && thread.thread().id() != thread::current().id()
            && Handle::try_current().is_err()
        {
            // A panic there was reported where it happened.
            drop(thread.join());
        }
    }
}

/// For a thread that was left behind: to end it would close descriptors that are no longer its own.
fn stay_asleep() -> ! {
    loop {
        thread::park();
    }
}

/// Runs `future` on the engine until it is done or the engine ends.
pub(crate) fn spawn(handle: &Handle, future: impl Future<Output = ()> + Send + 'static) {
    spawn_boxed(handle, Box::pin(future));
}

/// Boxed, or all that Tokio has around a task would be compiled for each.
fn spawn_boxed(handle: &Handle, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
    drop(handle.spawn(future));
}
