//! Who asks KMS, and what that needs.

use std::fs;

use kmsak::{Builder, Gateway};

use super::{CLIENT_KEY, REGION, builder, refusal, refused};

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
