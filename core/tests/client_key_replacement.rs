//! Replacing the ClientKey, password and CA files under a running provider.

mod fixture;

use std::fs;
use std::time::Duration;

use fixture::{APP, Kms, Told};
use kmsak::{Event, Kind};
use kmsak_emulator::{Emulator, Fault};

#[test]
fn a_new_pair_is_taken_over_without_anybody_asking() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    let told = Told::by(&provider);
    let old = kms.emulator.client_key().expect("the first one");
    let new = kms.emulator.issue_client_key("app").expect("another");
    kms.replace_client_key(&new);
    let Event::ClientKeyReplaced { old_key_id, new_key_id } = told.wait_for("client_key_replaced") else {
        unreachable!()
    };
    assert_eq!((&old_key_id, &new_key_id), (&old.key_id, &new.key_id));
    kms.emulator.revoke_client_key(&old.key_id).expect("it goes");
    provider.refresh(APP).expect("signed by the new one");
    assert_eq!(provider.stats().client_keys[0].info.key_id, new.key_id);
}

#[test]
fn an_expired_client_key_is_named_where_kms_says_something_else() {
    let kms = Kms::start();
    let expired = kms.expired_client_key();
    kms.replace_client_key(&expired);
    for (properties, kms_says) in [
        (&kms.files.on_the_cloud, "check that the ClientKey still exists"),
        (&kms.files.off_the_cloud, "it has expired or was disabled"),
    ] {
        let error = kms.provider(properties, "").credentials(APP).unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.message().contains(kms_says), "{error}");
        let remark = format!("; but first of all, the ClientKey {} expired at ", expired.key_id);
        assert!(error.message().contains(&remark), "{error}");
    }
}

#[test]
fn a_client_key_that_is_too_new_for_kms_is_told_by_its_clock() {
    let kms = Kms::start();
    let now = kms.emulator.now();
    let hour = Duration::from_secs(3600);
    let new = kms.emulator.issue_client_key_between("app", now - hour, now + hour).expect("a ClientKey");
    kms.replace_client_key(&new);
    kms.emulator.rewind_clock(2 * hour).expect("an earlier time");
    let error = kms.off_the_cloud("").credentials(APP).expect_err("not yet");
    assert_eq!(error.kind(), Kind::Denied);
    let remark = format!("; but first of all, the ClientKey {} is valid from ", new.key_id);
    assert!(error.message().contains(&remark), "{error}");
    assert!(error.message().contains(" only and KMS's clock says "), "{error}");
}

#[test]
fn a_refused_client_key_makes_the_files_be_read_again_at_once() {
    for on_the_cloud in [true, false] {
        let kms = Kms::start();
        let properties = if on_the_cloud { &kms.files.on_the_cloud } else { &kms.files.off_the_cloud };
        let provider = kms.provider(properties, "");
        let old = kms.emulator.client_key().expect("the first one");
        let new = kms.emulator.issue_client_key("app").expect("another");
        provider.credentials(APP).expect("KMS answers");
        // Revoked and replaced in one moment: no notice of the files can have been taken yet.
        kms.emulator.revoke_client_key(&old.key_id).expect("it goes");
        kms.replace_client_key(&new);
        provider.refresh(APP).expect("the files were read again");
    }
}

#[test]
fn a_broken_or_half_written_file_leaves_the_old_one_in_use() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    let told = Told::by(&provider);
    let new = kms.emulator.issue_client_key("app").expect("another");
    fs::write(&kms.files.client_key, &new.json[..new.json.len() / 2]).expect("a writable folder");
    let Event::ClientKeyUnusable { error, .. } = told.wait_for("client_key_unusable") else { unreachable!() };
    assert_eq!(error.kind(), Kind::ClientKey, "{error}");
    provider.refresh(APP).expect("the old one signs on");
    kms.replace_client_key(&new);
    told.wait_for("client_key_replaced");
}

#[test]
fn a_new_client_key_that_kms_refuses_is_not_taken_over() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    let told = Told::by(&provider);
    let stranger = Emulator::builder().generated_keys().start().expect("another KMS");
    let foreign = stranger.issue_client_key("app").expect("its ClientKey");
    kms.replace_client_key(&foreign);
    let Event::ClientKeyUnusable { key_id, .. } = told.wait_for("client_key_unusable") else {
        unreachable!()
    };
    assert_eq!(key_id, kms.emulator.client_key().expect("the first one").key_id);
    provider.refresh(APP).expect("the old one signs on");
}

/// A new ClientKey that KMS answers so, once, is told to be unusable, and the old one signs on.
fn gives_way_where_kms_answers(status: u16, code: &str, kind: Kind) {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    let told = Told::by(&provider);
    kms.emulator.inject(Fault::error(status, code).times(1)).expect("a fault");
    kms.replace_client_key(&kms.emulator.issue_client_key("app").expect("another"));
    let refused = loop {
        let Event::ClientKeyUnusable { error, .. } = told.wait_for("client_key_unusable") else {
            unreachable!()
        };
        // Half of the new pair may have been read before.
        if error.kind() != Kind::ClientKey {
            break error;
        }
    };
    assert_eq!((refused.kind(), refused.code()), (kind, Some(code)), "{refused}");
    provider.refresh(APP).expect("the old one signs on");
}

#[test]
fn a_new_client_key_that_an_instance_does_not_know_gives_way_to_the_old_one() {
    gives_way_where_kms_answers(404, "Unauthorized", Kind::Denied);
}

/// As a gateway does to one of another account, or of another stage.
#[test]
fn a_new_client_key_that_does_not_see_the_secret_gives_way_to_the_old_one() {
    gives_way_where_kms_answers(404, "Forbidden.ResourceNotFound", Kind::NotFound);
    gives_way_where_kms_answers(400, "InvalidParameter", Kind::Configuration);
}

#[test]
fn a_secret_that_is_not_there_says_nothing_of_a_new_client_key() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let old = kms.emulator.client_key().expect("the first one");
    let new = kms.emulator.issue_client_key("app").expect("another");
    let told = Told::by(&provider);
    kms.replace_client_key(&new);
    let started = std::time::Instant::now();
    // With nothing in the cache nobody but this asks KMS.
    while provider.stats().client_keys[0].info.key_id == old.key_id {
        let error = provider.refresh("acs/ram/user/nobody").expect_err("it is not there");
        assert_eq!(error.kind(), Kind::NotFound, "{error}");
        if kms
            .emulator
            .events_since(0)
            .iter()
            .filter_map(|event| event.request())
            .any(|request| request.access_key_id.as_deref() == Some(new.key_id.as_str()))
        {
            break;
        }
        assert!(started.elapsed() < fixture::PATIENCE, "the new one signs");
        std::thread::yield_now();
    }
    provider.refresh(APP).expect("KMS answers");
    told.wait_for("client_key_replaced");
}

#[test]
fn a_vanished_file_does_no_harm() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    let told = Told::by(&provider);
    fs::remove_file(&kms.files.client_key).expect("it goes");
    told.wait_for("client_key_unusable");
    provider.refresh(APP).expect("what was read is in use");
}

#[test]
fn a_file_that_vanished_before_the_first_use_is_told() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    fs::remove_file(&kms.files.client_key).expect("it goes");
    let told = Told::by(&provider);
    provider.credentials(APP).expect("what was read is in use");
    told.wait_for("client_key_unusable");
}

/// As the kubelet makes them, which is a program for Unix here; Windows lets few users make a link.
#[cfg(unix)]
#[test]
fn a_kubernetes_secret_volume_is_followed() {
    use std::os::unix::fs::symlink;

    let kms = Kms::start();
    let old = kms.emulator.client_key().expect("the first one");
    let new = kms.emulator.issue_client_key("app").expect("another");
    let volume = tempfile::tempdir().expect("a folder");
    let at = |name: &str| volume.path().join(name);
    for (directory, client_key) in [("..2026_11_23_01", &old), ("..2026_11_23_02", &new)] {
        fs::create_dir(at(directory)).expect("a folder");
        fs::write(at(directory).join("clientKey.json"), &client_key.json).expect("a file");
        fs::write(at(directory).join("clientKey_Password.txt"), &client_key.password).expect("a file");
    }
    symlink("..2026_11_23_01", at("..data")).expect("a link");
    for file in ["clientKey.json", "clientKey_Password.txt"] {
        symlink(format!("..data/{file}"), at(file)).expect("a link");
    }
    let gateway = kmsak::Gateway::instance()
        .endpoint(kms.emulator.instance_endpoint())
        .client_key_file(at("clientKey.json"))
        .client_key_password_file(at("clientKey_Password.txt"))
        .ca(kms.emulator.ca_pem());
    let provider = kmsak::Provider::builder().gateway(gateway).open().expect("the configuration is good");
    provider.credentials(APP).expect("KMS answers");
    let told = Told::by(&provider);
    symlink("..2026_11_23_02", at("..data_tmp")).expect("a link");
    fs::rename(at("..data_tmp"), at("..data")).expect("exchanged, as the kubelet does");
    told.wait_for("client_key_replaced");
}

#[test]
fn a_replaced_ca_is_followed() {
    let kms = Kms::start();
    kms.with_a_replaced_ca();
}

#[test]
fn a_refusal_that_is_not_for_the_new_client_key_does_not_cost_it() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    provider.credentials(APP).expect("KMS answers");
    let told = Told::by(&provider);
    let fault = kms.emulator.inject(Fault::error(403, "Forbidden.NoPermission")).expect("a fault");
    let mark = kms.emulator.mark();
    let new = kms.emulator.issue_client_key("app").expect("another");
    kms.replace_client_key(&new);
    // Both are refused: the new one, then the old one.
    let refused = kms.wait_for_request(mark, |request| request.fault == Some("error"));
    told.wait_for("refresh_failed");
    assert_eq!(refused.status, 403);
    kms.emulator.clear_fault(fault);
    // The refusal is remembered for a second.
    let started = std::time::Instant::now();
    while let Err(error) = provider.refresh(APP) {
        assert!(started.elapsed() < fixture::PATIENCE, "the permission is back: {error}");
        std::thread::yield_now();
    }
    let Event::ClientKeyReplaced { new_key_id, .. } = told.wait_for("client_key_replaced") else {
        unreachable!()
    };
    assert_eq!(new_key_id, new.key_id);
}

#[test]
fn a_client_key_near_its_end_is_told_to_each_new_subscriber() {
    let kms = Kms::start();
    let now = kms.emulator.now();
    let day = std::time::Duration::from_secs(86_400);
    let short = kms.emulator.issue_client_key_between("app", now - day, now + day * 20).expect("a ClientKey");
    kms.replace_client_key(&short);
    let provider = kms.on_the_cloud("");
    for _ in 0..2 {
        let told = Told::by(&provider);
        let Event::ClientKeyExpiring { key_id, days_left, .. } = told.wait_for("client_key_expiring") else {
            unreachable!()
        };
        assert_eq!(key_id, short.key_id);
        assert!((19..=20).contains(&days_left), "{days_left}");
        provider.refresh(APP).expect("KMS answers");
        told.wait_for("fetched");
        assert!(!told.names().contains("client_key_expiring"), "once");
    }
    let days = provider.stats().client_keys[0].days_left;
    assert!((19..=20).contains(&days), "{days}");
}
