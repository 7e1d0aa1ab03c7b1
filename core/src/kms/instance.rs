//! The KMS instance gateway: the instance's own TLS endpoint in a VPC. With a ClientKey protobuf, the protocol `dkms-gcs-0.2` of
//! Alibaba Cloud's KMS instance SDKs; with an AccessKey the OpenAPI.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use prost::Message as _;
use ring::digest;

use super::answer::{Fields, is_page, malformed, refusal};
use super::explanation::Asker;
use super::{Gateway, SecretRequest};
use super::{GatewayKind, openapi};
use crate::date;
use crate::error::{Error, Result};
use crate::identity::Signer;
use crate::secret::Secret;
use crate::transport::text_error::{self, ErrorBody};
use crate::transport::{HttpRequest, HttpResponse, Method};

const CONTENT_TYPE: &str = "application/x-protobuf";
/// Three c's: it is spelt so in every official client and in the API reference.
const KEY_ID_HEADER: &str = "x-kms-acccesskeyid";

/// Speaks to one KMS instance.
#[derive(Debug)]
pub(crate) struct InstanceGateway {
    authority: String,
    user_agent: String,
}

impl InstanceGateway {
    /// `authority` is `host` or `host:port`.
    pub(crate) fn new(authority: &str, user_agent: &str) -> Self {
        InstanceGateway { authority: authority.to_owned(), user_agent: user_agent.to_owned() }
    }
}

impl Gateway for InstanceGateway {
    fn request(
        &self,
        request: &SecretRequest,
        signer: &Signer,
        now: SystemTime,
        nonce: &str,
    ) -> Result<HttpRequest> {
        let client_key = match signer {
            Signer::ClientKey(client_key) => client_key,
            Signer::AccessKey(key) => {
                return Ok(openapi::request(&self.authority, &self.user_agent, request, key, now, nonce));
            }
        };
        let body = GetSecretValueRequest {
            secret_name: request.name.clone(),
            version_stage: request.version_stage.clone(),
            version_id: request.version_id.clone(),
            fetch_extended_config: true,
        }
        .encode_to_vec();
        let content_sha256 = upper_hex(digest::digest(&digest::SHA256, &body).as_ref());
        let date = date::http_date(now);
        let kms_headers = [
            (KEY_ID_HEADER, client_key.info().key_id.clone()),
            ("x-kms-apiname", "GetSecretValue".to_owned()),
            ("x-kms-apiversion", "dkms-gcs-0.2".to_owned()),
            ("x-kms-signaturemethod", "RSA_PKCS1_SHA_256".to_owned()),
        ];
        let signature = client_key.sign(string_to_sign(&content_sha256, &date, &kms_headers).as_bytes())?;
        let mut headers = vec![
            ("accept", CONTENT_TYPE.to_owned()),
            ("content-type", CONTENT_TYPE.to_owned()),
            ("date", date),
            ("content-sha256", content_sha256),
            ("authorization", format!("Bearer {}", BASE64.encode(signature))),
            ("user-agent", self.user_agent.clone()),
        ];
        headers.extend(kms_headers);
        Ok(HttpRequest { method: Method::Post, url: format!("https://{}/", self.authority), headers, body })
    }

    fn answer(&self, request: &SecretRequest, signer: &Signer, response: &HttpResponse) -> Result<Secret> {
        if Asker::of(signer) == Asker::AccessKey {
            return openapi::answer(GatewayKind::Instance, request, response);
        }
        let outcome = match response.status {
            200 if is_page(&response.body) => Err(refused(request, response)),
            200 => match Fields::decode(response.body.as_slice()) {
                Ok(fields) if fields != Fields::default() => fields.into_secret(request),
                _ if is_text(&response.body) => Err(refused(request, response)),
                _ => Err(malformed(request, "is not the protobuf message that it should be")),
            },
            _ => Err(refused(request, response)),
        };
        outcome.map_err(|error| error.with_retry_after(response.retry_after))
    }
}

fn refused(request: &SecretRequest, response: &HttpResponse) -> Error {
    refusal(request, response, error_body(&response.body), GatewayKind::Instance, Asker::ClientKey)
}

/// Nothing, or something to read: not protobuf that was cut, which begins with a tag.
fn is_text(body: &[u8]) -> bool {
    body.first().is_none_or(u8::is_ascii_graphic)
}

/// What the ClientKey signs: `kms_headers` are those whose name begins with `x-kms-`.
pub(crate) fn string_to_sign(content_sha256: &str, date: &str, kms_headers: &[(&str, String)]) -> String {
    let mut sorted: Vec<_> = kms_headers.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    let mut text = format!("POST\n{content_sha256}\n{CONTENT_TYPE}\n{date}\n");
    for (name, value) in sorted {
        text.push_str(name);
        text.push(':');
        text.push_str(value.trim());
        text.push('\n');
    }
    text.push('/');
    text
}

fn upper_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02X}");
        hex
    })
}

pub(super) fn error_body(body: &[u8]) -> Option<ErrorBody> {
    match ErrorMessage::decode(body) {
        Ok(error) if !error.error_code.is_empty() && !error.is_secret() => Some(ErrorBody {
            code: error.error_code,
            message: error.error_message,
            request_id: Some(error.request_id).filter(|id| !id.is_empty()),
        }),
        _ => text_error::read(body),
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct GetSecretValueRequest {
    #[prost(string, tag = "1")]
    secret_name: String,
    #[prost(string, tag = "2")]
    version_stage: String,
    #[prost(string, tag = "3")]
    version_id: String,
    #[prost(bool, tag = "4")]
    fetch_extended_config: bool,
}

/// Sent with every 4xx and 5xx.
#[derive(Clone, PartialEq, prost::Message)]
struct ErrorMessage {
    #[prost(int32, tag = "1")]
    status_code: i32,
    #[prost(string, tag = "2")]
    error_code: String,
    #[prost(string, tag = "3")]
    error_message: String,
    #[prost(string, tag = "4")]
    request_id: String,
    /// A secret's version: only an answer that holds a secret has it.
    #[prost(bytes = "vec", tag = "6")]
    version_id: Vec<u8>,
    /// Nor has an error the time of a version.
    #[prost(bytes = "vec", tag = "7")]
    create_time: Vec<u8>,
}

impl ErrorMessage {
    /// Whether it is a GetSecretValueResponse, which would be read as an error that quotes the secret.
    fn is_secret(&self) -> bool {
        !self.version_id.is_empty() || !self.create_time.is_empty()
    }
}
