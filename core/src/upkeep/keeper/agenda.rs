//! When the keeper of a secret asks again without being asked.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::Keeper;
use crate::error::{Error, Kind};
use crate::upkeep::cache::Snapshot;
use crate::upkeep::limits::USUAL_QUOTA;
use crate::upkeep::turns::{Haste, Occasion};
use crate::upkeep::{endpoint, schedule};

/// When the schedule wants the next fetch: whichever clock is there first. The one on the wall may be set back, and the other
/// one stands still while the machine sleeps.
#[derive(Clone, Copy)]
pub(super) struct Next {
    pub(super) by_kms_clock: SystemTime,
    pub(super) at: Instant,
}

/// How the schedule has spread the refresh that comes next among those of other processes.
#[derive(Clone, Copy)]
pub(super) struct Spread {
    /// How much of it is this process's.
    by_draw: Duration,
    first: Duration,
}

/// The clock on the wall may go another way than timers: the schedule looks at it at least this often, and after each jump.
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
        let mut refresh = config.refresh.clone();
        // Not urgent is not in a hurry: nobody of the fleet need be turned away.
        refresh.jitter = refresh.jitter.max(self.spread_of_fleet());
        // A clock that was ahead then, and has been set right since, would have the next one wait for it.
        let fetched = snapshot.fetched.min(self.live.state().now());
        let next = schedule::next_refresh(fetched, rotation, &refresh, draw);
        let next = schedule::within_max_stale(next, fetched, config.max_stale, draw);
        let first = config.max_stale.map_or(refresh.jitter, |most| refresh.jitter.min(most / 4));
        self.set_next(next);
        self.spread = Some(Spread { by_draw: first.mul_f64(draw), first });
    }

    /// Schedules a fetch as after a failure that has lasted since `since`, or for this process's turn at an endpoint that
    /// throttles; answers how long it waits.
    pub(super) fn next_try(&mut self, since: Instant, error: Option<&Error>) -> Duration {
        let draw = self.live.environment().random.draw();
        let most = self.haste().longest_retry_after();
        let floor = error.and_then(Error::retry_after).map(|pause| pause.min(most));
        let turn = error.filter(|error| error.kind() == Kind::Throttled).map(|_| self.all_rest_for());
        let wait = match turn {
            Some(turn) if !turn.is_zero() => turn,
            _ => schedule::after_failed_refresh(since.elapsed(), self.unhurried_spread(), floor, draw),
        };
        self.set_next(self.live.state().now() + wait);
        self.spread = None;
        wait
    }

    /// Puts a refresh that nobody waits for off until KMS may be asked, if that is later.
    pub(super) fn put_off(&mut self) -> bool {
        let rest = self.all_rest_for();
        if !rest.is_zero() {
            let spread = self.spread.take();
            self.set_next(self.live.state().now() + rest);
            self.spread = spread;
        }
        !rest.is_zero()
    }

    /// How long all endpoints rest for whoever asks without anybody waiting.
    pub(super) fn all_rest_for(&self) -> Duration {
        endpoint::all_rest_for(self.live.endpoints(), self.haste(), Instant::now())
    }

    /// Of whoever asks without anybody waiting.
    fn haste(&self) -> Haste {
        if self.has_rejected() { Haste::Urgent } else { Haste::Unhurried }
    }

    /// Since when the refresh that is due has been wanted by all who have the secret, by KMS's clock.
    pub(super) fn wanted_since(&self, now: SystemTime) -> SystemTime {
        let failing = || self.failing_since.map_or(Duration::ZERO, |since| since.elapsed());
        let before = self.spread.map_or_else(failing, |spread| spread.by_draw);
        now.checked_sub(before).unwrap_or(now)
    }

    pub(super) fn has_rejected(&self) -> bool {
        self.entry.snapshot().is_some_and(|snapshot| self.is_rejected(&snapshot))
    }

    /// What a fetch that begins now is for.
    pub(super) fn occasion(&self, is_awaited: bool, deadline: Instant) -> Occasion {
        let now = Instant::now();
        if is_awaited || self.has_rejected() {
            let left = if is_awaited {
                deadline.saturating_duration_since(now)
            } else {
                self.live.state().config.renewal.deadline
            };
            return Occasion::urgent(left);
        }
        match self.spread {
            Some(spread) => Occasion::scheduled(now.checked_sub(spread.by_draw), spread.first),
            None => {
                let failing_for = self.failing_since.map_or(Duration::ZERO, |since| since.elapsed());
                let pause = schedule::longest_pause_after(failing_for);
                Occasion::scheduled(None, pause.max(self.unhurried_spread()))
            }
        }
    }

    /// Whether the fleet is so large that already those who are about to fetch when KMS is back are too many to try twice.
    pub(super) fn is_of_a_crowd(&self) -> bool {
        schedule::is_crowd(self.unhurried_spread())
    }

    /// [`spread_of_fleet`](Keeper::spread_of_fleet) while what is in the cache is good, and for no longer than it will be.
    fn unhurried_spread(&self) -> Duration {
        if self.entry.snapshot().is_none_or(|snapshot| self.is_rejected(&snapshot)) {
            return Duration::ZERO;
        }
        let most = self.live.state().config.max_stale.map_or(Duration::MAX, |most| most / 4);
        self.spread_of_fleet().min(most)
    }

    /// Over how long a fleet of this size spreads what all of it wants.
    pub(super) fn spread_of_fleet(&self) -> Duration {
        let size = self.live.state().fleet_size(self.name.as_bytes());
        schedule::spread_of_fleet(size.unwrap_or_default(), USUAL_QUOTA)
    }

    /// Gives this process a turn among a fleet that has its AccessKey rejected at the same moment, as far as it knows of one.
    pub(super) fn hold_back(&self, left: Duration) {
        let by_size = self.spread_of_fleet();
        let (now, draw) = (Instant::now(), self.live.environment().random.draw());
        for endpoint in self.live.endpoints() {
            let first = by_size.max(endpoint.memory().spread(left));
            if !first.is_zero() {
                endpoint.hold_back(Occasion { haste: Haste::Urgent, since: None, first }, now, draw);
            }
        }
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
            self.live.clock_watch().wait(left.min(LOOK_AT_THE_CLOCK)).await;
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
            self.live.clock_watch().wait(left.min(look)).await;
        }
    }
}
