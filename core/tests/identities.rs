//! Every identity that KMS takes, through both gateways, with rotations and faults.

mod fixture;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use fixture::{APP, Kms, PATIENCE, Told};
use kmsak::{Event, Kind, Provider};
use kmsak_emulator::{Emulator, Endpoint, Fault, MetadataMode};

/// A copy of the file that goes through the shared gateway, or through the instance gateway as its comment has it.
fn through(kms: &Kms, file: &Path, instance: bool) -> PathBuf {
    const GATEWAYS: &str = "cache_client_region_id";

    let text = fs::read_to_string(file).expect("the properties file");
    let commented = format!("# {GATEWAYS}");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !(instance && line.starts_with(GATEWAYS)))
        .map(|line| if instance && line.starts_with(&commented) { &line[2..] } else { line })
        .collect();
    let path = kms.folder.path().join(format!("through-{instance}.properties"));
    fs::write(&path, lines.join("\n")).expect("a writable folder");
    path
}

fn identities(kms: &Kms) -> [(&'static str, PathBuf); 5] {
    let files = &kms.files;
    [
        ("ak", files.with_access_key.clone()),
        ("sts", files.with_sts_token.clone()),
        ("ecs_ram_role", files.with_ecs_ram_role.clone()),
        ("ram_role", files.with_ram_role.clone()),
        ("oidc_role_arn", files.with_oidc_role.clone()),
    ]
}

#[test]
fn every_identity_reads_through_both_gateways_and_follows_a_rotation() {
    let kms = Kms::start();
    for (kind, file) in identities(&kms) {
        for instance in [false, true] {
            let properties = through(&kms, &file, instance);
            let provider = kms.provider(&properties, "");
            let what = format!("{kind} through the instance gateway: {instance}");
            let credentials = provider.credentials(APP).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(credentials.access_key_id(), kms.access_key_id(), "{what}");
            let (old, new) = kms.rotate_without_overlap();
            let renewed = provider.renew(APP, &old).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(renewed.access_key_id(), new, "{what}");
            let stats = provider.stats();
            let [identity] = stats.identities.as_slice() else { panic!("{:?}", stats.identities) };
            assert_eq!(identity.kind, kind);
            assert!(identity.access_key_id.is_some() && identity.origin.is_some(), "{identity:?}");
            assert_eq!(identity.expires.is_some(), !matches!(kind, "ak" | "sts"), "{identity:?}");
            let endpoint = &stats.endpoints[0].endpoint;
            let expected =
                if instance { kms.emulator.instance_endpoint() } else { kms.emulator.shared_endpoint() };
            assert_eq!(*endpoint, expected, "{what}");
        }
    }
}

#[test]
fn who_may_do_nothing_is_told_what_to_mend_in_ram() {
    let kms = Kms::start();
    kms.emulator.create_user("nobody", &[]).expect("a user");
    for instance in [false, true] {
        let key = kms.emulator.create_access_key("nobody").expect("an AccessKey");
        let properties = through(&kms, &kms.files.with_access_key, instance);
        let text = fs::read_to_string(&properties).expect("the file");
        let text: Vec<String> = text
            .lines()
            .filter(|line| !line.starts_with("credentials_access"))
            .map(str::to_owned)
            .chain([
                format!("credentials_access_key_id={}", key.id),
                format!("credentials_access_secret={}", key.secret),
            ])
            .collect();
        fs::write(&properties, text.join("\n")).expect("a writable folder");
        let provider = Provider::from_file(&properties).expect("a good file");
        let error = provider.credentials(APP).expect_err("nothing is allowed");
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.message().contains("in RAM"), "{error}");
        assert!(error.message().contains("kms:Decrypt"), "{error}");
        assert!(!error.message().contains("application access point"), "{error}");
        kms.emulator.delete_access_key(&key.id).expect("it goes");
        // Who asks again for what was just refused is told the same.
        let provider = Provider::from_file(&properties).expect("a good file");
        let error = provider.credentials(APP).expect_err("it is deleted");
        assert!(error.message().contains("does not know this AccessKey"), "{error}");
    }
}

#[test]
fn a_token_that_ended_is_replaced_in_the_middle_of_a_call() {
    let kms = Kms::start();
    let provider = kms.provider(&kms.files.with_ram_role, "");
    let told = Told::by(&provider);
    provider.credentials(APP).expect("KMS answers");
    let Event::IdentityRenewed { access_key_id: first, expires, .. } = told.wait_for("identity_renewed")
    else {
        unreachable!()
    };
    assert!(expires.is_some_and(|end| end > SystemTime::now()));
    kms.emulator.expire_sts_tokens("ram-reader").expect("they end");
    let (old, new) = kms.rotate_without_overlap();
    assert_eq!(provider.renew(APP, &old).expect("a new token is fetched").access_key_id(), new);
    let Event::IdentityRenewed { access_key_id: second, .. } = told.wait_for("identity_renewed") else {
        unreachable!()
    };
    assert_ne!(first, second);
}

#[test]
fn many_secrets_at_once_fetch_one_token() {
    let kms = Kms::start();
    for number in 0..8 {
        kms.emulator.create_ram_secret(&format!("user-{number}")).expect("a secret");
    }
    let mark = kms.emulator.mark();
    let provider = kms.provider(&kms.files.with_ram_role, "");
    let waiting: Vec<_> =
        (0..8).map(|number| provider.begin_credentials(&format!("acs/ram/user/user-{number}"))).collect();
    for one in waiting {
        one.wait().expect("KMS answers");
    }
    let asked = kms
        .emulator
        .events_since(mark)
        .iter()
        .filter_map(|event| event.request())
        .filter(|request| request.endpoint == Endpoint::StsHttps)
        .count();
    assert_eq!(asked, 1);
}

#[test]
fn a_clock_that_is_wrong_is_learnt_from_sts() {
    let kms = Kms::start();
    kms.emulator.advance_clock(Duration::from_secs(20 * 60)).expect("a clock");
    let provider = kms.provider(&kms.files.with_ram_role, "");
    provider.credentials(APP).expect("the second request has the right time");
    assert!(provider.stats().clock_skew_milliseconds > 19 * 60 * 1000);
    kms.emulator.rewind_clock(Duration::from_secs(40 * 60)).expect("a clock");
    let (old, new) = kms.rotate_without_overlap();
    assert_eq!(provider.renew(APP, &old).expect("and back").access_key_id(), new);
}

#[test]
fn sts_away_or_throttling_harms_nobody_who_has_a_token() {
    let kms = Kms::start();
    let provider = kms.provider(&kms.files.with_ram_role, "");
    provider.credentials(APP).expect("KMS answers");
    for fault in [Fault::error(400, "Throttling.User"), Fault::drop_connection(), Fault::garbage()] {
        kms.emulator.clear_faults();
        kms.emulator.inject(fault.on(Endpoint::StsHttps)).expect("a fault");
        let (old, new) = kms.rotate_without_overlap();
        assert_eq!(provider.renew(APP, &old).expect("the token is good").access_key_id(), new);
    }
}

#[test]
fn a_passing_fault_of_sts_and_of_the_metadata_service_is_not_noticed() {
    let kms = Kms::start();
    for fault in [
        Fault::error(503, "ServiceUnavailable"),
        Fault::error(400, "Throttling.User"),
        Fault::drop_connection(),
        Fault::garbage(),
        Fault::truncated_body(),
    ] {
        for (file, endpoint) in [
            (&kms.files.with_ram_role, Endpoint::StsHttps),
            (&kms.files.with_oidc_role, Endpoint::StsHttps),
            (&kms.files.with_ecs_ram_role, Endpoint::Metadata),
        ] {
            if endpoint == Endpoint::Metadata && format!("{fault:?}").contains("Throttling") {
                continue;
            }
            kms.emulator.inject(fault.clone().on(endpoint).times(1)).expect("a fault");
            let credentials = kms.provider(file, "").credentials(APP);
            assert!(credentials.is_ok(), "{fault:?} on {endpoint:?}: {credentials:?}");
            kms.emulator.clear_faults();
        }
    }
}

#[test]
fn a_slow_metadata_service_is_given_up_and_asked_again() {
    let kms = Kms::start();
    kms.emulator.inject(Fault::hang().on(Endpoint::Metadata).times(1)).expect("a fault");
    let provider = kms.provider(&kms.files.with_ecs_ram_role, "");
    provider.credentials(APP).expect("the second question is answered");
    assert!(!provider.stats().endpoints[0].down, "the gateway is not to blame");
}

#[test]
fn a_metadata_service_is_asked_with_a_token_and_without_one_only_where_it_knows_none() {
    let kms = Kms::start();
    let asked = |mode| {
        kms.emulator.set_metadata_mode(mode).expect("a mode");
        let mark = kms.emulator.mark();
        let provider = kms.provider(&kms.files.with_ecs_ram_role, "");
        provider.credentials(APP).expect("KMS answers");
        let actions = kms.emulator.events_since(mark);
        let actions: BTreeSet<_> = actions
            .iter()
            .filter_map(|event| event.request())
            .filter(|request| request.endpoint == Endpoint::Metadata)
            .map(|request| format!("{} {}", request.action, request.status))
            .collect();
        actions
    };
    // On a busy machine each may be asked again.
    let those = |actions: [&str; 2]| BTreeSet::from(actions.map(str::to_owned));
    assert_eq!(asked(MetadataMode::V1AndV2), those(["token 200", "credentials 200"]));
    assert_eq!(asked(MetadataMode::V2Only), those(["token 200", "credentials 200"]));
    assert_eq!(asked(MetadataMode::V1Only), those(["token 404", "credentials 200"]));
}

/// The properties of the ECS instance's role, its name left to the metadata service.
fn with_unnamed_role(kms: &Kms) -> PathBuf {
    let text = fs::read_to_string(&kms.files.with_ecs_ram_role).expect("the file");
    let text = text.replace("credentials_role_name", "# credentials_role_name");
    let unnamed = kms.folder.path().join("unnamed.properties");
    fs::write(&unnamed, text).expect("a writable folder");
    unnamed
}

#[test]
fn a_role_that_is_not_known_yet_is_asked_for_again() {
    let kms = Kms::start();
    let (named, unnamed) = (kms.files.with_ecs_ram_role.clone(), with_unnamed_role(&kms));
    for (file, endpoint, mode, action) in [
        (&named, Endpoint::Metadata, MetadataMode::V1AndV2, "credentials"),
        (&unnamed, Endpoint::Metadata, MetadataMode::V1AndV2, "role"),
        // Without a metadata token it is asked as if it knew none, and refuses.
        (&named, Endpoint::Metadata, MetadataMode::V2Only, "token"),
        (&unnamed, Endpoint::Metadata, MetadataMode::V2Only, "token"),
        (&kms.files.with_ram_role, Endpoint::StsHttps, MetadataMode::V1AndV2, "AssumeRole"),
    ] {
        kms.emulator.set_metadata_mode(mode).expect("a mode");
        let fault = Fault::error(404, "EntityNotExist.Role").on(endpoint).action(action).times(2);
        kms.emulator.inject(fault).expect("a fault");
        let provider = Provider::from_file(file).expect("a good file");
        let credentials = provider.credentials(APP);
        assert!(credentials.is_ok(), "{action} in {}: {credentials:?}", file.display());
        kms.emulator.clear_faults();
    }
}

#[test]
fn an_instance_without_a_role_says_so() {
    let kms = Kms::start();
    kms.emulator.set_metadata_role(None).expect("none");
    let named = kms.provider(&kms.files.with_ecs_ram_role, "").credentials(APP).expect_err("no role");
    assert!(named.message().contains("has nothing for the RAM role ecs-reader"), "{named}");
    let provider = Provider::from_file(with_unnamed_role(&kms)).expect("the role's name may be left out");
    let mark = kms.emulator.mark();
    let error = provider.credentials(APP).expect_err("no role");
    let asked = kms.emulator.events_since(mark);
    let asked = asked.iter().filter_map(|event| event.request()).filter(|request| request.action == "role");
    assert!(asked.count() >= 3, "a role that was attached just now would have been there");
    assert!(error.message().contains("knows no RAM role of this ECS instance"), "{error}");
    assert_eq!((error.kind(), error.retryable()), (Kind::Denied, false));
    kms.emulator.set_metadata_role(Some("ecs-reader")).expect("a role");
    let started = Instant::now();
    while let Err(error) = provider.credentials(APP) {
        assert!(started.elapsed() < PATIENCE, "{error}");
    }
}

#[test]
fn a_role_that_is_not_there_or_trusts_nobody_is_told_in_one_sentence() {
    let kms = Kms::start();
    let text = fs::read_to_string(&kms.files.with_ram_role).expect("the file");
    let with_role = |role: &str| {
        let path = kms.folder.path().join("role.properties");
        fs::write(&path, text.replace("role/ram-reader", &format!("role/{role}")))
            .expect("a writable folder");
        Provider::from_file(path).expect("a good file").credentials(APP).expect_err("no role")
    };
    let error = with_role("no-such-role");
    assert!(error.message().contains("there is no role acs:ram::"), "{error}");
    assert_eq!(error.code(), Some("EntityNotExist.Role"));
    assert!(error.request_id().is_some());
    let error = with_role("ecs-reader");
    assert!(error.message().contains("let the role's trust policy name it"), "{error}");
    assert_eq!(error.code(), Some("NoPermission"));
}

#[test]
fn the_oidc_token_is_read_anew_each_time() {
    let kms = Kms::start();
    let good = fs::read(&kms.files.oidc_token).expect("a token");
    fs::write(&kms.files.oidc_token, "").expect("a writable folder");
    let provider = kms.provider(&kms.files.with_oidc_role, "fetch_deadline=3000");
    let error = provider.credentials(APP).expect_err("no token");
    assert!(error.message().contains("holds no token"), "{error}");
    fs::write(&kms.files.oidc_token, "a.b.c").expect("a writable folder");
    let started = Instant::now();
    loop {
        let error = provider.credentials(APP).expect_err("no token");
        if error.message().contains("does not accept the OIDC token") {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "{error}");
    }
    fs::write(&kms.files.oidc_token, good).expect("a writable folder");
    while let Err(error) = provider.credentials(APP) {
        assert!(started.elapsed() < PATIENCE * 2, "{error}");
    }
}

#[test]
fn gateways_may_have_different_identities() {
    let kms = Kms::start();
    let text = fs::read_to_string(&kms.files.with_access_key).expect("the file");
    let instance = kms.emulator.instance_endpoint();
    let shared = kms.emulator.shared_endpoint();
    let both = format!(
        "cache_client_region_id=[{{\"regionId\":\"cn-hangzhou\",\"endpoint\":\"{shared}\",\"caFilePath\":\"ca.pem\",\
         \"clientKeyFile\":\"clientKey.json\",\"passwordFromFilePath\":\"clientKey_Password.txt\"}},\
         {{\"regionId\":\"cn-hangzhou\",\"endpoint\":\"{instance}\",\"caFilePath\":\"ca.pem\"}}]"
    );
    let text: Vec<_> =
        text.lines().filter(|line| !line.contains("cache_client_region_id")).chain([both.as_str()]).collect();
    let path = kms.folder.path().join("both.properties");
    fs::write(&path, text.join("\n")).expect("a writable folder");
    let provider = Provider::from_file(&path).expect("a good file");
    provider.credentials(APP).expect("the ClientKey reads");
    let kinds: Vec<_> = provider.stats().identities.iter().map(|identity| identity.kind).collect();
    assert_eq!(kinds, ["client_key", "ak"]);
    // What KMS refuses to the one, the other may read.
    let key = kms.emulator.client_key().expect("the first one");
    kms.emulator.revoke_client_key(&key.key_id).expect("it is gone");
    let (old, new) = kms.rotate_without_overlap();
    assert_eq!(provider.renew(APP, &old).expect("the AccessKey reads").access_key_id(), new);
}

#[test]
fn an_instance_of_an_older_image_is_explained() {
    let kms = Kms::around(Emulator::builder().without_instance_openapi().start().expect("an emulator"));
    let text = fs::read_to_string(through(&kms, &kms.files.with_access_key, true)).expect("the file");
    // By its list it is known for an instance.
    let text = text.replace("\ncache_client_region_id", "\ncache_client_dkms_config_info");
    let path = kms.folder.path().join("older.properties");
    fs::write(&path, text).expect("a writable folder");
    let error = Provider::from_file(&path).expect("a good file").credentials(APP).expect_err("no OpenAPI");
    assert!(error.message().contains("upgrade the instance to image 3.0.0"), "{error}");
}

#[test]
fn a_cache_file_is_sealed_with_a_fixed_access_key() {
    let kms = Kms::start();
    let cache = format!("cache_file={}", kms.named("cache"));
    let provider = kms.provider(&kms.files.with_access_key, &cache);
    let id = provider.credentials(APP).expect("KMS answers").access_key_id().to_owned();
    provider.close();
    kms.emulator.inject(Fault::drop_connection()).expect("a fault");
    let provider = kms.provider(&kms.files.with_access_key, &format!("{cache}\nfetch_deadline=2000"));
    assert_eq!(fixture::answered(|| provider.credentials(APP)).access_key_id(), id);
    let role = kms.properties(&kms.files.with_ram_role, &cache);
    let error = Provider::from_file(role).expect_err("nothing that lasts");
    assert!(error.message().contains("cache_file needs a ClientKey or a fixed AccessKey"), "{error}");
}
