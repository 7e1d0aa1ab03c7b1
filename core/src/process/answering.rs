//! Threads that call functions with answers, where such a function may block. As many as block at the same time, and one more: a
//! thousand answers that come together do not start a thousand threads.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::fork::PerProcess;
use super::lock::Mutex;
use super::threads;

type Call = Box<dyn FnOnce() + Send>;

static CREW: PerProcess<Crew> = PerProcess::empty();

#[derive(Default)]
struct Crew(Mutex<Calls>);

#[derive(Default)]
struct Calls {
    waiting: VecDeque<Call>,
    /// Whether a thread is on its way to them.
    is_coming: bool,
}

/// Has `call` made on another thread, in order with others as far as none of them blocks.
pub(crate) fn hand_over(call: Call, runtime: &Handle) {
    let Ok(crew) = CREW.get_or_make(|| Ok::<_, Infallible>(Arc::default()), drop);
    crew.0.lock().waiting.push_back(call);
    crew.send_for_one(runtime);
}

impl Crew {
    fn send_for_one(self: &Arc<Self>, runtime: &Handle) {
        {
            let mut calls = self.0.lock();
            if calls.waiting.is_empty() || std::mem::replace(&mut calls.is_coming, true) {
                return;
            }
        }
        let one = Coming { crew: self.clone(), runtime: runtime.clone(), came: false };
        threads::start_in_time("kmsak-answers", runtime, move || one.come());
    }

    fn next(&self) -> Option<Call> {
        self.0.lock().waiting.pop_front()
    }
}

/// A thread on its way.
struct Coming {
    crew: Arc<Crew>,
    runtime: Handle,
    came: bool,
}

impl Coming {
    fn come(mut self) {
        self.came = true;
        self.crew.0.lock().is_coming = false;
        while let Some(call) = self.crew.next() {
            // The rest need not wait for this one.
            self.crew.send_for_one(&self.runtime);
            call();
        }
    }
}

impl Drop for Coming {
    /// Where the system refuses a thread until kmsak's own ends, that one waits for nothing any more, and makes the calls.
    fn drop(&mut self) {
        if self.came {
            return;
        }
        self.crew.0.lock().is_coming = false;
        while let Some(call) = self.crew.next() {
            call();
        }
    }
}
