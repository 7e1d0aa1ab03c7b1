//! The two gateways of KMS. A [`Gateway`] only turns a question into signed bytes and bytes into an answer; sending
//! them is the business of [`crate::transport`].

mod answer;
mod explanation;
pub(crate) mod instance;
mod json_answer;
mod openapi;
pub(crate) mod shared;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

pub(crate) use explanation::is_clock_skew;

use crate::error::Result;
use crate::identity::Signer;
use crate::secret::Secret;
use crate::transport::{HttpRequest, HttpResponse};

/// The stage label of the version in use.
pub(crate) const CURRENT: &str = "ACSCurrent";

/// Which of the two doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GatewayKind {
    /// The KMS instance gateway: private CA; protobuf for a ClientKey, the OpenAPI for an AccessKey.
    Instance,
    /// The shared gateway: public CAs; the OpenAPI in both its styles.
    Shared,
}

/// What is asked of KMS: the value of one secret.
#[derive(Clone, Debug)]
pub(crate) struct SecretRequest {
    pub(crate) name: String,
    /// [`CURRENT`] unless the caller asked for another, or for a version by its name alone.
    pub(crate) version_stage: String,
    /// A version by its name, or empty. KMS passes it over for all secrets but generic ones.
    pub(crate) version_id: String,
}

impl SecretRequest {
    /// Asks for the version in use.
    pub(crate) fn current(name: &str) -> Self {
        SecretRequest::at_stage(name, CURRENT)
    }

    pub(crate) fn at_stage(name: &str, version_stage: &str) -> Self {
        SecretRequest {
            name: name.to_owned(),
            version_stage: version_stage.to_owned(),
            version_id: String::new(),
        }
    }
}

/// One way of speaking to KMS. Pure: no clock, no randomness, no socket of its own.
pub(crate) trait Gateway: Send + Sync {
    /// The signed HTTP request that asks for `request` at the time `now`; `nonce` is unique to the request.
    ///
    /// # Errors
    /// [`Kind::ClientKey`](crate::Kind::ClientKey) when a ClientKey cannot sign.
    fn request(
        &self,
        request: &SecretRequest,
        signer: &Signer,
        now: SystemTime,
        nonce: &str,
    ) -> Result<HttpRequest>;

    /// Reads KMS's answer to a request that `signer` signed, whatever its status.
    ///
    /// # Errors
    /// KMS's own error with the sentence that explains it, or [`Kind::Server`](crate::Kind::Server) for an answer
    /// that cannot be understood.
    fn answer(&self, request: &SecretRequest, signer: &Signer, response: &HttpResponse) -> Result<Secret>;
}
