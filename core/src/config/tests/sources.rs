//! Which source of a setting wins, and where files are looked for.

use super::*;

#[test]
fn an_empty_list_from_code_wins_over_a_file() {
    let text = format!("{CLIENT_KEY}{REGION}secret_names=a\nrejection_codes=B\n");
    let none = [""; 0];
    let builder = builder(&[]).properties_text(&text, None).secret_names(none).rejection_codes(none);
    let config = builder.build().unwrap();
    assert!(config.secret_names.is_empty());
    assert_eq!(config.renewal.rejections, rejections(&[]));
}

#[test]
fn code_wins_over_the_environment_and_the_environment_over_files() {
    let text =
        format!("{CLIENT_KEY}{REGION}rotation_interval=1000\ndelay_interval=1000\njitter_interval=1000\n");
    let config =
        builder(&[("rotation_interval", "2000"), ("delay_interval", "2000"), ("KMSAK_JITTER_INTERVAL", " ")])
            .rotation_interval(Duration::from_millis(3000))
            .environment()
            .properties_text(text, None)
            .build()
            .unwrap();
    assert_eq!(config.refresh.interval, Duration::from_millis(3000));
    assert_eq!(config.refresh.delay, Duration::from_millis(2000));
    assert_eq!(config.refresh.jitter, Duration::from_millis(1000), "a blank variable says nothing");
}

#[test]
fn only_what_is_surely_meant_for_kmsak_is_read_from_the_environment() {
    let variables: &[(&str, &str)] = &[
        ("read_timeout", "30s"),
        ("fetch_deadline", "never"),
        ("cache_file", "/nowhere/at/all"),
        ("max_stale", "x"),
        ("client_key_content", "x"),
        ("KMSAK_CONNECT_TIMEOUT", "1500"),
        ("KMSAK_REJECTION_CODES", "Gone"),
        ("KMSAK_ROTATION_INTERVAL", "2000"),
        ("rotation_interval", "3000"),
        ("delay_interval", "4000"),
        ("KMSAK_HTTPS_PROXY", "proxy:3128"),
    ];
    let text = format!("{CLIENT_KEY}{REGION}rotation_interval=1000\n");
    let config = builder(variables).environment().properties_text(text, None).build().unwrap();
    let transport = &only(&config).transport;
    assert_eq!(transport.read_timeout, Duration::from_secs(10));
    assert_eq!(transport.connect_timeout, Duration::from_millis(1500));
    assert!(transport.https_proxy.is_some());
    assert_eq!(config.renewal.rejections, rejections(&["Gone"]));
    assert_eq!(config.refresh.interval, Duration::from_millis(2000), "the prefix is the surest");
    assert_eq!(config.refresh.delay, Duration::from_millis(4000));
    assert_eq!((config.cache_file, config.max_stale), (None, None));
}

#[test]
fn a_wrong_variable_is_named_as_it_is_set() {
    for (variable, name) in
        [("KMSAK_READ_TIMEOUT", "KMSAK_READ_TIMEOUT"), ("delay_interval", "delay_interval")]
    {
        let variables: &'static [(&str, &str)] = Box::leak(Box::new([(variable, "30s")]));
        let text = format!("{CLIENT_KEY}{REGION}");
        let refused = message(builder(variables).environment().properties_text(text, None).build());
        assert!(refused.starts_with(&format!("{name} in the environment is \"30s\"")), "{refused}");
    }
}

#[test]
fn gateways_come_from_one_source_and_instances_win_in_it() {
    const INSTANCE: &str = "cache_client_dkms_config_info=[{\"caFilePath\":\"ca.pem\"}]\n";
    let both = from_text(&format!("{CLIENT_KEY}{REGION}{INSTANCE}")).unwrap();
    assert_eq!(only(&both).gateway, GatewayKind::Instance);
    assert_eq!(
        both.warnings,
        [
            "cache_client_region_id in the properties text is ignored, as cache_client_dkms_config_info is set as well"
        ]
    );
    let config = builder(&[("cache_client_region_id", "[{\"regionId\":\"cn-shanghai\"}]")])
        .environment()
        .properties_text(format!("{CLIENT_KEY}{INSTANCE}"), None)
        .build()
        .unwrap();
    assert_eq!(only(&config).authority.as_deref(), Some("kms.cn-shanghai.aliyuncs.com"));
}

#[test]
fn of_several_files_the_last_wins() {
    let config = builder(&[])
        .properties_text(format!("{CLIENT_KEY}{REGION}rotation_interval=1000"), None)
        .properties_text("rotation_interval=2000", None)
        .build()
        .unwrap();
    assert_eq!(config.refresh.interval, Duration::from_millis(2000));
}

#[test]
fn relative_paths_start_at_the_working_directory_and_then_at_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().canonicalize().unwrap();
    for name in ["clientKey.json", "clientKey_Password.txt"] {
        std::fs::create_dir_all(here.join("etc")).unwrap();
        std::fs::copy(vectors().join(name), here.join("etc").join(name)).unwrap();
    }
    let file = here.join("etc/kmsak.properties");
    std::fs::write(&file, format!("{CLIENT_KEY}{REGION}cache_file=cache")).unwrap();

    let beside = builder_in(&here, &[]).properties_file("etc/kmsak.properties").build().unwrap();
    assert_eq!(
        client_key(only(&beside)).files(),
        [here.join("etc/clientKey.json"), here.join("etc/clientKey_Password.txt")]
    );
    std::fs::copy(vectors().join("clientKey.json"), here.join("clientKey.json")).unwrap();
    std::fs::write(here.join("etc/cache"), "").unwrap();
    let both = builder_in(&here, &[]).properties_file(&file).build().unwrap();
    assert_eq!(client_key(only(&both)).files()[0], here.join("clientKey.json"));
    assert_eq!(both.cache_file, Some(here.join("etc/cache")), "a cache that exists is the one that is meant");
}

#[test]
fn resources_stand_in_for_files() {
    let look_up = |name: &str| match name {
        "managed_credentials_providers.properties" => Some(format!("{CLIENT_KEY}{REGION}").into_bytes()),
        "clientKey.json" => Some(include_bytes!("../../../../tests/vectors/clientKey.json").to_vec()),
        "clientKey_Password.txt" => Some(b"Kmsak#2026test\n".to_vec()),
        _ => None,
    };
    let folder = tempfile::tempdir().unwrap();
    let config = builder_in(folder.path(), &[]).resources(look_up).usual_places().build().unwrap();
    client_key(only(&config)).load().unwrap();
    assert!(client_key(only(&config)).files().is_empty());
}

#[test]
fn usual_places_are_the_environment_and_the_file() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["clientKey.json", "clientKey_Password.txt"] {
        std::fs::copy(vectors().join(name), folder.path().join(name)).unwrap();
    }
    let in_folder = |variables| builder_in(folder.path(), variables).usual_places().build();
    let nothing = message(in_folder(&[]));
    assert_eq!(
        nothing,
        format!(
            "no KMS gateway is configured: set cache_client_region_id or cache_client_dkms_config_info in \
             managed_credentials_providers.properties (looked for in {}) or as an environment variable of that name",
            folder.path().display()
        )
    );
    let from_environment = in_folder(&[
        ("client_key_private_key_path", "clientKey.json"),
        ("client_key_password", "Kmsak#2026test"),
        ("cache_client_region_id", "[{\"regionId\":\"cn-beijing\"}]"),
    ]);
    only(&from_environment.unwrap());
    let file = folder.path().join("managed_credentials_providers.properties");
    std::fs::write(file, format!("{CLIENT_KEY}{REGION}")).unwrap();
    assert_eq!(only(&in_folder(&[]).unwrap()).authority.as_deref(), Some("kms.cn-hangzhou.aliyuncs.com"));
}

#[test]
fn a_variable_may_name_the_usual_file() {
    let folder = tempfile::tempdir().unwrap();
    let usual = folder.path().join("managed_credentials_providers.properties");
    std::fs::write(&usual, format!("{CLIENT_KEY}{REGION}")).unwrap();
    for name in ["clientKey.json", "clientKey_Password.txt"] {
        std::fs::create_dir_all(folder.path().join("etc")).unwrap();
        std::fs::copy(vectors().join(name), folder.path().join("etc").join(name)).unwrap();
    }
    let named = folder.path().join("etc/app.properties");
    std::fs::write(&named, format!("{CLIENT_KEY}cache_client_region_id=[{{\"regionId\":\"cn-beijing\"}}]"))
        .unwrap();
    let in_folder =
        || builder_in(folder.path(), &[("KMSAK_CONFIG", "etc/app.properties")]).usual_places().build();
    assert_eq!(only(&in_folder().unwrap()).region_id.as_deref(), Some("cn-beijing"));
    std::fs::write(&named, CLIENT_KEY).unwrap();
    assert!(message(in_folder()).contains("in etc/app.properties, which KMSAK_CONFIG names, or as"));
    std::fs::remove_file(&named).unwrap();
    assert_eq!(
        message(in_folder()),
        format!("KMSAK_CONFIG: there is no file {}: put it there or correct the path", named.display())
    );
}

#[test]
fn a_shell_that_left_too_little_of_a_variable_is_told() {
    // Of `export cache_client_region_id=[{"regionId": "cn-hangzhou"}]`.
    let variables: &[(&str, &str)] = &[("cache_client_region_id", "[{regionId:")];
    assert_eq!(
        message(builder(variables).environment().properties_text(CLIENT_KEY, None).build()),
        "cache_client_region_id in the environment is not a JSON array of objects such as \
         [{\"regionId\":\"cn-hangzhou\"}] (it ends before its last bracket): in a shell, put the whole of it in single quotes"
    );
}

#[test]
fn a_variable_that_keeps_a_configured_proxy_away_is_told() {
    let text = format!("{CLIENT_KEY}{REGION}https_proxy=http://user:hush@proxy:3128\n");
    let warnings = |variables, more: &str| {
        builder(variables).properties_text(format!("{text}{more}"), None).build().unwrap().warnings
    };
    assert_eq!(
        warnings(&[("NO_PROXY", ".aliyuncs.com")], ""),
        [
            "httpsProxy is not used for kms.cn-hangzhou.aliyuncs.com, which the environment variable NO_PROXY names: take \
             the name out there, or set noProxy, which counts instead"
        ]
    );
    assert_eq!(warnings(&[("NO_PROXY", ".aliyuncs.com")], "no_proxy=localhost"), [""; 0]);
    assert_eq!(warnings(&[("NO_PROXY", "localhost")], ""), [""; 0]);
}
