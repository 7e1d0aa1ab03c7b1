//! Which value a setting ends up with.

use super::*;

#[test]
fn off_the_cloud() {
    let config = from_text(&format!("credentials_type=client_key\n{CLIENT_KEY}{REGION}")).unwrap();
    let endpoint = only(&config);
    assert_eq!(endpoint.gateway, GatewayKind::Shared);
    assert_eq!(endpoint.authority.as_deref(), Some("kms.cn-hangzhou.aliyuncs.com"));
    assert_eq!(endpoint.region_id.as_deref(), Some("cn-hangzhou"));
    assert_eq!(
        client_key(endpoint).load().unwrap().info().key_id,
        "KAAP.00000000-0000-4000-8000-000000000001"
    );
    assert_eq!(
        client_key(endpoint).files(),
        [vectors().join("clientKey.json"), vectors().join("clientKey_Password.txt")]
    );
    assert!(endpoint.transport.ca.is_none());
    assert!(!endpoint.transport.ignore_ssl_certs);
    assert_eq!(config.warnings, [""; 0]);
}

#[test]
fn on_the_cloud() {
    let config = from_text(
        "cache_client_dkms_config_info=[{\"regionId\":\"cn-hangzhou\",\
         \"endpoint\":\"kst-hzz000000000000000.cryptoservice.kms.aliyuncs.com\",\
         \"passwordFromFilePath\":\"clientKey_Password.txt\",\"clientKeyFile\":\"clientKey.json\",\
         \"ignoreSslCerts\":false,\"caFilePath\":\"ca.pem\",\"connectTimeout\":1500,\"readTimeout\":\"2500\",\
         \"httpProxy\":\"http://a:1\",\"httpsProxy\":\"b:2\",\"noProxy\":\"c\"}]",
    )
    .unwrap();
    let endpoint = only(&config);
    assert_eq!(endpoint.gateway, GatewayKind::Instance);
    assert_eq!(endpoint.authority.as_deref(), Some("kst-hzz000000000000000.cryptoservice.kms.aliyuncs.com"));
    assert_eq!(endpoint.region_id.as_deref(), Some("cn-hangzhou"));
    client_key(endpoint).load().unwrap();
    let transport = &endpoint.transport;
    assert_eq!(
        transport.ca.as_ref().unwrap().read().unwrap().as_slice(),
        include_bytes!("../../../../tests/vectors/ca.pem")
    );
    assert_eq!(transport.connect_timeout, Duration::from_millis(1500));
    assert_eq!(transport.read_timeout, Duration::from_millis(2500));
    assert_eq!(transport.http_proxy.as_deref(), Some("http://a:1"));
    assert_eq!(transport.https_proxy.as_deref(), Some("http://b:2"));
    assert_eq!(transport.no_proxy.as_deref(), Some("c"));
    assert_eq!(config.warnings, [""; 0]);
}

#[test]
fn defaults_are_the_documented_ones() {
    let config = from_text(&format!("{CLIENT_KEY}{REGION}")).unwrap();
    assert_eq!(config.refresh.interval, Duration::from_secs(6 * 3600));
    assert_eq!(config.refresh.delay, Duration::from_secs(300));
    assert_eq!(config.refresh.jitter, Duration::from_secs(1800));
    assert_eq!(config.fleet_size, None);
    assert_eq!(config.renewal.deadline, Duration::from_secs(15));
    assert_eq!(config.renewal.tokens, 5);
    assert_eq!(config.renewal.refill, Duration::from_secs(600));
    assert_eq!(config.renewal.rejections, Rejections::usual());
    assert_eq!(config.fetch_deadline, Duration::from_secs(20));
    assert_eq!(config.max_stale, None);
    assert_eq!(config.cache_file, None);
    assert_eq!(config.language, "rust");
    assert!(config.secret_names.is_empty());
    let transport = &only(&config).transport;
    assert_eq!(transport.connect_timeout, Duration::from_secs(3));
    assert_eq!(transport.read_timeout, Duration::from_secs(10));
    assert_eq!(transport.https_proxy, None);
}

#[test]
fn every_key_of_ours_is_read() {
    let config = from_text(&format!(
        "{CLIENT_KEY}{REGION}\
         secret_names= acs/ram/user/a ,acs/ram/user/b,,acs/ram/user/a\nrotation_interval=1000\ndelay_interval=0\n\
         jitter_interval=1\nconnect_timeout=2\nread_timeout=3\nhttps_proxy=http://user:hush@proxy:3128\nno_proxy=x\n\
         fleet_size=9\nfetch_deadline=4\nrenew_deadline=5\nrenew_tokens=6\nrenew_refill_interval=7\nrejection_codes=A,B.C:no key\n\
         max_stale=8\ncache_file=kmsak.cache\nmonitor_period_milliseconds=0\nmonitor_customer_milliseconds=7200000\n"
    ))
    .unwrap();
    let milliseconds = Duration::from_millis;
    assert_eq!(config.secret_names, ["acs/ram/user/a", "acs/ram/user/b"]);
    assert_eq!(config.refresh.interval, milliseconds(1000));
    assert_eq!(config.refresh.delay, milliseconds(0));
    assert_eq!(config.refresh.jitter, milliseconds(1));
    assert_eq!(config.fleet_size, Some(9));
    assert_eq!(config.fetch_deadline, milliseconds(4));
    assert_eq!(config.renewal.deadline, milliseconds(5));
    assert_eq!(config.renewal.tokens, 6);
    assert_eq!(config.renewal.refill, milliseconds(7));
    assert_eq!(config.renewal.rejections, rejections(&["A", "B.C:no key"]));
    assert_eq!(config.max_stale, Some(milliseconds(8)));
    assert_eq!(config.cache_file, Some(vectors().join("kmsak.cache")));
    let transport = &only(&config).transport;
    assert_eq!(transport.connect_timeout, milliseconds(2));
    assert_eq!(transport.read_timeout, milliseconds(3));
    assert_eq!(transport.https_proxy.as_deref(), Some("http://user:hush@proxy:3128"));
    assert_eq!(transport.no_proxy.as_deref(), Some("x"));
    assert_eq!(config.warnings, [""; 0]);
}

#[test]
fn a_file_that_is_something_else_is_told_in_a_few_sentences() {
    let odd = "a=b\n".repeat(100_000);
    let config =
        from_text(&format!("{odd}{CLIENT_KEY}{REGION}rotation_interval=1\nrotation_interval=1000\n"))
            .unwrap();
    assert_eq!(config.refresh.interval, Duration::from_secs(1));
    assert_eq!(config.warnings.len(), 21);
    assert!(config.warnings[20].starts_with("99981 more lines of the properties text are no settings"));
}

#[test]
fn the_builder_sets_what_the_keys_set() {
    let milliseconds = Duration::from_millis;
    let config = builder(&[])
        .client_key_file("clientKey.json")
        .client_key_password(b"Kmsak#2026test\r\n")
        .gateway(Gateway::instance().ca_file("ca.pem").read_timeout(milliseconds(30)))
        .gateway(Gateway::shared("cn-beijing").vpc(true))
        .secret_names(["a", "b"])
        .rotation_interval(milliseconds(1000))
        .delay_interval(milliseconds(0))
        .jitter_interval(milliseconds(1))
        .connect_timeout(milliseconds(2))
        .read_timeout(milliseconds(3))
        .http_proxy("p:1")
        .https_proxy("p:2")
        .no_proxy("x")
        .fetch_deadline(milliseconds(4))
        .renew_deadline(milliseconds(5))
        .renew_tokens(6)
        .renew_refill_interval(milliseconds(7))
        .fleet_size(9)
        .rejection_codes(["A"])
        .max_stale(milliseconds(8))
        .cache_file("kmsak.cache")
        .language("python")
        .build()
        .unwrap();
    let [instance, shared] = config.endpoints.as_slice() else { panic!("{config:?}") };
    assert_eq!((instance.gateway, &instance.authority), (GatewayKind::Instance, &None));
    assert_eq!(instance.transport.read_timeout, milliseconds(30));
    assert_eq!(shared.authority.as_deref(), Some("kms-vpc.cn-beijing.aliyuncs.com"));
    assert_eq!(shared.transport.read_timeout, milliseconds(3));
    assert!(Arc::ptr_eq(client_key(instance), client_key(shared)));
    client_key(instance).load().unwrap();
    assert_eq!(config.secret_names, ["a", "b"]);
    assert_eq!(config.refresh.jitter, milliseconds(1));
    assert_eq!(config.renewal.tokens, 6);
    assert_eq!(config.fleet_size, Some(9));
    assert_eq!(config.renewal.rejections, rejections(&["A"]));
    assert_eq!(config.max_stale, Some(milliseconds(8)));
    assert_eq!(config.language, "python");
}

#[test]
fn the_older_name_of_the_interval_is_understood() {
    let config = from_text(&format!("{CLIENT_KEY}{REGION}refresh_secret_ttl=3600000")).unwrap();
    assert_eq!(config.refresh.interval, Duration::from_secs(3600));
}

#[test]
fn endpoints_of_regions() {
    for (element, authority, region) in [
        ("\"regionId\":\"cn-hangzhou\",\"vpc\":true", "kms-vpc.cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("\"regionId\":\"cn-hangzhou\",\"vpc\":\"true\"", "kms-vpc.cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("\"regionId\":\"cn-hangzhou\",\"vpc\":false", "kms.cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("\"regionId\":\" us-east-1 \",\"endpoint\":\"\"", "kms.us-east-1.aliyuncs.com", "us-east-1"),
        ("\"regionId\":\"cn-hangzhou\",\"endpoint\":\"127.0.0.1:8443\"", "127.0.0.1:8443", "cn-hangzhou"),
        (
            "\"regionId\":\"cn-hangzhou\",\"endpoint\":\"https://KMS.example.com:443/\"",
            "kms.example.com",
            "cn-hangzhou",
        ),
        (
            "\"regionId\":\"cn-hangzhou\",\"endpoint\":\"[::1]:8443\",\"vpc\":true",
            "[::1]:8443",
            "cn-hangzhou",
        ),
        (
            "\"endpoint\":\"kms-vpc.ap-southeast-1.aliyuncs.com\"",
            "kms-vpc.ap-southeast-1.aliyuncs.com",
            "ap-southeast-1",
        ),
    ] {
        let config = from_text(&format!("{CLIENT_KEY}cache_client_region_id=[{{{element}}}]")).unwrap();
        let endpoint = only(&config);
        assert_eq!(endpoint.gateway, GatewayKind::Shared, "{element}");
        assert_eq!(endpoint.authority.as_deref(), Some(authority), "{element}");
        assert_eq!(endpoint.region_id.as_deref(), Some(region), "{element}");
    }
}

#[test]
fn an_instance_among_the_regions_is_an_instance() {
    let config = from_text(&format!(
        "{CLIENT_KEY}cache_client_region_id=[{{\"regionId\":\"cn-hangzhou\",\"caFilePath\":\"ca.pem\",\
         \"endpoint\":\"kst-hzz000000000000000.cryptoservice.kms.aliyuncs.com\"}}]"
    ))
    .unwrap();
    assert_eq!(only(&config).gateway, GatewayKind::Instance);
}

#[test]
fn json_is_read_as_people_write_it() {
    // The properties syntax makes line ends of the PEM's `\\n`.
    let pem = include_str!("../../../../tests/vectors/ca.pem").replace('\n', "\\n");
    for element in [
        "{'endpoint':'kst-1.cryptoservice.kms.aliyuncs.com','caFilePath':'ca.pem'}".to_owned(),
        "{endpoint:kst-1.cryptoservice.kms.aliyuncs.com,caFilePath:ca.pem}".to_owned(),
        format!("{{\"endpoint\":\"kst-1.cryptoservice.kms.aliyuncs.com\",\"ca\":\"{pem}\",}}"),
    ] {
        let config = from_text(&format!("{CLIENT_KEY}cache_client_dkms_config_info=[{element}]")).unwrap();
        let endpoint = only(&config);
        assert_eq!(endpoint.authority.as_deref(), Some("kst-1.cryptoservice.kms.aliyuncs.com"), "{element}");
        assert_eq!(
            endpoint.transport.ca.as_ref().unwrap().read().unwrap().as_slice(),
            include_bytes!("../../../../tests/vectors/ca.pem"),
            "{element}"
        );
        assert_eq!(config.warnings, [""; 0], "{element}");
    }
    let config = from_text(
        "client_key_private_key_path=clientKey.json\nmine=clientKey_Password.txt\n\
         cache_client_region_id=[{regionId:cn-hangzhou,passwordFromFilePathName:mine}]",
    )
    .unwrap();
    assert_eq!(config.warnings, [""; 0], "a name of the writer's own is known without quotes, too");
}

#[test]
fn no_secret_is_shown() {
    let config = builder(&[])
        .client_key(include_bytes!("../../../../tests/vectors/clientKey.json"))
        .client_key_password("hush-password")
        .https_proxy("http://user:hush-proxy@proxy:3128")
        .gateway(
            Gateway::instance()
                .ca_file("ca.pem")
                .client_key_password("hush-own")
                .http_proxy("http://u:hush-own@p"),
        );
    let shown = format!("{config:?}");
    let built = config.build().unwrap();
    for shown in [shown, format!("{built:?}"), format!("{built:#?}")] {
        assert!(!shown.contains("hush"), "{shown}");
        assert!(!shown.contains("104, 117, 115, 104"), "{shown}");
        assert!(!shown.contains("PrivateKeyData"), "{shown}");
    }
}

proptest! {
    #[test]
    fn any_properties_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = builder(&[]).properties_text(bytes, None).build();
    }

    #[test]
    fn any_value_of_any_key_is_read_or_refused(key in proptest::sample::select(keys::ALL), value in any::<String>()) {
        let _ = builder(&[]).properties_text(format!("{CLIENT_KEY}{REGION}"), None).property(key, value).build();
    }

    #[test]
    fn any_field_of_an_element_is_read_or_refused(
        key in proptest::sample::select(&[keys::REGIONS, keys::INSTANCES][..]),
        field in proptest::sample::select(keys::FIELDS),
        value in prop_oneof![
            any::<String>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
            any::<bool>().prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
            Just(serde_json::json!([])),
            Just(serde_json::json!({})),
        ],
    ) {
        let mut element = serde_json::json!({ "regionId": "cn-hangzhou" });
        element[field] = value;
        let array = serde_json::json!([element]).to_string();
        let _ = builder(&[]).properties_text(CLIENT_KEY, None).property(key, array).build();
    }

    #[test]
    fn a_damaged_array_is_read_or_refused(at in 0_usize..120, byte in any::<u8>()) {
        let mut text = format!(
            "{CLIENT_KEY}cache_client_dkms_config_info=[{{\"regionId\":\"cn-hangzhou\",\"ignoreSslCerts\":true,\
             \"password\":\"x\",\"connectTimeout\":1}}]"
        )
        .into_bytes();
        let at = text.len() - 1 - at.min(text.len() - 1);
        text[at] = byte;
        let _ = builder(&[]).properties_text(text, None).build();
    }
}
