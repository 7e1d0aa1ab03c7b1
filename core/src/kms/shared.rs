//! The shared gateway: Alibaba Cloud's RPC style over public TLS, KMS API version 2016-01-20, signed with a ClientKey.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::GatewayKind;
use super::answer::{Fields, malformed, refusal};
use super::{Gateway, SecretRequest, text_error};
use crate::date;
use crate::error::{Error, Result};
use crate::identity::Signer;
use crate::secret::{Secret, json_string};
use crate::transport::{HttpRequest, HttpResponse};

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Speaks to one region's shared gateway.
#[derive(Debug)]
pub(crate) struct SharedGateway {
    url: String,
    region_id: String,
    user_agent: String,
}

impl SharedGateway {
    /// `authority` is `host` or `host:port`; an empty `region_id` is left out of the request.
    pub(crate) fn new(authority: &str, region_id: &str, user_agent: &str) -> Self {
        SharedGateway {
            url: format!("https://{authority}/"),
            region_id: region_id.to_owned(),
            user_agent: user_agent.to_owned(),
        }
    }
}

impl Gateway for SharedGateway {
    fn request(
        &self,
        request: &SecretRequest,
        signer: &Signer,
        now: SystemTime,
        nonce: &str,
    ) -> Result<HttpRequest> {
        let Signer::ClientKey(client_key) = signer;
        let timestamp = date::iso_date(now);
        let mut parameters = vec![
            ("AccessKeyId", client_key.info().key_id.as_str()),
            ("Action", "GetSecretValue"),
            ("FetchExtendedConfig", "true"),
            ("Format", "JSON"),
            ("RegionId", &self.region_id),
            ("SecretName", &request.name),
            ("SignatureMethod", "SHA256withRSA"),
            ("SignatureNonce", nonce),
            ("SignatureType", "PRIVATEKEY"),
            ("SignatureVersion", "1.0"),
            ("Timestamp", &timestamp),
            ("Version", "2016-01-20"),
            ("VersionStage", &request.version_stage),
        ];
        parameters.retain(|(_, value)| !value.is_empty());
        let signature = client_key.sign(string_to_sign(&parameters).as_bytes())?;
        let signature = BASE64.encode(signature);
        parameters.push(("Signature", &signature));
        Ok(HttpRequest {
            url: self.url.clone(),
            headers: vec![
                ("accept", "application/json".to_owned()),
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("user-agent", self.user_agent.clone()),
            ],
            // The body, not the query: proxies and access logs keep URLs.
            body: encode_pairs(&parameters).into_bytes(),
        })
    }

    fn answer(&self, request: &SecretRequest, response: &HttpResponse) -> Result<Secret> {
        let outcome = match response.status {
            200 => match serde_json::from_slice::<JsonFields<'_>>(&response.body) {
                Ok(fields) if fields.is_error() => Err(refused(request, response)),
                Ok(fields) => Fields::from(fields).into_secret(request),
                Err(_) if response.body.trim_ascii_start().starts_with(b"{") => {
                    Err(malformed(request, "is not the JSON that it should be"))
                }
                Err(_) => Err(refused(request, response)),
            },
            _ => Err(refused(request, response)),
        };
        outcome.map_err(|error| error.with_retry_after(response.retry_after))
    }
}

fn refused(request: &SecretRequest, response: &HttpResponse) -> Error {
    let body = text_error::read(&response.body);
    refusal(request, response, body, GatewayKind::Shared)
}

/// What the ClientKey signs: `POST`, the path, and the sorted pairs, all percent-encoded.
pub(crate) fn string_to_sign(parameters: &[(&str, &str)]) -> String {
    let mut sorted = parameters.to_vec();
    sorted.sort_unstable();
    format!("POST&%2F&{}", encode(&encode_pairs(&sorted)))
}

fn encode_pairs(parameters: &[(&str, &str)]) -> String {
    let pairs: Vec<_> =
        parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Raw, so that the secret is decoded into memory that is wiped, and an odd field that nobody needs spoils nothing.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct JsonFields<'a> {
    #[serde(borrow, default)]
    code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    secret_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    secret_type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    secret_data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    secret_data_type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    version_stages: Option<&'a RawValue>,
    #[serde(borrow, default)]
    version_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    create_time: Option<&'a RawValue>,
    #[serde(borrow, default)]
    request_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    last_rotation_date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    next_rotation_date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    extended_config: Option<&'a RawValue>,
    #[serde(borrow, default)]
    automatic_rotation: Option<&'a RawValue>,
    #[serde(borrow, default)]
    rotation_interval: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stages {
    version_stage: Vec<String>,
}

impl JsonFields<'_> {
    fn is_error(&self) -> bool {
        self.secret_data.is_none() && self.code.is_some()
    }
}

impl From<JsonFields<'_>> for Fields {
    fn from(json: JsonFields<'_>) -> Self {
        let text = |raw: Option<&RawValue>| {
            raw.and_then(json_string::decode).map(|mut text| std::mem::take(&mut *text)).unwrap_or_default()
        };
        Fields {
            secret_name: text(json.secret_name),
            secret_type: text(json.secret_type),
            secret_data: text(json.secret_data),
            secret_data_type: text(json.secret_data_type),
            version_stages: json
                .version_stages
                .and_then(|raw| serde_json::from_str::<Stages>(raw.get()).ok())
                .map(|stages| stages.version_stage)
                .unwrap_or_default(),
            version_id: text(json.version_id),
            create_time: text(json.create_time),
            request_id: text(json.request_id),
            last_rotation_date: text(json.last_rotation_date),
            next_rotation_date: text(json.next_rotation_date),
            extended_config: text(json.extended_config),
            automatic_rotation: text(json.automatic_rotation),
            rotation_interval: text(json.rotation_interval),
        }
    }
}
