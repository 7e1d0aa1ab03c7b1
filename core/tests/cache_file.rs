//! The cache that survives a restart.

mod fixture;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use fixture::{APP, Kms, PATIENCE, Told};
use kmsak::{Gateway, Kind, Provider};
use kmsak_emulator::{ClientKey, Fault, WrongCertificate};

/// A KMS that answered once and is away now, and the file from that time.
fn after_a_restart_without_kms() -> (Kms, String) {
    let kms = Kms::start();
    let provider = kms.on_the_cloud(&with_file(&kms));
    let id = provider.credentials(APP).expect("KMS answers").access_key_id().to_owned();
    drop(provider);
    // Closing does not wait for a slow disk for ever.
    let started = Instant::now();
    while !kms.folder.path().join("secrets.cache").exists() {
        assert!(started.elapsed() < PATIENCE, "it is written");
        std::thread::sleep(Duration::from_millis(5));
    }
    kms.emulator.inject(Fault::refuse()).expect("a fault");
    (kms, id)
}

fn with_file(kms: &Kms) -> String {
    format!("cache_file={}", kms.named("secrets.cache"))
}

/// For when KMS is away.
fn with_file_and_haste(kms: &Kms) -> String {
    format!("{}\nfetch_deadline=2000", with_file(kms))
}

#[test]
fn it_is_used_when_kms_cannot_be_reached_at_start_and_never_once_it_can() {
    let (kms, id) = after_a_restart_without_kms();
    let provider = kms.on_the_cloud(&with_file_and_haste(&kms));
    let told = Told::by(&provider);
    assert_eq!(provider.credentials(APP).expect("the file has it").access_key_id(), id);
    told.wait_for("cache_file_used");
    drop(provider);
    kms.emulator.clear_faults();
    let (_, new) = kms.rotate_without_overlap();
    // A KMS that takes longer than five seconds to answer counts as away.
    let started = Instant::now();
    let fetched = || kms.on_the_cloud(&with_file(&kms)).credentials(APP).expect("KMS answers");
    while fetched().access_key_id() != new {
        assert!(started.elapsed() < PATIENCE, "the file was used");
    }
}

#[test]
fn it_is_used_when_the_peer_cannot_be_verified() {
    let (kms, id) = after_a_restart_without_kms();
    for certificate in [WrongCertificate::SelfSigned, WrongCertificate::Expired, WrongCertificate::WrongName]
    {
        kms.emulator.clear_faults();
        kms.emulator.inject(Fault::wrong_certificate(certificate)).expect("a fault");
        let before = kms.emulator.counters().requests_where(|_| true);
        let provider = kms.on_the_cloud(&with_file(&kms));
        let credentials = provider.credentials(APP);
        assert_eq!(credentials.expect("the file has it").access_key_id(), id, "{certificate:?}");
        assert_eq!(kms.emulator.counters().requests_where(|_| true), before, "KMS is asked nothing");
    }
}

#[test]
fn it_is_never_used_when_kms_refuses() {
    let (kms, _) = after_a_restart_without_kms();
    kms.emulator.clear_faults();
    kms.emulator.delete_secret(APP).expect("it goes");
    let provider = kms.on_the_cloud(&with_file(&kms));
    assert_eq!(provider.credentials(APP).expect_err("KMS has no such secret").kind(), Kind::NotFound);
}

#[test]
fn it_holds_nothing_readable_and_is_for_its_owner_alone() {
    let (kms, id) = after_a_restart_without_kms();
    let path = kms.folder.path().join("secrets.cache");
    let text = fs::read_to_string(&path).expect("the file");
    assert!(!text.contains(&id));
    assert!(!text.contains(&kms.emulator.access_key_of(APP).expect("an AccessKey").secret));
    #[cfg(unix)]
    {
        let permissions = fs::metadata(&path).expect("the file").permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777, 0o600);
    }
    let left_over = fs::read_dir(kms.folder.path())
        .expect("the folder")
        .filter(|entry| {
            entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(".new"))
        })
        .count();
    assert_eq!(left_over, 0);
}

#[test]
fn what_a_killed_process_left_is_removed_and_nothing_else() {
    let (kms, id) = after_a_restart_without_kms();
    let write = |name: &str, hours: u64| {
        let path = kms.folder.path().join(name);
        let file = fs::File::create(&path).expect("a file");
        file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).expect("a time");
        path
    };
    let killed = write("secrets.cache.0123456789abcdef.new", 2);
    let others = [
        write("secrets.cache.fedcba9876543210.new", 0),
        write("secrets.cache.0123456789abcde.new", 2),
        write("secrets.cache.0123456789abcdeg.new", 2),
        write("secrets.cache.0123456789abcdef.old", 2),
        write("others.cache.0123456789abcdef.new", 2),
    ];
    let provider = kms.on_the_cloud(&with_file_and_haste(&kms));
    assert_eq!(provider.credentials(APP).expect("the file has it").access_key_id(), id);
    assert!(!killed.exists());
    assert!(others.iter().all(|path| path.exists()));
}

#[test]
fn a_corrupt_foreign_or_tampered_file_is_ignored() {
    let (kms, _) = after_a_restart_without_kms();
    let path = kms.folder.path().join("secrets.cache");
    let good = fs::read_to_string(&path).expect("the file");
    let other_version = good.replace("\"version_id\":\"", "\"version_id\":\"x");
    let other_name = good.replace(APP, "acs/ram/user/another");
    assert!(other_version != good && other_name != good);
    for (name, bad) in [
        (APP, String::new()),
        (APP, "{}".into()),
        (APP, good[..good.len() / 2].into()),
        (APP, good.replace("\"format\":2", "\"format\":3")),
        (APP, other_version),
        ("acs/ram/user/another", other_name),
    ] {
        fs::write(&path, &bad).expect("a writable folder");
        let provider = kms.on_the_cloud(&with_file_and_haste(&kms));
        let error = provider.credentials(name).expect_err("neither KMS nor the file");
        assert_eq!(error.kind(), Kind::Network, "{bad}");
    }
    fs::write(&path, &good).expect("a writable folder");
    let new = kms.emulator.issue_client_key("app").expect("another");
    kms.replace_client_key(&new);
    let provider = kms.on_the_cloud(&with_file_and_haste(&kms));
    let error = provider.credentials(APP).expect_err("sealed for another ClientKey");
    assert_eq!(error.kind(), Kind::Network);
}

fn with_client_key(kms: &Kms, client_key: &ClientKey, cache_file: &Path) -> Provider {
    let gateway = Gateway::instance()
        .endpoint(kms.emulator.instance_endpoint())
        .client_key(&client_key.json)
        .client_key_password(&client_key.password)
        .ca(kms.emulator.ca_pem());
    Provider::builder().gateway(gateway).cache_file(cache_file).open().expect("the configuration is good")
}

#[test]
fn processes_that_share_a_file_keep_each_others_secrets() {
    const EACH: usize = 12;
    let kms = Kms::start();
    for owner in ["one", "two"] {
        for number in 0..EACH {
            let value = kmsak_emulator::SecretValue::Text(owner.into());
            kms.emulator.create_secret(&format!("{owner}/{number}"), "Generic", value).expect("a secret");
        }
    }
    let path = kms.folder.path().join("secrets.cache");
    // Each has a ClientKey of its own, of the same application.
    let client_keys = [kms.emulator.client_key(), kms.emulator.issue_client_key("app")]
        .map(|one| one.expect("a ClientKey"));
    let [first, second] = client_keys.each_ref().map(|one| with_client_key(&kms, one, &path));
    std::thread::scope(|scope| {
        for (owner, provider) in [("one", &first), ("two", &second)] {
            scope.spawn(move || {
                for number in 0..EACH {
                    provider.secret(&format!("{owner}/{number}")).expect("KMS answers");
                }
                provider.close();
            });
        }
    });
    kms.emulator.inject(Fault::refuse()).expect("a fault");
    for (owner, client_key) in ["one", "two"].into_iter().zip(&client_keys) {
        let provider = with_client_key(&kms, client_key, &path);
        // Side by side: each waits for KMS first.
        let begun: Vec<_> =
            (0..EACH).map(|number| provider.begin_secret(&format!("{owner}/{number}"))).collect();
        for secret in begun {
            assert_eq!(secret.wait().expect("the file has it").as_text(), Some(owner));
        }
    }
    assert!(path.is_file());
}

/// Puts a pipe that nobody writes to where `path` is. In the folders of Windows there are none.
#[cfg(unix)]
fn put_a_pipe(path: &Path) {
    drop(fs::remove_file(path));
    let name = std::ffi::CString::new(path.as_os_str().as_encoded_bytes()).expect("no NUL");
    // SAFETY: the name is a string that ends in NUL.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_its_place_hangs_nobody() {
    let kms = Kms::start();
    put_a_pipe(&kms.folder.path().join("secrets.cache"));
    let provider = kms.on_the_cloud(&with_file(&kms));
    provider.credentials(APP).expect("KMS answers");
    drop(provider);
    kms.emulator.inject(Fault::refuse()).expect("a fault");
    let provider = kms.on_the_cloud(&with_file_and_haste(&kms));
    assert_eq!(provider.credentials(APP).expect_err("KMS is away").kind(), Kind::Network);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_client_key_or_a_ca_hangs_nobody() {
    let kms = Kms::start();
    let provider = kms.on_the_cloud("");
    let told = Told::by(&provider);
    provider.credentials(APP).expect("KMS answers");
    for file in [&kms.files.client_key, &kms.files.password, &kms.files.ca] {
        put_a_pipe(file);
        let error = kmsak::Provider::from_file(&kms.files.on_the_cloud).expect_err("it cannot be read");
        assert!(error.message().contains("it is no regular file"), "{error}");
        told.wait_for("client_key_unusable");
        provider.refresh(APP).expect("what was read before is in use");
    }
}

#[test]
fn a_value_older_than_max_stale_is_ignored() {
    let (kms, _) = after_a_restart_without_kms();
    let provider = kms.on_the_cloud(&format!("{}\nmax_stale=1", with_file_and_haste(&kms)));
    assert_eq!(provider.credentials(APP).expect_err("too old").kind(), Kind::Network);
}

#[test]
fn a_folder_that_does_not_exist_is_told_at_the_start() {
    let kms = Kms::start();
    let properties = kms.properties(&kms.files.on_the_cloud, "cache_file=/nowhere/at/all/secrets.cache");
    let error = kmsak::Provider::from_file(properties).expect_err("no such folder");
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(error.message().starts_with("cache_file in "), "{error}");
}

/// Providers as so many processes of one host would have them.
fn on_one_host(kms: &Kms, number: usize, more: &str) -> Vec<Provider> {
    let settings = format!("{}\n{more}", with_file(kms));
    let providers: Vec<_> = (0..number).map(|_| kms.on_the_cloud(&settings)).collect();
    for provider in &providers {
        provider.credentials(APP).expect("KMS answers");
    }
    providers
}

#[test]
fn processes_that_share_it_ask_once_for_an_access_key_that_was_rejected() {
    let kms = Kms::start();
    let providers = on_one_host(&kms, 8, "");
    for _ in 0..3 {
        let (old, new) = kms.rotate_without_overlap();
        let before = kms.answers();
        let renewals: Vec<_> = providers.iter().map(|provider| provider.begin_renew(APP, &old)).collect();
        for renewal in renewals {
            assert_eq!(renewal.wait().expect("KMS has another").access_key_id(), new);
        }
        // Who cannot look into the file in time asks as well.
        let asked = kms.answers() - before;
        assert!(asked <= 3, "{asked} requests of eight processes");
    }
}

#[test]
fn what_another_process_has_renewed_costs_no_token() {
    let kms = Kms::start();
    let providers = on_one_host(&kms, 2, "renew_tokens=1\nrenew_refill_interval=3600000");
    let [asks, learns] = &providers[..] else { panic!("two of them") };
    let renew_with = |provider: &Provider, old: &str| provider.renew(APP, old);
    let (first, second) = kms.rotate_without_overlap();
    assert_eq!(renew_with(asks, &first).expect("KMS has another").access_key_id(), second);
    assert_eq!(renew_with(learns, &first).expect("the file has it").access_key_id(), second);
    // The second one still has its token, and the first one, which has none left, learns all the same.
    let (second, third) = kms.rotate_without_overlap();
    assert_eq!(renew_with(learns, &second).expect("KMS has another").access_key_id(), third);
    assert_eq!(renew_with(asks, &second).expect("the file has it").access_key_id(), third);
    let (third, _) = kms.rotate_without_overlap();
    for provider in &providers {
        let error = renew_with(provider, &third).expect_err("both have asked once");
        assert_eq!(error.kind(), Kind::Throttled, "{error}");
        assert!(error.message().contains("renewed too often"), "{error}");
    }
}

#[test]
fn processes_that_share_it_ask_once_for_each_refresh() {
    let kms = Kms::start();
    let providers = on_one_host(&kms, 6, "rotation_interval=1500\njitter_interval=1500");
    let before = kms.answers();
    let (_, new) = kms.rotate_without_overlap();
    let started = Instant::now();
    while providers
        .iter()
        .any(|provider| provider.credentials(APP).expect("it is cached").access_key_id() != new)
    {
        assert!(started.elapsed() < PATIENCE, "they never learn of it");
        std::thread::sleep(Duration::from_millis(10));
    }
    // Each by itself would have asked once at least in this time.
    let asked = kms.answers() - before;
    assert!(asked <= 4, "{asked} requests of six processes");
}

#[test]
fn whoever_asks_for_the_others_and_stops_keeps_them_for_two_seconds_at_most() {
    let kms = Kms::start();
    let providers = on_one_host(&kms, 1, "");
    let lock = fs::File::create(kms.folder.path().join("secrets.cache.asking")).expect("a file");
    lock.lock().expect("nobody asks now");
    let (old, new) = kms.rotate_without_overlap();
    let started = Instant::now();
    assert_eq!(providers[0].renew(APP, &old).expect("KMS has another").access_key_id(), new);
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn what_is_asked_of_kms_in_so_many_words_is_not_taken_from_it() {
    let kms = Kms::start();
    let providers = on_one_host(&kms, 2, "");
    let before = kms.answers();
    for provider in &providers {
        provider.refresh(APP).expect("KMS answers");
    }
    assert!(kms.answers() - before >= 2);
}

#[test]
fn a_new_client_key_proves_itself_in_each_process_that_shares_it() {
    let kms = Kms::start();
    let providers = on_one_host(&kms, 3, "");
    let told: Vec<_> = providers.iter().map(Told::by).collect();
    kms.replace_client_key(&kms.client_key_of_last_year());
    for told in &told {
        told.wait_for("client_key_replaced");
    }
}
