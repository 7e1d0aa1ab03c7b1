//! A year in virtual time: the keepers, the schedule, the retries and the failover as they are.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use crate::error::Kind;
use crate::simulation::virtual_kms::{Does, Request, World};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

const SECRETS: u32 = 100;

/// From when to when KMS is away, since the start. In every other outage it does not even refuse: it hangs.
const OUTAGES: [(Duration, Duration); 6] = [
    (DAY.saturating_mul(20), MINUTE.saturating_mul(5)),
    (DAY.saturating_mul(50), HOUR.saturating_mul(2)),
    (DAY.saturating_mul(77), HOUR),
    (DAY.saturating_mul(120), HOUR.saturating_mul(9)),
    (DAY.saturating_mul(200), DAY),
    (DAY.saturating_mul(300), DAY.saturating_mul(4)),
];

fn outage_at(since: Duration) -> Option<usize> {
    OUTAGES.iter().position(|(from, length)| *from <= since && since < *from + *length)
}

/// How often a secret was rotated by then, and how long after the start it is rotated next: weekly, each at a moment of its own.
fn rotations_of(name: &str, since: Duration) -> (u32, Duration) {
    let number: u32 = name.rsplit('-').next().and_then(|number| number.parse().ok()).expect("a number");
    let offset = WEEK / SECRETS * number;
    let rotations = ((since + WEEK - offset).as_secs() / WEEK.as_secs()) as u32;
    (rotations, offset + WEEK * rotations)
}

fn kms(request: &Request, epoch: SystemTime) -> Does {
    match outage_at(request.at) {
        Some(number) if number % 2 == 1 => Does::Hang,
        Some(_) => Does::fail(Kind::Network),
        None => {
            let (version, next_rotation) = rotations_of(&request.secret, request.at);
            Does::Answer {
                access_key_id: format!("LTAI{version}"),
                next_rotation: Some(epoch + next_rotation),
            }
        }
    }
}

fn start() -> World {
    let epoch = SystemTime::UNIX_EPOCH + DAY * 20_800;
    let world = World::simple(move |request| kms(request, epoch));
    assert_eq!(world.time.epoch, epoch);
    world
}

fn name(number: u32) -> String {
    format!("acs/ram/user/app-{number}")
}

#[tokio::test(start_paused = true)]
async fn a_year_of_weekly_rotations_with_outages_of_minutes_to_days() {
    let world = start();
    for number in 0..SECRETS {
        world.need(&name(number)).await.expect("KMS answers the first time");
    }
    let longest_outage = OUTAGES.iter().map(|(_, length)| *length).max().expect("there are some");
    let mut longest_staleness = Duration::ZERO;
    let mut longest_lag = Duration::ZERO;
    // An odd step, so that the reader meets every phase of the schedule.
    while world.time.since() < DAY * 365 {
        sleep(HOUR + MINUTE * 7).await;
        for number in 0..SECRETS {
            let name = name(number);
            let snapshot = world.state.cache.snapshot(name.as_bytes()).expect("once seen, always there");
            longest_staleness = longest_staleness.max(snapshot.fetched_at.elapsed());
            let (version, next_rotation) = rotations_of(&name, world.time.since());
            if snapshot.secret.version_id() != format!("LTAI{version}") {
                longest_lag = longest_lag.max(world.time.since() - (next_rotation - WEEK));
            }
        }
    }
    // After an outage the next try comes within ten minutes.
    let after_an_outage = longest_outage + MINUTE * 10 + Duration::from_secs(20);
    let refresh = &world.state.config.refresh;
    assert!(
        longest_staleness <= after_an_outage + refresh.interval + refresh.jitter,
        "{longest_staleness:?}"
    );
    assert!(longest_lag <= after_an_outage + refresh.delay + refresh.jitter, "{longest_lag:?}");
    // Four refreshes a day and one after each rotation at most, and a few less since each is some minutes later than
    // the one before; nobody fetches during an outage.
    let requests = world.requests();
    let failed = requests.iter().filter(|request| outage_at(request.at).is_some()).count() as u64;
    let answers = requests.len() as u64 - failed;
    let most = u64::from(SECRETS) * (4 * 365 + 53 + 1);
    assert!((most * 9 / 10..=most).contains(&answers), "{answers} answers, at most {most}");
    // In each outage: one fetch of at most forty requests, then one request at the end of each pause. Pauses are an eighth of
    // the outage so far on average, which makes about thirty until they are five minutes on average.
    let away: u64 = OUTAGES.iter().map(|(_, length)| length.as_secs()).sum();
    let budget = u64::from(SECRETS) * (away / 300 + (40 + 30) * OUTAGES.len() as u64);
    assert!(failed <= budget, "{failed} requests that failed, budget {budget}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_first_success_is_told_within_the_deadline() {
    let world = start();
    world.until(OUTAGES[0].0).await;
    let started = Instant::now();
    let error = world.need(&name(0)).await.expect_err("KMS is away");
    assert_eq!((error.kind(), error.retryable()), (Kind::Network, true));
    assert!(started.elapsed() <= world.state.config.fetch_deadline, "{:?}", started.elapsed());
    assert!(world.requests().len() <= 40, "at a bounded rate");
}
