//! Where the ClientKey's password comes from.

use super::*;

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
