//! What becomes of renewals, refreshes and readers while KMS lags, hangs, throttles or refuses, in virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::config::Config;
use crate::error::{Error, Kind};
use crate::virtual_kms::{APP, Does, World, configuration};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn endpoints(number: usize) -> Config {
    configuration(number, |builder| builder)
}

async fn started(world: &World) {
    let id = world.need(APP).await.expect("KMS answers").access_key_id().to_owned();
    assert_eq!(id, "A");
}

#[tokio::test(start_paused = true)]
async fn a_hang_shorter_than_the_deadline_costs_no_renewal() {
    for hang in 1..=9 {
        let from = MINUTE;
        let until = from + SECOND * hang;
        let world = World::simple(move |request| match request.at {
            at if at < from => Does::answer("A"),
            at if at < until => Does::Hang,
            _ => Does::answer("B"),
        });
        started(&world).await;
        world.until(from).await;
        let renewed = world.renew(APP, "A").await.unwrap_or_else(|error| panic!("{hang} s: {error}"));
        assert_eq!(renewed.access_key_id(), "B");
        assert!(world.requests_since(from) <= 6, "{:?}", world.requests());
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_hangs_is_passed_over() {
    let world = World::new(endpoints(2), |request| match request.endpoint {
        0 => Does::Hang,
        _ => Does::answer("A"),
    });
    started(&world).await;
    world.refresh(APP).await.expect("the second answers");
    let before = Instant::now();
    world.refresh(APP).await.expect("the second answers");
    assert!(before.elapsed() < SECOND, "{:?}", before.elapsed());
    assert_eq!(world.told("endpoint_down").len(), 1);
    let stats = &world.stats().endpoints[0];
    assert!(stats.down && stats.failures == 2, "{stats:?}");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_slow_but_answers_is_not_down() {
    let world =
        World::simple(|request| if request.at.as_secs() % 10 < 2 { Does::Hang } else { Does::answer("A") });
    started(&world).await;
    for _ in 0..5 {
        world.until(SECOND * (world.time.since().as_secs() as u32 / 10 * 10 + 10)).await;
        world.refresh(APP).await.expect("the second request is answered");
    }
    assert!(world.told("endpoint_down").is_empty());
    assert_eq!(world.stats().endpoints[0].failures, 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_at_one_endpoint_is_not_that_of_another_client_key() {
    for refusal in [Kind::Denied, Kind::NotFound] {
        let world = World::new(endpoints(2), move |request| match request.endpoint {
            0 => Does::fail(refusal),
            _ => Does::answer("A"),
        });
        started(&world).await;
        assert_eq!(world.requests().len(), 2);
    }
    let world = World::new(endpoints(2), |request| match request.endpoint {
        0 => Does::fail(Kind::Denied),
        _ => Does::Hang,
    });
    let error = world.need(APP).await.expect_err("refused by one, not answered by the other");
    assert_eq!(error.kind(), Kind::Denied);
    let to_the_first = world.requests().iter().filter(|request| request.endpoint == 0).count();
    assert_eq!(to_the_first, 1, "a refusal is final");
}

fn throttled(retry_after: Duration) -> Does {
    let error = Error::new(Kind::Throttled, "too many").with_retryable(true);
    Does::Fail(error.with_retry_after(Some(retry_after)))
}

#[tokio::test(start_paused = true)]
async fn retry_after_binds_the_endpoint_that_said_it() {
    let world = World::new(endpoints(2), |request| match request.endpoint {
        0 => throttled(MINUTE),
        _ => Does::fail(Kind::Server),
    });
    assert!(world.need(APP).await.is_err());
    let to = |endpoint| world.requests().iter().filter(|request| request.endpoint == endpoint).count();
    assert_eq!(to(0), 1, "{:?}", world.requests());
    assert!(to(1) > 3, "the other one is asked again");
}

#[tokio::test(start_paused = true)]
async fn an_absurd_retry_after_does_not_stop_the_schedule() {
    let world = World::simple(|request| match request.at {
        at if at < MINUTE || at > HOUR * 7 => Does::answer("A"),
        _ => throttled(HOUR * 24),
    });
    started(&world).await;
    world.until(HOUR * 9).await;
    let age = world.stats().secrets[0].age.expect("it is cached");
    assert!(age < HOUR * 2, "{age:?}");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_nobody_waits_for_sends_one_request_into_a_hang() {
    let world = World::simple(|request| match request.at {
        at if at < SECOND => Does::answer("A"),
        _ => Does::Hang,
    });
    started(&world).await;
    world.until(HOUR * 6).await;
    let first_failure = loop {
        sleep(SECOND).await;
        if !world.told("refresh_failed").is_empty() {
            break world.time.since();
        }
    };
    sleep(HOUR).await;
    let probes = world.told("refresh_failed").len() - 1;
    assert!(probes > 5);
    let sent = world.requests_since(first_failure);
    assert!(sent <= probes + 1, "{sent} requests in {probes} probes");
}

#[tokio::test(start_paused = true)]
async fn whoever_joins_a_lone_probe_gets_a_whole_fetch() {
    let away = Arc::new(AtomicBool::new(false));
    let is_away = away.clone();
    let config = configuration(1, |builder| builder.max_stale(HOUR));
    let world = World::new(config, move |_| match is_away.load(Ordering::Relaxed) {
        true => Does::Hang,
        false => Does::answer("A"),
    });
    started(&world).await;
    away.store(true, Ordering::Relaxed);
    world.until(HOUR * 2).await;
    assert_eq!(world.cached_id(), None, "too old by now");
    let sent = world.requests().len();
    while world.requests().len() == sent {
        sleep(SECOND / 10).await;
    }
    let reader = world.need(APP);
    sleep(SECOND * 3).await;
    away.store(false, Ordering::Relaxed);
    let joined = Instant::now();
    reader.await.expect("its request does not end with the one that hangs");
    assert!(joined.elapsed() < SECOND * 3, "{:?}", joined.elapsed());
}
