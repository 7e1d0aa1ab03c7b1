//! The calls about ClientKeys.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::client_key::{self, RegisteredClientKey};
use crate::clock::{iso8601, parse_iso8601};
use crate::journal::What;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

const ALGORITHM: &str = "RSA_2048";
const DEFAULT_VALIDITY: Duration = Duration::days(5 * 365);

/// 8 to 64 digits, letters and other characters, of two kinds at least.
fn is_password(text: &str) -> bool {
    let others = |c: char| "~!@#$%^&*?_-".contains(c);
    let digit = |c: char| c.is_ascii_digit();
    let letter = |c: char| c.is_ascii_alphabetic();
    let kinds = [text.contains(digit), text.contains(letter), text.contains(others)];
    (8..=64).contains(&text.len())
        && text.chars().all(|c| digit(c) || letter(c) || others(c))
        && kinds.into_iter().filter(|kind| *kind).count() >= 2
}

fn validity(request: &Request<'_>) -> Result<(OffsetDateTime, OffsetDateTime), Refusal> {
    let date = |name: &str| {
        request
            .given(name)
            .map(|text| parse_iso8601(text).ok_or_else(|| Refusal::invalid_parameter(name)))
            .transpose()
    };
    match (date("NotBefore")?, date("NotAfter")?) {
        (None, None) => Ok((request.now, request.now + DEFAULT_VALIDITY)),
        (Some(from), Some(until)) if from < until && (1970..9000).contains(&until.year()) => {
            Ok((from, until))
        }
        (None, Some(_)) => Err(super::parameters::missing("NotBefore")),
        _ => Err(Refusal::invalid_parameter("NotAfter")),
    }
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    let point = request.needed("AapName")?;
    request.permit(&format!("applicationaccesspoint/{point}"))?;
    let password = request.needed("Password")?;
    if !is_password(password) {
        return Err(Refusal::invalid_parameter("Password"));
    }
    let (not_before, not_after) = validity(request)?;
    if !request.state().access_points.contains_key(point) {
        return Err(Refusal::no_such_resource());
    }
    let private_key = request.private_key.take().ok_or_else(Refusal::internal)?;
    let (issued, mut registered) = client_key::issue(
        &request.state().instance_id,
        point,
        (not_before, not_after),
        &private_key,
        Some(password.to_owned()),
    )
    .map_err(|_| Refusal::internal())?;
    registered.created = Some(request.now);
    let key_id = issued.key_id.clone();
    request.state_mut().client_keys.insert(key_id.clone(), registered);
    request.happened.push((request.now, What::ClientKeyIssued { key_id }));
    Ok(json!({
        "ClientKeyId": issued.key_id,
        "KeyAlgorithm": ALGORITHM,
        "PrivateKeyData": issued.private_key_data().ok_or_else(Refusal::internal)?,
        "NotBefore": iso8601(not_before),
        "NotAfter": iso8601(not_after),
    }))
}

fn written(key: &RegisteredClientKey) -> Value {
    json!({
        "ClientKeyId": key.key_id,
        "AapName": key.access_point,
        "CreateTime": iso8601(key.created.unwrap_or(key.not_before)),
        "KeyAlgorithm": ALGORITHM,
        "KeyOrigin": "KMS_PROVIDED",
        "NotBefore": iso8601(key.not_before),
        "NotAfter": iso8601(key.not_after),
        "PublicKeyData": key.certificate_pem,
    })
}

fn existing<'a>(request: &'a Request<'_>, id: &str) -> Result<&'a RegisteredClientKey, Refusal> {
    let key = request.state().client_keys.get(id).filter(|key| !key.revoked);
    key.ok_or_else(Refusal::no_such_resource)
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    let id = request.needed("ClientKeyId")?;
    request.permit(&format!("clientkey/{id}"))?;
    Ok(written(existing(request, id)?))
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    let point = request.given("AapName");
    request.permit(&format!("applicationaccesspoint/{}", point.unwrap_or("*")))?;
    if point.is_some_and(|point| !request.state().access_points.contains_key(point)) {
        return Err(Refusal::no_such_resource());
    }
    let keys = request.state().client_keys.values();
    let keys: Vec<Value> = keys
        .filter(|key| !key.revoked && point.is_none_or(|point| key.access_point == point))
        .map(written)
        .collect();
    Ok(json!({"ClientKeys": keys}))
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let id = request.needed("ClientKeyId")?;
    request.permit(&format!("clientkey/{id}"))?;
    existing(request, id)?;
    if let Some(key) = request.state_mut().client_keys.get_mut(id) {
        key.revoked = true;
    }
    request.happened.push((request.now, What::ClientKeyRevoked { key_id: id.to_owned() }));
    Ok(json!({}))
}

#[cfg(test)]
mod tests {
    use super::is_password;

    #[test]
    fn passwords_are_of_two_kinds() {
        let longest = format!("{}1", "a".repeat(63));
        for good in ["abcdefg1", "1234567_", "abcdefg-", longest.as_str()] {
            assert!(is_password(good), "{good}");
        }
        let too_long = format!("{}1", "a".repeat(64));
        for bad in
            ["abcdef1", "abcdefgh", "12345678", "~!@#$%^&", "abcdefg1 ", "abcdefgé1", too_long.as_str()]
        {
            assert!(!is_password(bad), "{bad}");
        }
    }
}
