//! Which error codes of a cloud service mean that it no longer knows an AccessKey.

/// The codes that count unless the configuration names others.
pub(crate) const DEFAULT_CODES: [&str; 3] =
    ["InvalidAccessKeyId", "InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive"];

/// Whether `code` is one of the codes by which Alibaba Cloud services say that an AccessKey is unknown, deleted or
/// disabled: `InvalidAccessKeyId`, `InvalidAccessKeyId.NotFound`, `InvalidAccessKeyId.Inactive`. A provider whose
/// configuration names other codes has [`Provider::is_rejection`](crate::Provider::is_rejection).
#[must_use]
pub fn is_rejection(code: &str) -> bool {
    DEFAULT_CODES.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::is_rejection;

    #[test]
    fn only_an_unknown_access_key_is_a_rejection() {
        for code in ["InvalidAccessKeyId", "InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive"] {
            assert!(is_rejection(code), "{code}");
        }
        for code in [
            "",
            "SignatureDoesNotMatch",
            "Forbidden.RAM",
            "Throttling",
            "invalidaccesskeyid",
            "InvalidAccessKeyId ",
        ] {
            assert!(!is_rejection(code), "{code}");
        }
    }
}
