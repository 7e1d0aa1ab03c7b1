//! The conformance driver for Rust; see tests/conformance/README.md.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kmsak::{Credentials, Error, Event, LogLevel, Provider, Secret, ServiceError, Subscription};
use serde_json::{Value, json};

type Events = Arc<(Mutex<VecDeque<Event>>, Condvar)>;

#[derive(Clone)]
struct Driver {
    provider: Option<Provider>,
    _subscription: Option<Arc<Subscription>>,
    events: Events,
    shown: Arc<Mutex<Vec<String>>>,
    logs: Arc<Mutex<Vec<String>>>,
}

fn main() -> io::Result<()> {
    let mut driver = Driver {
        provider: None,
        _subscription: None,
        events: Arc::default(),
        shown: Arc::default(),
        logs: Arc::default(),
    };
    let logs = driver.logs.clone();
    let receiver =
        move |_, line: &str| logs.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
    assert!(
        kmsak::forward_logs(LogLevel::Trace, Some(Box::new(receiver))),
        "no other subscriber is in place"
    );
    for line in io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let answer = driver.answer(&request);
        let mut out = io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// The error of some SDK.
enum CallError {
    Service { code: String, message: String },
    Kmsak(Error),
}

impl ServiceError for CallError {
    fn code(&self) -> Option<&str> {
        match self {
            CallError::Service { code, .. } => Some(code),
            CallError::Kmsak(error) => error.code(),
        }
    }

    fn message(&self) -> Option<Cow<'_, str>> {
        match self {
            CallError::Service { message, .. } => Some(message.into()),
            CallError::Kmsak(_) => None,
        }
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        CallError::Kmsak(error)
    }
}

impl Driver {
    fn answer(&mut self, request: &Value) -> Value {
        let text = |field: &str| request[field].as_str().unwrap_or_default().to_owned();
        let name = text("name");
        let answered = match request["op"].as_str().unwrap_or_default() {
            "open" => self.open(&text("file")),
            "concurrently" => Ok(self.concurrently(request)),
            "wait_event" => return self.wait_event(&name),
            "shown" => Ok(json!({ "texts": *self.shown.lock().unwrap_or_else(PoisonError::into_inner) })),
            "logs" => Ok(json!({ "lines": *self.logs.lock().unwrap_or_else(PoisonError::into_inner) })),
            operation => match self.provider.clone() {
                Some(provider) => self.ask(&provider, operation, &name, request),
                None => return json!({ "error": { "kind": "driver", "message": "nothing is open" } }),
            },
        };
        match answered {
            Ok(ok) => json!({ "ok": ok }),
            Err(error) => {
                self.show(&error);
                json!({ "error": {
                    "kind": error.kind().as_str(),
                    "code": error.code(),
                    "request_id": error.request_id(),
                    "retryable": error.retryable(),
                    "message": error.message(),
                } })
            }
        }
    }

    fn ask(&self, provider: &Provider, operation: &str, name: &str, request: &Value) -> Result<Value, Error> {
        let text = |field: &str| request[field].as_str().unwrap_or_default();
        Ok(match operation {
            "credentials" => self.credentials(&*provider.credentials(name)?),
            "renew" => self.credentials(&*provider.renew(name, text("rejected_id"))?),
            "secret" => self.secret(&*provider.secret(name)?),
            "refresh" => self.secret(&*provider.refresh(name)?),
            "call" => self.call(provider, name, request)?,
            "is_rejection" => {
                json!({ "is_rejection": provider.is_rejection(text("code"), request["message"].as_str()) })
            }
            "stats" => stats(provider),
            "close" => {
                provider.close();
                json!({})
            }
            other => panic!("an operation that README.md does not know: {other}"),
        })
    }

    fn open(&mut self, file: &str) -> Result<Value, Error> {
        let provider = Provider::from_file(file)?;
        let events = Events::default();
        let (tell, shown) = (events.clone(), self.shown.clone());
        let subscription = provider.subscribe(move |event| {
            shown.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{event:?}"));
            tell.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(event.clone());
            tell.1.notify_all();
        })?;
        self.show(&provider);
        self.provider = Some(provider);
        self._subscription = Some(Arc::new(subscription));
        self.events = events;
        Ok(json!({}))
    }

    fn show(&self, value: &dyn std::fmt::Debug) {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{value:?} {value:#?}"));
    }

    fn credentials(&self, credentials: &Credentials) -> Value {
        self.show(credentials);
        json!({
            "access_key_id": credentials.access_key_id(),
            "access_key_secret": credentials.access_key_secret(),
            "version_id": credentials.version_id(),
        })
    }

    fn secret(&self, secret: &Secret) -> Value {
        self.show(secret);
        json!({
            "name": secret.name(),
            "secret_type": secret.secret_type(),
            "text": secret.as_text(),
            "base64": STANDARD.encode(secret.as_bytes()),
            "binary": secret.is_binary(),
            "version_id": secret.version_id(),
            "version_stages": secret.version_stages(),
        })
    }

    fn call(&self, provider: &Provider, name: &str, request: &Value) -> Result<Value, Error> {
        let text = |field: &str| request[field].as_str().unwrap_or_default().to_owned();
        let refused = || CallError::Service { code: text("code"), message: text("message") };
        let rejects: Vec<&str> =
            request["rejects"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut runs = 0;
        let result = provider.call(name, |credentials| {
            runs += 1;
            let id = credentials.access_key_id();
            if rejects.contains(&id) { Err(refused()) } else { Ok(id.to_owned()) }
        });
        match result {
            Ok(id) => Ok(json!({ "access_key_id": id, "runs": runs })),
            Err(CallError::Service { code, .. }) => Ok(json!({ "service_error": code, "runs": runs })),
            Err(CallError::Kmsak(error)) => Err(error),
        }
    }

    fn concurrently(&self, request: &Value) -> Value {
        let threads = request["threads"].as_u64().unwrap_or_default();
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                let (mut driver, request) = (self.clone(), request["do"].clone());
                thread::spawn(move || driver.answer(&request))
            })
            .collect();
        let answers: Vec<Value> = threads
            .into_iter()
            .map(|thread| thread.join().expect("a driver's thread does not panic"))
            .collect();
        json!({ "answers": answers })
    }

    fn wait_event(&self, name: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut events = self.events.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            while let Some(event) = events.pop_front() {
                if event.name() == name {
                    return json!({ "ok": fields(&event) });
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return json!({ "error": { "kind": "timeout", "message": format!("no {name} came") } });
            }
            (events, _) = self.events.1.wait_timeout(events, left).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn fields(event: &Event) -> Value {
    match event {
        Event::Fetched { secret, version_id } => json!({ "secret": secret, "version_id": version_id }),
        Event::Rotated { secret, old_access_key_id, new_access_key_id } => json!({
            "secret": secret,
            "old_access_key_id": old_access_key_id,
            "new_access_key_id": new_access_key_id,
        }),
        Event::RefreshFailed { secret, error, stale_for, next_try_in } => json!({
            "secret": secret,
            "error": { "kind": error.kind().as_str(), "code": error.code() },
            "stale_for": stale_for.as_secs_f64(),
            "next_try_in": next_try_in.map(|wait| wait.as_secs_f64()),
        }),
        Event::RotationBroken { secret } => json!({ "secret": secret }),
        other => json!({ "name": other.name() }),
    }
}

fn stats(provider: &Provider) -> Value {
    let stats = provider.stats();
    let seconds = |duration: Option<Duration>| duration.map(|duration| duration.as_secs_f64());
    let secrets: Vec<Value> = stats
        .secrets
        .iter()
        .map(|secret| {
            json!({
                "name": secret.name,
                "version_id": secret.version_id,
                "access_key_id": secret.access_key_id,
                "age": seconds(secret.age),
                "stale_for": secret.stale_for.as_secs_f64(),
                "next_refresh_in": seconds(secret.next_refresh_in),
                "fetches": secret.fetches,
                "failures": secret.failures,
                "renewals": secret.renewals,
            })
        })
        .collect();
    let endpoints: Vec<Value> = stats
        .endpoints
        .iter()
        .map(|endpoint| {
            json!({
                "endpoint": endpoint.endpoint,
                "down": endpoint.down,
                "latency": seconds(endpoint.latency),
                "requests": endpoint.requests,
                "failures": endpoint.failures,
            })
        })
        .collect();
    let client_keys: Vec<Value> = stats
        .client_keys
        .iter()
        .map(|client_key| {
            json!({
                "key_id": client_key.info.key_id,
                "instance_id": client_key.info.instance_id,
                "days_left": client_key.days_left,
            })
        })
        .collect();
    json!({
        "secrets": secrets,
        "endpoints": endpoints,
        "client_keys": client_keys,
        "clock_skew_milliseconds": stats.clock_skew_milliseconds,
    })
}
