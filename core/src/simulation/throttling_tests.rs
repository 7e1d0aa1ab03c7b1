//! What one process does while KMS throttles, or when it knows of the fleet that it is one of, in virtual time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::Kind;
use crate::simulation::virtual_kms::{APP, Does, ROUND_TRIP, World, configuration};
use crate::upkeep::limits::FIRST_WINDOW;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// `renew_deadline` unless it is configured.
const DEADLINE: Duration = Duration::from_secs(15);

/// KMS that has rotated after a minute, and throttles for `long` from then on.
fn throttles_for(long: Duration) -> World {
    World::simple(move |request| match request.at {
        at if at < MINUTE => Does::answer("A"),
        at if at < MINUTE + long => Does::fail(Kind::Throttled),
        _ => Does::answer("B"),
    })
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_is_throttled_for_a_moment_is_served_while_somebody_waits() {
    for draws in 0..20 {
        let world = throttles_for(ROUND_TRIP / 2);
        world.need(APP).await.expect("KMS answers");
        for _ in 0..draws {
            world.state.environment.random.draw();
        }
        world.until(MINUTE).await;
        let asked = Instant::now();
        assert_eq!(world.renew(APP, "A").await.expect("its turn comes in time").access_key_id(), "B");
        assert!(asked.elapsed() < FIRST_WINDOW + ROUND_TRIP * 4, "{:?}", asked.elapsed());
        assert_eq!(world.requests_since(MINUTE), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_throttled_for_seconds_costs_no_failed_call() {
    for draws in 0..40 {
        let world = throttles_for(SECOND * 8);
        world.need(APP).await.expect("KMS answers");
        for _ in 0..draws {
            world.state.environment.random.draw();
        }
        world.until(MINUTE).await;
        assert_eq!(
            world.renew(APP, "A").await.expect("one turn comes after").access_key_id(),
            "B",
            "{draws}"
        );
        assert!(world.time.since() - MINUTE < DEADLINE);
        assert!(world.requests_since(MINUTE) <= 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_whose_turn_is_too_late_fails_at_once_says_when_and_goes_on() {
    let world = throttles_for(MINUTE);
    world.need(APP).await.expect("KMS answers");
    assert_eq!(world.stats().endpoints[0].throttled_for, None);
    world.until(MINUTE).await;
    let error = world.renew(APP, "A").await.expect_err("KMS throttles");
    assert_eq!((error.kind(), error.retryable()), (Kind::Throttled, true));
    assert!(error.retry_after().is_some(), "{error}");
    assert!(error.message().contains("asks again in"), "{error}");
    // The application goes on calling, and KMS is none the worse for it.
    let mut failed_at_once = 0;
    while world.cached_id().as_deref() == Some("A") {
        let asked = Instant::now();
        if let Err(error) = world.renew(APP, "A").await {
            assert_eq!(error.kind(), Kind::Throttled, "not the bucket's: {error}");
            let rest = error.retry_after().expect("it says when");
            if asked.elapsed().is_zero() {
                failed_at_once += 1;
                assert!(rest >= DEADLINE, "{rest:?}");
            }
        }
        sleep(SECOND / 2).await;
    }
    assert!(failed_at_once > 20, "{failed_at_once}");
    assert!(world.requests_since(MINUTE) <= 8, "{:?}", world.requests());
    let took = world.time.since() - MINUTE;
    assert!(took < MINUTE * 2, "{took:?}");
    // Told once for each turn, not for each call.
    assert!(world.told("refresh_failed").len() <= 16, "{}", world.told("refresh_failed").len());
    assert_eq!(world.told("rotated").len(), 1);
    let throttled = world.stats().endpoints[0].throttled_for.expect("it was");
    assert!(throttled >= MINUTE && throttled <= took, "{throttled:?}");
}

#[tokio::test(start_paused = true)]
async fn all_secrets_of_a_process_have_one_turn() {
    let world = World::simple(|request| match request.at {
        at if at < MINUTE => Does::answer("A"),
        at if at < MINUTE * 2 => Does::fail(Kind::Throttled),
        _ => Does::answer("B"),
    });
    let names: Vec<_> = (0..40).map(|number| format!("acs/ram/user/{number}")).collect();
    for name in &names {
        world.need(name).await.expect("KMS answers");
    }
    world.until(MINUTE).await;
    let renewals: Vec<_> = names.iter().map(|name| world.renew(name, "A")).collect();
    for renewal in renewals {
        renewal.await.expect_err("KMS throttles");
    }
    let first = world.requests_since(MINUTE);
    world.until(MINUTE * 2).await;
    // One for each secret at first, together; then one of them at a time asks for all.
    assert!(first <= 40 + 4, "{first}");
    let later = world.requests_since(MINUTE) - first;
    assert!(later <= 8, "{later} requests");
    world.until(MINUTE * 5).await;
    for name in &names {
        let cached = world.state.cache.snapshot(name.as_bytes()).expect("it is kept");
        assert_eq!(cached.access_key_id(), Some("B"), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_throttled_is_in_no_hurry_and_a_renewal_does_not_wait_for_it() {
    let hour = MINUTE * 60;
    let world = World::simple(move |request| match request.at {
        at if at < hour => Does::answer("A"),
        at if at < hour * 8 => Does::fail(Kind::Throttled),
        _ => Does::answer("B"),
    });
    world.need(APP).await.expect("KMS answers");
    world.until(hour * 8 - SECOND).await;
    let meanwhile = world.requests_since(hour);
    // From 6 h on, at most ten minutes apart and not much less.
    assert!((8..=30).contains(&meanwhile), "{meanwhile}");
    world.until(hour * 8 + SECOND).await;
    if world.cached_id().as_deref() == Some("A") {
        let asked = Instant::now();
        assert_eq!(world.renew(APP, "A").await.expect("KMS is there").access_key_id(), "B");
        assert!(asked.elapsed() < ROUND_TRIP * 3, "{:?}", asked.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_told_the_size_of_the_fleet_waits_for_a_turn() {
    // 9,450 processes at 450 a second: 20 s after the first one.
    for told in ["setting", "CustomData"] {
        let mut waits = Vec::new();
        for draws in 0..20 {
            let config = configuration(1, |builder| match told {
                "setting" => builder.fleet_size(9_450),
                _ => builder,
            });
            let world = World::new(config, |request| match request.at {
                at if at < MINUTE => Does::answer("A"),
                _ => Does::answer("B"),
            });
            if told == "CustomData" {
                world.set_extended_config(r#"{"CustomData":{"fleet_size":"9450"}}"#);
            }
            world.need(APP).await.expect("a first AccessKey is not waited for");
            assert!(world.time.since() < ROUND_TRIP * 2);
            for _ in 0..draws {
                world.state.environment.random.draw();
            }
            world.until(MINUTE).await;
            let renewed = world.renew(APP, "A").await;
            let answered = world.time.since() - MINUTE;
            match renewed {
                Ok(renewed) => assert_eq!(renewed.access_key_id(), "B"),
                Err(error) => {
                    assert!(answered < ROUND_TRIP, "it fails at once: {answered:?}");
                    assert!(error.retry_after().is_some_and(|rest| rest >= DEADLINE), "{error}");
                }
            }
            world.until(MINUTE + SECOND * 21).await;
            assert_eq!(world.cached_id().as_deref(), Some("B"), "it goes on in the background");
            let after: Vec<_> =
                world.requests().iter().filter(|request| request.at >= MINUTE).cloned().collect();
            assert_eq!(after.len(), 1, "{after:?}");
            waits.push(after[0].at - MINUTE);
        }
        let (first, last) = (waits.iter().min().expect("20"), waits.iter().max().expect("20"));
        assert!(*first < SECOND * 3 && *last > SECOND * 17 && *last <= SECOND * 20, "{waits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lone_process_that_others_in_the_account_throttled_once_is_served_in_time_the_next_time() {
    let world = World::simple(|request| match request.at.as_secs() {
        0..60 => Does::answer("A"),
        60..200 => Does::fail(Kind::Throttled),
        200..3600 => Does::answer("B"),
        _ => Does::answer("C"),
    });
    world.need(APP).await.expect("KMS answers");
    world.until(MINUTE).await;
    world.renew(APP, "A").await.expect_err("KMS throttles");
    world.until(MINUTE * 60).await;
    assert_eq!(world.cached_id().as_deref(), Some("B"));
    let asked = Instant::now();
    assert_eq!(world.renew(APP, "B").await.expect("in time").access_key_id(), "C");
    assert!(asked.elapsed() <= FIRST_WINDOW + ROUND_TRIP * 2, "{:?}", asked.elapsed());
}
