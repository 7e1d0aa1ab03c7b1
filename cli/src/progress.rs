//! A line on a terminal while something takes its time.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

/// What is quicker deserves no word.
const AFTER: Duration = Duration::from_secs(1);

static SHOWN: AtomicBool = AtomicBool::new(false);

/// Dropped when it is done, which takes the line away again.
pub(crate) struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    pub(crate) fn begin(what: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Progress(None);
        }
        let line = format!("kmsak: {what} ...");
        let (done, told) = mpsc::channel();
        // Without a thread there is no line, and no harm.
        let thread = std::thread::Builder::new().spawn(move || {
            if told.recv_timeout(AFTER) == Err(RecvTimeoutError::Timeout) {
                write(&line);
                SHOWN.store(true, Ordering::Relaxed);
                let _ = told.recv();
                clear();
            }
        });
        Progress(thread.ok().map(|thread| (done, thread)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.0.take() {
            drop(done);
            // A panic there was reported where it happened.
            let _ = thread.join();
        }
    }
}

/// Makes room for another line.
pub(crate) fn clear() {
    if SHOWN.swap(false, Ordering::Relaxed) {
        write("\r\x1b[K");
    }
}

/// A standard error that is closed is no reason to stop.
fn write(text: &str) {
    let mut terminal = std::io::stderr();
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}
