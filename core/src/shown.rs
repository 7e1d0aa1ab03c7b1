//! How a message shows text from outside: on one line, and nothing that may be a secret in the wrong place.

use std::path::Path;

/// A path, fit for one line of a message.
pub(crate) fn path(path: &Path) -> String {
    const LONGEST: usize = 250;

    let text = path.to_string_lossy();
    // A ClientKey or a CA in the place of its file's name.
    if text.contains("{\"")
        || text.contains("{'")
        || text.contains("PrivateKeyData")
        || text.contains("-----BEGIN")
    {
        return "(not shown: it is the content of a file instead of a path)".to_owned();
    }
    let mut shown = String::new();
    for character in text.chars().take(LONGEST) {
        if is_line_safe(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_default());
        }
    }
    if text.chars().nth(LONGEST).is_some() {
        shown.push_str("...");
    }
    shown
}

/// Whether a backslash of a Windows path was read as an escape: it became a line end or a tab, or is gone after the drive.
pub(crate) fn has_lost_a_backslash(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let mut start = text.chars();
    let drive = start.next().is_some_and(|c| c.is_ascii_alphabetic()) && start.next() == Some(':');
    let loose = drive && start.next().is_some_and(|c| !matches!(c, '/' | '\\'));
    loose || text.contains(['\u{8}', '\t', '\n', '\u{c}', '\r'])
}

/// Whether `given`, which is to be the path of a password file, cannot be the password itself: KMS allows neither
/// slashes nor dots in one.
pub(crate) fn is_surely_a_path(given: &Path) -> bool {
    given.to_str().is_none_or(|text| text.contains(['/', '\\', '.']))
}

/// Whether `given`, which is to be the name of a password's variable, cannot be the password itself: those of KMS have
/// 8 to 64 digits, letters and marks, of at least two of these kinds.
pub(crate) fn is_surely_a_name(given: &str) -> bool {
    let is_name = given.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let kinds = [
        given.contains('_'),
        given.contains(|character: char| character.is_ascii_digit()),
        given.contains(|character: char| character.is_ascii_alphabetic()),
    ];
    is_name && (!(8..=64).contains(&given.len()) || kinds.into_iter().filter(|kind| *kind).count() < 2)
}

/// What a user wrote, fit for one line of a message.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() > LONGEST {
        let start: String = text.chars().take(LONGEST).collect();
        format!("{start:?}...")
    } else {
        format!("{text:?}")
    }
}

/// Text from outside, fit for a line of a log: no control characters, and no longer than `limit` characters.
pub(crate) fn plain(text: &str, limit: usize) -> String {
    let mut kept: String = text
        .chars()
        .map(|character| if is_line_safe(character) { character } else { ' ' })
        .take(limit)
        .collect();
    if text.chars().nth(limit).is_some() {
        kept.push('…');
    }
    kept.trim().to_owned()
}

/// As [`plain`], for what KMS says of itself and of a secret: none of it where it looks like a secret in the wrong place.
pub(crate) fn told(text: &str, limit: usize) -> String {
    if may_hold_a_secret(text) { "(not shown)".to_owned() } else { plain(text, limit) }
}

/// Whether `text` has the shape of a secret: JSON, PEM, the name of a field that holds one, or a word like those that keys,
/// tokens and encoded bytes are made of. Ids of AccessKeys, keys, requests and versions are none.
pub(crate) fn may_hold_a_secret(text: &str) -> bool {
    const SIGNS: [&str; 8] = [
        "{",
        "-----begin",
        "accesskeysecret",
        "secretdata",
        "privatekey",
        "password",
        "securitytoken",
        "secret=",
    ];
    const SHORTEST: usize = 20;

    // These are codes of KMS and STS, and the ids of temporary AccessKeys are no more secret than those of others.
    let text =
        &text.replace("InvalidSecurityToken", "").replace("MissingSecurityToken", "").replace("STS.", "LTAI");
    let lower = text.to_ascii_lowercase();
    let is_part = |character: char| character.is_ascii_alphanumeric() || "+/=_".contains(character);
    let is_random = |word: &str| {
        let has = |kind: fn(&u8) -> bool| word.as_bytes().iter().any(kind);
        word.len() >= SHORTEST
            && !word.starts_with("LTAI")
            && has(u8::is_ascii_digit)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_uppercase)
    };
    SIGNS.iter().any(|sign| lower.contains(sign))
        || text.split(|character| !is_part(character)).any(is_random)
}

/// Besides control characters, those that turn the direction of a line or hide in it can forge a log.
pub(crate) fn is_line_safe(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_stays_on_its_line() {
        assert_eq!(path(Path::new("/etc/kmsak/Schlüssel.json")), "/etc/kmsak/Schlüssel.json");
        assert_eq!(path(Path::new("/a\nb\u{202e}c\u{7}")), "/a\\nb\\u{202e}c\\u{7}");
        let long = path(Path::new(&"x".repeat(9000)));
        assert_eq!(long, format!("{}...", "x".repeat(250)));
    }

    #[test]
    fn lost_backslashes_are_noticed() {
        for lost in ["C:kmsakca.pem", "C:\new\\ca.pem", "a\tb", "d:x"] {
            assert!(has_lost_a_backslash(Path::new(lost)), "{lost:?}");
        }
        for whole in ["C:\\kmsak\\ca.pem", "C:/ca.pem", "C:", "ca.pem", "/etc/a:b", "ab:c"] {
            assert!(!has_lost_a_backslash(Path::new(whole)), "{whole:?}");
        }
    }

    #[test]
    fn what_was_pasted_in_the_place_of_a_path_is_not_shown() {
        for pasted in [
            r#"/app/{"KeyId": "KAAP.1", "PrivateKeyData": "MIIJ"}"#,
            r#"/app/{ "PrivateKeyData" : "MIIJ"}"#,
            "/app/{'ClientKeyPassword':'MIIJ'}",
            "/app/-----BEGIN CERTIFICATE-----\nMIIJ",
        ] {
            assert!(!path(Path::new(pasted)).contains("MIIJ"), "{pasted}");
        }
    }

    #[test]
    fn what_may_be_a_password_is_told_from_names_and_paths() {
        for name in ["MINE", "P4_", "CLIENTKEYPASSWORD", "passwordvariable"] {
            assert!(is_surely_a_name(name), "{name}");
        }
        for password in ["Kmsak#2026test", "Passw0rd", "KMSAK_PASSWORD", "12345678_", "short!", "with blank"]
        {
            assert!(!is_surely_a_name(password), "{password}");
        }
        assert!(is_surely_a_path(Path::new("password.txt")));
        assert!(is_surely_a_path(Path::new("/run/secrets/kmsak")));
        assert!(!is_surely_a_path(Path::new("Kmsak#2026test")));
    }

    #[test]
    fn what_kms_says_is_told_from_secrets() {
        for secret in [
            "8kYqP2mVtR4xZ1wBn6cJfD3hL9sGaE",
            r#"{"AccessKeyId":"LTAI5t","AccessKeySecret":"x"}"#,
            "AccessKeySecret=hush",
            "it is CAISxQJ1q6Ft5B2yfSjIr5fSfNyHi7xE8quXS0n5lVcwfOVah73Isz2IHhMenJgAu0dtfkz",
            "-----BEGIN PRIVATE KEY-----",
            "The password is hush",
        ] {
            assert!(may_hold_a_secret(secret), "{secret}");
            assert_eq!(told(secret, 80), "(not shown)");
        }
        for said in [
            "This operation for key-hzz62f1cb66fa42qo is forbidden by permission system.",
            "The AccessKey ID KAAP.00000000-0000-4000-8000-000000000001 does not exist in our records.",
            "LTAI5tAbCdEfGhIjKlMnOpQr",
            "475F1620-B9D3-4D35-B5C6-3FBDD941423D",
            "00000000000000000000000000000001",
            "Parameter x-kms-acccesskeyid does not exist in http header or body.",
            "Forbidden.ProhibitedByRiskControl",
            "acs/ram/user/app",
            "InvalidSecurityToken.MismatchWithAccessKey",
            "STS.NIRbqBr2Ovg0YzVohfeB2AUdv",
        ] {
            assert!(!may_hold_a_secret(said), "{said}");
        }
    }

    proptest! {
        #[test]
        fn no_access_key_secret_passes(text in "[a-z ]{0,20}", secret in "[0-9A-Za-z]{24}[0-9][a-z][A-Z]") {
            prop_assume!(!secret.starts_with("LTAI"));
            let said = format!("{text}: {secret}.");
            prop_assert!(may_hold_a_secret(&said));
        }

        #[test]
        fn no_password_by_kmss_rule_is_shown(password in "[0-9A-Za-z~!@#$%^&*?_-]{8,64}") {
            let two_kinds = [
                password.contains(|c: char| c.is_ascii_digit()),
                password.contains(|c: char| c.is_ascii_alphabetic()),
                password.contains(|c: char| !c.is_ascii_alphanumeric()),
            ];
            prop_assume!(two_kinds.into_iter().filter(|kind| *kind).count() >= 2);
            prop_assert!(!is_surely_a_name(&password) && !is_surely_a_path(Path::new(&password)));
        }

        #[test]
        fn no_path_forges_a_line(text in any::<String>()) {
            let shown = path(Path::new(&text));
            prop_assert!(shown.chars().all(is_line_safe));
            prop_assert!(shown.len() < 4000);
        }
    }
}
