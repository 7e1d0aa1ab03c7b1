//! The admin interface: HTTP and JSON, on loopback only. docs/emulator.md describes it for its users.

mod client_keys;
mod clock;
mod identities;
mod instances;
mod rotations;
mod secrets;
mod users;

use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;

use crate::access_point::AccessPoint;
use crate::clock::parse_iso8601;
use crate::control::{Control, Listener};
use crate::error::Error;
use crate::faults::{Fault, FaultId};
use crate::folder::summary;
use crate::request_body;

const LARGEST_BODY: usize = 1024 * 1024;

/// A client may wait this long for an event in one request.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

pub(crate) async fn listen(control: Arc<Control>, listener: TcpListener) {
    loop {
        // Accepting fails when the process has no file descriptor left, for one; waiting helps then.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let control = control.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| handle(control.clone(), request));
            // Errors here are clients that went away.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

pub(crate) struct Failure {
    status: u16,
    message: String,
}

impl Failure {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match () {
            () if error.is_not_found() => 404,
            () if error.is_not_saved() => 500,
            () => 400,
        };
        Self::new(status, error.to_string())
    }
}

pub(crate) type Answer = Result<Value, Failure>;

async fn handle(
    control: Arc<Control>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::http::Error> {
    let (status, body) = match answer(control, request).await {
        Ok(value) => (200, value),
        Err(failure) => (failure.status, json!({"error": failure.message})),
    };
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(format!("{body}\n").into()))
}

async fn answer(control: Arc<Control>, request: Request<Incoming>) -> Answer {
    check_origin(&control, &request)?;
    let (parts, body) = request.into_parts();
    let body = request_body::read(body, LARGEST_BODY)
        .await
        .map_err(|error| Failure::new(400, format!("the body did not arrive: {error}")))?
        .ok_or_else(|| Failure::new(413, "the body is larger than 1 MiB"))?;
    let query = Query::of(parts.uri.query().unwrap_or(""));
    let path = parts.uri.path().to_owned();
    // Some of these wait, for the disk or for an event: not on the threads that serve requests.
    tokio::task::spawn_blocking(move || route(&control, &parts.method, &path, &query, &body))
        .await
        .map_err(|_| Failure::new(500, "the emulator failed; its standard error says how"))?
}

/// A web page that a developer looks at must not drive the emulator, by DNS rebinding or otherwise.
fn check_origin(control: &Control, request: &Request<Incoming>) -> Result<(), Failure> {
    let port = control.ports.get(&Listener::Admin).copied().unwrap_or(0);
    let host = request.headers().get("host").and_then(|host| host.to_str().ok());
    let known = ["127.0.0.1", "localhost", "[::1]"]
        .into_iter()
        .any(|name| host == Some(format!("{name}:{port}").as_str()));
    if !known || request.headers().contains_key("origin") {
        return Err(Failure::new(403, format!("use http://127.0.0.1:{port}, and no web page")));
    }
    Ok(())
}

pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    // A request without a body is one in which everything is left out.
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body)
        .map_err(|error| Failure::new(400, format!("the body is not what this takes: {error}")))
}

/// A misspelt condition must not make a fault that hits everything.
fn read_fault(body: &[u8]) -> Result<Fault, Failure> {
    let given: serde_json::Map<String, Value> = read(body)?;
    let fault: Fault = read(body)?;
    let known = serde_json::to_value(&fault).map_err(|error| Failure::new(500, error.to_string()))?;
    match given.keys().find(|name| known.get(name).is_none()) {
        Some(name) => Err(Failure::new(400, format!("a fault of this kind has no field {name:?}"))),
        None => Ok(fault),
    }
}

/// What a request says after the question mark.
struct Query(Vec<(String, String)>);

impl Query {
    fn of(text: &str) -> Self {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    fn named(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    fn needed(&self, name: &str) -> Result<&str, Failure> {
        self.named(name).ok_or_else(|| Failure::new(400, format!("the query lacks {name}=...")))
    }

    fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        let text = self.named(name).map(str::parse);
        text.transpose().map_err(|_| Failure::new(400, format!("{name} in the query is not a number")))
    }
}

fn route(control: &Control, method: &Method, path: &str, query: &Query, body: &[u8]) -> Answer {
    match (method.as_str(), path) {
        ("GET", "/") => Ok(summary(control)),
        ("GET", "/clock") => Ok(clock::read(control)),
        ("POST", "/clock") => clock::move_to(control, read(body)?),
        ("GET", "/users") => Ok(users::list(control)),
        ("POST", "/users") => users::create(control, &read(body)?),
        ("DELETE", "/users") => done(control.delete_user(query.needed("name")?)),
        ("POST", "/access-keys") => users::create_access_key(control, &read(body)?),
        ("PUT", "/access-keys") => users::set_access_key_status(control, query.needed("id")?, &read(body)?),
        ("DELETE", "/access-keys") => done(control.delete_access_key(query.needed("id")?)),
        ("GET", "/secrets") => match query.named("name") {
            Some(name) => Ok(secrets::whole(&control.secret(name)?)),
            None => Ok(secrets::list(control)),
        },
        ("POST", "/secrets") => secrets::create(control, read(body)?),
        ("DELETE", "/secrets") => done(control.delete_secret(query.needed("name")?)),
        ("POST", "/secrets/versions") => secrets::put_value(control, read(body)?),
        ("POST", "/secrets/schedule") => rotations::schedule(control, &read(body)?),
        ("POST", "/rotations") => rotations::rotate(control, &read(body)?),
        ("GET", "/overlaps") => Ok(rotations::overlaps(control)),
        ("PUT", "/overlaps") => rotations::set_overlaps(control, &read(body)?),
        ("GET", "/access-points") => Ok(control
            .world
            .read(|state, _| json!({"accessPoints": state.access_points.values().collect::<Vec<_>>()}))),
        ("PUT", "/access-points") => {
            let point: AccessPoint = read(body)?;
            done(control.world.change(|state, _, _| {
                state.put_access_point(point);
                Ok(())
            }))
        }
        ("DELETE", "/access-points") => done(control.delete_access_point(query.needed("name")?)),
        ("GET", "/client-keys") => Ok(client_keys::list(control)),
        ("POST", "/client-keys") => client_keys::issue(control, read(body)?),
        ("DELETE", "/client-keys") => done(control.revoke_client_key(query.needed("id")?)),
        ("GET", "/keys") => Ok(control
            .world
            .read(|state, _| json!({"keys": state.keys.iter().map(|key| &key.id).collect::<Vec<_>>()}))),
        ("POST", "/keys") => {
            let NoFields {} = read(body)?;
            Ok(json!({"id": control.world.change(|state, now, _| Ok(state.create_key(now)))?}))
        }
        ("DELETE", "/keys") => done(control.delete_key(query.needed("id")?)),
        ("GET", "/faults") => Ok(json!({"faults": control.world.faults.list()})),
        ("POST", "/faults") => {
            let fault = read_fault(body)?;
            Ok(json!({"id": control.inject(fault)?}))
        }
        ("DELETE", "/faults") => match query.number("id")? {
            Some(id) if control.world.faults.clear(FaultId(id)) => Ok(json!({})),
            Some(id) => Err(Failure::new(404, format!("there is no fault {id}"))),
            None => {
                control.world.faults.clear_all();
                Ok(json!({}))
            }
        },
        ("GET", "/events") => {
            let since = query.number("since")?.unwrap_or(0);
            let wait = Duration::from_millis(query.number("wait_ms")?.unwrap_or(0)).min(LONGEST_WAIT);
            if !wait.is_zero() {
                control.world.journal.wait(since, wait, |_| true);
            }
            let (events, last) = control.world.journal.since(since);
            Ok(json!({"last": last, "events": events}))
        }
        ("GET", "/counters") => serde_json::to_value(control.world.journal.counters())
            .map_err(|error| Failure::new(500, error.to_string())),
        ("DELETE", "/counters") => {
            control.world.journal.reset_counters();
            Ok(json!({}))
        }
        (method, path) => {
            let other = identities::route(control, method, path, query, body)
                .or_else(|| instances::route(control, method, path, query, body));
            other.unwrap_or_else(|| {
                Err(Failure::new(
                    404,
                    format!("there is no {method} {path}; docs/emulator.md lists what there is"),
                ))
            })
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoFields {}

pub(crate) fn done(result: Result<(), Error>) -> Answer {
    result?;
    Ok(json!({}))
}

fn date(text: &str) -> Result<OffsetDateTime, Failure> {
    parse_iso8601(text).ok_or_else(|| Failure::new(400, format!("{text:?} is not like 2026-01-31T23:59:59Z")))
}
