//! When the keeper of a secret asks again without being asked.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::Keeper;
use crate::upkeep::cache::Snapshot;
use crate::upkeep::schedule;

/// When the schedule wants the next fetch: whichever clock is there first. The one on the wall may be set back, and the other
/// one stands still while the machine sleeps.
#[derive(Clone, Copy)]
pub(super) struct Next {
    pub(super) by_kms_clock: SystemTime,
    pub(super) at: Instant,
}

/// The clock on the wall may jump and the machine may sleep: the schedule looks at it at least this often.
const LOOK_AT_THE_CLOCK: Duration = Duration::from_secs(3600);

impl Keeper {
    pub(super) fn schedule_after(&mut self, snapshot: &Snapshot) {
        if self.is_rejected(snapshot) {
            let since = *self.rejected_since.get_or_insert_with(Instant::now);
            self.next_try(since, None);
            return;
        }
        self.rejected_since = None;
        let config = &self.live.state().config;
        let draw = self.live.environment().random.draw();
        let rotation = snapshot.secret.next_rotation_date();
        let next = schedule::next_refresh(snapshot.fetched, rotation, &config.refresh, draw);
        self.set_next(schedule::within_max_stale(next, snapshot.fetched, config.max_stale, draw));
    }

    /// Schedules a fetch as after a failure that has lasted since `since`; answers how long it waits.
    pub(super) fn next_try(&mut self, since: Instant, floor: Option<Duration>) -> Duration {
        let draw = self.live.environment().random.draw();
        let wait = schedule::after_failed_refresh(since.elapsed(), floor, draw);
        self.set_next(self.live.state().now() + wait);
        wait
    }

    pub(super) fn set_next(&mut self, next: SystemTime) {
        let wait = next.duration_since(self.live.state().now()).unwrap_or_default();
        self.next = Some(Next { by_kms_clock: next, at: Instant::now() + wait });
        self.status.lock().next_refresh = Some(next);
    }

    pub(super) async fn due(&self) {
        let Some(next) = self.next else { return std::future::pending().await };
        while let Ok(left) = next.by_kms_clock.duration_since(self.live.state().now()) {
            let left = left.min(next.at.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return;
            }
            sleep(left.min(LOOK_AT_THE_CLOCK)).await;
        }
    }

    /// Returns when the value in the cache is older than it may be, by either clock.
    pub(super) async fn too_stale(&self) {
        let (Some(most), Some(snapshot)) = (self.live.state().config.max_stale, self.entry.snapshot()) else {
            return std::future::pending().await;
        };
        let look = (most / 10).clamp(Duration::from_secs(1), LOOK_AT_THE_CLOCK);
        while let Some(left) = self.live.state().good_for(&snapshot)
            && !left.is_zero()
        {
            sleep(left.min(look)).await;
        }
    }
}
