use kmsak_emulator::{Emulator, Rotation, SecretValue, What};
use std::time::Duration;

use crate::client::*;

const DAY: Duration = Duration::from_secs(86_400);

fn works(emulator: &Emulator, key: &kmsak_emulator::AccessKey) -> bool {
    let url = format!("http://{}", emulator.sts_endpoint());
    let request = Rpc::identity(emulator, "JSON").for_access_key(key);
    let answer = request.sign_hmac("GET", key).get(&https(emulator), &url);
    match json(answer) {
        (200, _) => true,
        (404, body) => {
            assert_eq!(body["Code"], "InvalidAccessKeyId.NotFound");
            false
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_access_keys_live_through_the_overlap() {
    let emulator = Emulator::start().unwrap();
    let old = emulator.access_key_of(SECRET).unwrap();
    let mark = emulator.mark();
    let rotation = emulator.rotate(SECRET, DAY).unwrap();
    let new = emulator.access_key_of(SECRET).unwrap();
    let version = emulator.secret(SECRET).unwrap().versions.last().unwrap().id.clone();
    assert_eq!(
        rotation,
        Rotation::Rotated {
            old_access_key_id: old.id.clone(),
            new_access_key_id: new.id.clone(),
            version_id: version,
        }
    );
    assert_ne!(old.id, new.id);
    assert!(works(&emulator, &old) && works(&emulator, &new));
    assert_eq!(emulator.rotate(SECRET, DAY).unwrap(), Rotation::AlreadyRunning);
    assert_eq!(emulator.access_key_of(SECRET).unwrap().id, new.id);
    let stages: Vec<Vec<String>> =
        emulator.secret(SECRET).unwrap().versions.into_iter().map(|version| version.stages).collect();
    assert_eq!(stages, [["ACSPrevious"], ["ACSCurrent"]]);
    emulator.advance_clock(DAY - Duration::from_secs(60)).unwrap();
    assert!(works(&emulator, &old));
    emulator.advance_clock(Duration::from_secs(61)).unwrap();
    assert!(!works(&emulator, &old) && works(&emulator, &new));
    let events = emulator.events_since(mark);
    assert!(events.iter().any(|event| matches!(&event.what,
        What::Rotated { scheduled: false, new_access_key_id, .. } if *new_access_key_id == new.id)));
    assert!(events.iter().any(|event| matches!(&event.what,
        What::AccessKeyDeleted { access_key_id, user } if *access_key_id == old.id && user == "app")));
}

#[test]
fn without_overlap_the_old_one_is_gone_at_once() {
    let emulator = Emulator::start().unwrap();
    for _ in 0..3 {
        let old = emulator.access_key_of(SECRET).unwrap();
        emulator.rotate(SECRET, Duration::ZERO).unwrap();
        assert!(!works(&emulator, &old));
        assert!(works(&emulator, &emulator.access_key_of(SECRET).unwrap()));
    }
    assert_eq!(emulator.counters().rotations[SECRET], 3);
}

#[test]
fn a_short_overlap_ends_without_anybody_asking() {
    let emulator = Emulator::start().unwrap();
    let mark = emulator.mark();
    emulator.rotate(SECRET, Duration::from_millis(50)).unwrap();
    let deleted =
        emulator.wait_for(mark, PATIENCE, |event| matches!(event.what, What::AccessKeyDeleted { .. }));
    assert!(deleted.is_some());
}

#[test]
fn scheduled_rotations_follow_the_clock() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let first = emulator.now() + DAY;
    emulator.schedule_rotation(SECRET, DAY * 7, first).unwrap();
    let before = simple_fetch(&emulator, &client, SECRET).unwrap();
    assert_eq!(before.automatic, "Enabled");
    assert_eq!(before.interval, "604800s");
    assert_eq!(before.next_rotation, iso(first));
    assert_eq!(before.last_rotation, "");
    let old = emulator.access_key_of(SECRET).unwrap();

    emulator.advance_clock(DAY + Duration::from_secs(60)).unwrap();
    let after = simple_fetch(&emulator, &client, SECRET).unwrap();
    assert_ne!(after.version_id, before.version_id);
    assert_eq!(after.last_rotation, iso(first));
    assert_eq!(after.next_rotation, iso(first + DAY * 7));
    assert!(works(&emulator, &old));
    emulator.advance_clock(DAY * 2).unwrap();
    assert!(!works(&emulator, &old));

    // Half a year at once is a rotation each week, each of which finds room for a second AccessKey.
    emulator.reset_counters();
    emulator.advance_clock(DAY * 182).unwrap();
    assert_eq!(emulator.counters().rotations[SECRET], 26);
    emulator.stop_rotation(SECRET).unwrap();
    emulator.advance_clock(DAY * 30).unwrap();
    assert_eq!(emulator.counters().rotations[SECRET], 26);
    assert_eq!(simple_fetch(&emulator, &client, SECRET).unwrap().next_rotation, "");
    // A jump over a flood of rotations does not take for ever.
    let soon = emulator.now();
    emulator.schedule_rotation(SECRET, Duration::from_secs(1), soon).unwrap();
    emulator.advance_clock(DAY * 365).unwrap();
}

#[test]
fn what_cannot_rotate_says_so() {
    let emulator = Emulator::start().unwrap();
    emulator.create_secret("plain", "Generic", SecretValue::text("x")).unwrap();
    assert!(emulator.rotate("plain", DAY).is_err());
    assert!(emulator.schedule_rotation("plain", DAY, emulator.now()).is_err());
    assert!(emulator.rotate("none", DAY).unwrap_err().is_not_found());
    assert!(emulator.rotate(SECRET, Duration::MAX).is_err());
    assert!(emulator.schedule_rotation(SECRET, Duration::ZERO, emulator.now()).is_err());
    assert!(emulator.schedule_rotation(SECRET, Duration::MAX, emulator.now()).is_err());
    // RAM's limit of two AccessKeys stands in the way of a third.
    emulator.create_access_key("app").unwrap();
    assert!(emulator.create_access_key("app").is_err());
    let full = emulator.rotate(SECRET, DAY).unwrap_err();
    assert!(full.to_string().contains("two AccessKeys") || full.to_string().contains("2 AccessKeys"));
    // A scheduled one is put off, and takes place once there is room.
    emulator.schedule_rotation(SECRET, DAY, emulator.now() + DAY).unwrap();
    emulator.advance_clock(DAY * 2 - Duration::from_secs(60)).unwrap();
    assert!(emulator.counters().rotations.is_empty());
    let spare = emulator.users().into_iter().find(|user| user.name == "app").unwrap();
    emulator.delete_access_key(&spare.access_keys[1].id).unwrap();
    emulator.advance_clock(DAY).unwrap();
    assert_eq!(emulator.counters().rotations[SECRET], 1);
}
