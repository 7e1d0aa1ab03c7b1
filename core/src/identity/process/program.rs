//! A program on a thread of its own: to start it takes as long as its disk wants, to read it as long as it wants itself, and to
//! wait for its end as long as the system wants, which lets some go on that were killed: another user's, or one in the middle of
//! a read of a network file system that is gone.

#[cfg(test)]
use std::cell::Cell;
use std::io::Read as _;
use std::process::{Child, Command};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::together::Together;
use crate::process::lock::Mutex;
use crate::process::places::Places;
use crate::process::threads;

const LARGEST_OUTPUT: usize = 64 << 10;

/// Programs whose end somebody waits for: where so many do not end, another would not either.
static PLACES: Places = Places::new(32);

/// What a program writes, or what is wrong with it.
type Output = Result<Zeroizing<Vec<u8>>, String>;

/// A program that is ended when nobody waits for its output any more, with all that it has started.
pub(super) struct Program(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// From its start until its thread, which may wait without end for it, is all that is left to wait.
    running: Option<(Child, Together)>,
    is_given_up: bool,
}

impl Program {
    /// Never waits, not even until it is started.
    pub(super) fn start(command: Command) -> Result<(Self, oneshot::Receiver<Output>), String> {
        let Some(place) = PLACES.take() else {
            return Err("is not started, as too many programs before it have not ended".to_owned());
        };
        let program = Program(Arc::default());
        let state = program.0.clone();
        let (tell, told) = oneshot::channel();
        threads::start_in_time("kmsak-external", &Handle::current(), move || {
            let output = output(command, &state);
            // Whoever asked may have given up.
            drop(tell.send(output));
            finish(&state);
            drop(place);
        });
        Ok((program, told))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_given_up = true;
        if let Some((child, together)) = &mut state.running {
            end(child, together);
        }
    }
}

/// Tells it to end, unless it has.
fn end(child: &mut Child, together: &Together) {
    #[cfg(test)]
    if IN_VAIN.get() {
        return;
    }
    // Neither where it was waited for, nor in a child of a fork, whose program it is not.
    if matches!(child.try_wait(), Ok(None)) {
        together.end(child);
        drop(child.kill());
    }
}

fn output(mut command: Command, state: &Mutex<State>) -> Output {
    if state.lock().is_given_up {
        return Err("is not started any more".to_owned());
    }
    let (mut child, together) =
        Together::start(&mut command).map_err(|error| format!("cannot be started ({error})"))?;
    let output = child.stdout.take();
    {
        let mut state = state.lock();
        if state.is_given_up {
            end(&mut child, &together);
        }
        state.running = Some((child, together));
    }
    let Some(output) = output else { return Err("has no output".to_owned()) };
    // As large as it will get, for a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST_OUTPUT + 1));
    let read = output.take(LARGEST_OUTPUT as u64 + 1).read_to_end(&mut bytes);
    if read.is_err() {
        return Err("broke off".to_owned());
    }
    if bytes.len() > LARGEST_OUTPUT {
        return Err("writes more than 64 KiB".to_owned());
    }
    ended_well(state)?;
    Ok(bytes)
}

/// Waits for its end, which comes at once when its output is closed.
fn ended_well(state: &Mutex<State>) -> Result<(), String> {
    for _ in 0..100 {
        let ended = state.lock().running.as_mut().map(|(child, _)| child.try_wait());
        match ended {
            Some(Ok(Some(status))) if status.success() => return Ok(()),
            Some(Ok(Some(status))) => return Err(format!("ended with {status}")),
            // The application ignores SIGCHLD, or waits for all children itself: what the program wrote has to tell.
            #[cfg(unix)]
            Some(Err(error)) if error.raw_os_error() == Some(libc::ECHILD) => return Ok(()),
            Some(Err(error)) => return Err(format!("cannot be waited for ({error})")),
            Some(Ok(None)) | None => thread::sleep(Duration::from_millis(20)),
        }
    }
    Err("closed its output and did not end".to_owned())
}

/// Ends it if need be, and waits, or the system would keep what is left of it.
fn finish(state: &Mutex<State>) {
    let running = state.lock().running.take();
    if let Some((mut child, together)) = running {
        end(&mut child, &together);
        drop(child.wait());
    }
}

#[cfg(test)]
thread_local! {
    /// Whether what this thread tells to end goes on.
    pub(super) static IN_VAIN: Cell<bool> = const { Cell::new(false) };
}
