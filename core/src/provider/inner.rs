//! What all clones of a provider share, and what of it a forked child makes anew.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::error::Result;
use crate::pending::closed;
use crate::process::descriptors;
use crate::process::engine::Engine;
use crate::process::fork::{self, PerProcess};
use crate::process::logs;
use crate::secret::Credentials;
use crate::upkeep::cache::Handles;
use crate::upkeep::endpoint::Endpoint;
use crate::upkeep::live::{Live, State};

pub(super) struct Inner {
    pub(super) state: Arc<State>,
    pub(super) start_warnings: Vec<String>,
    pub(super) endpoints: PerProcess<Vec<Arc<Endpoint>>>,
    pub(super) process: PerProcess<Process>,
}

/// What a forked child has to make anew.
pub(super) struct Process {
    live: Arc<Live>,
    /// Dropped after `live` is closed: with the last provider the thread ends.
    _engine: Arc<Engine>,
}

impl Inner {
    pub(super) fn live(&self) -> Result<Arc<Live>> {
        if self.state.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        descriptors::notice();
        let make = || {
            let engine = Engine::get()?;
            // The runtime is entered on its own thread alone: whoever asks from an exit handler has no way in any more.
            let live = Live::start(self.state.clone(), self.endpoints()?, engine.handle());
            Ok(Arc::new(Process { live, _engine: engine.clone() }))
        };
        let process = self.process.get_or_make(make, |unused: Arc<Process>| unused.live.close())?;
        if self.state.closed.load(Ordering::Acquire) {
            // Closed while it was being made.
            self.close();
            return Err(closed());
        }
        Ok(process.live.clone())
    }

    pub(super) fn endpoints(&self) -> Result<Arc<Vec<Arc<Endpoint>>>> {
        fork::watch();
        self.endpoints.get_or_make(|| self.state.open_endpoints(), drop)
    }

    /// A forked child that only reads cached values must have its refreshes all the same.
    #[inline(always)]
    pub(super) fn revive_after_fork(&self) {
        if self.process.is_inherited() {
            self.revive();
        }
    }

    /// As long as `max_stale` allows.
    #[cold]
    pub(super) fn credentials_for_a_while(&self, name: &[u8]) -> Option<Arc<Credentials>> {
        // Nobody may keep what is good for a while only.
        self.state.cache.changes().fetch_add(1, Ordering::Release);
        self.state.cached(name)?.credentials.as_ref().map(Handles::mine)
    }

    #[cold]
    fn revive(&self) {
        if self.live().is_err() {
            logs::debug!("a forked child cannot refresh what it reads");
        }
    }

    pub(super) fn close(&self) {
        self.state.closed.store(true, Ordering::Release);
        self.state.cache.close();
        // What was left behind is not touched here.
        descriptors::notice();
        if let Some(process) = self.process.take() {
            process.live.close();
        }
        drop(self.endpoints.take());
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}
