//! The KMS instance gateway's own protocol: protobuf over HTTPS, signed with a ClientKey.

use prost::Message as _;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use time::OffsetDateTime;

use crate::access_point::{Forbidden, Scope};
use crate::arn::bare_name;
use crate::call::{Call, Outcome, Success};
use crate::clock::{TOLERANCE, iso8601, parse_http_date};
use crate::cloud::Cloud;
use crate::encoding::{from_base64, upper_hex};
use crate::messages::{Error, GetSecretValueResponse};
use crate::refusal::Refusal;
use crate::secrets::Secret;
use crate::state::State;

pub(crate) const PROTOBUF: &str = "application/x-protobuf";

/// The real spelling, in every official client and in the API reference.
const ACCESS_KEY_ID: &str = "x-kms-acccesskeyid";

pub(crate) fn answer(cloud: &Cloud, call: &Call, now: OffsetDateTime, request_id: &str) -> Outcome {
    // Whose ClientKey it is, those secrets it can reach.
    let account = call.header(ACCESS_KEY_ID).and_then(|id| cloud.account_of_key(id)).unwrap_or(0);
    let state = &cloud.accounts[account];
    Outcome {
        access_key_id: call.header(ACCESS_KEY_ID).map(str::to_owned),
        result: get_secret_value(state, call, now, request_id),
    }
}

pub(crate) fn write_refusal(refusal: &Refusal, request_id: &str) -> (&'static str, Vec<u8>) {
    let error = Error {
        status_code: i32::from(refusal.status),
        error_code: refusal.code.clone(),
        error_message: refusal.message.clone(),
        request_id: request_id.to_owned(),
    };
    (PROTOBUF, error.encode_to_vec())
}

fn get_secret_value(
    state: &State,
    call: &Call,
    now: OffsetDateTime,
    request_id: &str,
) -> Result<Success, Refusal> {
    let key = authenticate(state, call, now)?;
    let Some(request) = &call.secret_request else {
        return Err(Refusal::service(
            400,
            "InvalidParameter",
            "The request body is not a valid protobuf message.",
        ));
    };
    if request.secret_name.is_empty() {
        return Err(Refusal::invalid_parameter("SecretName"));
    }
    let scope = Scope::Instance(state.instance_id.clone());
    let secret = state.secret_called(&request.secret_name);
    let encryption_key = secret.map(|secret| secret.encryption_key_id.as_str());
    let point = state.access_points.get(key);
    point
        .ok_or(Forbidden::Operation)
        .and_then(|point| {
            point.may_read(&scope, call.source, bare_name(&request.secret_name), encryption_key)
        })
        .map_err(|what| Refusal::forbidden(&what, encryption_key.unwrap_or("")))?;
    let here = |secret: &&Secret| secret.instance.as_ref() == Some(&state.instance_id);
    let secret = secret.filter(here).ok_or_else(Refusal::no_such_secret)?;
    let version = state.readable_version(secret, &request.version_id, &request.version_stage)?;
    let (data_type, data) = version.value.as_sent();
    let date = |at: Option<OffsetDateTime>| at.map(iso8601).unwrap_or_default();
    let response = GetSecretValueResponse {
        secret_name: secret.name.clone(),
        secret_type: secret.secret_type.clone(),
        secret_data: data.to_owned(),
        secret_data_type: data_type.to_owned(),
        version_stages: version.stages.clone(),
        version_id: version.id.clone(),
        create_time: iso8601(version.created),
        request_id: request_id.to_owned(),
        last_rotation_date: date(secret.last_rotation),
        next_rotation_date: date(secret.next_rotation),
        extended_config: if request.fetch_extended_config {
            secret.extended_config.clone().unwrap_or_default()
        } else {
            String::new()
        },
        automatic_rotation: state.automatic_rotation(secret).to_owned(),
        rotation_interval: secret.rotation_interval_as_sent().unwrap_or_default(),
    };
    Ok(Success {
        content_type: PROTOBUF,
        body: response.encode_to_vec(),
        version_id: Some(version.id.clone()),
    })
}

/// Checks everything that makes a request authentic; gives the name of the ClientKey's access point.
fn authenticate<'a>(state: &'a State, call: &Call, now: OffsetDateTime) -> Result<&'a str, Refusal> {
    let invalid = |name: &str| Refusal::service(400, "InvalidParam", format!("The Param {name} is invalid."));
    let mandatory = |name: &str| {
        call.header(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            Refusal::service(
                400,
                "MissingParameter",
                format!("Parameter {name} does not exist in http header or body."),
            )
        })
    };
    let name = call.header("x-kms-apiname").unwrap_or("");
    if name.is_empty() {
        return Err(invalid_api_name(name));
    }
    if call.method != "POST" || call.path != "/" || !call.query.is_empty() {
        return Err(Refusal::service(400, "UnsupportedOperation", "This operation is not supported."));
    }
    let version = call.header("x-kms-apiversion").unwrap_or("");
    if version != "dkms-gcs-0.2" {
        return Err(Refusal::service(
            400,
            "InvalidApiVersion",
            format!("The ApiVersion {version:?} is invalid."),
        ));
    }
    match name {
        "GetSecretValue" => {}
        "Encrypt"
        | "Decrypt"
        | "GenerateDataKey"
        | "Sign"
        | "Verify"
        | "GenerateRandom"
        | "GetPublicKey"
        | "AdvanceEncrypt"
        | "AdvanceDecrypt"
        | "AdvanceGenerateDataKey" => {
            return Err(Refusal::service(400, "UnsupportedOperation", "This operation is not supported."));
        }
        _ => return Err(invalid_api_name(name)),
    }
    match call.header("x-kms-signaturemethod").unwrap_or("") {
        "RSA_PKCS1_SHA_256" => {}
        "" => return Err(invalid("x-kms-signaturemethod")),
        other => {
            let message = format!("The Param x-kms-signaturemethod is invalid. message:\"{other}\".");
            return Err(Refusal::service(400, "InvalidParam", message));
        }
    }
    let key_id = mandatory(ACCESS_KEY_ID)?;
    for name in ["accept", "content-type"] {
        if mandatory(name)? != PROTOBUF {
            return Err(invalid(name));
        }
    }
    let date = call.header("date").unwrap_or("");
    let sent_at = parse_http_date(date).ok_or_else(|| invalid("Date"))?;
    if (sent_at - now).abs() > TOLERANCE {
        return Err(Refusal::service(
            400,
            "RequestTimeTooSkewed",
            "Request time exceeds server time more than 15 minutes.",
        ));
    }
    let mismatch = || {
        Refusal::service(
            401,
            "SignatureNotMatch",
            "The request signature does not match the signature that was calculated.",
        )
    };
    let digest = mandatory("content-sha256")?;
    let authorization = mandatory("authorization")?;
    let key = state.client_keys.get(key_id).filter(|key| !key.revoked).ok_or_else(|| {
        let message = format!("The AccessKey ID {key_id} does not exist in our records.");
        Refusal::service(404, "Unauthorized", message)
    })?;
    if now < key.not_before || now > key.not_after {
        return Err(Refusal::forbidden(&Forbidden::Operation, ""));
    }
    let actual = ring::digest::digest(&ring::digest::SHA256, &call.body);
    if digest != upper_hex(actual.as_ref()) {
        return Err(invalid("content-sha256"));
    }
    let signature = authorization.strip_prefix("Bearer ").and_then(from_base64).ok_or_else(mismatch)?;
    let signed = string_to_sign(call, digest, date).ok_or_else(mismatch)?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key.public_key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| mismatch())?;
    Ok(&key.access_point)
}

fn invalid_api_name(name: &str) -> Refusal {
    Refusal::service(400, "InvalidApiName", format!("The ApiName {name:?} is invalid."))
}

fn string_to_sign(call: &Call, digest: &str, date: &str) -> Option<String> {
    let mut names: Vec<(&str, &str)> = Vec::new();
    for (name, value) in &call.headers {
        if name.as_str().starts_with("x-kms-") {
            names.push((name.as_str(), value.to_str().ok()?.trim()));
        }
    }
    names.sort_unstable();
    let mut text = format!("{}\n{digest}\n{PROTOBUF}\n{date}\n", call.method);
    for (name, value) in names {
        text.push_str(name);
        text.push(':');
        text.push_str(value);
        text.push('\n');
    }
    text.push('/');
    Some(text)
}
