use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::{Credentials, Secret};
use crate::error::{Error, Kind};
use crate::process::protected::ProtectedBytes;

fn secret(secret_type: &str, value: &[u8]) -> Arc<Secret> {
    Arc::new(Secret {
        name: "acs/ram/user/app".into(),
        secret_type: secret_type.into(),
        value: ProtectedBytes::copy_from(value),
        binary: false,
        version_id: "v-1".into(),
        version_stages: vec!["ACSCurrent".to_owned()].into(),
        create_time: None,
        request_id: "r-1".into(),
        last_rotation_date: None,
        next_rotation_date: None,
        rotation_interval: None,
        automatic_rotation: None,
        extended_config: None,
    })
}

fn ram(value: &str) -> Result<Credentials, Error> {
    Credentials::from_secret(secret("RamCredentials", value.as_bytes()))
}

#[test]
fn an_access_key_is_read_whatever_the_case_of_its_type() {
    for secret_type in ["RamCredentials", "RAMCredentials"] {
        let value = br#"{"AccessKeyId":"LTAI5tExample","AccessKeySecret":"s3cr3t","GenerateTimestamp":"2026-11-20T00:00:00Z"}"#;
        let credentials = Credentials::from_secret(secret(secret_type, value)).unwrap();
        assert_eq!(credentials.access_key_id(), "LTAI5tExample");
        assert_eq!(credentials.access_key_secret(), "s3cr3t");
        assert_eq!(credentials.version_id(), "v-1");
        assert_eq!(credentials.secret().name(), "acs/ram/user/app");
        assert_eq!(credentials.generate_timestamp(), Some("2026-11-20T00:00:00Z"));
        assert_eq!(credentials.expire_timestamp(), None);
    }
}

#[test]
fn fields_of_older_and_newer_secrets_are_welcome() {
    let credentials =
        ram(r#"{"AccessKeySecret":"a\/\u0062","RefreshInterval":"3600","ScheduleRotateTimestamp":1795437283,
        "New":{"AccessKeyId":[]},"AccessKeyId":"LTAI","ExpireTimestamp":"2026-12-01T00:00:00Z"}"#)
        .unwrap();
    assert_eq!(credentials.access_key_secret(), "a/b");
    assert_eq!(credentials.refresh_interval(), Some(Duration::from_secs(3600)));
    assert_eq!(credentials.schedule_rotate_timestamp(), Some(1_795_437_283));
    assert_eq!(credentials.expire_timestamp(), Some("2026-12-01T00:00:00Z"));
    let odd = ram(r#"{"AccessKeyId":"a","AccessKeySecret":"b","RefreshInterval":-1,"GenerateTimestamp":null,
        "ScheduleRotateTimestamp":"soon"}"#)
    .unwrap();
    assert_eq!((odd.refresh_interval(), odd.generate_timestamp()), (None, None));
    assert_eq!(odd.schedule_rotate_timestamp(), None);
}

#[test]
fn another_type_of_secret_holds_no_access_key() {
    let error = Credentials::from_secret(secret("Generic", b"s3cr3t")).unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert_eq!(
        error.message(),
        "acs/ram/user/app is of type Generic and holds no AccessKey: name a managed RAM secret, or ask for the value of this one"
    );
}

#[test]
fn a_damaged_access_key_is_told_without_showing_it() {
    for value in [
        "",
        "s3cr3t",
        "null",
        "[\"s3cr3t\"]",
        r#"{"AccessKeyId":"s3cr3t"}"#,
        r#"{"AccessKeySecret":"s3cr3t"}"#,
        r#"{"AccessKeyId":"","AccessKeySecret":"s3cr3t"}"#,
        r#"{"AccessKeyId":"a","AccessKeySecret":""}"#,
        r#"{"AccessKeyId":"a","AccessKeySecret":17}"#,
        r#"{"AccessKeyId":"a","AccessKeySecret":null}"#,
        r#"{"AccessKeyId":"a","AccessKeySecret":"s3cr3t\n"}"#,
        r#"{"AccessKeyId":"a","AccessKeySecret":"s3cr3t é"}"#,
        r#"{"AccessKeyId":"a","AccessKeySecret":"s3cr3t","AccessKeyId":"b"}"#,
        r#"{"AccessKeyId":"a","AccessKeySecret":"s3cr3t""#,
    ] {
        let error = ram(value).unwrap_err();
        assert_eq!((error.kind(), error.request_id()), (Kind::Server, Some("r-1")), "{value}");
        assert!(error.message().starts_with("version v-1 of acs/ram/user/app is not the JSON"), "{error}");
        assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
    }
}

#[test]
fn nothing_prints_the_value() {
    let credentials = ram(r#"{"AccessKeyId":"LTAI","AccessKeySecret":"s3cr3t"}"#).unwrap();
    let shown = format!("{credentials:?} {:?} {credentials:#?}", credentials.secret());
    assert!(shown.contains("LTAI") && !shown.contains("s3cr3t"), "{shown}");
}

#[test]
fn clones_share_one_value() {
    let credentials = ram(r#"{"AccessKeyId":"LTAI","AccessKeySecret":"s3cr3t"}"#).unwrap();
    let clone = credentials.clone();
    assert!(std::ptr::eq(credentials.access_key_secret(), clone.access_key_secret()));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(value in prop::collection::vec(any::<u8>(), 0..120)) {
        prop_assert!(Credentials::from_secret(secret("RamCredentials", &value)).is_err());
    }

    #[test]
    fn every_access_key_comes_back(id in "[!-~]{1,40}", key in "[!-~]{1,60}") {
        let value = serde_json::json!({"AccessKeySecret": key, "AccessKeyId": id}).to_string();
        let credentials = ram(&value).unwrap();
        prop_assert_eq!(credentials.access_key_id(), id);
        prop_assert_eq!(credentials.access_key_secret(), key);
    }

    #[test]
    fn damage_is_no_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut value = br#"{"AccessKeyId":"LTAI5tExample","AccessKeySecret":"s3cr3t\u0041","RefreshInterval":"5"}"#.to_vec();
        let at = at.index(value.len());
        value[at] = byte;
        if let Ok(credentials) = Credentials::from_secret(secret("RAMCredentials", &value)) {
            prop_assert!(!credentials.access_key_secret().is_empty());
        }
    }
}
