//! Faults: what a bad network, a throttled account or an ailing service does to requests.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::certificates::WrongCertificate;
use crate::endpoint::Endpoint;

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase", tag = "kind")]
pub enum FaultKind {
    /// The request is served after a delay.
    Latency {
        /// The delay.
        milliseconds: u64,
    },
    /// The request is answered with an error, in the form of the endpoint.
    Error {
        /// The HTTP status.
        status: u16,
        /// The error code.
        code: String,
        /// The error message; one of the emulator's own if left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// The seconds of a `Retry-After` header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// Requests above a rate are answered with 429 `Rejected.Throttling`, of STS with 400 `Throttling.User`.
    Throttle {
        /// How many requests a second are let through; 0 rejects all.
        per_second: u32,
        /// The seconds of a `Retry-After` header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// The connection is closed after the request was read, without an answer; the request is not carried out.
    DropConnection,
    /// The connection is closed as soon as it is accepted, before any TLS handshake.
    Refuse,
    /// The request is carried out, but the connection breaks half-way through the answer's body.
    TruncatedBody,
    /// The request is not carried out, and answered with status 200 and a page that has nothing to do with it.
    Garbage,
    /// The request gets no answer while the fault stands; then the connection is closed.
    Hang,
    /// The TLS handshake shows a certificate that no client may accept.
    WrongCertificate {
        /// Which.
        certificate: WrongCertificate,
    },
}

impl FaultKind {
    /// The name as the request log and the counters show it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Error { .. } => "error",
            Self::Throttle { .. } => "throttle",
            Self::DropConnection => "drop_connection",
            Self::Refuse => "refuse",
            Self::TruncatedBody => "truncated_body",
            Self::Garbage => "garbage",
            Self::Hang => "hang",
            Self::WrongCertificate { .. } => "wrong_certificate",
        }
    }

    pub(crate) fn is_for_connections(&self) -> bool {
        matches!(self, Self::Refuse | Self::WrongCertificate { .. })
    }
}

/// A fault, and the requests that it hits: without further conditions, each request to each gateway.
///
/// ```
/// use kmsak_emulator::{Endpoint, Fault};
/// // The next two fetches through the first instance gateway fail.
/// let fault = Fault::error(500, "InternalFailure").on(Endpoint::Instance(0)).times(2);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What it does.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// The endpoints that it hits; none means both kinds of KMS gateways, all of them.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    /// The only action that it hits. Faults of connections strike before there is one, and take none.
    #[serde(default)]
    pub action: Option<String>,
    /// The only secret that it hits; none for faults of connections.
    #[serde(default)]
    pub secret: Option<String>,
    /// How often it strikes before it ends by itself, once at least; none means until it is cleared.
    #[serde(default)]
    pub times: Option<u64>,
}

impl Fault {
    /// A fault of any kind.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, endpoints: Vec::new(), action: None, secret: None, times: None }
    }

    /// Requests are served late.
    pub fn latency(delay: Duration) -> Self {
        Self::new(FaultKind::Latency { milliseconds: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX) })
    }

    /// Requests are answered with this HTTP status and error code.
    pub fn error(status: u16, code: &str) -> Self {
        Self::new(FaultKind::Error { status, code: code.to_owned(), message: None, retry_after: None })
    }

    /// Requests above a rate are answered with 429 `Rejected.Throttling`.
    pub fn throttle(per_second: u32) -> Self {
        Self::new(FaultKind::Throttle { per_second, retry_after: None })
    }

    /// Connections are closed after the request was read, without an answer.
    pub fn drop_connection() -> Self {
        Self::new(FaultKind::DropConnection)
    }

    /// Connections are closed as soon as they are accepted.
    pub fn refuse() -> Self {
        Self::new(FaultKind::Refuse)
    }

    /// Answers break off half-way.
    pub fn truncated_body() -> Self {
        Self::new(FaultKind::TruncatedBody)
    }

    /// Requests are answered with status 200 and a page that has nothing to do with them.
    pub fn garbage() -> Self {
        Self::new(FaultKind::Garbage)
    }

    /// Requests get no answer while the fault stands.
    pub fn hang() -> Self {
        Self::new(FaultKind::Hang)
    }

    /// TLS handshakes show a certificate that no client may accept. Connections that are open already stay.
    pub fn wrong_certificate(certificate: WrongCertificate) -> Self {
        Self::new(FaultKind::WrongCertificate { certificate })
    }

    /// Also hits this endpoint; the first call takes the place of "all KMS gateways".
    #[must_use]
    pub fn on(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.push(endpoint);
        self
    }

    /// Hits only this action, `GetSecretValue` for example.
    #[must_use]
    pub fn action(mut self, action: &str) -> Self {
        self.action = Some(action.to_owned());
        self
    }

    /// Hits only requests for this secret.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        self.secret = Some(secret.to_owned());
        self
    }

    /// Ends by itself after so many strikes.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Adds a `Retry-After` header, in seconds, to an error or throttling fault.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        match &mut self.kind {
            FaultKind::Error { retry_after, .. } | FaultKind::Throttle { retry_after, .. } => {
                *retry_after = Some(seconds);
            }
            _ => {}
        }
        self
    }

    fn hits(&self, endpoint: Endpoint, action: &str, secret: Option<&str>) -> bool {
        let endpoint_fits =
            if self.endpoints.is_empty() { endpoint.is_kms() } else { self.endpoints.contains(&endpoint) };
        endpoint_fits
            && self.action.as_deref().is_none_or(|only| only == action)
            && (self.secret.is_none() || self.secret.as_deref() == secret)
    }
}

/// Names an injected fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultId(pub u64);

/// An injected fault and how often it has struck.
#[derive(Debug, Clone, Serialize)]
pub struct ActiveFault {
    /// Its id.
    pub id: FaultId,
    /// How often it has struck so far.
    pub struck: u64,
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
}

struct Active {
    id: FaultId,
    fault: Fault,
    struck: u64,
    window: Option<(Instant, u32)>,
    /// Dropped when the fault is cleared, which wakes the requests that hang.
    standing: watch::Sender<()>,
}

/// What faults do to one request.
#[derive(Default)]
pub(crate) struct Effect {
    pub(crate) delay: Duration,
    pub(crate) end: Option<FaultKind>,
    /// Ends (with an error) when the fault is cleared; only with `Hang`.
    pub(crate) cleared: Option<watch::Receiver<()>>,
}

#[derive(Default)]
struct Inner {
    last_id: u64,
    active: Vec<Active>,
    /// Faults that are used up, while requests still hang in them.
    spent: Vec<Active>,
}

#[derive(Default)]
pub(crate) struct Faults {
    inner: Mutex<Inner>,
}

impl Faults {
    pub(crate) fn inject(&self, fault: Fault) -> FaultId {
        let mut inner = self.inner.lock();
        inner.last_id += 1;
        let id = FaultId(inner.last_id);
        inner.active.push(Active { id, fault, struck: 0, window: None, standing: watch::channel(()).0 });
        id
    }

    pub(crate) fn clear(&self, id: FaultId) -> bool {
        let mut inner = self.inner.lock();
        let before = inner.active.len() + inner.spent.len();
        inner.active.retain(|active| active.id != id);
        inner.spent.retain(|active| active.id != id);
        inner.active.len() + inner.spent.len() < before
    }

    pub(crate) fn clear_all(&self) {
        let mut inner = self.inner.lock();
        inner.active.clear();
        inner.spent.clear();
    }

    pub(crate) fn list(&self) -> Vec<ActiveFault> {
        let inner = self.inner.lock();
        inner
            .active
            .iter()
            .map(|active| ActiveFault { id: active.id, struck: active.struck, fault: active.fault.clone() })
            .collect()
    }

    /// What happens to a new connection.
    pub(crate) fn strike_connection(&self, endpoint: Endpoint) -> Option<FaultKind> {
        let mut inner = self.inner.lock();
        if inner.active.is_empty() {
            return None;
        }
        let index = inner.active.iter().position(|active| {
            active.fault.kind.is_for_connections() && active.fault.hits(endpoint, "", None)
        })?;
        inner.active[index].struck += 1;
        let kind = inner.active[index].fault.kind.clone();
        inner.retire();
        Some(kind)
    }

    /// What happens to a request. Delays add up; the first fault that ends a request wins.
    pub(crate) fn strike(&self, endpoint: Endpoint, action: &str, secret: Option<&str>) -> Effect {
        let mut effect = Effect::default();
        let mut inner = self.inner.lock();
        if inner.active.is_empty() {
            return effect;
        }
        for active in &mut inner.active {
            if active.fault.kind.is_for_connections() || !active.fault.hits(endpoint, action, secret) {
                continue;
            }
            match &active.fault.kind {
                FaultKind::Latency { milliseconds } => {
                    effect.delay += Duration::from_millis(*milliseconds);
                    active.struck += 1;
                    continue;
                }
                FaultKind::Throttle { per_second, .. } => {
                    let now = Instant::now();
                    let (start, used) = active.window.get_or_insert((now, 0));
                    if now.duration_since(*start) >= Duration::from_secs(1) {
                        (*start, *used) = (now, 0);
                    }
                    if *used < *per_second {
                        *used += 1;
                        continue;
                    }
                }
                FaultKind::Hang => effect.cleared = Some(active.standing.subscribe()),
                _ => {}
            }
            active.struck += 1;
            effect.end = Some(active.fault.kind.clone());
            break;
        }
        inner.retire();
        effect
    }
}

impl Inner {
    fn retire(&mut self) {
        let used_up = |active: &mut Active| active.fault.times.is_some_and(|times| active.struck >= times);
        let spent: Vec<Active> = self.active.extract_if(.., used_up).collect();
        self.spent.retain(|active| active.standing.receiver_count() > 0);
        self.spent.extend(spent.into_iter().filter(|one| one.standing.receiver_count() > 0));
    }
}
