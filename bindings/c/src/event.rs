//! What happened.

use std::ffi::{CString, c_char};
use std::ptr;
use std::time::{Duration, SystemTime};

use kmsak_core::Event;

use crate::boundary::{read, read_text};
use crate::c_string::c_string;
use crate::error::kmsak_error;
use crate::secret::unix_seconds;

/// What sort of event. New ones may be added: ignore those that you do not know.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum kmsak_event_kind {
    /// One that this version has no number for.
    KMSAK_EVENT_OTHER = 0,
    /// A secret was fetched from KMS, whether or not it had changed: secret, version_id.
    KMSAK_EVENT_FETCHED = 1,
    /// The cache now holds another AccessKey than before: secret, old_access_key_id, new_access_key_id.
    KMSAK_EVENT_ROTATED = 2,
    /// A secret could not be refreshed; the cached value, if there is one, stays in use: secret, error, stale_for,
    /// next_try_in.
    KMSAK_EVENT_REFRESH_FAILED = 3,
    /// An endpoint failed repeatedly and is passed over for a while: endpoint, error.
    KMSAK_EVENT_ENDPOINT_DOWN = 4,
    /// An endpoint that was down answers again: endpoint.
    KMSAK_EVENT_ENDPOINT_UP = 5,
    /// The ClientKey's validity ends soon, or has ended: key_id, not_after, days_left.
    KMSAK_EVENT_CLIENT_KEY_EXPIRING = 6,
    /// The ClientKey file was replaced and KMS accepts the new one: old_key_id, new_key_id.
    KMSAK_EVENT_CLIENT_KEY_REPLACED = 7,
    /// The ClientKey, password or CA file changed, but cannot be used; the old one stays: key_id, error.
    KMSAK_EVENT_CLIENT_KEY_UNUSABLE = 8,
    /// KMS cannot be reached and the secret was taken from the encrypted cache file: secret, age.
    KMSAK_EVENT_CACHE_FILE_USED = 9,
    /// KMS says that it cannot rotate a secret whose rotation is on: secret.
    KMSAK_EVENT_ROTATION_BROKEN = 10,
}

use kmsak_event_kind::*;

/// Something that happened. No event carries a secret. It lives until the callback that got it returns, and any thread may
/// read it until then.
pub struct kmsak_event {
    kind: kmsak_event_kind,
    name: CString,
    secret: Option<CString>,
    version_id: Option<CString>,
    old_access_key_id: Option<CString>,
    new_access_key_id: Option<CString>,
    endpoint: Option<CString>,
    key_id: Option<CString>,
    old_key_id: Option<CString>,
    new_key_id: Option<CString>,
    error: Option<kmsak_error>,
    stale_for: i64,
    next_try_in: i64,
    age: i64,
    not_after: Option<SystemTime>,
    days_left: i64,
}

/// Milliseconds, -1 for none.
pub(crate) fn milliseconds(duration: Option<Duration>) -> i64 {
    duration.map_or(-1, |duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl kmsak_event {
    pub(crate) fn of(event: &Event) -> Self {
        let nothing = kmsak_event {
            kind: KMSAK_EVENT_OTHER,
            name: c_string(event.name()),
            secret: None,
            version_id: None,
            old_access_key_id: None,
            new_access_key_id: None,
            endpoint: None,
            key_id: None,
            old_key_id: None,
            new_key_id: None,
            error: None,
            stale_for: -1,
            next_try_in: -1,
            age: -1,
            not_after: None,
            days_left: -1,
        };
        let some = |text: &str| Some(c_string(text));
        match event {
            Event::Fetched { secret, version_id } => kmsak_event {
                kind: KMSAK_EVENT_FETCHED,
                secret: some(secret),
                version_id: some(version_id),
                ..nothing
            },
            Event::Rotated { secret, old_access_key_id, new_access_key_id } => kmsak_event {
                kind: KMSAK_EVENT_ROTATED,
                secret: some(secret),
                old_access_key_id: some(old_access_key_id),
                new_access_key_id: some(new_access_key_id),
                ..nothing
            },
            Event::RefreshFailed { secret, error, stale_for, next_try_in } => kmsak_event {
                kind: KMSAK_EVENT_REFRESH_FAILED,
                secret: some(secret),
                error: Some(error.into()),
                stale_for: milliseconds(Some(*stale_for)),
                next_try_in: milliseconds(*next_try_in),
                ..nothing
            },
            Event::RotationBroken { secret } => {
                kmsak_event { kind: KMSAK_EVENT_ROTATION_BROKEN, secret: some(secret), ..nothing }
            }
            Event::EndpointDown { endpoint, error } => kmsak_event {
                kind: KMSAK_EVENT_ENDPOINT_DOWN,
                endpoint: some(endpoint),
                error: Some(error.into()),
                ..nothing
            },
            Event::EndpointUp { endpoint } => {
                kmsak_event { kind: KMSAK_EVENT_ENDPOINT_UP, endpoint: some(endpoint), ..nothing }
            }
            Event::ClientKeyExpiring { key_id, not_after, days_left } => kmsak_event {
                kind: KMSAK_EVENT_CLIENT_KEY_EXPIRING,
                key_id: some(key_id),
                not_after: Some(*not_after),
                days_left: whole(*days_left),
                ..nothing
            },
            Event::ClientKeyReplaced { old_key_id, new_key_id } => kmsak_event {
                kind: KMSAK_EVENT_CLIENT_KEY_REPLACED,
                old_key_id: some(old_key_id),
                new_key_id: some(new_key_id),
                ..nothing
            },
            Event::ClientKeyUnusable { key_id, error } => kmsak_event {
                kind: KMSAK_EVENT_CLIENT_KEY_UNUSABLE,
                key_id: some(key_id),
                error: Some(error.into()),
                ..nothing
            },
            Event::CacheFileUsed { secret, age } => kmsak_event {
                kind: KMSAK_EVENT_CACHE_FILE_USED,
                secret: some(secret),
                age: milliseconds(Some(*age)),
                ..nothing
            },
            Event::IdentityRenewed { identity, access_key_id, expires } => kmsak_event {
                key_id: some(identity),
                new_access_key_id: some(access_key_id),
                not_after: *expires,
                ..nothing
            },
            Event::IdentityUnavailable { identity, error, expires } => kmsak_event {
                key_id: some(identity),
                error: Some(error.into()),
                not_after: *expires,
                ..nothing
            },
            // One that this binding does not know yet; its name tells.
            _ => nothing,
        }
    }
}

/// What sort of event it is; KMSAK_EVENT_OTHER for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_get_kind(event: *const kmsak_event) -> kmsak_event_kind {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read(event, KMSAK_EVENT_OTHER, |event| event.kind) }
}

/// The event's stable name, such as `rotated`. NULL for NULL.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_name(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_text(event, |event| Some(event.name.as_c_str())) }
}

/// The secret's name; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_secret(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_text(event, |event| event.secret.as_deref()) }
}

/// The version now in the cache; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_version_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_text(event, |event| event.version_id.as_deref()) }
}

/// The AccessKey id that was in use; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_old_access_key_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_text(event, |event| event.old_access_key_id.as_deref()) }
}

/// The AccessKey id in use from now on; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_new_access_key_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_text(event, |event| event.new_access_key_id.as_deref()) }
}

/// The endpoint's host and port; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_endpoint(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_text(event, |event| event.endpoint.as_deref()) }
}

/// The ClientKey's id; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_key_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_text(event, |event| event.key_id.as_deref()) }
}

/// The id of the ClientKey that was in use; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_old_key_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_text(event, |event| event.old_key_id.as_deref()) }
}

/// The id of the ClientKey in use from now on; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_new_key_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_text(event, |event| event.new_key_id.as_deref()) }
}

/// The failure that the event tells of; NULL where the event has none.
///
/// Belongs to the event and lives as long as it: do not free it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_error(event: *const kmsak_event) -> *const kmsak_error {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read(event, ptr::null(), |event| event.error.as_ref().map_or(ptr::null(), ptr::from_ref)) }
}

/// How long ago the cached value was fetched, in milliseconds; 0 when nothing is cached, -1 where the event does not say.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_stale_for_ms(event: *const kmsak_event) -> i64 {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read(event, -1, |event| event.stale_for) }
}

/// The milliseconds until it is tried again without anybody asking; -1 where the event does not say, or nothing is
/// cached.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_next_try_in_ms(event: *const kmsak_event) -> i64 {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read(event, -1, |event| event.next_try_in) }
}

/// How long ago the value was fetched from KMS, in milliseconds; -1 where the event does not say.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_age_ms(event: *const kmsak_event) -> i64 {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read(event, -1, |event| event.age) }
}

/// The end of the ClientKey's validity, in seconds since 1970-01-01 UTC; -1 where the event does not say.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_not_after_unix(event: *const kmsak_event) -> i64 {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read(event, -1, |event| unix_seconds(event.not_after)) }
}

/// The whole days until the ClientKey expires; -1 where the event does not say.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_days_left(event: *const kmsak_event) -> i64 {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read(event, -1, |event| event.days_left) }
}
