//! AccessKeys from a credentials URI, which answers as the metadata service does: `ALIBABA_CLOUD_CREDENTIALS_URI`.

use std::time::Duration;

use super::source::{Source, SourceConfig};
use super::{AccessKey, Asking, World, answer};
use crate::error::{Error, Kind, Result, Scope};
use crate::transport::plain::{PlainFailure, exchange};
use crate::transport::{HttpRequest, HttpsTransport, Method, Transport as _, TransportConfig};

pub(super) const VARIABLE: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";

/// As in the official SDKs.
const CONNECT: Duration = Duration::from_secs(5);

pub(super) struct UriSource {
    uri: String,
    transport: TransportConfig,
}

impl UriSource {
    pub(super) fn new(uri: String, config: &SourceConfig) -> Self {
        UriSource { uri, transport: config.sts.transport.clone() }
    }

    async fn body(&self, world: &World) -> Result<zeroize::Zeroizing<Vec<u8>>> {
        let request = HttpRequest {
            method: Method::Get,
            url: self.uri.clone(),
            headers: vec![
                ("accept", "application/json".to_owned()),
                ("user-agent", world.user_agent.to_string()),
            ],
            body: Vec::new(),
        };
        let (status, body) = if self.uri.starts_with("https://") {
            // It may be anybody's: the CA of STS is not that of this one.
            let transport = TransportConfig { ca: None, ..self.transport.clone() };
            let authority = authority(&self.uri).ok_or_else(|| self.wrong("is no URL"))?;
            let user_agent = world.user_agent.clone();
            // The CAs are read from files.
            let transport =
                super::aside(move || HttpsTransport::new(&transport, &authority, &user_agent)).await?;
            let response =
                transport.send(request).await.map_err(|error| self.unreachable(error.message()))?;
            (response.status, response.body)
        } else if self.uri.starts_with("http://") {
            match exchange(request, CONNECT).await? {
                Ok(response) => (response.status, response.body),
                Err(PlainFailure::Silent(what) | PlainFailure::Garbled(what)) => {
                    return Err(self.unreachable(&what));
                }
            }
        } else {
            return Err(self.wrong("is no URL"));
        };
        if status == 200 {
            return Ok(body);
        }
        Err(self
            .wrong(&format!("answered HTTP {status}"))
            .with_http_status(status)
            .with_retryable(status >= 500 || status == 429))
    }

    /// The URI itself is not shown: some have a token in it.
    fn wrong(&self, what: &str) -> Error {
        Error::new(
            Kind::Denied,
            format!("the credentials URI {what}: check {VARIABLE}, http://host:port/path, and whoever answers there"),
        )
        .with_scope(Scope::Identity)
    }

    fn unreachable(&self, what: &str) -> Error {
        Error::new(
            Kind::Network,
            format!(
                "the credentials URI gives nothing ({what}): check {VARIABLE}, and whoever answers there"
            ),
        )
        .with_scope(Scope::Identity)
        .with_retryable(true)
    }
}

fn authority(uri: &str) -> Option<String> {
    let url = crate::transport::url::parse_url(uri)?;
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

impl Source for UriSource {
    fn kind(&self) -> &'static str {
        "credentials_uri"
    }

    fn name(&self) -> String {
        String::new()
    }

    fn ask<'a>(&'a self, world: &'a World) -> Asking<'a, Result<AccessKey>> {
        Box::pin(async move {
            let body = self.body(world).await?;
            answer::access_key(&body, "the credentials URI").map(|key| key.from("credential_uri"))
        })
    }
}
