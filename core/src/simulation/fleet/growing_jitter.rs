use std::time::Duration;

use rand::RngExt;
use rand::rngs::SmallRng;
use tokio::time::Instant;

use super::process::BETWEEN_CALLS;
use super::{Failure, Fleet, Process, Scenario, uniform};
use crate::upkeep::backoff::Backoff;
use crate::upkeep::schedule;
use crate::upkeep::token_bucket::TokenBucket;

/// A process that draws each pause between nothing and a ceiling that grows with the time for which it has failed, as this library
/// did before it took turns: nobody is served late, and nearly all requests are in vain.
pub(super) struct GrowingJitterProcess {
    scenario: Scenario,
    bucket: TokenBucket,
    /// What the bucket takes for the beginning of time.
    epoch: Instant,
    failing_since: Option<Duration>,
    throttled_since: Option<Duration>,
    doing: Doing,
    /// What begins with the request that leaves next.
    beginning: Option<Doing>,
    deadline: Duration,
    tries: u32,
    fetch_failing_since: Option<Duration>,
    renewal_failing_since: Option<Duration>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// Somebody's AccessKey was rejected.
    Renewal,
    /// The schedule wants it.
    Refresh,
    /// The schedule wants it once more, after a failure.
    Probe,
}

const FETCH_DEADLINE: Duration = Duration::from_secs(20);
const RENEW_DEADLINE: Duration = Duration::from_secs(10);
const TOKENS: u32 = 5;
const REFILL: Duration = Duration::from_secs(600);
const JITTER: Duration = Duration::from_secs(300);
const MOST_TRIES_OF_A_LONE_PROBE: u32 = 1;

impl Process for GrowingJitterProcess {
    fn new(fleet: &Fleet, _: &mut SmallRng) -> Self {
        let epoch = Instant::now();
        GrowingJitterProcess {
            scenario: fleet.scenario,
            bucket: TokenBucket::new(TOKENS, REFILL, epoch),
            epoch,
            failing_since: None,
            throttled_since: None,
            doing: Doing::Refresh,
            beginning: None,
            deadline: Duration::ZERO,
            tries: 0,
            fetch_failing_since: None,
            renewal_failing_since: None,
        }
    }

    fn first(&mut self, now: Duration, random: &mut SmallRng) -> Duration {
        match self.scenario {
            Scenario::ScheduledRotation => self.begin(Doing::Refresh, now + uniform(random, JITTER)),
            Scenario::ImmediateRotation => {
                let called = now + uniform(random, BETWEEN_CALLS);
                self.renew_or_probe(called, Duration::MAX)
            }
            Scenario::Outage => self.begin(Doing::Refresh, now + uniform(random, super::OUTAGE)),
        }
    }

    fn next(&mut self, now: Duration, failure: Failure, random: &mut SmallRng) -> Duration {
        if let Some(doing) = self.beginning.take() {
            self.doing = doing;
        }
        let backoff = match failure {
            Failure::Throttled => Backoff::THROTTLED,
            Failure::Unreachable => Backoff::BRIEF,
        };
        self.tries += 1;
        let left = self.deadline.saturating_sub(now);
        let fetch_failing_for = now - *self.fetch_failing_since.get_or_insert(now);
        let wait = backoff.wait(fetch_failing_for, None, random.random());
        let most_tries = if self.doing == Doing::Probe { MOST_TRIES_OF_A_LONE_PROBE } else { u32::MAX };
        if self.tries < most_tries
            && let Some(wait) = backoff.before_deadline(wait, None, left)
        {
            return now + wait;
        }
        let mut since = *self.failing_since.get_or_insert(now);
        if failure == Failure::Throttled {
            since = *self.throttled_since.get_or_insert(now);
        }
        let failing_for = now - since;
        let scheduled =
            now + schedule::after_failed_refresh(failing_for, Duration::ZERO, None, random.random());
        if self.doing == Doing::Renewal {
            let renewal_failing_for = now - *self.renewal_failing_since.get_or_insert(now);
            let pause = backoff.pause(renewal_failing_for, None, random.random());
            if let Some(wait) = backoff.before_deadline(pause, None, left) {
                (self.tries, self.fetch_failing_since) = (0, None);
                return now + wait;
            }
        }
        match self.scenario {
            Scenario::ImmediateRotation => {
                let called = now + uniform(random, BETWEEN_CALLS);
                self.renew_or_probe(called, scheduled)
            }
            _ => self.begin(Doing::Probe, scheduled),
        }
    }
}

impl GrowingJitterProcess {
    /// The application's next call renews, if the bucket allows it and the schedule is not first.
    fn renew_or_probe(&mut self, called: Duration, scheduled: Duration) -> Duration {
        if called >= scheduled {
            return self.begin(Doing::Probe, scheduled);
        }
        match self.bucket.take(self.epoch + called) {
            Ok(()) => self.begin(Doing::Renewal, called),
            Err(wait) if called + wait < scheduled => {
                let back = called + wait;
                self.bucket.take(self.epoch + back).expect("it is back");
                self.begin(Doing::Renewal, back)
            }
            Err(_) => self.begin(Doing::Probe, scheduled),
        }
    }

    fn begin(&mut self, doing: Doing, at: Duration) -> Duration {
        self.beginning = Some(doing);
        let time = if doing == Doing::Renewal { RENEW_DEADLINE } else { FETCH_DEADLINE };
        self.deadline = at + time;
        self.tries = 0;
        (self.fetch_failing_since, self.renewal_failing_since) = (None, None);
        at
    }
}
