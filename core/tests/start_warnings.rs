//! Where the warnings of a start are seen.

mod fixture;

use std::process::Command;

use fixture::Kms;
use kmsak::{LogLevel, Provider, forward_logs};

const CHILD: &str = "KMSAK_TEST_CHILD_WITH";

/// What a process of its own, with or without a receiver of logs, writes to standard error at its start.
fn warnings_of_a_start(receiver: &str) -> Vec<String> {
    let kms = Kms::start();
    kms.replace_client_key(&kms.expired_client_key());
    let properties = kms.properties(&kms.files.off_the_cloud, "rotation_intervall=1");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_start_of_a_child", "--nocapture"])
        .env(CHILD, receiver)
        .env("KMSAK_TEST_PROPERTIES", properties)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    stderr.lines().filter(|line| line.starts_with("kmsak: ")).map(str::to_owned).collect()
}

#[test]
fn the_start_of_a_child() {
    let Some(receiver) = std::env::var_os(CHILD) else { return };
    if receiver == "receiver" {
        forward_logs(LogLevel::Error, Some(Box::new(|_, _| ())));
    } else if receiver == "receiver that is gone" {
        forward_logs(LogLevel::Warn, Some(Box::new(|_, _| ())));
        forward_logs(LogLevel::Warn, None);
    }
    Provider::from_file(std::env::var_os("KMSAK_TEST_PROPERTIES").unwrap()).unwrap();
}

#[test]
fn warnings_are_written_once_where_nobody_receives_logs() {
    for receiver in ["none", "receiver that is gone"] {
        let lines = warnings_of_a_start(receiver);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("kmsak: warning: line "), "{lines:?}");
        assert!(lines[0].ends_with("did you mean rotation_interval?"), "{lines:?}");
        assert!(lines[1].starts_with("kmsak: warning: the ClientKey KAAP."), "{lines:?}");
        assert!(lines[1].contains(" expired at "), "{lines:?}");
    }
}

#[test]
fn a_receiver_of_logs_is_left_to_show_them() {
    assert_eq!(warnings_of_a_start("receiver"), [""; 0]);
}
