//! What KMS says about the endpoint, its instance, or the way there: another endpoint may answer.

use super::{Failure, gateway_name, is_clock_skew, is_outage, is_throttling, is_unavailable, quoted};
use crate::error::Kind;
use crate::kms::GatewayKind;
use crate::shown::plain;

pub(super) fn verdict(failure: &Failure<'_>, name: &str) -> (Kind, String) {
    let instance = failure.gateway == GatewayKind::Instance;
    let (code, status) = (failure.code, failure.status);
    match code {
        "UnsupportedOperation" => (
            Kind::Configuration,
            format!(
                "KMS cannot answer GetSecretValue for {name} at this endpoint (UnsupportedOperation): upgrade the \
                 KMS instance to its current version, and check that the endpoint is that of a KMS gateway"
            ),
        ),
        "Forbidden.DKMSInstanceNotFound" => (
            Kind::Server,
            if instance {
                "there is no such KMS instance any more (Forbidden.DKMSInstanceNotFound): check the instance id in the \
                 endpoint, and in the KMS console whether the instance was released"
                    .to_owned()
            } else {
                format!(
                    "the KMS instance that holds {name} is gone (Forbidden.DKMSInstanceNotFound): see in the KMS console \
                     whether it was released, and keep the secret in another one"
                )
            },
        ),
        "Forbidden.DKMSInstanceStateInvalid" => (
            Kind::Server,
            format!(
                "the KMS instance that holds {name} does not work at present (Forbidden.DKMSInstanceStateInvalid): see \
                 its state in the KMS console; renew it if it has expired"
            ),
        ),
        "Rejected.Uninitialized" => (
            Kind::Server,
            format!(
                "the KMS instance that is to give {name} was bought but never enabled (Rejected.Uninitialized): enable it in \
                 the KMS console"
            ),
        ),
        "Forbidden.KMSInstanceInUpgrade" => (
            Kind::Server,
            format!(
                "the KMS instance that holds {name} is being upgraded (Forbidden.KMSInstanceInUpgrade): try again when \
                 that is done"
            ),
        ),
        "Forbidden.RamRoleNotFound" => (
            Kind::Server,
            format!(
                "KMS lacks the service role that it works with and could not give {name} (Forbidden.RamRoleNotFound): let \
                 the KMS console create the role, and wait a minute"
            ),
        ),
        _ if is_clock_skew(code) => (
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
        "MissingParameter" | "InvalidParam" | "InvalidApiName" | "InvalidApiVersion" => (
            Kind::Server,
            format!(
                "KMS did not understand the request for {name} ({code}): check that the endpoint is that of the \
                 {}, and look for a proxy on the way that removes or changes headers{}",
                gateway_name(failure.gateway),
                quoted(failure)
            ),
        ),
        "IncompleteSignature" => (
            Kind::Server,
            format!(
                "KMS found only a part of the signature of the request for {name} (IncompleteSignature): look for a proxy on \
                 the way that removes or changes headers or the body{}",
                quoted(failure)
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
        _ if is_unavailable(code, status) => (
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
        _ => unknown(failure, name),
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
