//! The scenarios that every binding passes. `KMSAK_DRIVER` is the command that starts a binding's driver; without it
//! the driver is Rust's own.

mod described;
mod header;
mod identities;

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use kmsak_emulator::{Emulator, Fault, Folder, SecretValue};
use serde_json::{Value, json};

const APP: &str = "acs/ram/user/app";
/// For what comes at once, unless the machine has too much to do.
const PATIENCE: Duration = Duration::from_secs(60);
/// Little, where it is to pass before KMS answers; less would be taken for a second.
const HASTY: &str = "fetch_deadline=1000";

/// An emulator and a driver.
struct Stage {
    emulator: Emulator,
    folder: tempfile::TempDir,
    files: Folder,
    driver: Child,
    input: RefCell<Option<ChildStdin>>,
    output: RefCell<BufReader<ChildStdout>>,
}

impl Stage {
    fn set() -> Self {
        let emulator = Emulator::start().expect("the emulator starts");
        let folder = tempfile::tempdir().expect("a folder");
        let files = emulator.write_folder(folder.path()).expect("the folder is written");
        let mut command = match std::env::var("KMSAK_DRIVER") {
            Ok(command) => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(format!("exec {command}"));
                shell
            }
            Err(_) => Command::new(env!("CARGO_BIN_EXE_kmsak-driver-rust")),
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut driver = command
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the driver starts");
        let input = RefCell::new(driver.stdin.take());
        let output = RefCell::new(BufReader::new(driver.stdout.take().expect("piped")));
        Stage { emulator, folder, files, driver, input, output }
    }

    /// A stage whose driver has opened a provider through the instance gateway, with more lines in its file.
    fn open(more: &str) -> Self {
        let stage = Stage::set();
        stage.reopen(&stage.files.on_the_cloud, more);
        stage
    }

    /// A stage whose provider holds the AccessKey and gives up soon: opened again while it did so at once.
    fn open_hasty() -> Self {
        let stage = Stage::set();
        let request = json!({ "op": "credentials", "name": APP });
        let fetched = (0..60).any(|_| {
            stage.reopen(&stage.files.on_the_cloud, HASTY);
            stage.ask(request.clone())["ok"].is_object()
        });
        assert!(fetched, "KMS answers within a second");
        stage
    }

    fn reopen(&self, properties: &Path, more: &str) {
        let file = self.properties(properties, more);
        self.ok(json!({ "op": "open", "file": file }));
    }

    fn properties(&self, properties: &Path, more: &str) -> String {
        let text = fs::read_to_string(properties).expect("the properties file");
        let path = self.folder.path().join("conformance.properties");
        fs::write(&path, format!("{text}\n{more}\n")).expect("a writable folder");
        path.to_str().expect("text").to_owned()
    }

    fn say(&self, request: &Value) {
        let mut input = self.input.borrow_mut();
        let input = input.as_mut().expect("the stage is still set");
        writeln!(input, "{request}").and_then(|()| input.flush()).expect("the driver reads");
    }

    fn hear(&self) -> Value {
        let mut line = String::new();
        self.output.borrow_mut().read_line(&mut line).expect("the driver answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in the driver's answer: {line:?}"))
    }

    fn ask(&self, request: Value) -> Value {
        self.say(&request);
        self.hear()
    }

    fn ok(&self, request: Value) -> Value {
        let answer = self.ask(request.clone());
        assert!(answer["ok"].is_object(), "{request}: {answer}");
        answer["ok"].clone()
    }

    fn error(&self, request: Value) -> Value {
        let answer = self.ask(request.clone());
        assert!(answer["error"].is_object(), "{request}: {answer}");
        answer["error"].clone()
    }

    /// The error of a provider that gives up soon. On a busy machine it may have done so before KMS said anything: then it is
    /// asked again.
    fn error_of(&self, request: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut errors = (0..60).map(|_| self.error(request.clone()));
        let first = errors.next().expect("it is asked");
        if wanted(&first) { first } else { errors.find(wanted).unwrap_or(first) }
    }

    /// Asks for what KMS does not answer until all are waiting for it.
    fn ask_at_the_gate(&self, request: &Value) -> Value {
        let hang = self.emulator.inject(Fault::hang()).expect("a fault");
        let mark = self.emulator.mark();
        self.say(request);
        let asked = self.emulator.wait_for(mark, PATIENCE, |event| event.request().is_some());
        assert!(asked.is_some(), "KMS is asked");
        self.emulator.clear_fault(hang);
        let answer = self.hear();
        assert!(answer["ok"].is_object(), "{request}: {answer}");
        answer["ok"].clone()
    }

    /// What the statistics tell of the secret: fetches and renewals are counted once, however often KMS was asked.
    fn secret_stats(&self) -> Value {
        self.ok(json!({ "op": "stats" }))["secrets"][0].clone()
    }

    fn credentials(&self) -> Value {
        self.ok(json!({ "op": "credentials", "name": APP }))
    }

    fn access_key(&self) -> (String, String) {
        let key = self.emulator.access_key_of(APP).expect("an AccessKey");
        (key.id, key.secret)
    }

    /// Rotates, the old AccessKey being gone at once; answers the old id and the new.
    fn rotate(&self) -> (String, String) {
        let old = self.access_key().0;
        self.emulator.rotate(APP, Duration::ZERO).expect("it rotates");
        (old, self.access_key().0)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // It may hang; how it ends does not matter any more.
            drop(self.driver.kill());
            return;
        }
        // The end of its input ends it.
        drop(self.input.take());
        assert!(self.driver.wait().expect("it ends").success(), "the driver ends with success");
    }
}

#[test]
fn an_access_key_arrives_through_both_gateways() {
    let stage = Stage::set();
    let (id, secret) = stage.access_key();
    for properties in [&stage.files.on_the_cloud, &stage.files.off_the_cloud] {
        stage.reopen(properties, "");
        let credentials = stage.credentials();
        assert_eq!(credentials["access_key_id"], id.as_str());
        assert_eq!(credentials["access_key_secret"], secret.as_str());
        assert!(!credentials["version_id"].as_str().expect("text").is_empty());
    }
}

#[test]
fn secrets_of_other_types_are_read_as_text_or_bytes() {
    let stage = Stage::open("");
    stage
        .emulator
        .create_secret("text", "Generic", SecretValue::Text("pä$$ \"w\"".into()))
        .expect("a secret");
    stage.emulator.create_secret("bytes", "Generic", SecretValue::Binary("AP8H".into())).expect("a secret");
    let text = stage.ok(json!({ "op": "secret", "name": "text" }));
    assert_eq!((&text["text"], &text["binary"]), (&json!("pä$$ \"w\""), &json!(false)));
    assert_eq!((&text["name"], &text["secret_type"]), (&json!("text"), &json!("Generic")));
    assert_eq!(text["version_stages"], json!(["ACSCurrent"]));
    let bytes = stage.ok(json!({ "op": "secret", "name": "bytes" }));
    assert_eq!(
        (&bytes["base64"], &bytes["binary"], &bytes["text"]),
        (&json!("AP8H"), &json!(true), &Value::Null)
    );
    let error = stage.error(json!({ "op": "credentials", "name": "text" }));
    assert_eq!(error["kind"], "configuration");
}

#[test]
fn errors_carry_the_same_parts() {
    let stage = Stage::open("");
    let missing = stage.error(json!({ "op": "secret", "name": "missing" }));
    assert_eq!(
        (&missing["kind"], &missing["code"]),
        (&json!("not_found"), &json!("Forbidden.ResourceNotFound"))
    );
    assert_eq!(missing["retryable"], false);
    assert!(!missing["request_id"].as_str().expect("KMS's").is_empty());
    assert!(missing["message"].as_str().expect("a sentence").contains("missing"));
    stage.reopen(&stage.files.on_the_cloud, HASTY);
    let ask = json!({ "op": "secret", "name": APP });
    let fault = stage.emulator.inject(Fault::error(429, "Rejected.Throttling")).expect("a fault");
    let throttled = stage.error_of(&ask, |error| error["kind"] == "throttled");
    assert_eq!((&throttled["kind"], &throttled["retryable"]), (&json!("throttled"), &json!(true)));
    stage.emulator.clear_fault(fault);
    stage.emulator.inject(Fault::drop_connection()).expect("a fault");
    let network = stage.error_of(&ask, |error| error["kind"] == "network" && error["cause"].is_string());
    assert_eq!((&network["kind"], &network["retryable"]), (&json!("network"), &json!(true)));
    assert_eq!((&network["code"], &network["request_id"]), (&Value::Null, &Value::Null));
    assert!(missing["cause"].is_null(), "KMS itself answered: {missing}");
    assert!(!network["cause"].as_str().expect("what a library said").is_empty());
    assert_eq!(stage.error(json!({ "op": "secret", "name": "" }))["kind"], "configuration");
}

#[test]
fn a_wrong_configuration_is_told_in_a_sentence() {
    let stage = Stage::set();
    let file = stage.properties(&stage.files.on_the_cloud, "rotation_interval=soon");
    let error = stage.error(json!({ "op": "open", "file": file }));
    assert_eq!(error["kind"], "configuration");
    assert!(error["message"].as_str().expect("a sentence").contains("rotation_interval"), "{error}");
    let error = stage.error(json!({ "op": "open", "file": "/nowhere/at/all.properties" }));
    assert!(error["message"].as_str().expect("a sentence").contains("/nowhere/at/all.properties"), "{error}");
    fs::write(&stage.files.password, "Wrong#2026").expect("a writable folder");
    let file = stage.properties(&stage.files.on_the_cloud, "");
    assert_eq!(stage.error(json!({ "op": "open", "file": file }))["kind"], "client_key");
}

#[test]
fn a_cached_value_needs_no_kms() {
    let stage = Stage::open("");
    let first = stage.credentials();
    stage.emulator.inject(Fault::drop_connection()).expect("a fault");
    assert_eq!(stage.credentials(), first);
    let stats = stage.secret_stats();
    assert_eq!((&stats["fetches"], &stats["failures"]), (&json!(1), &json!(0)));
}

#[test]
fn many_that_ask_for_one_cold_secret_cause_one_fetch() {
    let stage = Stage::open("");
    let ask = json!({ "op": "credentials", "name": APP });
    let all = stage.ask_at_the_gate(&json!({ "op": "concurrently", "threads": 32, "do": ask }));
    let answers = all["answers"].as_array().expect("a list");
    assert_eq!(answers.len(), 32);
    let (id, _) = stage.access_key();
    assert!(answers.iter().all(|answer| answer["ok"]["access_key_id"] == id.as_str()), "{answers:?}");
    assert_eq!(stage.secret_stats()["fetches"], 1);
}

#[test]
fn refresh_asks_kms_whatever_the_cache_holds() {
    let stage = Stage::open("");
    let old = stage.credentials();
    let (_, new) = stage.rotate();
    assert_eq!(stage.credentials(), old);
    let secret = stage.ok(json!({ "op": "refresh", "name": APP }));
    let credentials = stage.credentials();
    assert_eq!(credentials["access_key_id"], new.as_str());
    assert_eq!(credentials["version_id"], secret["version_id"]);
}

#[test]
fn a_rejected_access_key_is_renewed_once_for_all() {
    let stage = Stage::open("");
    stage.credentials();
    let (old, new) = stage.rotate();
    let renew = json!({ "op": "renew", "name": APP, "rejected_id": old });
    let all = stage.ask_at_the_gate(&json!({ "op": "concurrently", "threads": 32, "do": renew.clone() }));
    let answers = all["answers"].as_array().expect("a list");
    assert!(answers.iter().all(|answer| answer["ok"]["access_key_id"] == new.as_str()), "{answers:?}");
    assert_eq!(stage.ok(renew)["access_key_id"], new.as_str());
    let stats = stage.secret_stats();
    assert_eq!((&stats["fetches"], &stats["renewals"]), (&json!(2), &json!(1)));
    let rotated = stage.ok(json!({ "op": "wait_event", "name": "rotated" }));
    assert_eq!(rotated, json!({ "secret": APP, "old_access_key_id": old, "new_access_key_id": new }));
}

#[test]
fn a_renewal_without_a_newer_access_key_is_told() {
    let stage = Stage::open("renew_deadline=1000\nrenew_tokens=1000");
    let id = stage.credentials()["access_key_id"].clone();
    let renew = json!({ "op": "renew", "name": APP, "rejected_id": id });
    let error = stage.error_of(&renew, |error| error["kind"] == "server");
    assert_eq!((&error["kind"], &error["retryable"]), (&json!("server"), &json!(true)));
    assert_eq!(stage.credentials()["access_key_id"], id, "nothing was lost");
}

#[test]
fn call_renews_and_runs_once_more() {
    let stage = Stage::open("");
    stage.credentials();
    let (old, new) = stage.rotate();
    let call = json!({ "op": "call", "name": APP, "code": "InvalidAccessKeyId.NotFound", "rejects": [old] });
    assert_eq!(stage.ok(call.clone()), json!({ "access_key_id": new, "runs": 2 }));
    assert_eq!(stage.ok(call), json!({ "access_key_id": new, "runs": 1 }));
}

#[test]
fn call_reads_the_message_where_the_code_has_other_causes() {
    let stage = Stage::open("");
    stage.credentials();
    let (old, new) = stage.rotate();
    let call = |message: &str| {
        stage.ok(json!({ "op": "call", "name": APP, "code": "Unauthorized", "message": message, "rejects": [old] }))
    };
    assert_eq!(call("denied by sts or ram"), json!({ "service_error": "Unauthorized", "runs": 1 }));
    assert_eq!(call("AccessKeyId is disabled"), json!({ "access_key_id": new, "runs": 2 }));
}

#[test]
fn call_leaves_other_failures_alone_and_runs_at_most_twice() {
    let stage = Stage::open("");
    let id = stage.credentials()["access_key_id"].clone();
    let call = json!({ "op": "call", "name": APP, "code": "Forbidden.RAM", "rejects": [id] });
    assert_eq!(stage.ok(call), json!({ "service_error": "Forbidden.RAM", "runs": 1 }));
    let (_, new) = stage.rotate();
    let call = json!({ "op": "call", "name": APP, "code": "InvalidAccessKeyId", "rejects": [id, new] });
    assert_eq!(stage.ok(call), json!({ "service_error": "InvalidAccessKeyId", "runs": 2 }));
    let missing = json!({ "op": "call", "name": "acs/ram/user/missing", "code": "", "rejects": [] });
    assert_eq!(stage.error(missing)["kind"], "not_found");
}

#[test]
fn a_rotation_that_kms_cannot_carry_out_is_told_once() {
    let stage = Stage::open("");
    stage.credentials();
    stage.emulator.break_rotation(APP).expect("the secret");
    for _ in 0..2 {
        stage.ok(json!({ "op": "refresh", "name": APP }));
    }
    assert_eq!(stage.ok(json!({ "op": "wait_event", "name": "rotation_broken" }))["secret"], APP);
    stage.emulator.stop_rotation(APP).expect("the secret");
    stage.ok(json!({ "op": "refresh", "name": APP }));
    stage.emulator.break_rotation(APP).expect("the secret");
    stage.ok(json!({ "op": "refresh", "name": APP }));
    assert_eq!(stage.ok(json!({ "op": "wait_event", "name": "rotation_broken" }))["secret"], APP);
}

#[test]
fn which_codes_are_rejections() {
    let stage = Stage::open("");
    for (code, expected) in [
        ("InvalidAccessKeyId", true),
        ("InvalidAccessKeyId.NotFound", true),
        ("InvalidAccessKeyId.Inactive", true),
        ("InvalidAccessKeyID", true),
        ("Forbidden.AccessKeyDisabled", true),
        ("ODPS-0410051", true),
        ("SignatureDoesNotMatch", false),
        ("Unauthorized", false),
        ("", false),
    ] {
        let answer = stage.ok(json!({ "op": "is_rejection", "code": code }));
        assert_eq!(answer["is_rejection"], expected, "{code}");
    }
    for (code, message, expected) in [
        ("Unauthorized", "AccessKeyId not found: LTAI5t", true),
        ("Unauthorized", "denied by sts or ram", false),
        ("OTSAuthFailed", "The AccessKeyID is disabled.", true),
        ("OTSAuthFailed", "The instance is not running.", false),
    ] {
        let answer = stage.ok(json!({ "op": "is_rejection", "code": code, "message": message }));
        assert_eq!(answer["is_rejection"], expected, "{code}: {message}");
    }
}

#[test]
fn a_failed_refresh_is_told_and_the_value_stays() {
    let stage = Stage::open_hasty();
    let before = stage.credentials();
    stage.emulator.inject(Fault::drop_connection()).expect("a fault");
    assert_eq!(stage.error(json!({ "op": "refresh", "name": APP }))["kind"], "network");
    let event = stage.ok(json!({ "op": "wait_event", "name": "refresh_failed" }));
    assert_eq!((&event["secret"], &event["error"]["kind"]), (&json!(APP), &json!("network")));
    assert!(event["next_try_in"].as_f64().expect("seconds") > 0.0);
    assert_eq!(stage.credentials(), before);
}

#[test]
fn statistics_tell_what_goes_on() {
    let stage = Stage::open("");
    let id = stage.credentials()["access_key_id"].clone();
    let stats = stage.ok(json!({ "op": "stats" }));
    let secret = &stats["secrets"][0];
    assert_eq!((&secret["name"], &secret["access_key_id"]), (&json!(APP), &id));
    assert_eq!(
        (&secret["fetches"], &secret["failures"], &secret["renewals"]),
        (&json!(1), &json!(0), &json!(0))
    );
    assert_eq!(secret["stale_for"].as_f64(), Some(0.0));
    assert!((0.0..600.0).contains(&secret["age"].as_f64().expect("seconds")));
    let next = secret["next_refresh_in"].as_f64().expect("seconds");
    assert!((21_000.0..=23_401.0).contains(&next), "six hours and up to thirty minutes: {next}");
    assert_eq!(stats["endpoints"][0]["endpoint"], stage.emulator.instance_endpoint());
    assert_eq!(stats["endpoints"][0]["down"], false);
    assert!(stats["endpoints"][0]["requests"].as_u64().expect("a count") >= 1);
    assert!(stats["client_keys"][0]["days_left"].as_u64().expect("days") > 300);
    assert_eq!(stats["clock_skew_milliseconds"], 0);
}

#[test]
fn use_after_close_is_an_error_and_closing_again_is_none() {
    let stage = Stage::open("");
    stage.credentials();
    stage.ok(json!({ "op": "close" }));
    stage.ok(json!({ "op": "close" }));
    for request in [
        json!({ "op": "credentials", "name": APP }),
        json!({ "op": "secret", "name": APP }),
        json!({ "op": "refresh", "name": APP }),
        json!({ "op": "renew", "name": APP, "rejected_id": "LTAI" }),
    ] {
        assert_eq!(stage.error(request.clone())["kind"], "closed", "{request}");
    }
}

#[test]
fn nothing_that_is_shown_or_logged_holds_a_secret() {
    let stage = Stage::open_hasty();
    let mut hidden = vec![fs::read_to_string(&stage.files.password).expect("the password").trim().to_owned()];
    stage.credentials();
    hidden.push(stage.access_key().1);
    let (old, new) = stage.rotate();
    hidden.push(stage.access_key().1);
    stage.ok(json!({ "op": "renew", "name": APP, "rejected_id": old }));
    stage.ok(json!({ "op": "wait_event", "name": "rotated" }));
    stage.ok(json!({ "op": "secret", "name": APP }));
    stage.emulator.inject(Fault::truncated_body()).expect("a fault");
    stage.error(json!({ "op": "refresh", "name": APP }));
    let shown = stage.ok(json!({ "op": "shown" }))["texts"].to_string();
    assert!(shown.contains(&new), "something is shown: {shown}");
    // Lines may be under way for a while; the last is of the refresh that failed.
    let end = Instant::now() + PATIENCE;
    let logged = loop {
        let logged = stage.ok(json!({ "op": "logs" }))["lines"].to_string();
        if logged.contains(&new) && logged.contains("could not be refreshed") {
            break logged;
        }
        assert!(Instant::now() < end, "something is logged: {logged}");
    };
    for secret in hidden {
        assert!(!shown.contains(&secret), "{shown}");
        assert!(!logged.contains(&secret), "{logged}");
    }
}
