//! What looks odd, and works.

use super::{CLIENT_KEY, builder, warnings};

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
