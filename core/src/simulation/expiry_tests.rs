//! What becomes of renewals, refreshes and readers while KMS lags, hangs, throttles or refuses, in virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use crate::config::Config;
use crate::error::{Error, Kind};
use crate::event::Event;
use crate::simulation::virtual_kms::{APP, Does, Request, World, configuration};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn endpoints(number: usize) -> Config {
    configuration(number, |builder| builder)
}

/// KMS rotates from A to B at `at`.
fn rotates(at: Duration) -> impl Fn(&Request) -> Does {
    move |request| Does::answer(if request.at < at { "A" } else { "B" })
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
async fn a_peer_that_cannot_be_verified_for_a_while_costs_no_renewal() {
    renewed_after(Error::new(Kind::Tls, "somebody else's certificate")).await;
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_wants_a_login_for_a_while_costs_no_renewal() {
    let world = renewed_after(Error::new(Kind::Network, "the proxy wants a login")).await;
    assert!(world.requests_since(MINUTE) <= 20, "{:?}", world.requests());
}

/// A renewal during which each try fails so for 8 s.
async fn renewed_after(failure: Error) -> World {
    let world = World::simple(move |request| match request.at {
        at if at < MINUTE => Does::answer("A"),
        at if at < MINUTE + SECOND * 8 => Does::Fail(failure.clone()),
        _ => Does::answer("B"),
    });
    started(&world).await;
    world.until(MINUTE).await;
    assert_eq!(world.renew(APP, "A").await.expect("it has passed").access_key_id(), "B");
    world
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_an_hour_is_not_kept_while_an_access_key_is_rejected() {
    for kind in [Kind::Server, Kind::Throttled] {
        for asks_again in [false, true] {
            let pause = move || Error::new(kind, "later").with_retryable(true).with_retry_after(Some(HOUR));
            let world = World::simple(move |request| match request.at {
                at if at < MINUTE => Does::answer("A"),
                at if at < MINUTE * 2 => Does::Fail(pause()),
                _ => Does::answer("B"),
            });
            started(&world).await;
            world.until(MINUTE).await;
            assert!(world.renew(APP, "A").await.is_err(), "its time is not long enough");
            assert_eq!(world.requests_since(MINUTE), 1);
            if asks_again {
                world.until(MINUTE * 2).await;
                assert!(world.renew(APP, "A").await.is_err(), "the pause is kept for a while");
                assert_eq!(world.requests_since(MINUTE), 1);
            }
            world.until(MINUTE * 8).await;
            assert_eq!(world.cached_id().as_deref(), Some("B"), "{kind:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_comes_late_is_still_met_by_the_last_try() {
    for _ in 0..60 {
        let asked = MINUTE;
        let world = World::simple(rotates(asked + SECOND * 9));
        started(&world).await;
        world.until(asked).await;
        // Not the same draws each time.
        for _ in 0..rand::random_range(0..50) {
            world.state.environment.random.draw();
        }
        assert_eq!(world.renew(APP, "A").await.expect("in time").access_key_id(), "B");
    }
}

#[tokio::test(start_paused = true)]
async fn each_renewal_has_its_own_deadline() {
    let asked = MINUTE;
    let world = World::simple(rotates(asked + SECOND * 19));
    started(&world).await;
    world.until(asked).await;
    let first = world.renew(APP, "A");
    sleep(SECOND * 8).await;
    let second = world.renew(APP, "A");
    assert!(first.await.is_err(), "its time was up before the rotation");
    assert!(world.time.since() - asked >= SECOND * 14);
    assert_eq!(second.await.expect("it came within its time").access_key_id(), "B");
    assert_eq!(world.stats().secrets[0].renewals, 2, "a token each");
}

#[tokio::test(start_paused = true)]
async fn renewals_that_were_asked_for_together_end_together() {
    for (sent_away, most_requests) in [(false, 20), (true, 1)] {
        let world = World::simple(move |request| match request.at < MINUTE || !sent_away {
            true => Does::answer("A"),
            false => throttled(MINUTE),
        });
        started(&world).await;
        world.until(MINUTE).await;
        let mut renewals = Vec::new();
        for _ in 0..3 {
            renewals.push(world.renew(APP, "A"));
            sleep(SECOND / 1000).await;
        }
        for renewal in renewals {
            assert!(renewal.await.is_err(), "KMS has no other");
        }
        assert!(world.requests_since(MINUTE) <= most_requests);
        assert_eq!(world.stats().secrets[0].renewals, 1, "one token for all of them");
    }
}

#[tokio::test(start_paused = true)]
async fn an_access_key_known_as_rejected_is_watched() {
    for rotated_after in [MINUTE, MINUTE * 5, MINUTE * 20] {
        let asked = MINUTE;
        let world = World::simple(rotates(asked + rotated_after));
        started(&world).await;
        world.until(asked).await;
        // The application goes on calling; the bucket is empty before long.
        while world.cached_id().as_deref() == Some("A") {
            let _told_by_the_cache = world.renew(APP, "A").await;
            sleep(SECOND).await;
        }
        let lost = world.time.since() - asked - rotated_after;
        assert!(lost <= (rotated_after / 4).max(seconds(31.0)) + SECOND, "{rotated_after:?}: {lost:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_bucket_does_not_hide_a_rejected_access_key_from_the_schedule() {
    let config = configuration(1, |builder| builder.renew_tokens(1));
    let world = World::new(config, |request| match request.at.as_secs() {
        0..60 => Does::answer("A"),
        60..120 => Does::answer("B"),
        _ => Does::answer("C"),
    });
    started(&world).await;
    world.until(MINUTE).await;
    world.renew(APP, "A").await.expect("there is one token");
    world.until(MINUTE * 2).await;
    assert_eq!(world.renew(APP, "B").await.expect_err("no token").kind(), Kind::Throttled);
    sleep(seconds(31.0)).await;
    assert_eq!(world.cached_id().as_deref(), Some("C"));
}

#[tokio::test(start_paused = true)]
async fn another_access_key_in_the_cache_is_answered_though_it_was_rejected_once() {
    let asked = MINUTE;
    let world = World::simple(rotates(asked));
    started(&world).await;
    world.until(asked).await;
    world.renew(APP, "A").await.expect("KMS answers");
    // RAM does not know it everywhere yet.
    let rejected_too_early = world.renew(APP, "B");
    assert_eq!(world.renew(APP, "A").await.expect("it is another one").access_key_id(), "B");
    assert!(world.time.since() - asked < SECOND, "at once");
    assert!(rejected_too_early.await.is_err(), "KMS has no other");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_does_not_cost_a_refresh_its_time() {
    let from = MINUTE;
    let world = World::simple(move |request| match request.at {
        at if at < from => Does::answer("A"),
        at if at < from + SECOND * 17 => Does::Hang,
        _ => Does::answer("B"),
    });
    started(&world).await;
    world.until(from).await;
    let refresh = world.refresh(APP);
    sleep(SECOND / 2).await;
    let renewal = world.renew(APP, "A");
    sleep(SECOND * 6).await;
    assert!(world.told("refresh_failed").is_empty(), "nothing has failed yet");
    assert!(renewal.await.is_err(), "fifteen seconds were not enough");
    assert_eq!(refresh.await.expect("twenty were").version_id(), "B");
}

#[tokio::test(start_paused = true)]
async fn renewals_that_fail_are_told() {
    let world = World::simple(|_| Does::answer("A"));
    started(&world).await;
    for tokens_spent in 1..=5 {
        assert!(world.renew(APP, "A").await.is_err());
        sleep(SECOND / 10).await;
        assert_eq!(world.told("refresh_failed").len(), tokens_spent);
    }
    let Some(Event::RefreshFailed { error, next_try_in: Some(next), .. }) =
        world.told("refresh_failed").pop()
    else {
        panic!("it says when KMS is asked again");
    };
    assert!(error.message().contains("KMS still answers"), "{error}");
    assert!(next <= MINUTE * 10, "{next:?}");
    // However often it is refused from now on.
    for _ in 0..3 {
        assert_eq!(world.renew(APP, "A").await.expect_err("no token").kind(), Kind::Throttled);
    }
    sleep(SECOND / 10).await;
    assert_eq!(world.told("refresh_failed").len(), 6);
    let last = world.stats().secrets[0].last_error.clone().expect("it is known");
    assert_eq!(last.kind(), Kind::Throttled);
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
async fn an_endpoint_that_lags_behind_is_not_asked_for_ever() {
    let asked = MINUTE;
    let world = World::new(endpoints(2), move |request| match request.endpoint {
        1 if request.at >= asked => Does::answer("B"),
        _ => Does::answer("A"),
    });
    started(&world).await;
    world.until(asked).await;
    assert_eq!(world.renew(APP, "A").await.expect("the second has it").access_key_id(), "B");
    assert_eq!(world.requests_since(asked), 2, "{:?}", world.requests());
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
async fn max_stale_holds_while_a_fetch_hangs() {
    let config = configuration(1, |builder| builder.max_stale(SECOND * 2));
    let world = World::new(config, |request| match request.at {
        at if at < SECOND => Does::answer("A"),
        _ => Does::Hang,
    });
    started(&world).await;
    sleep(seconds(1.9)).await;
    assert!(world.cached_id().is_some());
    sleep(seconds(0.2)).await;
    assert!(world.requests().len() > 1, "a refresh hangs");
    assert_eq!(world.cached_id(), None);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_is_told_though_the_old_value_had_become_too_stale() {
    let config = configuration(1, |builder| builder.max_stale(HOUR));
    let world = World::new(config, |request| match request.at {
        at if at < MINUTE => Does::answer("A"),
        at if at < HOUR * 9 => Does::fail(Kind::Network),
        _ => Does::answer("B"),
    });
    started(&world).await;
    world.until(HOUR * 9).await;
    assert_eq!(world.cached_id(), None);
    world.until(HOUR * 12).await;
    assert_eq!(world.cached_id().as_deref(), Some("B"));
    assert_eq!(world.told("rotated").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn max_stale_holds_for_a_machine_that_slept() {
    let config = configuration(1, |builder| builder.max_stale(HOUR));
    let world = World::new(config, |request| match request.at {
        at if at < SECOND => Does::answer("A"),
        _ => Does::Hang,
    });
    started(&world).await;
    world.time.set_wall_clock_by(7200);
    sleep(MINUTE * 7).await;
    assert_eq!(world.cached_id(), None);
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_first_after_a_sleep_gets_nothing_too_old() {
    let config = configuration(1, |builder| builder.max_stale(HOUR));
    let world =
        World::new(
            config,
            |request| {
                if request.at < MINUTE { Does::answer("A") } else { Does::fail(Kind::Network) }
            },
        );
    started(&world).await;
    world.until(MINUTE * 2).await;
    assert!(world.state.cached(APP.as_bytes()).is_some());
    // No time passes by the other clock, so that no timer has ended.
    world.time.set_wall_clock_by(3600);
    assert!(world.state.cached(APP.as_bytes()).is_none());
    assert!(world.need(APP).await.is_err(), "KMS is away");
    assert!(world.renew(APP, "B").await.is_err(), "KMS is away");
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_back_delays_no_refresh() {
    let world = World::simple(rotates(HOUR));
    started(&world).await;
    world.until(HOUR).await;
    world.time.set_wall_clock_by(-8 * 3600);
    world.until(HOUR * 6 + MINUTE * 31).await;
    assert_eq!(world.cached_id().as_deref(), Some("B"));
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_was_ahead_delays_no_refresh_of_a_child() {
    let mut world = World::simple(|_| Does::answer("A"));
    started(&world).await;
    world.time.set_wall_clock_by(-30 * 86_400);
    world.fork();
    let forked = world.time.since();
    world.until(forked + HOUR * 6 + MINUTE * 31).await;
    assert_eq!(world.requests_since(forked), 1);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_refreshes_soon_after() {
    let world = World::simple(|_| Does::answer("A"));
    started(&world).await;
    world.until(MINUTE).await;
    // No time passes by the other clock, so that no timer has ended.
    world.time.set_wall_clock_by(3 * 86_400);
    world.until(MINUTE * 3).await;
    assert_eq!(world.requests_since(MINUTE), 1);
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

#[tokio::test(start_paused = true)]
async fn what_is_asked_next_does_not_wait_for_a_wall_clock_of_1970() {
    let world = World::simple(rotates(MINUTE));
    started(&world).await;
    world.time.set_wall_clock_by(
        -i64::try_from(world.time.epoch.duration_since(SystemTime::UNIX_EPOCH).expect("later").as_secs())
            .expect("it fits"),
    );
    world.until(MINUTE).await;
    assert_eq!(world.renew(APP, "A").await.expect("KMS answers").access_key_id(), "B");
}

#[tokio::test(start_paused = true)]
async fn reminders_are_of_the_client_key_in_use() {
    const DAY: Duration = Duration::from_secs(86_400);
    let emulator = kmsak_emulator::Emulator::start().expect("it starts");
    let now = time::OffsetDateTime::UNIX_EPOCH + DAY * 20_800;
    let issue = |until| emulator.issue_client_key_between("app", now - DAY, until).expect("a ClientKey");
    let (short, long) = (issue(now + DAY * 11 / 2), issue(now + DAY * 1825));
    for replaced in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let (key, password) = (folder.path().join("clientKey.json"), folder.path().join("password"));
        let write = |client_key: &kmsak_emulator::ClientKey| {
            std::fs::write(&key, &client_key.json).expect("a writable folder");
            std::fs::write(&password, &client_key.password).expect("a writable folder");
        };
        write(&short);
        let gateway = crate::Gateway::instance()
            .endpoint("kms-0.test")
            .client_key_file(&key)
            .client_key_password_file(&password)
            .ca(emulator.ca_pem());
        let config = crate::Builder::new().gateway(gateway).build().expect("it is good");
        let world = World::new(config, |_| Does::answer("A"));
        started(&world).await;
        if replaced {
            write(&long);
        }
        world.until(DAY / 4).await;
        assert_eq!(world.told("client_key_replaced").len(), usize::from(replaced));
        world.until(DAY * 2).await;
        let reminders = world.told("client_key_expiring");
        // Five and four days before the end.
        assert_eq!(reminders.len(), if replaced { 0 } else { 2 }, "{reminders:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_when_it_came_is_read_again_without_a_notice() {
    let emulator = kmsak_emulator::Emulator::start().expect("it starts");
    let folder = tempfile::tempdir().expect("a folder");
    let (key, password) = (folder.path().join("clientKey.json"), folder.path().join("password"));
    let issue = || emulator.issue_client_key("app").expect("a ClientKey");
    let (first, second) = (issue(), issue());
    std::fs::write(&key, &first.json).expect("a writable folder");
    std::fs::write(&password, &first.password).expect("a writable folder");
    let gateway = crate::Gateway::instance()
        .endpoint("kms-0.test")
        .client_key_file(&key)
        .client_key_password_file(&password)
        .ca(emulator.ca_pem());
    let config = crate::Builder::new().gateway(gateway).build().expect("it is good");
    let world = World::new(config, |_| Does::answer("A"));
    started(&world).await;
    world.until(MINUTE).await;
    // As if a limit of the process or its disk stood in the way: the file is there, and looks the same when it can be read.
    let at = SystemTime::UNIX_EPOCH + HOUR;
    let write = |json: &str| {
        let mut file = std::fs::File::options().write(true).truncate(true).open(&key).expect("it is there");
        std::io::Write::write_all(&mut file, json.as_bytes()).expect("a disk");
        file.set_modified(at).expect("a time");
    };
    std::fs::write(&password, &second.password).expect("a writable folder");
    write(&second.json.replace('{', "["));
    world.until(MINUTE * 2).await;
    let unusable = world.told("client_key_unusable").len();
    assert!(unusable > 0 && world.told("client_key_replaced").is_empty());
    world.until(MINUTE * 10).await;
    assert_eq!(world.told("client_key_unusable").len(), unusable, "told once");
    write(&second.json);
    world.until(MINUTE * 11).await;
    assert_eq!(world.told("client_key_replaced").len(), 1);
}
