//! The shared gateway: KMS's OpenAPI 2016-01-20 over public TLS. With a ClientKey in the RPC style with the V1 signature, which alone
//! knows ClientKeys; with an AccessKey with the V3 signature.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::explanation::Asker;
use super::{Gateway, GatewayKind, SecretRequest, json_answer, openapi};
use crate::date;
use crate::error::Result;
use crate::identity::Signer;
use crate::identity::acs3::encode;
use crate::secret::Secret;
use crate::transport::{HttpRequest, HttpResponse, Method};

/// Speaks to one region's shared gateway.
#[derive(Debug)]
pub(crate) struct SharedGateway {
    authority: String,
    region_id: String,
    user_agent: String,
}

impl SharedGateway {
    /// `authority` is `host` or `host:port`; an empty `region_id` is left out of the request.
    pub(crate) fn new(authority: &str, region_id: &str, user_agent: &str) -> Self {
        SharedGateway {
            authority: authority.to_owned(),
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
        let client_key = match signer {
            Signer::ClientKey(client_key) => client_key,
            Signer::AccessKey(key) => {
                return Ok(openapi::request(&self.authority, &self.user_agent, request, key, now, nonce));
            }
        };
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
            ("VersionId", &request.version_id),
            ("VersionStage", &request.version_stage),
        ];
        parameters.retain(|(_, value)| !value.is_empty());
        let signature = client_key.sign(string_to_sign(&parameters).as_bytes())?;
        let signature = BASE64.encode(signature);
        parameters.push(("Signature", &signature));
        Ok(HttpRequest {
            method: Method::Post,
            url: format!("https://{}/", self.authority),
            headers: vec![
                ("accept", "application/json".to_owned()),
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("user-agent", self.user_agent.clone()),
            ],
            // The body, not the query: proxies and access logs keep URLs.
            body: encode_pairs(&parameters).into_bytes(),
        })
    }

    fn answer(&self, request: &SecretRequest, signer: &Signer, response: &HttpResponse) -> Result<Secret> {
        json_answer::read(GatewayKind::Shared, Asker::of(signer), request, response)
    }
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
