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

#[test]
fn all_accounts_are_looked_at_and_one_that_cannot_be_is_told() {
    let operator = Operator::start();
    let report = audit(&operator, &["--all-accounts"]);
    let accounts = |report: &Value| {
        let keys = report["accessKeys"].as_array().unwrap();
        let mut accounts: Vec<String> =
            keys.iter().map(|key| key["account"].as_str().unwrap().to_owned()).collect();
        accounts.dedup();
        accounts
    };
    assert_eq!(accounts(&report), ["1234567890123456", "1654321098765432"]);
    assert!(!kinds(&report).iter().any(|kind| kind.starts_with("not_audited")), "{:?}", kinds(&report));
    let report = audit(&operator, &["--all-accounts", "--role", "Nobody"]);
    assert_eq!(accounts(&report), ["1234567890123456"]);
    assert!(kinds(&report).iter().any(|kind| kind.starts_with("not_audited")), "{:?}", kinds(&report));
}

#[test]
fn who_uses_an_access_key_is_told() {
    let operator = Operator::start();
    let ini = std::fs::read_to_string(operator.kms.path("operator.ini")).unwrap();
    let id = ini.lines().find_map(|line| line.strip_prefix("access_key_id=")).unwrap().to_owned();
    operator.told(&["admin", "app", "list"]);
    operator.emulator().advance_clock(DAY).unwrap();
    let told = operator.told(&["audit", "usage", &id]);
    assert!(told.contains(&format!("{id} of administrator: last used at ")), "{told}");
    assert!(told.contains("Kms: last at ") && told.contains("  from 127.0.0.1 until "), "{told}");
    assert!(told.contains("  ListApplicationAccessPoints until "), "{told}");
    let used = operator.json(&["audit", "usage", &id]);
    assert_eq!(used["services"][0]["addresses"][0]["name"], "127.0.0.1");
    let told = operator.refused(&["audit", "usage", "LTAI5tNobody"], 1);
    assert!(told.contains("ActionTrail knows nothing of that AccessKey in this account"), "{told}");
}

#[test]
fn cloud_configs_rules_are_enabled_once_and_tell_whom_they_find() {
    let operator = Operator::start();
    operator.emulator().advance_clock(100 * DAY).unwrap();
    let shown = operator.told(&["audit", "rules", "show"]);
    assert!(shown.contains("ram-user-ak-used-expired-check: it is not enabled"), "{shown}");
    let told = operator.told(&["audit", "rules", "enable"]);
    assert!(told.contains("made: rule ram-user-ak-create-date-expired-check"), "{told}");
    assert!(told.contains("  reader of 1234567890123456"), "{told}");
    let again = operator.told(&["audit", "rules", "enable"]);
    assert!(
        !again.contains("made:") && again.contains("already so: rule ram-user-ak-used-expired-check"),
        "{again}"
    );
    let told = operator.refused(&["audit", "rules", "show", "--aggregator", "ca-none"], 1);
    assert!(told.contains("there is no such account group"), "{told}");
}
