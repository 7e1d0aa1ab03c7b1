//! AssumeRoleWithOIDC: a token for who brings one of an OIDC issuer. Nobody signs this request.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::assume_role::{Request, wrongly_formed};
use crate::authentication::{check_place, check_time, mandatory, missing, wrong_version};
use crate::call::Call;
use crate::clock::iso8601;
use crate::journal::What;
use crate::product::Product;
use crate::ram::condition::Context;
use crate::ram::oidc_provider::BadToken;
use crate::ram::trust::Principal;
use crate::refusal::Refusal;
use crate::state::State;

const LONGEST_TOKEN: usize = 20_000;

pub(crate) fn act(
    state: &mut State,
    call: &Call,
    now: OffsetDateTime,
    happened: &mut Vec<(OffsetDateTime, What)>,
) -> Result<Map<String, Value>, Refusal> {
    check_place(call)?;
    let either = |parameter: &str, header: &str| {
        call.parameter(parameter)
            .or_else(|| call.header(header))
            .filter(|value| !value.is_empty())
            .ok_or_else(|| missing(parameter))
            .map(str::to_owned)
    };
    if either("Version", "x-acs-version")? != Product::Sts.version() {
        return Err(wrong_version());
    }
    check_time(&either("Timestamp", "x-acs-date")?, now)?;
    let provider_arn = mandatory(call, "OIDCProviderArn")?;
    let token = mandatory(call, "OIDCToken")?;
    let request = Request::read(call)?;
    if request.account != state.account_id {
        return Err(wrongly_formed("RoleArn"));
    }
    let issuer = state.oidc.as_ref();
    let known = issuer.filter(|issuer| state.oidc_provider_arn(&issuer.provider.name) == provider_arn);
    let Some(issuer) = known else {
        return Err(Refusal::front(
            403,
            "AuthenticationFail.NoPermission",
            "Parameter OIDCProviderArn is not valid",
        ));
    };
    if !(4..=LONGEST_TOKEN).contains(&token.len()) {
        return Err(bad_token(&BadToken::Invalid));
    }
    let claims = issuer.verify(token, now).map_err(|why| bad_token(&why))?;
    let client_ids = issuer.provider.client_ids.join(",");
    let role = request.existing_role(state)?;
    let context = Context::from_source(call.source)
        .with("oidc:iss", claims.issuer.as_str())
        .with("oidc:aud", claims.audience.as_str())
        .with("oidc:sub", claims.subject.as_str());
    if !role.trust.trusts(&[Principal::Federated(provider_arn)], &context) {
        return Err(Refusal::front(
            403,
            "AuthenticationFail.NoPermission",
            "This operation is forbidden by permission system.",
        ));
    }
    let longest = role.max_session_seconds;
    let mut fields = request.issue(state, longest, now, happened)?;
    fields.insert(
        "OIDCTokenInfo".to_owned(),
        json!({
            "Subject": claims.subject,
            "Issuer": claims.issuer,
            "ClientIds": client_ids,
            "ExpirationTime": iso8601(claims.expires),
            "IssuanceTime": iso8601(claims.issued),
            "VerificationInfo": "Success",
        }),
    );
    Ok(fields)
}

fn bad_token(why: &BadToken) -> Refusal {
    let (code, message) = match why {
        BadToken::Invalid => ("AuthenticationFail.OIDCToken.Invalid", "This JsonWebToken is invalid."),
        BadToken::Expired => ("AuthenticationFail.OIDCToken.Expired", "This JsonWebToken is expired."),
        BadToken::PublicKeyFingerprintMismatch => (
            "AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch",
            "The fingerprint of the issuer's certificate is not among those of the OIDC provider.",
        ),
    };
    Refusal::front(400, code, message)
}
