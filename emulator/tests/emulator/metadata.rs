use kmsak_emulator::{Emulator, Endpoint, Fault, MetadataMode, TrustPolicy, What};
use reqwest::blocking::Client;
use std::time::Duration;

use crate::client::*;

const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

struct Instance<'a> {
    emulator: &'a Emulator,
    client: Client,
}

impl<'a> Instance<'a> {
    fn of(emulator: &'a Emulator) -> Self {
        Self { emulator, client: https(emulator) }
    }

    fn token(&self, headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = self.client.put(format!("{}/latest/api/token", self.emulator.metadata_endpoint()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().unwrap();
        (answer.status().as_u16(), answer.text().unwrap())
    }

    fn fresh_token(&self) -> String {
        let (status, token) = self.token(&[("X-aliyun-ecs-metadata-token-ttl-seconds", "21600")]);
        assert_eq!(status, 200, "{token}");
        token
    }

    fn get(&self, path: &str, token: Option<&str>) -> (u16, String) {
        let mut request = self.client.get(format!("{}{path}", self.emulator.metadata_endpoint()));
        if let Some(token) = token {
            request = request.header("X-aliyun-ecs-metadata-token", token);
        }
        let answer = request.send().unwrap();
        (answer.status().as_u16(), answer.text().unwrap())
    }

    fn credentials(&self, role: &str) -> serde_json::Value {
        let (status, body) = self.get(&format!("{ROLES}{role}"), Some(&self.fresh_token()));
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

#[test]
fn the_role_of_the_instance_reads_secrets() {
    let emulator = Emulator::start().unwrap();
    let instance = Instance::of(&emulator);
    let (status, role) = instance.get(ROLES, Some(&instance.fresh_token()));
    assert_eq!((status, role.as_str()), (200, "ecs-reader"));
    let mark = emulator.mark();
    let credentials = instance.credentials(&role);
    assert_eq!(credentials["Code"], "Success");
    assert!(credentials["LastUpdated"].is_string());
    let token = token_of(&emulator, &credentials);
    assert!(token.access_key_id.starts_with("STS."));
    let issued = emulator.wait_for(
        mark,
        PATIENCE,
        |event| matches!(&event.what, What::StsTokenIssued { role, .. } if role == "ecs-reader"),
    );
    assert!(issued.is_some());

    let url = format!("https://{}", emulator.shared_endpoint());
    let request = Rpc::secret(&emulator).sign_with_token(&token);
    assert_eq!(json(request.get(&instance.client, &url)).0, 200);
}

#[test]
fn all_get_the_same_token_until_it_is_near_its_end() {
    let emulator = Emulator::start().unwrap();
    let instance = Instance::of(&emulator);
    let first = instance.credentials("ecs-reader");
    emulator.advance_clock(Duration::from_secs(5 * 3600)).unwrap();
    assert_eq!(instance.credentials("ecs-reader")["AccessKeyId"], first["AccessKeyId"]);
    emulator.advance_clock(Duration::from_secs(1800)).unwrap();
    let second = instance.credentials("ecs-reader");
    assert_ne!(second["AccessKeyId"], first["AccessKeyId"]);
    emulator.expire_sts_tokens("ecs-reader").unwrap();
    assert_ne!(instance.credentials("ecs-reader")["AccessKeyId"], second["AccessKeyId"]);

    emulator.set_metadata_session(Duration::from_secs(60)).unwrap();
    let short = token_of(&emulator, &instance.credentials("ecs-reader"));
    assert!(short.expiration <= emulator.now() + Duration::from_secs(60));
    assert!(emulator.set_metadata_session(Duration::ZERO).is_err());
    assert!(emulator.set_metadata_session(Duration::from_secs(21_601)).is_err());
}

#[test]
fn each_mode_takes_what_it_should() {
    let emulator = Emulator::start().unwrap();
    let instance = Instance::of(&emulator);
    let path = format!("{ROLES}ecs-reader");
    assert_eq!(instance.get(&path, None).0, 200);
    assert_eq!(instance.get(&path, Some("false")).0, 401);

    emulator.set_metadata_mode(MetadataMode::V2Only).unwrap();
    assert_eq!(instance.get(&path, None).0, 403);
    assert_eq!(instance.get(ROLES, None).0, 403);
    let token = instance.fresh_token();
    assert_eq!(instance.get(&path, Some(&token)).0, 200);
    emulator.advance_clock(Duration::from_secs(21_601)).unwrap();
    assert_eq!(instance.get(&path, Some(&token)).0, 401);

    emulator.set_metadata_mode(MetadataMode::V1Only).unwrap();
    assert_eq!(instance.token(&[("X-aliyun-ecs-metadata-token-ttl-seconds", "60")]).0, 404);
    assert_eq!(instance.get(&path, None).0, 200);
}

#[test]
fn what_is_wrong_is_refused() {
    let emulator = Emulator::start().unwrap();
    let instance = Instance::of(&emulator);
    let ttl = "X-aliyun-ecs-metadata-token-ttl-seconds";
    for seconds in ["", "0", "-1", "21601", "long"] {
        assert_eq!(instance.token(&[(ttl, seconds)]).0, 400, "{seconds}");
    }
    assert_eq!(instance.token(&[]).0, 400);
    assert_eq!(instance.token(&[(ttl, "60"), ("X-Forwarded-For", "10.0.0.1")]).0, 403);
    for path in [
        "/",
        "/latest/api/token",
        "/latest/meta-data/",
        &format!("{ROLES}other"),
        &format!("{ROLES}ecs-reader/"),
    ] {
        let (status, body) = instance.get(path, None);
        assert_eq!(status, 404, "{path}");
        assert!(body.contains("404 - Not Found"), "{body}");
    }
    let answer = instance.client.post(format!("{}{ROLES}", emulator.metadata_endpoint())).send().unwrap();
    assert_eq!(answer.status().as_u16(), 405);
}

#[test]
fn a_role_can_be_changed_and_taken_away() {
    let emulator = Emulator::start().unwrap();
    let instance = Instance::of(&emulator);
    let ecs = TrustPolicy::service("ecs.aliyuncs.com");
    emulator.create_role("other", &ecs, &["ReadSecrets"]).unwrap();
    emulator.set_metadata_role(Some("other")).unwrap();
    assert_eq!(instance.get(ROLES, None).1, "other");
    assert_eq!(instance.get(&format!("{ROLES}ecs-reader"), None).0, 404);
    assert_eq!(instance.credentials("other")["Code"], "Success");

    emulator.set_metadata_role(None).unwrap();
    assert_eq!(instance.get(ROLES, None).0, 404);
    assert_eq!(instance.get(&format!("{ROLES}other"), None).0, 404);

    assert!(emulator.set_metadata_role(Some("nobody")).unwrap_err().is_not_found());
    let refused = emulator.set_metadata_role(Some("ram-reader")).unwrap_err().to_string();
    assert!(refused.contains("does not trust ecs.aliyuncs.com"), "{refused}");

    emulator.set_metadata_role(Some("other")).unwrap();
    emulator.delete_role("other").unwrap();
    assert_eq!(instance.get(ROLES, None).0, 404);
}

#[test]
fn faults_strike_here_too() {
    let emulator = Emulator::start().unwrap();
    let instance = Instance::of(&emulator);
    let path = format!("{ROLES}ecs-reader");
    let on = |fault: Fault| emulator.inject(fault.on(Endpoint::Metadata).times(1)).unwrap();
    on(Fault::error(500, "InternalError"));
    assert_eq!(instance.get(&path, None).0, 500);
    on(Fault::garbage());
    let (status, body) = instance.get(&path, None);
    assert_eq!(status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&body).is_err(), "{body}");
    on(Fault::error(503, "x").action("credentials"));
    assert_eq!(instance.get(ROLES, None).0, 200);
    assert_eq!(instance.get(&path, None).0, 503);
    let mark = emulator.mark();
    on(Fault::drop_connection());
    let url = format!("{}{path}", emulator.metadata_endpoint());
    assert!(instance.client.get(url).send().is_err());
    let dropped = emulator.wait_for(mark, PATIENCE, |event| {
        event.request().is_some_and(|one| one.endpoint == Endpoint::Metadata && one.status == 0)
    });
    assert_eq!(dropped.unwrap().request().unwrap().action, "credentials");
}
