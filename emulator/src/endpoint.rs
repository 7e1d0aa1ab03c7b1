//! The places where the emulator listens for clients.

use serde::{Deserialize, Serialize};

/// A listener of the emulator. Its text form is used by the admin interface and the request log:
/// `instance`, `instance-2`, ..., `shared`, `shared-2`, ..., `sts`, `sts-https`, `oss`, `oss-https`, `metadata`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Endpoint {
    /// A KMS instance gateway (HTTPS; protobuf and OpenAPI); the first one is 0.
    Instance(usize),
    /// A shared gateway (HTTPS, OpenAPI); the first one is 0.
    Shared(usize),
    /// STS over HTTP.
    Sts,
    /// STS over HTTPS.
    StsHttps,
    /// OSS over HTTP.
    Oss,
    /// OSS over HTTPS.
    OssHttps,
    /// The ECS metadata service (HTTP).
    Metadata,
}

impl Endpoint {
    pub(crate) fn is_tls(self) -> bool {
        !matches!(self, Self::Sts | Self::Oss | Self::Metadata)
    }

    /// True for the two kinds of KMS gateways.
    pub fn is_kms(self) -> bool {
        matches!(self, Self::Instance(_) | Self::Shared(_))
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Instance(0) => f.write_str("instance"),
            Self::Instance(n) => write!(f, "instance-{}", n + 1),
            Self::Shared(0) => f.write_str("shared"),
            Self::Shared(n) => write!(f, "shared-{}", n + 1),
            Self::Sts => f.write_str("sts"),
            Self::StsHttps => f.write_str("sts-https"),
            Self::Oss => f.write_str("oss"),
            Self::OssHttps => f.write_str("oss-https"),
            Self::Metadata => f.write_str("metadata"),
        }
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.to_string()
    }
}

impl std::str::FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbered =
            |rest: &str| rest.parse::<usize>().ok().filter(|number| *number >= 2).map(|number| number - 1);
        match text {
            "instance" => return Ok(Self::Instance(0)),
            "shared" => return Ok(Self::Shared(0)),
            "sts" => return Ok(Self::Sts),
            "sts-https" => return Ok(Self::StsHttps),
            "oss" => return Ok(Self::Oss),
            "oss-https" => return Ok(Self::OssHttps),
            "metadata" => return Ok(Self::Metadata),
            _ => {}
        }
        if let Some(number) = text.strip_prefix("instance-").and_then(numbered) {
            return Ok(Self::Instance(number));
        }
        if let Some(number) = text.strip_prefix("shared-").and_then(numbered) {
            return Ok(Self::Shared(number));
        }
        Err(format!(
            "no endpoint is called {text:?}: use instance, instance-2, shared, shared-2, sts, sts-https, oss, oss-https or metadata"
        ))
    }
}

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
