//! What an operator does, in two accounts: the calls that the official clients do not try.

use std::time::Duration;

use kmsak_emulator::{AccessKey, AccessKeyStatus, ClientKey, Emulator};
use serde_json::{Value, json};

use crate::client::*;

const KMS: &str = "2016-01-20";
const RAM: &str = "2015-05-01";
const STS: &str = "2015-04-01";
const CONFIG: &str = "2020-09-07";
const SHARING: &str = "2020-01-10";
const MEMBER: &str = "1654321098765432";

/// Somebody who calls, at the shared gateway.
struct Operator<'a> {
    emulator: &'a Emulator,
    client: reqwest::blocking::Client,
    key: AccessKey,
    token: Option<String>,
}

impl<'a> Operator<'a> {
    /// The administrator of the account with this profile in `operator.ini`.
    fn of(emulator: &'a Emulator, profile: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = emulator.write_folder(dir.path()).unwrap();
        let text = std::fs::read_to_string(folder.operator).unwrap();
        let section = text.split(&format!("[{profile}]\n")).nth(1).unwrap();
        let value = |name: &str| {
            let line = section.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.unwrap().to_owned()
        };
        let key = AccessKey {
            id: value("access_key_id"),
            secret: value("access_key_secret"),
            status: AccessKeyStatus::Active,
            created: emulator.now(),
        };
        Self { emulator, client: https(emulator), key, token: None }
    }

    fn call(&self, version: &str, action: &str, parameters: &[(&str, &str)]) -> (u16, Value) {
        let host = self.emulator.shared_endpoint();
        let mut request = Acs3::new(self.emulator.now(), &host, version, action);
        if let Some(token) = &self.token {
            request = request.set("x-acs-security-token", token);
        }
        for (name, value) in parameters {
            request = request.parameter(name, value);
        }
        json(request.sign_hmac(&self.key).send(&self.client, &format!("https://{host}")))
    }

    fn done(&self, version: &str, action: &str, parameters: &[(&str, &str)]) -> Value {
        let (status, body) = self.call(version, action, parameters);
        assert_eq!(status, 200, "{action}: {body}");
        body
    }

    fn code(&self, version: &str, action: &str, parameters: &[(&str, &str)]) -> (u16, String) {
        let (status, body) = self.call(version, action, parameters);
        (status, body["Code"].as_str().unwrap_or("").to_owned())
    }

    /// An application's ClientKey that may read all secrets through the instance, and what it stands on.
    fn client_key(&self, sources: Option<&str>) -> ClientKey {
        let instance = self.emulator.instance_id();
        if let Some(sources) = sources {
            let rule = [("Name", "web"), ("Type", "Private"), ("SourcePrivateIp", sources)];
            self.done(KMS, "CreateNetworkRule", &rule);
        }
        self.done(
            KMS,
            "CreatePolicy",
            &[
                ("Name", "web"),
                ("KmsInstance", instance),
                (
                    "Permissions",
                    r#"["RbacPermission/Template/CryptoServiceKeyUser","RbacPermission/Template/CryptoServiceSecretUser"]"#,
                ),
                ("Resources", r#"["secret/acs/ram/*","key/*"]"#),
                (
                    "AccessControlRules",
                    if sources.is_some() { r#"{"NetworkRules":["web"]}"# } else { "" },
                ),
            ],
        );
        self.done(KMS, "CreateApplicationAccessPoint", &[("Name", "web"), ("Policies", r#"["web"]"#)]);
        let password = "correct-horse-1";
        let made = self.done(KMS, "CreateClientKey", &[("AapName", "web"), ("Password", password)]);
        let key_id = made["ClientKeyId"].as_str().unwrap().to_owned();
        let json = json!({"KeyId": key_id, "PrivateKeyData": made["PrivateKeyData"]}).to_string();
        ClientKey { key_id, json, password: password.to_owned() }
    }

    fn fetch(&self, key: &ClientKey, name: &str) -> Result<SecretAnswer, (u16, String)> {
        let body = SecretRequest { name: name.to_owned(), ..SecretRequest::default() };
        let request = InstanceRequest::new(self.emulator, &key.key_id, &body).sign(&private_key(key));
        fetch(self.emulator, &self.client, &request).map_err(|(status, code, _)| (status, code))
    }
}

#[test]
fn a_client_key_that_was_made_here_reads_until_it_is_deleted() {
    let emulator = Emulator::start().unwrap();
    let operator = Operator::of(&emulator, "default");
    let key = operator.client_key(Some(r#"["127.0.0.0/8"]"#));
    assert_eq!(operator.fetch(&key, SECRET).unwrap().name, SECRET);
    let forbidden = Err((403, "Forbidden.NoPermission".to_owned()));
    assert_eq!(operator.fetch(&key, "db").map(|_| ()), forbidden);

    // Rules and policies hold for those that are bound to them at once.
    operator.done(KMS, "UpdateNetworkRule", &[("Name", "web"), ("SourcePrivateIp", r#"["10.0.0.0/8"]"#)]);
    assert_eq!(operator.fetch(&key, SECRET).map(|_| ()), forbidden);
    operator.done(KMS, "UpdateNetworkRule", &[("Name", "web"), ("SourcePrivateIp", r#"["127.0.0.1"]"#)]);
    assert!(operator.fetch(&key, SECRET).is_ok());
    let only_secrets =
        [("Name", "web"), ("Permissions", r#"["RbacPermission/Template/CryptoServiceSecretUser"]"#)];
    operator.done(KMS, "UpdatePolicy", &only_secrets);
    assert_eq!(operator.fetch(&key, SECRET).map(|_| ()), forbidden);

    operator.done(KMS, "DeleteClientKey", &[("ClientKeyId", &key.key_id)]);
    assert_eq!(operator.fetch(&key, SECRET).map(|_| ()), Err((404, "Unauthorized".to_owned())));
    let listed = operator.done(KMS, "ListClientKeys", &[("AapName", "web")]);
    assert_eq!(listed["ClientKeys"], json!([]));
}

#[test]
fn what_was_made_outlives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let start = || crate::folder::start(dir.path());
    let emulator = start();
    let key = Operator::of(&emulator, "default").client_key(None);
    let member = Operator::of(&emulator, "member");
    member.done(RAM, "CreateUser", &[("UserName", "web")]);
    drop(member);
    drop(emulator);

    let emulator = start();
    let (operator, member) = (Operator::of(&emulator, "default"), Operator::of(&emulator, "member"));
    assert!(operator.fetch(&key, SECRET).is_ok());
    let described = operator.done(KMS, "DescribePolicy", &[("Name", "web")]);
    assert_eq!(described["Resources"], json!(["secret/acs/ram/*", "key/*"]));
    assert_eq!(member.done(RAM, "GetUser", &[("UserName", "web")])["User"]["UserName"], "web");
    assert_eq!(operator.code(RAM, "GetUser", &[("UserName", "web")]), (404, "EntityNotExist.User".into()));
}

#[test]
fn what_cannot_be_saved_is_not_done() {
    let dir = tempfile::tempdir().unwrap();
    let start = || crate::folder::start(dir.path());
    let emulator = start();
    let operator = Operator::of(&emulator, "default");
    let key = emulator.access_key_of(SECRET).unwrap();
    // No file can take a folder's place.
    let state = dir.path().join("emulator.state");
    let saved = std::fs::read(&state).unwrap();
    std::fs::remove_file(&state).unwrap();
    std::fs::create_dir(&state).unwrap();
    let encryption = emulator.keys().remove(0);
    let create: &[_] = &[
        ("SecretName", "db"),
        ("VersionId", "1"),
        ("SecretData", "value"),
        ("DKMSInstanceId", emulator.instance_id()),
        ("EncryptionKeyId", &encryption),
    ];
    let (status, answer) = operator.call(KMS, "CreateSecret", create);
    assert_eq!(
        (status, &answer["Code"], &answer["HttpStatus"]),
        (500, &json!("InternalFailure"), &json!(500))
    );
    let user = &[("UserName", "web")];
    assert_eq!(operator.code(RAM, "CreateUser", user), (500, "InternalError".into()));
    let role = format!("acs:ram::{}:role/ram-reader", emulator.account_id());
    let assume: &[_] = &[("RoleArn", &*role), ("RoleSessionName", "test")];
    assert_eq!(operator.code(STS, "AssumeRole", assume), (500, "InternalError".into()));
    let now = emulator.now();
    for refused in [
        emulator.rotate(SECRET, Duration::ZERO).map(drop),
        emulator.revoke_client_key(&emulator.client_key().unwrap().key_id),
        emulator.advance_clock(Duration::from_secs(86_400)).map(drop),
    ] {
        let error = refused.unwrap_err();
        assert!(error.is_not_saved() && error.to_string().contains("emulator.state"), "{error}");
    }
    let rotate = operator.client.post(format!("{}/rotations", emulator.admin_url()));
    let answer = rotate.body(json!({"secret": SECRET}).to_string()).send().unwrap();
    assert_eq!(answer.status(), 500);
    let unchanged = |emulator: &Emulator| {
        let operator = Operator::of(emulator, "default");
        let named = &[("SecretName", "db")];
        assert_eq!(operator.code(KMS, "DescribeSecret", named), (404, "Forbidden.ResourceNotFound".into()));
        assert_eq!(operator.code(RAM, "GetUser", user), (404, "EntityNotExist.User".into()));
        assert_eq!(emulator.access_key_of(SECRET).unwrap().id, key.id);
        assert!((emulator.now() - now).abs() < time::Duration::hours(1));
        let client_key = emulator.client_key().unwrap();
        assert!(simple_fetch(emulator, &https(emulator), SECRET).is_ok(), "{} reads", client_key.key_id);
    };
    unchanged(&emulator);
    std::fs::remove_dir(&state).unwrap();
    std::fs::write(&state, saved).unwrap();
    operator.done(KMS, "CreateSecret", create);
    drop(emulator);
    let emulator = start();
    Operator::of(&emulator, "default").done(KMS, "DescribeSecret", &[("SecretName", "db")]);
}

#[test]
fn both_access_keys_of_a_user_can_be_put_into_kms() {
    let emulator = Emulator::start().unwrap();
    let operator = Operator::of(&emulator, "default");
    operator.done(RAM, "CreateUser", &[("UserName", "web")]);
    let made: Vec<Value> = (0..2)
        .map(|_| operator.done(RAM, "CreateAccessKey", &[("UserName", "web")])["AccessKey"].clone())
        .collect();
    let data = |keys: &[Value]| {
        let keys: Vec<Value> = keys
            .iter()
            .map(|key| json!({"AccessKeyId": key["AccessKeyId"], "AccessKeySecret": key["AccessKeySecret"]}))
            .collect();
        json!({"AccessKeys": keys}).to_string()
    };
    let create = |data: &str| {
        operator.call(
            KMS,
            "CreateSecret",
            &[
                ("SecretName", "$Auto"),
                ("SecretType", "RAMCredentials"),
                ("VersionId", "v1"),
                ("SecretData", data),
                ("DKMSInstanceId", emulator.instance_id()),
                ("ExtendedConfig", r#"{"SecretSubType":"RamUserAccessKey","UserName":"web"}"#),
                ("EnableAutomaticRotation", "true"),
                ("RotationInterval", "7d"),
            ],
        )
    };
    assert_eq!(create(&data(&made[..1])).1["Code"], "InvalidParameter");
    let (status, body) = create(&data(&made));
    assert_eq!((status, &body["AutomaticRotation"]), (200, &json!("Enabled")), "{body}");
    let name = "acs/ram/user/web";
    assert_eq!(emulator.access_key_of(name).unwrap().id, made[1]["AccessKeyId"].as_str().unwrap());

    // The older of the two makes room for the new one, and the newer goes when the overlap ends.
    let listed = || -> Vec<Value> {
        let keys = operator.done(RAM, "ListAccessKeys", &[("UserName", "web")]);
        let keys = keys["AccessKeys"]["AccessKey"].as_array().unwrap().clone();
        keys.into_iter().map(|key| key["AccessKeyId"].clone()).collect()
    };
    operator.done(KMS, "RotateSecret", &[("SecretName", name), ("VersionId", "v2")]);
    let after = listed();
    assert_eq!(after.len(), 2);
    assert_eq!(after[0], made[1]["AccessKeyId"]);
    emulator.advance_clock(Duration::from_secs(3600)).unwrap();
    assert_eq!(listed(), after[1..]);

    // An AccessKey that somebody else makes is in the way.
    operator.done(RAM, "CreateAccessKey", &[("UserName", "web")]);
    let described = operator.done(KMS, "DescribeSecret", &[("SecretName", name)]);
    assert_eq!(described["AutomaticRotation"], "Invalid");
    let again = [("SecretName", name), ("VersionId", "v3")];
    assert_eq!(operator.code(KMS, "RotateSecret", &again), (409, "Rejected.LimitExceeded".into()));
}

#[test]
fn a_rotation_policy_whose_time_has_passed_rotates_at_once() {
    let emulator = Emulator::start().unwrap();
    let operator = Operator::of(&emulator, "default");
    let before = emulator.access_key_of(SECRET).unwrap().id;
    emulator.advance_clock(Duration::from_secs(10 * 86_400)).unwrap();
    let policy = |interval| {
        [("SecretName", SECRET), ("EnableAutomaticRotation", "true"), ("RotationInterval", interval)]
    };
    for wrong in ["6d", "366d", "7", "seven", "-7d"] {
        let answer = operator.code(KMS, "UpdateSecretRotationPolicy", &policy(wrong));
        assert_eq!(answer, (400, "InvalidParameter".into()), "{wrong}");
    }
    operator.done(KMS, "UpdateSecretRotationPolicy", &policy("7d"));
    assert_ne!(emulator.access_key_of(SECRET).unwrap().id, before);
    // While both AccessKeys are there, the policy stays as it is.
    let busy = operator.code(KMS, "UpdateSecretRotationPolicy", &policy("30d"));
    assert_eq!(busy, (409, "Rejected.ResourceInUse".into()));
}

#[test]
fn another_account_reads_what_the_policy_of_a_secret_lets_it() {
    let emulator = Emulator::start().unwrap();
    let (owner, other) = (Operator::of(&emulator, "default"), Operator::of(&emulator, "member"));
    let arn = format!("acs:kms:cn-hangzhou:{}:secret/{SECRET}", emulator.account_id());
    let read = || other.code(KMS, "GetSecretValue", &[("SecretName", &arn)]);
    assert_eq!(read(), (403, "Forbidden.NoPermission".into()));
    let policy = |action: &str| {
        let principal = format!("acs:ram::{MEMBER}:user/administrator");
        json!({"Version": "1", "Statement": [{
            "Effect": "Allow",
            "Principal": {"RAM": [principal]},
            "Action": [action],
            "Resource": ["*"],
        }]})
        .to_string()
    };
    let set = |text: &str| {
        // This one takes POST alone.
        let request = Rpc::kms(&emulator, "SetSecretPolicy").set("SecretName", SECRET).set("Policy", text);
        let request = request.for_access_key(&owner.key).sign_hmac("POST", &owner.key);
        refusal(request.post(&owner.client, &format!("https://{}", emulator.shared_endpoint())))
    };
    for wrong in ["", "{}", r#"{"Version":"2","Statement":[]}"#, &policy("ecs:*")] {
        assert_eq!(set(wrong).0, 400, "{wrong}");
    }
    assert_eq!(set(&policy("kms:DescribeSecret")).0, 200);
    assert_eq!(read(), (403, "Forbidden.NoPermission".into()));
    assert_eq!(set(&policy("kms:*")).0, 200);
    assert_eq!(read().0, 200);
    let by_get = owner.code(KMS, "SetSecretPolicy", &[("SecretName", SECRET), ("Policy", &policy("kms:*"))]);
    assert_eq!(by_get, (400, "UnsupportedHTTPMethod".into()));
}

#[test]
fn the_managing_account_acts_in_a_member_by_its_role() {
    let emulator = Emulator::start().unwrap();
    let operator = Operator::of(&emulator, "default");
    let role = format!("acs:ram::{MEMBER}:role/ResourceDirectoryAccountAccessRole");
    let asked = [("RoleArn", role.as_str()), ("RoleSessionName", "audit")];
    let answer = operator.done(STS, "AssumeRole", &asked);
    let text = |name: &str| answer["Credentials"][name].as_str().unwrap().to_owned();
    let key = AccessKey {
        id: text("AccessKeyId"),
        secret: text("AccessKeySecret"),
        status: AccessKeyStatus::Active,
        created: emulator.now(),
    };
    let inside = Operator { key, token: Some(text("SecurityToken")), ..Operator::of(&emulator, "default") };
    assert_eq!(inside.done(STS, "GetCallerIdentity", &[])["AccountId"], MEMBER);
    let users = inside.done(RAM, "ListUsers", &[]);
    assert_eq!(users["Users"]["User"].as_array().unwrap().len(), 1);
    // A member is trusted by nobody.
    let own = format!("acs:ram::{}:role/ecs-reader", emulator.account_id());
    let backwards = [("RoleArn", own.as_str()), ("RoleSessionName", "audit")];
    let member = Operator::of(&emulator, "member");
    assert_eq!(member.code(STS, "AssumeRole", &backwards), (403, "NoPermission".into()));
}

#[test]
fn an_instance_connects_after_a_while() {
    let emulator = Emulator::start().unwrap();
    let operator = Operator::of(&emulator, "default");
    let admin = emulator.admin_url();
    let plain = reqwest::blocking::Client::builder().no_proxy().build().unwrap();
    let bought: Value = plain.post(format!("{admin}/instances")).body("{}").send().unwrap().json().unwrap();
    let id = bought["id"].as_str().unwrap();
    let status = || {
        let instance = operator.done(KMS, "GetKmsInstance", &[("KmsInstanceId", id)]);
        instance["KmsInstance"]["Status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(), "Uninitialized");
    let in_it = [("DKMSInstanceId", id)];
    let wrong_state = (403, "Forbidden.DKMSInstanceStateInvalid".to_owned());
    assert_eq!(operator.code(KMS, "CreateKey", &in_it), wrong_state);
    let connect = |vswitch: &str| {
        let request = Rpc::kms(&emulator, "ConnectKmsInstance")
            .set("KmsInstanceId", id)
            .set("VpcId", "vpc-hzz000000000000001234")
            .set("VSwitchIds", vswitch)
            .set("ZoneIds", "cn-hangzhou-h,cn-hangzhou-i")
            .set("KMProvider", "Aliyun");
        let request = request.for_access_key(&operator.key).sign_hmac("POST", &operator.key);
        refusal(request.post(&operator.client, &format!("https://{}", emulator.shared_endpoint())))
    };
    assert_eq!(connect("vsw-none"), (400, "InvalidParameter".into()));
    assert_eq!(connect("vsw-hzz0000000000000h1234").0, 200);
    // It takes five seconds, which may have passed on a busy machine.
    emulator.rewind_clock(Duration::from_secs(300)).unwrap();
    assert_eq!(status(), "Connecting");
    assert_eq!(operator.code(KMS, "CreateKey", &in_it), wrong_state);
    emulator.advance_clock(Duration::from_secs(310)).unwrap();
    assert_eq!(status(), "Connected");
    assert_eq!(operator.call(KMS, "CreateKey", &in_it).0, 200);
    assert_eq!(connect("vsw-hzz0000000000000h1234"), wrong_state);
}

#[test]
fn rules_find_idle_and_unrotated_access_keys() {
    let emulator = Emulator::start().unwrap();
    let operator = Operator::of(&emulator, "default");
    emulator.advance_clock(Duration::from_secs(100 * 86_400)).unwrap();
    let found = |identifier: &str| -> Vec<String> {
        let request = Rpc::new(emulator.now(), CONFIG, "CreateConfigRule", "JSON")
            .set("ConfigRuleName", identifier)
            .set("SourceOwner", "ALIYUN")
            .set("SourceIdentifier", identifier)
            .set("RiskLevel", "1")
            .set("ConfigRuleTriggerTypes", "ScheduledNotification")
            .set("ResourceTypesScope", "ACS::RAM::User")
            .set("InputParameters", r#"{"days":"90"}"#)
            .for_access_key(&operator.key)
            .sign_hmac("POST", &operator.key);
        let (status, body) =
            json(request.form(&operator.client, &format!("https://{}", emulator.shared_endpoint())));
        assert_eq!(status, 200, "{body}");
        emulator.advance_clock(Duration::from_secs(2)).unwrap();
        let rule = body["ConfigRuleId"].as_str().unwrap();
        let asked = [("ConfigRuleId", rule), ("ComplianceType", "NON_COMPLIANT"), ("MaxResults", "100")];
        let results = operator.done(CONFIG, "ListConfigRuleEvaluationResults", &asked);
        let list = results["EvaluationResults"]["EvaluationResultList"].as_array().unwrap().clone();
        list.iter()
            .map(|one| &one["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceName"])
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    let unrotated = found("ram-user-ak-create-date-expired-check");
    assert!(unrotated.contains(&"administrator".to_owned()) && unrotated.contains(&"reader".to_owned()));
    // The administrator's has just been used.
    let idle = found("ram-user-ak-used-expired-check");
    assert!(!idle.contains(&"administrator".to_owned()) && idle.contains(&"reader".to_owned()));
}

#[test]
fn every_product_asks_ram_and_knows_its_calls() {
    let emulator = Emulator::start().unwrap();
    emulator.create_user("nobody", &[]).unwrap();
    let nobody =
        Operator { key: emulator.create_access_key("nobody").unwrap(), ..Operator::of(&emulator, "default") };
    let operator = Operator::of(&emulator, "default");
    for (version, action, code) in [
        (KMS, "ListNetworkRules", "Forbidden.NoPermission"),
        (KMS, "CreateKey", "Forbidden.NoPermission"),
        (RAM, "ListUsers", "NoPermission"),
        ("2019-08-15", "GenerateCredentialReport", "NoPermission"),
        (SHARING, "ListPermissions", "NoPermission"),
        ("2018-01-01", "DescribeZones", "NoPermission"),
        (CONFIG, "ListConfigRules", "NoPermission"),
        ("2020-07-06", "LookupEvents", "NoPermission"),
        ("2016-04-28", "DescribeVpcs", "NoPermission"),
        ("2022-04-19", "GetResourceDirectory", "NoPermission"),
    ] {
        assert_eq!(nobody.code(version, action, &[]).1, code, "{action}");
        let unknown = operator.code(version, "MakeCoffee", &[]);
        assert_eq!(unknown, (404, "InvalidAction.NotFound".into()), "{version}");
    }
    // KMS says it with another status where a key is to be made.
    assert_eq!(nobody.code(KMS, "CreateKey", &[]).0, 400);
    // A policy on one name allows no other.
    let document = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "kms:*",
        "Resource": "acs:kms:*:*:policy/web"}]}"#;
    emulator.put_policy("OnlyWeb", document).unwrap();
    emulator.set_user_policies("nobody", &["OnlyWeb"]).unwrap();
    let describe = |name| nobody.code(KMS, "DescribePolicy", &[("Name", name)]).1;
    assert_eq!(describe("web"), "Forbidden.ResourceNotFound");
    assert_eq!(describe("other"), "Forbidden.NoPermission");
}
