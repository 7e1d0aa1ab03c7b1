//! The provider as the driver meets it: its program, a socket, gRPC.

#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use kmsak_csi::messages::{MountRequest, MountResponse, ObjectVersion, VersionRequest, VersionResponse};
use kmsak_emulator::{Emulator, SecretValue};
use prost::Message;
use serde_json::{Value, json};
use tokio::net::UnixStream;

const APP: &str = "acs/ram/user/app";

struct Csi {
    emulator: Emulator,
    folder: tempfile::TempDir,
    child: Child,
    socket: PathBuf,
}

impl Csi {
    fn start() -> Self {
        let emulator = Emulator::start().unwrap();
        let folder = tempfile::tempdir().unwrap();
        emulator.write_folder(folder.path()).unwrap();
        let socket = folder.path().join("kmsak.sock");
        let child = program(&folder).stderr(Stdio::inherit()).spawn().unwrap();
        let csi = Csi { emulator, folder, child, socket };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !program(&csi.folder).arg("--probe").stderr(Stdio::null()).status().unwrap().success() {
            assert!(Instant::now() < deadline, "it does not listen");
        }
        csi
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn identity(&self) -> Value {
        let names = ["clientKey.json", "clientKey_Password.txt", "ca.pem"];
        names
            .iter()
            .map(|name| ((*name).to_owned(), Value::from(self.read(name))))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// The parameters of a class that asks KMS's instance, which the emulator plays.
    fn configuration(&self) -> String {
        let text = self.read("on_the_cloud.properties");
        let endpoint = text.split_once("\"endpoint\":\"").unwrap().1.split_once('"').unwrap().0;
        let gateway = json!([{ "regionId": "cn-hangzhou", "endpoint": endpoint }]);
        format!("cache_client_dkms_config_info={gateway}\nrotation_interval=100\njitter_interval=0\n")
    }

    async fn mount(&self, secrets: &str) -> Result<MountResponse, (String, String)> {
        self.mount_as(secrets, &self.identity()).await
    }

    async fn mount_as(&self, secrets: &str, identity: &Value) -> Result<MountResponse, (String, String)> {
        let attributes = json!({
            "configuration": self.configuration(),
            "secrets": secrets,
            "csi.storage.k8s.io/pod.namespace": "apps",
            "csi.storage.k8s.io/serviceAccount.name": "app",
            "secretProviderClass": "app",
        });
        let request = MountRequest {
            attributes: attributes.to_string(),
            secrets: identity.to_string(),
            target_path: "/unused".to_owned(),
            permission: "292".to_owned(),
            current_object_version: vec![ObjectVersion { id: APP.to_owned(), version: "old".to_owned() }],
        };
        self.call("Mount", &request.encode_to_vec())
            .await
            .map(|answer| MountResponse::decode(answer).unwrap())
    }

    /// The message, or status and message of the failure.
    async fn call(&self, method: &str, message: &[u8]) -> Result<Bytes, (String, String)> {
        let stream = UnixStream::connect(&self.socket).await.unwrap();
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut frame = BytesMut::new();
        frame.put_u8(0);
        frame.put_u32(u32::try_from(message.len()).unwrap());
        frame.put_slice(message);
        let request = Request::post(format!("http://localhost/v1alpha1.CSIDriverProvider/{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Full::new(frame.freeze()))
            .unwrap();
        let collected = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap();
        let trailers = collected.trailers().unwrap().clone();
        let text = |name: &str| trailers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let body = collected.to_bytes();
        match text("grpc-status").as_str() {
            "0" => Ok(body.slice(5..)),
            status => Err((status.to_owned(), text("grpc-message"))),
        }
    }
}

fn program(folder: &tempfile::TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kmsak-csi"));
    command
        .arg("--socket")
        .arg(folder.path().join("kmsak.sock"))
        .arg("--tokens")
        .arg(folder.path().join("tokens"));
    // STS is verified by the public CAs, which for the tests are the emulator's.
    command.env_remove("KMSAK_LOG_LEVEL").env("SSL_CERT_FILE", folder.path().join("ca.pem"));
    command
}

impl Drop for Csi {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn contents<'a>(response: &'a MountResponse, path: &str) -> &'a str {
    let file = response.files.iter().find(|file| file.path == path);
    std::str::from_utf8(&file.unwrap_or_else(|| panic!("no {path}")).contents).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_follows_a_rotation_from_the_cache() {
    let csi = Csi::start();
    assert_eq!(std::fs::metadata(&csi.socket).unwrap().permissions().mode() & 0o777, 0o600);
    let version =
        csi.call("Version", &VersionRequest { version: "v1alpha1".to_owned() }.encode_to_vec()).await;
    assert_eq!(VersionResponse::decode(version.unwrap()).unwrap().runtime_name, "kmsak-csi");

    csi.emulator
        .create_secret("database", "Generic", SecretValue::text("{\"user\":\"u\",\"port\":5432}"))
        .unwrap();
    let secrets = format!(
        "- name: {APP}\n  fields: {{AccessKeyId: id, AccessKeySecret: secret}}\n- name: database\n  file: db/all\n  mode: \"0400\"\n  fields: {{port: db/port}}\n"
    );
    let first = csi.mount(&secrets).await.unwrap();
    let key = csi.emulator.access_key_of(APP).unwrap();
    assert_eq!((contents(&first, "id"), contents(&first, "secret")), (key.id.as_str(), key.secret.as_str()));
    assert_eq!(contents(&first, "db/port"), "5432");
    assert_eq!(contents(&first, "db/all"), "{\"user\":\"u\",\"port\":5432}");
    let mode = |path: &str| first.files.iter().find(|file| file.path == path).unwrap().mode;
    assert_eq!((mode("id"), mode("db/all")), (0o444, 0o400));
    assert_eq!(first.object_version.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [APP, "database"]);

    csi.emulator.rotate(APP, Duration::ZERO).unwrap();
    let new = csi.emulator.access_key_of(APP).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let again = csi.mount(&secrets).await.unwrap();
        if contents(&again, "id") == new.id {
            assert_ne!(again.object_version[0].version, first.object_version[0].version);
            break;
        }
        assert!(Instant::now() < deadline, "the rotation was not followed");
    }
    let previous = csi.mount(&format!("- {{name: {APP}, stage: ACSPrevious, file: old}}")).await.unwrap();
    assert!(contents(&previous, "old").contains(&key.id));
    assert_eq!(previous.object_version[0].id, format!("{APP}@ACSPrevious"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_pods_are_one_request() {
    let csi = Csi::start();
    let secrets = format!("- name: {APP}\n");
    let configuration = csi.configuration().replace("rotation_interval=100\n", "");
    let attributes = json!({ "configuration": configuration, "secrets": secrets }).to_string();
    let request = MountRequest {
        attributes,
        secrets: csi.identity().to_string(),
        permission: "420".to_owned(),
        ..MountRequest::default()
    };
    let message = request.encode_to_vec();
    let pods = (0..1000).map(|_| csi.call("Mount", &message));
    for pod in pods {
        pod.await.unwrap();
    }
    assert_eq!(csi.emulator.counters().secret_values_of(APP), 1);
}

/// A mount by the pod's own role: the driver hands over the token of its service account.
fn by_role(csi: &Csi, token: &str, account: &str) -> Vec<u8> {
    let text = csi.read("with_oidc_role.properties");
    let of = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap().to_owned();
    let gateway: Value = serde_json::from_str(&of("cache_client_region_id=")).unwrap();
    let gateway =
        json!([{ "regionId": "cn-hangzhou", "endpoint": gateway[0]["endpoint"], "ca": csi.read("ca.pem") }]);
    let attributes = json!({
        "configuration": format!("cache_client_region_id={gateway}\nsts_endpoint={}", of("sts_endpoint=")),
        "secrets": format!("- name: {APP}\n"),
        "roleArn": of("credentials_role_arn="),
        "oidcProviderArn": of("credentials_oidc_provider_arn="),
        "csi.storage.k8s.io/serviceAccount.name": account,
        "csi.storage.k8s.io/serviceAccount.tokens": json!({ "sts.aliyuncs.com": { "token": token } }).to_string(),
    });
    let permission = "420".to_owned();
    MountRequest { attributes: attributes.to_string(), permission, ..MountRequest::default() }.encode_to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pods_role_asks_with_its_token() {
    let csi = Csi::start();
    let token = csi.read("oidc_token");
    let answer = csi.call("Mount", &by_role(&csi, token.trim(), "app")).await.unwrap();
    let answer = MountResponse::decode(answer).unwrap();
    let key = csi.emulator.access_key_of(APP).unwrap();
    assert!(contents(&answer, "acs_ram_user_app").contains(&key.secret));
    // What one service account was given is nothing for another.
    let (code, message) = csi.call("Mount", &by_role(&csi, "no.such.token", "other")).await.unwrap_err();
    assert_ne!(code, "0");
    assert!(!message.contains("no.such.token"), "{message}");
    let kept = std::fs::read_dir(csi.folder.path().join("tokens")).unwrap();
    for file in kept {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// The pods of a deployment come at the same time, each with a token of its own.
#[tokio::test(flavor = "multi_thread")]
async fn many_pods_of_one_service_account_may_come_together() {
    let csi = Arc::new(Csi::start());
    let token = csi.read("oidc_token");
    let message = Arc::new(by_role(&csi, token.trim(), "app"));
    for _ in 0..20 {
        let mounts: Vec<_> = (0..32)
            .map(|_| {
                let (csi, message) = (csi.clone(), message.clone());
                tokio::spawn(async move { csi.call("Mount", &message).await })
            })
            .collect();
        for mount in mounts {
            mount.await.unwrap().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_say_what_to_do() {
    let csi = Csi::start();
    let secrets = format!("- name: {APP}\n");
    let refused = |result: Result<MountResponse, (String, String)>, status: &str, sentence: &str| {
        let (code, message) = result.expect_err(sentence);
        assert_eq!(code, status, "{message}");
        assert!(message.contains(sentence), "{message}");
    };
    refused(csi.mount("- name: missing").await, "5", "KMS has no secret missing");
    refused(csi.mount("[]").await, "3", "secrets: expected a list");
    refused(
        csi.mount(&format!("- {{name: {APP}, fields: {{Nothing: x}}}}")).await,
        "9",
        "has no field Nothing",
    );
    refused(csi.mount_as(&secrets, &json!({})).await, "9", "nobody says who asks KMS");
    refused(
        csi.mount_as(&secrets, &json!({ "clientKey.json": "{}" })).await,
        "9",
        "expected clientKey.json with clientKey_Password.txt",
    );
    refused(csi.mount_as(&secrets, &json!({ "other": "x" })).await, "9", "other is unknown");
    refused(csi.mount_as(&secrets, &json!({ "accessKeyId": "x" })).await, "9", "belong together");
    let wrong = json!({ "clientKey.json": csi.read("clientKey.json"), "clientKey_Password.txt": "wrong", "ca.pem": csi.read("ca.pem") });
    refused(csi.mount_as(&secrets, &wrong).await, "9", "password");
    let unknown = csi.call("Unmount", b"").await.unwrap_err();
    assert_eq!(unknown.0, "12");
    let garbage = csi.call("Mount", &[0xff, 0xff, 0xff]).await.unwrap_err();
    assert_eq!(garbage.0, "3");
    // All that spoiled nothing.
    assert_eq!(csi.mount(&secrets).await.unwrap().files.len(), 1);
}

#[test]
fn a_socket_that_is_in_use_is_told() {
    let csi = Csi::start();
    let output = program(&csi.folder).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("another program listens there"));
}

#[test]
fn the_example_is_one_that_the_provider_takes() {
    use saphyr::{LoadableYamlNode, Yaml};
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/deploy/kubernetes/secret-provider-class.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    let parameters = &documents[0]["spec"]["parameters"];
    let attributes: serde_json::Map<String, Value> = ["configuration", "secrets"]
        .iter()
        .map(|name| ((*name).to_owned(), Value::from(parameters[*name].as_str().unwrap())))
        .collect();
    let read = kmsak_csi::parameters::Parameters::read(&Value::Object(attributes).to_string()).unwrap();
    assert_eq!(parameters.as_mapping().unwrap().len(), 2);
    assert_eq!((read.secrets.len(), read.secrets[0].files.len()), (2, 2));
}
