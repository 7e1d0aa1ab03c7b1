use std::time::Duration;

use rand::RngExt;
use rand::rngs::SmallRng;
use tokio::time::Instant;

use super::{Client, Failure, Fleet, Process, Scenario, uniform};
use crate::upkeep::backoff::Backoff;
use crate::upkeep::schedule;
use crate::upkeep::turns::{Haste, Memory, Occasion, Turns};

/// A process with this library: what `keeper` and `fetch` do, with one endpoint, as far as it decides when a request leaves. While
/// an endpoint rests nothing else asks it, so that renewals that fail meanwhile, and their token bucket, add nothing.
pub(super) struct KmsakProcess {
    scenario: Scenario,
    /// What the process takes for the beginning of time.
    epoch: Instant,
    /// Over how long the fleet's size spreads its requests.
    by_fleet_size: Duration,
    memory: Option<Memory>,
    turns: Option<Turns>,
    asked_first: Duration,
    failing_since: Option<Duration>,
}

const FETCH_DEADLINE: Duration = Duration::from_secs(20);
const RENEW_DEADLINE: Duration = Duration::from_secs(15);
/// The random part of scheduled refreshes.
pub(super) const JITTER: Duration = Duration::from_secs(1800);
/// Between refreshes that fail.
pub(super) const LONGEST_PAUSE: Duration = schedule::LONGEST_PAUSE;
/// A busy application calls the cloud service so often at least.
pub(super) const BETWEEN_CALLS: Duration = Duration::from_secs(1);

impl Process for KmsakProcess {
    fn new(fleet: &Fleet, _: &mut SmallRng) -> Self {
        let told = match fleet.client {
            Client::KmsakTold { per_cent } => u64::from(fleet.processes) * u64::from(per_cent) / 100,
            _ => 0,
        };
        KmsakProcess {
            scenario: fleet.scenario,
            epoch: Instant::now(),
            by_fleet_size: schedule::spread_of_fleet(u32::try_from(told).unwrap_or(u32::MAX), fleet.quota),
            memory: (fleet.client == Client::KmsakRemembering).then(Memory::default),
            turns: None,
            asked_first: Duration::ZERO,
            failing_since: None,
        }
    }

    fn first(&mut self, now: Duration, random: &mut SmallRng) -> Duration {
        (self.turns, self.failing_since) = (None, None);
        self.asked_first = match self.scenario {
            Scenario::ScheduledRotation => now + uniform(random, JITTER.max(self.by_fleet_size)),
            Scenario::ImmediateRotation => {
                let called = now + uniform(random, BETWEEN_CALLS);
                let remembered = self.memory.unwrap_or_default().spread(RENEW_DEADLINE);
                let spread = self.by_fleet_size.max(remembered);
                if spread.is_zero() {
                    called
                } else {
                    let occasion = Occasion { haste: Haste::Urgent, since: None, first: spread };
                    let turns = Turns::held_back(occasion, self.epoch + called, random.random());
                    let wait = turns.wait(Haste::Urgent, self.epoch + called);
                    self.turns = Some(turns);
                    called + wait
                }
            }
            Scenario::Outage => now + uniform(random, super::OUTAGE),
        };
        self.asked_first
    }

    fn next(&mut self, now: Duration, failure: Failure, random: &mut SmallRng) -> Duration {
        match failure {
            Failure::Throttled => now + self.turned_away(now, random.random()),
            Failure::Unreachable => {
                let failing_for = now - *self.failing_since.get_or_insert(now);
                // The first fetch goes on to its deadline, unless it is one of a crowd, each further one asks once.
                let deadline = if schedule::is_crowd(self.by_fleet_size) {
                    now
                } else {
                    self.asked_first + FETCH_DEADLINE
                };
                let left = deadline.saturating_sub(now);
                let wait = Backoff::BRIEF.wait(failing_for, None, random.random());
                match Backoff::BRIEF.before_deadline(wait, None, left) {
                    Some(wait) => now + wait,
                    None => {
                        let of_fleet = self.by_fleet_size;
                        now + schedule::after_failed_refresh(failing_for, of_fleet, None, random.random())
                    }
                }
            }
        }
    }

    fn served(&mut self, now: Duration) {
        let served = self.turns.as_mut().and_then(|turns| turns.served(self.epoch + now));
        if let (Some(memory), Some(served)) = (&mut self.memory, served) {
            memory.learn(served);
        }
    }
}

impl KmsakProcess {
    fn turned_away(&mut self, now: Duration, draw: f64) -> Duration {
        let (at, haste) = (self.epoch + now, self.haste());
        if let Some(turns) = &mut self.turns {
            turns.again_until(self.memory.unwrap_or_default().lasted(), at, draw);
        }
        let occasion = match self.scenario {
            Scenario::ImmediateRotation => Occasion::urgent(RENEW_DEADLINE),
            Scenario::ScheduledRotation => {
                Occasion::scheduled(Some(self.epoch), JITTER.max(self.by_fleet_size))
            }
            Scenario::Outage => {
                let failing_for = self.failing_since.map_or(Duration::ZERO, |since| now - since);
                Occasion::scheduled(None, schedule::longest_pause_after(failing_for).max(self.by_fleet_size))
            }
        };
        let turns = self.turns.get_or_insert_with(|| Turns::turned_away(occasion, at, draw));
        turns.wait(haste, at)
    }

    fn haste(&self) -> Haste {
        if self.scenario == Scenario::ImmediateRotation { Haste::Urgent } else { Haste::Unhurried }
    }
}
