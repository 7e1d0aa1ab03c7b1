//! What KMS's error codes mean to the person who has to mend something. The codes are those of the KMS API
//! reference and of the FAQ on its application access points.

mod about_access_key;
mod about_endpoint;
mod about_identity;
mod about_secret;
#[cfg(test)]
mod tests;

use super::CURRENT;
use super::GatewayKind;
use crate::error::{Error, Scope};
use crate::identity::Signer;
use crate::shown::{may_hold_a_secret, plain};

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
    pub(crate) version_id: &'a str,
    pub(crate) gateway: GatewayKind,
    pub(crate) asker: Asker,
}

/// What signed the question, which decides what can be done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    ClientKey,
    AccessKey,
}

impl Asker {
    pub(crate) fn of(signer: &Signer) -> Self {
        match signer {
            Signer::ClientKey(_) => Asker::ClientKey,
            Signer::AccessKey(_) => Asker::AccessKey,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Asker::ClientKey => "ClientKey",
            Asker::AccessKey => "AccessKey",
        }
    }
}

/// Longer messages of KMS are cut.
const QUOTE_LIMIT: usize = 200;

/// The clock of this machine and that of KMS are too far apart: learn the offset, sign again.
pub(crate) fn is_clock_skew(code: &str) -> bool {
    matches!(code, "RequestTimeTooSkewed" | "IllegalTimestamp" | "InvalidTimeStamp.Expired")
}

/// Whether the same request can succeed later with nothing changed.
fn is_retryable(code: &str, status: u16) -> bool {
    is_throttling(code, status)
        || is_unavailable(code, status)
        || is_outage(code, status)
        || matches!(
            code,
            "SignatureNonceUsed" | "Forbidden.KMSInstanceInUpgrade" | "Rejected.StateModifiedFailed"
        )
}

fn is_throttling(code: &str, status: u16) -> bool {
    code.starts_with("Rejected.Throttling") || code.starts_with("Throttling") || status == 429
}

/// Two of these are KMS's own misspellings.
fn is_unavailable(code: &str, status: u16) -> bool {
    ["ServiceUnavailable", "SerivceUnavailable", "SerivceUnvailable"]
        .iter()
        .any(|spelling| code.starts_with(spelling))
        || status == 503
}

fn is_outage(code: &str, status: u16) -> bool {
    matches!(code, "InternalFailure" | "InternalError") || status == 408 || status >= 500
}

/// The error for what KMS answered.
pub(crate) fn explain(failure: &Failure<'_>) -> Error {
    let name = plain(failure.secret_name, 128);
    let scoped = |scope| move |verdict| (scope, verdict);
    let by_access_key =
        (failure.asker == Asker::AccessKey).then(|| about_access_key::verdict(failure, &name)).flatten();
    let (scope, (kind, message)) = by_access_key
        .or_else(|| about_secret::verdict(failure, &name).map(scoped(Scope::Secret)))
        .or_else(|| about_identity::verdict(failure, &name).map(scoped(Scope::Identity)))
        .unwrap_or_else(|| (Scope::Endpoint, about_endpoint::verdict(failure, &name)));
    let error = Error::new(kind, message)
        .with_scope(scope)
        .with_http_status(failure.status)
        .with_request_id(failure.request_id.filter(|id| !may_hold_a_secret(id)).map(|id| plain(id, 80)))
        .with_retryable(is_retryable(failure.code, failure.status));
    if failure.code.is_empty() { error } else { error.with_code(plain(failure.code, 80)) }
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
    if message.is_empty() || may_hold_a_secret(failure.message) {
        String::new()
    } else {
        format!("; KMS says: \"{message}\"")
    }
}
