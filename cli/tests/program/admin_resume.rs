//! A command that is ended between any two of its calls is run again, and ends in the same state.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use kmsak_emulator::Fault;
use serde_json::Value;

use crate::operator::{Operator, words};
use crate::support::{stderr, stdout};

/// So long a request waits before it is carried out: in this time the program is ended after the answer to the one before.
const PAUSE: Duration = Duration::from_millis(60);

/// Runs a command, ends it once `calls` of its calls have been answered, and says whether it came that far.
fn end_after(operator: &Operator, arguments: &[&str], calls: usize) -> bool {
    let mark = operator.emulator().mark();
    let mut child = operator.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut seen = 0;
    let answered = operator.emulator().wait_for(mark, Duration::from_secs(20), |event| {
        seen += usize::from(event.request().is_some_and(|request| !request.action.is_empty()));
        seen >= calls
    });
    // It may have ended by itself.
    let _ = child.kill();
    let status = child.wait().unwrap();
    answered.is_some() && !status.success()
}

/// Begins anew for each place, ends the command there, runs it to its end and looks.
fn at_every_call(
    prepare: impl Fn(&Operator),
    arguments: impl Fn(&Operator) -> Vec<String>,
    state: impl Fn(&Operator) -> Value,
) {
    let undisturbed = Operator::start();
    prepare(&undisturbed);
    let mark = undisturbed.emulator().mark();
    undisturbed.told(&words(&arguments(&undisturbed)));
    let calls =
        undisturbed.emulator().events_since(mark).iter().filter(|event| event.request().is_some()).count();
    let wanted = state(&undisturbed);
    let mut ended = 0;
    for place in 1..=calls {
        let operator = Operator::start();
        prepare(&operator);
        let command = arguments(&operator);
        let pause = operator.emulator().inject(Fault::latency(PAUSE)).unwrap();
        ended += usize::from(end_after(&operator, &words(&command), place));
        operator.emulator().clear_fault(pause);
        let output = operator.run(&words(&command));
        assert!(output.status.success(), "after {place}: {}{}", stdout(&output), stderr(&output));
        assert_eq!(state(&operator), wanted, "after {place} calls: {}", stdout(&output));
        let again = operator.told(&words(&command));
        assert!(!again.contains("made:") && !again.contains("changed:"), "after {place}: {again}");
    }
    assert!(ended > 0, "it was never ended on the way of {calls} calls");
}

/// What tells two states from each other: names and counts, without ids that are random.
fn access(operator: &Operator) -> Value {
    let shown = operator.json(&["admin", "app", "show", "web"]);
    let files: BTreeSet<String> = std::fs::read_dir(operator.path("web"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let key: Value =
        serde_json::from_slice(&std::fs::read(operator.path("web/clientKey.json")).unwrap()).unwrap();
    assert_eq!(shown["clientKeys"][0]["id"], key["KeyId"], "the file holds the only ClientKey");
    serde_json::json!({
        "policies": shown["policies"], "clientKeys": shown["clientKeys"].as_array().unwrap().len(), "files": files,
    })
}

fn without_ids(mut value: Value) -> Value {
    // The key and the instance are the emulator's, and other each time.
    for policy in value["policies"].as_array_mut().unwrap() {
        policy["resources"] = policy["resources"].as_array().unwrap().len().into();
        policy["scope"] = Value::Null;
    }
    value
}

#[test]
fn app_create() {
    at_every_call(|_| (), Operator::create_web, |operator| without_ids(access(operator)));
}

#[test]
fn secret_host() {
    at_every_call(
        |operator| operator.emulator().create_user("ci", &[]).map(drop).unwrap(),
        |operator| {
            let instance = operator.instance();
            [
                "admin",
                "secret",
                "host",
                "ci",
                "--instance",
                &instance,
                "--make-key",
                "--rotation",
                "7d",
                "--yes",
            ]
            .map(str::to_owned)
            .to_vec()
        },
        |operator| {
            let shown = operator.json(&["admin", "secret", "show", "acs/ram/user/ci"]);
            let keys = operator.emulator().keys().len();
            let notes = std::fs::read_dir(operator.path(".local/state/kmsak")).map_or(0, |all| all.count());
            // Whoever asks gets the AccessKey that RAM knows.
            let secret = operator.emulator().access_key_of("acs/ram/user/ci").unwrap();
            assert_eq!(shown["accessKeys"][0]["id"], secret.id.as_str());
            serde_json::json!({
                "interval": shown["secret"]["rotationInterval"], "rotation": shown["secret"]["automaticRotation"],
                "accessKeys": shown["accessKeys"].as_array().unwrap().len(), "keys": keys, "notes": notes,
            })
        },
    );
}

#[test]
fn app_delete() {
    at_every_call(
        |operator| drop(operator.told(&words(&operator.create_web()))),
        |_| ["admin", "app", "delete", "web", "--yes"].map(str::to_owned).to_vec(),
        |operator| operator.json(&["admin", "app", "list"]),
    );
}

#[test]
fn dns_create() {
    at_every_call(
        |_| (),
        |operator| {
            let instance = operator.instance();
            let (vpc, region) = ("vpc-hzz000000000000001234", "cn-hangzhou");
            [
                "admin",
                "dns",
                "create",
                &instance,
                "--address",
                "10.1.2.3",
                "--vpc",
                vpc,
                "--vpc-region",
                region,
            ]
            .map(str::to_owned)
            .to_vec()
        },
        |operator| {
            let mut shown = operator.json(&["admin", "dns", "show", &operator.instance()]);
            shown["zone"]["id"] = Value::Null;
            shown
        },
    );
}

#[test]
fn share_instance() {
    at_every_call(
        |operator| drop(operator.told(&["admin", "share", "enable"])),
        |operator| {
            let instance = operator.instance();
            ["admin", "share", "instance", &instance, "--with", "1654321098765432"]
                .map(str::to_owned)
                .to_vec()
        },
        |operator| {
            let mut listed = operator.json(&["admin", "share", "list"]);
            listed["shares"][0]["id"] = Value::Null;
            listed
        },
    );
}

/// A replacement that has come to its end is not gone on with: the next run would be another one.
#[test]
fn client_key_replace() {
    let replace = ["admin", "client-key", "replace", "web", "--out", "web", "--yes"];
    let run = |operator: &Operator, place: usize| {
        operator.told(&words(&operator.create_web()));
        let pause = operator.emulator().inject(Fault::latency(PAUSE)).unwrap();
        let ended = end_after(operator, &replace, place);
        operator.emulator().clear_fault(pause);
        ended
    };
    for place in 1.. {
        let operator = Operator::start();
        let ended = run(&operator, place);
        if ended {
            operator.told(&replace);
        }
        // The old one, and the one in the folder, which works; none that nobody has.
        let keys = operator.json(&["admin", "client-key", "list", "web"])["clientKeys"].clone();
        assert_eq!(keys.as_array().unwrap().len(), 2, "after {place}: {keys}");
        let key: Value =
            serde_json::from_slice(&std::fs::read(operator.path("web/clientKey.json")).unwrap()).unwrap();
        assert!(keys.as_array().unwrap().iter().any(|known| known["id"] == key["KeyId"]), "after {place}");
        let again = operator.told(&words(&operator.create_web()));
        assert!(
            again.contains("fetched acs/ram/user/app through the shared gateway"),
            "after {place}: {again}"
        );
        if !ended {
            assert!(place > 2, "it was never ended");
            break;
        }
    }
}

#[test]
fn an_answer_that_is_lost_is_looked_for() {
    for action in ["CreateNetworkRule", "CreatePolicy", "CreateApplicationAccessPoint", "CreateClientKey"] {
        let operator = Operator::start();
        operator.emulator().inject(Fault::truncated_body().action(action).times(1)).unwrap();
        operator.told(&words(&operator.create_web()));
        assert_eq!(access(&operator)["clientKeys"], 1, "{action}");
    }
}
