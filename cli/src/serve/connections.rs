//! How many connections there are, and which one has to go when there are too many.
//!
//! A bound alone would let whoever opens connections and says nothing keep everybody else out. So the newcomer is let in
//! and those go that have been idle longest; a connection whose request is being answered is never closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

pub(super) struct Connections {
    most: usize,
    open: Mutex<Vec<Arc<Connection>>>,
    started: Instant,
    closed: Notify,
}

pub(super) struct Connection {
    /// Milliseconds after the start of the agent.
    last_active: AtomicU64,
    answering: AtomicBool,
    evicted: Notify,
}

/// Files beside the connections: the gateway's own, the ClientKey, logs.
#[cfg(unix)]
const OTHER_FILES: u64 = 64;

/// The bound on connections that the limit on open files leaves, after raising that as far as it goes.
#[cfg(unix)]
pub(super) fn within_file_limit(wanted: u32) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let needed = u64::from(wanted) + OTHER_FILES;
    let raised = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
    let current = limit.current.unwrap_or(needed);
    if raised > current
        && let Ok(()) = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limit })
    {
        return raised.saturating_sub(OTHER_FILES).max(1) as usize;
    }
    current.min(needed).saturating_sub(OTHER_FILES).max(1) as usize
}

/// There is no such limit here.
#[cfg(not(unix))]
pub(super) fn within_file_limit(wanted: u32) -> usize {
    wanted as usize
}

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Connections { most, open: Mutex::default(), started: Instant::now(), closed: Notify::new() }
    }

    /// Takes in one more. None when every one of the others is being answered.
    pub(super) fn admit(&self) -> Option<Arc<Connection>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= self.most {
            evict(&mut open, self.most / 16 + 1);
            if open.len() >= self.most {
                return None;
            }
        }
        let connection = Arc::new(Connection {
            last_active: AtomicU64::new(self.now()),
            answering: AtomicBool::new(false),
            evicted: Notify::new(),
        });
        open.push(connection.clone());
        Some(connection)
    }

    pub(super) fn remove(&self, connection: &Arc<Connection>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = open.iter().position(|one| Arc::ptr_eq(one, connection)) {
            open.swap_remove(place);
        }
        if open.is_empty() {
            self.closed.notify_waiters();
        }
    }

    pub(super) fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) async fn all_closed(&self) {
        loop {
            let closed = self.closed.notified();
            tokio::pin!(closed);
            closed.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            closed.await;
        }
    }

    pub(super) fn begin_answer(&self, connection: &Connection) {
        connection.answering.store(true, Ordering::Relaxed);
    }

    pub(super) fn end_answer(&self, connection: &Connection) {
        connection.last_active.store(self.now(), Ordering::Relaxed);
        connection.answering.store(false, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Several at once, so that a flood does not look through all of them each time.
fn evict(open: &mut Vec<Arc<Connection>>, count: usize) {
    let mut idle: Vec<(u64, usize)> = open
        .iter()
        .enumerate()
        .filter(|(_, connection)| !connection.answering.load(Ordering::Relaxed))
        .map(|(place, connection)| (connection.last_active.load(Ordering::Relaxed), place))
        .collect();
    idle.sort_unstable();
    let mut places: Vec<usize> = idle.into_iter().take(count).map(|(_, place)| place).collect();
    // From the back, as each removal moves the last one.
    places.sort_unstable_by(|a, b| b.cmp(a));
    for place in places {
        open.swap_remove(place).evicted.notify_one();
    }
}

impl Connection {
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_idle_make_room_and_the_busy_stay() {
        let connections = Connections::new(3);
        let busy = connections.admit().unwrap();
        connections.begin_answer(&busy);
        connections.admit().unwrap();
        connections.admit().unwrap();
        let newcomer = connections.admit().unwrap();
        assert_eq!(connections.count(), 3);
        connections.begin_answer(&newcomer);
        let other = connections.admit().unwrap();
        connections.begin_answer(&other);
        assert!(connections.admit().is_none(), "all are being answered");
        connections.end_answer(&busy);
        assert!(connections.admit().is_some());
        connections.remove(&busy);
        assert_eq!(connections.count(), 3, "it was removed already");
    }
}
