//! A request as the services see it, and the answer they give.

use std::net::IpAddr;

use hyper::body::Bytes;
use hyper::header::HeaderMap;
use hyper::http::request::Parts;
use prost::Message as _;

use crate::arn::bare_name;
use crate::endpoint::Endpoint;
use crate::journal::Moments;
use crate::messages::GetSecretValueRequest;
use crate::metadata;
use crate::refusal::Refusal;

/// What is kept of a name in the log: a client must not fill the memory with what it calls things.
const LONGEST_NAME: usize = 256;

pub(crate) struct Call {
    pub(crate) endpoint: Endpoint,
    pub(crate) source: IpAddr,
    pub(crate) connection: u64,
    pub(crate) moments: Moments,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The query's parameters, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// The form's parameters, decoded.
    pub(crate) form: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) host: String,
    pub(crate) body: Bytes,
    /// Whether it is in the form of the OpenAPI, not in the instance gateway's own, the metadata service's or OSS's.
    pub(crate) openapi: bool,
    /// For the instance gateway's own form: the body, if it is what `GetSecretValue` takes.
    pub(crate) secret_request: Option<GetSecretValueRequest>,
    pub(crate) action: String,
    pub(crate) secret: Option<String>,
}

impl Call {
    pub(crate) fn new(
        endpoint: Endpoint,
        source: IpAddr,
        connection: u64,
        moments: Moments,
        parts: Parts,
        body: Bytes,
        instance_openapi: bool,
    ) -> Self {
        let pairs = |bytes: &[u8]| -> Vec<(String, String)> {
            url::form_urlencoded::parse(bytes)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect()
        };
        let host = match parts.uri.authority() {
            Some(authority) => authority.to_string(),
            None => text(&parts.headers, "host").unwrap_or("").to_owned(),
        };
        let query = parts.uri.query().map(|query| pairs(query.as_bytes())).unwrap_or_default();
        let is_form = text(&parts.headers, "content-type")
            .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
        let form = if is_form { pairs(&body) } else { Vec::new() };
        let mut call = Self {
            endpoint,
            source,
            connection,
            moments,
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query,
            form,
            headers: parts.headers,
            host,
            body,
            openapi: matches!(endpoint, Endpoint::Shared(_) | Endpoint::Sts | Endpoint::StsHttps),
            secret_request: None,
            action: String::new(),
            secret: None,
        };
        match endpoint {
            Endpoint::Instance(_) if instance_openapi && call.looks_like_openapi() => call.openapi = true,
            Endpoint::Instance(_) => {
                call.action = call.header("x-kms-apiname").unwrap_or("").to_owned();
                call.secret_request = GetSecretValueRequest::decode(call.body.as_ref()).ok();
                call.secret =
                    call.secret_request.as_ref().map(|request| bare_name(&request.secret_name).to_owned());
            }
            Endpoint::Oss | Endpoint::OssHttps if call.method == "GET" && call.path == "/" => {
                call.action = "ListBuckets".to_owned();
            }
            Endpoint::Metadata => call.action = metadata::action(&call.method, &call.path).to_owned(),
            _ => {}
        }
        if call.openapi {
            call.action =
                call.parameter("Action").or_else(|| call.header("x-acs-action")).unwrap_or("").to_owned();
            call.secret = call.parameter("SecretName").map(|name| bare_name(name).to_owned());
        }
        truncate(&mut call.action);
        if let Some(secret) = &mut call.secret {
            truncate(secret);
        }
        call
    }

    /// The two forms have nothing in common.
    fn looks_like_openapi(&self) -> bool {
        self.header("x-acs-action").is_some() || self.parameter("Action").is_some()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        text(&self.headers, name)
    }

    /// A parameter of the query or the form, as RPC takes either.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().chain(&self.form).find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().chain(&self.form).map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

pub(crate) fn truncate(text: &mut String) {
    if text.len() > LONGEST_NAME {
        let mut end = LONGEST_NAME;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
}

/// A success: the body and what the log should know of it.
pub(crate) struct Success {
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) version_id: Option<String>,
}

/// What a service makes of a call.
pub(crate) struct Outcome {
    /// Who called, as far as the request says.
    pub(crate) access_key_id: Option<String>,
    pub(crate) result: Result<Success, Refusal>,
}
