//! Which errors of a cloud service mean that it no longer knows an AccessKey.

/// The codes that count unless the configuration names others, as `rejection_codes` writes them. Those with a colon have other
/// causes too: they count where the message has what follows the colon.
pub(crate) const DEFAULT_CODES: [&str; 8] = [
    // Most services; Function Compute writes ID. One with a dot is the same in more words.
    "InvalidAccessKeyId",
    "InvalidAccessKeyId.NotFound",
    "InvalidAccessKeyId.Inactive",
    // KMS.
    "Forbidden.AccessKey",
    "Forbidden.AccessKeyDisabled",
    // MaxCompute.
    "ODPS-0410051",
    // Simple Log Service, and what the V2.0 SDKs make of a 401.
    "Unauthorized:AccessKeyId",
    // Tablestore.
    "OTSAuthFailed:AccessKeyId",
];

/// Whether a cloud service's error means that it does not know an AccessKey, by its `code` and, where it has one, its `message`:
/// `InvalidAccessKeyId`, `InvalidAccessKeyId.NotFound`, `InvalidAccessKeyId.Inactive`, `Forbidden.AccessKey`,
/// `Forbidden.AccessKeyDisabled` and `ODPS-0410051`, and where the message speaks of an AccessKeyId `Unauthorized` and
/// `OTSAuthFailed`. Upper and lower case are the same. A provider whose configuration names other codes has
/// [`Provider::is_rejection`](crate::Provider::is_rejection).
#[must_use]
pub fn is_rejection(code: &str, message: Option<&str>) -> bool {
    DEFAULT_CODES.iter().any(|item| matches(item, code, message))
}

/// The errors that count for one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejections(Box<[String]>);

impl Rejections {
    pub(crate) fn usual() -> Self {
        Rejections(DEFAULT_CODES.map(str::to_owned).into())
    }

    /// Those that `items` name, or the first item that names none.
    pub(crate) fn of(items: Vec<String>) -> Result<Self, String> {
        match items.iter().position(|item| !is_valid(item)) {
            Some(wrong) => Err(items[wrong].clone()),
            None => Ok(Rejections(items.into())),
        }
    }

    pub(crate) fn contain(&self, code: &str, message: Option<&str>) -> bool {
        self.0.iter().any(|item| matches(item, code, message))
    }
}

/// `Code`, or `Code:words of the message`.
fn parts(item: &str) -> (&str, Option<&str>) {
    match item.split_once(':') {
        Some((code, words)) => (code.trim(), Some(words.trim())),
        None => (item.trim(), None),
    }
}

fn is_valid(item: &str) -> bool {
    let (code, words) = parts(item);
    let is_code = (1..=128).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic());
    is_code && words.is_none_or(|words| (1..=128).contains(&words.len()) && !words.contains(char::is_control))
}

fn matches(item: &str, code: &str, message: Option<&str>) -> bool {
    let (known, words) = parts(item);
    known.eq_ignore_ascii_case(code)
        && words.is_none_or(|words| message.is_some_and(|message| has(message, words)))
}

/// Whether `message` has `words`, which are not empty, in whatever case.
fn has(message: &str, words: &str) -> bool {
    message.as_bytes().windows(words.len()).any(|part| part.eq_ignore_ascii_case(words.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_services_words_for_an_unknown_access_key_are_a_rejection() {
        for (code, message) in [
            ("InvalidAccessKeyId", None),
            ("InvalidAccessKeyId.NotFound", None),
            ("InvalidAccessKeyId.Inactive", None),
            ("InvalidAccessKeyID", Some("The AccessKey ID is invalid")),
            ("invalidaccesskeyid", None),
            ("Forbidden.AccessKeyDisabled", None),
            ("Forbidden.AccessKey", None),
            ("ODPS-0410051", Some("Invalid credentials - accessKeyId not found")),
            ("Unauthorized", Some("AccessKeyId not found: LTAI5t")),
            ("Unauthorized", Some("The accesskeyid is disabled")),
            ("OTSAuthFailed", Some("The AccessKeyID does not exist.")),
        ] {
            assert!(is_rejection(code, message), "{code}, {message:?}");
        }
    }

    #[test]
    fn another_refusal_is_none() {
        for (code, message) in [
            ("", None),
            ("SignatureDoesNotMatch", Some("InvalidAccessKeyId")),
            ("Forbidden.RAM", Some("AccessKeyId")),
            ("Throttling", None),
            ("InvalidAccessKeyId ", None),
            ("Unauthorized", None),
            ("Unauthorized", Some("")),
            ("Unauthorized", Some("denied by sts or ram, action: log:PostLogStoreLogs")),
            ("OTSAuthFailed", Some("The instance is not running.")),
            ("Unauthorized:AccessKeyId", Some("AccessKeyId")),
        ] {
            assert!(!is_rejection(code, message), "{code}, {message:?}");
        }
    }

    #[test]
    fn a_providers_own_codes_take_words_of_the_message() {
        let own = Rejections::of(vec!["Gone".to_owned(), "Odd: clé morte ".to_owned()]).unwrap();
        assert!(own.contain("GONE", None));
        assert!(own.contain("Odd", Some("une Clé morte")) && !own.contain("Odd", Some("une clé")));
        assert!(!own.contain("InvalidAccessKeyId", None));
        assert_eq!(Rejections::of(DEFAULT_CODES.map(str::to_owned).to_vec()), Ok(Rejections::usual()));
        for wrong in ["Invalid Code", "", ":words", "Code:", "Code: ", "Code:a\nb", &"x".repeat(129)] {
            assert_eq!(Rejections::of(vec!["Gone".to_owned(), wrong.to_owned()]), Err(wrong.to_owned()));
        }
    }
}
