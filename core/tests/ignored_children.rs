//! An application that never hears of the end of its children: it ignores SIGCHLD, or waits for all of them itself.

#![cfg(unix)]

mod fixture;

use std::fs;

use fixture::{APP, Kms};
use kmsak::Provider;

#[test]
fn the_program_that_gives_an_access_key_is_heard_all_the_same() {
    let kms = Kms::start();
    let text = fs::read_to_string(&kms.files.with_access_key).expect("the file");
    let of = |key: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        value.expect("it is there").to_owned()
    };
    let write = |name: &str, text: String| {
        let path = kms.folder.path().join(name);
        fs::write(&path, text).expect("a writable folder");
        path
    };
    let answer = write(
        "answer.json",
        format!(
            r#"{{"mode":"AK","access_key_id":"{}","access_key_secret":"{}"}}"#,
            of("credentials_access_key_id"),
            of("credentials_access_secret")
        ),
    );
    let profiles = write(
        "config.json",
        format!(
            r#"{{"current":"app","profiles":[{{"name":"app","mode":"External","process_command":"cat {}"}}]}}"#,
            answer.display()
        ),
    );
    let lines = text.lines().filter(|line| !line.starts_with("credentials_"));
    let properties = write(
        "external.properties",
        lines.chain(["credentials_type=default"]).collect::<Vec<_>>().join("\n"),
    );
    assert!(fixture::in_a_child(|| {
        // SAFETY: nobody else of this child reads the environment.
        unsafe { std::env::set_var("ALIBABA_CLOUD_CONFIG_FILE", &profiles) };
        // SAFETY: no handler is replaced that this child needs.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        let provider = Provider::from_file(&properties).expect("the file is good");
        let credentials = provider.credentials(APP).expect("the program gives an AccessKey");
        assert_eq!(credentials.access_key_id(), kms.access_key_id());
    }));
}
