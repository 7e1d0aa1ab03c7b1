//! What AWS's SDKs do, which many others have taken over.

use std::time::Duration;

use rand::rngs::SmallRng;

use super::process::BETWEEN_CALLS;
use super::{Client, Failure, Fleet, Process, Scenario, uniform};

/// A process whose client draws each pause between nothing and 1 s, 2 s, 4 s ... 20 s ("full jitter"), and goes on until it is
/// served. The adaptive one also has a bucket that it fills by itself: each failure slows that down to 0.7 times what it did, and
/// no further than to a request in two seconds, which is where one request at a time leaves it from the first failure on.
pub(super) struct SdkProcess {
    scenario: Scenario,
    adaptive: bool,
    tries: u32,
    sent: Duration,
}

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(20);
const JITTER: Duration = Duration::from_secs(300);
const ADAPTIVE_LEAST: Duration = Duration::from_secs(2);

impl Process for SdkProcess {
    fn new(fleet: &Fleet, _: &mut SmallRng) -> Self {
        let adaptive = fleet.client == Client::Adaptive;
        SdkProcess { scenario: fleet.scenario, adaptive, tries: 0, sent: Duration::ZERO }
    }

    fn first(&mut self, now: Duration, random: &mut SmallRng) -> Duration {
        let spread = match self.scenario {
            Scenario::ScheduledRotation => JITTER,
            Scenario::ImmediateRotation => BETWEEN_CALLS,
            Scenario::Outage => super::OUTAGE,
        };
        self.sent = now + uniform(random, spread);
        self.sent
    }

    fn next(&mut self, now: Duration, _: Failure, random: &mut SmallRng) -> Duration {
        let ceiling = FIRST_WAIT.saturating_mul(1 << self.tries.min(10)).min(LONGEST_WAIT);
        self.tries += 1;
        let next = now + uniform(random, ceiling);
        self.sent = if self.adaptive { next.max(self.sent + ADAPTIVE_LEAST) } else { next };
        self.sent
    }
}
