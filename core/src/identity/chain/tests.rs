//! What tests/interop leaves out: the metadata service and STS, which the official chains find at Alibaba Cloud's addresses only.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kmsak_emulator::{Emulator, TrustPolicy};
use serde_json::json;

use super::*;
use crate::event::Subscribers;
use crate::identity::source::SourceKind;
use crate::identity::sts::StsPlace;
use crate::process::clock_and_chance::{SystemRandom, WallClock};
use crate::process::protected::ProtectedBytes;
use crate::process::source::Source as Bytes;
use crate::transport::TransportConfig;

const LONG: Duration = Duration::from_secs(20);

struct Test {
    emulator: Emulator,
    home: tempfile::TempDir,
    metadata: String,
    variables: HashMap<&'static str, OsString>,
}

impl Test {
    fn new() -> Self {
        let emulator = Emulator::start().expect("an emulator");
        let home = tempfile::tempdir().expect("a folder");
        let variables = HashMap::from([("HOME", home.path().as_os_str().to_owned())]);
        Test { metadata: emulator.metadata_endpoint(), emulator, home, variables }
    }

    fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a folder");
        std::fs::write(path, text).expect("a writable folder");
        self
    }

    fn profiles(&self, current: &str, profiles: &[serde_json::Value]) -> &Self {
        self.write(".aliyun/config.json", &json!({"current": current, "profiles": profiles}).to_string())
    }

    fn chain(&self) -> Chain {
        let variables = self.variables.clone();
        let ca = ProtectedBytes::copy_from(self.emulator.ca_pem().as_bytes());
        Chain::new(&SourceConfig {
            kind: SourceKind::Default,
            variables: Arc::new(move |name: &str| variables.get(name).cloned()),
            metadata: self.metadata.clone(),
            sts: StsPlace {
                endpoint: Some(self.emulator.sts_https_endpoint().replace("https://", "")),
                region_id: None,
                vpc: false,
                transport: TransportConfig {
                    ca: Some(Arc::new(Bytes::Inline { name: "the CA".to_owned(), bytes: ca })),
                    more_public_cas: None,
                    of_instance: false,
                    ignore_ssl_certs: false,
                    connect_timeout: LONG,
                    read_timeout: LONG,
                    http_proxy: None,
                    https_proxy: None,
                    no_proxy: None,
                },
            },
        })
    }

    fn ask(&self) -> Result<AccessKey> {
        ask(&self.chain())
    }

    fn assumer(&self, name: &str, mode: &str) -> serde_json::Value {
        let key = self.emulator.user_access_key("assumer").expect("an AccessKey");
        json!({"name": name, "mode": mode, "access_key_id": key.id, "access_key_secret": key.secret})
    }
}

fn world() -> World {
    World {
        clock: Arc::new(WallClock),
        random: Arc::new(SystemRandom),
        skew: Arc::default(),
        subscribers: Subscribers::new(),
        user_agent: "test".into(),
    }
}

fn ask(chain: &Chain) -> Result<AccessKey> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(chain.ask(&world()))
}

#[test]
fn on_an_instance_its_role_is_found_when_nothing_else_is_said() {
    let test = Test::new();
    let key = test.ask().expect("a role");
    assert_eq!(key.origin, "default/ecs_ram_role");
    assert!(key.token().is_some() && key.expires.is_some());
    let off = test.with("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "TRUE");
    let error = off.ask().expect_err("nothing");
    assert!(
        error.message().starts_with("nothing says who asks KMS: set ALIBABA_CLOUD_ACCESS_KEY_ID"),
        "{error}"
    );
}

#[test]
fn oidc_comes_before_profiles() {
    let test = Test::new();
    test.write("token", &test.emulator.oidc_token().expect("a token"));
    test.profiles("a", &[test.assumer("a", "AK")]);
    let (file, provider) = (test.home.path().join("token"), test.emulator.oidc_provider_arn().expect("one"));
    let role = test.emulator.role_arn("oidc-reader");
    let test = test
        .with("ALIBABA_CLOUD_ROLE_ARN", role)
        .with("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", provider)
        .with("ALIBABA_CLOUD_OIDC_TOKEN_FILE", file);
    assert_eq!(test.ask().expect("a role").origin, "default/oidc_role_arn");
}

#[test]
fn profiles_assume_roles_of_roles() {
    let test = Test::new();
    let emulator = &test.emulator;
    let first = emulator.role_arn("ram-reader");
    emulator
        .edit_role("ram-reader", |role| role.policies.push("AliyunSTSAssumeRoleAccess".to_owned()))
        .expect("a role");
    emulator.create_role("second", &TrustPolicy::ram(&first), &["ReadSecrets"]).expect("a role");
    let mut one = test.assumer("one", "RamRoleArn");
    one["ram_role_arn"] = json!(first);
    one["ram_session_name"] = json!("app");
    let two = |source: &str| {
        json!({"name": "two", "mode": "ChainableRamRoleArn", "source_profile": source,
               "ram_role_arn": emulator.role_arn("second")})
    };
    test.profiles("one", &[one.clone()]);
    assert_eq!(test.ask().expect("a role").origin, "default/cli_profile/ram_role_arn/static_ak");
    test.profiles("two", &[two("one"), one.clone()]);
    let key = test.ask().expect("a role of a role");
    assert_eq!(key.origin, "default/cli_profile/ram_role_arn/ram_role_arn/static_ak");
    let token = emulator.sts_tokens().into_iter().find(|token| token.access_key_id == key.id());
    assert_eq!(token.expect("it was given out").role, "second");
    test.profiles("two", &[two("two"), one]);
    let error = test.with("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true").ask().expect_err("a circle");
    assert!(error.message().contains("leads back to it"), "{error}");
}

#[test]
fn what_gave_the_access_key_stays_and_what_was_away_is_asked_again() {
    let test = Test::new();
    test.profiles("a", &[test.assumer("a", "AK")]);
    let chain = test.chain();
    let id = ask(&chain).expect("a profile").id().to_owned();
    // The profile's AccessKey is replaced in the file.
    test.profiles(
        "a",
        &[json!({"name": "a", "mode": "AK", "access_key_id": "LTAI9", "access_key_secret": "s"})],
    );
    let other = ask(&chain).expect("a profile");
    assert_eq!((other.id(), other.origin.as_str()), ("LTAI9", "default/cli_profile/static_ak"));
    assert_ne!(id, "LTAI9");
    std::fs::remove_file(test.home.path().join(".aliyun/config.json")).expect("it goes");
    assert_eq!(ask(&chain).expect("the next one").origin, "default/ecs_ram_role");
}

#[test]
fn a_login_that_ends_when_no_clock_can_show_it_is_no_panic() {
    let test = Test::new().with("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    let mut login = test.assumer("a", "CloudSSO");
    login["sts_token"] = json!("CAIS");
    login["sts_expiration"] = json!(u64::MAX);
    test.profiles("a", &[login]);
    let error = test.ask().expect_err("nobody knows when it ends");
    assert!(error.message().contains("the login of its mode CloudSSO has ended"), "{error}");
}

#[test]
fn off_the_cloud_nobody_waits_longer_than_a_second() {
    // It takes the connection and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut test = Test::new();
    test.metadata = format!("http://{}", silent.local_addr().expect("an address"));
    let chain = test.chain();
    // The clock stands still until there is nothing to do but wait, and jumps to the end of that.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let waited = runtime.block_on(async {
        let started = tokio::time::Instant::now();
        chain.ask(&world()).await.expect_err("nobody answers");
        started.elapsed()
    });
    assert_eq!(waited.as_secs(), 1, "{waited:?}");
}

#[test]
fn off_the_cloud_the_metadata_service_is_asked_but_once() {
    // It takes the connection and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let uri = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = uri.local_addr().expect("an address");
    std::thread::spawn(move || {
        for connection in uri.incoming() {
            let mut connection = connection.expect("a connection");
            let _read = connection.read(&mut [0; 4096]).expect("a request");
            let body = r#"{"Code":"Success","AccessKeyId":"STS.1","AccessKeySecret":"s","SecurityToken":"t",
                          "Expiration":"2099-01-01T00:00:00Z"}"#;
            write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                .expect("it reads");
        }
    });
    let mut test = Test::new().with("ALIBABA_CLOUD_CREDENTIALS_URI", format!("http://{address}/"));
    test.metadata = format!("http://{}", silent.local_addr().expect("an address"));
    let chain = test.chain();
    assert_eq!(ask(&chain).expect("the URI").origin, "default/credential_uri");
    silent.set_nonblocking(true).expect("a socket");
    assert!(silent.accept().is_ok(), "the metadata service was asked");
    while silent.accept().is_ok() {}
    ask(&chain).expect("the URI");
    let asked = silent.accept().map(|_| ()).map_err(|error| error.kind());
    assert_eq!(asked, Err(ErrorKind::WouldBlock), "the metadata service is not asked again");
}
