//! Each command: what `kmsak admin permissions` prints for it suffices, and a dry run of it changes nothing.

use serde_json::Value;

use crate::operator::{Operator, words};
use crate::support::{stderr, stdout};

const MEMBER: &str = "1654321098765432";

/// Runs a command as a RAM user who may do what its policy says, and no more.
fn run_limited(operator: &Operator, name: &str, arguments: &[&str]) {
    let mut permissions = vec!["admin", "permissions"];
    permissions.extend(name.split(' '));
    let policy: Value = serde_json::from_str(&operator.told(&permissions)).unwrap();
    let user = format!("may-{}", name.replace(' ', "-"));
    operator.emulator().put_policy(&user, &policy.to_string()).unwrap();
    operator.emulator().create_user(&user, &[&user]).unwrap();
    let key = operator.emulator().create_access_key(&user).unwrap();
    let mut command = operator.command(arguments);
    command.env("ALIBABA_CLOUD_ACCESS_KEY_ID", &key.id).env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", &key.secret);
    let output = command.output().unwrap();
    let told = format!("{}{}", stdout(&output), stderr(&output));
    assert!(matches!(output.status.code(), Some(0 | 11)), "{name}: {told}");
    // What an audit could not look at it tells, and goes on.
    assert!(!told.contains("RAM does not allow it"), "{name}: {told}");
}

/// What only looks, or gives out a token.
const HARMLESS: [&str; 6] = ["Get", "List", "Describe", "Check", "GenerateCredentialReport", "AssumeRole"];

fn run_dry(operator: &Operator, name: &str, arguments: &[&str]) {
    let mark = operator.emulator().mark();
    let output = operator.run(&[arguments, &["--dry-run"]].concat());
    assert!(matches!(output.status.code(), Some(0 | 11)), "{name}: {}", stderr(&output));
    for event in operator.emulator().events_since(mark) {
        let Some(request) = event.request() else { continue };
        let action = &request.action;
        assert!(HARMLESS.iter().any(|begin| action.starts_with(begin)), "a dry run of {name} calls {action}");
    }
}

#[test]
fn each_command_is_allowed_what_it_needs_and_changes_nothing_in_a_dry_run() {
    let operator = Operator::start();
    let instance = operator.instance();
    let secret = "acs/ram/user/ci";
    let create: Vec<String> =
        operator.create_web().into_iter().map(|word| word.replace("acs/ram/user/app", secret)).collect();
    operator.emulator().create_user("ci", &[]).unwrap();
    let host = ["admin", "secret", "host", "ci", "--instance", &instance, "--make-key", "--rotation", "7d"];
    let dns =
        ["admin", "dns", "create", &instance, "--address", "10.1.2.3", "--vpc", "vpc-hzz000000000000001234"];
    let id = operator.kms.access_key_id();
    let share = format!("kmsak-{instance}");
    let steps: Vec<(&str, Vec<&str>)> = vec![
        ("secret host", host.to_vec()),
        ("app create", words(&create)),
        ("app list", vec!["admin", "app", "list"]),
        ("app show", vec!["admin", "app", "show", "web"]),
        ("client-key list", vec!["admin", "client-key", "list"]),
        ("client-key replace", vec!["admin", "client-key", "replace", "web", "--out", "web"]),
        ("secret list", vec!["admin", "secret", "list"]),
        ("secret show", vec!["admin", "secret", "show", secret]),
        ("secret rotation", vec!["admin", "secret", "rotation", secret, "--every", "8d"]),
        ("secret rotate", vec!["admin", "secret", "rotate", secret]),
        ("instance list", vec!["admin", "instance", "list"]),
        ("instance show", vec!["admin", "instance", "show", &instance]),
        ("instance ca", vec!["admin", "instance", "ca", &instance]),
        ("share enable", vec!["admin", "share", "enable"]),
        ("share instance", vec!["admin", "share", "instance", &instance, "--with", MEMBER]),
        ("share list", vec!["admin", "share", "list"]),
        ("share delete", vec!["admin", "share", "delete", &share, "--yes"]),
        ("dns create", [&dns[..], &["--vpc-region", "cn-hangzhou"]].concat()),
        ("dns show", vec!["admin", "dns", "show", &instance]),
        ("dns delete", vec!["admin", "dns", "delete", &instance, "--yes"]),
        ("audit", vec!["audit", "--all-accounts"]),
        ("audit usage", vec!["audit", "usage", &id]),
        ("audit rules", vec!["audit", "rules", "enable"]),
        ("app delete", vec!["admin", "app", "delete", "web", "--yes"]),
        ("secret delete", vec!["admin", "secret", "delete", secret, "--yes"]),
        ("secret restore", vec!["admin", "secret", "restore", secret]),
    ];
    for (name, arguments) in &steps {
        run_dry(&operator, name, arguments);
        run_limited(&operator, name, arguments);
    }
    let told = operator.refused(&["admin", "permissions", "dance"], 2);
    assert!(told.contains("no command is called \"dance\": they are app create, "), "{told}");
}
