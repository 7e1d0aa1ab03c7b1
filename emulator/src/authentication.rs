//! Who sent a request to the shared gateway or to STS: checks dates, nonces and signatures of both styles.

use ring::hmac;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use time::OffsetDateTime;

use crate::acs3_signature::{self, Authorization};
use crate::call::Call;
use crate::clock::{TOLERANCE, parse_iso8601};
use crate::encoding::{from_base64, from_hex, sha256_hex};
use crate::ram::AccessKeyStatus;
use crate::refusal::Refusal;
use crate::rpc_signature;
use crate::state::State;

/// Who a request comes from, once that is proved.
pub(crate) enum Caller {
    User(String),
    ClientKey(String),
}

/// The AccessKey id or KeyId that a request names, whether it is right or not.
pub(crate) fn claimed_access_key(call: &Call) -> Option<&str> {
    let authorization = call.header("authorization");
    match authorization.and_then(Authorization::parse) {
        Some(authorization) => Some(authorization.credential),
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
    if !matches!(call.method.as_str(), "GET" | "POST") {
        return Err(Refusal::front(405, "UnsupportedHTTPMethod", "This http method is not supported."));
    }
    if call.path != "/" {
        return Err(Refusal::front(
            404,
            "InvalidApi.NotFound",
            "Specified api is not found, please check your url and method.",
        ));
    }
    match call.header("authorization") {
        Some(header) if header.starts_with("ACS3-") => authenticate_acs3(state, call, header, version, now),
        _ => authenticate_rpc(state, call, version, now),
    }
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

    let string_to_sign = rpc_signature::string_to_sign(call);
    let mismatch = || signature_mismatch(&string_to_sign);
    let signature = from_base64(signature).ok_or_else(mismatch)?;
    let caller = match (method, kind) {
        ("SHA256withRSA", "PRIVATEKEY") => {
            verify_with_client_key(state, id, string_to_sign.as_bytes(), &signature, now)?
        }
        ("HMAC-SHA1" | "HMAC-SHA256", "") => {
            let algorithm =
                if method == "HMAC-SHA1" { hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY } else { hmac::HMAC_SHA256 };
            // RPC's key ends in an ampersand, after which a second secret could stand.
            verify_with_access_key(state, id, algorithm, "&", string_to_sign.as_bytes(), &signature)?
        }
        ("SHA256withRSA" | "HMAC-SHA1" | "HMAC-SHA256", _) => {
            return Err(not_valid("SignatureType"));
        }
        _ => return Err(not_valid("SignatureMethod")),
    };
    let caller = caller.ok_or_else(mismatch)?;
    check_security_token(call.parameter("SecurityToken"))?;
    check_nonce(state, id, nonce, now)?;
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
    if !acs3_signature::MANDATORY.into_iter().all(covered) || !all_acs_covered {
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
    let id = authorization.credential;
    let caller = match authorization.algorithm {
        "ACS3-HMAC-SHA256" => {
            verify_with_access_key(state, id, hmac::HMAC_SHA256, "", string_to_sign.as_bytes(), &signature)?
        }
        "ACS3-RSA-SHA256" => verify_with_client_key(state, id, string_to_sign.as_bytes(), &signature, now)?,
        _ => return Err(incomplete()),
    };
    let caller = caller.ok_or_else(mismatch)?;
    check_security_token(call.header("x-acs-security-token"))?;
    check_nonce(state, id, nonce, now)?;
    Ok(caller)
}

fn verify_with_access_key(
    state: &State,
    id: &str,
    algorithm: hmac::Algorithm,
    suffix: &str,
    message: &[u8],
    signature: &[u8],
) -> Result<Option<Caller>, Refusal> {
    let (user, key) = state.access_key(id).ok_or_else(unknown_access_key)?;
    if key.status == AccessKeyStatus::Inactive {
        return Err(inactive_access_key());
    }
    let secret = format!("{}{suffix}", key.secret);
    let key = hmac::Key::new(algorithm, secret.as_bytes());
    let right = hmac::verify(&key, message, signature).is_ok();
    Ok(right.then(|| Caller::User(user.name.clone())))
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

fn check_time(text: &str, now: OffsetDateTime) -> Result<(), Refusal> {
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

/// The emulator issues no STS tokens, so whatever token comes is a false one.
fn check_security_token(token: Option<&str>) -> Result<(), Refusal> {
    match token {
        None | Some("") => Ok(()),
        Some(_) => Err(Refusal::front(
            400,
            "InvalidSecurityToken.Malformed",
            "The specified parameter \"SecurityToken\" is not valid.",
        )),
    }
}

fn mandatory<'a>(call: &'a Call, name: &str) -> Result<&'a str, Refusal> {
    call.parameter(name).filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Refusal {
    Refusal::front(400, &format!("Missing{name}"), format!("{name} is mandatory for this action."))
}

fn not_valid(name: &str) -> Refusal {
    Refusal::front(400, "InvalidParameter", format!("The specified parameter {name} is not valid."))
}

fn wrong_version() -> Refusal {
    Refusal::front(400, "InvalidVersion", "Specified parameter Version is not valid.")
}

fn unknown_access_key() -> Refusal {
    Refusal::front(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
}

fn inactive_access_key() -> Refusal {
    Refusal::front(403, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
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
