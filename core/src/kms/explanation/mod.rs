//! What KMS's error codes mean to the person who has to mend something. The codes are those of the KMS API
//! reference and of the FAQ on its application access points.

#[cfg(test)]
mod tests;

use super::CURRENT;
use super::GatewayKind;
use crate::error::{Error, Kind};
use crate::shown::plain;

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
