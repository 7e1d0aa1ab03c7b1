//! Answers in JSON, as the OpenAPI gives them on both gateways.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Fields, malformed, refusal};
use super::explanation::Asker;
use super::{GatewayKind, SecretRequest};
use crate::error::{Error, Result};
use crate::secret::{Secret, json_string};
use crate::transport::{HttpResponse, text_error};

/// Reads KMS's answer to `asker`, whatever its status.
///
/// # Errors
/// As for [`Gateway::answer`](super::Gateway::answer).
pub(super) fn read(
    gateway: GatewayKind,
    asker: Asker,
    request: &SecretRequest,
    response: &HttpResponse,
) -> Result<Secret> {
    let refused =
        || -> Error { refusal(request, response, text_error::read(&response.body), gateway, asker) };
    let outcome = match response.status {
        200 => match serde_json::from_slice::<JsonFields<'_>>(&response.body) {
            Ok(fields) if fields.is_error() => Err(refused()),
            Ok(fields) => Fields::from(fields).into_secret(request),
            Err(_) if response.body.trim_ascii_start().starts_with(b"{") => {
                Err(malformed(request, "is not the JSON that it should be"))
            }
            Err(_) => Err(refused()),
        },
        _ => Err(refused()),
    };
    outcome.map_err(|error| error.with_retry_after(response.retry_after))
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
