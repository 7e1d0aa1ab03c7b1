//! The ClientKey, as text and in files.

use super::*;

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
fn a_file_that_may_not_be_read_is_told() {
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    assert_eq!(
        crate::process::source::cannot_read(Path::new("/x/clientKey.json"), &denied),
        "/x/clientKey.json may not be read by this process: let its user read the file and enter the folders above"
    );
}
