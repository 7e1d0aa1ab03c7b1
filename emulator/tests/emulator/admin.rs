use kmsak_emulator::Emulator;
use reqwest::blocking::Client;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::client::*;

struct Admin {
    client: Client,
    url: String,
}

impl Admin {
    fn of(emulator: &Emulator) -> Self {
        Self { client: https(emulator), url: emulator.admin_url() }
    }

    fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request = if body.is_null() { request } else { request.json(&body) };
        json(request.send().unwrap())
    }

    fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// The error's sentence.
    fn refused(&self, method: &str, path: &str, body: Value, status: u16) -> String {
        let (got, answer) = self.call(method, path, body);
        assert_eq!(got, status, "{method} {path}: {answer}");
        answer["error"].as_str().unwrap().to_owned()
    }
}

#[test]
fn strangers_are_turned_away() {
    let emulator = Emulator::start().unwrap();
    let admin = Admin::of(&emulator);
    let port = emulator.admin_url().rsplit(':').next().unwrap().to_owned();
    let with = |name: &str, value: &str| {
        let request = admin.client.get(format!("{}/secrets", admin.url));
        request.header(name, value).send().unwrap().status().as_u16()
    };
    assert_eq!(with("host", "evil.example.com"), 403);
    assert_eq!(with("host", &format!("evil.example.com:{port}")), 403);
    assert_eq!(with("host", "127.0.0.1"), 403);
    assert_eq!(with("origin", "http://evil.example.com"), 403);
    assert_eq!(with("host", &format!("localhost:{port}")), 200);
    assert_eq!(with("host", &format!("[::1]:{port}")), 200);
}

#[test]
fn users_and_access_keys() {
    let emulator = Emulator::start().unwrap();
    let admin = Admin::of(&emulator);
    admin.ok("POST", "/users", json!({"name": "ci", "policies": ["AliyunKMSFullAccess"]}));
    let key = admin.ok("POST", "/access-keys", json!({"user": "ci"}));
    let id = key["id"].as_str().unwrap();
    assert!(key["secret"].is_string());
    let path = format!("/access-keys?id={id}");
    admin.ok("PUT", &path, json!({"status": "Inactive"}));
    let users = admin.ok("GET", "/users", Value::Null);
    let ci = users["users"].as_array().unwrap().iter().find(|one| one["name"] == "ci").unwrap();
    assert_eq!(ci["accessKeys"][0]["status"], "Inactive");
    assert!(!users.to_string().contains(key["secret"].as_str().unwrap()));
    admin.ok("DELETE", &path, Value::Null);
    admin.refused("DELETE", &path, Value::Null, 404);
    admin.ok("DELETE", "/users?name=ci", Value::Null);
    admin.refused("DELETE", "/users?name=ci", Value::Null, 404);
    admin.refused("DELETE", "/users", Value::Null, 400);
    admin.refused("POST", "/users", json!({"name": "no spaces"}), 400);
    admin.refused("POST", "/users", json!({"name": "app"}), 400);
    admin.refused("POST", "/users", json!({"name": "x", "policies": ["Root"]}), 404);
}

#[test]
fn secrets_versions_schedules_and_rotations() {
    let emulator = Emulator::start().unwrap();
    let admin = Admin::of(&emulator);
    assert_eq!(admin.ok("POST", "/secrets", json!({"user": "web"}))["name"], "acs/ram/user/web");
    admin.ok("POST", "/secrets", json!({"name": "plain", "text": "one"}));
    admin.ok(
        "POST",
        "/secrets",
        json!({
        "name": "db", "type": "Rds", "text": "{}", "extendedConfig": "{}"}),
    );
    admin.ok("POST", "/secrets/versions", json!({"name": "plain", "binary": "AAE="}));
    let plain = admin.ok("GET", "/secrets?name=plain", Value::Null);
    assert_eq!(plain["versions"][1]["data"], "AAE=");
    assert_eq!(plain["versions"][1]["dataType"], "binary");
    assert_eq!(plain["versions"][0]["stages"], json!(["ACSPrevious"]));

    let path = format!("/secrets?name={SECRET}");
    let schedule = json!({"name": SECRET, "intervalSeconds": 604_800, "first": "2099-01-01T00:00:00Z"});
    admin.ok("POST", "/secrets/schedule", schedule);
    assert_eq!(admin.ok("GET", &path, Value::Null)["nextRotation"], "2099-01-01T00:00:00Z");
    admin.ok("POST", "/secrets/schedule", json!({"name": SECRET}));
    assert_eq!(admin.ok("GET", &path, Value::Null)["nextRotation"], Value::Null);

    let rotation = admin.ok("POST", "/rotations", json!({"secret": SECRET, "overlapSeconds": 60}));
    assert_eq!(rotation["outcome"], "rotated");
    let again = admin.ok("POST", "/rotations", json!({"secret": SECRET}));
    assert_eq!(again["outcome"], "already_running");
    let running = admin.ok("GET", &path, Value::Null);
    assert_eq!(running["runningRotation"]["oldAccessKeyId"], rotation["oldAccessKeyId"]);
    let overlaps = json!({"scheduledSeconds": 10, "immediateSeconds": 0});
    admin.ok("PUT", "/overlaps", overlaps.clone());
    assert_eq!(admin.ok("GET", "/overlaps", Value::Null), overlaps);
    admin.ok("DELETE", "/secrets?name=plain", Value::Null);
    let names = admin.ok("GET", "/secrets", Value::Null)["secrets"].as_array().unwrap().len();
    assert_eq!(names, 3);

    for (path, body) in [
        ("/secrets", json!({})),
        ("/secrets", json!({"name": "x"})),
        ("/secrets", json!({"name": "x", "text": "a", "binary": "AA=="})),
        ("/secrets", json!({"name": "x", "binary": "!"})),
        ("/secrets", json!({"name": "x y", "text": "a"})),
        ("/secrets", json!({"name": SECRET, "text": "a"})),
        ("/secrets", json!({"user": "u", "text": "a"})),
        ("/secrets", json!({"user": "web"})),
        ("/secrets/schedule", json!({"name": SECRET, "intervalSeconds": 0})),
        ("/secrets/schedule", json!({"name": SECRET, "intervalSeconds": i64::MAX})),
        ("/secrets/schedule", json!({"name": SECRET, "intervalSeconds": 9, "first": "soon"})),
        ("/rotations", json!({"secret": SECRET, "overlapSeconds": -1})),
        ("/rotations", json!({"secret": SECRET, "overlapSeconds": 1e300})),
        ("/rotations", json!({"secret": "db"})),
        ("/rotations", json!({"secret": SECRET, "overlap": 1})),
    ] {
        admin.refused("POST", path, body, 400);
    }
    admin.refused("POST", "/rotations", json!({"secret": "none"}), 404);
    admin.refused("GET", "/secrets?name=none", Value::Null, 404);
}

#[test]
fn keys_and_what_they_encrypt() {
    let emulator = Emulator::start().unwrap();
    let admin = Admin::of(&emulator);
    let made = admin.ok("POST", "/keys", Value::Null)["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.ok("GET", "/keys", Value::Null)["keys"], json!(emulator.keys()));
    assert!(emulator.keys().contains(&made) && emulator.keys().len() == 2);
    admin.ok("POST", "/secrets", json!({"user": "web", "encryptionKeyId": made}));
    admin.ok("POST", "/secrets", json!({"name": "plain", "text": "x", "encryptionKeyId": made}));
    let client = https(&emulator);
    admin.ok("DELETE", &format!("/keys?id={made}"), Value::Null);
    for secret in ["acs/ram/user/web", "plain"] {
        assert_eq!(simple_fetch(&emulator, &client, secret).unwrap_err().1, "Forbidden.KeyNotFound");
    }
    assert!(simple_fetch(&emulator, &client, SECRET).is_ok());
    let gone = json!({"name": "other", "text": "x", "encryptionKeyId": made});
    admin.refused("POST", "/secrets", gone, 404);
    admin.refused("POST", "/keys", json!({"id": "mine"}), 400);
}

#[test]
fn versions_have_the_ids_and_stages_that_were_asked_for() {
    let emulator = Emulator::start().unwrap();
    let admin = Admin::of(&emulator);
    admin.ok("POST", "/secrets", json!({"name": "db", "text": "one"}));
    let put = |body: Value| admin.ok("POST", "/secrets/versions", body)["versionId"].clone();
    for _ in 0..2 {
        assert_eq!(put(json!({"name": "db", "text": "two", "versionId": "2"})), "2");
    }
    put(json!({"name": "db", "text": "three", "versionId": "3", "stages": ["next"]}));
    put(json!({"name": "db", "text": "four", "versionId": "4", "stages": ["next", "ACSCurrent"]}));
    let stages: Vec<Vec<String>> =
        emulator.secret("db").unwrap().versions.into_iter().map(|version| version.stages).collect();
    assert_eq!(stages, [vec![], vec!["ACSPrevious"], vec![], vec!["next", "ACSCurrent"]]);
    for body in [
        json!({"name": "db", "text": "other", "versionId": "2"}),
        json!({"name": "db", "text": "x", "versionId": ""}),
        json!({"name": "db", "text": "x", "stages": []}),
        json!({"name": "db", "text": "x", "stages": [""]}),
    ] {
        admin.refused("POST", "/secrets/versions", body, 400);
    }
    assert_eq!(emulator.secret("db").unwrap().versions.len(), 4);
}

#[test]
fn access_points_and_client_keys() {
    let emulator = Emulator::start().unwrap();
    let admin = Admin::of(&emulator);
    let point = json!({"name": "web", "policies": [{
        "scope": "shared", "roles": ["SecretUser"], "secrets": ["plain"], "sources": ["127.0.0.1/32"]}, {
        "scope": {"instance": emulator.instance_id()}, "roles": ["CryptoServiceSecretUser"]}]});
    admin.ok("PUT", "/access-points", point);
    let points = admin.ok("GET", "/access-points", Value::Null);
    assert_eq!(points["accessPoints"][1]["policies"][0]["sources"][0], "127.0.0.1/32");
    let key = admin.ok("POST", "/client-keys", json!({"accessPoint": "web"}));
    let id = key["id"].as_str().unwrap();
    let until = json!({"accessPoint": "web", "notAfter": "2099-01-01T00:00:00Z"});
    admin.ok("POST", "/client-keys", until);
    admin.ok("DELETE", &format!("/client-keys?id={id}"), Value::Null);
    let keys = admin.ok("GET", "/client-keys", Value::Null);
    let revoked = keys["clientKeys"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap();
    assert_eq!(revoked["revoked"], true);
    let known = emulator.client_keys().into_iter().find(|one| one.key_id == id).unwrap();
    assert!(known.revoked && known.access_point == "web");
    let back = json!({"accessPoint": "app", "json": key["json"], "password": key["password"]});
    assert_eq!(admin.ok("POST", "/client-keys", back)["id"], id);
    admin.ok("DELETE", "/access-points?name=web", Value::Null);

    admin.refused("POST", "/client-keys", json!({"accessPoint": "web"}), 404);
    for body in [
        json!({"accessPoint": "app", "json": "{}", "password": "x"}),
        json!({"accessPoint": "app", "json": key["json"], "password": "wrong"}),
        json!({"accessPoint": "app", "json": key["json"]}),
        json!({"accessPoint": "app", "password": key["password"]}),
        json!({"accessPoint": "app", "json": key["json"], "password": key["password"], "notAfter": "2099-01-01T00:00:00Z"}),
        json!({"accessPoint": "app", "notBefore": "2099-01-01T00:00:00Z"}),
        json!({"accessPoint": "app", "notBefore": "0000-01-01T00:00:00Z", "notAfter": "2099-01-01T00:00:00Z"}),
        json!({"accessPoint": "app", "notAfter": "9999-01-01T00:00:00Z"}),
        json!({"accessPoint": "app", "notBefore": "2099-01-01T00:00:00Z", "notAfter": "2098-01-01T00:00:00Z"}),
    ] {
        admin.refused("POST", "/client-keys", body, 400);
    }
    let bad =
        json!({"name": "x", "policies": [{"scope": "shared", "roles": [], "sources": ["300.0.0.0/8"]}]});
    admin.refused("PUT", "/access-points", bad, 400);
    admin.refused("DELETE", "/client-keys?id=none", Value::Null, 404);
    admin.refused("DELETE", "/keys?id=none", Value::Null, 404);
}

fn moment(text: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(text.as_str().unwrap(), &Rfc3339).unwrap()
}

#[test]
fn clock_faults_events_and_counters() {
    let emulator = Emulator::start().unwrap();
    let admin = Admin::of(&emulator);
    let clock = admin.ok("POST", "/clock", json!({"advanceSeconds": 1200}));
    assert!((clock["offsetSeconds"].as_f64().unwrap() - 1200.0).abs() < 1.0);
    admin.ok("POST", "/clock", json!({"now": "2030-01-01T00:00:00Z"}));
    assert!(admin.ok("GET", "/clock", Value::Null)["now"].as_str().unwrap().starts_with("2030-01-01T00:0"));
    assert_eq!(admin.ok("POST", "/clock", json!({"reset": true}))["offsetSeconds"], 0.0);
    for body in [
        json!({}),
        json!({"now": "tomorrow"}),
        json!({"advanceSeconds": 1, "reset": true}),
        json!({"advanceSeconds": 1e30}),
        json!({"advanceSeconds": -1e12}),
        json!({"now": "1969-12-31T00:00:00Z"}),
        json!({"now": "9999-12-31T00:00:00Z"}),
        json!({"ahead": 1}),
    ] {
        admin.refused("POST", "/clock", body, 400);
    }

    let fault = json!({"kind": "error", "status": 500, "code": "InternalFailure",
        "endpoints": ["instance"], "secret": SECRET, "times": 1});
    let id = admin.ok("POST", "/faults", fault)["id"].as_u64().unwrap();
    let faults = admin.ok("GET", "/faults", Value::Null);
    assert_eq!(faults["faults"][0]["kind"], "error");
    assert_eq!(simple_fetch(&emulator, &https(&emulator), SECRET).unwrap_err().0, 500);
    admin.refused("DELETE", &format!("/faults?id={id}"), Value::Null, 404);
    for kind in [
        json!({"kind": "latency", "milliseconds": 1}),
        json!({"kind": "throttle", "perSecond": 5}),
        json!({"kind": "drop_connection"}),
        json!({"kind": "refuse"}),
        json!({"kind": "truncated_body"}),
        json!({"kind": "hang"}),
        json!({"kind": "wrong_certificate", "certificate": "self_signed"}),
    ] {
        admin.ok("POST", "/faults", kind);
    }
    assert_eq!(admin.ok("GET", "/faults", Value::Null)["faults"].as_array().unwrap().len(), 7);
    admin.ok("DELETE", "/faults", Value::Null);
    for fault in [
        json!({"kind": "gremlins"}),
        json!({"kind": "hang", "time": 1}),
        json!({"kind": "hang", "milliseconds": 1}),
        json!({"kind": "error", "status": 99, "code": "X"}),
        json!({"kind": "hang", "endpoints": ["instance-9"]}),
        json!({"kind": "hang", "endpoints": ["moon"]}),
        json!({"kind": "hang", "times": 0}),
        json!({"kind": "refuse", "action": "GetSecretValue"}),
        json!({"kind": "wrong_certificate", "certificate": "expired", "secret": SECRET}),
    ] {
        admin.refused("POST", "/faults", fault, 400);
    }

    let events = admin.ok("GET", "/events", Value::Null);
    let request = events["events"].as_array().unwrap().iter().find(|one| one["kind"] == "request").unwrap();
    assert_eq!(request["endpoint"], "instance");
    assert_eq!(request["code"], "InternalFailure");
    let moments = ["connectedAt", "handshakenAt", "receivedAt", "at"].map(|name| moment(&request[name]));
    assert!(moments.is_sorted(), "{moments:?}");
    let last = events["last"].as_u64().unwrap();
    let waited = std::thread::scope(|scope| {
        let waiting =
            scope.spawn(|| admin.ok("GET", &format!("/events?since={last}&wait_ms=10000"), Value::Null));
        emulator.rotate(SECRET, std::time::Duration::ZERO).unwrap();
        waiting.join().unwrap()
    });
    assert_eq!(waited["events"][0]["kind"], "rotated");
    let counters = admin.ok("GET", "/counters", Value::Null);
    assert_eq!(counters["rotations"][SECRET], 1);
    assert_eq!(counters["tlsConnections"]["instance"], 1);
    admin.ok("DELETE", "/counters", Value::Null);
    assert_eq!(admin.ok("GET", "/counters", Value::Null)["rotations"], json!({}));

    assert_eq!(admin.ok("GET", "/", Value::Null)["secret"], SECRET);
    assert!(admin.refused("GET", "/nowhere", Value::Null, 404).contains("docs/emulator.md"));
    admin.refused("GET", "/events?since=x", Value::Null, 400);
    let garbage = admin.client.post(format!("{}/users", admin.url)).body("{").send().unwrap();
    assert_eq!(garbage.status().as_u16(), 400);
    let large = admin.client.post(format!("{}/users", admin.url)).body(vec![b' '; 5_000_000]).send();
    assert_eq!(large.unwrap().status().as_u16(), 413);
}

#[test]
fn policies_roles_and_tokens() {
    let emulator = Emulator::start().unwrap();
    let admin = Admin::of(&emulator);
    let document = json!({"Version": "1", "Statement": [
        {"Effect": "Allow", "Action": ["kms:GetSecretValue", "kms:Decrypt"], "Resource": "*"}]});
    admin.ok("PUT", "/policies", json!({"name": "ReadApp", "document": document}));
    admin.ok("PUT", "/policies", json!({"name": "ReadApp", "document": document.to_string()}));
    let listed = admin.ok("GET", "/policies", Value::Null);
    let names: Vec<&str> =
        listed["policies"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ReadApp", "ReadSecrets"]);
    admin.refused("PUT", "/policies", json!({"name": "Odd", "document": {}}), 400);
    admin.ok("PUT", "/users?name=reader", json!({"policies": ["ReadApp"]}));
    assert_eq!(emulator.users().iter().find(|user| user.name == "reader").unwrap().policies, ["ReadApp"]);
    admin.refused("PUT", "/users?name=nobody", json!({"policies": []}), 404);
    admin.refused("PUT", "/users?name=reader", json!({"policies": ["Odd"]}), 404);
    admin.refused("DELETE", "/policies?name=ReadApp", Value::Null, 400);

    let trust = json!({"Version": "1", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["ecs.aliyuncs.com"]}}]});
    let made = admin.ok("POST", "/roles", json!({"name": "web", "trust": trust, "policies": ["ReadApp"]}));
    assert_eq!(made["arn"], emulator.role_arn("web"));
    admin.ok("PUT", "/roles?name=web", json!({"maxSessionSeconds": 7200}));
    let listed = admin.ok("GET", "/roles", Value::Null);
    let role = listed["roles"].as_array().unwrap().iter().find(|role| role["name"] == "web").unwrap().clone();
    assert_eq!((&role["maxSessionSeconds"], &role["policies"][0]), (&json!(7200), &json!("ReadApp")));
    assert_eq!(role["trust"], trust);
    for body in
        [json!({"name": "web", "trust": trust}), json!({"name": "x"}), json!({"name": "x", "trust": {}})]
    {
        admin.refused("POST", "/roles", body, 400);
    }
    admin.refused("PUT", "/roles?name=web", json!({"name": "x"}), 400);
    admin.refused("PUT", "/roles?name=web", json!({"maxSessionSeconds": 60}), 400);
    admin.refused("PUT", "/roles?name=nobody", json!({}), 404);

    admin.ok("PUT", "/metadata", json!({"role": "web", "mode": "v2_only", "sessionSeconds": 60}));
    let expected = json!({"role": "web", "mode": "v2_only", "sessionSeconds": 60});
    assert_eq!(admin.ok("GET", "/metadata", Value::Null), expected);
    admin.ok("PUT", "/metadata", json!({"mode": "v1_only"}));
    assert_eq!(admin.ok("GET", "/metadata", Value::Null)["role"], "web");
    admin.ok("PUT", "/metadata", json!({"role": null}));
    assert_eq!(admin.ok("GET", "/metadata", Value::Null)["role"], Value::Null);
    admin.refused("PUT", "/metadata", json!({"role": "nobody"}), 404);
    admin.refused("PUT", "/metadata", json!({"role": "ram-reader"}), 400);
    admin.refused("PUT", "/metadata", json!({"mode": "v3"}), 400);
    admin.refused("PUT", "/metadata", json!({"sessionSeconds": 0}), 400);

    let issued = admin.ok("POST", "/sts-tokens", json!({"role": "web", "sessionName": "mine"}));
    let tokens = admin.ok("GET", "/sts-tokens", Value::Null);
    assert_eq!(tokens["stsTokens"].as_array().unwrap().len(), 1, "{tokens}");
    assert_eq!(tokens["stsTokens"][0]["accessKeyId"], issued["accessKeyId"]);
    assert_eq!(tokens["stsTokens"][0]["sessionName"], "mine");
    assert!(!tokens.to_string().contains(issued["securityToken"].as_str().unwrap()));
    admin.ok("DELETE", "/sts-tokens?role=web", Value::Null);
    assert!(emulator.sts_tokens()[0].expiration <= emulator.now());
    admin.ok("DELETE", "/sts-tokens", Value::Null);
    admin.refused("DELETE", "/sts-tokens?role=nobody", Value::Null, 404);
    admin.refused("POST", "/sts-tokens", json!({"role": "nobody"}), 404);
    admin.ok("DELETE", "/roles?name=web", Value::Null);
    admin.refused("DELETE", "/roles?name=web", Value::Null, 404);
    admin.ok("PUT", "/users?name=reader", json!({"policies": []}));
    admin.ok("DELETE", "/policies?name=ReadApp", Value::Null);

    let provider = admin.ok("GET", "/oidc-provider", Value::Null);
    assert_eq!(provider["arn"], emulator.oidc_provider_arn().unwrap());
    admin.ok("PUT", "/oidc-provider", json!({"clientIds": ["a", "b"]}));
    let changed = admin.ok("GET", "/oidc-provider", Value::Null);
    assert_eq!(changed["clientIds"], json!(["a", "b"]));
    assert_eq!(changed["fingerprints"], provider["fingerprints"]);
    let body = json!({"subject": "s", "audience": "a", "issuer": "i", "lifetimeSeconds": -5});
    let token = admin.ok("POST", "/oidc-tokens", body);
    assert_eq!(token["token"].as_str().unwrap().split('.').count(), 3);
    let root = admin.ok("POST", "/access-keys", json!({"user": "<root>"}));
    assert!(root["id"].as_str().unwrap().starts_with("LTAI"));
}
