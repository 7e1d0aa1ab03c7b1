//! What refuses to work or panics does no lasting harm.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::sleep;

use super::virtual_kms::{APP, Does, Virtual, World};
use crate::error::Kind;
use crate::event::Event;
use crate::process::threads::in_tests::REFUSED;

#[tokio::test(start_paused = true)]
async fn what_happened_is_told_as_soon_as_there_are_threads_again() {
    let world = World::simple(|_| Does::answer("LTAI1"));
    REFUSED.set(true);
    world.need(APP).await.expect("KMS answers");
    world.refresh(APP).await.expect("KMS answers");
    sleep(Duration::from_secs(3)).await;
    world.refresh(APP).await.expect("KMS answers");
    assert_eq!(world.told("fetched").len(), 0);
    REFUSED.set(false);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.told("fetched").len(), 3);
    world.refresh(APP).await.expect("KMS answers");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.told("fetched").len(), 4);
}

/// A world in which the secret's keeper panics on KMS's answer whenever the test says so.
fn world_with_defects() -> (World, Arc<Mutex<u32>>) {
    let defects = Arc::new(Mutex::new(0));
    let time: Arc<Mutex<Option<Arc<Virtual>>>> = Arc::default();
    let (script_defects, script_time) = (defects.clone(), time.clone());
    let world = World::simple(move |_| {
        let mut left = script_defects.lock().expect("no panic in here");
        if *left > 0 {
            *left -= 1;
            script_time.lock().expect("no panic in here").as_ref().expect("it is there").break_once();
        }
        Does::answer("LTAI1")
    });
    *time.lock().expect("no panic in here") = Some(world.time.clone());
    (world, defects)
}

#[tokio::test(start_paused = true)]
async fn a_keeper_that_panics_says_so_and_goes_on() {
    let (world, defects) = world_with_defects();
    world.need(APP).await.expect("KMS answers");
    *defects.lock().expect("no panic in here") = 1;
    let lost = world.refresh(APP).await.expect_err("the answer is lost");
    assert_eq!((lost.kind(), lost.retryable()), (Kind::Server, true), "{lost}");
    world.refresh(APP).await.expect("it is served again");
    sleep(Duration::from_secs(1)).await;
    let Some(Event::RefreshFailed { error, next_try_in: Some(_), .. }) = world.told("refresh_failed").pop()
    else {
        panic!("it is told")
    };
    assert!(error.message().contains("defect"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_schedule_outlives_panics() {
    let (world, defects) = world_with_defects();
    world.need(APP).await.expect("KMS answers");
    *defects.lock().expect("no panic in here") = 10;
    let before = world.time.since();
    sleep(Duration::from_secs(86_400)).await;
    let requests = world.requests_since(before + Duration::from_millis(1));
    assert!((13..=18).contains(&requests), "ten that were lost, and the schedule's: {requests}");
    let secret = &world.stats().secrets[0];
    assert!(secret.last_error.is_none() && secret.age < Some(Duration::from_secs(7 * 3600)), "{secret:?}");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_met_a_defect_is_not_kept_for_it() {
    let (world, defects) = world_with_defects();
    *defects.lock().expect("no panic in here") = 1;
    world.need(APP).await.expect_err("the answer is lost");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.stats().secrets.len(), 0);
    world.need(APP).await.expect("KMS answers");
}

#[tokio::test(start_paused = true)]
async fn names_that_kms_does_not_know_leave_nothing_behind() {
    let world =
        World::simple(
            |request| {
                if request.secret == APP { Does::answer("LTAI1") } else { Does::fail(Kind::NotFound) }
            },
        );
    world.need(APP).await.expect("KMS answers");
    for number in 0..1000 {
        world.need(&format!("unknown/{number}")).await.expect_err("KMS knows none of them");
    }
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(world.state.cache.places(), 1);
    assert_eq!(world.stats().secrets.len(), 1);
    world.need("unknown/1").await.expect_err("it is asked for anew");
    assert!(world.state.cached(APP.as_bytes()).is_some());
}
