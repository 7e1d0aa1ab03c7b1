//! Who sent a request in the OpenAPI's style: checks dates, nonces, signatures of both forms and security tokens.

use ring::hmac;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use time::OffsetDateTime;

use crate::acs3_signature::{self, Authorization};
use crate::call::Call;
use crate::clock::{TOLERANCE, parse_iso8601};
use crate::encoding::{from_base64, from_hex, sha256_hex};
use crate::product::Product;
use crate::ram::sts_token::StsToken;
use crate::ram::user::AccessKeyStatus;
use crate::refusal::Refusal;
use crate::rpc_signature;
use crate::state::State;

/// Who a request comes from, once that is proved.
pub(crate) enum Caller {
    /// The account itself.
    Root,
    User(String),
    /// Who assumed a RAM role.
    Role(Box<StsToken>),
    ClientKey(String),
}

/// The AccessKey id or KeyId that a request names, whether it is right or not.
pub(crate) fn claimed_access_key(call: &Call) -> Option<&str> {
    let authorization = call.header("authorization");
    match authorization.and_then(Authorization::parse) {
        Some(authorization) => Some(authorization.access_key_id()),
        None => call.parameter("AccessKeyId"),
    }
}

/// Checks a request of an API whose version must be `version`.
pub(crate) fn authenticate(
    state: &mut State,
    call: &Call,
    version: &str,
    now: OffsetDateTime,
) -> Result<Caller, Refusal> {
    check_place(call)?;
    match call.header("authorization") {
        Some(header) if header.starts_with("ACS3-") || header.starts_with("ACS4-") => {
            authenticate_acs3(state, call, header, version, now)
        }
        _ => authenticate_rpc(state, call, version, now),
    }
}

/// An RPC API has one place and two methods.
pub(crate) fn check_place(call: &Call) -> Result<(), Refusal> {
    if !matches!(call.method.as_str(), "GET" | "POST") {
        return Err(Refusal::wrong_method());
    }
    if call.path != "/" {
        return Err(Refusal::front(
            404,
            "InvalidApi.NotFound",
            "Specified api is not found, please check your url and method.",
        ));
    }
    Ok(())
}

fn authenticate_rpc(
    state: &mut State,
    call: &Call,
    version: &str,
    now: OffsetDateTime,
) -> Result<Caller, Refusal> {
    mandatory(call, "Action")?;
    if mandatory(call, "Version")? != version {
        return Err(wrong_version());
    }
    if let Some(format) = call.parameter("Format")
        && !format.eq_ignore_ascii_case("json")
        && !format.eq_ignore_ascii_case("xml")
    {
        return Err(not_valid("Format"));
    }
    if mandatory(call, "SignatureVersion")? != "1.0" {
        return Err(not_valid("SignatureVersion"));
    }
    let id = mandatory(call, "AccessKeyId")?;
    let method = mandatory(call, "SignatureMethod")?;
    let kind = call.parameter("SignatureType").unwrap_or("");
    let nonce = mandatory(call, "SignatureNonce")?;
    let signature = mandatory(call, "Signature")?;
    let timestamp = call.parameter("Timestamp").unwrap_or("");
    if timestamp.is_empty() {
        return Err(Refusal::service(
            400,
            "IllegalTimestamp",
            "The input parameter \"Timestamp\" that is mandatory for processing this request is not supplied.",
        ));
    }
    check_time(timestamp, now)?;

    let token = call.parameter("SecurityToken").unwrap_or("");
    let string_to_sign = rpc_signature::string_to_sign(call);
    let mismatch = || signature_mismatch(&string_to_sign);
    let signature = from_base64(signature).ok_or_else(mismatch)?;
    let caller = match (method, kind) {
        ("SHA256withRSA", "PRIVATEKEY") => {
            refuse_security_token(token)?;
            verify_with_client_key(state, id, string_to_sign.as_bytes(), &signature, now)?
        }
        ("HMAC-SHA1" | "HMAC-SHA256", "") => {
            let algorithm =
                if method == "HMAC-SHA1" { hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY } else { hmac::HMAC_SHA256 };
            let secret = access_key_secret(state, id, token, now)?;
            verify_with_access_key(secret, algorithm, "&", string_to_sign.as_bytes(), &signature)
        }
        ("SHA256withRSA" | "HMAC-SHA1" | "HMAC-SHA256", _) => {
            return Err(not_valid("SignatureType"));
        }
        _ => return Err(not_valid("SignatureMethod")),
    };
    let caller = caller.ok_or_else(mismatch)?;
    check_nonce(state, id, nonce, now)?;
    check_network(state, id, call)?;
    state.note_use(id, call, Product::of(call).service(), now);
    Ok(caller)
}

fn authenticate_acs3(
    state: &mut State,
    call: &Call,
    header: &str,
    version: &str,
    now: OffsetDateTime,
) -> Result<Caller, Refusal> {
    let incomplete = || {
        Refusal::front(
            400,
            "IncompleteSignature",
            "The request signature does not conform to Aliyun standards.",
        )
    };
    let authorization = Authorization::parse(header).ok_or_else(incomplete)?;
    let header =
        |name: &str| call.header(name).filter(|value| !value.is_empty()).ok_or_else(|| missing(name));
    header("x-acs-action")?;
    if header("x-acs-version")? != version {
        return Err(wrong_version());
    }
    let nonce = header("x-acs-signature-nonce")?;
    check_time(header("x-acs-date")?, now)?;
    let covered = |name: &str| authorization.signed_headers.contains(&name);
    let all_acs_covered = call
        .headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-acs-"))
        .all(|name| covered(name.as_str()));
    // STS does without the host.
    let host_covered = covered("host") || Product::of(call) == Product::Sts;
    if !acs3_signature::MANDATORY.into_iter().all(covered) || !all_acs_covered || !host_covered {
        return Err(incomplete());
    }
    if !authorization.signed_headers.is_sorted() {
        return Err(incomplete());
    }
    let string_to_sign = acs3_signature::string_to_sign(call, &authorization).ok_or_else(incomplete)?;
    let mismatch = || signature_mismatch(&string_to_sign);
    if header("x-acs-content-sha256")? != sha256_hex(&call.body) {
        return Err(mismatch());
    }
    let signature = from_hex(authorization.signature).ok_or_else(mismatch)?;
    let id = authorization.access_key_id();
    let token = call.header("x-acs-security-token").unwrap_or("");
    let caller = match authorization.algorithm {
        "ACS3-HMAC-SHA256" => {
            let secret = access_key_secret(state, id, token, now)?;
            verify_with_access_key(secret, hmac::HMAC_SHA256, "", string_to_sign.as_bytes(), &signature)
        }
        "ACS4-HMAC-SHA256" => {
            let (caller, secret) = access_key_secret(state, id, token, now)?;
            let date = header("x-acs-date")?;
            let key = authorization.v4_key(&secret, date).ok_or_else(incomplete)?;
            let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
            hmac::verify(&key, string_to_sign.as_bytes(), &signature).is_ok().then_some(caller)
        }
        "ACS3-RSA-SHA256" => {
            refuse_security_token(token)?;
            verify_with_client_key(state, id, string_to_sign.as_bytes(), &signature, now)?
        }
        _ => return Err(incomplete()),
    };
    let caller = caller.ok_or_else(mismatch)?;
    check_nonce(state, id, nonce, now)?;
    check_network(state, id, call)?;
    state.note_use(id, call, Product::of(call).service(), now);
    Ok(caller)
}

/// An AccessKey may be bound to some addresses.
fn check_network(state: &State, id: &str, call: &Call) -> Result<(), Refusal> {
    if state.may_be_used_from(id, call.source) {
        return Ok(());
    }
    Err(Refusal::front(403, "Forbidden.AccessKey", "The AccessKey may not be used from this address."))
}

/// Whom an AccessKey belongs to and what it signs with, if it may be used.
fn access_key_secret(
    state: &State,
    id: &str,
    token: &str,
    now: OffsetDateTime,
) -> Result<(Caller, String), Refusal> {
    if id.starts_with("STS.") {
        return sts_token_secret(state, id, token, now);
    }
    refuse_security_token(token)?;
    let (caller, key) = match state.access_key(id) {
        Some((user, key)) => (Caller::User(user.name.clone()), key),
        None => {
            let key = state.root_access_keys.iter().find(|key| key.id == id);
            (Caller::Root, key.ok_or_else(unknown_access_key)?)
        }
    };
    if key.status == AccessKeyStatus::Inactive {
        return Err(inactive_access_key());
    }
    Ok((caller, key.secret.clone()))
}

fn sts_token_secret(
    state: &State,
    id: &str,
    token: &str,
    now: OffsetDateTime,
) -> Result<(Caller, String), Refusal> {
    if token.is_empty() {
        return Err(Refusal::front(
            400,
            "MissingSecurityToken",
            "SecurityToken is mandatory for this action.",
        ));
    }
    let known = state.sts_tokens.get(id).ok_or_else(unknown_access_key)?;
    if known.security_token != token {
        let elsewhere = state.sts_tokens.values().any(|one| one.security_token == token);
        return Err(if elsewhere {
            Refusal::front(
                400,
                "InvalidSecurityToken.MismatchWithAccessKey",
                "Specified SecurityToken mismatch with the AccessKey.",
            )
        } else {
            malformed_security_token()
        });
    }
    if known.expiration <= now {
        return Err(Refusal::front(
            400,
            "InvalidSecurityToken.Expired",
            "Specified SecurityToken is expired.",
        ));
    }
    Ok((Caller::Role(Box::new(known.clone())), known.access_key_secret.clone()))
}

fn verify_with_access_key(
    (caller, secret): (Caller, String),
    algorithm: hmac::Algorithm,
    suffix: &str,
    message: &[u8],
    signature: &[u8],
) -> Option<Caller> {
    // RPC's key ends in an ampersand, after which a second secret could stand.
    let key = hmac::Key::new(algorithm, format!("{secret}{suffix}").as_bytes());
    hmac::verify(&key, message, signature).is_ok().then_some(caller)
}

fn verify_with_client_key(
    state: &State,
    id: &str,
    message: &[u8],
    signature: &[u8],
    now: OffsetDateTime,
) -> Result<Option<Caller>, Refusal> {
    let key = state.client_keys.get(id).filter(|key| !key.revoked).ok_or_else(unknown_access_key)?;
    if now < key.not_before || now > key.not_after {
        return Err(inactive_access_key());
    }
    let right = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key.public_key)
        .verify(message, signature)
        .is_ok();
    Ok(right.then(|| Caller::ClientKey(key.key_id.clone())))
}

pub(crate) fn check_time(text: &str, now: OffsetDateTime) -> Result<(), Refusal> {
    let sent_at = parse_iso8601(text).ok_or_else(|| {
        Refusal::front(
            400,
            "InvalidTimeStamp.Format",
            "Specified time stamp or date value is not well formatted.",
        )
    })?;
    if now - sent_at > TOLERANCE {
        return Err(Refusal::front(
            400,
            "InvalidTimeStamp.Expired",
            "Specified time stamp or date value is expired.",
        ));
    }
    if sent_at - now > TOLERANCE {
        return Err(Refusal::service(
            400,
            "IllegalTimestamp",
            "The input parameter \"Timestamp\" is not within 15 minutes of the server's time.",
        ));
    }
    Ok(())
}

fn check_nonce(state: &mut State, id: &str, nonce: &str, now: OffsetDateTime) -> Result<(), Refusal> {
    if state.nonces.is_new(id, nonce, now) {
        Ok(())
    } else {
        Err(Refusal::front(400, "SignatureNonceUsed", "Specified signature nonce was used already."))
    }
}

/// A token beside what needs none is a mistake.
fn refuse_security_token(token: &str) -> Result<(), Refusal> {
    if token.is_empty() { Ok(()) } else { Err(malformed_security_token()) }
}

fn malformed_security_token() -> Refusal {
    Refusal::front(400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
}

pub(crate) fn mandatory<'a>(call: &'a Call, name: &str) -> Result<&'a str, Refusal> {
    call.parameter(name).filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
}

pub(crate) fn missing(name: &str) -> Refusal {
    Refusal::front(400, &format!("Missing{name}"), format!("{name} is mandatory for this action."))
}

fn not_valid(name: &str) -> Refusal {
    Refusal::front(400, "InvalidParameter", format!("The specified parameter {name} is not valid."))
}

pub(crate) fn wrong_version() -> Refusal {
    Refusal::front(400, "InvalidVersion", "Specified parameter Version is not valid.")
}

pub(crate) fn unknown_access_key() -> Refusal {
    Refusal::front(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
}

fn inactive_access_key() -> Refusal {
    Refusal::front(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
}

fn signature_mismatch(string_to_sign: &str) -> Refusal {
    Refusal::front(
        400,
        "SignatureDoesNotMatch",
        format!(
            "Specified signature is not matched with our calculation. server string to sign is:{string_to_sign}"
        ),
    )
}
