//! What a user is told of a configuration that cannot work, or that looks odd.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kmsak::{Builder, Config, Gateway, Kind};

const CLIENT_KEY: &str = "client_key_private_key_path=clientKey.json\n\
                          client_key_password_from_file_path=clientKey_Password.txt\n";
const REGION: &str = "cache_client_region_id=[{\"regionId\":\"cn-hangzhou\"}]\n";

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").canonicalize().unwrap()
}

fn builder(text: &str) -> Builder {
    Builder::new().properties_text(text, Some(vectors()))
}

fn refusal(builder: Builder) -> String {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(!error.retryable());
    error.message().to_owned()
}

/// The refusal of `text` beside a ClientKey and a region.
fn refused(text: &str) -> String {
    refusal(builder(&format!("{CLIENT_KEY}{REGION}{text}")))
}

/// The refusal of one element of `cache_client_region_id`.
fn element_refused(element: &str) -> String {
    refusal(builder(&format!("{CLIENT_KEY}cache_client_region_id=[{element}]")))
}

fn warnings(text: &str) -> Vec<String> {
    builder(&format!("{CLIENT_KEY}{REGION}{text}")).build().unwrap().warnings().to_vec()
}

#[test]
fn numbers_are_checked() {
    for (key, least, most) in [
        ("rotation_interval", 100_u64, 31_622_400_000_u64),
        ("refresh_secret_ttl", 100, 31_622_400_000),
        ("delay_interval", 0, 31_622_400_000),
        ("jitter_interval", 0, 31_622_400_000),
        ("connect_timeout", 1, 600_000),
        ("read_timeout", 1, 600_000),
        ("fetch_deadline", 1, 3_600_000),
        ("renew_deadline", 1, 3_600_000),
        ("renew_refill_interval", 1, 31_622_400_000),
        ("max_stale", 1, 3_162_240_000_000),
        ("monitor_period_milliseconds", 0, i64::MAX as u64),
        ("monitor_customer_milliseconds", 0, i64::MAX as u64),
    ] {
        for good in [least.to_string(), most.to_string()] {
            builder(&format!("{CLIENT_KEY}{REGION}{key}={good}")).build().unwrap();
        }
        let above = (most + 1).to_string();
        for bad in ["-1", "1.5", "1e3", "6h", "0x10", "+5", "99999999999999999999999", above.as_str()] {
            assert_eq!(
                refused(&format!("{key}={bad}")),
                format!(
                    "{key} in the properties text is \"{bad}\": expected a whole number of milliseconds from {least} \
                     to {most}"
                )
            );
        }
    }
    for bad in ["0", "-1", "1001", "five"] {
        assert_eq!(
            refused(&format!("renew_tokens={bad}")),
            format!(
                "renew_tokens in the properties text is \"{bad}\": expected a whole number from 1 to 1000"
            )
        );
    }
    for bad in ["0", "-1", "10000001", "many"] {
        assert_eq!(
            refused(&format!("fleet_size={bad}")),
            format!(
                "fleet_size in the properties text is \"{bad}\": expected a whole number from 1 to 10000000"
            )
        );
    }
}

#[test]
fn durations_from_code_are_checked() {
    assert_eq!(
        refusal(builder(&format!("{CLIENT_KEY}{REGION}")).rotation_interval(Duration::ZERO)),
        "rotation_interval set in code is 0 ms: expected a whole number of milliseconds from 100 to 31622400000"
    );
    assert_eq!(
        refusal(
            builder(CLIENT_KEY)
                .gateway(Gateway::shared("cn-hangzhou").read_timeout(Duration::from_secs(3600)))
        ),
        "read_timeout of gateway 1 is 3600000 ms: expected a whole number of milliseconds from 1 to 600000"
    );
    assert_eq!(
        refusal(builder(&format!("{CLIENT_KEY}{REGION}")).fetch_deadline(Duration::from_nanos(5))),
        "fetch_deadline set in code is 5ns: expected a whole number of milliseconds from 1 to 3600000"
    );
}

#[test]
fn lists_are_checked() {
    assert_eq!(
        refused("secret_names=acs/ram/user/app,a\\u0007b"),
        "secret_names in the properties text holds \"a\\u{7}b\": expected names such as acs/ram/user/app, separated by \
         commas"
    );
    assert_eq!(
        refused("secret_names=acs/ram/user/app acs/ram/user/other"),
        "secret_names in the properties text holds \"acs/ram/user/app acs/ram/user/other\": expected names such as \
         acs/ram/user/app, separated by commas"
    );
    assert_eq!(
        refused("rejection_codes=Invalid Code"),
        "rejection_codes in the properties text holds \"Invalid Code\": expected error codes such as \
         InvalidAccessKeyId.NotFound, or with words of the message Unauthorized:AccessKeyId, separated by commas"
    );
}

#[test]
fn each_credentials_type_says_what_it_needs() {
    const AK: &str = "credentials_access_key_id=LTAI1\ncredentials_access_secret=hush\n";
    for (text, missing) in [
        ("credentials_type=ak\n".to_owned(), "credentials_access_key_id"),
        ("credentials_type=ak\ncredentials_access_key_id=LTAI1\n".to_owned(), "credentials_access_secret"),
        (
            "credentials_type=token\ncredentials_access_token_id=LTAI1\n".to_owned(),
            "credentials_access_token",
        ),
        (format!("credentials_type=sts\n{AK}"), "credentials_security_token"),
        (format!("credentials_type=ram_role\n{AK}"), "credentials_role_arn"),
    ] {
        let kind = text.lines().next().unwrap().split_once('=').unwrap().1;
        assert_eq!(
            refused(&text),
            format!(
                "credentials_type in the properties text is {kind} and {missing} is missing: set it as well"
            )
        );
    }
    for (text, what) in [
        (
            "credentials_type=clientkey".to_owned(),
            "credentials_type in the properties text is \"clientkey\": expected one of client_key, ak, token, sts, \
             ram_role, ecs_ram_role, oidc_role_arn, default",
        ),
        (
            format!("credentials_type=ram_role\n{AK}credentials_role_arn=app"),
            "credentials_role_arn in the properties text is \"app\": expected acs:ram::<account id>:role/<name>",
        ),
        (
            format!(
                "credentials_type=ram_role\n{AK}credentials_role_arn=acs:ram::1:role/app\n\
                 credentials_duration_seconds=60"
            ),
            "credentials_duration_seconds in the properties text is \"60\": expected a whole number of seconds from 900 \
             to 43200",
        ),
        (
            "credentials_type=ram_role\ncredentials_role_arn=acs:ram::1:role/app\ncredentials_source_type=ram_role"
                .to_owned(),
            "credentials_source_type in the properties text is \"ram_role\": expected ak, ecs_ram_role, oidc_role_arn \
             or default",
        ),
        (
            "credentials_type=ecs_ram_role\necs_metadata_endpoint=https://10.0.0.1".to_owned(),
            "ecs_metadata_endpoint in the properties text is \"https://10.0.0.1\": expected http://host or \
             http://host:port",
        ),
    ] {
        assert_eq!(refused(&text), what);
    }
    let error =
        refused("credentials_type=ak\ncredentials_access_key_id=LTAI 1\ncredentials_access_secret=hush");
    assert!(
        error.starts_with("credentials_access_key_id in the properties text gives an AccessKey id"),
        "{error}"
    );
    assert!(refused("credentials_type=ecs_ram_role\nsts_endpoint=http://sts").contains("TLS only"));
    assert!(refused("credentials_type=default\nsts_ca_file_path=nowhere.pem").contains("nowhere.pem"));
}

#[test]
fn every_credentials_type_can_stand_in_place_of_a_client_key() {
    const AK: &str = "credentials_access_key_id=LTAI1\ncredentials_access_secret=hush\n";
    for (text, kind) in [
        (format!("credentials_type=ak\n{AK}"), "ak"),
        (
            "credentials_type=token\ncredentials_access_token_id=LTAI1\ncredentials_access_token=hush\n".to_owned(),
            "ak",
        ),
        (format!("credentials_type=sts\n{AK}credentials_security_token=hush\n"), "sts"),
        (format!("credentials_type=sts\n{AK}credentials_role_arn=acs:ram::1:role/app\n"), "ram_role"),
        (format!("credentials_type=ram_role\n{AK}credentials_role_arn=acs:ram::1:role/app\n"), "ram_role"),
        (
            "credentials_type=ram_role\ncredentials_role_arn=acs:ram::1:role/app\ncredentials_source_type=default\n"
                .to_owned(),
            "ram_role",
        ),
        ("credentials_type=ecs_ram_role\n".to_owned(), "ecs_ram_role"),
        ("credentials_type=oidc_role_arn\n".to_owned(), "oidc_role_arn"),
        ("credentials_type=default\n".to_owned(), "default"),
    ] {
        for gateways in [REGION, "cache_client_dkms_config_info=[{\"endpoint\":\"kst-1.cryptoservice.kms.aliyuncs.com\"}]"]
        {
            let config = builder(&format!("{text}{gateways}")).build().unwrap();
            assert_eq!(config.warnings(), [""; 0], "{text}");
            assert_eq!(config.endpoints()[0].credentials_type, kind, "{text}");
            assert!(!format!("{config:?}").contains("hush"));
        }
    }
}

#[test]
fn an_instance_without_a_client_key_needs_an_endpoint() {
    assert_eq!(
        refusal(builder(
            "credentials_type=ecs_ram_role\ncache_client_dkms_config_info=[{\"regionId\":\"cn-hangzhou\"}]"
        )),
        "cache_client_dkms_config_info[0].endpoint is missing: expected that of the KMS instance, <instance \
         id>.cryptoservice.kms.aliyuncs.com, which only a ClientKey would name"
    );
}

#[test]
fn an_instance_that_has_a_client_key_is_asked_with_it_whatever_the_credentials_type() {
    let config = builder(&format!(
        "{CLIENT_KEY}credentials_type=ecs_ram_role\ncache_client_dkms_config_info=[{{\"caFilePath\":\"ca.pem\"}}]"
    ))
    .build()
    .unwrap();
    assert_eq!(
        config.warnings(),
        [
            "credentials_type in the properties text is ecs_ram_role, which cache_client_dkms_config_info[0] ignores: it \
             has a ClientKey"
        ]
    );
    assert_eq!(config.endpoints()[0].credentials_type, "client_key");
    // The list of the V2 clients knows no ClientKeys.
    let endpoint = "\"endpoint\":\"kst-hzz000000000000000.cryptoservice.kms.aliyuncs.com\"";
    let config = builder(&format!(
        "{CLIENT_KEY}credentials_type=ecs_ram_role\ncache_client_region_id=[{{{endpoint}}}]"
    ));
    let config = config.build().unwrap();
    assert_eq!(config.endpoints()[0].credentials_type, "ecs_ram_role");
    assert!(config.endpoints()[0].carried_ca);
}

#[test]
fn gateways_choose_who_asks_them() {
    let config = builder(&format!(
        "{CLIENT_KEY}cache_client_region_id=[{{\"regionId\":\"cn-hangzhou\"}},\
         {{\"regionId\":\"cn-beijing\",\"credentialsType\":\"ecs_ram_role\"}}]"
    ))
    .gateway(Gateway::shared("cn-hangzhou"));
    let in_code = config.gateway(Gateway::shared("cn-beijing").credentials_type("default")).build().unwrap();
    let kinds: Vec<_> = in_code.endpoints().iter().map(|endpoint| endpoint.credentials_type).collect();
    assert_eq!(kinds, ["client_key", "default"]);
    let config = builder(&format!(
        "{CLIENT_KEY}cache_client_region_id=[{{\"regionId\":\"cn-hangzhou\"}},\
         {{\"regionId\":\"cn-beijing\",\"credentialsType\":\"ecs_ram_role\"}}]"
    ));
    let kinds: Vec<_> =
        config.build().unwrap().endpoints().iter().map(|endpoint| endpoint.credentials_type).collect();
    assert_eq!(kinds, ["client_key", "ecs_ram_role"]);
}

#[test]
fn a_gateway_is_needed() {
    assert_eq!(
        refusal(builder(CLIENT_KEY)),
        "no KMS gateway is configured: set cache_client_region_id or cache_client_dkms_config_info in the properties \
         text"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.properties");
    fs::write(&file, CLIENT_KEY).unwrap();
    assert_eq!(
        refusal(Builder::new().properties_file(&file).environment()),
        format!(
            "no KMS gateway is configured: set cache_client_region_id or cache_client_dkms_config_info in {} or as an \
             environment variable of that name",
            file.display()
        )
    );
    assert_eq!(
        refusal(Builder::new().client_key_file("clientKey.json")),
        "no KMS gateway is configured: add one in code, or in a properties file set cache_client_region_id to a JSON \
         array of regions or cache_client_dkms_config_info to one of KMS instances"
    );
}

#[test]
fn a_client_key_and_a_password_are_needed() {
    assert_eq!(
        refusal(builder(REGION)),
        "cache_client_region_id[0] in the properties text has no ClientKey: set its clientKeyFile, or client_key_private_key_path, to the \
         clientKey_****.json file that KMS issued"
    );
    assert_eq!(
        refusal(builder(&format!("{REGION}client_key_private_key_path=clientKey.json"))),
        "the ClientKey of cache_client_region_id[0] in the properties text has no password: set its passwordFromFilePath, or \
         client_key_password_from_file_path, \
         client_key_password_from_env_variable or the environment variable client_key_password"
    );
    assert_eq!(
        refusal(Builder::new().gateway(Gateway::instance())),
        "gateway 1 has no ClientKey: set client_key_file in code, of this gateway or for all, to the \
         clientKey_****.json file that KMS issued"
    );
    assert_eq!(
        refusal(Builder::new().client_key("{}").gateway(Gateway::instance())),
        "the ClientKey of gateway 1 has no password: set client_key_password_file, client_key_password_env or \
         client_key_password in code, or the environment variable client_key_password"
    );
}

#[test]
fn what_is_missing_as_it_was_misspelt_is_found() {
    const LINE: &str = "of the properties text has the unknown key";
    const FIRST: &str = "cache_client_region_id[0]";

    let password = "client_key_password_from_file_path=clientKey_Password.txt";
    let key = "client_key_private_key_path=clientKey.json";
    for (text, sentence) in [
        (
            format!("{REGION}client_key_private_key_paht=clientKey.json\n{password}"),
            format!(
                "{FIRST} in the properties text has no ClientKey, and line 2 {LINE} \"client_key_private_key_paht\", \
                 which is ignored: did you mean client_key_private_key_path?"
            ),
        ),
        (
            format!("{REGION}{key}\nclient_key_password_from_file_paht=clientKey_Password.txt"),
            format!(
                "the ClientKey of {FIRST} in the properties text has no password, and line 3 {LINE} \
                 \"client_key_password_from_file_paht\", which is ignored: did you mean \
                 client_key_password_from_file_path?"
            ),
        ),
        (
            format!("{CLIENT_KEY}cache_client_region_ids=[{{\"regionId\":\"cn-hangzhou\"}}]"),
            format!(
                "no KMS gateway is configured, and line 3 {LINE} \"cache_client_region_ids\", which is ignored: did \
                 you mean cache_client_region_id?"
            ),
        ),
        (
            format!("{CLIENT_KEY}cache_client_region_id=[{{\"regionID\":\"cn-hangzhou\"}}]"),
            format!(
                "{FIRST}.regionId is missing, and {FIRST} has the unknown field \"regionID\", which is ignored: did \
                 you mean regionId?"
            ),
        ),
    ] {
        assert_eq!(refusal(builder(&text)), sentence);
    }
    let other = refusal(builder(&format!("{REGION}rotation_intervall=1\n{password}")));
    assert!(!other.contains("rotation_intervall"), "{other}");
}

#[test]
fn an_unset_password_variable_is_named() {
    let key = "client_key_private_key_path=clientKey.json";
    let element = "[{\"regionId\":\"cn-hangzhou\",\"passwordFromEnvVariable\":\"KMSAKUNSET\"}]";
    assert_eq!(
        refusal(builder(&format!("{key}\ncache_client_region_id={element}"))),
        "cache_client_region_id[0].passwordFromEnvVariable names the environment variable KMSAKUNSET, which is not \
         set: set it to the ClientKey's password"
    );
    assert_eq!(
        refusal(builder(&format!("{key}\n{REGION}")).client_key_password_env("KMSAKUNSET")),
        "client_key_password_env set in code names the environment variable KMSAKUNSET, which is not \
         set: set it to the ClientKey's password"
    );
}

#[test]
fn a_password_in_the_place_of_its_variable_or_file_is_not_shown() {
    const PASSWORD: &str = "Hush_2026-hush";

    let key = "client_key_private_key_path=clientKey.json";
    for (setting, field) in [
        ("client_key_password_from_env_variable", "passwordFromEnvVariable"),
        ("client_key_password_from_file_path", "passwordFromFilePath"),
        ("", "passwordFromFilePathName"),
    ] {
        let element = format!("[{{\"regionId\":\"cn-hangzhou\",\"{field}\":\"{PASSWORD}\"}}]");
        let mut refusals = vec![refusal(builder(&format!("{key}\ncache_client_region_id={element}")))];
        if !setting.is_empty() {
            refusals.push(refusal(builder(&format!("{key}\n{REGION}{setting}={PASSWORD}"))));
        }
        for refusal in refusals {
            assert!(refusal.contains("may be the password itself"), "{refusal}");
            assert!(!refusal.to_lowercase().contains("hush"), "{refusal}");
        }
    }
}

#[test]
fn a_file_in_the_place_of_its_path_is_not_shown() {
    let content = fs::read_to_string(vectors().join("clientKey.json")).unwrap();
    let refusal = refusal(builder(REGION).property("client_key_private_key_path", content));
    assert!(refusal.contains("the content of a file instead of a path"), "{refusal}");
    assert!(!refusal.contains("PrivateKeyData") && refusal.len() < 400, "{refusal}");
}

#[test]
fn a_path_does_not_break_its_line() {
    assert_eq!(
        refusal(builder(&format!("{REGION}client_key_private_key_path=/nowhere\\nforged"))),
        r"client_key_private_key_path in the properties text: there is no file /nowhere\nforged, whose backslashes were read as escapes: write each as \\, in JSON inside a properties file as \\\\, or as /"
    );
}

/// What is said of a list, with `what` is wrong about it and the remedy.
fn no_list(subject: &str, what: &str) -> String {
    format!("{subject} is not a JSON array of objects such as [{{\"regionId\":\"cn-hangzhou\"}}] ({what}")
}

#[test]
fn a_list_that_is_no_array_of_objects_is_told() {
    const JOIN: &str =
        ": a value that goes on over several lines needs a backslash at the end of each line but its last";

    for (value, what) in [
        ("[{\"regionId\":", format!("it ends before its last bracket){JOIN}")),
        (
            "[{\"regionId\":\"cn-hangzhou\"},\n{\"regionId\":\"cn-beijing\"}]",
            format!("it ends before its last bracket){JOIN}"),
        ),
        (
            "[{\"regionId\":\"cn-",
            format!("the text that begins at character 14 of line 1 has no closing quote){JOIN}"),
        ),
        (
            "[{\"regionId\" \"cn-hangzhou\"}]",
            "it goes wrong at character 14 of line 1): put names and texts in double quotes".to_owned(),
        ),
        ("cn-hangzhou", "it is not an array)".to_owned()),
        ("{\"regionId\":\"cn-hangzhou\"}", "it is not an array)".to_owned()),
        ("[]", "it is empty)".to_owned()),
        ("[{\"regionId\":\"cn-hangzhou\"},1]", "element 1 is not an object)".to_owned()),
        (
            "'[{\"regionId\":\"cn-hangzhou\"}]'",
            "it stands in quotes): leave the quotes around it away".to_owned(),
        ),
        (
            "\"[{\"regionId\":\"cn-hangzhou\"}]\"",
            "it stands in quotes): leave the quotes around it away".to_owned(),
        ),
    ] {
        let text = format!("{CLIENT_KEY}cache_client_region_id={value}");
        assert_eq!(
            refusal(builder(&text)),
            no_list("cache_client_region_id in the properties text", &what),
            "{value}"
        );
    }
    // In code no line can have ended too early.
    assert_eq!(
        refusal(builder(CLIENT_KEY).property("cache_client_region_id", "[{\"regionId\":")),
        no_list("cache_client_region_id set in code", "it ends before its last bracket)")
    );
}

#[test]
fn windows_paths_in_json_are_told_how_to_be_written() {
    let element = |path: &str| format!("[{{\"regionId\":\"cn-hangzhou\",\"caFilePath\":\"{path}\"}}]");
    // The properties syntax makes one backslash of two.
    assert_eq!(
        refusal(builder(&format!("{CLIENT_KEY}cache_client_region_id={}", element(r"C:\\kmsak\\ca.pem")))),
        no_list(
            "cache_client_region_id in the properties text",
            r"the backslash at character 44 of line 1 escapes nothing): write a backslash as \\\\, or write / in a path"
        )
    );
    assert_eq!(
        refusal(builder(CLIENT_KEY).property("cache_client_region_id", element(r"C:\kmsak\ca.pem"))),
        no_list(
            "cache_client_region_id set in code",
            r"the backslash at character 44 of line 1 escapes nothing): write a backslash as \\, or write / in a path"
        )
    );
    // Some letters make an escape, and some backslashes are gone before JSON is read.
    for (given, shown) in [(r"C:\\new\\ca.pem", None), (r"C:\kmsak\ca.pem", Some("C:kmsakca.pem"))] {
        let refusal = refusal(builder(&format!("{CLIENT_KEY}cache_client_region_id={}", element(given))));
        let expected = match shown {
            None => no_list(
                "cache_client_region_id in the properties text",
                r"the backslash at character 48 of line 1 escapes nothing): write a backslash as \\\\, or write / in a path",
            ),
            Some(shown) => format!(
                r"cache_client_region_id[0].caFilePath: there is no file {shown}, whose backslashes were read as escapes: write each as \\, in JSON inside a properties file as \\\\, or as /"
            ),
        };
        assert_eq!(refusal, expected);
    }
    let tab = refusal(builder(CLIENT_KEY).property("cache_client_region_id", element(r"C:\new\tls.pem")));
    assert!(tab.contains("C:\\new\\tls.pem, whose backslashes were read as escapes"), "{tab}");
    assert_eq!(
        refused(r"client_key_private_key_path=C:\kmsak\key.json"),
        r"client_key_private_key_path in the properties text: there is no file C:kmsakkey.json, whose backslashes were read as escapes: write each as \\, in JSON inside a properties file as \\\\, or as /"
    );
}

#[test]
fn an_empty_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::write(&empty, " \n").unwrap();
    assert_eq!(
        refusal(Builder::new().properties_file(&empty)),
        format!("no KMS gateway is configured, and {} is empty: write the settings into it", empty.display())
    );
    let config = builder(&format!("{CLIENT_KEY}{REGION}")).properties_file(&empty).build().unwrap();
    assert_eq!(config.warnings(), [format!("{} is empty: write the settings into it", empty.display())]);
    let gateway = Gateway::instance().ca_file(&empty);
    let config = builder(CLIENT_KEY).gateway(gateway).build().unwrap();
    assert_eq!(
        config.read_ca(0).unwrap_err().message(),
        format!(
            "the CA in {} is empty: download the CA certificate of the KMS instance from the KMS console",
            empty.display()
        )
    );
    fs::write(&empty, b"\xff\xfe-\0-\0").unwrap();
    assert_eq!(
        config.read_ca(0).unwrap_err().message(),
        format!("the CA in {} is UTF-16: save it as UTF-8", empty.display())
    );
}

#[test]
fn lines_for_a_shell_are_told() {
    assert_eq!(
        warnings("export secret_names='a'"),
        [
            "line 4 of the properties text begins with export as for a shell, and is ignored: write secret_names=..., \
             without quotes around the value"
        ]
    );
    assert_eq!(
        refusal(builder(&format!("{CLIENT_KEY}export cache_client_region_id=[]"))),
        "no KMS gateway is configured, and line 3 of the properties text begins with export as for a shell, and is \
         ignored: write cache_client_region_id=..., without quotes around the value"
    );
    assert_eq!(
        warnings("export colour=hush"),
        ["line 4 of the properties text has the unknown key \"export\", which is ignored"]
    );
}

#[test]
fn a_list_that_goes_wrong_does_not_show_its_passwords() {
    for damaged in [
        "[{\"password\":\"hush-hush\"",
        "[{\"password\":hush-hush}]",
        "[{\"password\":[\"hush-hush\"]}]",
        "[{\"passwort\":\"hush-hush\"}]",
        "[{\"endpoint\":\"https://user:hush-hush@host\",\"regionId\":\"a\"}]",
        "[{\"httpsProxy\":\"http://user:hush-hush@:x\"}]",
        "[{\"password\":\"hush-hush\"}",
        "\"hush-hush\"",
        "[\"hush-hush\"]",
    ] {
        let result = builder(&format!("{CLIENT_KEY}cache_client_dkms_config_info={damaged}")).build();
        let told = match result {
            Ok(config) => format!("{config:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!told.contains("hush"), "{told}");
    }
}

#[test]
fn fields_of_the_wrong_type_are_told() {
    for (element, sentence) in [
        ("{\"regionId\":1}", "cache_client_region_id[0].regionId is 1: expected a JSON string"),
        ("{\"regionId\":[]}", "cache_client_region_id[0].regionId is an array: expected a JSON string"),
        ("{\"vpc\":\"yes\"}", "cache_client_region_id[0].vpc is \"yes\": expected true or false"),
        ("{\"ignoreSslCerts\":1}", "cache_client_region_id[0].ignoreSslCerts is 1: expected true or false"),
        (
            "{\"password\":12345678}",
            "cache_client_region_id[0].password is not a JSON string: put it in double quotes",
        ),
        (
            "{\"connectTimeout\":true}",
            "cache_client_region_id[0].connectTimeout is true: expected a whole number of milliseconds",
        ),
        (
            "{\"connectTimeout\":-5}",
            "cache_client_region_id[0].connectTimeout is \"-5\": expected a whole number of milliseconds from 1 to 600000",
        ),
        (
            "{\"readTimeout\":1.5}",
            "cache_client_region_id[0].readTimeout is \"1.5\": expected a whole number of milliseconds from 1 to 600000",
        ),
    ] {
        assert_eq!(element_refused(element), sentence);
    }
}

#[test]
fn regions_are_checked() {
    assert_eq!(
        element_refused("{\"vpc\":true}"),
        "cache_client_region_id[0].regionId is missing: expected a region id such as cn-hangzhou"
    );
    for bad in
        ["CN-Hangzhou", "#regionId#", "<your region>", "cn-hangzhou.evil.com/", "c", "cn-hangzhou-", "1cn"]
    {
        assert_eq!(
            element_refused(&format!("{{\"regionId\":\"{bad}\"}}")),
            format!(
                "cache_client_region_id[0].regionId is \"{bad}\": expected a region id such as cn-hangzhou"
            )
        );
    }
}

#[test]
fn endpoints_are_checked() {
    const EXPECTED: &str = "expected a host name such as kms.cn-hangzhou.aliyuncs.com, with :port if need be";
    let refused = |endpoint: &str| {
        element_refused(&format!("{{\"regionId\":\"cn-hangzhou\",\"endpoint\":\"{endpoint}\"}}"))
    };
    for (path, sentence) in [
        ("a:8443/", "leave \"/\" away and write \"a:8443\""),
        ("a/b", "leave \"/b\" away and write \"a\""),
        ("https://a/b", "leave \"/b\" away and write \"a\""),
    ] {
        assert_eq!(
            refused(path),
            format!("cache_client_region_id[0].endpoint is \"{path}\": {sentence}"),
            "{path}"
        );
    }
    for bad in ["ftp://a", "a:b", "a:99999", "a:0", "a b", "a?x", "a#x", "https://", "*.a", "[::1"] {
        assert_eq!(
            refused(bad),
            format!("cache_client_region_id[0].endpoint is \"{bad}\": {EXPECTED}"),
            "{bad}"
        );
    }
    assert_eq!(
        refused("http://kms.cn-hangzhou.aliyuncs.com"),
        "cache_client_region_id[0].endpoint is \"http://kms.cn-hangzhou.aliyuncs.com\": KMS is spoken to over TLS only, \
         so leave http:// away and write the host name"
    );
    assert_eq!(
        refused("https://user:password@host"),
        format!("cache_client_region_id[0].endpoint holds a user name: {EXPECTED}")
    );
}

#[test]
fn proxies_are_checked() {
    const WRONG: &str = "is not the address of a proxy (not shown, as it may hold a password): expected \
                         http://host:port, https://host:port or socks5h://host:port";
    assert_eq!(
        refused("https_proxy=ftp://user:hush@a"),
        format!("https_proxy in the properties text {WRONG}")
    );
    assert_eq!(
        element_refused("{\"regionId\":\"cn-hangzhou\",\"httpsProxy\":\"http://\"}"),
        format!("cache_client_region_id[0].httpsProxy {WRONG}")
    );
    // Host names are ASCII; see Cargo.toml.
    assert_eq!(
        refused("https_proxy=http://prôxy.example:3128"),
        format!("https_proxy in the properties text {WRONG}")
    );
    builder(&format!("{CLIENT_KEY}{REGION}https_proxy=http://xn--prxy-yqa.example:3128")).build().unwrap();
}

#[test]
fn a_missing_file_is_told_with_each_place() {
    let here = std::env::current_dir().unwrap();
    assert_eq!(
        refusal(builder(&format!("{REGION}client_key_private_key_path=nowhere.json"))),
        format!(
            "client_key_private_key_path in the properties text: there is neither {} nor {}: put the file there or \
             correct the path",
            here.join("nowhere.json").display(),
            vectors().join("nowhere.json").display()
        )
    );
    assert_eq!(
        refusal(Builder::new().properties_file("/nowhere/kmsak.properties")),
        "the properties file: there is no file /nowhere/kmsak.properties: put it there or correct the path"
    );
    assert_eq!(
        refusal(
            builder(CLIENT_KEY).resources(|_| None).gateway(Gateway::instance().ca_file("/nowhere/ca.pem"))
        ),
        "ca_file of gateway 1: there is no file /nowhere/ca.pem nor a resource: put it there or correct \
         the path"
    );
    assert_eq!(
        refused("cache_file=/nowhere/cache"),
        "cache_file in the properties text: the folder of /nowhere/cache does not exist: create it or correct the path"
    );
}

#[test]
fn a_folder_is_no_file() {
    assert_eq!(
        refusal(builder(&format!("{REGION}client_key_private_key_path=odd"))),
        format!(
            "client_key_private_key_path in the properties text names {}, which is a folder: name the file in it",
            vectors().join("odd").display()
        )
    );
}

#[test]
fn a_properties_file_over_1_mib_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.properties");
    fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
    assert_eq!(
        refusal(Builder::new().properties_file(&path)),
        format!("{} is over 1 MiB, which no file of a configuration is", path.display())
    );
    assert_eq!(
        refusal(builder(&"#".repeat((1 << 20) + 1))),
        "the properties text is over 1 MiB, which no properties file is"
    );
    assert_eq!(
        refusal(
            Builder::new()
                .resources(|_| Some(vec![b'#'; (1 << 20) + 1]))
                .properties_file("/nowhere/large.properties")
        ),
        "the properties file names the resource /nowhere/large.properties, which is over 1 MiB: no file of a \
         configuration is"
    );
}

#[test]
fn a_text_that_is_no_properties_is_told() {
    assert_eq!(
        refused("client_key_private_key_path=C:\\users\\me"),
        "line 4 of the properties text has a \\u without the four hexadecimal digits of a character: write a backslash \
         as two, or use / in paths"
    );
    assert_eq!(
        refusal(Builder::new().properties_text(b"\xff\xfea\0=\0b\0", None)),
        "the properties text is UTF-16: save it as UTF-8"
    );
    assert_eq!(
        refusal(Builder::new().properties_text(b"a\0=\0b\0", None)),
        "the properties text is UTF-16: save it as UTF-8"
    );
}

#[test]
fn a_path_name_that_leads_nowhere_is_told() {
    assert_eq!(
        element_refused("{\"regionId\":\"cn-hangzhou\",\"passwordFromFilePathName\":\"nothing\"}"),
        "cache_client_region_id[0].passwordFromFilePathName names \"nothing\", but no setting or environment variable \
         of that name holds the path of a password file: set it, or write the path into passwordFromFilePath"
    );
}

#[test]
fn unknown_settings_of_code_are_errors() {
    assert_eq!(
        refusal(builder(CLIENT_KEY).property("rotation_intervall", "1000")),
        "there is no setting \"rotation_intervall\": did you mean rotation_interval?"
    );
    assert_eq!(refusal(Builder::new().property("x", "1")), "there is no setting \"x\"");
}

#[test]
fn a_language_that_no_header_can_hold_is_told() {
    for bad in ["", "a b", "a\r\nx: y", "a;b"] {
        assert_eq!(
            refusal(builder(&format!("{CLIENT_KEY}{REGION}")).language(bad)),
            format!("the language is {bad:?}: expected a word for the User-Agent such as rust")
        );
    }
}

#[test]
fn unknown_keys_are_warned_about() {
    for (text, warning) in [
        (
            "rotationInterval=1000",
            "line 4 of the properties text has the unknown key \"rotationInterval\", which is ignored: did you mean \
             rotation_interval?",
        ),
        (
            "client_key_pasword=hush",
            "line 4 of the properties text has the unknown key \"client_key_pasword\", which is ignored: did you mean \
             client_key_password?",
        ),
        ("colour=blue", "line 4 of the properties text has the unknown key \"colour\", which is ignored"),
        // It may be a piece of a password.
        ("hush12345", "line 4 of the properties text is no setting and is ignored: expected key=value"),
        (
            "\"password\":\"hush\"",
            "line 4 of the properties text is no setting and is ignored: expected key=value",
        ),
        (
            "secret_names=a,\nhush12345",
            "line 5 of the properties text is no setting and is ignored: a value that goes on over several lines needs \
             a backslash at the end of each line but its last",
        ),
        (
            "client_key_content={\"KeyId\":\n\"hush\"}",
            "line 5 of the properties text is no setting and is ignored: a value that goes on over several lines needs \
             a backslash at the end of each line but its last",
        ),
        (
            "secret_names=a\nsecret_names=b",
            "secret_names stands on line 4 and on line 5 of the properties text: the last one counts",
        ),
    ] {
        assert_eq!(warnings(text), [warning]);
    }
}

#[test]
fn unknown_fields_are_warned_about() {
    let text =
        format!("{CLIENT_KEY}cache_client_region_id=[{{\"regionId\":\"cn-hangzhou\",\"caFile\":\"hush\"}}]");
    assert_eq!(
        builder(&text).build().unwrap().warnings(),
        [
            "cache_client_region_id[0] has the unknown field \"caFile\", which is ignored: did you mean caFilePath?"
        ]
    );
}

#[test]
fn unverified_peers_are_warned_about() {
    let text = |fields: &str| format!("{CLIENT_KEY}cache_client_dkms_config_info=[{{{fields}}}]");
    assert_eq!(
        builder(&text("\"ignoreSslCerts\":true")).build().unwrap().warnings(),
        [
            "cache_client_dkms_config_info[0].ignoreSslCerts is true: whoever answers in KMS's place is believed and sees \
          each secret that is asked for; configure a CA instead"
        ]
    );
    // The private CAs of KMS instances are carried along.
    assert_eq!(builder(&text("")).build().unwrap().warnings(), [""; 0]);
}

#[test]
fn keys_of_the_official_clients_are_known() {
    let text = "credentials_type=client_key\ncredentials_access_key_id=a\ncredentials_access_secret=b\n\
                credentials_role_name=c\ncredentials_role_arn=d\ncredentials_role_session_name=e\n\
                credentials_policy=f\nmonitor_period_milliseconds=1800000\nmonitor_customer_milliseconds=7200000\n\
                rotation_interval=21600000\ndelay_interval=300000\nsecret_names=acs/ram/user/app\n";
    assert_eq!(warnings(text), [""; 0]);
}

#[test]
fn a_file_is_read_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["clientKey.json", "clientKey_Password.txt"] {
        fs::copy(vectors().join(name), folder.path().join(name)).unwrap();
    }
    let path = folder.path().join("managed_credentials_providers.properties");
    fs::write(&path, format!("{CLIENT_KEY}{REGION}colour=blue")).unwrap();
    let config = Config::from_file(&path).unwrap();
    assert_eq!(
        config.warnings(),
        [format!("line 4 of {} has the unknown key \"colour\", which is ignored", path.display())]
    );
}
