//! Threads beside the one that a process has for kmsak, for what may block: an application's listener, a name look-up, a disk.
//! Not tokio's, which panics where the system refuses to start one.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;

use super::lock::Mutex;
use super::{logs, signals};

/// What a thread does. Boxed, or all that starts one would be compiled for each piece of work.
type Work = Box<dyn FnOnce() + Send>;

/// How often the system is asked again for a thread that it refused.
const AGAIN: Duration = Duration::from_secs(1);

/// Runs `work` on a thread of its own, which runs no signal handler of the host.
///
/// # Errors
/// When the system refuses to start one; `work` is dropped.
pub(crate) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    start_boxed(name, Box::new(work))
}

fn start_boxed(name: &str, work: Work) -> io::Result<()> {
    #[cfg(test)]
    let Some(work) = in_tests::take(work)? else { return Ok(()) };
    signals::blocked(|| thread::Builder::new().name(name.into()).spawn(work)).map(drop)
}

/// As [`start`]; `work` comes back where the system refuses.
pub(crate) fn start_or_give_back(name: &str, work: Work) -> Result<(), (io::Error, Work)> {
    let place = Arc::new(Mutex::new(Some(work)));
    let taken = place.clone();
    let started = start_boxed(
        name,
        Box::new(move || {
            let work = taken.lock().take();
            work.into_iter().for_each(|work| work());
        }),
    );
    started.map_err(|refused| (refused, place.lock().take().expect("nobody has begun with it")))
}

/// As [`start`]; where the system refuses, it is asked again until it does not. Never fails, and never waits.
pub(crate) fn start_in_time(name: &'static str, runtime: &Handle, work: impl FnOnce() + Send + 'static) {
    start_boxed_in_time(name, runtime, Box::new(work));
}

fn start_boxed_in_time(name: &'static str, runtime: &Handle, work: Work) {
    let Err((refused, mut work)) = start_or_give_back(name, work) else { return };
    logs::warn!(
        "the system refuses kmsak a thread ({refused}), and is asked again: raise the limit on threads"
    );
    drop(runtime.spawn(async move {
        loop {
            sleep(AGAIN).await;
            match start_or_give_back(name, work) {
                Ok(()) => return,
                Err((_, refused)) => work = refused,
            }
        }
    }));
}

#[cfg(test)]
pub(crate) mod in_tests {
    use std::cell::Cell;

    use super::{Handle, io};

    thread_local! {
        /// Whether whoever calls from this thread is refused.
        pub(crate) static REFUSED: Cell<bool> = const { Cell::new(false) };
    }

    /// Hands `work` to the test's runtime if there is one: its paused clock stands still for its own threads alone.
    pub(super) fn take(work: super::Work) -> io::Result<Option<super::Work>> {
        if REFUSED.get() {
            return Err(io::Error::from(io::ErrorKind::WouldBlock));
        }
        Ok(match Handle::try_current() {
            Ok(runtime) => {
                drop(runtime.spawn_blocking(work));
                None
            }
            Err(_) => Some(work),
        })
    }
}
