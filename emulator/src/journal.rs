//! What happened: a bounded log of events, and counters.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use serde::Serialize;
use time::OffsetDateTime;

use crate::endpoint::Endpoint;
use crate::{metadata, rpc};

/// Each kind of event keeps this many of its latest; older ones are forgotten.
const KEPT: usize = 4096;

/// Actions that are counted by name beside those of the RPC products; the name is the client's, and could be another each
/// time.
const COUNTED: [&str; 5] = ["", metadata::TOKEN, metadata::ROLE, metadata::CREDENTIALS, "ListBuckets"];

/// When a connection and a request on it had come how far, by the emulator's clock. The event's own time is that of the answer.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moments {
    /// The TCP connection was accepted.
    #[serde(with = "time::serde::rfc3339")]
    pub connected_at: OffsetDateTime,
    /// Its TLS handshake was over; none without TLS.
    #[serde(with = "time::serde::rfc3339::option")]
    pub handshaken_at: Option<OffsetDateTime>,
    /// The whole request had arrived.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
}

/// An answered (or deliberately unanswered) request.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestRecord {
    /// Where it came in.
    pub endpoint: Endpoint,
    /// The number of the connection it came on, counted from 1 over all endpoints.
    pub connection: u64,
    /// The API's name, `GetSecretValue` for example, or `token`, `role` and `credentials` of the metadata service; empty
    /// if the request named none.
    pub action: String,
    /// The secret that was asked for.
    pub secret: Option<String>,
    /// The AccessKey id or the ClientKey's KeyId, whether it exists or not.
    pub access_key_id: Option<String>,
    /// The HTTP status; 0 if no answer was sent.
    pub status: u16,
    /// The error code; none for a success.
    pub code: Option<String>,
    /// The request id in the answer.
    pub request_id: String,
    /// The fault that changed the answer, by its kind.
    pub fault: Option<&'static str>,
    /// The version of the secret in a successful answer.
    pub version_id: Option<String>,
    /// The client's User-Agent header.
    pub user_agent: Option<String>,
    /// When it had come how far.
    #[serde(flatten)]
    pub moments: Moments,
}

impl RequestRecord {
    /// True if a whole answer with status 200 was sent.
    pub fn is_success(&self) -> bool {
        self.status == 200 && !matches!(self.fault, Some("truncated_body" | "garbage"))
    }
}

/// What happened.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase", tag = "kind")]
pub enum What {
    /// A request was answered, or a fault left it without an answer.
    Request(RequestRecord),
    /// A rotation gave a secret a new AccessKey.
    Rotated {
        /// The secret.
        secret: String,
        /// The AccessKey until now.
        old_access_key_id: String,
        /// The AccessKey from now on.
        new_access_key_id: String,
        /// The new ACSCurrent.
        version_id: String,
        /// False for a rotation that somebody asked for.
        scheduled: bool,
    },
    /// RAM deleted an AccessKey.
    AccessKeyDeleted {
        /// The user it belonged to.
        user: String,
        /// The AccessKey.
        access_key_id: String,
    },
    /// STS or the metadata service gave out a token for a RAM role.
    StsTokenIssued {
        /// The role.
        role: String,
        /// The session's name.
        session_name: String,
        /// The temporary AccessKey's id.
        access_key_id: String,
        /// When it ends, by the emulator's clock.
        #[serde(with = "time::serde::rfc3339")]
        expiration: OffsetDateTime,
    },
    /// A ClientKey was issued or taken in.
    ClientKeyIssued {
        /// Its KeyId.
        key_id: String,
    },
    /// A ClientKey was revoked.
    ClientKeyRevoked {
        /// Its KeyId.
        key_id: String,
    },
    /// The emulator's clock was moved; it is now this many milliseconds ahead of the system's.
    ClockMoved {
        /// Milliseconds, negative if behind.
        offset_milliseconds: i64,
    },
}

/// An entry of the event log.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// Counted from 1, over all events, without gaps.
    pub sequence: u64,
    /// When, by the emulator's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

impl Event {
    /// The request, if that is what the event is about.
    pub fn request(&self) -> Option<&RequestRecord> {
        match &self.what {
            What::Request(record) => Some(record),
            _ => None,
        }
    }
}

/// How many requests had the same outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestCount {
    /// Where they came in.
    pub endpoint: Endpoint,
    /// The API's name; `<other>` for what the emulator does not offer.
    pub action: String,
    /// `OK`, an error code, or in angle brackets the fault that left the request without a whole answer, as `<hang>`.
    pub outcome: String,
    /// How many.
    pub count: u64,
}

/// What has been counted since the start or the last reset.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Accepted TCP connections, by endpoint.
    pub connections: BTreeMap<Endpoint, u64>,
    /// Connections whose TLS handshake succeeded, by endpoint.
    pub tls_connections: BTreeMap<Endpoint, u64>,
    /// Requests by endpoint, action and outcome.
    pub requests: Vec<RequestCount>,
    /// Whole, successful answers to `GetSecretValue`, by secret.
    pub secret_values: BTreeMap<String, u64>,
    /// Rotations that took place, by secret.
    pub rotations: BTreeMap<String, u64>,
}

impl Counters {
    /// Whole, successful answers to `GetSecretValue` for one secret.
    pub fn secret_values_of(&self, secret: &str) -> u64 {
        self.secret_values.get(secret).copied().unwrap_or(0)
    }

    /// The number of requests that satisfy a condition.
    pub fn requests_where(&self, mut condition: impl FnMut(&RequestCount) -> bool) -> u64 {
        self.requests.iter().filter(|one| condition(one)).map(|one| one.count).sum()
    }
}

#[derive(Default)]
struct Inner {
    last: u64,
    kms: VecDeque<Event>,
    services: VecDeque<Event>,
    others: VecDeque<Event>,
    connections: BTreeMap<Endpoint, u64>,
    tls_connections: BTreeMap<Endpoint, u64>,
    requests: HashMap<(Endpoint, String, String), u64>,
    secret_values: BTreeMap<String, u64>,
    rotations: BTreeMap<String, u64>,
}

#[derive(Default)]
pub(crate) struct Journal {
    inner: Mutex<Inner>,
    grown: Condvar,
}

impl Journal {
    pub(crate) fn add(&self, at: OffsetDateTime, what: What) {
        let mut inner = self.inner.lock();
        inner.count(&what);
        inner.last += 1;
        let event = Event { sequence: inner.last, at, what };
        let ring = match &event.what {
            What::Request(record) if record.endpoint.is_kms() => &mut inner.kms,
            What::Request(_) => &mut inner.services,
            _ => &mut inner.others,
        };
        if ring.len() == KEPT {
            ring.pop_front();
        }
        ring.push_back(event);
        drop(inner);
        self.grown.notify_all();
    }

    pub(crate) fn connected(&self, endpoint: Endpoint) {
        *self.inner.lock().connections.entry(endpoint).or_default() += 1;
    }

    pub(crate) fn handshaken(&self, endpoint: Endpoint) {
        *self.inner.lock().tls_connections.entry(endpoint).or_default() += 1;
    }

    /// The sequence number of the latest event.
    pub(crate) fn last(&self) -> u64 {
        self.inner.lock().last
    }

    /// The kept events after `since`, in order, and the number of the latest at that moment.
    pub(crate) fn since(&self, since: u64) -> (Vec<Event>, u64) {
        let inner = self.inner.lock();
        (inner.after(since).cloned().collect(), inner.last)
    }

    pub(crate) fn wait(
        &self,
        mut since: u64,
        timeout: Duration,
        mut condition: impl FnMut(&Event) -> bool,
    ) -> Option<Event> {
        let deadline = Instant::now() + timeout;
        let mut inner = self.inner.lock();
        loop {
            if let Some(event) = inner.after(since).find(|event| condition(event)) {
                return Some(event.clone());
            }
            since = since.max(inner.last);
            if self.grown.wait_until(&mut inner, deadline).timed_out() {
                return None;
            }
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        let inner = self.inner.lock();
        let mut requests: Vec<RequestCount> = inner
            .requests
            .iter()
            .map(|((endpoint, action, outcome), count)| RequestCount {
                endpoint: *endpoint,
                action: action.clone(),
                outcome: outcome.clone(),
                count: *count,
            })
            .collect();
        requests
            .sort_by(|a, b| (a.endpoint, &a.action, &a.outcome).cmp(&(b.endpoint, &b.action, &b.outcome)));
        Counters {
            connections: inner.connections.clone(),
            tls_connections: inner.tls_connections.clone(),
            requests,
            secret_values: inner.secret_values.clone(),
            rotations: inner.rotations.clone(),
        }
    }

    pub(crate) fn reset_counters(&self) {
        let mut inner = self.inner.lock();
        inner.connections.clear();
        inner.tls_connections.clear();
        inner.requests.clear();
        inner.secret_values.clear();
        inner.rotations.clear();
    }
}

impl Inner {
    fn after(&self, since: u64) -> impl Iterator<Item = &Event> {
        let mut rings: Vec<&Event> = [&self.kms, &self.services, &self.others]
            .into_iter()
            .flat_map(|ring| {
                let start = ring.partition_point(|event| event.sequence <= since);
                ring.range(start..)
            })
            .collect();
        rings.sort_by_key(|event| event.sequence);
        rings.into_iter()
    }

    fn count(&mut self, what: &What) {
        match what {
            What::Request(record) => {
                let outcome = match (record.is_success(), &record.code, record.fault) {
                    (true, _, _) => "OK".to_owned(),
                    (false, Some(code), _) => code.clone(),
                    (false, None, fault) => format!("<{}>", fault.unwrap_or("no answer")),
                };
                let action = match record.action.as_str() {
                    action if COUNTED.contains(&action) || rpc::knows(action) => action,
                    _ => "<other>",
                };
                let key = (record.endpoint, action.to_owned(), outcome);
                *self.requests.entry(key).or_default() += 1;
                if let (true, "GetSecretValue", Some(secret)) =
                    (record.is_success(), record.action.as_str(), &record.secret)
                {
                    *self.secret_values.entry(secret.clone()).or_default() += 1;
                }
            }
            What::Rotated { secret, .. } => {
                *self.rotations.entry(secret.clone()).or_default() += 1;
            }
            _ => {}
        }
    }
}
