//! `kmsak doctor`

use std::os::unix::fs::PermissionsExt;

use kmsak_emulator::{Fault, WrongCertificate};
use serde_json::Value;

use crate::support::{Kms, SECRET, kmsak, stdout};

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
    for check in
        ["configuration", "files", "ClientKey", "DNS", "TCP", "TLS", "clock", "signature", "permission"]
    {
        find(&report, check, "ok");
    }
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

    kms.emulator.inject(Fault::wrong_certificate(WrongCertificate::OtherCa)).unwrap();
    let (code, report) = doctor(&kms, SECRET);
    assert_eq!(code, 6);
    assert!(find(&report, "TLS", "failed").contains("caFilePath"));
    kms.emulator.clear_faults();

    std::fs::write(kms.path("clientKey_Password.txt"), "wrong-Passw0rd").unwrap();
    let (code, report) = doctor(&kms, SECRET);
    assert_eq!(code, 4);
    assert!(find(&report, "ClientKey", "failed").contains("password"));

    let output = kmsak(&["doctor", "--json", "-c", "nowhere.properties"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let report = serde_json::from_slice(&output.stdout).unwrap();
    assert!(find(&report, "configuration", "failed").contains("nowhere.properties"));
}

#[test]
fn nobody_listens_there() {
    let kms = Kms::start();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = std::fs::read_to_string(kms.config()).unwrap();
    let text =
        text.replace(&kms.emulator.instance_endpoint().replace("https://", ""), &format!("127.0.0.1:{port}"));
    std::fs::write(kms.config(), text + "fetch_deadline=500\n").unwrap();
    let (code, report) = doctor(&kms, SECRET);
    assert_eq!(code, 5, "{report:#}");
    assert!(find(&report, "TCP", "failed").contains("firewall"));
}
