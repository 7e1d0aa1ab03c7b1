use std::time::Duration;

use rand::rngs::SmallRng;

use super::{Failure, Fleet, Process, Scenario, uniform};

/// A process with an official client: 2 s doubling to 10 s without jitter, five times; a refresh that fails comes back after the
/// whole interval; after a rejection a bucket of five refreshes, one back each ten minutes.
pub(super) struct OfficialProcess {
    scenario: Scenario,
    /// Drawn once for the life of the process.
    jitter: Duration,
    retries: u32,
    tokens: u32,
    filled: Duration,
}

const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const RETRIES: u32 = 5;
const INTERVAL: Duration = Duration::from_secs(6 * 3600);
const JITTER: Duration = Duration::from_secs(300);
const TOKENS: u32 = 5;
const REFILL: Duration = Duration::from_secs(600);

impl Process for OfficialProcess {
    fn new(fleet: &Fleet, random: &mut SmallRng) -> Self {
        OfficialProcess {
            scenario: fleet.scenario,
            jitter: uniform(random, JITTER),
            retries: 0,
            tokens: TOKENS,
            filled: Duration::ZERO,
        }
    }

    fn first(&mut self, now: Duration, random: &mut SmallRng) -> Duration {
        match self.scenario {
            Scenario::ScheduledRotation => now + self.jitter,
            Scenario::ImmediateRotation => {
                let at = now + uniform(random, super::process::BETWEEN_CALLS);
                self.token(at)
            }
            Scenario::Outage => now + uniform(random, super::OUTAGE),
        }
    }

    fn next(&mut self, now: Duration, _: Failure, random: &mut SmallRng) -> Duration {
        if self.retries < RETRIES {
            let wait = (FIRST_WAIT * (1 << self.retries)).min(LONGEST_WAIT);
            self.retries += 1;
            return now + wait;
        }
        self.retries = 0;
        match self.scenario {
            Scenario::ScheduledRotation | Scenario::Outage => now + INTERVAL + self.jitter,
            Scenario::ImmediateRotation => {
                let at = now + uniform(random, super::process::BETWEEN_CALLS);
                self.token(at)
            }
        }
    }
}

impl OfficialProcess {
    /// When the next refresh after a rejection is allowed, from `now` on.
    fn token(&mut self, now: Duration) -> Duration {
        let back = (now - self.filled).as_secs() / REFILL.as_secs();
        let back = u32::try_from(back).unwrap_or(u32::MAX);
        self.filled += REFILL * back;
        self.tokens = self.tokens.saturating_add(back).min(TOKENS);
        if self.tokens > 0 {
            self.tokens -= 1;
            return now;
        }
        self.filled += REFILL;
        self.filled
    }
}
