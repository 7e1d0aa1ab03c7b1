//! A fleet of processes against KMS's quota, in virtual time: each process decides by the core's own schedule, turns at an
//! endpoint that throttles; the decisions of others stand beside them. For tests and benchmarks.

mod growing_jitter;
mod kms;
mod official;
mod process;
mod sdk;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use growing_jitter::GrowingJitterProcess;
use kms::Kms;
use official::OfficialProcess;
use process::KmsakProcess;
use sdk::SdkProcess;

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
    /// The same, whose processes have been through the same three times, as far as it is a rotation without notice.
    KmsakRemembering,
    /// The same, told the size of the fleet (`fleet_size`).
    KmsakTold {
        /// What it was told, of the true size.
        per_cent: u32,
    },
    /// Each pause is drawn below the time that it has failed for, from 1 s to 10 s in a call and a quarter of it outside of one:
    /// this library as it was.
    GrowingJitter,
    /// Pauses as in AWS's SDKs, up to 20 s, until it is served.
    FullJitter,
    /// The same with a rate of its own, as in AWS's adaptive mode.
    Adaptive,
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
    /// How often somebody else in the account asked KMS, once at random in each tenth of a second, until the last process had it.
    pub neighbour: u64,
    /// How often that was throttled.
    pub neighbour_throttled: u64,
    /// Requests in each second.
    pub by_second: Vec<u32>,
}

impl Outcome {
    /// The most requests in one second.
    #[must_use]
    pub fn peak(&self) -> u32 {
        self.by_second.iter().copied().max().unwrap_or_default()
    }

    /// The most requests in one second after the first.
    #[must_use]
    pub fn peak_after_first(&self) -> u32 {
        self.by_second.iter().skip(1).copied().max().unwrap_or_default()
    }

    /// The share of the requests that KMS throttled.
    #[must_use]
    pub fn throttled_share(&self) -> f64 {
        self.throttled as f64 / self.requests as f64
    }

    /// The share of somebody else's requests that KMS throttled.
    #[must_use]
    pub fn neighbour_share(&self) -> f64 {
        self.neighbour_throttled as f64 / self.neighbour.max(1) as f64
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
/// Between two requests of somebody else's, in the mean.
const NEIGHBOUR: Duration = Duration::from_millis(100);
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
    fn new(fleet: &Fleet, random: &mut SmallRng) -> Self;

    /// When the first request leaves, from `now` on, which is the beginning of what happens.
    fn first(&mut self, now: Duration, random: &mut SmallRng) -> Duration;

    /// When the next one leaves after one that failed at `now`.
    fn next(&mut self, now: Duration, failure: Failure, random: &mut SmallRng) -> Duration;

    /// It has what it wanted.
    fn served(&mut self, _now: Duration) {}
}

impl Fleet {
    /// Runs it.
    #[must_use]
    pub fn simulate(&self) -> Outcome {
        match self.client {
            Client::Kmsak | Client::KmsakTold { .. } => self.run::<KmsakProcess>(1),
            Client::KmsakRemembering => self.run::<KmsakProcess>(3),
            Client::GrowingJitter => self.run::<GrowingJitterProcess>(1),
            Client::FullJitter | Client::Adaptive => self.run::<SdkProcess>(1),
            Client::Official => self.run::<OfficialProcess>(1),
        }
    }

    fn best_possible(&self) -> Duration {
        let by_quota = Duration::from_secs(1).mul_f64(f64::from(self.processes) / f64::from(self.quota));
        match self.scenario {
            Scenario::ScheduledRotation => by_quota.max(self.jitter()),
            Scenario::ImmediateRotation => by_quota.max(process::BETWEEN_CALLS),
            Scenario::Outage => by_quota.max(process::LONGEST_PAUSE),
        }
    }

    /// The official clients and what this library was like spread over five minutes.
    fn jitter(&self) -> Duration {
        match self.client {
            Client::Kmsak | Client::KmsakRemembering | Client::KmsakTold { .. } => process::JITTER,
            _ => Duration::from_secs(300),
        }
    }

    /// What came of the last of so many times.
    fn run<P: Process>(&self, times: u32) -> Outcome {
        let weight = self.processes.div_ceil(MOST_SIMULATED);
        let mut random = SmallRng::seed_from_u64(self.seed);
        let mut fleet: Vec<P> = (0..self.processes / weight).map(|_| P::new(self, &mut random)).collect();
        for _ in 1..times {
            self.once(&mut fleet, weight, &mut random);
        }
        self.once(&mut fleet, weight, &mut random)
    }

    fn once<P: Process>(&self, fleet: &mut [P], weight: u32, random: &mut SmallRng) -> Outcome {
        let away_until = if self.scenario == Scenario::Outage { OUTAGE } else { Duration::ZERO };
        let mut kms = Kms::new(f64::from(self.quota) / f64::from(weight), away_until);
        let mut due: BinaryHeap<Reverse<(Duration, u32)>> = BinaryHeap::with_capacity(fleet.len());
        for (number, process) in (0..).zip(fleet.iter_mut()) {
            due.push(Reverse((process.first(Duration::ZERO, random), number)));
        }
        let mut neighbour = away_until;
        let mut outcome = Outcome {
            best_possible: self.best_possible(),
            half: HORIZON,
            last: HORIZON,
            requests: 0,
            throttled: 0,
            neighbour: 0,
            neighbour_throttled: 0,
            by_second: Vec::new(),
        };
        while let Some(Reverse((at, number))) = due.pop() {
            if at > HORIZON {
                return outcome;
            }
            while neighbour < at {
                outcome.neighbour += 1;
                outcome.neighbour_throttled += u64::from(!kms.has_room(neighbour));
                neighbour += uniform(random, NEIGHBOUR * 2);
            }
            let answer = kms.ask(at);
            if let Some(since) = at.checked_sub(away_until) {
                outcome.count(since, answer == Err(Failure::Throttled), weight);
            }
            match answer {
                Ok(()) => {
                    fleet[number as usize].served(at + LATENCY);
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
                    let next = fleet[number as usize].next(at + LATENCY, failure, random);
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
