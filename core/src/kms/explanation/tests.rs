use proptest::prelude::*;

use super::*;
use crate::error::Kind;

fn told(status: u16, code: &str, message: &str, gateway: GatewayKind) -> Error {
    explain(&failure(status, code, message, gateway))
}

fn failure<'a>(status: u16, code: &'a str, message: &'a str, gateway: GatewayKind) -> Failure<'a> {
    Failure {
        status,
        code,
        message,
        request_id: Some("r-1"),
        secret_name: "acs/ram/user/app",
        version_stage: CURRENT,
        version_id: "",
        gateway,
        asker: Asker::ClientKey,
    }
}

#[test]
fn a_stage_that_is_not_there_is_named() {
    for gateway in [GatewayKind::Instance, GatewayKind::Shared] {
        let refused = failure(404, "Forbidden.ResourceNotFound", "", gateway);
        let error = explain(&Failure { version_stage: "ACSPrevious", ..refused });
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(error.message().contains("no version of acs/ram/user/app with the stage label ACSPrevious"));
        let refused = failure(404, "Forbidden.ResourceNotFound", "", gateway);
        let error = explain(&Failure { version_stage: "", version_id: "v7", ..refused });
        assert!(error.message().contains("no version v7 of acs/ram/user/app, or no such secret"));
    }
}

#[test]
fn a_ram_user_is_told_from_its_secret() {
    const HINT: &str =
        "; if the AccessKey of the RAM user app is meant, its secret is called acs/ram/user/app";
    for (status, code) in [(404, "Forbidden.ResourceNotFound"), (403, "Forbidden.NoPermission")] {
        for gateway in [GatewayKind::Instance, GatewayKind::Shared] {
            let of = |secret_name| explain(&Failure { secret_name, ..failure(status, code, "", gateway) });
            assert!(of("app").message().ends_with(HINT), "{}", of("app"));
            for whole in ["acs/ram/user/app", "acs:kms:cn-hangzhou:1:secret/app", "db/app"] {
                assert!(!of(whole).message().contains("is meant"), "{}", of(whole));
            }
        }
    }
}

#[test]
fn every_entry_of_the_reference_has_its_sentence() {
    use GatewayKind::{Instance, Shared};
    let forbidden = "This operation is forbidden by permission system.";
    let forbidden_key = "This operation for key-hzz62f1cb66fa42qo is forbidden by permission system.";
    let cases = [
        (403, "Forbidden.NoPermission", forbidden, Instance, Kind::Denied, false, "CryptoServiceSecretUser"),
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
        (400, "UnsupportedOperation", "", Instance, Kind::Configuration, false, "upgrade the KMS instance"),
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
        (404, "InvalidAccessKeyId.NotFound", "", Shared, Kind::Denied, false, "does not know this ClientKey"),
        (
            403,
            "InvalidAccessKeyId.Inactive",
            "",
            Shared,
            Kind::Denied,
            false,
            "it has expired or was disabled",
        ),
        (400, "InvalidParameter", "bad name", Shared, Kind::Configuration, false, "KMS says: \"bad name\""),
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
        (503, "ServiceUnavailableTemporary", "", Instance, Kind::Server, true, "unavailable for the moment"),
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
fn every_common_code_of_kms_has_a_sentence_of_its_own() {
    use GatewayKind::{Instance, Shared};
    use Scope::{Endpoint, Identity, Secret};
    let cases = [
        (
            400,
            "InvalidParameter",
            Kind::Configuration,
            Secret,
            false,
            "the secret's name and the version stage",
        ),
        (400, "MissingParameter", Kind::Server, Endpoint, false, "removes or changes headers"),
        (400, "UnsupportedOperation", Kind::Configuration, Endpoint, false, "upgrade the KMS instance"),
        (400, "Rejected.LimitExceeded", Kind::Denied, Identity, false, "used up a limit"),
        (400, "IllegalTimestamp", Kind::Denied, Endpoint, false, "NTP"),
        (400, "IncompleteSignature", Kind::Server, Endpoint, false, "only a part of the signature"),
        (400, "InvalidAccessKeyId.Inactive", Kind::Denied, Identity, false, "expired or was disabled"),
        (403, "Forbidden.NoPermission", Kind::Denied, Secret, false, "permission policy"),
        (403, "Forbidden.AccessKey", Kind::Denied, Identity, false, "does not let this ClientKey in"),
        (403, "Forbidden.KmsServiceNotEnabled", Kind::Denied, Identity, false, "has not activated KMS"),
        (403, "Forbidden.InDebt", Kind::Denied, Identity, false, "is in debt, so"),
        (403, "Forbidden.InDebtOverdue", Kind::Denied, Identity, false, "in debt for so long"),
        (403, "Forbidden.ProhibitedByRiskControl", Kind::Denied, Identity, false, "risk control"),
        (404, "InvalidAccessKeyId.NotFound", Kind::Denied, Identity, false, "does not know this ClientKey"),
        (404, "Forbidden.ResourceNotFound", Kind::NotFound, Secret, false, "KMS has no secret"),
        (404, "Forbidden.KeyNotFound", Kind::NotFound, Secret, false, "restore the key"),
        (404, "Forbidden.AliasNotFound", Kind::NotFound, Secret, false, "give the key its alias"),
        (409, "Rejected.Disabled", Kind::Denied, Secret, false, "enable it"),
        (409, "Rejected.PendingDeletion", Kind::Denied, Secret, false, "cancel the deletion"),
        (409, "Rejected.PendingImport", Kind::Denied, Secret, false, "no key material"),
        (409, "Rejected.Unavailable", Kind::Denied, Secret, false, "look at the state of both"),
        (409, "Rejected.StateModifiedFailed", Kind::Server, Secret, true, "is being changed"),
        (429, "Rejected.Throttling", Kind::Throttled, Endpoint, true, "asks too often"),
        (500, "InternalFailure", Kind::Server, Endpoint, true, "failed inside"),
        (503, "SerivceUnvailableTemporary", Kind::Server, Endpoint, true, "unavailable for the moment"),
        (503, "SerivceUnavailableTemporary", Kind::Server, Endpoint, true, "unavailable for the moment"),
        (400, "SerivceUnvailableTemporary", Kind::Server, Endpoint, true, "unavailable for the moment"),
        (403, "Forbidden.DKMSInstanceNotFound", Kind::Server, Endpoint, false, "released"),
        (
            403,
            "Forbidden.DKMSInstanceStateInvalid",
            Kind::Server,
            Endpoint,
            false,
            "renew it if it has expired",
        ),
        (400, "Rejected.ShareQuotaExceedLimit", Kind::Denied, Identity, false, "raise the instance's quota"),
        (400, "Rejected.Uninitialized", Kind::Server, Endpoint, false, "never enabled"),
        (403, "Forbidden.KMSInstanceInUpgrade", Kind::Server, Endpoint, true, "is being upgraded"),
        (404, "Forbidden.RamRoleNotFound", Kind::Server, Endpoint, false, "lacks the service role"),
    ];
    for (status, code, kind, scope, retryable, sentence) in cases {
        for gateway in [Instance, Shared] {
            let error = told(status, code, "", gateway);
            assert_eq!(
                (error.kind(), error.scope(), error.retryable()),
                (kind, scope, retryable),
                "{code} at {gateway:?}"
            );
            assert!(error.message().contains(sentence), "{code}: {error}");
        }
    }
}

#[test]
fn a_client_key_that_an_instance_does_not_know_is_denied() {
    let error = told(
        404,
        "Unauthorized",
        "The AccessKey ID KAAP.1 does not exist in our records.",
        GatewayKind::Instance,
    );
    assert_eq!((error.kind(), error.scope()), (Kind::Denied, Scope::Identity));
    assert!(error.message().starts_with("KMS does not know this ClientKey (Unauthorized)"), "{error}");
}

#[test]
fn a_refused_client_key_is_told_from_a_refused_secret() {
    for (status, code) in [
        (404, "InvalidAccessKeyId.NotFound"),
        (401, "SignatureNotMatch"),
        (400, "SignatureDoesNotMatch"),
        (401, "Odd"),
    ] {
        assert_eq!(told(status, code, "", GatewayKind::Instance).scope(), Scope::Identity, "{code}");
    }
    assert_eq!(told(401, "RequestTimeTooSkewed", "", GatewayKind::Instance).scope(), Scope::Endpoint);
}

#[test]
fn what_kms_says_is_cut_and_cleaned() {
    let error =
        told(400, "InvalidParameter", &format!("a\r\nb\u{202e}{}", "x".repeat(9000)), GatewayKind::Shared);
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
            version_stage: &stage, version_id: &stage, gateway: GatewayKind::Instance, asker: Asker::ClientKey,
        });
        prop_assert!(!error.message().chars().any(char::is_control));
        prop_assert!(!error.message().is_empty());
        prop_assert!(!error.code().unwrap_or_default().chars().any(char::is_control));
    }
}
