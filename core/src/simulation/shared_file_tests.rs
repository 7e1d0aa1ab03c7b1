//! What processes learn from a cache file that they share, where what others wrote is older, of another region, or does not come.

use std::fs;
use std::time::Duration;

use crate::config::Config;
use crate::error::{Error, Kind};
use crate::simulation::virtual_kms::{APP, Does, World, configuration};
use crate::{Builder, Gateway};

const HOUR: Duration = Duration::from_secs(3600);

fn sharing(folder: &tempfile::TempDir, change: impl FnOnce(Builder) -> Builder) -> Config {
    configuration(1, |builder| change(builder.cache_file(folder.path().join("secrets.cache"))))
}

async fn id_of(world: &World) -> String {
    world.need(APP).await.expect("KMS answers").access_key_id().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_region_that_lags_behind_brings_back_nothing_by_way_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = || sharing(&folder, |builder| builder);
    let ahead = World::new(config(), |_| Does::late("B", 2, Duration::from_millis(30)));
    let behind = World::new(config(), |_| Does::late("A", 1, Duration::from_millis(30)));
    assert_eq!((id_of(&ahead).await, id_of(&behind).await), ("B".to_owned(), "A".to_owned()));
    let restarted = World::new(config(), |_| Does::Hang);
    assert_eq!(id_of(&restarted).await, "B", "the later version stays in the file");
    // What is there from now on is of who lags behind.
    for day in 1..8 {
        fs::remove_file(folder.path().join("secrets.cache")).expect("it is there");
        behind.refresh(APP).await.expect("KMS answers");
        ahead.until(HOUR * 24 * day).await;
        assert_eq!(ahead.cached_id().as_deref(), Some("B"), "on day {day}");
    }
    assert!(ahead.told("rotated").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_rejected_too_early_is_learnt_from_the_file_once_the_one_in_use_is_rejected() {
    const MINUTE: Duration = Duration::from_secs(60);
    let folder = tempfile::tempdir().expect("a folder");
    let ours = World::new(sharing(&folder, |builder| builder), |request| match request.at {
        at if at < MINUTE => Does::late("B", 2, Duration::from_millis(30)),
        _ => Does::late("A", 1, Duration::from_millis(30)),
    });
    let theirs =
        World::new(sharing(&folder, |builder| builder), |_| Does::late("B", 2, Duration::from_millis(30)));
    assert_eq!(id_of(&ours).await, "B");
    ours.until(MINUTE).await;
    assert_eq!(ours.renew(APP, "B").await.expect("KMS has another").access_key_id(), "A");
    ours.until(MINUTE * 2).await;
    theirs.refresh(APP).await.expect("KMS answers");
    // It is in the file once the right to ask has been given back.
    ours.until(MINUTE * 3).await;
    assert_eq!(ours.renew(APP, "A").await.expect("the file has another").access_key_id(), "B");
    assert_eq!(ours.requests_since(MINUTE * 2), 0);
}

#[tokio::test(start_paused = true)]
async fn one_access_key_reads_other_secrets_in_another_region() {
    let folder = tempfile::tempdir().expect("a folder");
    let in_region = |region: &str, number: usize| {
        Builder::new()
            .gateway(Gateway::shared(region).endpoint(format!("kms-{number}.test")))
            .credentials_type("ak")
            .access_key_id("LTAI.asks")
            .access_key_secret("secret")
            .cache_file(folder.path().join("secrets.cache"))
            .build()
            .expect("the configuration is good")
    };
    let here = World::new(in_region("cn-hangzhou", 0), |_| Does::answer("HERE"));
    let there = World::new(in_region("cn-beijing", 1), |_| Does::answer("THERE"));
    for _ in 0..28 {
        assert_eq!((id_of(&here).await, id_of(&there).await), ("HERE".to_owned(), "THERE".to_owned()));
        tokio::time::sleep(HOUR).await;
        there.refresh(APP).await.expect("KMS answers");
    }
    assert!(here.told("rotated").is_empty() && there.told("rotated").is_empty());
    let restarted = World::new(in_region("cn-hangzhou", 2), |_| Does::Hang);
    assert_eq!(id_of(&restarted).await, "HERE");
}

#[tokio::test(start_paused = true)]
async fn whoever_has_the_right_to_ask_and_stops_leaves_half_of_a_short_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = sharing(&folder, |builder| builder.renew_deadline(Duration::from_secs(2)));
    let world = World::new(config, |request| match request.at < HOUR {
        true => Does::answer("A"),
        false => Does::answer("B"),
    });
    assert_eq!(id_of(&world).await, "A");
    let stopped = fs::File::create(folder.path().join("secrets.cache.asking")).expect("a file");
    stopped.lock().expect("nobody asks now");
    world.until(HOUR).await;
    assert_eq!(world.renew(APP, "A").await.expect("KMS has another").access_key_id(), "B");
    assert!(world.time.since() - HOUR < Duration::from_secs(2), "{:?}", world.time.since());
}

#[tokio::test(start_paused = true)]
async fn what_another_process_was_answered_is_found_however_long_kms_throttles_this_one() {
    const SECOND: Duration = Duration::from_secs(1);
    let folder = tempfile::tempdir().expect("a folder");
    for pause in [SECOND * 90, SECOND * 10] {
        let served = World::new(sharing(&folder, |builder| builder), |request| match request.at < HOUR {
            true => Does::answer("A"),
            false => Does::answer("B"),
        });
        let throttled = World::new(sharing(&folder, |builder| builder), move |request| {
            let error = || Error::new(Kind::Throttled, "later").with_retryable(true);
            match request.at < HOUR {
                true => Does::answer("A"),
                false => Does::Fail(error().with_retry_after(Some(pause))),
            }
        });
        assert_eq!((id_of(&served).await, id_of(&throttled).await), ("A".to_owned(), "A".to_owned()));
        served.until(HOUR).await;
        // It comes to nothing, and the next turn is after the pause.
        let first = throttled.renew(APP, "A");
        tokio::time::sleep(SECOND * 2).await;
        assert_eq!(served.renew(APP, "A").await.expect("KMS answers").access_key_id(), "B");
        tokio::time::sleep(SECOND * 3).await;
        match pause < SECOND * 15 {
            // It is waited for, and the file is found to have it meanwhile.
            true => assert_eq!(throttled.cached_id().as_deref(), Some("B")),
            false => assert!(first.await.is_err(), "its time was not long enough"),
        }
        let renewed = throttled.renew(APP, "A").await.expect("the file has it");
        assert_eq!(renewed.access_key_id(), "B", "{pause:?}");
        assert_eq!(throttled.requests_since(HOUR), 1);
        fs::remove_file(folder.path().join("secrets.cache")).expect("it is there");
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_a_turn_in_a_large_fleet_finds_what_others_were_answered_before_it_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let rotates = || {
        World::new(sharing(&folder, |builder| builder.fleet_size(100_000)), |request| {
            Does::answer(if request.at < HOUR { "A" } else { "B" })
        })
    };
    let (busy, idle) = (rotates(), rotates());
    assert_eq!((id_of(&busy).await, id_of(&idle).await), ("A".to_owned(), "A".to_owned()));
    busy.until(HOUR).await;
    // Its turn may be too late for whoever waits; what it is answered then is in the file.
    drop(busy.renew(APP, "A").await);
    busy.until(HOUR + Duration::from_secs(300)).await;
    assert_eq!(busy.cached_id().as_deref(), Some("B"));
    assert_eq!(idle.renew(APP, "A").await.expect("the file has it").access_key_id(), "B");
    assert_eq!(idle.requests_since(HOUR), 0);
}
