//! The main job: an AccessKey arrives through both gateways, and a rotation is followed.

mod fixture;

use std::fs;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fixture::{APP, Kms};
use kmsak::{Kind, Provider};
use kmsak_emulator::Emulator;

#[test]
fn an_access_key_arrives_through_both_gateways() {
    let emulator = Emulator::start().expect("the emulator starts");
    let folder = tempfile::tempdir().expect("a folder");
    let written = emulator.write_folder(folder.path()).expect("the folder is written");
    let now = emulator.access_key_of("acs/ram/user/app").expect("the secret holds an AccessKey");
    for properties in [&written.on_the_cloud, &written.off_the_cloud] {
        let provider = Provider::from_file(properties).expect("the properties file is good");
        let credentials = provider.credentials("acs/ram/user/app").expect("KMS answers");
        assert_eq!(credentials.access_key_id(), now.id);
        assert_eq!(credentials.access_key_secret(), now.secret);
    }
}

#[test]
fn a_proxy_that_is_spared_for_all_is_not_asked() {
    const NOBODY: &str = "https_proxy=http://127.0.0.1:1\nfetch_deadline=2000\n";

    let kms = Kms::start();
    for properties in [&kms.files.on_the_cloud, &kms.files.off_the_cloud] {
        let through = kms.provider(properties, NOBODY).credentials(APP).expect_err("nobody is there");
        assert_eq!(through.kind(), Kind::Network, "{through}");
        let spared = kms.provider(properties, &format!("{NOBODY}no_proxy=*"));
        fixture::answered(|| spared.credentials(APP));
        let text = fs::read_to_string(properties).expect("the properties file");
        let text = text.replace("\"caFilePath\"", "\"noProxy\":\"*\",\"caFilePath\"");
        assert!(text.contains("noProxy"), "{text}");
        let path = kms.folder.path().join("spared.properties");
        fs::write(&path, format!("{text}\n{NOBODY}")).expect("a writable folder");
        let spared = Provider::from_file(path).expect("it is good");
        fixture::answered(|| spared.credentials(APP));
    }
}

#[test]
fn what_is_done_every_so_often_ends_with_the_provider_even_when_it_drops_that_itself() {
    let emulator = Emulator::start().expect("the emulator starts");
    let folder = tempfile::tempdir().expect("a folder");
    let written = emulator.write_folder(folder.path()).expect("the folder is written");
    let provider = Provider::from_file(&written.on_the_cloud).expect("the properties file is good");
    let (sender, runs) = channel();
    let kept = Arc::new(Mutex::new(None));
    let to_drop = kept.clone();
    provider
        .every(Duration::from_millis(10), move || {
            sender.send(()).expect("the test receives");
            drop(to_drop.lock().expect("no panic").take());
        })
        .expect("it is open");
    let patience = Duration::from_secs(20);
    runs.recv_timeout(patience).expect("a first run");
    runs.recv_timeout(patience).expect("a second run");
    *kept.lock().expect("no panic") = Some(provider);
    while runs.recv_timeout(patience).is_ok() {}
    assert_eq!(runs.recv_timeout(patience), Err(RecvTimeoutError::Disconnected));

    let closed = Provider::from_file(&written.on_the_cloud).expect("the properties file is good");
    closed.close();
    assert_eq!(closed.every(patience, || {}).expect_err("it is closed").kind(), Kind::Closed);
}
