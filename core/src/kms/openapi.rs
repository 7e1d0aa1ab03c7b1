//! KMS's OpenAPI 2016-01-20 with the V3 signature: how an AccessKey asks, on either gateway.

use std::time::SystemTime;

use super::answer::refusal;
use super::explanation::Asker;
use super::instance::error_body;
use super::{GatewayKind, SecretRequest, json_answer};
use crate::error::Result;
use crate::identity::AccessKey;
use crate::identity::acs3::{self, Call};
use crate::secret::Secret;
use crate::transport::{HttpRequest, HttpResponse, Method};

/// The signed request. Its parameters stand in the query, as those of the official SDKs do: none of them is secret.
pub(super) fn request(
    authority: &str,
    user_agent: &str,
    request: &SecretRequest,
    key: &AccessKey,
    now: SystemTime,
    nonce: &str,
) -> HttpRequest {
    let call = Call {
        authority,
        action: "GetSecretValue",
        version: "2016-01-20",
        method: Method::Post,
        parameters: &[
            ("FetchExtendedConfig", "true"),
            ("SecretName", &request.name),
            ("VersionId", &request.version_id),
            ("VersionStage", &request.version_stage),
        ],
        form: &[],
        user_agent,
    };
    acs3::sign(&call, key, now, nonce)
}

/// An instance of an older image answers what it does not understand in protobuf.
pub(super) fn answer(
    gateway: GatewayKind,
    request: &SecretRequest,
    response: &HttpResponse,
) -> Result<Secret> {
    let is_text = |byte: &u8| b"{<".contains(byte);
    match error_body(&response.body) {
        Some(body)
            if response.status != 200 && !response.body.trim_ascii_start().first().is_some_and(is_text) =>
        {
            Err(refusal(request, response, Some(body), gateway, Asker::AccessKey)
                .with_retry_after(response.retry_after))
        }
        _ => json_answer::read(gateway, Asker::AccessKey, request, response),
    }
}
