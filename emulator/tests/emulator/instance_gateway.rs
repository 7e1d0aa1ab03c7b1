use kmsak_emulator::{AccessPoint, Emulator, PermissionPolicy, Role, Scope, SecretValue};
use std::time::Duration;

use crate::client::*;

#[test]
fn a_correct_request_gets_the_secret() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let answer = simple_fetch(&emulator, &client, SECRET).unwrap();
    let current = emulator.access_key_of(SECRET).unwrap();
    let data: serde_json::Value = serde_json::from_str(&answer.data).unwrap();
    assert_eq!(data["AccessKeyId"], current.id);
    assert_eq!(data["AccessKeySecret"], current.secret);
    assert!(data["GenerateTimestamp"].is_string());
    assert_eq!(answer.name, SECRET);
    assert_eq!(answer.kind, "RAMCredentials");
    assert_eq!(answer.data_type, "text");
    assert_eq!(answer.stages, ["ACSCurrent"]);
    assert_eq!(answer.automatic, "Disabled");
    assert_eq!(answer.extended_config, "");
    assert_eq!((answer.next_rotation, answer.interval), Default::default());
}

#[test]
fn versions_stages_and_binary_values() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let key = emulator.client_key().unwrap();
    let private = private_key(&key);
    emulator.create_secret("plain", "Generic", SecretValue::text("one")).unwrap();
    let first = emulator.secret("plain").unwrap().versions[0].id.clone();
    emulator.put_secret_value("plain", SecretValue::binary([0, 255])).unwrap();
    let ask_for = |name: &str, stage: &str, version_id: &str| {
        let body = SecretRequest {
            name: name.into(),
            stage: stage.into(),
            version_id: version_id.into(),
            extended: true,
        };
        let request = InstanceRequest::new(&emulator, &key.key_id, &body).sign(&private);
        fetch(&emulator, &client, &request)
    };
    let ask = |stage: &str, version_id: &str| ask_for("plain", stage, version_id);
    let current = ask("", "").unwrap();
    assert_eq!((current.data.as_str(), current.data_type.as_str()), ("AP8=", "binary"));
    assert_eq!(ask("ACSPrevious", "").unwrap().data, "one");
    assert_eq!(ask("", &first).unwrap().stages, ["ACSPrevious"]);
    assert_eq!(ask("ACSPrevious", &first).unwrap().data, "one");
    for (stage, version, expected) in [
        ("ACSCurrent", first.as_str(), (400, "InvalidParameter")),
        ("ACSCurrent", "none", (400, "InvalidParameter")),
        ("", "none", (404, "Forbidden.ResourceNotFound")),
        ("Mine", "", (404, "Forbidden.ResourceNotFound")),
    ] {
        let (status, code, _) = ask(stage, version).unwrap_err();
        assert_eq!((status, code.as_str()), expected);
    }
    // A managed secret has its stages only.
    emulator.rotate(SECRET, Duration::ZERO).unwrap();
    let previous = emulator.secret(SECRET).unwrap().versions[0].id.clone();
    assert_eq!(ask_for(SECRET, "", &previous).unwrap().stages, ["ACSCurrent"]);
    assert_eq!(ask_for(SECRET, "ACSPrevious", "none").unwrap().version_id, previous);

    for number in 0..12 {
        emulator.put_secret_value("plain", SecretValue::text(number.to_string())).unwrap();
    }
    assert_eq!(emulator.secret("plain").unwrap().versions.len(), 10);
    assert_eq!(ask("", &first).unwrap_err().0, 404);
}

#[test]
fn each_wrong_header_has_its_error() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let key = emulator.client_key().unwrap();
    let private = private_key(&key);
    let body = SecretRequest { name: SECRET.into(), ..SecretRequest::default() };
    let fresh = || InstanceRequest::new(&emulator, &key.key_id, &body);
    let late = http_date(emulator.now() - Duration::from_secs(16 * 60));
    let early = http_date(emulator.now() + Duration::from_secs(16 * 60));
    let cases: Vec<(&str, InstanceRequest, u16, &str)> = vec![
        ("no version", fresh().remove("x-kms-apiversion"), 400, "InvalidApiVersion"),
        ("version", fresh().set("x-kms-apiversion", "dkms-gcs-9"), 400, "InvalidApiVersion"),
        ("no name", fresh().remove("x-kms-apiname"), 400, "InvalidApiName"),
        ("name", fresh().set("x-kms-apiname", "GetSecret"), 400, "InvalidApiName"),
        ("other API", fresh().set("x-kms-apiname", "Encrypt"), 400, "UnsupportedOperation"),
        ("no method", fresh().remove("x-kms-signaturemethod"), 400, "InvalidParam"),
        ("method", fresh().set("x-kms-signaturemethod", "RSA"), 400, "InvalidParam"),
        ("no key id", fresh().remove("x-kms-acccesskeyid"), 400, "MissingParameter"),
        (
            "two c's",
            fresh().remove("x-kms-acccesskeyid").set("x-kms-accesskeyid", &key.key_id),
            400,
            "MissingParameter",
        ),
        ("no accept", fresh().remove("accept").set("accept", "*/*"), 400, "InvalidParam"),
        ("content type", fresh().set("content-type", "application/json"), 400, "InvalidParam"),
        ("date", fresh().set("date", "2026-11-23T12:34:44Z"), 400, "InvalidParam"),
        ("RFC 850", fresh().set("date", "Monday, 23-Nov-26 12:34:44 GMT"), 400, "InvalidParam"),
        ("asctime", fresh().set("date", "Mon Nov 23 12:34:44 2026"), 400, "InvalidParam"),
        ("no date", fresh().remove("date"), 400, "InvalidParam"),
        ("late", fresh().set("date", &late), 400, "RequestTimeTooSkewed"),
        ("early", fresh().set("date", &early), 400, "RequestTimeTooSkewed"),
        ("no digest", fresh().remove("content-sha256"), 400, "MissingParameter"),
        ("digest", fresh().set("content-sha256", &"A".repeat(64)), 400, "InvalidParam"),
        ("unknown key", fresh().set("x-kms-acccesskeyid", "KAAP.0"), 404, "Unauthorized"),
    ];
    for (what, request, status, code) in cases {
        let (got_status, got_code, _) = fetch(&emulator, &client, &request.sign(&private)).expect_err(what);
        assert_eq!((got_status, got_code.as_str()), (status, code), "{what}");
    }

    let unsigned = fetch(&emulator, &client, &fresh()).unwrap_err();
    assert_eq!((unsigned.0, unsigned.1.as_str()), (400, "MissingParameter"));
    for authorization in ["Basic x", "Bearer", "Bearer !", "Bearer AAAA"] {
        let request = fresh().set("authorization", authorization);
        let (status, code, _) = fetch(&emulator, &client, &request).unwrap_err();
        assert_eq!((status, code.as_str()), (401, "SignatureNotMatch"), "{authorization}");
    }
    // Signed, then changed.
    let mut changed = fresh().sign(&private);
    changed.headers.push(("x-kms-more".into(), "1".into()));
    assert_eq!(fetch(&emulator, &client, &changed).unwrap_err().0, 401);
    // The messages that the API reference gives; the header with three c's is one of them.
    for (request, says) in [
        (
            fresh().remove("x-kms-acccesskeyid"),
            "Parameter x-kms-acccesskeyid does not exist in http header or body.",
        ),
        (fresh().remove("x-kms-signaturemethod"), "The Param x-kms-signaturemethod is invalid."),
        (
            fresh().set("x-kms-signaturemethod", "RSA"),
            "The Param x-kms-signaturemethod is invalid. message:\"RSA\".",
        ),
        (fresh().set("date", "now"), "The Param Date is invalid."),
    ] {
        assert_eq!(fetch(&emulator, &client, &request.sign(&private)).unwrap_err().2, says);
    }
}

#[test]
fn wrong_bodies_paths_and_sizes_are_refused() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let key = emulator.client_key().unwrap();
    let private = private_key(&key);
    let send = |body: Vec<u8>| {
        let request = InstanceRequest::at(emulator.now(), &key.key_id, body).sign(&private);
        let (status, code, _) = fetch(&emulator, &client, &request).unwrap_err();
        (status, code)
    };
    assert_eq!(send(b"not protobuf".to_vec()), (400, "InvalidParameter".into()));
    assert_eq!(send(Vec::new()), (400, "InvalidParameter".into()));
    assert_eq!(send(vec![0; 3 * 1024 * 1024]).0, 400);
    assert_eq!(send(vec![0; 3 * 1024 * 1024 + 1]).0, 413);
    assert_eq!(send(vec![0; 5_000_000]).0, 413);

    let url = format!("https://{}", emulator.instance_endpoint());
    for request in [client.get(format!("{url}/")), client.post(format!("{url}/elsewhere"))] {
        let answer = request.header("x-kms-apiname", "GetSecretValue").send().unwrap();
        assert_eq!(instance_answer(answer).unwrap_err().1, "UnsupportedOperation");
    }
}

#[test]
fn the_access_point_decides_what_may_be_read() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let instance = || Scope::Instance(emulator.instance_id().to_owned());
    let policy = |roles: &[Role]| PermissionPolicy {
        scope: instance(),
        roles: roles.to_vec(),
        secrets: vec![SECRET.into()],
        keys: vec!["*".into()],
        sources: vec![],
    };
    let put = |policy: PermissionPolicy| {
        emulator.put_access_point(AccessPoint { name: "app".into(), policies: vec![policy] }).unwrap();
        simple_fetch(&emulator, &client, SECRET)
    };
    let both = [Role::CryptoServiceSecretUser, Role::CryptoServiceKeyUser];
    assert!(put(policy(&both)).is_ok());

    let no_permission = (
        403,
        "Forbidden.NoPermission".to_owned(),
        "This operation is forbidden by permission system.".to_owned(),
    );
    let (_, _, message) = put(policy(&[Role::CryptoServiceSecretUser])).unwrap_err();
    assert!(message.starts_with("This operation for key-"), "{message}");
    let other_key = PermissionPolicy { keys: vec!["key-other".into()], ..policy(&both) };
    assert!(put(other_key).unwrap_err().2.contains("for key-"));
    for refused in [
        policy(&[Role::CryptoServiceKeyUser]),
        policy(&[Role::SecretUser]),
        PermissionPolicy { secrets: vec!["other".into()], ..policy(&both) },
        PermissionPolicy { scope: Scope::Shared, ..policy(&both) },
        PermissionPolicy { scope: Scope::Instance("kst-other".into()), ..policy(&both) },
        PermissionPolicy { sources: vec!["10.0.0.0/8".parse().unwrap()], ..policy(&both) },
    ] {
        assert_eq!(put(refused).unwrap_err(), no_permission);
    }
    let here = PermissionPolicy {
        sources: vec!["10.0.0.0/8".parse().unwrap(), "127.0.0.0/8".parse().unwrap()],
        secrets: vec!["*".into()],
        ..policy(&both)
    };
    assert!(put(here).is_ok());
    let missing = simple_fetch(&emulator, &client, "missing").unwrap_err();
    assert_eq!((missing.0, missing.1.as_str()), (404, "Forbidden.ResourceNotFound"));
    let key = emulator.secret(SECRET).unwrap().encryption_key_id;
    emulator.delete_key(&key).unwrap();
    let gone = simple_fetch(&emulator, &client, SECRET).unwrap_err();
    assert_eq!((gone.0, gone.1.as_str()), (404, "Forbidden.KeyNotFound"));
    emulator.delete_access_point("app").unwrap();
    let deleted = simple_fetch(&emulator, &client, SECRET).unwrap_err();
    let message = format!("The AccessKey ID {} does not exist in our records.", key_id(&emulator));
    assert_eq!(deleted, (404, "Unauthorized".to_owned(), message));
}

fn key_id(emulator: &Emulator) -> String {
    emulator.client_key().unwrap().key_id
}

#[test]
fn client_keys_are_replaced_revoked_and_expire() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let body = SecretRequest { name: SECRET.into(), ..SecretRequest::default() };
    let old = emulator.client_key().unwrap();
    let new = emulator.issue_client_key("app").unwrap();
    let ask = |key: &kmsak_emulator::ClientKey| {
        let request = InstanceRequest::new(&emulator, &key.key_id, &body).sign(&private_key(key));
        fetch(&emulator, &client, &request).map(|_| ()).map_err(|error| error.0)
    };
    assert_eq!(ask(&old), Ok(()));
    assert_eq!(ask(&new), Ok(()));
    emulator.revoke_client_key(&old.key_id).unwrap();
    assert_eq!(ask(&old), Err(404));
    assert_eq!(ask(&new), Ok(()));
    let now = emulator.now();
    let day = Duration::from_secs(86_400);
    let ended = emulator.issue_client_key_between("app", now - day * 2, now - day).unwrap();
    assert_eq!(ask(&ended), Err(403));
    let future = emulator.issue_client_key_between("app", now + day, now + day * 2).unwrap();
    assert_eq!(ask(&future), Err(403));
    emulator.advance_clock(day + day / 2).unwrap();
    assert_eq!(ask(&future), Ok(()));
    // A key signs only for its own id.
    let request = InstanceRequest::new(&emulator, &new.key_id, &body).sign(&private_key(&future));
    assert_eq!(fetch(&emulator, &client, &request).unwrap_err().0, 401);
    assert!(emulator.issue_client_key("nowhere").unwrap_err().is_not_found());
    assert!(emulator.revoke_client_key("KAAP.none").is_err());
}

#[test]
fn the_recorded_official_request_is_accepted() {
    let recorded = recorded("instance");
    let emulator = recorded_world();
    let client = https(&emulator);
    let mut request = InstanceRequest { headers: recorded.headers, body: recorded.body };
    request
        .headers
        .retain(|(name, _)| !["host", "content-length", "accept-encoding"].contains(&name.as_str()));
    let answer = fetch(&emulator, &client, &request).unwrap();
    assert_eq!(answer.name, SECRET);
    assert!(answer.extended_config.contains("RamUserAccessKey"));
    // The same request for another secret is not what was signed.
    let mut other = InstanceRequest { headers: request.headers.clone(), body: request.body.clone() };
    other.body[4] ^= 1;
    assert_eq!(fetch(&emulator, &client, &other).unwrap_err().1, "InvalidParam");
    let other = other.set("content-sha256", &"0".repeat(64));
    assert_eq!(fetch(&emulator, &client, &other).unwrap_err().1, "InvalidParam");
    emulator.advance_clock(Duration::from_secs(20 * 60)).unwrap();
    assert_eq!(fetch(&emulator, &client, &request).unwrap_err().1, "RequestTimeTooSkewed");
}

pub(crate) struct Recorded {
    pub(crate) target: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");

/// What the official Python client really sent.
pub(crate) fn recorded(gateway: &str) -> Recorded {
    use ::base64::Engine as _;
    let text = std::fs::read_to_string(format!("{VECTORS}/official_requests.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let request = all["requests"].as_array().unwrap().iter().find(|one| one["gateway"] == gateway).unwrap();
    let headers: Vec<(String, String)> = serde_json::from_value(request["headers"].clone()).unwrap();
    Recorded {
        target: request["target"].as_str().unwrap().to_owned(),
        headers: headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect(),
        body: ::base64::engine::general_purpose::STANDARD
            .decode(request["body_base64"].as_str().unwrap())
            .unwrap(),
    }
}

/// An emulator that knows the ClientKey of the recording, at the time of the recording.
pub(crate) fn recorded_world() -> Emulator {
    let emulator = Emulator::start().unwrap();
    let json = std::fs::read_to_string(format!("{VECTORS}/clientKey.json")).unwrap();
    let password = std::fs::read_to_string(format!("{VECTORS}/clientKey_Password.txt")).unwrap();
    let id = emulator.import_client_key(&json, password.trim_end(), "app").unwrap();
    assert_eq!(id, "KAAP.00000000-0000-4000-8000-000000000001");
    let pbes2 = std::fs::read_to_string(format!("{VECTORS}/clientKey_pbes2.json")).unwrap();
    emulator.import_client_key(&pbes2, password.trim_end(), "app").unwrap();
    emulator.set_clock(time::macros::datetime!(2026-11-23 12:35:00 UTC)).unwrap();
    emulator
}
