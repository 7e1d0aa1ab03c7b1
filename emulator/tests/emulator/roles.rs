//! AssumeRole, and what the tokens that it gives are good for.

use kmsak_emulator::{AccessKey, Emulator, Endpoint, Fault, StsToken, TrustPolicy};
use reqwest::blocking::Client;
use std::time::Duration;

use crate::client::*;

pub(crate) struct Sts<'a> {
    pub(crate) emulator: &'a Emulator,
    pub(crate) client: Client,
    pub(crate) url: String,
}

impl<'a> Sts<'a> {
    pub(crate) fn of(emulator: &'a Emulator) -> Self {
        let url = format!("https://{}", emulator.sts_https_endpoint());
        Self { emulator, client: https(emulator), url }
    }

    fn request(&self, role: &str) -> Rpc {
        Rpc::new(self.emulator.now(), "2015-04-01", "AssumeRole", "JSON")
            .set("RoleArn", &self.emulator.role_arn(role))
            .set("RoleSessionName", "test")
    }

    fn ask(&self, request: Rpc, key: &AccessKey) -> (u16, serde_json::Value) {
        json(request.for_access_key(key).sign_hmac("GET", key).get(&self.client, &self.url))
    }

    fn refused(&self, request: Rpc, key: &AccessKey) -> (u16, String) {
        let (status, body) = self.ask(request, key);
        (status, body["Code"].as_str().unwrap_or("").to_owned())
    }

    fn assume(&self, request: Rpc, key: &AccessKey) -> StsToken {
        let (status, body) = self.ask(request, key);
        assert_eq!(status, 200, "{body}");
        token_of(self.emulator, &body["Credentials"])
    }

    pub(crate) fn identity(&self, token: &StsToken) -> (u16, serde_json::Value) {
        let request = Rpc::identity(self.emulator, "JSON").sign_with_token(token);
        json(request.get(&self.client, &self.url))
    }
}

fn reads(emulator: &Emulator, token: &StsToken) -> (u16, String) {
    let url = format!("https://{}", emulator.shared_endpoint());
    let (status, body) = json(Rpc::secret(emulator).sign_with_token(token).get(&https(emulator), &url));
    (status, body["Code"].as_str().unwrap_or("").to_owned())
}

#[test]
fn a_user_assumes_a_role_and_reads_what_the_role_may() {
    let emulator = Emulator::start().unwrap();
    let sts = Sts::of(&emulator);
    let assumer = emulator.user_access_key("assumer").unwrap();
    let (status, body) = sts.ask(sts.request("ram-reader"), &assumer);
    assert_eq!(status, 200, "{body}");
    let account = emulator.account_id();
    assert_eq!(body["AssumedRoleUser"]["Arn"], format!("acs:ram::{account}:role/ram-reader/test"));
    let token = token_of(&emulator, &body["Credentials"]);
    assert_eq!(reads(&emulator, &token).0, 200);
    let (_, identity) = sts.identity(&token);
    assert_eq!(identity["IdentityType"], "AssumedRoleUser");
    assert_eq!(identity["Arn"], format!("acs:ram::{account}:assumed-role/ram-reader/test"));
    // The V3 form, and both gateways.
    let host = emulator.sts_https_endpoint();
    let v3 = Acs3::new(emulator.now(), &host, "2015-04-01", "AssumeRole")
        .parameter("RoleArn", &emulator.role_arn("ram-reader"))
        .parameter("RoleSessionName", "v3");
    assert_eq!(json(v3.sign_hmac(&assumer).send(&sts.client, &sts.url)).0, 200);
    for host in [emulator.shared_endpoint(), emulator.instance_endpoint()] {
        let request = Acs3::new(emulator.now(), &host, "2016-01-20", "GetSecretValue")
            .parameter("SecretName", SECRET)
            .sign_with_token(&token);
        let (status, body) = json(request.send(&sts.client, &format!("https://{host}")));
        assert_eq!((status, body["SecretName"].as_str()), (200, Some(SECRET)), "{body}");
    }
}

#[test]
fn each_wrong_request_has_its_code() {
    let emulator = Emulator::start().unwrap();
    let sts = Sts::of(&emulator);
    let assumer = emulator.user_access_key("assumer").unwrap();
    let fresh = || sts.request("ram-reader");
    let large = format!("{{\"Version\": \"1\", \"Statement\": []{}}}", " ".repeat(2048));
    for (request, status, code) in [
        (fresh().remove("RoleArn"), 400, "MissingRoleArn"),
        (fresh().set("RoleArn", "ram-reader"), 400, "InvalidParameter.RoleArn"),
        (fresh().set("RoleArn", "acs:ram::1:role/ram-reader"), 400, "InvalidParameter.RoleArn"),
        (fresh().remove("RoleSessionName"), 400, "MissingRoleSessionName"),
        (fresh().set("RoleSessionName", "x"), 400, "InvalidParameter.RoleSessionName"),
        (fresh().set("RoleSessionName", "a b"), 400, "InvalidParameter.RoleSessionName"),
        (fresh().set("RoleSessionName", &"x".repeat(65)), 400, "InvalidParameter.RoleSessionName"),
        (fresh().set("DurationSeconds", "899"), 400, "InvalidParameter.DurationSeconds"),
        (fresh().set("DurationSeconds", "43201"), 400, "InvalidParameter.DurationSeconds"),
        (fresh().set("DurationSeconds", "long"), 400, "InvalidParameter.DurationSeconds"),
        (fresh().set("Policy", "{"), 400, "InvalidParameter.PolicyGrammar"),
        (fresh().set("Policy", &large), 400, "InvalidParameter.PolicySize"),
        (fresh().set("ExternalId", "x"), 400, "InvalidParameter.ExternalId"),
        (fresh().set("ExternalId", "a b"), 400, "InvalidParameter.ExternalId"),
        (sts.request("nobody"), 404, "EntityNotExist.Role"),
        (sts.request("ecs-reader"), 403, "NoPermission"),
        (sts.request("oidc-reader"), 403, "NoPermission"),
    ] {
        let shown = format!("{:?}", request.parameters);
        assert_eq!(sts.refused(request, &assumer), (status, code.to_owned()), "{shown}");
    }
    // Who may not assume roles, and who is the account itself.
    let reader = emulator.user_access_key("reader").unwrap();
    assert_eq!(sts.refused(fresh(), &reader), (403, "NoPermission".into()));
    let root = emulator.create_root_access_key().unwrap();
    let (status, body) = sts.ask(fresh(), &root);
    assert_eq!((status, &body["Message"]), (403, &"Roles may not be assumed by root accounts.".into()));
    let (_, identity) = sts.ask(Rpc::identity(&emulator, "JSON"), &root);
    assert_eq!(identity["IdentityType"], "Account");
}

#[test]
fn trust_policies_decide() {
    let emulator = Emulator::start().unwrap();
    let sts = Sts::of(&emulator);
    let assumer = emulator.user_access_key("assumer").unwrap();
    let user = format!("acs:ram::{}:user/assumer", emulator.account_id());
    emulator.create_role("only-assumer", &TrustPolicy::ram(&user), &["ReadSecrets"]).unwrap();
    emulator.create_role("other", &TrustPolicy::ram(&user.replace("assumer", "x")), &[]).unwrap();
    let external = TrustPolicy::document(format!(
        r#"{{"Version": "1", "Statement": [{{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {{"RAM": "{user}"}}, "Condition": {{"StringEquals": {{"sts:ExternalId": "42x"}}}}}}]}}"#
    ));
    emulator.create_role("external", &external, &[]).unwrap();
    assert_eq!(sts.ask(sts.request("only-assumer"), &assumer).0, 200);
    assert_eq!(sts.ask(sts.request("ONLY-ASSUMER"), &assumer).0, 200);
    assert_eq!(sts.refused(sts.request("other"), &assumer), (403, "NoPermission".into()));
    assert_eq!(sts.refused(sts.request("external"), &assumer).0, 403);
    assert_eq!(sts.refused(sts.request("external").set("ExternalId", "43x"), &assumer).0, 403);
    assert_eq!(sts.ask(sts.request("external").set("ExternalId", "42x"), &assumer).0, 200);
    for trust in ["", "{}", r#"{"Version": "1", "Statement": [{}]}"#] {
        assert!(emulator.create_role("odd", &TrustPolicy::document(trust), &[]).is_err(), "{trust}");
    }
    assert!(emulator.create_role("only-assumer", &external, &[]).is_err());
    assert!(emulator.create_role("a b", &external, &[]).is_err());
    assert!(emulator.create_role("odd", &external, &["Nothing"]).unwrap_err().is_not_found());
}

#[test]
fn a_role_assumes_the_next_for_an_hour_at_most() {
    let emulator = Emulator::start().unwrap();
    let sts = Sts::of(&emulator);
    let assumer = emulator.user_access_key("assumer").unwrap();
    emulator.edit_role("ram-reader", |role| role.policies.push("AliyunSTSAssumeRoleAccess".into())).unwrap();
    let first = sts.assume(sts.request("ram-reader"), &assumer);
    let trust = TrustPolicy::ram(&emulator.role_arn("ram-reader"));
    emulator.create_role("second", &trust, &["ReadSecrets"]).unwrap();
    emulator.edit_role("second", |role| role.max_session_seconds = 43_200).unwrap();
    assert_eq!(sts.refused(sts.request("second"), &assumer).0, 403);
    let ask = |request: Rpc| json(request.sign_with_token(&first).get(&sts.client, &sts.url));
    let (status, body) = ask(sts.request("second"));
    assert_eq!(status, 200, "{body}");
    assert_eq!(reads(&emulator, &token_of(&emulator, &body["Credentials"])).0, 200);
    let (status, body) = ask(sts.request("second").set("DurationSeconds", "3601"));
    assert_eq!((status, &body["Code"]), (400, &"InvalidParameter.DurationSeconds".into()));
}

#[test]
fn a_token_ends_and_says_so() {
    let emulator = Emulator::start().unwrap();
    let sts = Sts::of(&emulator);
    let assumer = emulator.user_access_key("assumer").unwrap();
    let token = sts.assume(sts.request("ram-reader").set("DurationSeconds", "900"), &assumer);
    let other = sts.assume(sts.request("ram-reader"), &assumer);
    emulator.advance_clock(Duration::from_secs(870)).unwrap();
    assert_eq!(reads(&emulator, &token).0, 200);
    emulator.set_clock(token.expiration).unwrap();
    assert_eq!(reads(&emulator, &token), (400, "InvalidSecurityToken.Expired".into()));
    assert_eq!(sts.identity(&token).0, 400);
    assert_eq!(reads(&emulator, &other).0, 200);

    let changed = |edit: &dyn Fn(&mut StsToken)| {
        let mut token = other.clone();
        edit(&mut token);
        reads(&emulator, &token)
    };
    let got = changed(&|one| one.security_token.clear());
    assert_eq!(got, (400, "MissingSecurityToken".into()));
    let got = changed(&|one| one.security_token.push('x'));
    assert_eq!(got, (400, "InvalidSecurityToken.Malformed".into()));
    let got = changed(&|one| one.security_token.clone_from(&token.security_token));
    assert_eq!(got, (400, "InvalidSecurityToken.MismatchWithAccessKey".into()));
    let got = changed(&|one| one.access_key_id.push('x'));
    assert_eq!(got, (404, "InvalidAccessKeyId.NotFound".into()));
    let got = changed(&|one| one.access_key_secret.push('x'));
    assert_eq!(got, (400, "SignatureDoesNotMatch".into()));

    emulator.expire_sts_tokens("ram-reader").unwrap();
    assert_eq!(reads(&emulator, &other).1, "InvalidSecurityToken.Expired");
    assert!(emulator.expire_sts_tokens("nobody").unwrap_err().is_not_found());
    let third = emulator.issue_sts_token("ram-reader", Duration::from_secs(300)).unwrap();
    assert_eq!(reads(&emulator, &third).0, 200);
    emulator.delete_role("ram-reader").unwrap();
    assert_eq!(reads(&emulator, &third), (403, "Forbidden.NoPermission".into()));
}

#[test]
fn a_policy_that_comes_with_the_request_narrows_the_session() {
    let emulator = Emulator::start().unwrap();
    let sts = Sts::of(&emulator);
    let assumer = emulator.user_access_key("assumer").unwrap();
    let with = |policy: &str| {
        let token = sts.assume(sts.request("ram-reader").set("Policy", policy), &assumer);
        reads(&emulator, &token).0
    };
    let all = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    assert_eq!(with(all), 200);
    assert_eq!(with(&all.replace("\"*\", \"Resource", "\"kms:List*\", \"Resource")), 403);
    assert_eq!(with(&all.replace("Allow", "Deny")), 403);
}

#[test]
fn sts_throttles_in_its_own_words() {
    let emulator = Emulator::start().unwrap();
    let sts = Sts::of(&emulator);
    let assumer = emulator.user_access_key("assumer").unwrap();
    emulator.inject(Fault::throttle(0).on(Endpoint::StsHttps).action("AssumeRole").times(1)).unwrap();
    assert_eq!(sts.refused(sts.request("ram-reader"), &assumer), (400, "Throttling.User".into()));
    assert_eq!(sts.ask(sts.request("ram-reader"), &assumer).0, 200);
}
