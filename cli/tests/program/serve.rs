//! `kmsak serve`

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use kmsak_emulator::{Fault, SecretValue};
use serde_json::Value;

use crate::support::{Agent, Kms, Notified, Running, SECRET, kmsak, open_to_all, program, stderr};

#[test]
fn credentials_in_the_form_of_a_credentials_uri() {
    let kms = Kms::start();
    let agent = Agent::start(&kms, &kms.config(), &[]);
    let (status, body) = agent.get(&format!("/token/{}/credentials/{SECRET}", agent.token), &[]);
    assert_eq!(status, 200);
    let answer: Value = serde_json::from_str(&body).unwrap();
    let key = kms.emulator.access_key_of(SECRET).unwrap();
    assert_eq!(answer["Code"], "Success");
    assert_eq!(answer["AccessKeyId"], key.id.as_str());
    assert_eq!(answer["AccessKeySecret"], key.secret.as_str());
    assert_eq!(answer["SecurityToken"], "");
    assert!(answer["Expiration"].as_str().unwrap().ends_with('Z'));
    for scheme in ["Bearer", "bearer"] {
        let (status, body) = agent.get(
            &format!("/secrets/{}", SECRET.replace('/', "%2F")),
            &[&format!("Authorization: {scheme} {}", agent.token)],
        );
        assert_eq!(status, 200, "{scheme}");
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["AccessKeySecret"], key.secret.as_str());
    }
}

#[test]
fn what_it_cannot_do_is_told_with_a_remedy() {
    let kms = Kms::start();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = |arguments: &[&str]| {
        let mut command = kmsak(&["serve", "--secret", SECRET, "--config"]);
        let output = command.arg(kms.config()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        stderr(&output)
    };
    let token = kms.path("token");
    let said = refused(&["--listen", &address, "--token-file", token.to_str().unwrap()]);
    assert!(said.contains(&format!("cannot listen on {address} (")), "{said}");
    assert!(
        said.contains("stop the program that listens there, or choose another port with --listen"),
        "{said}"
    );
    let nowhere = kms.path("nowhere/token");
    let said = refused(&["--token-file", nowhere.to_str().unwrap()]);
    assert!(
        said.contains("nowhere/token cannot be made, as there is no such folder: create the folder"),
        "{said}"
    );
    let said = refused(&["--token-file", kms.folder.path().to_str().unwrap()]);
    assert!(said.contains("is no file: name one with --token-file"), "{said}");
    drop(taken);
    let output = kmsak(&["serve", "--probe", "--listen", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains(&format!("the agent does not answer on {address} (")), "{said}");
    assert!(said.contains("start it, or give the address on which it listens"), "{said}");
}

#[test]
fn only_who_has_the_token_and_asks_for_itself() {
    let kms = Kms::start();
    let agent = Agent::start(&kms, &kms.config(), &[]);
    let path = format!("/credentials/{SECRET}");
    let token = format!("X-Kmsak-Token: {}", agent.token);
    assert_eq!(agent.get(&path, &[]).0, 401);
    assert_eq!(agent.get(&path, &["X-Kmsak-Token: wrong"]).0, 401);
    assert_eq!(agent.get("/metrics", &[]).0, 401);
    assert_eq!(agent.get(&format!("/token/wrong/credentials/{SECRET}"), &[&token]).0, 401);
    for header in [
        "X-Forwarded-For: 1.2.3.4",
        "Forwarded: for=1.2.3.4",
        "Via: 1.1 proxy",
        "Origin: http://evil.example",
    ] {
        assert_eq!(agent.get(&path, &[&token, header]).0, 403, "{header}");
    }
    let foreign =
        format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\n{token}\r\nConnection: close\r\n\r\n");
    assert!(agent.raw(foreign.as_bytes()).starts_with("HTTP/1.1 421 "));
    let twice = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n{token}\r\nConnection: close\r\n\r\n"
    );
    assert!(!agent.raw(twice.as_bytes()).starts_with("HTTP/1.1 200 "));
    assert_eq!(agent.get_with_token("/credentials/other").0, 404);
    assert_eq!(agent.get_with_token("/nothing").0, 404);
    assert_eq!(agent.get_with_token(&path).0, 200);
}

#[test]
fn bad_input_gets_an_answer_and_harms_nobody() {
    let kms = Kms::start();
    let agent = Agent::start(&kms, &kms.config(), &[]);
    let huge = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: {}\r\n\r\n", "x".repeat(100_000));
    let many: String = (0..200).map(|number| format!("X-{number}: 1\r\n")).collect();
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    let cases: [(&[u8], &str); 6] = [
        (b"not HTTP at all\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n", "400"),
        (huge.as_bytes(), "431"),
        (many.as_bytes(), "431"),
        (b"DELETE /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "405"),
        (b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\nabc", "413"),
    ];
    for (request, status) in cases {
        let answer = agent.raw(request);
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| serde_json::from_str::<Value>(body));
        if let Some(body) = body {
            let body = body.unwrap_or_else(|_| panic!("no JSON in {answer}"));
            assert!(body["Code"].is_string() && body["Message"].is_string(), "{body}");
        }
        let start = String::from_utf8_lossy(&request[..request.len().min(40)]).into_owned();
        // A peer that is still sending when the agent closes may see the reset before the answer.
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}"))
                || (request.len() > 16_384 && answer.is_empty()),
            "{start}: {answer}"
        );
    }
    assert_eq!(agent.served_id(), kms.access_key_id());
}

#[test]
fn the_idle_do_not_keep_others_out() {
    let kms = Kms::start();
    let agent = Agent::start(&kms, &kms.config(), &["--max-connections", "16"]);
    agent.wait_for_id(&kms.access_key_id());
    let slow: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = agent.connect();
            // It may have been closed for the next one already.
            let _ = stream.write_all(b"GET /he");
            stream
        })
        .collect();
    assert_eq!(agent.served_id(), kms.access_key_id());
    drop(slow);
}

#[test]
fn whoever_sends_its_head_too_slowly_is_left() {
    let kms = Kms::start();
    let agent = Agent::start(&kms, &kms.config(), &["--head-timeout", "1"]);
    let mut stream = agent.connect();
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n").unwrap();
    let started = Instant::now();
    let mut answer = Vec::new();
    // Whether the agent resets the connection or ends it.
    let _ = stream.read_to_end(&mut answer);
    assert!(started.elapsed() < Duration::from_secs(15), "the default is not what was asked for");
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}

#[test]
fn many_processes_cause_one_request() {
    let kms = Kms::start();
    let fault = kms.emulator.inject(Fault::latency(std::time::Duration::from_millis(200))).unwrap();
    let agent = Agent::start(&kms, &kms.config(), &[]);
    let barrier = Barrier::new(32);
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                barrier.wait();
                assert_eq!(agent.served_id(), kms.access_key_id());
            });
        }
    });
    kms.emulator.clear_fault(fault);
    assert_eq!(kms.emulator.counters().secret_values_of(SECRET), 1);
}

#[test]
fn rotations_reach_the_clients() {
    let kms = Kms::start();
    let agent = Agent::start(&kms, &kms.eager_config(), &[]);
    assert_eq!(agent.served_id(), kms.access_key_id());
    agent.wait_for_id(&kms.rotate());
}

#[test]
fn a_client_can_report_a_rejected_access_key() {
    let kms = Kms::start();
    let agent = Agent::start(&kms, &kms.config(), &[]);
    let old = agent.served_id();
    let new = kms.rotate();
    let (status, body) = agent.get_with_token(&format!("/credentials/{SECRET}?rejected={old}"));
    assert_eq!(status, 200, "{body}");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["AccessKeyId"], new.as_str());
}

#[test]
fn health_readiness_and_metrics() {
    let kms = Kms::start();
    let fault = kms.emulator.inject(Fault::error(403, "Forbidden.NoPermission")).unwrap();
    let agent = Agent::start(&kms, &kms.config(), &[]);
    assert_eq!(agent.get("/health", &[]).0, 200);
    assert_eq!(agent.get("/ready", &[]).0, 503);
    let (status, body) = agent.get_with_token(&format!("/credentials/{SECRET}"));
    assert_eq!(status, 403);
    assert!(body.contains("Forbidden.NoPermission"), "{body}");
    kms.emulator.clear_fault(fault);
    // It becomes ready by itself.
    while agent.get("/ready", &[]).0 != 200 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(kmsak(&["serve", "--probe", "--listen", &agent.address]).status().unwrap().success());
    let (status, text) = agent.get_with_token("/metrics");
    assert_eq!(status, 200);
    for name in [
        "kmsak_secret_age_seconds{secret=\"acs/ram/user/app\"} ",
        "kmsak_secret_fetches_total{secret=\"acs/ram/user/app\"} 1\n",
        "kmsak_client_key_expiry_days{key_id=\"KAAP.",
        "kmsak_endpoint_up{endpoint=\"127.0.0.1:",
        "kmsak_agent_answers_total{status=\"5xx\"} ",
    ] {
        assert!(text.contains(name), "{name} in {text}");
    }
    let key = kms.emulator.access_key_of(SECRET).unwrap();
    assert!(!text.contains(&key.secret) && !text.contains(&key.id));
}

#[test]
fn a_reload_takes_over_what_works_and_nothing_else() {
    let kms = Kms::start();
    kms.emulator.create_secret("second", "Generic", SecretValue::text("two")).unwrap();
    let config = kms.path("served.properties");
    let text = std::fs::read_to_string(kms.config()).unwrap();
    std::fs::write(&config, &text).unwrap();
    let notified = kms.path("notify.sock");
    let socket = UnixDatagram::bind(&notified).unwrap();
    let agent = Agent::start_with(&kms, &config, &[], |command| {
        command.env("NOTIFY_SOCKET", &notified);
    });
    let told = || {
        let mut bytes = [0; 256];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    assert_eq!(told(), "READY=1\n");
    assert_eq!(agent.get_with_token("/secrets/second").0, 404);

    std::fs::write(&config, format!("{text}secret_names=second\n")).unwrap();
    agent.running.signal("HUP");
    assert!(told().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(told(), "READY=1\n");
    let (status, body) = agent.get_with_token("/secrets/second");
    assert_eq!(status, 200);
    assert!(body.contains("\"SecretData\":\"two\""));

    std::fs::write(&config, "cache_client_region_id=nonsense\n").unwrap();
    agent.running.signal("HUP");
    assert!(told().starts_with("RELOADING=1"));
    assert_eq!(told(), "READY=1\n");
    assert_eq!(agent.get_with_token("/secrets/second").0, 200, "the old configuration stays");

    std::fs::write(&config, &text).unwrap();
    let new_token = "0123456789abcdef0123456789abcdef";
    std::fs::write(kms.path("token"), new_token).unwrap();
    agent.running.signal("HUP");
    assert!(told().starts_with("RELOADING=1"));
    assert_eq!(told(), "READY=1\n");
    let path = format!("/credentials/{SECRET}");
    assert_eq!(agent.get_with_token(&path).0, 401, "the old token has had its time");
    assert_eq!(agent.get(&path, &[&format!("X-Kmsak-Token: {new_token}")]).0, 200);

    agent.running.signal("TERM");
    assert_eq!(told(), "STOPPING=1\n");
    let mut agent = agent;
    assert_eq!(agent.running.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_file_that_could_not_be_used_is_read_once_it_can_be() {
    let kms = Kms::start();
    let mut agent = Agent::start_with(&kms, &kms.config(), &[], |command| {
        command.stderr(Stdio::piped());
    });
    let mut log = BufReader::new(agent.running.child.stderr.take().unwrap()).lines();
    let (new_token, written) = ("0123456789abcdef0123456789abcdef", kms.path("token.new"));
    std::fs::write(&written, new_token).unwrap();
    std::fs::set_permissions(&written, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::rename(&written, kms.path("token")).unwrap();
    let told = log.find(|line| line.as_ref().unwrap().contains("a changed file cannot be used"));
    assert!(told.unwrap().unwrap().contains("chmod 600"));
    let path = format!("/credentials/{SECRET}");
    assert_eq!(agent.get_with_token(&path).0, 200, "what was read before stays");

    // Neither its length nor its time is another one.
    std::fs::set_permissions(kms.path("token"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while agent.get(&path, &[&format!("X-Kmsak-Token: {new_token}")]).0 != 200 {
        assert!(Instant::now() < deadline, "the file was not read again");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(agent.get_with_token(&path).0, 401, "the old token has had its time");
}

#[test]
fn a_reload_that_waits_for_kms_does_not_hold_up_the_end() {
    let kms = Kms::start();
    let mut agent = Agent::start(&kms, &kms.config(), &[]);
    assert_eq!(agent.served_id(), kms.access_key_id());
    kms.emulator.inject(Fault::hang()).unwrap();
    agent.running.signal("HUP");
    kms.wait_for_fault();
    let told = Instant::now();
    agent.running.signal("TERM");
    assert_eq!(agent.running.child.wait().unwrap().code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(10), "it waited for KMS");
}

#[test]
fn whoever_waits_for_a_renewal_waits_on_over_a_reload() {
    let kms = Kms::start();
    let config = kms.path("patient.properties");
    let text = std::fs::read_to_string(kms.config()).unwrap();
    std::fs::write(&config, text + "renew_deadline=60000\n").unwrap();
    let notified = Notified::bind(&kms);
    let agent = Agent::start_with(&kms, &config, &[], |command| notified.by(command));
    assert_eq!(notified.told(), "READY=1\n");
    let old = agent.served_id();
    let asked = kms.emulator.counters().secret_values_of(SECRET);
    let (status, body) = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| agent.get_with_token(&format!("/credentials/{SECRET}?rejected={old}")));
        while kms.emulator.counters().secret_values_of(SECRET) == asked {
            std::thread::sleep(Duration::from_millis(5));
        }
        notified.reload(&agent.running);
        kms.rotate();
        waiting.join().unwrap()
    });
    assert_eq!(status, 200, "{body}");
    assert!(body.contains(&kms.access_key_id()), "{body}");
}

#[test]
fn no_series_stands_twice() {
    let kms = Kms::start();
    for name in ["clientKey.json", "clientKey_Password.txt"] {
        std::fs::copy(kms.path(name), kms.path(&format!("other_{name}"))).unwrap();
    }
    // The same endpoint and the same ClientKey, at another path.
    let text = std::fs::read_to_string(kms.config()).unwrap();
    let entry = text.split_once("config_info=[").unwrap().1.split_once(']').unwrap().0.to_owned();
    let other = entry.replace("clientKey.json", "other_clientKey.json");
    let other = other.replace("clientKey_Password.txt", "other_clientKey_Password.txt");
    let config = kms.path("twice.properties");
    std::fs::write(&config, text.replace(&entry, &format!("{entry},{other}"))).unwrap();
    let agent = Agent::start(&kms, &config, &[]);
    assert_eq!(agent.served_id(), kms.access_key_id());
    let (_, metrics) = agent.get_with_token("/metrics");
    let mut series: Vec<&str> = metrics
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(series, _)| series)
        .collect();
    let all = series.len();
    series.sort_unstable();
    series.dedup();
    assert_eq!(series.len(), all, "{metrics}");
    assert!(metrics.contains("kmsak_endpoint_requests_total"));
}

#[test]
fn a_unix_socket_refuses_other_users() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root can become another user, so that this cannot be tried");
        return;
    }
    let kms = Kms::start();
    let path = kms.path("agent.sock");
    let everybodys = open_to_all(&kms);
    let probe_by = |user_id: u32| {
        let mut command = program(&everybodys, &["serve", "--probe", "--unix"]);
        command.arg(&path).uid(user_id).status().unwrap().success()
    };
    let serve = |more: &[&str]| {
        let mut command = kmsak(&["serve", "--secret", SECRET, "--config"]);
        command.arg(kms.config()).arg("--unix").arg(&path).args(more);
        let mut running = Running::start(&mut command);
        assert!(running.line().contains("agent.sock"));
        // Ready, once root says so.
        while !probe_by(0) {}
        running
    };
    let agent = serve(&[]);
    assert!(!probe_by(65_534));
    drop(agent);
    let _agent = serve(&["--allow-uid", "65534"]);
    assert!(probe_by(65_534));
    assert!(!probe_by(65_533));
}

#[test]
fn a_unix_socket_tells_its_peers() {
    let kms = Kms::start();
    let path = kms.path("agent.sock");
    let start = || {
        let mut command = kmsak(&["serve", "--secret", SECRET, "--config"]);
        command.arg(kms.config()).arg("--unix").arg(&path);
        let mut running = Running::start(&mut command);
        assert!(running.line().contains("agent.sock"));
        running
    };
    let ask = || {
        let mut stream = UnixStream::connect(&path).unwrap();
        let request =
            format!("GET /credentials/{SECRET} HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let killed = start();
    assert!(ask().contains(&kms.access_key_id()));
    // A second one finds the socket in use; after a kill it finds it left behind.
    let output = kmsak(&["serve", "--secret", SECRET, "--unix"])
        .arg(&path)
        .arg("-c")
        .arg(kms.config())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("another program listens"), "{}", stderr(&output));
    drop(killed);
    let mut again = start();
    assert!(ask().contains(&kms.access_key_id()));
    again.signal("TERM");
    assert_eq!(again.child.wait().unwrap().code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn it_refuses_to_be_careless() {
    let kms = Kms::start();
    let refused = |arguments: &[&str], sentence: &str| {
        let mut command = kmsak(&["serve", "--config"]);
        let output =
            command.arg(kms.config()).args(arguments).current_dir(kms.folder.path()).output().unwrap();
        assert!(!output.status.success());
        assert!(stderr(&output).contains(sentence), "{arguments:?}: {}", stderr(&output));
    };
    refused(&["--secret", SECRET], "--token-file");
    refused(&["--secret", SECRET, "--token-file", "t", "--listen", "0.0.0.0:0"], "--allow-remote");
    refused(&["--token-file", "t"], "which secrets");
    refused(&["--secret", SECRET, "--token-file", "t", "--service"], "--service is for Windows");
    std::fs::write(kms.path("open"), "0123456789abcdef0123456789abcdef").unwrap();
    std::fs::set_permissions(kms.path("open"), std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&["--secret", SECRET, "--token-file", "open"], "chmod 600");
    std::fs::write(kms.path("short"), "short").unwrap();
    std::fs::set_permissions(kms.path("short"), std::fs::Permissions::from_mode(0o600)).unwrap();
    refused(&["--secret", SECRET, "--token-file", "short"], "at least 16");
    let agent = Agent::start(&kms, &kms.config(), &[]);
    let mode = std::fs::metadata(kms.path("token")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(agent.token.len(), 64);
}
