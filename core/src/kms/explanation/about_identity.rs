//! What KMS says about whoever asks, whatever is asked for: the ClientKey, or the account that it belongs to.

use super::{Failure, is_clock_skew};
use crate::error::Kind;
use crate::kms::GatewayKind;
use crate::shown::plain;

pub(super) fn verdict(failure: &Failure<'_>, name: &str) -> Option<(Kind, String)> {
    let (code, status) = (failure.code, failure.status);
    let shown = plain(code, 80);
    let asker = failure.asker.name();
    Some(match code {
        "InvalidAccessKeyId.Inactive" => (
            Kind::Denied,
            "KMS knows this ClientKey but does not accept it any more (InvalidAccessKeyId.Inactive): it has expired or \
             was disabled; create a new one in the application access point and replace the ClientKey and password files"
                .to_owned(),
        ),
        "Forbidden.AccessKey" => (
            Kind::Denied,
            "KMS does not let this ClientKey in (Forbidden.AccessKey): see in the KMS console whether it and its \
             application access point are still there, and from where its network rule lets it ask"
                .to_owned(),
        ),
        "Forbidden.KmsServiceNotEnabled" => (
            Kind::Denied,
            format!(
                "the account of this {asker} has not activated KMS (Forbidden.KmsServiceNotEnabled): activate KMS in its \
                 console"
            ),
        ),
        "Forbidden.InDebt" => (
            Kind::Denied,
            format!(
                "the account of this {asker} is in debt, so that KMS refuses it (Forbidden.InDebt): pay what is due in \
                 Expenses and Costs"
            ),
        ),
        "Forbidden.InDebtOverdue" => (
            Kind::Denied,
            format!(
                "the account of this {asker} has been in debt for so long that KMS is suspended (Forbidden.InDebtOverdue): \
                 pay what is due in Expenses and Costs at once, before KMS deletes keys and secrets"
            ),
        ),
        "Forbidden.ProhibitedByRiskControl" => (
            Kind::Denied,
            format!(
                "Alibaba Cloud's risk control has blocked the account of this {asker} (Forbidden.ProhibitedByRiskControl): \
                 see the account's messages, and ask Alibaba Cloud's support to lift it"
            ),
        ),
        "Rejected.LimitExceeded" => (
            Kind::Denied,
            format!(
                "the account has used up a limit of KMS, which gave no {name} (Rejected.LimitExceeded): see Quotas in the KMS \
                 console, and ask for more there"
            ),
        ),
        "Rejected.ShareQuotaExceedLimit" => (
            Kind::Denied,
            format!(
                "the KMS instance is shared with more accounts or holds more than it was bought for, and gave no {name} \
                 (Rejected.ShareQuotaExceedLimit): raise the instance's quota in the KMS console"
            ),
        ),
        _ if is_unknown_client_key(code) => (
            Kind::Denied,
            format!(
                "KMS does not know this ClientKey ({shown}): it was deleted, or belongs to another {}; create a \
                 ClientKey in the application access point and replace the file",
                match failure.gateway {
                    GatewayKind::Instance => "KMS instance or region",
                    GatewayKind::Shared => "region",
                }
            ),
        ),
        _ if is_signature_refused(code, status) => (
            Kind::Denied,
            format!(
                "KMS refused the ClientKey's signature ({shown}): the KeyId and the private key do not belong \
                 together, or the ClientKey was revoked; download a fresh ClientKey and replace the file"
            ),
        ),
        _ => return None,
    })
}

/// An instance says 404 `Unauthorized`, "The AccessKey ID ... does not exist in our records."
fn is_unknown_client_key(code: &str) -> bool {
    code.starts_with("InvalidAccessKeyId") || code == "Unauthorized"
}

fn is_signature_refused(code: &str, status: u16) -> bool {
    code.starts_with("SignatureDoesNotMatch")
        || code == "SignatureNotMatch"
        || (status == 401 && !code.is_empty() && !is_clock_skew(code))
}
