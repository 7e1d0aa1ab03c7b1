//! How long whoever asks has to wait, and how often KMS is asked meanwhile: for slow, failing and refusing KMS's with one to twelve
//! endpoints, in virtual time. What is held here is what docs/operations.md promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::config::Config;
use crate::error::{Error, Kind};
use crate::simulation::virtual_kms::{APP, Does, ROUND_TRIP, World, configuration};
use crate::upkeep::limits::{AFTER_RECOVERY, LAST_TRY, MOST_BESIDE};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// `fetch_deadline` unless it is configured.
const DEADLINE: Duration = Duration::from_secs(20);

fn endpoints(number: usize) -> Config {
    configuration(number, |builder| builder)
}

fn about(time: Duration, expected: Duration) -> bool {
    time >= expected && time <= expected + SECOND / 100
}

#[tokio::test(start_paused = true)]
async fn a_slow_kms_answers_as_late_as_it_is_slow() {
    for milliseconds in [100, 1_900, 2_100, 5_000, 7_000, 9_900, 12_500] {
        for number in [1, 2, 3, 12] {
            let latency = Duration::from_millis(milliseconds);
            let world = World::new(endpoints(number), move |_| Does::late("A", 1, latency));
            world.need(APP).await.expect("it answers in the end");
            assert!(about(world.time.since(), latency), "{latency:?}, {number}: {:?}", world.time.since());
            let most = if number == 1 { 1 + MOST_BESIDE as usize } else { number + MOST_BESIDE as usize };
            assert!(world.requests().len() <= most, "{latency:?}, {number}: {:?}", world.requests());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_kms_is_not_asked_more_by_those_who_wait_longer() {
    let config = configuration(1, |builder| builder.read_timeout(MINUTE).fetch_deadline(MINUTE));
    let world = World::new(config, |_| Does::late("A", 1, SECOND * 30));
    world.need(APP).await.expect("it answers in the end");
    assert!(about(world.time.since(), SECOND * 30));
    assert!(world.requests().len() <= 1 + MOST_BESIDE as usize, "{:?}", world.requests());
}

#[tokio::test(start_paused = true)]
async fn what_outlives_the_deadline_still_reaches_the_cache_and_whoever_asks_next() {
    for asks_again in [false, true] {
        let config = configuration(1, |builder| builder.read_timeout(MINUTE));
        let world = World::new(config, |_| Does::late("A", 1, SECOND * 30));
        let error = world.need(APP).await.expect_err("it takes longer than the deadline");
        assert_eq!((error.kind(), error.retryable()), (Kind::Network, true));
        assert!(about(world.time.since(), DEADLINE), "{:?}", world.time.since());
        let sent = world.requests().len();
        sleep(SECOND).await;
        if asks_again {
            world.need(APP).await.expect("the first request is answered");
            assert!(about(world.time.since(), SECOND * 30), "{:?}", world.time.since());
            assert!(world.requests().len() <= sent + MOST_BESIDE as usize);
        } else {
            world.until(SECOND * 31).await;
            assert_eq!(world.requests().len(), sent, "nobody waits");
        }
        assert_eq!(world.cached_id().as_deref(), Some("A"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_is_not_answered_by_what_was_asked_before_it() {
    let config = configuration(1, |builder| builder.read_timeout(MINUTE));
    let world = World::new(config, |request| match request.at {
        at if at < SECOND * 21 => Does::late("A", 1, SECOND * 30),
        _ => Does::late("B", 2, SECOND * 10),
    });
    assert!(world.need(APP).await.is_err());
    sleep(SECOND * 2).await;
    assert_eq!(world.refresh(APP).await.expect("KMS answers").version_id(), "B");
}

#[tokio::test(start_paused = true)]
async fn one_endpoint_and_twelve_give_up_at_the_deadline() {
    for kind in [Kind::Network, Kind::Server, Kind::Tls] {
        for number in 1..=12 {
            let world = World::new(endpoints(number), move |_| Does::fail(kind));
            let error = world.need(APP).await.expect_err("they fail");
            let took = world.time.since();
            assert_eq!(error.kind(), kind);
            assert!(took > DEADLINE - LAST_TRY && took <= DEADLINE, "{kind:?}, {number}: {took:?}");
            for endpoint in 0..number {
                let asked = world.requests().iter().filter(|request| request.endpoint == endpoint).count();
                assert!((5..=40).contains(&asked), "{kind:?}, {number}: {asked} requests to {endpoint}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_throttles_is_spared_what_comes_too_late() {
    for number in 1..=12 {
        let world = World::new(endpoints(number), |_| Does::fail(Kind::Throttled));
        let error = world.need(APP).await.expect_err("they throttle");
        assert_eq!(error.kind(), Kind::Throttled);
        assert!(world.time.since() <= DEADLINE);
        assert!(world.requests().len() <= number * 12, "{number}: {} requests", world.requests().len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_network_that_comes_late_is_waited_for() {
    for seconds in [1, 5, 15, 19] {
        for number in 1..=12 {
            let comes = SECOND * seconds;
            let world = World::new(endpoints(number), move |request| match request.at {
                at if at < comes => Does::fail(Kind::Network),
                _ => Does::answer("A"),
            });
            world.need(APP).await.unwrap_or_else(|error| panic!("{seconds} s, {number}: {error}"));
            let late = world.time.since() - comes;
            assert!(late <= SECOND * 2 + ROUND_TRIP * 2, "{seconds} s, {number}: {late:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_hangs_costs_the_patience_for_each_that_hangs() {
    for hanging in 0..=4_u32 {
        let world = World::new(endpoints(5), move |request| match request.endpoint {
            endpoint if endpoint < hanging as usize => Does::Hang,
            _ => Does::answer("A"),
        });
        world.need(APP).await.expect("one answers");
        let expected = SECOND * 2 * hanging + ROUND_TRIP;
        assert!(about(world.time.since(), expected), "{hanging}: {:?}", world.time.since());
    }
}

#[tokio::test(start_paused = true)]
async fn many_secrets_do_not_storm_an_endpoint_that_fails_and_are_served_soon_after() {
    const SECRETS: usize = 300;
    let comes = SECOND * 10;
    let world = World::simple(move |request| match request.at {
        at if at < comes => Does::fail(Kind::Network),
        _ => Does::answer("A"),
    });
    let waiting: Vec<_> = (0..SECRETS).map(|number| world.need(&format!("acs/ram/user/{number}"))).collect();
    for pending in waiting {
        pending.await.expect("KMS is there in time");
    }
    let late = world.time.since() - comes;
    assert!(late <= SECOND * 2 + AFTER_RECOVERY, "{late:?}");
    let before = world.requests().iter().filter(|request| request.at < comes).count();
    assert!(before <= SECRETS + 20 * 10, "{before} requests in ten seconds");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_remembered_and_told_once() {
    for kind in [Kind::Denied, Kind::NotFound] {
        let granted = Arc::new(AtomicBool::new(false));
        let is_granted = granted.clone();
        let world = World::simple(move |_| match is_granted.load(Ordering::Relaxed) {
            true => Does::answer("A"),
            false => Does::fail(kind),
        });
        let started = Instant::now();
        while started.elapsed() < MINUTE * 10 {
            for _ in 0..4 {
                assert_eq!(world.need(APP).await.expect_err("it is refused").kind(), kind);
            }
            sleep(SECOND / 100).await;
        }
        // 1, 2, 4 ... 64 s apart, and then two minutes.
        let requests = world.requests().len();
        assert!((8..=13).contains(&requests), "{requests} requests in ten minutes");
        assert_eq!(world.told("refresh_failed").len(), 1);
        // Whoever wants KMS to be asked is let through.
        granted.store(true, Ordering::Relaxed);
        sleep(SECOND).await;
        world.refresh(APP).await.expect("it is granted");
        world.need(APP).await.expect("it is cached");
    }
}

#[tokio::test(start_paused = true)]
async fn refreshes_in_a_row_of_what_is_refused_ask_once_a_second() {
    let world = World::simple(|_| Does::fail(Kind::NotFound));
    while world.time.since() < SECOND * 10 {
        assert!(world.refresh(APP).await.is_err());
        sleep(SECOND / 100).await;
    }
    assert!(world.requests().len() <= 11, "{}", world.requests().len());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_mended_at_one_endpoint_does_not_stop_the_others() {
    // A proxy that wants a login, an instance that is too old, a peer that cannot be verified.
    for kind in [Kind::Network, Kind::Configuration, Kind::Tls, Kind::Server, Kind::ClientKey] {
        let world = World::new(endpoints(2), move |request| match request.endpoint {
            0 => Does::Fail(Error::new(kind, "as the test wants it")),
            _ => Does::answer("A"),
        });
        world.need(APP).await.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert!(world.time.since() <= ROUND_TRIP * 3);
        let world = World::new(endpoints(2), move |request| match request.endpoint {
            0 => Does::Fail(Error::new(kind, "as the test wants it")),
            _ if request.at < SECOND * 5 => Does::fail(Kind::Network),
            _ => Does::answer("A"),
        });
        world.need(APP).await.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        let first = world.requests().iter().filter(|request| request.endpoint == 0).count();
        assert_eq!(first, 1, "{kind:?}: it would only say it again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_region_that_lags_behind_takes_no_access_key_away() {
    let blip = MINUTE;
    let world = World::new(endpoints(2), move |request| match request.endpoint {
        0 if request.at >= blip && request.at < blip + SECOND => Does::fail(Kind::Server),
        0 => Does::late("B", 2, ROUND_TRIP * 4),
        _ => Does::late("A", 1, ROUND_TRIP),
    });
    assert_eq!(world.need(APP).await.expect("the first answers").access_key_id(), "B");
    world.until(blip).await;
    let refreshed = world.refresh(APP).await.expect("what is in use is newer than what the second has");
    assert_eq!(refreshed.version_id(), "B");
    assert_eq!(world.cached_id().as_deref(), Some("B"));
    assert!(world.told("rotated").is_empty());
    let before = Instant::now();
    assert_eq!(world.renew(APP, "A").await.expect("it is at hand").access_key_id(), "B");
    assert!(before.elapsed() < ROUND_TRIP);
    // The faster one is not the first for ever.
    world.until(HOUR * 13).await;
    let last = world.requests().pop().expect("there was a refresh");
    assert_eq!(last.endpoint, 0, "{:?}", world.requests());
}

#[tokio::test(start_paused = true)]
async fn an_older_access_key_is_better_than_one_that_is_rejected() {
    let world = World::simple(|request| match request.at {
        at if at < MINUTE => Does::late("B", 2, ROUND_TRIP),
        _ => Does::late("A", 1, ROUND_TRIP),
    });
    world.need(APP).await.expect("KMS answers");
    world.until(MINUTE).await;
    assert_eq!(world.renew(APP, "B").await.expect("KMS has another").access_key_id(), "A");
}

#[tokio::test(start_paused = true)]
async fn an_access_key_that_was_rejected_too_early_is_taken_once_the_one_in_use_is_rejected() {
    let world = World::simple(|request| match request.at {
        at if at >= MINUTE && at < MINUTE * 2 => Does::late("A", 1, ROUND_TRIP),
        _ => Does::late("B", 2, ROUND_TRIP),
    });
    world.need(APP).await.expect("KMS answers");
    world.until(MINUTE).await;
    assert_eq!(world.renew(APP, "B").await.expect("KMS has another").access_key_id(), "A");
    world.until(MINUTE * 2).await;
    assert_eq!(world.renew(APP, "A").await.expect("KMS has another").access_key_id(), "B");
    assert_eq!(world.cached_id().as_deref(), Some("B"));
    // Those who come after find it, and KMS is not asked for each.
    let asked = world.requests().len();
    assert_eq!(world.renew(APP, "A").await.expect("it is at hand").access_key_id(), "B");
    assert_eq!(world.requests().len(), asked);
}

#[tokio::test(start_paused = true)]
async fn what_one_client_of_an_agent_has_rejected_is_not_kept_from_all_when_the_older_one_is_gone() {
    let world = World::simple(|request| match request.at {
        at if at < MINUTE => Does::late("A", 1, ROUND_TRIP),
        _ => Does::late("B", 2, ROUND_TRIP),
    });
    world.need(APP).await.expect("KMS answers");
    // One that had the newer one from elsewhere.
    assert_eq!(world.renew(APP, "B").await.expect("it is at hand").access_key_id(), "A");
    world.until(MINUTE).await;
    assert_eq!(world.refresh(APP).await.expect("A is good").version_id(), "A");
    assert_eq!(world.renew(APP, "A").await.expect("KMS has another").access_key_id(), "B");
    assert_eq!(world.need(APP).await.expect("it is at hand").access_key_id(), "B");
}

#[tokio::test(start_paused = true)]
async fn of_two_that_are_rejected_the_older_one_does_not_come_back() {
    let world = World::simple(|request| match request.at {
        at if at < MINUTE => Does::late("A", 1, ROUND_TRIP),
        at if at < MINUTE * 2 => Does::late("B", 2, ROUND_TRIP),
        _ => Does::late("A", 1, ROUND_TRIP),
    });
    world.need(APP).await.expect("KMS answers");
    world.until(MINUTE).await;
    assert_eq!(world.renew(APP, "A").await.expect("KMS has another").access_key_id(), "B");
    world.until(MINUTE * 2).await;
    world.renew(APP, "B").await.expect_err("there is only one that is older, and rejected");
    assert_eq!(world.cached_id().as_deref(), Some("B"));
}

#[tokio::test(start_paused = true)]
async fn a_rejected_access_key_is_remembered_for_longer_than_a_region_lags() {
    let world = World::new(endpoints(2), |request| match request.endpoint {
        0 if request.at < MINUTE => Does::answer("A"),
        0 if request.at < HOUR * 5 => Does::answer("B"),
        0 => Does::fail(Kind::Server),
        // Without anything that tells its age.
        _ => Does::answer("A"),
    });
    world.need(APP).await.expect("KMS answers");
    world.until(MINUTE).await;
    assert_eq!(world.renew(APP, "A").await.expect("KMS has another").access_key_id(), "B");
    world.until(HOUR * 12).await;
    assert_eq!(world.cached_id().as_deref(), Some("B"));
}
