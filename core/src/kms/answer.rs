//! What both gateways do with an answer: tell KMS's words from those of others, and check that it answers the question.

use std::mem::take;

use zeroize::Zeroize;

use super::GatewayKind;
use super::SecretRequest;
use super::explanation::{Asker, Failure, explain, gateway_name};
use crate::date;
use crate::error::{Error, Kind, Result};
use crate::process::protected::ProtectedBytes;
use crate::secret::Secret;
use crate::secret::c_text::CText;
use crate::shown::{may_hold_a_secret, plain};
use crate::transport::HttpResponse;
use crate::transport::text_error::ErrorBody;

impl ErrorBody {
    /// Whether the code is a word such as KMS's codes are, and not something else in its place.
    fn is_plausible(&self) -> bool {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        self.code.len() <= 80 && self.code.bytes().all(is_sign) && !may_hold_a_secret(&self.code)
    }
}

/// GetSecretValueResponse, before anything in it was checked. The numbers are those of the instance gateway's
/// protobuf; the shared gateway's JSON has the same fields.
#[derive(PartialEq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct Fields {
    #[prost(string, tag = "1")]
    pub(super) secret_name: String,
    #[prost(string, tag = "2")]
    pub(super) secret_type: String,
    #[prost(string, tag = "3")]
    pub(super) secret_data: String,
    #[prost(string, tag = "4")]
    pub(super) secret_data_type: String,
    #[prost(string, repeated, tag = "5")]
    pub(super) version_stages: Vec<String>,
    #[prost(string, tag = "6")]
    pub(super) version_id: String,
    #[prost(string, tag = "7")]
    pub(super) create_time: String,
    #[prost(string, tag = "8")]
    pub(super) request_id: String,
    #[prost(string, tag = "9")]
    pub(super) last_rotation_date: String,
    #[prost(string, tag = "10")]
    pub(super) next_rotation_date: String,
    #[prost(string, tag = "11")]
    pub(super) extended_config: String,
    #[prost(string, tag = "12")]
    pub(super) automatic_rotation: String,
    #[prost(string, tag = "13")]
    pub(super) rotation_interval: String,
}

impl Drop for Fields {
    fn drop(&mut self) {
        self.secret_data.zeroize();
    }
}

impl Fields {
    /// The secret, if the answer is whole and answers `request`.
    ///
    /// # Errors
    /// [`Kind::Server`] with what is wrong with it.
    pub(super) fn into_secret(mut self, request: &SecretRequest) -> Result<Secret> {
        if !names(&request.name, &self.secret_name) {
            return Err(malformed(request, "names another secret"));
        }
        if self.secret_data.is_empty() {
            return Err(malformed(request, "has no SecretData"));
        }
        if self.version_id.is_empty() {
            return Err(malformed(request, "has no VersionId"));
        }
        let binary = self.secret_data_type.eq_ignore_ascii_case("binary");
        let value = if binary {
            decode_base64(&self.secret_data)
                .ok_or_else(|| malformed(request, "has SecretData that is not base64"))?
        } else {
            ProtectedBytes::copy_from(self.secret_data.as_bytes())
        };
        Ok(Secret {
            name: request.name.as_str().into(),
            secret_type: take(&mut self.secret_type).into(),
            value,
            binary,
            version_id: take(&mut self.version_id).into(),
            version_stages: take(&mut self.version_stages).into(),
            create_time: present(&mut self.create_time),
            request_id: take(&mut self.request_id).into(),
            last_rotation_date: date::parse_iso_date(&self.last_rotation_date),
            next_rotation_date: date::parse_iso_date(&self.next_rotation_date),
            rotation_interval: date::parse_interval(&self.rotation_interval),
            automatic_rotation: present(&mut self.automatic_rotation),
            extended_config: present(&mut self.extended_config),
        })
    }
}

/// Whether a secret that was asked for as `asked` goes by the name of `answered`: KMS takes a secret's ARN,
/// `acs:kms:<region>:<account>:secret/<name>`, and answers with the bare name.
fn names(asked: &str, answered: &str) -> bool {
    let in_arn = || asked.strip_prefix("acs:kms:")?.split_once(":secret/").map(|(_, name)| name);
    asked == answered || (!answered.is_empty() && in_arn() == Some(answered))
}

fn present(text: &mut String) -> Option<CText> {
    Some(take(text)).filter(|text| !text.is_empty()).map(CText::from)
}

fn decode_base64(text: &str) -> Option<ProtectedBytes> {
    use base64::Engine as _;
    let mut decoded = zeroize::Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
    let length = base64::engine::general_purpose::STANDARD.decode_slice(text, &mut decoded).ok()?;
    Some(ProtectedBytes::copy_from(&decoded[..length]))
}

/// An answer that claims success and cannot be used. What stood in it is not shown: it may hold a secret.
pub(super) fn malformed(request: &SecretRequest, how: &str) -> Error {
    Error::new(
        Kind::Server,
        format!(
            "KMS's answer to the request for {} {how}: try again, and look for a proxy on the way that changes or \
             cuts answers",
            plain(&request.name, 128)
        ),
    )
    .with_retryable(true)
}

/// The error for an answer that is no success; `body` is what it said, if that could be read.
pub(super) fn refusal(
    request: &SecretRequest,
    response: &HttpResponse,
    body: Option<ErrorBody>,
    gateway: GatewayKind,
    asker: Asker,
) -> Error {
    match body.filter(ErrorBody::is_plausible) {
        Some(body) => explain(&Failure {
            status: response.status,
            code: &body.code,
            message: &body.message,
            request_id: body.request_id.as_deref(),
            secret_name: &request.name,
            version_stage: &request.version_stage,
            version_id: &request.version_id,
            gateway,
            asker,
        }),
        // KMS's front end sends these without a body of KMS's own.
        None if matches!(response.status, 413 | 429 | 503) => explain(&Failure {
            status: response.status,
            code: "",
            message: "",
            request_id: None,
            secret_name: &request.name,
            version_stage: &request.version_stage,
            version_id: &request.version_id,
            gateway,
            asker,
        }),
        None => foreign(response, gateway),
    }
}

/// An answer that KMS does not give.
fn foreign(response: &HttpResponse, gateway: GatewayKind) -> Error {
    let gateway = gateway_name(gateway);
    let status = response.status;
    let message = match status {
        300..=399 => format!(
            "the endpoint answered with a redirect (HTTP {status}), which KMS never does and kmsak does not \
             follow: check the endpoint, and look for a captive portal or a proxy on the way"
        ),
        _ if is_page(&response.body) => format!(
            "the endpoint answered HTTP {status} with a web page instead of KMS's answer: check that it is the \
             {gateway}, and look for a captive portal or a proxy on the way"
        ),
        _ if response.body.is_empty() => format!(
            "the endpoint answered HTTP {status} with an empty body: try again, and check that it is the {gateway}"
        ),
        _ => format!(
            "the endpoint answered HTTP {status} with something that KMS does not write: check that it is the \
             {gateway}, and look for a proxy on the way"
        ),
    };
    Error::new(Kind::Server, message).with_http_status(status).with_retryable(true)
}

/// HTML. Some of it happens to be protobuf too.
pub(super) fn is_page(body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag)))
}
