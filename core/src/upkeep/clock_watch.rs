//! Notices that the clock on the wall has jumped, or that the machine has slept, for which timers stand still: what was scheduled by
//! that clock may be due. One look for all secrets.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::live::Live;

/// The time between two looks.
const LOOK: Duration = Duration::from_secs(60);

/// Less is a clock that somebody keeps right little by little.
const JUMP: Duration = Duration::from_secs(5);

/// Told of each jump.
pub(super) struct ClockWatch(watch::Sender<()>);

impl ClockWatch {
    pub(super) fn new() -> Self {
        ClockWatch(watch::Sender::new(()))
    }

    /// Waits for `most`, or until the clock has jumped.
    pub(super) async fn wait(&self, most: Duration) {
        let mut jumps = self.0.subscribe();
        // Either way it is time to look.
        drop(timeout(most, jumps.changed()).await);
    }
}

/// Looks for as long as it is driven.
pub(super) async fn watch(live: Arc<Live>) {
    let mut seen = (live.state().now(), Instant::now());
    loop {
        sleep(LOOK).await;
        let now = (live.state().now(), Instant::now());
        if difference(now.0, seen.0 + (now.1 - seen.1)) > JUMP {
            live.clock_watch().0.send_replace(());
        }
        seen = now;
    }
}

fn difference(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|before| before.duration())
}
