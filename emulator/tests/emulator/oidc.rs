//! AssumeRoleWithOIDC.

use kmsak_emulator::{Emulator, OidcClaims};
use std::time::Duration;

use crate::client::*;
use crate::roles::Sts;

pub(crate) fn request(emulator: &Emulator, token: &str) -> Rpc {
    Rpc { parameters: Vec::new() }
        .set("Action", "AssumeRoleWithOIDC")
        .set("Version", "2015-04-01")
        .set("Format", "JSON")
        .set("Timestamp", &iso(emulator.now()))
        .set("RoleArn", &emulator.role_arn("oidc-reader"))
        .set("OIDCProviderArn", &emulator.oidc_provider_arn().unwrap())
        .set("RoleSessionName", "pod")
        .set("OIDCToken", token)
}

#[test]
fn a_token_of_the_issuer_is_worth_a_token_of_sts() {
    let emulator = Emulator::start().unwrap();
    let sts = Sts::of(&emulator);
    let fresh = || request(&emulator, &emulator.oidc_token().unwrap());
    for answer in [
        fresh().get(&sts.client, &sts.url),
        fresh().post(&sts.client, &sts.url),
        fresh().form(&sts.client, &sts.url),
    ] {
        let (status, body) = json(answer);
        assert_eq!(status, 200, "{body}");
        assert_eq!(body["OIDCTokenInfo"]["Subject"], "system:serviceaccount:default:app");
        assert_eq!(body["OIDCTokenInfo"]["Issuer"], emulator.oidc_provider().unwrap().issuer.as_str());
        let token = token_of(&emulator, &body["Credentials"]);
        let (_, identity) = sts.identity(&token);
        assert!(identity["Arn"].as_str().unwrap().ends_with(":assumed-role/oidc-reader/pod"));
        let url = format!("https://{}", emulator.shared_endpoint());
        let read = Rpc::secret(&emulator).sign_with_token(&token).get(&sts.client, &url);
        assert_eq!(json(read).0, 200);
    }
    // As the newer SDKs send it: V3 headers without a signature, and a form.
    let form = fresh().remove("Action").remove("Version").remove("Timestamp").remove("Format");
    let answer = sts
        .client
        .post(&sts.url)
        .header("x-acs-action", "AssumeRoleWithOIDC")
        .header("x-acs-version", "2015-04-01")
        .header("x-acs-date", iso(emulator.now()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.query())
        .send()
        .unwrap();
    assert_eq!(json(answer).0, 200);
}

#[test]
fn every_other_token_is_refused_with_its_code() {
    let emulator = Emulator::start().unwrap();
    let sts = Sts::of(&emulator);
    let refused = |request: Rpc| refusal(request.get(&sts.client, &sts.url));
    let claims = emulator.oidc_claims().unwrap();
    let with = |claims: OidcClaims| request(&emulator, &emulator.sign_oidc_token(&claims).unwrap());
    let right = || with(claims.clone());
    let ended = OidcClaims { expires: emulator.now() - Duration::from_secs(1), ..claims.clone() };
    let invalid = "AuthenticationFail.OIDCToken.Invalid";
    let elsewhere = Emulator::start().unwrap().oidc_token().unwrap();
    for (request, status, code) in [
        (with(ended), 400, "AuthenticationFail.OIDCToken.Expired"),
        (right().set("OIDCToken", "abc"), 400, invalid),
        (right().set("OIDCToken", "a.b.c"), 400, invalid),
        (right().set("OIDCToken", &elsewhere), 400, invalid),
        (with(OidcClaims { audience: "x".into(), ..claims.clone() }), 400, invalid),
        (with(OidcClaims { issuer: "x".into(), ..claims.clone() }), 400, invalid),
        (with(OidcClaims { subject: "x".into(), ..claims.clone() }), 403, "AuthenticationFail.NoPermission"),
        (right().set("RoleArn", &emulator.role_arn("ram-reader")), 403, "AuthenticationFail.NoPermission"),
        (
            right().set("OIDCProviderArn", "acs:ram::1:oidc-provider/x"),
            403,
            "AuthenticationFail.NoPermission",
        ),
        (right().set("RoleArn", &emulator.role_arn("nobody")), 404, "EntityNotExist.Role"),
        (right().remove("OIDCToken"), 400, "MissingOIDCToken"),
        (right().remove("OIDCProviderArn"), 400, "MissingOIDCProviderArn"),
        (right().remove("RoleArn"), 400, "MissingRoleArn"),
        (right().remove("Timestamp"), 400, "MissingTimestamp"),
        (right().set("Version", "2016-01-20"), 400, "InvalidVersion"),
        (right().set("DurationSeconds", "3601"), 400, "InvalidParameter.DurationSeconds"),
    ] {
        let shown = format!("{:?}", request.parameters);
        assert_eq!(refused(request), (status, code.to_owned()), "{shown}");
    }
    emulator.edit_oidc_provider(|provider| provider.fingerprints = vec!["00".into()]).unwrap();
    let mismatch = "AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch";
    assert_eq!(refused(right()), (400, mismatch.into()));
    // Its end is one by the emulator's clock.
    let emulator = Emulator::start().unwrap();
    let token = emulator.oidc_token().unwrap();
    let sts = Sts::of(&emulator);
    emulator.advance_clock(Duration::from_secs(3601)).unwrap();
    let got = refusal(request(&emulator, &token).get(&sts.client, &sts.url));
    assert_eq!(got, (400, "AuthenticationFail.OIDCToken.Expired".into()));
}
