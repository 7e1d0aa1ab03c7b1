//! A fleet of processes against KMS's quota, in virtual time: each process decides by the core's own schedule, backoff and
//! token bucket; the official clients' decisions stand beside them. For tests and benchmarks.

mod kms;
mod official;
mod process;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use kms::Kms;
use official::OfficialProcess;
use process::KmsakProcess;

/// What happens to the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// A rotation that was announced: each process asks once its delay and its random part are over. Time begins when the delay
    /// is over; the old AccessKey lives on.
    ScheduledRotation,
    /// A rotation without notice or overlap: at the beginning each process has its AccessKey rejected, and goes on
    /// calling the cloud service.
    ImmediateRotation,
    /// KMS was away for an hour, in which each process had a refresh due. Time begins when KMS is back.
    Outage,
}

/// Whose decisions the processes take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// This library, with its defaults.
    Kmsak,
    /// The official managed-credentials clients, with theirs.
    Official,
}

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Fleet {
    /// What happens.
    pub scenario: Scenario,
    /// Whose decisions.
    pub client: Client,
    /// How many processes.
    pub processes: u32,
    /// Requests that KMS answers each second; whatever comes beyond is throttled.
    pub quota: u32,
    /// Runs with the same seed are the same.
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// No client can be faster: the processes divided by the quota, and not less than the time over which the scenario itself
    /// spreads them (the jitter of scheduled refreshes, the time between two calls, the longest pause while KMS is away).
    pub best_possible: Duration,
    /// When half of the processes had the new AccessKey.
    pub half: Duration,
    /// When the last process had it; [`HORIZON`] if it never did.
    pub last: Duration,
    /// Requests to KMS from the beginning of time.
    pub requests: u64,
    /// Those of them that KMS throttled.
    pub throttled: u64,
    /// Requests in each second.
    pub by_second: Vec<u32>,
}

impl Outcome {
    /// The most requests in one second.
    #[must_use]
    pub fn peak(&self) -> u32 {
        self.by_second.iter().copied().max().unwrap_or_default()
    }

    /// How many times the best possible the last process took.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.last.as_secs_f64() / self.best_possible.as_secs_f64()
    }
}

/// A simulation ends here, whoever is left.
pub const HORIZON: Duration = Duration::from_secs(48 * 3600);

/// In a larger fleet each simulated process stands for several, and KMS's quota is so many times smaller: they decide
/// independently of each other, so that only chance's share differs.
const MOST_SIMULATED: u32 = 100_000;

const OUTAGE: Duration = Duration::from_secs(3600);
/// To KMS and back.
const LATENCY: Duration = Duration::from_millis(50);

/// Why a request brought nothing. There is no time-out among them: it is KMS's quota that is modelled, of which a KMS that does
/// not answer spends none; how many requests hang in an outage is counted in the year's test.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Throttled,
    Unreachable,
}

/// One process: when it asks.
trait Process {
    fn new(scenario: Scenario, random: &mut SmallRng) -> Self;

    /// When the first request leaves, from `now` on, which is the beginning of what happens.
    fn first(&mut self, now: Duration, random: &mut SmallRng) -> Duration;

    /// When the next one leaves after one that failed at `now`.
    fn next(&mut self, now: Duration, failure: Failure, random: &mut SmallRng) -> Duration;
}

impl Fleet {
    /// Runs it.
    #[must_use]
    pub fn simulate(&self) -> Outcome {
        match self.client {
            Client::Kmsak => self.run::<KmsakProcess>(),
            Client::Official => self.run::<OfficialProcess>(),
        }
    }

    fn best_possible(&self) -> Duration {
        let by_quota = Duration::from_secs(1).mul_f64(f64::from(self.processes) / f64::from(self.quota));
        match self.scenario {
            Scenario::ScheduledRotation => by_quota.max(process::JITTER),
            Scenario::ImmediateRotation => by_quota.max(process::BETWEEN_CALLS),
            Scenario::Outage => by_quota.max(process::LONGEST_PAUSE),
        }
    }

    fn run<P: Process>(&self) -> Outcome {
        let weight = self.processes.div_ceil(MOST_SIMULATED);
        let mut random = SmallRng::seed_from_u64(self.seed);
        let away_until = if self.scenario == Scenario::Outage { OUTAGE } else { Duration::ZERO };
        let mut kms = Kms::new(f64::from(self.quota) / f64::from(weight), away_until);
        let mut fleet: Vec<P> =
            (0..self.processes / weight).map(|_| P::new(self.scenario, &mut random)).collect();
        let mut due: BinaryHeap<Reverse<(Duration, u32)>> = BinaryHeap::with_capacity(fleet.len());
        for (number, process) in (0..).zip(&mut fleet) {
            let at = process.first(Duration::ZERO, &mut random);
            due.push(Reverse((at, number)));
        }
        let mut outcome = Outcome {
            best_possible: self.best_possible(),
            half: HORIZON,
            last: HORIZON,
            requests: 0,
            throttled: 0,
            by_second: Vec::new(),
        };
        while let Some(Reverse((at, number))) = due.pop() {
            if at > HORIZON {
                return outcome;
            }
            let answer = kms.ask(at);
            if let Some(since) = at.checked_sub(away_until) {
                outcome.count(since, answer == Err(Failure::Throttled), weight);
            }
            match answer {
                Ok(()) => {
                    let since = (at + LATENCY).saturating_sub(away_until);
                    outcome.last = since;
                    if due.len() == fleet.len() / 2 {
                        outcome.half = since;
                    }
                    if due.is_empty() {
                        return outcome;
                    }
                }
                Err(failure) => {
                    let next = fleet[number as usize].next(at + LATENCY, failure, &mut random);
                    due.push(Reverse((next, number)));
                }
            }
        }
        outcome
    }
}

impl Outcome {
    fn count(&mut self, since: Duration, throttled: bool, weight: u32) {
        let second = since.as_secs() as usize;
        if self.by_second.len() <= second {
            self.by_second.resize(second + 1, 0);
        }
        self.by_second[second] += weight;
        self.requests += u64::from(weight);
        self.throttled += u64::from(throttled) * u64::from(weight);
    }
}

fn uniform(random: &mut SmallRng, most: Duration) -> Duration {
    most.mul_f64(random.random())
}

#[cfg(test)]
mod tests;
