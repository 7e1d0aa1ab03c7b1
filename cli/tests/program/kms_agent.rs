//! `kmsak serve --kms-agent`: what a client of Alibaba Cloud's KMS Agent sees.

use std::io::{Read, Write};

use kmsak_emulator::{Fault, SecretValue};
use serde_json::{Value, json};

use crate::support::{Agent, Kms, Notified, SECRET, kmsak, stderr};

const TOKEN: &str = "0123456789abcdef-kmstoken";

fn start(kms: &Kms, more: &[&str], file: &str) -> Agent {
    start_with(kms, &kms.config(), more, file)
}

fn start_with(kms: &Kms, config: &std::path::Path, more: &[&str], file: &str) -> Agent {
    let path = kms.path("kms-agent.toml");
    std::fs::write(&path, file).unwrap();
    let mut arguments = vec!["--kms-agent", "--kms-agent-config", path.to_str().unwrap()];
    arguments.extend(more);
    Agent::start(kms, config, &arguments)
}

fn get(agent: &Agent, path: &str) -> (u16, Value) {
    let (status, body) = agent.get(path, &[&format!("X-KMS-Token: {}", agent.token)]);
    (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("{path}: {body}")))
}

#[test]
fn the_official_pages_requests_get_kmss_answer() {
    let kms = Kms::start();
    let agent = start(&kms, &[], "");
    let key = kms.emulator.access_key_of(SECRET).unwrap();
    for (path, header) in [
        (format!("/v1/{SECRET}"), "X-KMS-Token"),
        (format!("/v1/{}", SECRET.replace('/', "%2F")), "X-Vault-Token"),
        (format!("/secretsmanager/get?secretId={SECRET}"), "x-kms-token"),
        (format!("/secretsmanager/get?secretId={SECRET}&versionStage=ACSCurrent"), "X-KMS-Token"),
    ] {
        let (status, body) = agent.get(&path, &[&format!("{header}: {}", agent.token)]);
        assert_eq!(status, 200, "{path}: {body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer["SecretName"], SECRET);
        assert_eq!(answer["SecretDataType"], "text");
        assert_eq!(answer["VersionStages"], json!({ "VersionStage": ["ACSCurrent"] }));
        assert!(answer["RequestId"].as_str().is_some_and(|id| !id.is_empty()));
        let data: Value = serde_json::from_str(answer["SecretData"].as_str().unwrap()).unwrap();
        assert_eq!(data["AccessKeySecret"], key.secret.as_str());
    }
    assert_eq!(kms.emulator.counters().secret_values_of(SECRET), 1);
}

#[test]
fn the_token_comes_from_the_environment_or_the_file_that_it_names() {
    let kms = Kms::start();
    let file = kms.path("kmstoken");
    let as_url = format!("file://{}", file.display());
    for (variable, value) in [("KMS_TOKEN", TOKEN), ("KMS_CONTAINER_AUTHORIZATION_TOKEN", as_url.as_str())] {
        let mut command =
            kmsak(&["serve", "--kms-agent", "--listen", "127.0.0.1:0", "--secret", SECRET, "--config"]);
        command.arg(kms.config()).env_remove("KMS_TOKEN").env(variable, value);
        let mut running = crate::support::Running::start(&mut command);
        let line: Value = serde_json::from_str(&running.line()).unwrap();
        let address = line["listening"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        let token = if variable == "KMS_TOKEN" {
            TOKEN.to_owned()
        } else {
            std::fs::read_to_string(&file).unwrap().trim().to_owned()
        };
        let agent = Agent { running, address, token };
        assert_eq!(get(&agent, &format!("/v1/{SECRET}")).0, 200, "{variable}");
        assert_eq!(agent.get(&format!("/v1/{SECRET}"), &["X-KMS-Token: wrong"]).0, 401);
        assert_eq!(agent.get(&format!("/v1/{SECRET}"), &[]).0, 401);
    }
    let refused = |value: Option<&str>, sentence: &str| {
        let mut command =
            kmsak(&["serve", "--kms-agent", "--listen", "127.0.0.1:0", "--secret", SECRET, "--config"]);
        command.arg(kms.config());
        for variable in ["KMS_TOKEN", "KMS_SESSION_TOKEN", "KMS_CONTAINER_AUTHORIZATION_TOKEN"] {
            command.env_remove(variable);
        }
        if let Some(value) = value {
            command.env("KMS_TOKEN", value);
        }
        let output = command.output().unwrap();
        assert!(!output.status.success() && stderr(&output).contains(sentence), "{}", stderr(&output));
    };
    refused(None, "Set KMS_TOKEN to it or to file:///var/run/kmstoken");
    refused(Some("short"), "KMS_TOKEN does not hold a token: expected at least 16 letters");
}

#[test]
fn other_headers_and_prefixes_are_the_files_choice() {
    let kms = Kms::start();
    let agent = start(&kms, &[], "[Server]\nSSRFHeaders = [\"X-My-Token\"]\nPathPrefix = \"/kms/\"\n");
    let path = format!("/kms/{SECRET}");
    assert_eq!(agent.get(&path, &[&format!("X-My-Token: {}", agent.token)]).0, 200);
    assert_eq!(agent.get(&path, &[&format!("X-KMS-Token: {}", agent.token)]).0, 401);
    assert_eq!(agent.get_with_token(&format!("/v1/{SECRET}")).0, 404);
}

#[test]
fn without_the_switch_nothing_of_it_is_there() {
    let kms = Kms::start();
    let agent = Agent::start(&kms, &kms.config(), &[]);
    assert_eq!(agent.get_with_token(&format!("/v1/{SECRET}")).0, 404);
    assert_eq!(
        agent.get(&format!("/credentials/{SECRET}"), &[&format!("X-KMS-Token: {}", agent.token)]).0,
        401
    );
}

#[test]
fn type_1_is_the_answer_of_aws() {
    let kms = Kms::start();
    kms.emulator.create_secret("binary", "Generic", SecretValue::binary(vec![0, 255])).unwrap();
    let agent = start(&kms, &["--secret", "binary"], "[Server]\nResponseType = 1\n");
    let (status, answer) =
        get(&agent, &format!("/secretsmanager/get?secretId={SECRET}&versionStage=AWSCURRENT"));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["Name"], SECRET);
    assert!(answer["SecretString"].as_str().unwrap().contains("AccessKeySecret"));
    assert!(answer["CreatedDate"].is_u64() && answer["ARN"].as_str().unwrap().ends_with(SECRET));
    assert_eq!(get(&agent, "/v1/binary").1["SecretBinary"], "AP8=");
    let (status, answer) = get(&agent, "/v1/other");
    assert_eq!((status, &answer["__type"]), (404, &json!("ResourceNotFoundException")));

    let post = |target: &str, body: &str, token: &str| {
        let mut stream = agent.connect();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nX-Amz-Target: {target}\r\nX-Amz-Security-Token: {token}\r\n\
             Content-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            agent.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    let target = "secretsmanager.GetSecretValue";
    let question = json!({ "SecretId": SECRET }).to_string();
    let answer = post(target, &question, &agent.token);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(&kms.access_key_id()), "{answer}");
    assert!(answer.contains("content-type: application/x-amz-json-1.1"), "{answer}");
    assert!(post(target, &question, "wrong").starts_with("HTTP/1.1 401 "));
    assert!(
        post("secretsmanager.PutSecretValue", &question, &agent.token).contains("InvalidParameterException")
    );
    assert!(post(target, "{}", &agent.token).contains("SecretId is missing"));
    assert!(post(target, "no JSON", &agent.token).contains("The body is no JSON"));
    assert!(post(target, &"x".repeat(70_000), &agent.token).starts_with("HTTP/1.1 413 "));
}

#[test]
fn type_2_is_the_answer_of_vault() {
    let kms = Kms::start();
    kms.emulator.create_secret("plain", "Generic", SecretValue::text("no JSON")).unwrap();
    let agent = start(&kms, &["--secret", "plain"], "[Server]\nResponseType = 2\n");
    let (status, answer) = get(&agent, &format!("/v1/secret/data/{SECRET}"));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["data"]["data"]["AccessKeyId"], kms.access_key_id());
    assert!(answer["data"]["metadata"]["version"].as_u64().unwrap() > 0);
    assert_eq!(answer["data"]["metadata"]["destroyed"], false);
    for path in [format!("/v1/{SECRET}"), format!("/v1/secret/{SECRET}")] {
        assert_eq!(get(&agent, &path).1["data"]["AccessKeyId"], kms.access_key_id(), "{path}");
    }
    assert_eq!(get(&agent, "/v1/plain").1["data"], json!({ "value": "no JSON" }));
    let (status, answer) = get(&agent, "/v1/secret/data/other");
    assert_eq!(status, 404);
    assert!(answer["errors"][0].as_str().unwrap().contains("does not hand out this secret"));
    assert_eq!(get(&agent, "/v1/sys/health").1["sealed"], false);
    assert_eq!(get(&agent, "/v1/auth/token/lookup-self").1["data"]["renewable"], false);
    assert_eq!(agent.get("/v1/sys/health", &[]).0, 401);
}

#[test]
fn older_versions_are_asked_for_by_stage_or_id() {
    let kms = Kms::start();
    kms.emulator.create_secret("generic", "Generic", SecretValue::text("one")).unwrap();
    let agent = start(&kms, &["--secret", "generic"], "");
    let (_, first) = get(&agent, "/v1/generic");
    let old = agent.served_id();
    let new = kms.rotate();
    assert!(agent.get_with_token(&format!("/credentials/{SECRET}?rejected={old}")).1.contains(&new));
    let (status, previous) = get(&agent, &format!("/v1/{SECRET}?versionStage=ACSPrevious"));
    assert_eq!(status, 200, "{previous}");
    assert!(previous["SecretData"].as_str().unwrap().contains(&old));
    let asked = kms.emulator.counters().secret_values_of(SECRET);
    for _ in 0..10 {
        assert_eq!(get(&agent, &format!("/v1/{SECRET}?versionStage=ACSPrevious")).0, 200);
    }
    assert_eq!(kms.emulator.counters().secret_values_of(SECRET), asked, "it is kept");
    let id = first["VersionId"].as_str().unwrap();
    assert_eq!(get(&agent, &format!("/v1/generic?versionId={id}")).1["SecretData"], "one");
    assert_eq!(
        get(&agent, &format!("/v1/{SECRET}?versionId=any")).1["VersionStages"]["VersionStage"][0],
        "ACSCurrent"
    );
    let (_, previous) = get(&agent, &format!("/v1/{SECRET}?versionId=any&versionStage=ACSPrevious"));
    assert!(previous["SecretData"].as_str().unwrap().contains(&old));
}

#[test]
fn any_version_that_kms_has_is_handed_out_by_its_name_or_stage() {
    let kms = Kms::start();
    kms.emulator.create_secret("db", "Generic", SecretValue::text("one")).unwrap();
    let oldest = kms.emulator.secret("db").unwrap().versions[0].id.clone();
    for value in ["two", "three", "four"] {
        kms.emulator.put_secret_value("db", SecretValue::text(value)).unwrap();
    }
    kms.emulator.edit_secret("db", |secret| secret.versions[1].stages.push("Blue".to_owned())).unwrap();
    let config = kms.path("impatient.properties");
    let text = std::fs::read_to_string(kms.config()).unwrap();
    std::fs::write(&config, text + "fetch_deadline=1500\n").unwrap();
    let agent = start_with(&kms, &config, &["--secret", "db"], "");
    let asked = || kms.emulator.counters().secret_values_of("db");
    assert_eq!(get(&agent, "/v1/db").1["SecretData"], "four");
    let before = asked();
    for (query, value) in [
        (format!("versionId={oldest}"), "one"),
        ("versionStage=Blue".to_owned(), "two"),
        ("versionStage=ACSPrevious".to_owned(), "three"),
    ] {
        for path in [format!("/v1/db?{query}"), format!("/secretsmanager/get?secretId=db&{query}")] {
            let (status, answer) = get(&agent, &path);
            assert_eq!((status, &answer["SecretData"]), (200, &json!(value)), "{path}: {answer}");
        }
    }
    assert_eq!(asked(), before + 3, "each is kept");

    let (status, answer) = get(&agent, "/v1/db?versionId=never");
    assert_eq!((status, &answer["Code"]), (404, &json!("Forbidden.ResourceNotFound")), "{answer}");
    assert!(answer["Message"].as_str().unwrap().contains("no version never of db"), "{answer}");
    assert_eq!(get(&agent, "/v1/db?versionStage=Never").0, 404);
    let (status, answer) = get(&agent, &format!("/v1/db?versionId={oldest}&versionStage=Blue"));
    assert_eq!((status, &answer["Code"]), (400, &json!("InvalidParameter")), "they contradict each other");
    assert_eq!(get(&agent, "/v1/db?versionId=%0a").0, 400);

    // KMS is away: what is at hand stays so, what is not is told as KMS tells it.
    kms.emulator.inject(Fault::error(429, "Rejected.Throttling")).unwrap();
    assert_eq!(get(&agent, &format!("/v1/db?versionId={oldest}")).1["SecretData"], "one");
    assert_eq!(get(&agent, "/v1/db").1["SecretData"], "four");
    let (status, answer) = get(&agent, "/v1/db?versionId=other");
    assert_eq!((status, &answer["Code"]), (429, &json!("Rejected.Throttling")), "{answer}");
}

#[test]
fn a_version_by_the_number_that_vault_counts_is_found_at_a_stage_or_by_its_name() {
    let kms = Kms::start();
    kms.emulator.create_secret("db", "Generic", SecretValue::text("one")).unwrap();
    kms.emulator.edit_secret("db", |secret| secret.versions[0].id = "7".to_owned()).unwrap();
    for value in ["two", "three"] {
        kms.emulator.put_secret_value("db", SecretValue::text(value)).unwrap();
    }
    let agent = start(&kms, &["--secret", "db"], "[Server]\nResponseType = 2\n");
    let (_, current) = get(&agent, "/v1/secret/data/db?version=0");
    assert_eq!(current["data"]["data"]["value"], "three");
    let number = &current["data"]["metadata"]["version"];
    for (number, value) in [(number.to_string(), "three"), ("7".to_owned(), "one")] {
        let (status, answer) = get(&agent, &format!("/v1/secret/data/db?version={number}"));
        assert_eq!((status, &answer["data"]["data"]["value"]), (200, &json!(value)), "{answer}");
    }
    assert_eq!(get(&agent, "/v1/secret/data/db?version=8").0, 404);
}

#[test]
fn any_secret_is_handed_out_up_to_the_bound() {
    let kms = Kms::start();
    for name in ["one", "two", "three"] {
        kms.emulator.create_secret(name, "Generic", SecretValue::text(name)).unwrap();
    }
    let agent = start(&kms, &["--any-secret=2"], "");
    assert_eq!(get(&agent, "/v1/nothing").0, 404, "KMS has no such secret");
    for name in ["one", "two", "one"] {
        assert_eq!(get(&agent, &format!("/v1/{name}")).1["SecretData"], name);
    }
    let (status, answer) = get(&agent, "/v1/three");
    assert_eq!(status, 403);
    assert_eq!(answer["Code"], "TooManySecrets");
    assert_eq!(get(&agent, &format!("/v1/{SECRET}")).0, 200, "what was named takes no place");
    assert!(get(&agent, "/secrets/one").1["SecretData"] == "one", "by the agent's own paths, too");
}

#[test]
fn a_reload_keeps_what_was_asked_for_by_any_name() {
    let kms = Kms::start();
    for name in ["one", "gone"] {
        kms.emulator.create_secret(name, "Generic", SecretValue::text("before")).unwrap();
    }
    kms.emulator.put_secret_value("one", SecretValue::text("after")).unwrap();
    let config = kms.path("impatient.properties");
    let text = std::fs::read_to_string(kms.config()).unwrap();
    std::fs::write(&config, text + "fetch_deadline=5000\n").unwrap();
    let file = kms.path("kms-agent.toml");
    std::fs::write(&file, "").unwrap();
    let more = ["--kms-agent", "--kms-agent-config", file.to_str().unwrap(), "--any-secret"];
    let notified = Notified::bind(&kms);
    let agent = Agent::start_with(&kms, &config, &more, |command| notified.by(command));
    assert_eq!(notified.told(), "READY=1\n");
    let value = |path: &str| get(&agent, path).1["SecretData"].clone();
    let previous = "/v1/one?versionStage=ACSPrevious";
    assert_eq!((value("/v1/one"), value(previous)), (json!("after"), json!("before")));
    assert_eq!(value("/v1/gone"), "before");

    let away = || Fault::error(503, "ServiceUnavailableTemporary").secret("one");
    let fault = kms.emulator.inject(away()).unwrap();
    notified.reload(&agent.running);
    assert_eq!((value("/v1/one"), value(previous)), (json!("after"), json!("before")), "the old one stays");

    // What KMS does not have any more is not lost by the reload, however long that waits for others.
    kms.emulator.clear_fault(fault);
    kms.emulator.delete_secret("gone").unwrap();
    let slow =
        kms.emulator.inject(Fault::latency(std::time::Duration::from_millis(1_500)).secret("one")).unwrap();
    notified.reload(&agent.running);
    kms.emulator.clear_fault(slow);
    assert_eq!(get(&agent, "/v1/gone").0, 404, "the new one has taken over");
    kms.emulator.inject(away()).unwrap();
    assert_eq!((value("/v1/one"), value(previous)), (json!("after"), json!("before")), "both are at hand");
}

#[test]
fn a_secret_that_is_not_there_is_asked_for_once_a_second() {
    let kms = Kms::start();
    let agent = start(&kms, &["--any-secret"], "");
    let started = std::time::Instant::now();
    for _ in 0..50 {
        assert_eq!(get(&agent, "/v1/nothing").0, 404);
    }
    let asked = kms.emulator.counters().requests_where(|one| one.outcome != "OK");
    // Once at first, and once in each second since.
    assert!((1..=1 + started.elapsed().as_secs()).contains(&asked), "{asked}");
}

#[test]
fn the_old_value_is_good_while_kms_is_away_unless_the_file_says_no() {
    let kms = Kms::start();
    let config = kms.eager_config();
    let agent = start_with(&kms, &config, &[], "[Cache]\nTtlSeconds = 1\n");
    assert_eq!(get(&agent, &format!("/v1/{SECRET}")).0, 200);
    let fault = kms.emulator.inject(Fault::error(503, "ServiceUnavailableTemporary")).unwrap();
    kms.wait_for_fault();
    assert_eq!(get(&agent, &format!("/v1/{SECRET}")).0, 200);
    kms.emulator.clear_fault(fault);
    drop(agent);

    let agent =
        start_with(&kms, &config, &[], "[Server]\nIgnoreTransientErrors = false\n[Cache]\nTtlSeconds = 1\n");
    assert_eq!(get(&agent, &format!("/v1/{SECRET}")).0, 200);
    kms.emulator.inject(Fault::error(503, "ServiceUnavailableTemporary")).unwrap();
    while get(&agent, &format!("/v1/{SECRET}")).0 == 200 {}
}

#[test]
fn a_file_that_is_wrong_is_told() {
    let kms = Kms::start();
    let path = kms.path("wrong.toml");
    std::fs::write(&path, "[Server]\nResponseType = 7\n").unwrap();
    let mut command = kmsak(&["serve", "--kms-agent", "--kms-agent-config"]);
    let output = command.arg(&path).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("[Server] ResponseType: expected a whole number from 0 to 2"));
    std::fs::write(&path, "[Server]\nHttpPrt = 1\n[Log]\nLevel = \"Debug\"\n[Sever]\nMaxConn = 1\n").unwrap();
    let mut command = kmsak(&["serve", "--kms-agent", "--kms-agent-config"]);
    let said = stderr(&command.arg(&path).env_remove("KMS_TOKEN").output().unwrap());
    for warning in [
        "[Server] HttpPrt is not known, and has no effect: check its spelling",
        "[Log] Level has no effect: say --log-level and --log-format instead",
        "there is no section [Sever], and MaxConn has no effect",
    ] {
        assert!(said.contains(warning), "{said}");
    }
    let output = kmsak(&["serve", "--kms-agent-config"]).arg(&path).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "it is KMS Agent's file");
    let output = kmsak(&["serve", "--any-secret=0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "none is what there is without it");
}
