//! What KMS says to an AccessKey, of a RAM user or of a role: what is to be mended is in RAM, not in an application access point.

use super::about_secret::of_ram_user;
use super::{Failure, quoted};
use crate::error::{Kind, Scope};
use crate::kms::GatewayKind;
use crate::shown::plain;

/// What is different from what a ClientKey would be told.
pub(super) fn verdict(failure: &Failure<'_>, name: &str) -> Option<(Scope, (Kind, String))> {
    let instance = failure.gateway == GatewayKind::Instance;
    let (code, status) = (failure.code, failure.status);
    let shown = plain(code, 80);
    Some(match code {
        "Forbidden.NoPermission" | "Forbidden.RAM" | "NoPermission" => (
            Scope::Secret,
            (
                Kind::Denied,
                format!(
                    "KMS refused to give {name}: in RAM, give the user or the role of this AccessKey a policy that allows \
                     kms:GetSecretValue on the secret and kms:Decrypt on the key that encrypts it, such as \
                     AliyunKMSSecretUserAccess with AliyunKMSCryptoUserAccess{}{}",
                    of_ram_user(name),
                    quoted(failure)
                ),
            ),
        ),
        _ if code.starts_with("InvalidSecurityToken") || code == "MissingSecurityToken" => (
            Scope::Identity,
            (
                Kind::Denied,
                format!(
                    "KMS does not accept the security token of this AccessKey ({shown}): it has ended or belongs to another \
                     AccessKey, or its role was deleted; fetch a new one, or let credentials_type name the role, whose tokens \
                     kmsak renews"
                ),
            ),
        ),
        "InvalidAccessKeyId.Inactive" | "Forbidden.AccessKeyDisabled" => (
            Scope::Identity,
            (
                Kind::Denied,
                format!(
                    "KMS knows this AccessKey but it is disabled ({shown}): enable it in RAM, or configure another one"
                ),
            ),
        ),
        _ if code.starts_with("InvalidAccessKeyId") || code == "Unauthorized" => (
            Scope::Identity,
            (
                Kind::Denied,
                format!(
                    "KMS does not know this AccessKey ({shown}): it was deleted or is misspelt; configure one that RAM \
                     lists, with the security token if it has one"
                ),
            ),
        ),
        _ if code.starts_with("SignatureDoesNotMatch") || code == "SignatureNotMatch" => (
            Scope::Identity,
            (
                Kind::Denied,
                format!(
                    "KMS refused this AccessKey's signature ({shown}): its secret is not the one that belongs to its id, \
                     or a proxy on the way changes requests"
                ),
            ),
        ),
        // An older image takes a request of the OpenAPI for one of its own protocol.
        "InvalidApiName"
        | "InvalidApiVersion"
        | "MissingParameter"
        | "InvalidParam"
        | "UnsupportedOperation"
            if instance =>
        {
            (
                Scope::Endpoint,
                (
                    Kind::Configuration,
                    format!(
                        "this KMS instance does not take the OpenAPI, which an AccessKey or a role needs ({shown}): upgrade \
                         the instance to image 3.0.0 or later in the KMS console, or ask it with a ClientKey"
                    ),
                ),
            )
        }
        _ if matches!(status, 401 | 403)
            && !code.starts_with("Forbidden.")
            && !code.starts_with("Rejected.") =>
        {
            (
                Scope::Identity,
                (
                    Kind::Denied,
                    format!(
                        "KMS refused to give {name} ({}): in RAM, check the policies of the user or the role of this AccessKey, \
                     and from where its network rules let it ask{}",
                        if code.is_empty() { format!("HTTP {status}") } else { shown },
                        quoted(failure)
                    ),
                ),
            )
        }
        _ => return None,
    })
}
