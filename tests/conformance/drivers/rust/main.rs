//! The conformance driver for Rust; see tests/conformance/README.md.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::error::Error as _;
use std::fs;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kmsak::{
    Builder, Credentials, Error, Event, FieldDescription, FieldValue, Fields, Gateway, LogLevel, Provider,
    Secret, ServiceError, Setting, SettingKind, Subscription, description,
};
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
            "open" => Provider::from_file(text("file")).and_then(|provider| self.opened(provider)),
            "open_code" => in_code(request).and_then(|provider| self.opened(provider)),
            "describe" => Ok(describe()),
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
                json!({ "error": parts(&error) })
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
            "stats" => plain(provider.stats().fields()),
            "close" => {
                provider.close();
                json!({})
            }
            other => panic!("an operation that README.md does not know: {other}"),
        })
    }

    fn opened(&mut self, provider: Provider) -> Result<Value, Error> {
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
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut events = self.events.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            while let Some(event) = events.pop_front() {
                if event.name() == name {
                    return json!({ "ok": plain(event.fields()) });
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

fn in_code(request: &Value) -> Result<Provider, Error> {
    let text = |name: &str| request["gateway"][name].as_str().unwrap_or_default();
    let gateway = Gateway::shared(text("region_id")).endpoint(text("endpoint")).ca_file(text("ca_file"));
    let mut builder = Provider::builder().gateway(gateway);
    for (name, value) in request["options"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        let kind = Builder::options().find(|(known, _)| known == name).map(|(_, kind)| kind);
        let setting = match kind {
            Some(SettingKind::Path) => Setting::Path(Path::new(value)),
            Some(SettingKind::Bytes) => Setting::Bytes(value.as_bytes()),
            _ => Setting::Text(value),
        };
        builder = builder.set(name, setting)?;
    }
    builder.open()
}

/// What has fields, as JSON: lengths of time in seconds.
fn plain(fields: Fields<'_>) -> Value {
    let fields = fields.into_iter().map(|(name, value)| {
        let value = match value {
            None => Value::Null,
            Some(FieldValue::Text(text)) => text.into(),
            Some(FieldValue::Count(count)) => count.into(),
            Some(FieldValue::Flag(flag)) => flag.into(),
            Some(FieldValue::Duration(duration)) => duration.as_secs_f64().into(),
            Some(FieldValue::Milliseconds(milliseconds)) => milliseconds.into(),
            Some(FieldValue::Time(time)) => {
                time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()).into()
            }
            Some(FieldValue::Error(error)) => parts(error),
            Some(FieldValue::Rows(rows)) => rows.into_iter().map(plain).collect(),
            Some(other) => panic!("a value that this driver does not know: {other:?}"),
        };
        (name.to_owned(), value)
    });
    Value::Object(fields.collect())
}

fn parts(error: &Error) -> Value {
    json!({
        "kind": error.kind().as_str(),
        "code": error.code(),
        "request_id": error.request_id(),
        "retryable": error.retryable(),
        "message": error.message(),
        "cause": error.source().map(ToString::to_string),
    })
}

/// Rust cannot look at itself: what is public in its sources is what there is. Events and statistics are described by what
/// defines them.
fn describe() -> Value {
    let public = |files: &[&str]| -> Vec<String> {
        let mut names = Vec::new();
        for file in files {
            let text = fs::read_to_string(Path::new("core/src").join(file)).expect("a source of the core");
            for after in text.split("pub fn ").skip(1) {
                names.extend(after.split(['(', '<']).next().map(str::to_owned));
            }
        }
        names
    };
    let names = |described: Vec<(&str, Vec<FieldDescription>)>| -> Value {
        let described = described.into_iter().map(|(name, fields)| {
            (name.to_owned(), fields.iter().map(|field| field.name).collect::<Vec<_>>().into())
        });
        Value::Object(described.collect())
    };
    json!({
        "language": "rust",
        "options": public(&["config/builder.rs", "config/identity_options.rs"]),
        "gateway_options": public(&["config/gateway.rs"]),
        "events": names(description::events()),
        "stats": names(description::stats()),
        "error_kinds": description::error_kinds(),
        "error": public(&["error.rs"]),
        "secret": public(&["secret/mod.rs"]),
        "credentials": public(&["secret/access_key.rs"]),
        "provider": public(&["provider/mod.rs", "provider/opening.rs", "fixed.rs"]),
    })
}
