use kmsak_emulator::{AccessPoint, Emulator, PermissionPolicy, Role, Scope, SecretValue};
use std::time::Duration;

use crate::client::*;
use crate::instance_gateway::{recorded, recorded_world};

fn url(emulator: &Emulator) -> String {
    format!("https://{}", emulator.shared_endpoint())
}

#[test]
fn a_client_key_gets_the_secret_by_query_and_by_form() {
    let emulator = Emulator::start().unwrap();
    let (client, url) = (https(&emulator), url(&emulator));
    let key = emulator.client_key().unwrap();
    let private = private_key(&key);
    let fresh = || Rpc::secret(&emulator).set("FetchExtendedConfig", "True").for_client_key(&key);
    for answer in [
        fresh().sign_rsa("POST", &private).post(&client, &url),
        fresh().sign_rsa("GET", &private).get(&client, &url),
        fresh().sign_rsa("POST", &private).form(&client, &url),
    ] {
        assert!(answer.headers().contains_key("date"));
        let (status, body) = json(answer);
        assert_eq!(status, 200, "{body}");
        let data: serde_json::Value = serde_json::from_str(body["SecretData"].as_str().unwrap()).unwrap();
        assert_eq!(data["AccessKeyId"], emulator.access_key_of(SECRET).unwrap().id);
        assert_eq!(body["VersionStages"]["VersionStage"][0], "ACSCurrent");
        assert_eq!(body["SecretType"], "RAMCredentials");
        assert!(body["ExtendedConfig"].as_str().unwrap().contains("UserName"));
        assert!(body.get("NextRotationDate").is_none());
    }
    let plain = Rpc::secret(&emulator).for_client_key(&key);
    let (_, body) = json(plain.sign_rsa("POST", &private).post(&client, &url));
    assert!(body.get("ExtendedConfig").is_none());
}

#[test]
fn xml_is_the_default_form() {
    let emulator = Emulator::start().unwrap();
    let (client, url) = (https(&emulator), url(&emulator));
    let key = emulator.client_key().unwrap();
    let private = private_key(&key);
    emulator.create_secret("marked", "Generic", SecretValue::text("<&>\"'\r\n\u{1}")).unwrap();
    for request in [Rpc::secret(&emulator).remove("Format"), Rpc::secret(&emulator).set("Format", "XML")] {
        let request = request.set("SecretName", "marked").for_client_key(&key);
        let answer = request.sign_rsa("POST", &private).post(&client, &url);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/xml"));
        let text = answer.text().unwrap();
        assert!(text.contains("<KMS>"), "{text}");
        assert!(text.contains("<SecretData>&lt;&amp;&gt;&quot;&apos;&#13;\n\u{fffd}</SecretData>"), "{text}");
        assert!(text.contains("<VersionStages><VersionStage>ACSCurrent</VersionStage></VersionStages>"));
    }
    let front = Rpc::secret(&emulator).remove("Format").set("AccessKeyId", "KAAP.0");
    let text = front.post(&client, &url).text().unwrap();
    assert!(text.contains("<Error>") && !text.contains("HttpStatus"), "{text}");
    assert!(text.contains("<Code>MissingSignatureMethod</Code>"), "{text}");
    let service = Rpc::secret(&emulator)
        .remove("Format")
        .set("SecretName", "none")
        .for_client_key(&key)
        .sign_rsa("POST", &private);
    let text = service.post(&client, &url).text().unwrap();
    assert!(text.contains("<KMS>") && text.contains("<HttpStatus>404</HttpStatus>"), "{text}");
    assert!(text.contains("<Code>Forbidden.ResourceNotFound</Code>"), "{text}");
}

#[test]
fn each_wrong_parameter_has_its_error() {
    let emulator = Emulator::start().unwrap();
    let (client, url) = (https(&emulator), url(&emulator));
    let key = emulator.client_key().unwrap();
    let private = private_key(&key);
    emulator.create_secret("db", "Generic", SecretValue::text("x")).unwrap();
    let fresh = || Rpc::secret(&emulator).for_client_key(&key);
    let at = |seconds: i64| iso(emulator.now() + time::Duration::seconds(seconds));
    let cases: Vec<(Rpc, u16, &str)> = vec![
        (fresh().remove("Action"), 400, "MissingAction"),
        (fresh().set("Action", "GetSecret"), 404, "InvalidAction.NotFound"),
        (fresh().remove("Version"), 400, "MissingVersion"),
        (fresh().set("Version", "2016-01-21"), 400, "InvalidVersion"),
        (fresh().remove("SignatureVersion"), 400, "MissingSignatureVersion"),
        (fresh().set("SignatureVersion", "2.0"), 400, "InvalidParameter"),
        (fresh().remove("AccessKeyId"), 400, "MissingAccessKeyId"),
        (fresh().set("AccessKeyId", "KAAP.0"), 404, "InvalidAccessKeyId.NotFound"),
        (fresh().remove("SignatureMethod"), 400, "MissingSignatureMethod"),
        (fresh().set("SignatureMethod", "MD5"), 400, "InvalidParameter"),
        (fresh().remove("SignatureType"), 400, "InvalidParameter"),
        (fresh().set("SignatureType", "BEARERTOKEN"), 400, "InvalidParameter"),
        (fresh().remove("SignatureNonce"), 400, "MissingSignatureNonce"),
        (fresh().remove("Timestamp"), 400, "IllegalTimestamp"),
        (fresh().set("Timestamp", "yesterday"), 400, "InvalidTimeStamp.Format"),
        (fresh().set("Timestamp", &at(-16 * 60)), 400, "InvalidTimeStamp.Expired"),
        (fresh().set("Timestamp", &at(16 * 60)), 400, "IllegalTimestamp"),
        (fresh().set("RegionId", "Atlantis!"), 404, "InvalidRegionId.NotFound"),
        (fresh().set("SecurityToken", "x"), 400, "InvalidSecurityToken.Malformed"),
        (fresh().set("FetchExtendedConfig", "maybe"), 400, "InvalidParameter"),
        (fresh().set("DryRun", "maybe"), 400, "InvalidParameter"),
        (fresh().set("DryRun", "true"), 400, "DryRunOperationError"),
        (fresh().set("DryRun", "true").set("SecretName", "none"), 400, "ValidationError"),
        (fresh().set("SecretName", "none"), 404, "Forbidden.ResourceNotFound"),
        (fresh().set("SecretName", ""), 400, "MissingParameter"),
        (fresh().set("VersionStage", "Mine"), 404, "Forbidden.ResourceNotFound"),
        (fresh().set("SecretName", "db").set("VersionId", "none"), 404, "Forbidden.ResourceNotFound"),
        (
            fresh().set("SecretName", "db").set("VersionId", "none").set("VersionStage", "ACSCurrent"),
            400,
            "InvalidParameter",
        ),
        (fresh().set("Action", "RotateSecret"), 403, "Forbidden.NoPermission"),
        (fresh().set("Action", "ListSecrets"), 403, "Forbidden.NoPermission"),
    ];
    for (request, status, code) in cases {
        let request = request.sign_rsa("POST", &private);
        let got = refusal(request.post(&client, &url));
        assert_eq!(got, (status, code.to_owned()), "{:?}", request.parameters);
    }
    assert_eq!(refusal(fresh().post(&client, &url)), (400, "MissingSignature".into()));
    for signature in ["!", "AAAA"] {
        let request = fresh().set("Signature", signature);
        assert_eq!(refusal(request.post(&client, &url)), (400, "SignatureDoesNotMatch".into()));
    }
    // Signed for GET, sent by POST; signed, then changed.
    let request = fresh().sign_rsa("GET", &private);
    assert_eq!(refusal(request.post(&client, &url)).1, "SignatureDoesNotMatch");
    let request = fresh().sign_rsa("POST", &private).set("SecretName", "other");
    assert_eq!(refusal(request.post(&client, &url)).1, "SignatureDoesNotMatch");
    // Sent twice.
    let request = fresh().sign_rsa("POST", &private);
    assert_eq!(json(request.post(&client, &url)).0, 200);
    assert_eq!(refusal(request.post(&client, &url)), (400, "SignatureNonceUsed".into()));

    let answer = client.post(format!("{url}/?Format=JSON")).body(vec![b'a'; 5_000_000]).send().unwrap();
    assert_eq!(refusal(answer), (413, "RequestEntityTooLarge".into()));

    let request = fresh().sign_rsa("POST", &private);
    let answer = client.put(format!("{url}/?{}", request.query())).send().unwrap();
    assert_eq!(refusal(answer), (400, "UnsupportedHTTPMethod".into()));
    let answer = client.post(format!("{url}/x?{}", request.query())).send().unwrap();
    assert_eq!(refusal(answer), (404, "InvalidApi.NotFound".into()));
}

#[test]
fn an_access_key_signs_with_hmac() {
    let emulator = Emulator::start().unwrap();
    let (client, url) = (https(&emulator), url(&emulator));
    let operator = emulator.operator().unwrap();
    for method in ["HMAC-SHA1", "HMAC-SHA256"] {
        let request = Rpc::secret(&emulator).for_access_key(&operator).set("SignatureMethod", method);
        let request = request.sign_hmac("POST", &operator);
        assert_eq!(json(request.post(&client, &url)).0, 200, "{method}");
    }
    let policies = ["AliyunKMSSecretUserAccess", "AliyunKMSCryptoUserAccess"];
    let reader = emulator.create_user("own", &policies).unwrap();
    let reader = emulator.create_access_key(&reader.name).unwrap();
    let ask = |action: &str| {
        let request = Rpc::kms(&emulator, action).set("SecretName", SECRET).for_access_key(&reader);
        let (status, body) = json(request.sign_hmac("POST", &reader).post(&client, &url));
        (status, body)
    };
    assert_eq!(ask("GetSecretValue").0, 200);
    assert_eq!(ask("DescribeSecret").1["AutomaticRotation"], "Disabled");
    assert_eq!(ask("ListSecrets").0, 403);
    assert_eq!(ask("RotateSecret").0, 403);
    let nobody = emulator.access_key_of(SECRET).unwrap();
    let request = Rpc::secret(&emulator).for_access_key(&nobody);
    let got = refusal(request.sign_hmac("POST", &nobody).post(&client, &url));
    assert_eq!(got, (403, "Forbidden.NoPermission".into()));
}

#[test]
fn v3_signatures_are_checked() {
    let emulator = Emulator::start().unwrap();
    let (client, url) = (https(&emulator), url(&emulator));
    let host = emulator.shared_endpoint();
    let operator = emulator.operator().unwrap();
    let fresh =
        || Acs3::new(emulator.now(), &host, "2016-01-20", "GetSecretValue").parameter("SecretName", SECRET);
    let (status, body) = json(fresh().sign_hmac(&operator).send(&client, &url));
    assert_eq!((status, body["SecretName"].as_str()), (200, Some(SECRET)));

    let key = emulator.client_key().unwrap();
    let mut with_key = fresh();
    with_key.algorithm = "ACS3-RSA-SHA256";
    let private = private_key(&key);
    let with_key = with_key.sign(&key.key_id, |text| rsa_sign(&private, text));
    assert_eq!(json(with_key.send(&client, &url)).0, 200);

    let late = iso(emulator.now() - Duration::from_secs(16 * 60));
    for (request, code) in [
        (fresh().set("x-acs-version", "2016-01-21"), "InvalidVersion"),
        (fresh().set("x-acs-date", &late), "InvalidTimeStamp.Expired"),
        (fresh().set("x-acs-date", "now"), "InvalidTimeStamp.Format"),
        (fresh().set("x-acs-content-sha256", &sha256(b"x")), "SignatureDoesNotMatch"),
        (fresh().remove("x-acs-signature-nonce"), "Missingx-acs-signature-nonce"),
        (fresh().remove("host"), "IncompleteSignature"),
        (fresh().set("x-acs-security-token", "x"), "InvalidSecurityToken.Malformed"),
    ] {
        assert_eq!(refusal(request.sign_hmac(&operator).send(&client, &url)).1, code);
    }
    let mut changed = fresh().sign_hmac(&operator);
    changed.query[0].1 = "other".into();
    assert_eq!(refusal(changed.send(&client, &url)).1, "SignatureDoesNotMatch");
    let mut unsigned_header = fresh().sign_hmac(&operator);
    unsigned_header.headers.push(("x-acs-more".into(), "1".into()));
    assert_eq!(refusal(unsigned_header.send(&client, &url)).1, "IncompleteSignature");
    let twice = fresh().sign_hmac(&operator);
    assert_eq!(json(twice.send(&client, &url)).0, 200);
    assert_eq!(refusal(twice.send(&client, &url)).1, "SignatureNonceUsed");
}

#[test]
fn permissions_and_revocation_hold_here_too() {
    let emulator = Emulator::start().unwrap();
    let (client, url) = (https(&emulator), url(&emulator));
    let key = emulator.client_key().unwrap();
    let private = private_key(&key);
    let ask = || {
        let request = Rpc::secret(&emulator).for_client_key(&key);
        let (status, body) = json(request.sign_rsa("POST", &private).post(&client, &url));
        (status, body["Code"].as_str().unwrap_or("").to_owned())
    };
    assert_eq!(ask().0, 200);
    let policy = PermissionPolicy {
        scope: Scope::Shared,
        roles: vec![Role::SecretUser],
        secrets: vec![SECRET.into()],
        keys: vec![],
        sources: vec![],
    };
    for (policy, status) in [
        (policy.clone(), 200),
        (PermissionPolicy { sources: vec!["10.0.0.0/8".parse().unwrap()], ..policy.clone() }, 403),
        (PermissionPolicy { secrets: vec![], ..policy.clone() }, 403),
        (PermissionPolicy { roles: vec![Role::CryptoServiceSecretUser], ..policy }, 403),
    ] {
        let point = AccessPoint { name: "app".into(), policies: vec![policy] };
        emulator.put_access_point(point).unwrap();
        assert_eq!(ask().0, status);
    }
    emulator.revoke_client_key(&key.key_id).unwrap();
    assert_eq!(ask(), (404, "InvalidAccessKeyId.NotFound".into()));

    let now = emulator.now();
    let day = Duration::from_secs(86_400);
    let ended = emulator.issue_client_key_between("app", now - day * 2, now - day).unwrap();
    let request = Rpc::secret(&emulator).for_client_key(&ended);
    let got = refusal(request.sign_rsa("POST", &private_key(&ended)).post(&client, &url));
    assert_eq!(got, (400, "InvalidAccessKeyId.Inactive".into()));
}

#[test]
fn rotate_secret_makes_the_version_that_it_names_once() {
    let emulator = Emulator::start().unwrap();
    let (client, url) = (https(&emulator), url(&emulator));
    let operator = emulator.operator().unwrap();
    emulator.create_secret("plain", "Generic", SecretValue::text("x")).unwrap();
    let ask = |request: Rpc| {
        json(request.for_access_key(&operator).sign_hmac("POST", &operator).post(&client, &url))
    };
    let rotate = |secret: &str| Rpc::kms(&emulator, "RotateSecret").set("SecretName", secret);
    for version in ["000000123", "000000123"] {
        let (status, body) = ask(rotate(SECRET).set("VersionId", version));
        assert_eq!((status, body["VersionId"].as_str()), (200, Some("000000123")), "{body}");
        assert_eq!(emulator.counters().rotations[SECRET], 1);
        // So that an overlap is not what stands in the way of the second.
        emulator.advance_clock(Duration::from_secs(600)).unwrap();
    }
    assert_eq!(emulator.secret(SECRET).unwrap().versions.last().unwrap().id, "000000123");
    emulator.create_access_key("app").unwrap();
    let (status, body) = ask(rotate(SECRET).set("VersionId", "000000124"));
    assert_eq!((status, body["Code"].as_str()), (409, Some("Rejected.LimitExceeded")));
    for (request, code) in [
        (rotate(SECRET), "MissingParameter"),
        (rotate(SECRET).set("VersionId", &"1".repeat(65)), "InvalidParameter"),
        (rotate("plain").set("VersionId", "2"), "UnsupportedOperation"),
    ] {
        let (status, body) = ask(request);
        assert_eq!((status, body["Code"].as_str()), (400, Some(code)));
    }
}

#[test]
fn a_secret_may_be_called_by_its_arn() {
    let emulator = Emulator::start().unwrap();
    let (client, url) = (https(&emulator), url(&emulator));
    let key = emulator.client_key().unwrap();
    let private = private_key(&key);
    let through_shared = |name: &str| {
        let request = Rpc::secret(&emulator).set("SecretName", name).for_client_key(&key);
        let (status, body) = json(request.sign_rsa("POST", &private).post(&client, &url));
        (status, body["SecretName"].as_str().unwrap_or("").to_owned())
    };
    let operator = emulator.operator().unwrap();
    let described = Rpc::kms(&emulator, "DescribeSecret").set("SecretName", SECRET).for_access_key(&operator);
    let (_, described) = json(described.sign_hmac("POST", &operator).post(&client, &url));
    let arn = described["Arn"].as_str().unwrap();
    let account = arn.split(':').nth(3).unwrap();
    assert_eq!(arn, format!("acs:kms:cn-hangzhou:{account}:secret/{SECRET}"));

    emulator.reset_counters();
    assert_eq!(through_shared(arn), (200, SECRET.to_owned()));
    assert_eq!(simple_fetch(&emulator, &client, arn).unwrap().name, SECRET);
    assert_eq!(emulator.counters().secret_values_of(SECRET), 2);
    let elsewhere = [arn.replace("cn-hangzhou", "cn-beijing"), arn.replace(account, "1")];
    for other in elsewhere {
        assert_eq!(through_shared(&other).0, 404, "{other}");
        assert_eq!(simple_fetch(&emulator, &client, &other).unwrap_err().0, 404, "{other}");
    }
    // Policies name secrets, however the client does.
    let policy = |scope, roles: &[Role]| PermissionPolicy {
        scope,
        roles: roles.to_vec(),
        secrets: vec![SECRET.into()],
        keys: vec!["*".into()],
        sources: vec![],
    };
    let instance = Scope::Instance(emulator.instance_id().to_owned());
    let policies = vec![
        policy(Scope::Shared, &[Role::SecretUser]),
        policy(instance, &[Role::CryptoServiceSecretUser, Role::CryptoServiceKeyUser]),
    ];
    emulator.put_access_point(AccessPoint { name: "app".into(), policies }).unwrap();
    assert_eq!(through_shared(arn).0, 200);
    assert!(simple_fetch(&emulator, &client, arn).is_ok());
}

#[test]
fn quotas_are_kept() {
    let emulator = Emulator::builder().shared_quota(2).start().unwrap();
    let (client, url) = (https(&emulator), url(&emulator));
    let operator = emulator.operator().unwrap();
    let ask = |action: &str| {
        let mut request = Rpc::kms(&emulator, action).set("SecretName", SECRET).for_access_key(&operator);
        if action == "RotateSecret" {
            request = request.set("VersionId", &uuid::Uuid::new_v4().to_string());
        }
        let answer = request.sign_hmac("POST", &operator).post(&client, &url);
        let (status, body) = json(answer);
        (status, body["Code"].as_str().unwrap_or("").to_owned())
    };
    // At most two a second, so the third of three in a row is refused unless a second has begun meanwhile.
    let refused = (0..20).map(|_| ask("GetSecretValue")).find(|got| got.0 != 200);
    assert_eq!(refused, Some((429, "Rejected.Throttling".into())));

    for _ in 0..50 {
        assert_eq!(ask("RotateSecret").0, 200);
    }
    assert_eq!(ask("RotateSecret"), (429, "Rejected.Throttling".into()));
    emulator.advance_clock(Duration::from_secs(3600)).unwrap();
    assert_eq!(ask("RotateSecret").0, 200);
    // Within the overlap of the first, the others had no effect.
    assert_eq!(emulator.counters().rotations[SECRET], 2);
}

#[test]
fn the_recorded_official_request_is_accepted_once() {
    let recorded = recorded("shared");
    let emulator = recorded_world();
    let client = https(&emulator);
    let send = |target: &str| {
        let mut request = client.post(format!("{}{target}", url(&emulator)));
        for (name, value) in &recorded.headers {
            if !["host", "content-length", "connection", "accept-encoding"].contains(&name.as_str()) {
                request = request.header(name, value);
            }
        }
        request.send().unwrap()
    };
    let stage = recorded.target.replace("ACSCurrent", "ACSPrevious");
    assert_eq!(refusal(send(&stage)).1, "SignatureDoesNotMatch");
    assert_eq!(json(send(&recorded.target)).0, 200);
    assert_eq!(refusal(send(&recorded.target)).1, "SignatureNonceUsed");
    emulator.advance_clock(Duration::from_secs(20 * 60)).unwrap();
    assert_eq!(refusal(send(&recorded.target)).1, "InvalidTimeStamp.Expired");
    emulator.rewind_clock(Duration::from_secs(40 * 60)).unwrap();
    assert_eq!(refusal(send(&recorded.target)).1, "IllegalTimestamp");
}
