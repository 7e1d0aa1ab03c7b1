use kmsak_emulator::{AccessPoint, Emulator, PermissionPolicy, Role, Scope, SecretValue};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::client::*;

fn names(dir: &Path) -> BTreeSet<String> {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Starts it, or starts it again: one that was dropped on a busy machine may need some time to let go of its folder.
pub(crate) fn start(dir: &Path) -> Emulator {
    let end = Instant::now() + PATIENCE;
    loop {
        match Emulator::builder().dir(dir).start() {
            Err(error) if error.to_string().contains("another emulator runs") && Instant::now() < end => {
                std::thread::yield_now();
            }
            started => return started.unwrap(),
        }
    }
}

#[test]
fn the_folder_has_all_a_client_needs_and_nobody_else_can_read_it() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("a/b");
    let emulator = Emulator::builder().dir(&dir).instance_gateways(2).start().unwrap();
    let expected = [
        "admin.json",
        "ca.pem",
        "clientKey.json",
        "clientKey_Password.txt",
        "emulator.key",
        "emulator.lock",
        "emulator.state",
        "off_the_cloud.properties",
        "oidc_token",
        "on_the_cloud.properties",
        "operator.ini",
        "with_access_key.properties",
        "with_ecs_ram_role.properties",
        "with_oidc_role.properties",
        "with_ram_role.properties",
        "with_sts_token.properties",
    ];
    assert_eq!(names(&dir), expected.map(str::to_owned).into());
    // On Windows the folder above says who may.
    #[cfg(unix)]
    {
        let mode = |path: &Path| {
            let permissions = path.metadata().unwrap().permissions();
            std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777
        };
        assert_eq!(mode(&dir), 0o700);
        for name in expected {
            assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
        }
    }
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    assert_eq!(read("ca.pem"), emulator.ca_pem());
    assert_eq!(read("clientKey.json"), emulator.client_key().unwrap().json);
    let on = read("on_the_cloud.properties");
    for endpoint in emulator.instance_endpoints() {
        assert!(on.contains(&endpoint), "{on}");
    }
    assert!(read("off_the_cloud.properties").contains(&emulator.shared_endpoint()));
    let admin: serde_json::Value = serde_json::from_str(&read("admin.json")).unwrap();
    assert_eq!(admin["admin"], emulator.admin_url());
    assert_eq!(admin["operator"]["accessKeyId"], emulator.operator().unwrap().id);
}

#[test]
fn each_gateway_has_a_region_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    for own in ["cn-shanghai", "cn-hangzhou", "ap-southeast-1"] {
        let emulator =
            Emulator::builder().region(own).instance_gateways(10).shared_gateways(10).start().unwrap();
        let folder = emulator.write_folder(dir.path()).unwrap();
        for file in [folder.on_the_cloud, folder.off_the_cloud] {
            let text = std::fs::read_to_string(file).unwrap();
            let list = text.lines().find_map(|line| line.split_once("=[")).unwrap().1;
            let list: Vec<serde_json::Value> = serde_json::from_str(&format!("[{list}")).unwrap();
            let regions: BTreeSet<&str> = list.iter().map(|one| one["regionId"].as_str().unwrap()).collect();
            assert_eq!(regions.len(), 10, "{text}");
            assert_eq!(list[0]["regionId"], own);
        }
    }
}

#[test]
fn a_restart_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let start = || start(dir.path());
    let first = start();
    first.create_secret("plain", "Generic", SecretValue::text("do-not-find-me")).unwrap();
    first.rotate(SECRET, Duration::from_secs(86_400)).unwrap();
    let extra = first.issue_client_key("app").unwrap();
    first.revoke_client_key(&extra.key_id).unwrap();
    first.advance_clock(Duration::from_secs(3600)).unwrap();
    let (ca, key, access_key) =
        (first.ca_pem().to_owned(), first.client_key().unwrap(), first.access_key_of(SECRET).unwrap());
    let endpoints = (first.instance_endpoint(), first.shared_endpoint(), first.admin_url());
    drop(first);

    let state = std::fs::read(dir.path().join("emulator.state")).unwrap();
    for hidden in ["do-not-find-me", &access_key.id, &access_key.secret, "PRIVATE KEY"] {
        let found = state.windows(hidden.len()).any(|part| part == hidden.as_bytes());
        assert!(!found, "{hidden} stands in the state file");
    }

    let second = start();
    let again = Emulator::builder().dir(dir.path()).start().unwrap_err();
    assert!(again.to_string().contains("another emulator runs"), "{again}");
    assert_eq!(second.ca_pem(), ca);
    assert_eq!(second.client_key().unwrap().json, key.json);
    assert_eq!(second.access_key_of(SECRET).unwrap().secret, access_key.secret);
    assert_eq!((second.instance_endpoint(), second.shared_endpoint(), second.admin_url()), endpoints);
    assert_eq!(second.secret("plain").unwrap().versions.len(), 1);
    assert!(second.secret(SECRET).unwrap().running.is_some());
    let ahead = second.now() - kmsak_emulator::OffsetDateTime::now_utc();
    assert!(ahead > time::Duration::minutes(59));
    let answer = simple_fetch(&second, &https(&second), SECRET).unwrap();
    assert!(answer.data.contains(&access_key.id));
    // The overlap goes on across the restart.
    second.advance_clock(Duration::from_secs(86_400)).unwrap();
    assert!(second.secret(SECRET).unwrap().running.is_none());
}

#[test]
fn a_replay_is_refused_and_a_quota_goes_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let start = || start(dir.path());
    let first = start();
    let operator = first.operator().unwrap();
    let ask = |emulator: &Emulator, request: &Rpc| {
        let url = format!("https://{}", emulator.shared_endpoint());
        let (status, body) = json(request.post(&https(emulator), &url));
        (status, body["Code"].as_str().unwrap_or("").to_owned())
    };
    let rotate = |emulator: &Emulator| {
        let request = Rpc::kms(emulator, "RotateSecret").set("SecretName", SECRET).set("VersionId", "2");
        request.for_access_key(&operator).sign_hmac("POST", &operator)
    };
    for _ in 0..49 {
        assert_eq!(ask(&first, &rotate(&first)).0, 200);
    }
    let last = rotate(&first);
    assert_eq!(ask(&first, &last).0, 200);
    drop(first);
    let second = start();
    assert_eq!(ask(&second, &last), (400, "SignatureNonceUsed".into()));
    assert_eq!(ask(&second, &rotate(&second)).0, 429);
}

#[test]
fn reading_writes_nothing_even_after_a_jump_over_thousands_of_rotations() {
    let dir = tempfile::tempdir().unwrap();
    let emulator = Emulator::builder().dir(dir.path()).start().unwrap();
    let hour = Duration::from_secs(3600);
    emulator.set_overlaps(Duration::ZERO, Duration::ZERO).unwrap();
    emulator.schedule_rotation(SECRET, hour, emulator.now() + hour).unwrap();
    emulator.advance_clock(hour * 24 * 365).unwrap();
    let next = emulator.secret(SECRET).unwrap().next_rotation.unwrap();
    assert!(next > emulator.now() && next <= emulator.now() + hour, "{next}");
    // Each writing begins with another nonce.
    let state = || std::fs::read(dir.path().join("emulator.state")).unwrap();
    let before = state();
    emulator.secrets();
    assert!(state() == before);
}

#[test]
fn of_many_that_start_on_a_new_folder_one_runs() {
    for _ in 0..5 {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("kms");
        let together = Barrier::new(8);
        let start = || {
            together.wait();
            Emulator::builder().dir(&dir).start()
        };
        let results: Vec<_> = std::thread::scope(|scope| {
            let starting: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            starting.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        for error in results.iter().filter_map(|result| result.as_ref().err()) {
            assert!(error.to_string().contains("another emulator runs"), "{error}");
        }
    }
}

#[test]
fn a_damaged_folder_is_refused_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    drop(start(dir.path()));
    let state = dir.path().join("emulator.state");
    let key = dir.path().join("emulator.key");
    let good_state = std::fs::read(&state).unwrap();
    let good_key = std::fs::read(&key).unwrap();
    let refusal = || {
        let end = Instant::now() + PATIENCE;
        loop {
            let error = Emulator::builder().dir(dir.path()).start().unwrap_err().to_string();
            if !error.contains("another emulator runs") || Instant::now() > end {
                return error;
            }
        }
    };
    let mut flipped = good_state.clone();
    flipped[100] ^= 1;
    for (what, state_bytes, key_bytes, says) in [
        ("flipped", flipped, good_key.clone(), "is damaged or belongs to another key"),
        ("short", vec![1, 2], good_key.clone(), "is damaged"),
        ("other key", good_state.clone(), vec![7; 32], "is damaged or belongs to another key"),
        ("short key", good_state.clone(), vec![7; 3], "32 bytes"),
    ] {
        std::fs::write(&state, state_bytes).unwrap();
        std::fs::write(&key, key_bytes).unwrap();
        let error = refusal();
        assert!(error.contains(says), "{what}: {error}");
    }
    std::fs::remove_file(&key).unwrap();
    std::fs::write(&state, good_state).unwrap();
    assert!(refusal().contains("is missing"));

    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    assert!(Emulator::builder().dir(&file).start().is_err());
}

#[test]
fn ports_can_be_chosen() {
    let probe = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = probe.local_addr().unwrap().port();
    let error = Emulator::builder().port(busy).start().unwrap_err().to_string();
    assert!(error.contains(&format!("127.0.0.1:{busy}")), "{error}");
    assert!(Emulator::builder().port(65_535).start().is_err());
    assert!(Emulator::builder().instance_gateways(0).start().is_err());
    assert!(Emulator::builder().shared_gateways(11).start().is_err());
    for region in ["", "x y", "hangzhou\"}]"] {
        let error = Emulator::builder().region(region).start().unwrap_err().to_string();
        assert!(error.contains("is no region id"), "{error}");
    }
    assert!(Emulator::builder().client_key_validity(Duration::MAX).start().is_err());
    // Other tests take ports meanwhile, so one of several blocks must be free.
    let chosen = (0..20).find_map(|block| {
        let first = 21_000 + block * 50;
        let emulator =
            Emulator::builder().port(first).instance_gateways(2).shared_gateways(2).start().ok()?;
        Some((first, emulator))
    });
    let (first, emulator) = chosen.unwrap();
    let at = |distance: u16| format!("127.0.0.1:{}", first + distance);
    assert_eq!(emulator.instance_endpoints(), [at(0), at(11)]);
    assert_eq!(emulator.shared_endpoints(), [at(1), at(21)]);
    assert_eq!(emulator.sts_endpoint(), at(2));
    assert_eq!(emulator.sts_https_endpoint(), at(3));
    assert_eq!(emulator.oss_endpoint(), at(4));
    assert_eq!(emulator.oss_https_endpoint(), at(5));
    assert_eq!(emulator.admin_url(), format!("http://{}", at(6)));
    assert_eq!(emulator.metadata_endpoint(), format!("http://{}", at(7)));
}

#[cfg_attr(
    target_vendor = "apple",
    ignore = "macOS has no loopback address but 127.0.0.1 until one is added"
)]
#[test]
fn services_listen_where_they_are_told_to_and_the_admin_interface_on_loopback() {
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = "127.0.0.2".parse().unwrap();
    let emulator = Emulator::builder().listen(elsewhere).name("kms.test").dir(dir.path()).start().unwrap();
    assert!(emulator.instance_endpoint().starts_with("127.0.0.2:"));
    assert!(emulator.admin_url().starts_with("http://127.0.0.1:"));
    let on = std::fs::read_to_string(dir.path().join("on_the_cloud.properties")).unwrap();
    assert!(on.contains(&emulator.instance_endpoint()), "{on}");
    let summary = emulator.summary();
    assert_eq!(summary["endpoints"]["oss"], format!("http://{}", emulator.oss_endpoint()));
    assert!(std::net::TcpStream::connect(emulator.instance_endpoint().replace(".2:", ".1:")).is_err());
    // TLS is verified: by the address, and by the name.
    assert!(simple_fetch(&emulator, &https(&emulator), SECRET).is_ok());
    let port = emulator.instance_endpoint().split_once(':').unwrap().1.to_owned();
    let named = https_builder(&emulator)
        .resolve("kms.test", emulator.instance_endpoint().parse().unwrap())
        .build()
        .unwrap();
    assert!(named.get(format!("https://kms.test:{port}/")).send().is_ok());

    let everywhere = Emulator::builder().listen("0.0.0.0".parse().unwrap()).start().unwrap();
    assert!(everywhere.instance_endpoint().starts_with("127.0.0.1:"));
    assert!(Emulator::builder().name("no name").start().is_err());
    assert!(Emulator::builder().listen("192.0.2.1".parse().unwrap()).start().is_err());
}

#[cfg_attr(target_vendor = "apple", ignore = "as above")]
#[test]
fn a_network_rule_goes_by_the_address_that_a_client_comes_from() {
    let emulator = Emulator::builder().listen("127.0.0.2".parse().unwrap()).start().unwrap();
    let policy = PermissionPolicy {
        scope: Scope::Instance(emulator.instance_id().to_owned()),
        roles: vec![Role::CryptoServiceSecretUser, Role::CryptoServiceKeyUser],
        secrets: vec!["*".into()],
        keys: vec!["*".into()],
        sources: vec!["127.0.0.3/32".parse().unwrap()],
    };
    emulator.put_access_point(AccessPoint { name: "app".into(), policies: vec![policy] }).unwrap();
    let from = |address: &str| {
        let address: std::net::IpAddr = address.parse().unwrap();
        let client = https_builder(&emulator).local_address(address).build().unwrap();
        simple_fetch(&emulator, &client, SECRET).map(|_| ()).map_err(|error| error.0)
    };
    assert_eq!(from("127.0.0.3"), Ok(()));
    assert_eq!(from("127.0.0.4"), Err(403));
}

#[test]
fn generated_keys_are_all_different() {
    let emulator = Emulator::builder().generated_keys().start().unwrap();
    let first = private_key(&emulator.client_key().unwrap());
    let second = private_key(&emulator.issue_client_key("app").unwrap());
    assert_ne!(first.public().as_ref(), second.public().as_ref());
    assert!(simple_fetch(&emulator, &https(&emulator), SECRET).is_ok());
}

#[test]
fn each_identity_has_a_properties_file_for_as_long_as_it_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let start = || start(dir.path());
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap_or_default();
    let emulator = start();
    let sts = format!("sts_endpoint={}\nsts_ca_file_path=ca.pem\n", emulator.sts_https_endpoint());
    let metadata = format!("ecs_metadata_endpoint={}\n", emulator.metadata_endpoint());
    let role = |name: &str| format!("credentials_role_arn={}\n", emulator.role_arn(name));
    for (name, parts) in [
        ("access_key", vec!["credentials_type=ak\n", &emulator.user_access_key("reader").unwrap().id]),
        ("sts_token", vec!["credentials_type=sts\n", "credentials_security_token=CAIS"]),
        (
            "ecs_ram_role",
            vec!["credentials_type=ecs_ram_role\n", "credentials_role_name=ecs-reader\n", &metadata],
        ),
        ("ram_role", vec!["credentials_type=ram_role\n", &role("ram-reader"), &sts]),
        ("oidc_role", vec!["credentials_type=oidc_role_arn\n", &role("oidc-reader"), &sts, "=oidc_token\n"]),
    ] {
        let text = read(&format!("with_{name}.properties"));
        for part in parts {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let shared = text.lines().find(|line| line.starts_with("cache_client_region_id=")).unwrap();
        assert!(shared.contains(&emulator.shared_endpoint()), "{text}");
        let instance = text.lines().find(|line| line.starts_with("# cache_client_region_id=")).unwrap();
        assert!(instance.contains(&emulator.instance_endpoint()), "{text}");
    }
    let token = read("with_sts_token.properties");
    emulator.delete_user("reader").unwrap();
    emulator.set_metadata_role(None).unwrap();
    drop(emulator);
    let emulator = start();
    let names = names(dir.path());
    for gone in ["with_access_key.properties", "with_ecs_ram_role.properties"] {
        assert!(!names.contains(gone), "{gone} is still there");
    }
    assert_ne!(read("with_sts_token.properties"), token);
    let oidc = read("oidc_token");
    drop(emulator);
    // The token of the earlier start is still good at the next.
    let emulator = start();
    let request = crate::oidc::request(&emulator, &oidc);
    let url = format!("https://{}", emulator.sts_https_endpoint());
    assert_eq!(json(request.get(&https(&emulator), &url)).0, 200);
}
