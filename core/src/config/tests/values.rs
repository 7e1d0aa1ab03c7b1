//! Which value a setting ends up with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::super::{Builder, Config, EndpointConfig, Gateway, GatewayKind, keys};
use crate::error::{Kind, Result};
use crate::identity::IdentityConfig;
use crate::identity::client_key::{ClientKeySource, PasswordSource};
use crate::process::protected::ProtectedBytes;
use crate::process::source::Source;
use crate::rejection::Rejections;

const CLIENT_KEY: &str = "client_key_private_key_path=clientKey.json\n\
                          client_key_password_from_file_path=clientKey_Password.txt\n";
const REGION: &str = "cache_client_region_id=[{\"regionId\":\"cn-hangzhou\"}]\n";

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").canonicalize().unwrap()
}

/// A builder that sees `folder` as its working directory and `variables` as its environment.
fn builder_in(folder: &Path, variables: &'static [(&'static str, &'static str)]) -> Builder {
    let mut builder = Builder::new();
    builder.working_directory = Some(folder.to_owned());
    builder.variables = Some(Arc::new(move |name: &str| {
        variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
    }));
    builder
}

fn builder(variables: &'static [(&'static str, &'static str)]) -> Builder {
    builder_in(&vectors(), variables)
}

fn from_text(text: &str) -> Result<Config> {
    builder(&[]).properties_text(text, None).build()
}

fn only(config: &Config) -> &EndpointConfig {
    let [endpoint] = config.endpoints.as_slice() else { panic!("{config:?}") };
    endpoint
}

fn rejections(items: &[&str]) -> Rejections {
    Rejections::of(items.iter().map(|item| (*item).to_owned()).collect()).unwrap()
}

fn client_key(endpoint: &EndpointConfig) -> &Arc<ClientKeySource> {
    endpoint.identity.client_key().expect("a ClientKey")
}

fn into_client_key(config: Config) -> Arc<ClientKeySource> {
    let identity = Arc::into_inner(config.endpoints.into_iter().next().unwrap().identity).unwrap();
    let IdentityConfig::ClientKey(source) = identity else { panic!("no ClientKey") };
    source
}

fn message(result: Result<Config>) -> String {
    result.unwrap_err().message().to_owned()
}

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
    assert_eq!(config.renewal.deadline, Duration::from_secs(10));
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
fn an_empty_list_from_code_wins_over_a_file() {
    let text = format!("{CLIENT_KEY}{REGION}secret_names=a\nrejection_codes=B\n");
    let none = [""; 0];
    let builder = builder(&[]).properties_text(&text, None).secret_names(none).rejection_codes(none);
    let config = builder.build().unwrap();
    assert!(config.secret_names.is_empty());
    assert_eq!(config.renewal.rejections, rejections(&[]));
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

fn password(text: &str, variables: &'static [(&'static str, &'static str)]) -> Result<PasswordSource> {
    let text = format!("client_key_private_key_path=clientKey.json\n{REGION}{text}");
    let config = builder(variables).properties_text(text, None).build()?;
    let source = Arc::into_inner(into_client_key(config)).unwrap();
    Ok(source.password)
}

#[test]
fn the_password_comes_from_the_first_of_its_places() {
    const SET: &[(&str, &str)] = &[("MINE", "x"), ("client_key_password", "y")];
    let file = || PasswordSource::File(vectors().join("clientKey_Password.txt"));
    let named = || PasswordSource::Environment("MINE".to_owned());
    let usual = || PasswordSource::Environment("client_key_password".to_owned());
    let by_file = "client_key_password_from_file_path=clientKey_Password.txt\n";
    let by_variable = "client_key_password_from_env_variable=MINE\n";
    for (text, variables, expected) in [
        (format!("{by_file}{by_variable}"), SET, named()),
        (format!("{by_file}{by_variable}"), &[], file()),
        (by_file.to_owned(), SET, file()),
        (String::new(), SET, usual()),
        (by_variable.to_owned(), &SET[1..], usual()),
    ] {
        assert!(password(&text, variables).unwrap() == expected, "{text}");
    }
    for (text, expected) in [(by_file, file()), (by_variable, named())] {
        let text = format!("client_key_private_key_path=clientKey.json\n{REGION}{text}");
        let config = builder(SET).properties_text(text, None).environment().build().unwrap();
        assert!(client_key(only(&config)).password == expected, "the environment's is the last resort");
    }
    let inline = password("client_key_password=hush", &[]).unwrap();
    assert!(matches!(inline, PasswordSource::Inline { bytes, .. } if bytes.as_bytes() == b"hush"));
    assert_eq!(
        password(by_variable, &[]).unwrap_err().message(),
        "client_key_password_from_env_variable in the properties text names the environment variable MINE, which is not \
         set: set it to the ClientKey's password"
    );
}

fn element_password(
    element: &str,
    variables: &'static [(&'static str, &'static str)],
) -> Result<PasswordSource> {
    let text = format!(
        "indirect=clientKey.json\nclient_key_password_from_env_variable=MINE\n\
         client_key_password_from_file_path=clientKey_Password.txt\n\
         cache_client_dkms_config_info=[{{\"clientKeyFile\":\"clientKey.json\",\"caFilePath\":\"ca.pem\",{element}}}]"
    );
    let config = builder(variables).properties_text(text, None).build()?;
    let source = Arc::into_inner(into_client_key(config)).unwrap();
    Ok(source.password)
}

#[test]
fn the_password_of_an_element_comes_from_the_first_of_its_places() {
    const SET: &[(&str, &str)] = &[("MINE", "x"), ("OTHER", "z"), ("PATH_NAME", "ca.pem")];
    let environment = |name: &str| PasswordSource::Environment(name.to_owned());
    let file = |name: &str| PasswordSource::File(vectors().join(name));
    for (element, expected) in [
        ("\"passwordFromEnvVariable\":\"OTHER\",\"password\":\"p\"", environment("OTHER")),
        ("\"passwordFromEnvVariable\":\"OTHER\",\"passwordFromFilePath\":\"ca.pem\"", file("ca.pem")),
        // As in the official documentation, where the name is that of a setting.
        ("\"passwordFromEnvVariable\":\"client_key_password_from_env_variable\"", environment("MINE")),
        (
            "\"passwordFromFilePathName\":\"client_key_password_from_file_path\"",
            file("clientKey_Password.txt"),
        ),
        // A name of the writer's own.
        ("\"passwordFromFilePathName\":\"indirect\"", file("clientKey.json")),
        ("\"passwordFromFilePathName\":\"PATH_NAME\"", file("ca.pem")),
        ("\"passwordFromEnvVariable\":\"UNSET\",\"passwordFromFilePathName\":\"PATH_NAME\"", file("ca.pem")),
        // Falls back on what all gateways share.
        ("\"vpc\":false", environment("MINE")),
        ("\"passwordFromEnvVariable\":\"UNSET\"", environment("MINE")),
    ] {
        assert!(element_password(element, SET).unwrap() == expected, "{element}");
    }
    let inline = element_password("\"password\":\" p \"", SET).unwrap();
    assert!(matches!(inline, PasswordSource::Inline { bytes, .. } if bytes.as_bytes() == b" p "));
}

fn reads_as(given: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password.txt");
    std::fs::write(&path, given).unwrap();
    let file = PasswordSource::File(path).read().unwrap();
    let inline =
        PasswordSource::Inline { name: String::new(), bytes: ProtectedBytes::copy_from(given.as_bytes()) }
            .read()
            .unwrap();
    assert_eq!(file, inline);
    file.to_string()
}

#[test]
fn blanks_and_line_ends_around_a_password_are_no_part_of_it() {
    for given in [
        "Aa1~",
        "Aa1~\n",
        "Aa1~\r\n",
        "Aa1~\r",
        "Aa1~\n\n",
        "\u{feff}Aa1~\n",
        "Aa1~\0",
        " Aa1~ \n",
        "\r\n\tAa1~\u{a0}\u{200b}",
    ] {
        assert_eq!(reads_as(given), "Aa1~", "{given:?}");
    }
    assert_eq!(reads_as(" a b "), "a b");
}

#[test]
fn a_password_may_stand_in_json() {
    for given in [
        "{\"ClientKeyPassword\": \"Aa1~\"}\n",
        "\u{feff} {\"ClientKeyPassword\": \" Aa1~\\n\"}",
        "{'ClientKeyPassword': 'Aa1~'}",
        "{ClientKeyPassword:Aa1~}",
    ] {
        assert_eq!(reads_as(given), "Aa1~", "{given:?}");
    }
    assert_eq!(reads_as("{\"Other\": \"Aa1~\"}"), "{\"Other\": \"Aa1~\"}");
    assert_eq!(reads_as("{brace"), "{brace");
}

#[test]
fn a_password_variable_is_read_when_it_is_needed() {
    // Cargo sets this one.
    let source = PasswordSource::Environment("CARGO_PKG_NAME".to_owned());
    assert_eq!(source.read().unwrap().as_str(), "kmsak");
    assert_eq!(
        PasswordSource::Environment("KMSAK_UNSET".to_owned()).read().unwrap_err().message(),
        "the environment variable KMSAK_UNSET, which is to hold the ClientKey's password, is not set"
    );
}

#[test]
fn endpoints_share_the_client_key_that_they_name_alike() {
    let config = builder(&[])
        .client_key_password_file("clientKey_Password.txt")
        .gateway(Gateway::shared("cn-hangzhou").client_key_file("clientKey.json"))
        .gateway(Gateway::shared("cn-beijing").client_key_file("../vectors/clientKey.json"))
        .gateway(Gateway::shared("cn-beijing").client_key_file("clientKey_pbes2.json"))
        .gateway(Gateway::shared("cn-shanghai").client_key_file("clientKey.json"))
        .build()
        .unwrap();
    let sources: Vec<&Arc<ClientKeySource>> = config.endpoints.iter().map(client_key).collect();
    assert!(Arc::ptr_eq(sources[0], sources[3]));
    assert!(!Arc::ptr_eq(sources[0], sources[2]));
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

#[test]
fn a_client_key_given_as_text_needs_no_file() {
    let json = include_str!("../../../../tests/vectors/clientKey.json").replace('\n', "");
    let config =
        from_text(&format!("client_key_content={json}\nclient_key_password=Kmsak#2026test\n{REGION}"))
            .unwrap();
    client_key(only(&config)).load().unwrap();
    let element = serde_json::json!([{
        "clientKeyContent": json, "password": "Kmsak#2026test",
        "ca": include_str!("../../../../tests/vectors/ca.pem"),
    }]);
    let config = builder(&[]).property("cache_client_dkms_config_info", element.to_string()).build().unwrap();
    client_key(only(&config)).load().unwrap();
    assert!(matches!(only(&config).transport.ca.as_deref(), Some(Source::Inline { .. })));
}

#[test]
fn files_that_change_for_the_worse_are_told_when_they_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["clientKey.json", "clientKey_Password.txt"] {
        std::fs::copy(vectors().join(name), folder.path().join(name)).unwrap();
    }
    let config = builder_in(folder.path(), &[])
        .properties_text(format!("{CLIENT_KEY}{REGION}"), None)
        .build()
        .unwrap();
    let source = &client_key(only(&config));
    source.load().unwrap();
    let refusal = || {
        let error = source.load().unwrap_err();
        assert_eq!(error.kind(), Kind::ClientKey);
        error.message().to_owned()
    };
    let key = folder.path().join("clientKey.json");
    let password = folder.path().join("clientKey_Password.txt");

    std::fs::write(&password, "\r\n").unwrap();
    assert_eq!(
        refusal(),
        format!("the password from {} is empty: put the ClientKey's password there", password.display())
    );
    for utf16 in [b"\xff\xfeK\0".as_slice(), b"K\0m\0s\0", b"\0K\0m\0s"] {
        std::fs::write(&password, utf16).unwrap();
        assert_eq!(
            refusal(),
            format!("the password from {} is UTF-16: save it as UTF-8", password.display())
        );
    }
    std::fs::write(&password, b"K\xe9y").unwrap();
    assert_eq!(
        refusal(),
        format!("the password from {} is not UTF-8 text: save it as plain text", password.display())
    );
    std::fs::write(&password, "wrong").unwrap();
    assert!(refusal().starts_with(&format!(
        "the password from {} does not open {}: ",
        password.display(),
        key.display()
    )));
    std::fs::write(&key, vec![b' '; (1 << 20) + 1]).unwrap();
    assert_eq!(refusal(), format!("{} is over 1 MiB, which no file of a configuration is", key.display()));
    std::fs::remove_file(&key).unwrap();
    assert_eq!(refusal(), format!("there is no file {}: put it there or correct the path", key.display()));
    std::fs::create_dir(&key).unwrap();
    assert_eq!(refusal(), format!("{} is a folder: name the file in it", key.display()));
}

#[test]
fn a_wrong_password_is_told_by_its_place() {
    let wrong = |builder: Builder| {
        client_key(only(&builder.build().unwrap())).load().unwrap_err().message().to_owned()
    };
    let key = "client_key_private_key_path=clientKey.json\n";
    let text = |more: &str| format!("{key}{REGION}{more}");
    let of_element =
        format!("{key}cache_client_region_id=[{{\"regionId\":\"cn-hangzhou\",\"password\":\"hush\"}}]");
    for (builder, place) in [
        (
            builder(&[]).properties_text(text("client_key_password=hush"), None),
            "client_key_password in the properties text",
        ),
        (builder(&[]).properties_text(of_element, None), "cache_client_region_id[0].password"),
        (
            builder(&[]).properties_text(text(""), None).client_key_password("hush"),
            "client_key_password set in code",
        ),
        (
            builder(&[("CARGO_PKG_NAME", "kmsak")])
                .properties_text(text(""), None)
                .client_key_password_env("CARGO_PKG_NAME"),
            "the environment variable CARGO_PKG_NAME",
        ),
    ] {
        let wrong = wrong(builder);
        assert!(wrong.starts_with(&format!("the password from {place} does not open ")), "{wrong}");
        assert!(!wrong.contains("hush"), "{wrong}");
    }
}

#[test]
fn a_file_that_may_not_be_read_is_told() {
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    assert_eq!(
        crate::process::source::cannot_read(Path::new("/x/clientKey.json"), &denied),
        "/x/clientKey.json may not be read by this process: let its user read the file and enter the folders above"
    );
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
