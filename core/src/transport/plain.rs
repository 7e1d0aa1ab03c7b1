//! HTTP without TLS, and never through a proxy: to the metadata service of this very machine, and to a credentials URI beside it.

use std::time::Duration;

use reqwest::Client;
use zeroize::Zeroizing;

use super::https::{Unread, headers, read};
use super::{HttpRequest, tls};
use crate::error::{Error, Result};
use crate::shown::plain;

/// No answer that holds an AccessKey comes near to this.
const LARGEST_ANSWER: usize = 64 << 10;

/// An answer, read to its end.
pub(crate) struct PlainResponse {
    pub(crate) status: u16,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum PlainFailure {
    /// Nobody is there, or nobody speaks: what came of it in a few words.
    Silent(String),
    /// Somebody is there and does not speak as expected.
    Garbled(String),
}

/// One exchange: connecting has `patience`, and so has the answer.
pub(crate) async fn exchange(
    request: HttpRequest,
    patience: Duration,
) -> Result<Result<PlainResponse, PlainFailure>> {
    let client = Client::builder()
        .tls_backend_preconfigured(tls::unused()?)
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(patience)
        .read_timeout(patience)
        .timeout(patience * 2)
        .pool_max_idle_per_host(0)
        .no_proxy()
        .build()
        .map_err(|error| Error::configuration(format!("the HTTP client cannot be set up: {error}")))?;
    let headers = headers(&request)?;
    let sending = client.request(request.method.into(), &request.url).headers(headers).body(request.body);
    let response = match sending.send().await {
        Ok(response) => response,
        Err(error) => return Ok(Err(silent(&error, patience))),
    };
    let status = response.status().as_u16();
    Ok(match read(response, LARGEST_ANSWER).await {
        Ok(body) => Ok(PlainResponse { status, body }),
        Err(Unread::TooLarge) => Err(PlainFailure::Garbled("answers with more than 64 KiB".to_owned())),
        Err(Unread::Broken(error)) => Err(silent(&error, patience)),
    })
}

fn silent(error: &reqwest::Error, patience: Duration) -> PlainFailure {
    if error.is_timeout() {
        return PlainFailure::Silent(format!("does not answer within {} s", patience.as_secs_f64()));
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let words = plain(&innermost.to_string(), 120);
    if error.is_connect() {
        PlainFailure::Silent(format!("cannot be reached ({words})"))
    } else {
        PlainFailure::Garbled(format!("breaks off or does not speak HTTP ({words})"))
    }
}
