//! Values that cannot be.

use std::time::Duration;

use kmsak::{Builder, Gateway};

use super::{CLIENT_KEY, REGION, builder, element_refused, refusal, refused};

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
