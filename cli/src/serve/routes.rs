//! The agent's interface.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use kmsak::{Credentials, Error, Kind};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::agent::Agent;
use super::connections::Connections;
use super::guard::{Guard, Refusal};
use super::metrics;
use crate::secret_json;

pub(super) struct Routes {
    pub(super) agent: Arc<Agent>,
    pub(super) guard: Guard,
    pub(super) connections: Arc<Connections>,
}

type Answer = Response<Full<Bytes>>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

impl Routes {
    pub(super) async fn answer<B: Body>(&self, request: Request<B>) -> Answer {
        let mut answer = match self.route(&request).await {
            Ok(answer) => answer,
            Err(refusal) => failure(refusal.status, refusal.code, refusal.message),
        };
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if !request.body().is_end_stream() {
            // Nobody reads the body that was announced.
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        self.agent.counters.count(answer.status());
        answer
    }

    async fn route<B: Body>(&self, request: &Request<B>) -> Result<Answer, Refusal> {
        self.guard.check_origin(request)?;
        if !request.body().is_end_stream() {
            return Err(Refusal {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                code: "Body",
                message: "No request to the agent has a body",
            });
        }
        if request.method() != Method::GET {
            return Err(Refusal {
                status: StatusCode::METHOD_NOT_ALLOWED,
                code: "Method",
                message: "The agent answers GET only",
            });
        }
        let path = request.uri().path();
        match path {
            "/health" => return Ok(text(StatusCode::OK, "ok\n".to_owned())),
            "/ready" => return Ok(self.ready()),
            _ => {}
        }
        // SDKs send no header that a user could choose to their credentials URI, but any path.
        let (token, path) = match path.strip_prefix("/token/").and_then(|rest| rest.split_once('/')) {
            Some((token, rest)) => (Some(token), &path[path.len() - rest.len() - 1..]),
            None => (None, path),
        };
        self.guard.check_token(request.headers(), token)?;
        if path == "/metrics" {
            return Ok(text(StatusCode::OK, metrics::render(&self.agent, &self.connections)));
        }
        if let Some(name) = path.strip_prefix("/credentials/") {
            let name = self.known(name)?;
            return match rejected_id(request.uri().query()) {
                Some(rejected_id) => Ok(self.renewed(&name, &rejected_id).await),
                None => self.credentials(&name).await,
            };
        }
        if let Some(name) = path.strip_prefix("/secrets/") {
            return self.secret(&self.known(name)?).await;
        }
        Err(Refusal {
            status: StatusCode::NOT_FOUND,
            code: "NoSuchPath",
            message: "The agent knows /credentials/NAME, /secrets/NAME, /metrics, /health and /ready",
        })
    }

    fn known(&self, in_path: &str) -> Result<String, Refusal> {
        let name = percent_decode_str(in_path).decode_utf8_lossy().into_owned();
        if self.agent.now().knows(&name) {
            return Ok(name);
        }
        Err(Refusal {
            status: StatusCode::NOT_FOUND,
            code: "UnknownSecret",
            message: "The agent does not hand out this secret: start it with --secret NAME or list it in secret_names",
        })
    }

    fn ready(&self) -> Answer {
        if self.agent.now().all_ready() {
            text(StatusCode::OK, "ready\n".to_owned())
        } else {
            text(StatusCode::SERVICE_UNAVAILABLE, "not every secret has been fetched yet\n".to_owned())
        }
    }

    async fn credentials(&self, name: &str) -> Result<Answer, Refusal> {
        let open = self.agent.now();
        let credentials = match open.provider.cached_credentials(name) {
            Some(credentials) => credentials,
            None => {
                // What is waited for must not keep the old configuration in its place.
                let open = Arc::clone(&open);
                match open.credentials(name).await {
                    Ok(credentials) => credentials,
                    Err(error) => return Ok(kms_failure(&error)),
                }
            }
        };
        Ok(json_answer(StatusCode::OK, self.credentials_json(&credentials)))
    }

    /// For a client whose AccessKey a cloud service has just rejected. The provider bounds how often KMS is asked.
    async fn renewed(&self, name: &str, rejected_id: &str) -> Answer {
        let open = Arc::clone(&*self.agent.now());
        match open.provider.begin_renew(name, rejected_id).await {
            Ok(credentials) => json_answer(StatusCode::OK, self.credentials_json(&credentials)),
            Err(error) => kms_failure(&error),
        }
    }

    /// What the SDKs expect of `ALIBABA_CLOUD_CREDENTIALS_URI`. An AccessKey has no token and does not expire;
    /// they ask again some time before the expiration, whatever it stands for.
    fn credentials_json(&self, credentials: &Credentials) -> Vec<u8> {
        let expiration = SystemTime::now() + Duration::from_secs(self.agent.lifetime.into());
        let mut text = String::with_capacity(256);
        write!(
            text,
            r#"{{"Code":"Success","AccessKeyId":{},"AccessKeySecret":{},"SecurityToken":"","Expiration":"{}"}}"#,
            Value::from(credentials.access_key_id()),
            Value::from(credentials.access_key_secret()),
            secret_json::moment(expiration),
        )
        .expect("a string takes all");
        text.into_bytes()
    }

    async fn secret(&self, name: &str) -> Result<Answer, Refusal> {
        let open = Arc::clone(&*self.agent.now());
        Ok(match open.secret(name).await {
            Ok(secret) => match secret_json::of(&secret) {
                Ok(fields) => json_answer(StatusCode::OK, Value::Object(fields).to_string().into_bytes()),
                Err(malformed) => failure(StatusCode::BAD_GATEWAY, "Malformed", malformed.message()),
            },
            Err(error) => kms_failure(&error),
        })
    }
}

/// The parameter `rejected` of a query.
fn rejected_id(query: Option<&str>) -> Option<String> {
    let value = query?.split('&').find_map(|pair| pair.strip_prefix("rejected="))?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned()).filter(|id| !id.is_empty())
}

fn kms_failure(error: &Error) -> Answer {
    let status = match error.kind() {
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Kind::Network => StatusCode::GATEWAY_TIMEOUT,
        Kind::Configuration => StatusCode::BAD_REQUEST,
        Kind::Closed => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    };
    let mut answer = failure(status, error.code().unwrap_or(error.kind().as_str()), error.message());
    if error.retryable() {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    answer
}

fn failure(status: StatusCode, code: &str, message: &str) -> Answer {
    json_answer(status, json!({ "Code": code, "Message": message }).to_string().into_bytes())
}

fn json_answer(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, JSON);
    answer
}

fn text(status: StatusCode, body: String) -> Answer {
    let mut answer = json_answer(status, body.into_bytes());
    answer.headers_mut().insert(CONTENT_TYPE, TEXT);
    answer
}
