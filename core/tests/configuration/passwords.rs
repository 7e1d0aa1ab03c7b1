//! Passwords and where they are found; none is shown.

use std::fs;

use super::{CLIENT_KEY, NOWHERE, REGION, builder, element_refused, refusal, vectors};

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
        refusal(builder(&format!("{REGION}client_key_private_key_path={NOWHERE}\\nforged"))),
        format!(
            r"client_key_private_key_path in the properties text: there is no file {NOWHERE}\nforged, whose backslashes were read as escapes: write each as \\, in JSON inside a properties file as \\\\, or as /"
        )
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
fn a_path_name_that_leads_nowhere_is_told() {
    assert_eq!(
        element_refused("{\"regionId\":\"cn-hangzhou\",\"passwordFromFilePathName\":\"nothing\"}"),
        "cache_client_region_id[0].passwordFromFilePathName names \"nothing\", but no setting or environment variable \
         of that name holds the path of a password file: set it, or write the path into passwordFromFilePath"
    );
}
