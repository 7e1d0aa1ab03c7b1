//! `kmsak admin secret` and `instance`

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use crate::operator::{Operator, words};
use crate::support::stderr;

fn host(operator: &Operator, more: &[&str]) -> Vec<String> {
    let instance = operator.instance();
    let mut arguments = vec!["admin", "secret", "host", "ci", "--instance", &instance, "--make-key"];
    arguments.extend_from_slice(more);
    arguments.into_iter().map(str::to_owned).collect()
}

#[test]
fn a_user_without_an_access_key_is_hosted() {
    let operator = Operator::start();
    operator.emulator().create_user("ci", &[]).unwrap();
    let told = operator.told(&words(&host(&operator, &["--rotation", "7d"])));
    assert!(
        told.contains("made: AccessKey LTAI") && told.contains("made: secret acs/ram/user/ci in kst-"),
        "{told}"
    );
    let key = operator.emulator().access_key_of("acs/ram/user/ci").unwrap();
    assert!(!told.contains(&key.secret), "{told}");
    let again = operator.told(&words(&host(&operator, &["--rotation", "7d"])));
    assert!(again.contains("already so: secret acs/ram/user/ci") && !again.contains("made:"), "{again}");
    let changed = operator.told(&words(&host(&operator, &["--rotation", "30d"])));
    assert!(changed.contains("changed: acs/ram/user/ci is rotated every 30d"), "{changed}");
}

#[test]
fn a_user_with_access_keys_is_hosted_with_all_of_them() {
    let operator = Operator::start();
    operator.emulator().create_user("ci", &[]).unwrap();
    let first = operator.emulator().create_access_key("ci").unwrap();
    let second = operator.emulator().create_access_key("ci").unwrap();
    let told = operator.refused(&words(&host(&operator, &[])), 2);
    assert!(
        told.contains(&format!("the secret of {} and of {} is not known", first.id, second.id)),
        "{told}"
    );

    let csv = operator.path("AccessKey.csv");
    std::fs::write(&csv, format!("AccessKey ID,AccessKey Secret\r\n{},{}\r\n", first.id, first.secret))
        .unwrap();
    let told = operator.refused(&words(&host(&operator, &["--access-keys", "AccessKey.csv"])), 2);
    assert!(told.contains(&second.id) && !told.contains(&first.secret), "{told}");

    let json = serde_json::json!({"AccessKeys": [
        {"AccessKeyId": first.id, "AccessKeySecret": first.secret},
        {"AccessKeyId": second.id, "AccessKeySecret": second.secret},
    ]});
    let mut command = operator.command(&words(&host(&operator, &["--access-keys", "-"])));
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(json.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(operator.emulator().access_key_of("acs/ram/user/ci").unwrap().id, second.id);
}

#[test]
fn the_service_role_is_made_where_it_is_missing() {
    let operator = Operator::start();
    let told = operator.of_member(&["admin", "secret", "host", "ci", "--dry-run"]).output().unwrap();
    assert!(stderr(&told).contains("there is no such RAM user"), "{}", stderr(&told));
}

#[test]
fn a_rotation_is_watched_to_its_end() {
    let operator = Operator::start();
    operator.emulator().set_overlaps(Duration::from_secs(60), Duration::from_secs(2)).unwrap();
    let old = operator.kms.access_key_id();
    let told =
        operator.told(&["admin", "secret", "rotate", "acs/ram/user/app", "--wait", "--patience", "60s"]);
    let new = operator.kms.access_key_id();
    assert_ne!(old, new);
    assert!(told.contains(&format!("RAM has made the AccessKey {new}")), "{told}");
    assert!(told.contains(&format!("RAM has deleted {old}")), "{told}");
}

#[test]
fn a_secret_is_deleted_and_restored() {
    let operator = Operator::start();
    let secret = "acs/ram/user/app";
    operator.refused(&["admin", "secret", "delete", secret], 2);
    let told = operator.told(&["admin", "secret", "delete", secret, "--after", "7", "--yes"]);
    assert!(told.contains("deleted: secret acs/ram/user/app in 7 days"), "{told}");
    let again = operator.told(&["admin", "secret", "delete", secret, "--after", "7", "--yes"]);
    assert!(again.contains("already so"), "{again}");
    let told = operator.refused(&words(&operator.create_web()), 1);
    assert!(told.contains("waits for its deletion"), "{told}");
    assert!(operator.told(&["admin", "secret", "restore", secret]).contains("changed:"));
    assert!(operator.told(&["admin", "secret", "restore", secret]).contains("already so:"));
    operator.told(&["admin", "secret", "delete", secret, "--at-once", "--yes"]);
    operator.refused(&["admin", "secret", "show", secret], 8);
}

#[test]
fn rotation_is_set_and_taken_away() {
    let operator = Operator::start();
    let secret = "acs/ram/user/app";
    let every = |span: &str| operator.told(&["admin", "secret", "rotation", secret, "--every", span]);
    assert!(every("14d").contains("changed: acs/ram/user/app is rotated every 14d"));
    assert!(every("14d").contains("already so: acs/ram/user/app is rotated every 14d"));
    let listed = operator.told(&["admin", "secret", "list"]);
    assert!(listed.contains("acs/ram/user/app: rotated every 14d, next at "), "{listed}");
    assert!(operator.told(&["admin", "secret", "rotation", secret, "--off"]).contains("is not rotated"));
    operator.refused(&["admin", "secret", "rotation", secret, "--every", "1h"], 2);
    operator.refused(&["admin", "secret", "rotation", secret], 2);
}

#[test]
fn a_rotation_that_cannot_be_is_told_with_why() {
    let operator = Operator::start();
    operator.emulator().break_rotation("acs/ram/user/app").unwrap();
    let told = operator.told(&["admin", "secret", "show", "acs/ram/user/app"]);
    assert!(told.contains("KMS cannot rotate acs/ram/user/app (AutomaticRotation: Invalid): "), "{told}");
}

#[test]
fn instances_are_shown_with_their_ca() {
    let operator = Operator::start();
    let instance = operator.instance();
    assert!(operator.told(&["admin", "instance", "list"]).contains(&format!("{instance} Connected")));
    operator.told(&["admin", "instance", "ca", &instance, "--out", "ca.pem"]);
    let pem = std::fs::read_to_string(operator.path("ca.pem")).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n") && !pem.contains('\r'), "{pem}");
}
