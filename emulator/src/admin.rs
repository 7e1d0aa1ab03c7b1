//! The admin interface: HTTP and JSON, on loopback only. docs/emulator.md describes it for its users.

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
use crate::admin_identities;
use crate::admin_instances;
use crate::clock::{iso8601, parse_iso8601};
use crate::control::{Control, Listener};
use crate::error::Error;
use crate::faults::{Fault, FaultId};
use crate::folder::summary;
use crate::ram::user::{AccessKey, AccessKeyStatus};
use crate::request_body;
use crate::secrets::{NewVersion, Secret, SecretValue};

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
        let status = if error.is_not_found() { 404 } else { 400 };
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
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
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

fn route(control: &Control, method: &Method, path: &str, query: &[(String, String)], body: &[u8]) -> Answer {
    let named = |name: &str| query.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str());
    let needed =
        |name: &str| named(name).ok_or_else(|| Failure::new(400, format!("the query lacks {name}=...")));
    let number = |name: &str| match named(name) {
        None => Ok(None),
        Some(text) => text
            .parse::<u64>()
            .map(Some)
            .map_err(|_| Failure::new(400, format!("{name} in the query is not a number"))),
    };
    match (method.as_str(), path) {
        ("GET", "/") => Ok(summary(control)),
        ("GET", "/clock") => Ok(clock(control)),
        ("POST", "/clock") => move_clock(control, read(body)?),
        ("GET", "/users") => Ok(users(control)),
        ("POST", "/users") => create_user(control, &read(body)?),
        ("DELETE", "/users") => done(control.delete_user(needed("name")?)),
        ("POST", "/access-keys") => create_access_key(control, &read(body)?),
        ("PUT", "/access-keys") => set_access_key_status(control, needed("id")?, &read(body)?),
        ("DELETE", "/access-keys") => done(control.delete_access_key(needed("id")?)),
        ("GET", "/secrets") => match named("name") {
            Some(name) => Ok(whole_secret(&control.secret(name)?)),
            None => Ok(secrets(control)),
        },
        ("POST", "/secrets") => create_secret(control, read(body)?),
        ("DELETE", "/secrets") => done(control.delete_secret(needed("name")?)),
        ("POST", "/secrets/versions") => put_secret_value(control, read(body)?),
        ("POST", "/secrets/schedule") => schedule(control, &read(body)?),
        ("POST", "/rotations") => rotate(control, &read(body)?),
        ("GET", "/overlaps") => Ok(control.world.read(|state, _| {
            json!({
                "scheduledSeconds": state.scheduled_overlap,
                "immediateSeconds": state.immediate_overlap,
            })
        })),
        ("PUT", "/overlaps") => set_overlaps(control, &read(body)?),
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
        ("DELETE", "/access-points") => done(control.delete_access_point(needed("name")?)),
        ("GET", "/client-keys") => Ok(client_keys(control)),
        ("POST", "/client-keys") => issue_client_key(control, read(body)?),
        ("DELETE", "/client-keys") => done(control.revoke_client_key(needed("id")?)),
        ("GET", "/keys") => Ok(control
            .world
            .read(|state, _| json!({"keys": state.keys.iter().map(|key| &key.id).collect::<Vec<_>>()}))),
        ("POST", "/keys") => {
            let NoFields {} = read(body)?;
            Ok(json!({"id": control.world.change(|state, now, _| Ok(state.create_key(now)))?}))
        }
        ("DELETE", "/keys") => done(control.delete_key(needed("id")?)),
        ("GET", "/faults") => Ok(json!({"faults": control.world.faults.list()})),
        ("POST", "/faults") => {
            let fault = read_fault(body)?;
            Ok(json!({"id": control.inject(fault)?}))
        }
        ("DELETE", "/faults") => match number("id")? {
            Some(id) if control.world.faults.clear(FaultId(id)) => Ok(json!({})),
            Some(id) => Err(Failure::new(404, format!("there is no fault {id}"))),
            None => {
                control.world.faults.clear_all();
                Ok(json!({}))
            }
        },
        ("GET", "/events") => {
            let since = number("since")?.unwrap_or(0);
            let wait = Duration::from_millis(number("wait_ms")?.unwrap_or(0)).min(LONGEST_WAIT);
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
            let named = |name: &str| named(name).map(str::to_owned);
            let other = admin_identities::route(control, method, path, &named, body)
                .or_else(|| admin_instances::route(control, method, path, &named, body));
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

fn clock(control: &Control) -> Value {
    json!({
        "now": iso8601(control.world.clock.now()),
        "offsetSeconds": control.world.clock.offset().as_seconds_f64(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MoveClock {
    /// Seconds ahead, or back if negative.
    advance_seconds: Option<f64>,
    now: Option<String>,
    #[serde(default)]
    reset: bool,
}

fn move_clock(control: &Control, what: MoveClock) -> Answer {
    let zero = time::Duration::ZERO;
    match (what.advance_seconds, what.now, what.reset) {
        (Some(seconds), None, false) if seconds.is_finite() => {
            let by = time::Duration::saturating_seconds_f64(seconds);
            control.world.move_clock(|clock| clock.offset().saturating_add(by))?;
        }
        (None, Some(text), false) => {
            let to = date(&text)?;
            control.world.move_clock(|_| to - OffsetDateTime::now_utc())?;
        }
        (None, None, true) => {
            control.world.move_clock(|_| zero)?;
        }
        _ => {
            return Err(Failure::new(
                400,
                "give one of advanceSeconds (a number), now (YYYY-MM-DDThh:mm:ssZ) and reset (true)",
            ));
        }
    }
    Ok(clock(control))
}

fn date(text: &str) -> Result<OffsetDateTime, Failure> {
    parse_iso8601(text).ok_or_else(|| Failure::new(400, format!("{text:?} is not like 2026-01-31T23:59:59Z")))
}

fn users(control: &Control) -> Value {
    control.world.read(|state, _| {
        let users: Vec<Value> = state
            .users
            .values()
            .map(|user| {
                let keys: Vec<Value> = user
                    .access_keys
                    .iter()
                    .map(|key| {
                        json!({
                            "id": key.id,
                            "status": key.status,
                            "created": iso8601(key.created),
                        })
                    })
                    .collect();
                json!({
                    "name": user.name,
                    "id": user.id,
                    "policies": user.policies,
                    "accessKeys": keys,
                })
            })
            .collect();
        json!({"users": users})
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateUser {
    name: String,
    #[serde(default)]
    policies: Vec<String>,
}

fn create_user(control: &Control, what: &CreateUser) -> Answer {
    let user =
        control.world.change(|state, now, _| state.create_user(&what.name, &what.policies, now).cloned())?;
    Ok(json!({"name": user.name, "id": user.id}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateAccessKey {
    user: String,
}

/// The account itself, as in RAM's credential report.
const ROOT: &str = "<root>";

fn create_access_key(control: &Control, what: &CreateAccessKey) -> Answer {
    let key: AccessKey = control.world.change(|state, now, _| match what.user.as_str() {
        ROOT => Ok(state.create_root_access_key(now)),
        user => state.create_access_key(user, now),
    })?;
    Ok(json!({"id": key.id, "secret": key.secret}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetStatus {
    status: AccessKeyStatus,
}

fn set_access_key_status(control: &Control, id: &str, what: &SetStatus) -> Answer {
    done(control.world.change(|state, _, _| state.set_access_key_status(id, what.status)))
}

fn outline(secret: &Secret) -> Value {
    json!({
        "name": secret.name,
        "type": secret.secret_type,
        "user": secret.user,
        "created": iso8601(secret.created),
        "encryptionKeyId": secret.encryption_key_id,
        "extendedConfig": secret.extended_config,
        "rotationIntervalSeconds": secret.rotation_interval,
        "nextRotation": secret.next_rotation.map(iso8601),
        "lastRotation": secret.last_rotation.map(iso8601),
        "runningRotation": secret.running.as_ref().map(|running| json!({
            "oldAccessKeyId": running.old_access_key_id,
            "deleteAt": iso8601(running.delete_at),
        })),
    })
}

fn secrets(control: &Control) -> Value {
    control.world.read(|state, _| {
        let list: Vec<Value> = state.secrets.values().map(outline).collect();
        json!({"secrets": list})
    })
}

fn whole_secret(secret: &Secret) -> Value {
    let versions: Vec<Value> = secret
        .versions
        .iter()
        .map(|version| {
            let (data_type, data) = version.value.as_sent();
            json!({
                "id": version.id,
                "stages": version.stages,
                "created": iso8601(version.created),
                "dataType": data_type,
                "data": data,
            })
        })
        .collect();
    let mut whole = outline(secret);
    whole["versions"] = Value::Array(versions);
    whole
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CreateSecret {
    user: Option<String>,
    name: Option<String>,
    #[serde(rename = "type")]
    secret_type: Option<String>,
    text: Option<String>,
    binary: Option<String>,
    extended_config: Option<String>,
    encryption_key_id: Option<String>,
}

/// A text as it stands, or binary data in base64.
fn value(text: Option<String>, binary: Option<String>) -> Result<SecretValue, Failure> {
    match (text, binary) {
        (Some(text), None) => Ok(SecretValue::Text(text)),
        (None, Some(base64)) => crate::encoding::from_base64(&base64)
            .map(SecretValue::binary)
            .ok_or_else(|| Failure::new(400, "binary is not base64")),
        _ => Err(Failure::new(400, "give one of text and binary (in base64)")),
    }
}

fn create_secret(control: &Control, what: CreateSecret) -> Answer {
    let key = what.encryption_key_id.as_deref();
    if let Some(user) = &what.user {
        if what.name.is_some() || what.text.is_some() || what.binary.is_some() {
            return Err(Failure::new(
                400,
                "a managed RAM secret is made of a user alone; KMS names and fills it",
            ));
        }
        let name = control.world.change(|state, now, _| state.create_ram_secret(user, key, now))?;
        return Ok(json!({"name": name}));
    }
    let name = what.name.ok_or_else(|| Failure::new(400, "give either user or name"))?;
    let kind = what.secret_type.unwrap_or_else(|| "Generic".to_owned());
    let value = value(what.text, what.binary)?;
    control.world.change(|state, now, _| {
        state.create_secret(&name, &kind, value, key, now)?;
        state.secret_mut(&name)?.extended_config = what.extended_config;
        Ok(())
    })?;
    Ok(json!({"name": name}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PutSecretValue {
    name: String,
    version_id: Option<String>,
    stages: Option<Vec<String>>,
    text: Option<String>,
    binary: Option<String>,
}

fn put_secret_value(control: &Control, what: PutSecretValue) -> Answer {
    let value = value(what.text, what.binary)?;
    let new = NewVersion { id: what.version_id, stages: what.stages };
    let id = control.put_secret_value(&what.name, value, new)?;
    Ok(json!({"versionId": id}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Schedule {
    name: String,
    interval_seconds: Option<i64>,
    first: Option<String>,
    #[serde(default)]
    broken: bool,
}

fn schedule(control: &Control, what: &Schedule) -> Answer {
    if what.broken {
        return done(control.world.change(|state, _, _| state.break_rotation(&what.name)));
    }
    let schedule = match what.interval_seconds {
        None => None,
        Some(seconds) => {
            let interval = time::Duration::seconds(seconds);
            let first = match &what.first {
                Some(text) => date(text)?,
                None => control.world.clock.now().saturating_add(interval),
            };
            Some((interval, first))
        }
    };
    done(control.world.change(|state, _, _| state.schedule_rotation(&what.name, schedule)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Rotate {
    secret: String,
    #[serde(default)]
    overlap_seconds: f64,
}

fn seconds(seconds: f64) -> Result<Duration, Failure> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| Failure::new(400, format!("{seconds} is no number of seconds")))
}

fn rotate(control: &Control, what: &Rotate) -> Answer {
    let rotation = control.rotate(&what.secret, seconds(what.overlap_seconds)?)?;
    serde_json::to_value(rotation).map_err(|error| Failure::new(500, error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Overlaps {
    scheduled_seconds: f64,
    immediate_seconds: f64,
}

fn set_overlaps(control: &Control, what: &Overlaps) -> Answer {
    done(control.set_overlaps(seconds(what.scheduled_seconds)?, seconds(what.immediate_seconds)?))
}

fn client_keys(control: &Control) -> Value {
    control.world.read(|state, _| {
        let list: Vec<Value> = state
            .client_keys
            .values()
            .map(|key| {
                json!({
                    "id": key.key_id,
                    "accessPoint": key.access_point,
                    "notBefore": iso8601(key.not_before),
                    "notAfter": iso8601(key.not_after),
                    "revoked": key.revoked,
                })
            })
            .collect();
        json!({"clientKeys": list})
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct IssueClientKey {
    access_point: String,
    not_before: Option<String>,
    not_after: Option<String>,
    /// With a password: a ClientKey that was issued elsewhere is taken in.
    json: Option<String>,
    password: Option<String>,
}

fn issue_client_key(control: &Control, what: IssueClientKey) -> Answer {
    match (&what.json, &what.password) {
        (None, None) => {}
        (Some(file), Some(password)) if what.not_before.is_none() && what.not_after.is_none() => {
            let id = control.import_client_key(file, password, &what.access_point)?;
            return Ok(json!({"id": id}));
        }
        (Some(_), Some(_)) => {
            return Err(Failure::new(
                400,
                "a ClientKey that is taken in keeps the validity of its certificate: leave out notBefore and notAfter",
            ));
        }
        _ => return Err(Failure::new(400, "json and password belong together: give both or neither")),
    }
    let validity = match (&what.not_before, &what.not_after) {
        (None, None) => None,
        (from, Some(until)) => {
            let from = match from {
                Some(text) => date(text)?,
                None => control.world.clock.now(),
            };
            Some((from, date(until)?))
        }
        (Some(_), None) => return Err(Failure::new(400, "notBefore needs notAfter beside it")),
    };
    let key = control.issue_client_key(&what.access_point, validity)?;
    Ok(json!({"id": key.key_id, "json": key.json, "password": key.password}))
}
