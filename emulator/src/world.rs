//! Everything that the listeners, the admin interface and the Rust API share.

use std::time::Instant;

use parking_lot::Mutex;
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;

use crate::call::{Call, Outcome, Success};
use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::control::Keys;
use crate::endpoint::Endpoint;
use crate::error::{Error, complain};
use crate::faults::Faults;
use crate::journal::{Journal, What};
use crate::product::Product;
use crate::refusal::Refusal;
use crate::state::State;
use crate::storage::Storage;
use crate::{gateway_instance, metadata, oss, rpc};

/// GetSecretValue on the shared gateway: this many a second for an account, in the real KMS.
pub(crate) const DEFAULT_QUOTA: u32 = 450;

pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    state: Mutex<Cloud>,
    storage: Option<Storage>,
    quota: Mutex<Quota>,
    /// Whether instances know the OpenAPI, as those with image 3.0.0 and later do.
    pub(crate) instance_openapi: bool,
    /// Wakes the task that rotates on time.
    pub(crate) schedule_changed: Notify,
    pub(crate) keys: Keys,
    pub(crate) connections: std::sync::atomic::AtomicU64,
}

struct Quota {
    per_second: u32,
    window: Instant,
    used: u32,
}

impl World {
    pub(crate) fn new(
        state: Cloud,
        storage: Option<Storage>,
        quota: u32,
        instance_openapi: bool,
        keys: Keys,
    ) -> Self {
        let clock = Clock::default();
        clock.set_offset(Duration::milliseconds(state.clock_offset_milliseconds));
        Self {
            clock,
            journal: Journal::default(),
            faults: Faults::default(),
            state: Mutex::new(state),
            storage,
            quota: Mutex::new(Quota { per_second: quota, window: Instant::now(), used: 0 }),
            instance_openapi,
            schedule_changed: Notify::new(),
            keys,
            connections: std::sync::atomic::AtomicU64::new(0),
        }
    }

    /// Reads the first account, brought up to the present first.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&State, OffsetDateTime) -> T) -> T {
        self.read_all(|cloud, now| read(cloud.first(), now))
    }

    /// Reads the whole cloud, brought up to the present first.
    pub(crate) fn read_all<T>(&self, read: impl FnOnce(&Cloud, OffsetDateTime) -> T) -> T {
        let now = self.clock.now();
        let mut state = self.state.lock();
        self.catch_up(&mut state, now);
        read(&state, now)
    }

    /// Changes the first account, brought up to the present first, and writes it down before returning.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut State, OffsetDateTime, &mut Vec<(OffsetDateTime, What)>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.change_all(|cloud, now, happened| change(cloud.first_mut(), now, happened))
    }

    /// The same for the whole cloud.
    pub(crate) fn change_all<T>(
        &self,
        change: impl FnOnce(&mut Cloud, OffsetDateTime, &mut Vec<(OffsetDateTime, What)>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        self.catch_up(&mut state, now);
        let before = self.copy(&state);
        let mut happened = Vec::new();
        let result = change(&mut state, now, &mut happened)?;
        for account in &mut state.accounts {
            account.update_next_due();
        }
        self.save_or_undo(&mut state, before)?;
        drop(state);
        self.report(happened);
        self.schedule_changed.notify_one();
        Ok(result)
    }

    /// Moves the clock and does everything that has become due.
    pub(crate) fn move_clock(&self, to: impl FnOnce(&Clock) -> Duration) -> Result<OffsetDateTime, Error> {
        let mut state = self.state.lock();
        let offset = to(&self.clock);
        // The dates of HTTP and X.509 reach no further.
        let moved = OffsetDateTime::now_utc().checked_add(offset);
        if !moved.is_some_and(|moved| (1970..=3000).contains(&moved.year())) {
            return Err(Error::new("the clock goes from the year 1970 to 3000"));
        }
        let (before, offset_before) = (self.copy(&state), self.clock.offset());
        state.clock_offset_milliseconds = self.clock.set_offset(offset);
        let now = self.clock.now();
        let happened = if is_due(&state, now) { state.catch_up(now) } else { Vec::new() };
        if let Err(error) = self.save_or_undo(&mut state, before) {
            self.clock.set_offset(offset_before);
            return Err(error);
        }
        self.journal.add(now, What::ClockMoved { offset_milliseconds: state.clock_offset_milliseconds });
        drop(state);
        self.report(happened);
        self.schedule_changed.notify_one();
        Ok(now)
    }

    /// When the next rotation or deletion is due.
    pub(crate) fn next_due(&self) -> Option<OffsetDateTime> {
        self.state.lock().next_due()
    }

    fn catch_up(&self, state: &mut Cloud, now: OffsetDateTime) {
        if !is_due(state, now) {
            return;
        }
        let happened = state.catch_up(now);
        // What time brings cannot be refused: it is written with the next change.
        let _complained = self.save(state);
        self.report(happened);
    }

    /// Writes down what requests have left behind since the last change.
    pub(crate) fn save_now(&self) {
        let _complained = self.save(&self.state.lock());
    }

    /// What to go back to if the state cannot be saved.
    fn copy(&self, state: &Cloud) -> Option<Cloud> {
        self.storage.as_ref().map(|_| state.clone())
    }

    fn save_or_undo(&self, state: &mut Cloud, before: Option<Cloud>) -> Result<(), Error> {
        let saved = self.save(state);
        if saved.is_err()
            && let Some(before) = before
        {
            *state = before;
        }
        saved
    }

    fn save(&self, state: &Cloud) -> Result<(), Error> {
        let Some(storage) = &self.storage else { return Ok(()) };
        storage.save(state).map_err(|error| {
            let error = Error::not_saved(&error);
            complain(&error);
            error
        })
    }

    fn report(&self, happened: Vec<(OffsetDateTime, What)>) {
        for (at, what) in happened {
            self.journal.add(at, what);
        }
    }

    fn within_quota(&self) -> bool {
        let mut quota = self.quota.lock();
        if quota.window.elapsed() >= std::time::Duration::from_secs(1) {
            quota.window = Instant::now();
            quota.used = 0;
        }
        quota.used = quota.used.saturating_add(1);
        quota.used <= quota.per_second
    }

    /// The RSA key of a ClientKey that a call may ask for.
    fn private_key_for(&self, call: &Call) -> Option<Vec<u8>> {
        if call.action != "CreateClientKey" || !matches!(call.endpoint, Endpoint::Shared(_)) {
            return None;
        }
        tokio::task::block_in_place(|| match self.keys.next().private_key() {
            Ok(key) => Some(key),
            Err(error) => {
                complain(&error);
                None
            }
        })
    }

    /// Has a request answered by the service that it was sent to.
    pub(crate) fn answer(&self, call: &Call, request_id: &str) -> Outcome {
        // Others must not wait while a key is made.
        let private_key = self.private_key_for(call);
        let now = self.clock.now();
        let mut happened = Vec::new();
        let mut state = self.state.lock();
        self.catch_up(&mut state, now);
        let may_change = match call.endpoint {
            Endpoint::Shared(_) | Endpoint::Sts | Endpoint::StsHttps => rpc::changes(&call.action),
            Endpoint::Metadata => call.action == metadata::CREDENTIALS,
            Endpoint::Instance(_) | Endpoint::Oss | Endpoint::OssHttps => false,
        };
        let before = if may_change { self.copy(&state) } else { None };
        let mut outcome = match call.endpoint {
            Endpoint::Instance(_) if !call.openapi => gateway_instance::answer(&state, call, now, request_id),
            Endpoint::Shared(_) => {
                let mut outcome = rpc::answer(&mut state, call, now, request_id, &mut happened, private_key);
                if call.action == "GetSecretValue" && outcome.result.is_ok() && !self.within_quota() {
                    outcome.result = Err(Refusal::throttled());
                }
                outcome
            }
            Endpoint::Instance(_) | Endpoint::Sts | Endpoint::StsHttps => {
                rpc::answer(&mut state, call, now, request_id, &mut happened, None)
            }
            Endpoint::Oss | Endpoint::OssHttps => oss::answer(&mut state, call, now),
            Endpoint::Metadata => metadata::answer(state.first_mut(), call, now, &mut happened),
        };
        for account in &mut state.accounts {
            account.finish_event(request_id, &outcome);
        }
        let changed = matches!(call.endpoint, Endpoint::Shared(_)) && rpc::changes(&call.action);
        if !happened.is_empty() || (changed && outcome.result.is_ok()) {
            if self.save_or_undo(&mut state, before).is_err() {
                outcome.result = Err(failed(call));
                happened.clear();
            }
            self.schedule_changed.notify_one();
        }
        drop(state);
        self.report(happened);
        outcome
    }

    /// Writes a refusal in the form of the endpoint: content type and body.
    pub(crate) fn write_refusal(call: &Call, refusal: &Refusal, request_id: &str) -> (&'static str, Vec<u8>) {
        match call.endpoint {
            Endpoint::Instance(_) if !call.openapi => gateway_instance::write_refusal(refusal, request_id),
            Endpoint::Instance(_) | Endpoint::Shared(_) | Endpoint::Sts | Endpoint::StsHttps => {
                rpc::write_refusal(call, refusal, request_id)
            }
            Endpoint::Oss | Endpoint::OssHttps => oss::write_refusal(call, refusal, request_id),
            Endpoint::Metadata => metadata::write_refusal(refusal),
        }
    }
}

fn is_due(state: &Cloud, now: OffsetDateTime) -> bool {
    state.next_due().is_some_and(|due| due <= now)
}

/// What each service says of a failure of its own.
fn failed(call: &Call) -> Refusal {
    match call.endpoint {
        Endpoint::Metadata => Refusal::service(500, "500", "Internal Server Error"),
        _ if Product::of(call) == Product::Kms => Refusal::internal(),
        _ => Refusal::internal_error(),
    }
}

/// An answer without the parts that are the same for every endpoint.
pub(crate) fn parts_of(
    call: &Call,
    result: Result<Success, Refusal>,
    request_id: &str,
) -> (u16, &'static str, Vec<u8>, Option<Refusal>, Option<String>) {
    match result {
        Ok(success) => (200, success.content_type, success.body, None, success.version_id),
        Err(refusal) => {
            let (content_type, body) = World::write_refusal(call, &refusal, request_id);
            (refusal.status, content_type, body, Some(refusal), None)
        }
    }
}
