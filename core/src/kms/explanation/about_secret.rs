//! What KMS says about the secret that was asked for: another try, another ClientKey of the same rights or another endpoint
//! that holds the same secrets is told the same.

use super::{CURRENT, Failure, quoted};
use crate::error::Kind;
use crate::kms::GatewayKind;
use crate::shown::{may_hold_a_secret, plain};

pub(super) fn verdict(failure: &Failure<'_>, name: &str) -> Option<(Kind, String)> {
    let instance = failure.gateway == GatewayKind::Instance;
    let code = failure.code;
    Some(match code {
        "Forbidden.NoPermission" | "Forbidden.RAM" | "NoPermission" => {
            (Kind::Denied, no_permission(failure, name, instance))
        }
        "Forbidden.ResourceNotFound" => (Kind::NotFound, not_found(failure, name, instance)),
        "Forbidden.KeyNotFound" => (
            Kind::NotFound,
            format!(
                "KMS does not find the key that encrypts {name}: restore the key if its deletion is only \
                 scheduled, else encrypt the secret with a key of this instance"
            ),
        ),
        "Forbidden.AliasNotFound" => (
            Kind::NotFound,
            format!(
                "KMS does not find the alias of the key that encrypts {name} (Forbidden.AliasNotFound): give the key its \
                 alias again in the KMS console"
            ),
        ),
        "Rejected.Disabled" => (
            Kind::Denied,
            format!(
                "KMS cannot use {name} because it or the key that encrypts it is disabled (Rejected.Disabled): enable \
                 it in the KMS console"
            ),
        ),
        "Rejected.PendingDeletion" => (
            Kind::Denied,
            format!(
                "KMS is about to delete {name} or the key that encrypts it (Rejected.PendingDeletion): cancel the \
                 deletion in the KMS console while there is time"
            ),
        ),
        "Rejected.PendingImport" => (
            Kind::Denied,
            format!(
                "the key that encrypts {name} has no key material yet (Rejected.PendingImport): import it in the KMS \
                 console"
            ),
        ),
        "Rejected.Unavailable" => (
            Kind::Denied,
            format!(
                "KMS cannot use {name} or the key that encrypts it (Rejected.Unavailable): look at the state of both in the \
                 KMS console"
            ),
        ),
        "Rejected.StateModifiedFailed" => (
            Kind::Server,
            format!(
                "the state of {name} or of the key that encrypts it is being changed (Rejected.StateModifiedFailed): \
                 try again"
            ),
        ),
        "InvalidParameter" => (
            Kind::Configuration,
            format!(
                "KMS finds the request for {name} invalid: check the secret's name and the version stage, or the version that was named{}",
                quoted(failure)
            ),
        ),
        _ => return None,
    })
}

fn no_permission(failure: &Failure<'_>, name: &str, instance: bool) -> String {
    match forbidden_key(failure.message) {
        Some(key) => format!(
            "KMS refused to decrypt {name}: the permission policy of the ClientKey's application access point must \
             grant CryptoServiceKeyUser and list the key {key}"
        ),
        None if instance => format!(
            "KMS refused to give {name}: add the secret to the permission policy of the ClientKey's application \
             access point, with CryptoServiceSecretUser and this KMS instance as its scope, and check that the \
             ClientKey still exists{}",
            of_ram_user(name)
        ),
        None => format!(
            "KMS refused to give {name}: add the secret to the permission policy of the ClientKey's application \
             access point, with SecretUser and the shared gateway as its scope, and check its network rule{}",
            of_ram_user(name)
        ),
    }
}

fn not_found(failure: &Failure<'_>, name: &str, instance: bool) -> String {
    if !failure.version_id.is_empty() {
        format!(
            "KMS has no version {} of {name}, or no such secret: check the spelling of both, and that the version was not \
             deleted",
            plain(failure.version_id, 128)
        )
    } else if failure.version_stage != CURRENT {
        format!(
            "KMS has no version of {name} with the stage label {}, or no such secret: check the spelling of both; \
             ACSPrevious is there only after a rotation",
            plain(failure.version_stage, 128)
        )
    } else if instance {
        format!(
            "KMS has no secret {name} in this instance: check its spelling, that it was not deleted, and that it \
             belongs to the KMS instance of the endpoint{}",
            of_ram_user(name)
        )
    } else {
        format!(
            "KMS has no secret {name} in this region: check its spelling, that it was not deleted, and that regionId \
             is the secret's region{}",
            of_ram_user(name)
        )
    }
}

/// People name the RAM user, where KMS names the secret of its AccessKey after it.
pub(super) fn of_ram_user(name: &str) -> String {
    if name.contains(['/', ':']) {
        return String::new();
    }
    format!("; if the AccessKey of the RAM user {name} is meant, its secret is called acs/ram/user/{name}")
}

/// The key in `This operation for key-... is forbidden by permission system.`
fn forbidden_key(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("This operation for ")?;
    let (key, _) = rest.split_once(" is forbidden")?;
    Some(plain(key, 80)).filter(|key| !may_hold_a_secret(key))
}
