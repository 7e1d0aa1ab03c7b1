//! What KMS's error codes mean to the person who has to mend something. The codes are those of the KMS API
//! reference and of the FAQ on its application access points.

use super::CURRENT;
use crate::config::GatewayKind;
use crate::error::{Error, Kind};

/// A refusal or failure as KMS told it.
#[derive(Debug)]
pub(crate) struct Failure<'a> {
    pub(crate) status: u16,
    /// Empty where the answer had no body that could be read.
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) secret_name: &'a str,
    pub(crate) version_stage: &'a str,
    pub(crate) gateway: GatewayKind,
}

/// Longer messages of KMS are cut.
const QUOTE_LIMIT: usize = 200;

/// The clock of this machine and that of KMS are too far apart: learn the offset, sign again.
pub(crate) fn is_clock_skew(code: &str) -> bool {
    matches!(code, "RequestTimeTooSkewed" | "IllegalTimestamp" | "InvalidTimeStamp.Expired")
}

/// KMS does not accept the ClientKey itself, whatever it is used for: it is unknown or revoked, or the signature
/// does not fit it. Another ClientKey would help, another try does not.
fn is_client_key_refused(code: &str, status: u16) -> bool {
    code.starts_with("InvalidAccessKeyId")
        || code.starts_with("SignatureDoesNotMatch")
        || code == "SignatureNotMatch"
        || (status == 401 && !is_clock_skew(code))
}

/// Whether the same request can succeed later with nothing changed.
fn is_retryable(code: &str, status: u16) -> bool {
    is_throttling(code, status) || is_outage(code, status) || code == "SignatureNonceUsed"
}

fn is_throttling(code: &str, status: u16) -> bool {
    code.starts_with("Rejected.Throttling") || code.starts_with("Throttling") || status == 429
}

fn is_outage(code: &str, status: u16) -> bool {
    code.starts_with("ServiceUnavailable")
        || matches!(code, "InternalFailure" | "InternalError")
        || status == 408
        || status >= 500
}

/// The error for what KMS answered.
pub(crate) fn explain(failure: &Failure<'_>) -> Error {
    let (kind, message) = verdict(failure);
    let error = Error::new(kind, message)
        .with_http_status(failure.status)
        .with_request_id(failure.request_id.map(|id| plain(id, 80)))
        .with_retryable(is_retryable(failure.code, failure.status));
    if failure.code.is_empty() { error } else { error.with_code(plain(failure.code, 80)) }
}

fn verdict(failure: &Failure<'_>) -> (Kind, String) {
    let name = plain(failure.secret_name, 128);
    let instance = failure.gateway == GatewayKind::Instance;
    let (code, status) = (failure.code, failure.status);
    match code {
        "Forbidden.NoPermission" | "Forbidden.RAM" | "NoPermission" => (
            Kind::Denied,
            match forbidden_key(failure.message) {
                Some(key) => format!(
                    "KMS refused to decrypt {name}: the permission policy of the ClientKey's application access \
                     point must grant CryptoServiceKeyUser and list the key {key}"
                ),
                None if instance => format!(
                    "KMS refused to give {name}: add the secret to the permission policy of the ClientKey's \
                     application access point, with CryptoServiceSecretUser and this KMS instance as its scope, and check \
                     that the ClientKey still exists"
                ),
                None => format!(
                    "KMS refused to give {name}: add the secret to the permission policy of the ClientKey's \
                     application access point, with SecretUser and the shared gateway as its scope, and check its \
                     network rule"
                ),
            },
        ),
        "Forbidden.ResourceNotFound" => (
            Kind::NotFound,
            if failure.version_stage != CURRENT {
                format!(
                    "KMS has no version of {name} with the stage label {}, or no such secret: check the spelling of \
                     both; ACSPrevious is there only after a rotation",
                    plain(failure.version_stage, 128)
                )
            } else if instance {
                format!(
                    "KMS has no secret {name} in this instance: check its spelling, that it was not deleted, and \
                     that it belongs to the KMS instance of the endpoint"
                )
            } else {
                format!(
                    "KMS has no secret {name} in this region: check its spelling, that it was not deleted, and \
                     that regionId is the secret's region"
                )
            },
        ),
        "Forbidden.KeyNotFound" => (
            Kind::NotFound,
            format!(
                "KMS does not find the key that encrypts {name}: restore the key if its deletion is only \
                 scheduled, else encrypt the secret with a key of this instance"
            ),
        ),
        "Rejected.Disabled" | "Rejected.PendingDeletion" | "Rejected.Unavailable" => (
            Kind::Denied,
            format!(
                "KMS cannot use {name} or the key that encrypts it ({code}): enable it, or cancel its deletion, \
                 in the KMS console"
            ),
        ),
        "UnsupportedOperation" => (
            Kind::Configuration,
            format!(
                "KMS cannot answer GetSecretValue for {name} at this endpoint (UnsupportedOperation): upgrade the \
                 KMS instance to its current version, and check that the endpoint is that of a KMS gateway"
            ),
        ),
        "RequestTimeTooSkewed" | "IllegalTimestamp" | "InvalidTimeStamp.Expired" => (
            Kind::Denied,
            format!(
                "KMS refused the request for {name} because this machine's clock is more than 15 minutes off \
                 ({code}): set the clock, and keep it right with NTP"
            ),
        ),
        "SignatureNonceUsed" => (
            Kind::Denied,
            format!(
                "KMS saw the request for {name} twice (SignatureNonceUsed): look for a proxy on the way that \
                 repeats requests"
            ),
        ),
        "InvalidParameter" => (
            Kind::Configuration,
            format!(
                "KMS finds the request for {name} invalid: check the secret's name and the version stage{}",
                quoted(failure)
            ),
        ),
        "MissingParameter" | "InvalidParam" | "InvalidApiName" | "InvalidApiVersion" => (
            Kind::Server,
            format!(
                "KMS did not understand the request for {name} ({code}): check that the endpoint is that of the \
                 {}, and look for a proxy on the way that removes or changes headers{}",
                gateway_name(failure.gateway),
                quoted(failure)
            ),
        ),
        "InvalidAccessKeyId.Inactive" => (
            Kind::Denied,
            "KMS knows this ClientKey but does not accept it any more (InvalidAccessKeyId.Inactive): it has expired or \
             was disabled; create a new one in the application access point and replace the ClientKey and password files"
                .to_owned(),
        ),
        _ if code.starts_with("InvalidAccessKeyId") => (
            Kind::Denied,
            format!(
                "KMS does not know this ClientKey ({code}): it was deleted, or belongs to another {}; create a \
                 ClientKey in the application access point and replace the file",
                if instance { "KMS instance or region" } else { "region" }
            ),
        ),
        _ if is_client_key_refused(code, status) && !code.is_empty() => (
            Kind::Denied,
            format!(
                "KMS refused the ClientKey's signature ({code}): the KeyId and the private key do not belong \
                 together, or the ClientKey was revoked; download a fresh ClientKey and replace the file"
            ),
        ),
        _ if is_throttling(code, status) => (
            Kind::Throttled,
            format!(
                "KMS throttled the request for {name} because this account asks too often: spread the fetches \
                 out (the quota of GetSecretValue is 450 requests a second for an account in a region)"
            ),
        ),
        _ if status == 413 => (
            Kind::Configuration,
            format!(
                "KMS finds the request for {name} too large (413): check the length of the secret's name, and \
                 look for a proxy on the way that limits requests"
            ),
        ),
        _ if code.starts_with("ServiceUnavailable") || status == 503 => (
            Kind::Server,
            format!(
                "KMS is unavailable for the moment (HTTP {status}) and could not give {name}: try again, and see \
                 Alibaba Cloud's status page if it lasts"
            ),
        ),
        _ if is_outage(code, status) => (
            Kind::Server,
            format!(
                "KMS failed inside (HTTP {status}) when asked for {name}: try again, and give Alibaba Cloud's \
                 support the request id if it lasts{}",
                quoted(failure)
            ),
        ),
        _ => unknown(failure, &name),
    }
}

/// Codes of no special meaning to us, by their status.
fn unknown(failure: &Failure<'_>, name: &str) -> (Kind, String) {
    let code =
        if failure.code.is_empty() { format!("HTTP {}", failure.status) } else { plain(failure.code, 80) };
    let quote = quoted(failure);
    match failure.status {
        401 | 403 => (
            Kind::Denied,
            format!(
                "KMS refused to give {name} ({code}): check the ClientKey, its application access point, and the \
                 network rule that this machine's address must fit{quote}"
            ),
        ),
        404 => (
            Kind::NotFound,
            format!(
                "KMS does not find {name} ({code}): check the secret's name and that the endpoint and regionId \
                 are the secret's{quote}"
            ),
        ),
        400..=499 => (
            Kind::Configuration,
            format!(
                "KMS refused the request for {name} as wrong ({code}): check the secret's name and the \
                 endpoint{quote}"
            ),
        ),
        status => (
            Kind::Server,
            format!(
                "KMS answered the request for {name} with {code} and HTTP {status}, which is not in its \
                 reference: check the endpoint{quote}"
            ),
        ),
    }
}

/// The key in `This operation for key-... is forbidden by permission system.`
fn forbidden_key(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("This operation for ")?;
    let (key, _) = rest.split_once(" is forbidden")?;
    Some(plain(key, 80))
}

/// How people call the two doors.
pub(crate) fn gateway_name(gateway: GatewayKind) -> &'static str {
    match gateway {
        GatewayKind::Instance => "KMS instance gateway",
        GatewayKind::Shared => "shared gateway",
    }
}

fn quoted(failure: &Failure<'_>) -> String {
    let message = plain(failure.message, QUOTE_LIMIT);
    if message.is_empty() { String::new() } else { format!("; KMS says: \"{message}\"") }
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

/// Besides control characters, those that turn the direction of a line or hide in it can forge a log.
pub(crate) fn is_line_safe(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(status: u16, code: &str, message: &str, gateway: GatewayKind) -> Error {
        explain(&Failure {
            status,
            code,
            message,
            request_id: Some("r-1"),
            secret_name: "acs/ram/user/app",
            version_stage: CURRENT,
            gateway,
        })
    }

    #[test]
    fn a_stage_that_is_not_there_is_named() {
        for gateway in [GatewayKind::Instance, GatewayKind::Shared] {
            let error = explain(&Failure {
                status: 404,
                code: "Forbidden.ResourceNotFound",
                message: "",
                request_id: None,
                secret_name: "acs/ram/user/app",
                version_stage: "ACSPrevious",
                gateway,
            });
            assert_eq!(error.kind(), Kind::NotFound);
            assert!(
                error.message().contains("no version of acs/ram/user/app with the stage label ACSPrevious")
            );
        }
    }

    #[test]
    fn every_entry_of_the_reference_has_its_sentence() {
        use GatewayKind::{Instance, Shared};
        let forbidden = "This operation is forbidden by permission system.";
        let forbidden_key = "This operation for key-hzz62f1cb66fa42qo is forbidden by permission system.";
        let cases = [
            (
                403,
                "Forbidden.NoPermission",
                forbidden,
                Instance,
                Kind::Denied,
                false,
                "CryptoServiceSecretUser",
            ),
            (403, "Forbidden.NoPermission", forbidden, Shared, Kind::Denied, false, "with SecretUser"),
            (
                403,
                "Forbidden.NoPermission",
                forbidden_key,
                Instance,
                Kind::Denied,
                false,
                "grant CryptoServiceKeyUser and list the key key-hzz62f1cb66fa42qo",
            ),
            (
                404,
                "Forbidden.ResourceNotFound",
                "",
                Instance,
                Kind::NotFound,
                false,
                "in this instance: check its spelling",
            ),
            (
                404,
                "Forbidden.ResourceNotFound",
                "",
                Shared,
                Kind::NotFound,
                false,
                "that regionId is the secret's region",
            ),
            (
                404,
                "Forbidden.KeyNotFound",
                "",
                Instance,
                Kind::NotFound,
                false,
                "does not find the key that encrypts",
            ),
            (
                400,
                "UnsupportedOperation",
                "",
                Instance,
                Kind::Configuration,
                false,
                "upgrade the KMS instance",
            ),
            (413, "", "", Instance, Kind::Configuration, false, "too large (413)"),
            (
                429,
                "Rejected.Throttling",
                "QPS Limit Exceeded",
                Instance,
                Kind::Throttled,
                true,
                "450 requests a second",
            ),
            (400, "Throttling.User", "", Shared, Kind::Throttled, true, "spread the fetches"),
            (400, "RequestTimeTooSkewed", "", Instance, Kind::Denied, false, "keep it right with NTP"),
            (400, "IllegalTimestamp", "", Shared, Kind::Denied, false, "this machine's clock"),
            (400, "InvalidTimeStamp.Expired", "", Shared, Kind::Denied, false, "this machine's clock"),
            (400, "SignatureNonceUsed", "", Shared, Kind::Denied, true, "a proxy on the way that repeats"),
            (400, "SignatureDoesNotMatch", "", Shared, Kind::Denied, false, "download a fresh ClientKey"),
            (401, "SignatureNotMatch", "", Instance, Kind::Denied, false, "do not belong together"),
            (
                404,
                "InvalidAccessKeyId.NotFound",
                "",
                Shared,
                Kind::Denied,
                false,
                "does not know this ClientKey",
            ),
            (
                403,
                "InvalidAccessKeyId.Inactive",
                "",
                Shared,
                Kind::Denied,
                false,
                "it has expired or was disabled",
            ),
            (
                400,
                "InvalidParameter",
                "bad name",
                Shared,
                Kind::Configuration,
                false,
                "KMS says: \"bad name\"",
            ),
            (
                400,
                "MissingParameter",
                "",
                Instance,
                Kind::Server,
                false,
                "KMS instance gateway, and look for a proxy",
            ),
            (400, "InvalidParam", "", Instance, Kind::Server, false, "removes or changes headers"),
            (500, "InternalFailure", "", Instance, Kind::Server, true, "request id"),
            (
                503,
                "ServiceUnavailableTemporary",
                "",
                Instance,
                Kind::Server,
                true,
                "unavailable for the moment",
            ),
            (403, "Rejected.Disabled", "", Shared, Kind::Denied, false, "enable it"),
            (418, "Teapot", "", Shared, Kind::Configuration, false, "(Teapot)"),
            (403, "", "", Shared, Kind::Denied, false, "(HTTP 403)"),
            (404, "Odd", "", Shared, Kind::NotFound, false, "(Odd)"),
            (502, "Odd", "", Shared, Kind::Server, true, "failed inside (HTTP 502)"),
            (302, "Odd", "", Shared, Kind::Server, false, "not in its reference"),
        ];
        for (status, code, message, gateway, kind, retryable, sentence) in cases {
            let error = told(status, code, message, gateway);
            assert_eq!(error.kind(), kind, "{code}");
            assert_eq!(error.retryable(), retryable, "{code}");
            assert!(error.message().contains(sentence), "{code}: {}", error.message());
            assert!(!error.message().contains('\n') && !error.message().contains("  "), "{error}");
            assert_eq!(error.code(), Some(code).filter(|code| !code.is_empty()));
            assert_eq!(error.request_id(), Some("r-1"));
            assert_eq!(error.http_status(), Some(status));
        }
    }

    #[test]
    fn a_refused_client_key_is_told_from_a_refused_secret() {
        assert!(is_client_key_refused("InvalidAccessKeyId.NotFound", 404));
        assert!(is_client_key_refused("SignatureNotMatch", 401));
        assert!(is_client_key_refused("SignatureDoesNotMatch", 400));
        assert!(is_client_key_refused("", 401));
        assert!(!is_client_key_refused("Forbidden.NoPermission", 403));
        assert!(!is_client_key_refused("RequestTimeTooSkewed", 401));
        assert!(!is_client_key_refused("Rejected.Throttling", 429));
    }

    #[test]
    fn what_kms_says_is_cut_and_cleaned() {
        let error = told(
            400,
            "InvalidParameter",
            &format!("a\r\nb\u{202e}{}", "x".repeat(9000)),
            GatewayKind::Shared,
        );
        assert!(error.message().contains("a  b x"), "{error}");
        assert!(error.message().chars().count() < 500);
    }

    proptest! {
        #[test]
        fn no_answer_forges_a_line(
            status in any::<u16>(), code in any::<String>(), message in any::<String>(), id in any::<String>(),
            name in any::<String>(), stage in any::<String>(),
        ) {
            let error = explain(&Failure {
                status, code: &code, message: &message, request_id: Some(&id), secret_name: &name,
                version_stage: &stage, gateway: GatewayKind::Instance,
            });
            prop_assert!(!error.message().chars().any(char::is_control));
            prop_assert!(!error.message().is_empty());
            prop_assert!(!error.code().unwrap_or_default().chars().any(char::is_control));
        }
    }
}
