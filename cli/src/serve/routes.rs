//! The agent's interface.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Body;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use kmsak::{Credentials, Error, Kind, LogLevel};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::agent::{Agent, HandedOutAtAll, Open};
use super::clients::Peer;
use super::connections::Connections;
use super::guard::{Admitted, Guard, Refusal};
use super::kms_agent::{self, Form, Interface, Question, Wanted};
use super::{metrics, status};
use crate::{log, secret_json};

pub(super) struct Routes {
    pub(super) agent: Arc<Agent>,
    pub(super) guard: Guard,
    pub(super) connections: Arc<Connections>,
    /// That of KMS Agent, beside the agent's own.
    pub(super) interface: Option<Interface>,
    /// Where the agent listens.
    pub(super) place: String,
}

type Answer = Response<Full<Bytes>>;
type Unreadable = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no good answer.
enum Trouble {
    Refused(Refusal),
    Kms(Error),
    /// The secret holds no AccessKey, though KMS says so.
    Malformed(String),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Trouble::Refused(refusal)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Kms(error)
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const AWS_JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
/// More than any call of AWS's clients has, and the time in which it must arrive.
const LARGEST_BODY: usize = 64 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

impl Routes {
    pub(super) async fn answer<B>(&self, request: Request<B>, peer: &Peer) -> Answer
    where
        B: Body<Data = Bytes, Error: Into<Unreadable>>,
    {
        let path = request.uri().path();
        let interface = self.interface.as_ref().filter(|one| one.is_for(request.method(), path));
        let form = interface.map_or(Form::Kms, |interface| interface.form);
        let with_body = interface.is_some_and(|one| one.takes_body(request.method(), path));
        let announced = !request.body().is_end_stream();
        let routed =
            if with_body { self.route_aws(request, peer).await } else { self.route(&request, peer).await };
        let mut answer = routed.unwrap_or_else(|trouble| trouble.answer(form));
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if announced && !(with_body && answer.status() == StatusCode::OK) {
            // Nobody reads the body that was announced.
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        self.agent.counters.count(answer.status());
        answer
    }

    async fn route<B: Body>(&self, request: &Request<B>, peer: &Peer) -> Result<Answer, Trouble> {
        self.guard.check_origin(request)?;
        if !request.body().is_end_stream() {
            return Err(refusal(StatusCode::PAYLOAD_TOO_LARGE, "Body", "No request to the agent has a body"));
        }
        if request.method() != Method::GET {
            return Err(refusal(StatusCode::METHOD_NOT_ALLOWED, "Method", "The agent answers GET only"));
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
        let admitted = self.guard.admit(request.headers(), token, peer)?;
        if path == "/metrics" {
            return Ok(text(StatusCode::OK, metrics::render(&self.agent, &self.connections)));
        }
        if path == "/status" {
            return Ok(json_answer(StatusCode::OK, &status::of(self, &admitted)));
        }
        if let Some(name) = path.strip_prefix("/credentials/") {
            let name = self.known(&percent_decode_str(name).decode_utf8_lossy(), &admitted).await?;
            return match rejected_id(request.uri().query()) {
                Some(rejected_id) => self.renewed(&name, &rejected_id).await,
                None => self.credentials(&name).await,
            };
        }
        if let Some(name) = path.strip_prefix("/secrets/") {
            let name = self.known(&percent_decode_str(name).decode_utf8_lossy(), &admitted).await?;
            return self.secret(&name).await;
        }
        if let Some(interface) = &self.interface
            && let Some(question) = interface.question(path, request.uri().query())
        {
            return match question {
                Question::Vault(what) => Ok(json_answer(StatusCode::OK, &kms_agent::vault_says(what))),
                Question::Secret(wanted) => self.wanted(interface.form, wanted, &admitted).await,
            };
        }
        Err(refusal(
            StatusCode::NOT_FOUND,
            "NoSuchPath",
            "The agent knows /credentials/NAME, /secrets/NAME, /status, /metrics, /health and /ready",
        ))
    }

    /// A call as boto3 makes it: a POST whose header names what is asked of AWS Secrets Manager.
    async fn route_aws<B>(&self, request: Request<B>, peer: &Peer) -> Result<Answer, Trouble>
    where
        B: Body<Data = Bytes, Error: Into<Unreadable>>,
    {
        self.guard.check_origin(&request)?;
        let (head, body) = request.into_parts();
        // boto3 sends its session token along, which a user can choose.
        let session_token = head.headers.get("x-amz-security-token").and_then(|token| token.to_str().ok());
        let admitted = self.guard.admit(&head.headers, session_token, peer)?;
        let body = Box::pin(Limited::new(body, LARGEST_BODY).collect());
        let body = tokio::time::timeout(BODY_TIMEOUT, body).await;
        let Ok(Ok(body)) = body else {
            return Err(refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Body",
                "The body is over 64 KiB or did not arrive",
            ));
        };
        let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let wanted = Interface::aws_call(target, &body.to_bytes())
            .map_err(|why| refusal(StatusCode::BAD_REQUEST, "InvalidParameter", why))?;
        let mut answer = self.wanted(Form::Aws, wanted, &admitted).await?;
        answer.headers_mut().insert(CONTENT_TYPE, AWS_JSON);
        Ok(answer)
    }

    /// `name`, if `admitted` may ask for it.
    async fn known(&self, name: &str, admitted: &Admitted) -> Result<String, Trouble> {
        if !admitted.may_ask_for(name) {
            log::write(LogLevel::Debug, &format!("{admitted} may not ask for {name}"));
            return Err(refusal(
                StatusCode::FORBIDDEN,
                "NotYours",
                "This client may not ask for this secret: see the agent's clients file",
            ));
        }
        match self.agent.ask(|open| async move { open.hands_out(name).await }).await? {
            HandedOutAtAll::Yes => Ok(name.to_owned()),
            HandedOutAtAll::Enough => Err(refusal(
                StatusCode::FORBIDDEN,
                "TooManySecrets",
                "The agent hands out as many secrets that nobody named as --any-secret allows: allow more, or name this one with --secret",
            )),
            HandedOutAtAll::Unknown => Err(refusal(
                StatusCode::NOT_FOUND,
                "UnknownSecret",
                "The agent does not hand out this secret: start it with --secret NAME or list it in secret_names",
            )),
        }
    }

    /// What a client of KMS Agent asks for.
    async fn wanted(&self, form: Form, wanted: Wanted, admitted: &Admitted) -> Result<Answer, Trouble> {
        // Only Vault's mounts leave a choice.
        let known = wanted.names.iter().find(|name| self.agent.now().knows(name));
        let given = known.or(wanted.names.first());
        let name = self.known(given.map_or("", String::as_str), admitted).await?;
        let (name, wanted) = (&name, &wanted);
        let find = |open: Arc<Open>| async move { kms_agent::find(&open, name, wanted).await };
        let secret = self.agent.ask(find).await?;
        Ok(json_text(StatusCode::OK, form.answer(&secret, wanted.engine)))
    }

    fn ready(&self) -> Answer {
        if self.agent.now().all_ready() {
            text(StatusCode::OK, "ready\n".to_owned())
        } else {
            text(StatusCode::SERVICE_UNAVAILABLE, "not every secret has been fetched yet\n".to_owned())
        }
    }

    async fn credentials(&self, name: &str) -> Result<Answer, Trouble> {
        let cached = self.agent.now().provider.cached_credentials(name);
        let credentials = match cached {
            Some(credentials) => credentials,
            None => self.agent.ask(|open| async move { open.credentials(name).await }).await?,
        };
        Ok(self.credentials_answer(&credentials))
    }

    /// For a client whose AccessKey a cloud service has just rejected. The provider bounds how often KMS is asked.
    async fn renewed(&self, name: &str, rejected_id: &str) -> Result<Answer, Trouble> {
        let renewed = |open: Arc<Open>| open.provider.begin_renew(name, rejected_id);
        let credentials = self.agent.ask(renewed).await?;
        Ok(self.credentials_answer(&credentials))
    }

    /// What the SDKs expect of `ALIBABA_CLOUD_CREDENTIALS_URI`. An AccessKey has no token and does not expire;
    /// they ask again some time before the expiration, whatever it stands for.
    fn credentials_answer(&self, credentials: &Credentials) -> Answer {
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
        json_text(StatusCode::OK, text.into_bytes())
    }

    async fn secret(&self, name: &str) -> Result<Answer, Trouble> {
        let secret = self.agent.ask(|open| async move { open.secret(name).await }).await?;
        let fields = secret_json::of(&secret);
        let fields = fields.map_err(|malformed| Trouble::Malformed(malformed.message().to_owned()))?;
        Ok(json_answer(StatusCode::OK, &Value::Object(fields)))
    }
}

/// The parameter `rejected` of a query.
fn rejected_id(query: Option<&str>) -> Option<String> {
    let value = query?.split('&').find_map(|pair| pair.strip_prefix("rejected="))?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned()).filter(|id| !id.is_empty())
}

impl Trouble {
    fn answer(&self, form: Form) -> Answer {
        let failure = |status: StatusCode, code: &str, message: &str| {
            json_answer(status, &form.failure(status.as_u16(), code, message))
        };
        match self {
            Trouble::Refused(refusal) => failure(refusal.status, refusal.code, refusal.message),
            Trouble::Malformed(message) => failure(StatusCode::BAD_GATEWAY, "Malformed", message),
            Trouble::Kms(error) => {
                let code = error.code().unwrap_or(error.kind().as_str());
                let mut answer = failure(status_of(error), code, error.message());
                if error.retryable() {
                    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
                }
                answer
            }
        }
    }
}

fn status_of(error: &Error) -> StatusCode {
    match error.kind() {
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Kind::Network => StatusCode::GATEWAY_TIMEOUT,
        Kind::Configuration => StatusCode::BAD_REQUEST,
        Kind::Closed => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    }
}

fn refusal(status: StatusCode, code: &'static str, message: &'static str) -> Trouble {
    Trouble::Refused(Refusal { status, code, message })
}

fn json_answer(status: StatusCode, body: &Value) -> Answer {
    json_text(status, body.to_string().into_bytes())
}

fn json_text(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, JSON);
    answer
}

fn text(status: StatusCode, body: String) -> Answer {
    let mut answer = json_text(status, body.into_bytes());
    answer.headers_mut().insert(CONTENT_TYPE, TEXT);
    answer
}
