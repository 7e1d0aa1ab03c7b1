//! What RAM policies let AccessKeys do in KMS.

use kmsak_emulator::{AccessKey, Emulator, SecretValue};

use crate::client::*;

struct Kms<'a> {
    emulator: &'a Emulator,
    client: reqwest::blocking::Client,
}

impl<'a> Kms<'a> {
    fn of(emulator: &'a Emulator) -> Self {
        Self { emulator, client: https(emulator) }
    }

    /// The same answer through both gateways: status, code and message.
    fn read(&self, secret: &str, key: &AccessKey) -> (u16, String, String) {
        let [shared, instance] =
            [self.emulator.shared_endpoint(), self.emulator.instance_endpoint()].map(|host| {
                let request = Acs3::new(self.emulator.now(), &host, "2016-01-20", "GetSecretValue")
                    .parameter("SecretName", secret)
                    .sign_hmac(key);
                let (status, body) = json(request.send(&self.client, &format!("https://{host}")));
                let text = |name: &str| body[name].as_str().unwrap_or("").to_owned();
                (status, text("Code"), text("Message"))
            });
        assert_eq!(shared, instance);
        shared
    }
}

fn document(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version": "1", "Statement": [{{"Effect": "Allow", "Action": {action}, "Resource": {resource}}}]}}"#
    )
}

#[test]
fn reading_needs_the_secret_and_its_key() {
    let emulator = Emulator::start().unwrap();
    let kms = Kms::of(&emulator);
    let operation = "This operation is forbidden by permission system.";
    emulator.create_user("web", &[]).unwrap();
    let key = emulator.create_access_key("web").unwrap();
    let forbidden = (403, "Forbidden.NoPermission".to_owned(), operation.to_owned());
    assert_eq!(kms.read(SECRET, &key), forbidden);

    emulator.set_user_policies("web", &["AliyunKMSSecretUserAccess"]).unwrap();
    let encryption_key = emulator.secret(SECRET).unwrap().encryption_key_id;
    let (status, code, message) = kms.read(SECRET, &key);
    assert_eq!((status, code.as_str()), (403, "Forbidden.NoPermission"));
    assert_eq!(message, format!("This operation for {encryption_key} is forbidden by permission system."));
    emulator.set_user_policies("web", &["AliyunKMSSecretUserAccess", "AliyunKMSCryptoUserAccess"]).unwrap();
    assert_eq!(kms.read(SECRET, &key).0, 200);
    assert_eq!(kms.read("nothing", &key).1, "Forbidden.ResourceNotFound");

    // Policies of one's own, on one secret and one key.
    emulator.create_secret("db", "Generic", SecretValue::text("x")).unwrap();
    let both = document(
        r#"["kms:GetSecretValue", "kms:Decrypt"]"#,
        &format!(r#"["acs:kms:*:*:secret/db", "acs:kms:*:*:key/{encryption_key}"]"#),
    );
    emulator.put_policy("ReadDb", &both).unwrap();
    emulator.set_user_policies("web", &["ReadDb"]).unwrap();
    assert_eq!(kms.read("db", &key).0, 200);
    assert_eq!(kms.read(SECRET, &key), forbidden);
    let arn = format!("acs:kms:cn-hangzhou:{}:secret/db", emulator.account_id());
    assert_eq!(kms.read(&arn, &key).0, 200);

    // A change counts at once, and a policy that somebody has stays.
    emulator.put_policy("ReadDb", &document("\"kms:GetSecretValue\"", "\"*\"")).unwrap();
    assert_eq!(kms.read("db", &key).0, 403);
    assert!(emulator.delete_policy("ReadDb").unwrap_err().to_string().contains("\"web\" has the policy"));
    emulator.set_user_policies("web", &[]).unwrap();
    emulator.delete_policy("ReadDb").unwrap();
    assert!(emulator.delete_policy("ReadDb").unwrap_err().is_not_found());
    assert!(emulator.set_user_policies("web", &["ReadDb"]).unwrap_err().is_not_found());
    assert!(emulator.create_user("other", &["ReadDb"]).unwrap_err().is_not_found());
}

#[test]
fn conditions_and_denials_count() {
    let emulator = Emulator::start().unwrap();
    let kms = Kms::of(&emulator);
    emulator.create_user("web", &["AdministratorAccess"]).unwrap();
    let key = emulator.create_access_key("web").unwrap();
    assert_eq!(kms.read(SECRET, &key).0, 200);
    let deny = |network: &str| {
        format!(
            r#"{{"Version": "1", "Statement": [{{"Effect": "Deny", "Action": "kms:*", "Resource": "*",
                "Condition": {{"NotIpAddress": {{"acs:SourceIp": ["{network}"]}}}}}}]}}"#
        )
    };
    emulator.put_policy("OnlyHere", &deny("127.0.0.0/8")).unwrap();
    emulator.set_user_policies("web", &["AdministratorAccess", "OnlyHere"]).unwrap();
    assert_eq!(kms.read(SECRET, &key).0, 200);
    emulator.put_policy("OnlyHere", &deny("10.0.0.0/8")).unwrap();
    assert_eq!(kms.read(SECRET, &key).0, 403);

    for (name, document) in [
        ("a b", deny("10.0.0.0/8")),
        ("AliyunKMSFullAccess", deny("10.0.0.0/8")),
        ("Odd", "{}".to_owned()),
        ("Odd", deny("home")),
        ("Odd", deny("10.0.0.0/8").replace("NotIpAddress", "NumericEquals")),
    ] {
        assert!(emulator.put_policy(name, &document).is_err(), "{name} {document}");
    }
}

#[test]
fn the_account_itself_may_do_everything_in_kms() {
    let emulator = Emulator::start().unwrap();
    let root = emulator.create_root_access_key().unwrap();
    assert_eq!(Kms::of(&emulator).read(SECRET, &root).0, 200);
}

#[test]
fn an_instance_reads_secrets_by_openapi_and_does_no_more() {
    let emulator = Emulator::start().unwrap();
    let client = https(&emulator);
    let url = format!("https://{}", emulator.instance_endpoint());
    let operator = emulator.operator().unwrap();
    let signed = |request: Rpc| {
        json(request.for_access_key(&operator).sign_hmac("POST", &operator).post(&client, &url))
    };
    let (status, body) = signed(Rpc::secret(&emulator));
    assert_eq!((status, body["SecretType"].as_str()), (200, Some("RAMCredentials")));
    for action in ["DescribeSecret", "ListSecrets", "RotateSecret"] {
        let (status, body) = signed(Rpc::kms(&emulator, action).set("SecretName", SECRET));
        assert_eq!((status, &body["Code"]), (400, &"UnsupportedOperation".into()), "{action}");
    }
    assert_eq!(signed(Rpc::kms(&emulator, "Odd")).1["Code"], "InvalidAction.NotFound");
    // A ClientKey has a protocol of its own here.
    let key = emulator.client_key().unwrap();
    let request = Rpc::secret(&emulator).for_client_key(&key).sign_rsa("POST", &private_key(&key));
    assert_eq!(refusal(request.post(&client, &url)), (404, "InvalidAccessKeyId.NotFound".into()));
    assert!(simple_fetch(&emulator, &client, SECRET).is_ok());
}

#[test]
fn an_older_instance_knows_no_openapi() {
    let emulator = Emulator::builder().without_instance_openapi().start().unwrap();
    let client = https(&emulator);
    let host = emulator.instance_endpoint();
    let operator = emulator.operator().unwrap();
    let request =
        Acs3::new(emulator.now(), &host, "2016-01-20", "GetSecretValue").parameter("SecretName", SECRET);
    let answer = request.sign_hmac(&operator).send(&client, &format!("https://{host}"));
    let (status, code, _) = instance_answer(answer).unwrap_err();
    assert_eq!((status, code.as_str()), (400, "InvalidApiName"));
    assert!(simple_fetch(&emulator, &client, SECRET).is_ok());
}
