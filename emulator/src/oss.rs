//! OSS, as far as an AccessKey can be tried on it: `ListBuckets`, signed with V1 or V4 headers.

use ring::hmac;
use serde_json::json;
use time::OffsetDateTime;

use crate::call::{Call, Outcome, Success};
use crate::clock::{TOLERANCE, iso8601, parse_http_date};
use crate::cloud::Cloud;
use crate::document::Format;
use crate::encoding::{canonical_query, from_base64, from_hex, sha256_hex};
use crate::ram::user::AccessKeyStatus;
use crate::refusal::Refusal;
use crate::state::State;

pub(crate) fn answer(cloud: &mut Cloud, call: &Call, now: OffsetDateTime) -> Outcome {
    let signature = Signature::parse(call);
    let account = signature.as_ref().and_then(|one| cloud.account_of_key(&one.access_key_id)).unwrap_or(0);
    let state = &mut cloud.accounts[account];
    Outcome {
        access_key_id: signature.as_ref().map(|one| one.access_key_id.clone()),
        result: list_buckets(state, call, signature, now),
    }
}

pub(crate) fn write_refusal(call: &Call, refusal: &Refusal, request_id: &str) -> (&'static str, Vec<u8>) {
    let fields = json!({
        "Code": refusal.code,
        "Message": refusal.message,
        "RequestId": request_id,
        "HostId": call.host,
    });
    ("application/xml", write("Error", &fields))
}

fn write(root: &str, fields: &serde_json::Value) -> Vec<u8> {
    let empty = serde_json::Map::new();
    Format::Xml.write(root, fields.as_object().unwrap_or(&empty))
}

fn list_buckets(
    state: &mut State,
    call: &Call,
    signature: Option<Signature>,
    now: OffsetDateTime,
) -> Result<Success, Refusal> {
    if call.method != "GET" || call.path != "/" {
        return Err(Refusal::service(
            405,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        ));
    }
    let denied = |message: &str| Refusal::service(403, "AccessDenied", message);
    if call.header("authorization").is_none() {
        return Err(denied("Anonymous access is forbidden for this operation."));
    }
    let signature = signature
        .ok_or_else(|| Refusal::service(400, "InvalidArgument", "The Authorization header is not valid."))?;
    let signer = signer(state, call, &signature.access_key_id, now)?;
    let sent_at =
        signature.sent_at(call).ok_or_else(|| denied("OSS authentication requires a valid Date."))?;
    if (sent_at - now).abs() > TOLERANCE {
        return Err(Refusal::service(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ));
    }
    if !signature.is_right(call, &signer.secret) {
        return Err(Refusal::service(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        ));
    }
    if !state.may_be_used_from(&signature.access_key_id, call.source) {
        return Err(denied("The AccessKey may not be used from this address."));
    }
    state.note_use(&signature.access_key_id, call, "Oss", now);
    let fields = json!({
        "Owner": {"ID": state.account_id, "DisplayName": state.account_id},
        "Buckets": {"Bucket": [{
            "CreationDate": iso8601(signer.created).replace('Z', ".000Z"),
            "ExtranetEndpoint": format!("oss-{}.aliyuncs.com", state.region),
            "IntranetEndpoint": format!("oss-{}-internal.aliyuncs.com", state.region),
            "Location": format!("oss-{}", state.region),
            "Name": format!("{}-bucket", signer.name.to_lowercase()),
            "Region": state.region,
            "StorageClass": "Standard",
        }]},
    });
    Ok(Success {
        content_type: "application/xml",
        body: write("ListAllMyBucketsResult", &fields),
        version_id: None,
    })
}

/// Who signed, by the AccessKey that the request names.
struct Signer {
    name: String,
    secret: String,
    created: OffsetDateTime,
}

fn signer(state: &State, call: &Call, id: &str, now: OffsetDateTime) -> Result<Signer, Refusal> {
    let refused = |code: &str, message: &str| Refusal::service(403, code, message);
    let token = call.header("x-oss-security-token");
    if let Some(known) = state.sts_tokens.get(id) {
        if token != Some(&known.security_token) {
            return Err(refused("InvalidSecurityToken", "The security token you provided is invalid."));
        }
        if known.expiration <= now {
            return Err(refused("SecurityTokenExpired", "The security token you provided has expired."));
        }
        return Ok(Signer {
            name: known.role.clone(),
            secret: known.access_key_secret.clone(),
            created: known.issued,
        });
    }
    let (user, key) = state.access_key(id).ok_or_else(|| {
        refused("InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")
    })?;
    if key.status == AccessKeyStatus::Inactive {
        return Err(refused("InvalidAccessKeyId", "The OSS Access Key Id you provided is disabled."));
    }
    if token.is_some() {
        return Err(refused("InvalidSecurityToken", "The security token you provided is invalid."));
    }
    Ok(Signer { name: user.name.clone(), secret: key.secret.clone(), created: key.created })
}

struct Signature {
    access_key_id: String,
    value: Vec<u8>,
    /// Only V4 has it.
    scope: Option<Scope>,
}

struct Scope {
    date: String,
    region: String,
    additional_headers: Vec<String>,
}

impl Signature {
    fn parse(call: &Call) -> Option<Self> {
        let header = call.header("authorization")?;
        if let Some(rest) = header.strip_prefix("OSS ") {
            let (id, value) = rest.split_once(':')?;
            return Some(Self { access_key_id: id.to_owned(), value: from_base64(value)?, scope: None });
        }
        let rest = header.strip_prefix("OSS4-HMAC-SHA256 ")?;
        let (mut credential, mut additional, mut value) = (None, "", None);
        for part in rest.split(',') {
            match part.trim().split_once('=')? {
                ("Credential", text) => credential = Some(text),
                ("AdditionalHeaders", text) => additional = text,
                ("Signature", text) => value = from_hex(text),
                _ => return None,
            }
        }
        let parts: Vec<&str> = credential?.split('/').collect();
        let [id, date, region, "oss", "aliyun_v4_request"] = parts[..] else {
            return None;
        };
        Some(Self {
            access_key_id: id.to_owned(),
            value: value?,
            scope: Some(Scope {
                date: date.to_owned(),
                region: region.to_owned(),
                additional_headers: additional
                    .split(';')
                    .filter(|name| !name.is_empty())
                    .map(str::to_lowercase)
                    .collect(),
            }),
        })
    }

    fn sent_at(&self, call: &Call) -> Option<OffsetDateTime> {
        const BASIC: &[time::format_description::BorrowedFormatItem<'_>] =
            time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
        match &self.scope {
            None => parse_http_date(call.header("x-oss-date").or_else(|| call.header("date"))?),
            Some(scope) => {
                let text = call.header("x-oss-date")?;
                if !text.starts_with(&scope.date) {
                    return None;
                }
                time::PrimitiveDateTime::parse(text, BASIC).ok().map(time::PrimitiveDateTime::assume_utc)
            }
        }
    }

    fn is_right(&self, call: &Call, secret: &str) -> bool {
        match &self.scope {
            None => {
                let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
                hmac::verify(&key, v1_string_to_sign(call).as_bytes(), &self.value).is_ok()
            }
            Some(scope) => {
                let mut secret = format!("aliyun_v4{secret}").into_bytes();
                for part in [&scope.date, &scope.region, "oss", "aliyun_v4_request"] {
                    let step = hmac::Key::new(hmac::HMAC_SHA256, &secret);
                    secret = hmac::sign(&step, part.as_bytes()).as_ref().to_vec();
                }
                let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
                let text = v4_string_to_sign(call, scope);
                hmac::verify(&key, text.as_bytes(), &self.value).is_ok()
            }
        }
    }
}

fn headers_where(call: &Call, wanted: impl Fn(&str) -> bool) -> String {
    let mut lines: Vec<String> = call
        .headers
        .iter()
        .filter(|(name, _)| wanted(name.as_str()))
        .map(|(name, value)| format!("{name}:{}\n", value.to_str().unwrap_or("").trim()))
        .collect();
    lines.sort_unstable();
    lines.concat()
}

fn v1_string_to_sign(call: &Call) -> String {
    let header = |name| call.header(name).unwrap_or("");
    // The resource of ListBuckets is "/": its parameters (prefix, marker, max-keys) are not signed.
    format!(
        "{}\n{}\n{}\n{}\n{}/",
        call.method,
        header("content-md5"),
        header("content-type"),
        call.header("x-oss-date").unwrap_or_else(|| header("date")),
        headers_where(call, |name| name.starts_with("x-oss-")),
    )
}

fn v4_string_to_sign(call: &Call, scope: &Scope) -> String {
    let query = canonical_query(call.query.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    // A parameter without a value is signed without the equals sign.
    let query: Vec<&str> = query.split('&').map(|pair| pair.strip_suffix('=').unwrap_or(pair)).collect();
    let headers = headers_where(call, |name| {
        name.starts_with("x-oss-")
            || name == "content-type"
            || name == "content-md5"
            || scope.additional_headers.iter().any(|one| one == name)
    });
    let canonical = format!(
        "{}\n{}\n{}\n{headers}\n{}\n{}",
        call.method,
        call.path,
        query.join("&"),
        scope.additional_headers.join(";"),
        call.header("x-oss-content-sha256").unwrap_or("UNSIGNED-PAYLOAD"),
    );
    format!(
        "OSS4-HMAC-SHA256\n{}\n{}/{}/oss/aliyun_v4_request\n{}",
        call.header("x-oss-date").unwrap_or(""),
        scope.date,
        scope.region,
        sha256_hex(canonical.as_bytes())
    )
}
