//! HTTP over verified TLS, behind a trait so that tests can stand in for the network.

mod config;
mod failure;
mod https;
mod outgoing;
pub(crate) mod plain;
mod probe;
mod proxy;
mod resolver;
mod roots;
#[cfg(test)]
mod tests;
pub(crate) mod text_error;
mod tls;
mod unverified;
pub(crate) mod url;
mod verifier;

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

pub(crate) use config::TransportConfig;
pub(crate) use https::{HttpsTransport, MOST_AT_ONCE};
pub use probe::Probe;
pub(crate) use roots::{KMS_PRIVATE_CAS, trouble_with_public_cas};
use zeroize::Zeroizing;

use crate::error::Result;
use crate::process::source::Source;

/// Whether requests to `authority` go through a proxy.
///
/// # Errors
/// As for [`HttpsTransport::new`], as far as the proxy is concerned.
pub(crate) fn goes_through_a_proxy(config: &TransportConfig, authority: &str) -> Result<bool> {
    proxy::choose(config, authority, |name| std::env::var(name).ok()).map(|choice| choice.is_some())
}

/// How a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
}

/// The sentence to warn with where the environment's `NO_PROXY` keeps requests to `authority` from the proxy in `config`.
pub(crate) fn proxy_passed_over(
    config: &TransportConfig,
    authority: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    proxy::passed_over(config, authority, environment)
}

/// A request ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    /// The whole URL, with any query.
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// An answer, read to its end.
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    /// The `Date` header: the server's clock.
    pub(crate) date: Option<SystemTime>,
    /// The `Retry-After` header, as a wait from now.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// What a [`Transport`] gives back.
pub(crate) type Sending<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse>> + Send + 'a>>;

/// Carries one request to one peer. Dropping the future abandons the request.
pub(crate) trait Transport: Send + Sync {
    fn send(&self, request: HttpRequest) -> Sending<'_>;
}

/// Whether peers can be verified with `ca`.
///
/// # Errors
/// [`Kind::Configuration`](crate::Kind::Configuration) with what is wrong with it.
pub(crate) fn check_ca(ca: &Source) -> Result<()> {
    roots::load(Some(ca), None, false).map(drop)
}
