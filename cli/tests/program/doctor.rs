//! `kmsak doctor`

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use kmsak_emulator::{Fault, SecretValue, WrongCertificate};
use serde_json::Value;
use time::OffsetDateTime;

use crate::support::{Kms, SECRET, Terminal, kmsak, stderr, stdout};

fn doctor(kms: &Kms, secret: &str) -> (i32, Value) {
    let output = kmsak(&["doctor", "--json", secret, "-c"]).arg(kms.config()).output().unwrap();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

fn find<'a>(report: &'a Value, check: &str, state: &str) -> &'a str {
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|one| one["check"] == check && one["state"] == state);
    found.unwrap_or_else(|| panic!("no {state} {check} in {report:#}"))["message"].as_str().unwrap()
}

#[test]
fn all_is_well() {
    let kms = Kms::start();
    let (code, report) = doctor(&kms, SECRET);
    assert_eq!((code, &report["works"]), (0, &Value::Bool(true)));
    // In the order in which one would look.
    let order = [
        "configuration",
        "files",
        "ClientKey",
        "password",
        "CA",
        "DNS",
        "TCP",
        "TLS",
        "clock",
        "signature",
        "permission",
        "fleet",
        "rotation",
    ];
    let mut done: Vec<&str> =
        report["checks"].as_array().unwrap().iter().map(|one| one["check"].as_str().unwrap()).collect();
    done.dedup();
    assert_eq!(done, order);
    let (rotation, others) = order.split_last().unwrap();
    for check in others {
        find(&report, check, "ok");
    }
    assert!(find(&report, rotation, "warning").starts_with("off; "));
    assert!(find(&report, "CA", "ok").contains(" days"));
    let rotation = report["checks"].as_array().unwrap().last().unwrap()["message"].as_str().unwrap();
    assert!(rotation.contains("this version is ") && rotation.contains(" old"), "{rotation}");
    let secret = kms.emulator.access_key_of(SECRET).unwrap().secret;
    assert!(!report.to_string().contains(&secret));
    // People get marks, and no colour where there is no terminal.
    let output = kmsak(&["doctor", SECRET, "-c"]).arg(kms.config()).output().unwrap();
    assert!(stdout(&output).contains("✓ TLS: "));
    assert!(!stdout(&output).contains('\x1b'));
}

#[test]
fn each_trouble_is_named() {
    let kms = Kms::start();
    let (code, report) = doctor(&kms, "nope");
    assert_eq!(code, 8);
    assert!(find(&report, "secret", "failed").contains("KMS has no secret nope"));

    let key = kms.path("clientKey.json");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, report) = doctor(&kms, SECRET);
    assert_eq!(code, 0, "it works all the same");
    assert!(find(&report, "files", "warning").contains("chmod 600"));

    // As Kubernetes mounts it for a group.
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o440)).unwrap();
    let (_, report) = doctor(&kms, SECRET);
    assert!(!report.to_string().contains("chmod"), "{report:#}");

    std::fs::write(kms.path("clientKey_Password.txt"), "wrong-Passw0rd").unwrap();
    let (code, report) = doctor(&kms, SECRET);
    assert_eq!(code, 4);
    assert!(find(&report, "password", "failed").contains("clientKey_Password.txt does not open"));

    let output = kmsak(&["doctor", "--json", "-c", "nowhere.properties"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let report = serde_json::from_slice(&output.stdout).unwrap();
    assert!(find(&report, "configuration", "failed").contains("nowhere.properties"));
}

#[test]
fn nobody_listens_there() {
    let kms = Kms::start();
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = std::fs::read_to_string(kms.config()).unwrap();
    let text =
        text.replace(&kms.emulator.instance_endpoint().replace("https://", ""), &format!("127.0.0.1:{port}"));
    std::fs::write(kms.config(), text + "fetch_deadline=500\n").unwrap();
    let (code, report) = doctor(&kms, SECRET);
    assert_eq!(code, 5, "{report:#}");
    assert!(find(&report, "TCP", "failed").contains("firewall"));
}

/// The report for a configuration file, with or without a secret to ask for.
fn examine(kms: &Kms, config: &str, secret: &[&str]) -> (i32, Value) {
    let mut command = kmsak(&["doctor", "--json"]);
    let output = command.args(secret).arg("-c").arg(kms.path(config)).output().unwrap();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn tls_fails_for_the_reason_that_is_told() {
    let kms = Kms::start();
    for (certificate, advice) in [
        (
            WrongCertificate::SelfSignedCa,
            "with openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=kms -addext",
        ),
        (WrongCertificate::OtherCa, "was not issued by the CA in"),
        (WrongCertificate::Expired, "has expired: check this machine's clock"),
        (WrongCertificate::WrongName, "is for another name"),
    ] {
        kms.emulator.inject(Fault::wrong_certificate(certificate)).unwrap();
        for secret in [&[SECRET][..], &[]] {
            let (code, report) = examine(&kms, "on_the_cloud.properties", secret);
            assert_eq!(code, 6, "{report:#}");
            assert!(find(&report, "TLS", "failed").contains(advice), "{report:#}");
        }
        kms.emulator.clear_faults();
    }
    // Without a CA of its own only KMS's private CAs and the public ones are trusted, for the endpoint and for the secret.
    let text = std::fs::read_to_string(kms.config()).unwrap();
    let text = text.replace(r#""caFilePath":"ca.pem","#, "");
    assert!(!text.contains("caFilePath"), "{text}");
    std::fs::write(kms.path("no_ca.properties"), text).unwrap();
    let output = kmsak(&["doctor", SECRET, "-c"]).arg(kms.path("no_ca.properties")).output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    let said = stdout(&output) + &stderr(&output);
    for line in
        ["✓ CA: the public CAs that this system trusts, and 27 certificates of KMS's private CAs", "✗ TLS: "]
    {
        assert_eq!(said.matches(line).count(), 1, "{said}");
    }
    kms.emulator.inject(Fault::refuse()).unwrap();
    let (code, report) = examine(&kms, "on_the_cloud.properties", &[]);
    assert_eq!(code, 5, "{report:#}");
    assert!(!find(&report, "network", "failed").contains("caFilePath"));
}

#[test]
fn a_ca_that_is_none() {
    let kms = Kms::start();
    for (text, what) in
        [("nonsense", "holds no PEM certificate"), ("-----BEGIN CERTIFICATE-----\nAA", "damaged")]
    {
        std::fs::write(kms.path("ca.pem"), text).unwrap();
        let (code, report) = examine(&kms, "on_the_cloud.properties", &[]);
        assert_eq!(code, 3, "{report:#}");
        assert!(find(&report, "CA", "failed").contains(what), "{report:#}");
    }
}

#[test]
fn what_kms_refuses() {
    let kms = Kms::start();
    for (status, code, check, sentence) in [
        (403, "Forbidden.NoPermission", "permission", "permission policy"),
        (401, "SignatureNotMatch", "signature", "ClientKey"),
        (404, "Unauthorized", "signature", "does not know this ClientKey"),
        (404, "InvalidAccessKeyId.NotFound", "signature", "does not know this ClientKey"),
    ] {
        kms.emulator.inject(Fault::error(status, code).action("GetSecretValue")).unwrap();
        let (exit, report) = doctor(&kms, SECRET);
        assert_eq!(exit, 7, "{report:#}");
        let told = find(&report, check, "failed");
        assert!(told.contains(sentence) && told.contains(code), "{told}");
        kms.emulator.clear_faults();
    }
}

#[test]
fn a_clock_that_is_off() {
    let kms = Kms::start();
    kms.emulator.advance_clock(Duration::from_secs(20 * 60)).unwrap();
    let (code, report) = doctor(&kms, SECRET);
    assert_eq!(code, 0, "it signs with the server's time: {report:#}");
    assert!(find(&report, "clock", "warning").contains("NTP"));
}

#[test]
fn a_rotation_that_is_off_or_does_not_come() {
    let kms = Kms::start();
    kms.emulator.stop_rotation(SECRET).unwrap();
    let (_, report) = doctor(&kms, SECRET);
    assert!(find(&report, "rotation", "warning").starts_with("off; this version is "), "{report:#}");
    kms.emulator.break_rotation(SECRET).unwrap();
    let (code, report) = doctor(&kms, SECRET);
    assert_eq!(code, 0, "{report:#}");
    assert!(
        find(&report, "rotation", "warning").starts_with("on, but KMS cannot carry it out; "),
        "{report:#}"
    );
    // The server lives two hours ago: what it will do in an hour is overdue here.
    kms.emulator.rewind_clock(2 * HOUR).unwrap();
    let now = kms.emulator.now();
    give_client_key(&kms, now - 24 * HOUR, now + 100 * 24 * HOUR);
    kms.emulator.schedule_rotation(SECRET, 24 * HOUR, now + HOUR).unwrap();
    let (code, report) = doctor(&kms, SECRET);
    assert_eq!(code, 0, "{report:#}");
    assert!(find(&report, "rotation", "warning").starts_with("overdue since "), "{report:#}");
}

const HOUR: Duration = Duration::from_secs(3_600);

/// A ClientKey that is valid from one moment to another.
fn give_client_key(kms: &Kms, from: OffsetDateTime, to: OffsetDateTime) {
    let point = kms.emulator.access_points()[0].name.clone();
    let key = kms.emulator.issue_client_key_between(&point, from, to).unwrap();
    std::fs::write(kms.path("clientKey.json"), &key.json).unwrap();
    std::fs::write(kms.path("clientKey_Password.txt"), &key.password).unwrap();
}

#[test]
fn a_client_key_at_its_end() {
    let kms = Kms::start();
    let now = kms.emulator.now();
    let day = 24 * HOUR;
    let give = |from, to| {
        give_client_key(&kms, from, to);
        doctor(&kms, SECRET).1
    };
    let report = give(now - 20 * day, now + 10 * day);
    assert!(find(&report, "ClientKey", "warning").contains("days left"), "{report:#}");
    let report = give(now - 20 * day, now - day);
    assert!(find(&report, "ClientKey", "warning").contains("expired"), "{report:#}");
}

#[test]
fn the_configuration_itself_may_be_secret() {
    let kms = Kms::start();
    let inline = |text: &str| {
        let password = std::fs::read_to_string(kms.path("clientKey_Password.txt")).unwrap();
        text.replace(
            r#""passwordFromFilePath":"clientKey_Password.txt""#,
            &format!(r#""password":"{}""#, password.trim()),
        )
    };
    let text = std::fs::read_to_string(kms.config()).unwrap();
    std::fs::write(kms.path("inline.properties"), inline(&text) + "cache_file=kmsak.cache\n").unwrap();
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::write(kms.path("kmsak.cache"), "").unwrap();
    for name in ["inline.properties", "on_the_cloud.properties", "kmsak.cache"] {
        std::fs::set_permissions(kms.path(name), open.clone()).unwrap();
    }
    let (_, report) = examine(&kms, "on_the_cloud.properties", &[]);
    assert!(!report.to_string().contains("chmod"), "nothing in it is secret: {report:#}");
    let (_, report) = examine(&kms, "inline.properties", &[]);
    assert!(
        find(&report, "files", "warning").contains("inline.properties holds the ClientKey or its password")
    );
    assert!(
        report.to_string().contains("kmsak.cache holds encrypted secrets and has mode 0644"),
        "{report:#}"
    );
    std::fs::remove_file(kms.path("kmsak.cache")).unwrap();
    let (_, report) = examine(&kms, "inline.properties", &[]);
    assert!(
        report.to_string().contains("kmsak.cache, the cache file, is made at the first fetch"),
        "{report:#}"
    );
}

#[test]
fn colour_on_a_terminal_only() {
    let kms = Kms::start();
    let config = kms.config();
    let mut command = kmsak(&["doctor", SECRET, "-c"]);
    command.arg(&config).env_remove("NO_COLOR");
    let mut terminal = Terminal::start(&command);
    terminal.wait_for("\x1b[32m✓\x1b[0m TLS: ");
    terminal.wait_for("rotation: ");
    assert!(terminal.child.wait().unwrap().success());
    let mut terminal = Terminal::start(command.env("NO_COLOR", "1"));
    assert!(!terminal.wait_for("✓ TLS: ").contains("\x1b[3"));
    terminal.wait_for("rotation: ");
    assert!(terminal.child.wait().unwrap().success());
}

/// A proxy that connects wherever it is asked to.
fn proxy() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut line = String::new();
            let mut head = BufReader::new(client.try_clone().unwrap());
            head.read_line(&mut line).unwrap();
            let wanted = line.split(' ').nth(1).unwrap().to_owned();
            while !line.trim().is_empty() {
                line.clear();
                head.read_line(&mut line).unwrap();
            }
            let mut server = TcpStream::connect(wanted).unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let (mut back, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut back, &mut to));
            std::thread::spawn(move || std::io::copy(&mut client, &mut server));
        }
    });
    address
}

#[test]
fn through_a_proxy() {
    let kms = Kms::start();
    let text = std::fs::read_to_string(kms.config()).unwrap();
    let by = |proxy: &str| {
        let through = format!(r#""httpsProxy":"http://{proxy}","caFilePath""#);
        std::fs::write(kms.path("proxy.properties"), text.replace(r#""caFilePath""#, &through)).unwrap();
        examine(&kms, "proxy.properties", &[SECRET])
    };
    let (code, report) = by(&proxy().to_string());
    assert_eq!(code, 0, "{report:#}");
    assert!(find(&report, "network", "ok").contains("through a proxy"));
    for check in ["TLS", "clock", "permission"] {
        find(&report, check, "ok");
    }
    assert!(!report.to_string().contains("DNS"), "the proxy looks up the name: {report:#}");

    // A port that was free a moment ago.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (code, report) = by(&nobody);
    assert_eq!(code, 5, "{report:#}");
    assert!(find(&report, "network", "failed").contains(&format!("the proxy {nobody}")), "{report:#}");
}

#[test]
fn the_age_is_that_of_the_version_and_not_of_the_secret() {
    let kms = Kms::start();
    let long_ago = kms.emulator.now() - 400 * 24 * HOUR;
    kms.emulator.edit_secret(SECRET, |secret| secret.versions[0].created = long_ago).unwrap();
    let (_, report) = doctor(&kms, SECRET);
    let rotation = find(&report, "rotation", "warning");
    assert!(rotation.contains("this version is ") && !rotation.contains("day"), "{rotation}");
    // Nothing in it says when it was made.
    kms.emulator.create_secret("plain", "Generic", SecretValue::Text("hush".to_owned())).unwrap();
    let (_, report) = doctor(&kms, "plain");
    assert!(find(&report, "rotation", "ok").contains("does not tell the age"), "{report:#}");
}

#[test]
fn who_asks_is_shown() {
    let kms = Kms::start();
    for (file, facts) in [
        ("with_access_key", &["ak, with the AccessKey LTAI", "(static_ak)"][..]),
        ("with_ecs_ram_role", &["ecs_ram_role ecs-reader, with the AccessKey STS.", "which ends in 3"]),
        ("with_ram_role", &["ram_role acs:ram::", "(ram_role_arn/static_ak)", "min and is renewed before"]),
        ("with_oidc_role", &["oidc_role_arn acs:ram::", "(oidc_role_arn)"]),
    ] {
        let (code, report) = examine(&kms, &format!("{file}.properties"), &[SECRET]);
        assert_eq!(code, 0, "{report:#}");
        let told = find(&report, "identity", "ok");
        for fact in facts {
            assert!(told.contains(fact), "{told}");
        }
    }
    kms.emulator.set_metadata_role(None).unwrap();
    let (code, report) = examine(&kms, "with_ecs_ram_role.properties", &[]);
    assert_eq!(code, 7, "{report:#}");
    assert!(find(&report, "identity", "failed").contains("has nothing for the RAM role"), "{report:#}");
}

#[test]
fn the_size_of_the_fleet_and_what_it_means() {
    let kms = Kms::start();
    let (_, report) = doctor(&kms, SECRET);
    assert!(find(&report, "fleet", "ok").starts_with("size not told: "));
    let output = kmsak(&["doctor", "--json", SECRET, "-c"])
        .arg(kms.config())
        .env("KMSAK_FLEET_SIZE", "20000")
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = find(&report, "fleet", "ok");
    assert!(told.starts_with("told as 20000 processes: ") && told.ends_with(" after 44 s"), "{told}");
}
