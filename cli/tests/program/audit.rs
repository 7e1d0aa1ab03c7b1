//! `kmsak audit`

use std::time::Duration;

use serde_json::Value;

use crate::operator::{Operator, words};
use crate::support::{stderr, stdout};

const DAY: Duration = Duration::from_secs(86_400);

fn kinds(report: &Value) -> Vec<String> {
    let mut kinds: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            format!("{} {}", finding["kind"].as_str().unwrap(), finding["subject"].as_str().unwrap())
        })
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// The report of an audit that found something.
fn audit(operator: &Operator, more: &[&str]) -> Value {
    let mut arguments = vec!["audit", "--json"];
    arguments.extend_from_slice(more);
    let output = operator.run(&arguments);
    assert_eq!(output.status.code(), Some(11), "{}{}", stdout(&output), stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_is_old_idle_or_open_is_found() {
    let operator = Operator::start();
    operator.told(&words(&operator.create_web()));
    operator.emulator().advance_clock(100 * DAY).unwrap();
    let found = kinds(&audit(&operator, &[]));
    assert!(found.contains(&"unrotated reader".to_owned()), "{found:?}");
    assert!(found.contains(&"idle reader".to_owned()), "{found:?}");
    assert!(!found.iter().any(|kind| kind.starts_with("client_key_ending web")), "{found:?}");

    operator.emulator().advance_clock(250 * DAY).unwrap();
    let found = kinds(&audit(&operator, &[]));
    assert!(found.contains(&"client_key_ending web".to_owned()), "{found:?}");
}

#[test]
fn secrets_that_are_not_rotated_are_found() {
    let operator = Operator::start();
    operator.told(&["admin", "secret", "rotation", "acs/ram/user/app", "--off"]);
    let found = kinds(&audit(&operator, &[]));
    assert!(found.contains(&"secret_not_rotated acs/ram/user/app".to_owned()), "{found:?}");
    operator.emulator().break_rotation("acs/ram/user/app").unwrap();
    let found = kinds(&audit(&operator, &[]));
    assert!(found.contains(&"rotation_broken acs/ram/user/app".to_owned()), "{found:?}");
}

#[test]
fn access_keys_are_a_table_for_spreadsheets() {
    let operator = Operator::start();
    let output = operator.run(&["audit", "--csv"]);
    let text = stdout(&output);
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some(
            "account,subject,access_key_id,status,created,age_days,last_used,idle_days,hosted,findings,sentences"
        )
    );
    let app = lines
        .find(|line| {
            line.starts_with("1234567890123456,app,LTAI") || line.starts_with("1234567890123456,app,,")
        })
        .unwrap_or_else(|| panic!("{text}"));
    assert!(app.contains(",Active,") && app.contains(",true,"), "{app}");
    let told = operator.refused(&["audit", "--csv", "--json"], 2);
    assert!(told.contains("say one of them"), "{told}");
}

#[test]
fn an_audit_that_finds_nothing_ends_with_0() {
    let operator = Operator::start();
    operator.emulator().delete_access_point("app").unwrap();
    operator.told(&["admin", "secret", "rotation", "acs/ram/user/app", "--every", "30d"]);
    let told = operator.told(&["audit"]);
    assert!(told.contains("nothing to mend among "), "{told}");
}
