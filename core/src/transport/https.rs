//! The real transport: HTTPS by reqwest and rustls.

use std::pin::pin;
use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::tls::TlsInfo;
use reqwest::{Body, Client, Proxy, Response};
use zeroize::Zeroizing;

use super::failure::Peer;
use super::outgoing::Outgoing;
use super::resolver::SystemNames;
use super::{HttpRequest, HttpResponse, Method, Probe, Sending, Transport, TransportConfig, proxy, tls};
use crate::date;
use crate::error::{Error, Kind, Result};
use crate::process::source::Source;

/// No answer of KMS comes near to this: a secret's value is at most 30,720 bytes.
const LARGEST_ANSWER: usize = 1 << 20;
/// Short, since the buffers of an idle connection still hold the last answer.
const IDLE: Duration = Duration::from_secs(5);
/// Requests to one peer that are under way at the same time; each may leave a connection behind.
pub(crate) const MOST_AT_ONCE: usize = 32;
/// A `Retry-After` beyond this says no more than "later".
const LONGEST_RETRY_AFTER: u64 = 86_400;

/// Sends to one authority over verified TLS. Follows no redirect, retries nothing and reads at most 1 MiB. Connecting (name,
/// TCP, proxy and TLS) has the connect time-out for itself, the answer with its body the read time-out from when the
/// request goes out; both together bound everything, whatever the peer does. Must be used on a Tokio runtime, but is made
/// without one.
pub(crate) struct HttpsTransport {
    client: Client,
    peer: Peer,
}

impl HttpsTransport {
    /// # Errors
    /// [`Kind::Configuration`] when the CA or the proxy in `config` cannot be used.
    pub(crate) fn new(config: &TransportConfig, authority: &str, user_agent: &str) -> Result<Self> {
        Self::with_environment(config, authority, user_agent, |name| std::env::var(name).ok())
    }

    pub(super) fn with_environment(
        config: &TransportConfig,
        authority: &str,
        user_agent: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let proxy = proxy::choose(config, authority, &environment)?;
        let passed_over = proxy::passed_over(config, authority, environment);
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls::client_config(config)?)
            .tls_info(true)
            .http1_only()
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .user_agent(user_agent)
            .connect_timeout(config.connect_timeout)
            .timeout(config.connect_timeout.saturating_add(config.read_timeout))
            .pool_idle_timeout(IDLE)
            .dns_resolver(SystemNames)
            .pool_max_idle_per_host(MOST_AT_ONCE)
            .no_proxy();
        if let Some(proxy) = &proxy {
            builder = builder.proxy(Proxy::https(proxy.url.clone()).map_err(|_| unusable_proxy(proxy))?);
        }
        let client = builder
            .build()
            .map_err(|error| Error::configuration(format!("the HTTPS client cannot be set up: {error}")))?;
        Ok(HttpsTransport {
            client,
            peer: Peer {
                ca: config.ca.as_deref().map(Source::name),
                proxy: proxy.as_ref().map(proxy::Choice::authority),
                passed_over,
                connect_timeout: config.connect_timeout,
                read_timeout: config.read_timeout,
            },
        })
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse> {
        let headers = headers(&request)?;
        let (body, sent) = Outgoing::new(request.body);
        let mut answer = pin!(self.ask(request.method, &request.url, headers, body));
        tokio::select! {
            biased;
            answer = &mut answer => return answer,
            _sent_or_dropped = sent => {}
        }
        let in_time = tokio::time::timeout(self.peer.read_timeout, answer).await;
        in_time.unwrap_or_else(|_| Err(self.peer.silent(&request.url, self.peer.read_timeout)))
    }

    async fn ask(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Outgoing,
    ) -> Result<HttpResponse> {
        let sending = self.client.request(method.into(), url).headers(headers).body(Body::wrap(body));
        let response = sending.send().await.map_err(|error| self.peer.explain(url, &error))?;
        let status = response.status().as_u16();
        let date = header(&response, DATE).and_then(date::parse_http_date);
        let retry_after = header(&response, RETRY_AFTER).and_then(|value| retry_after(value, date));
        let body = read(response, LARGEST_ANSWER).await.map_err(|unread| match unread {
            Unread::TooLarge => self.peer.too_large(url),
            Unread::Broken(error) => self.peer.explain(url, &error),
        })?;
        Ok(HttpResponse { status, date, retry_after, body })
    }

    /// Connects, asks for nothing, and tells what the peer showed of itself.
    pub(crate) async fn probe(&self, url: &str) -> Result<Probe> {
        let response = self.client.head(url).send().await.map_err(|error| self.peer.explain(url, &error))?;
        let tls = response.extensions().get::<TlsInfo>();
        let certificate = tls.and_then(TlsInfo::peer_certificate);
        Ok(Probe {
            date: header(&response, DATE).and_then(date::parse_http_date),
            certificate_not_after: certificate.and_then(super::probe::not_after),
        })
    }
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        }
    }
}

/// Why an answer is not whole.
pub(super) enum Unread {
    TooLarge,
    Broken(reqwest::Error),
}

/// An answer's body, of at most `largest` bytes, in memory that is wiped.
pub(super) async fn read(mut response: Response, largest: usize) -> Result<Zeroizing<Vec<u8>>, Unread> {
    let announced = response.content_length().unwrap_or(16 << 10);
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if announced > largest {
        return Err(Unread::TooLarge);
    }
    let mut body = Zeroizing::new(Vec::with_capacity(announced));
    while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
        if body.len() + chunk.len() > largest {
            return Err(Unread::TooLarge);
        }
        append(&mut body, &chunk);
    }
    Ok(body)
}

impl Transport for HttpsTransport {
    fn send(&self, request: HttpRequest) -> Sending<'_> {
        Box::pin(self.exchange(request))
    }
}

pub(super) fn headers(request: &HttpRequest) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let value = value.parse().map_err(|_| {
            Error::configuration(format!(
                "the header {name} of a request to KMS would hold a control character"
            ))
        })?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

/// A vector that grows by itself would leave a copy of the secret behind.
fn append(body: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) {
    let needed = body.len() + chunk.len();
    if needed > body.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * body.capacity())));
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend_from_slice(chunk);
}

fn header(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// Seconds, or a date, which is best compared with the server's own clock.
fn retry_after(value: &str, server_date: Option<SystemTime>) -> Option<Duration> {
    let seconds = match value.trim().parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => date::parse_http_date(value)?
            .duration_since(server_date.unwrap_or_else(SystemTime::now))
            .unwrap_or_default()
            .as_secs(),
    };
    Some(Duration::from_secs(seconds.min(LONGEST_RETRY_AFTER)))
}

fn unusable_proxy(proxy: &proxy::Choice) -> Error {
    Error::new(Kind::Configuration, format!("the proxy {} cannot be used: check its URL", proxy.authority()))
}
