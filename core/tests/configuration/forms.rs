//! Files and texts that are not what they should be.

use std::fs;

use kmsak::{Builder, Config, Gateway};

use super::{CLIENT_KEY, NOWHERE, REGION, builder, refusal, refused, vectors, warnings};

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
        refusal(Builder::new().properties_file(format!("{NOWHERE}/kmsak.properties"))),
        format!(
            "the properties file: there is no file {NOWHERE}/kmsak.properties: put it there or correct the path"
        )
    );
    assert_eq!(
        refusal(
            builder(CLIENT_KEY)
                .resources(|_| None)
                .gateway(Gateway::instance().ca_file(format!("{NOWHERE}/ca.pem")))
        ),
        format!(
            "ca_file of gateway 1: there is no file {NOWHERE}/ca.pem nor a resource: put it there or correct the path"
        )
    );
    assert_eq!(
        refused(&format!("cache_file={NOWHERE}/cache")),
        format!(
            "cache_file in the properties text: the folder of {NOWHERE}/cache does not exist: create it or correct the \
             path"
        )
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
