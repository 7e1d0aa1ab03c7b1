//! What happened.

use std::ffi::c_char;

use kmsak_core::Event;

use crate::boundary::read;
use crate::error::kmsak_error;
use crate::field::{Row, read_error, read_field, read_number};

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
    /// Who asks KMS has another AccessKey, that of a role or of another source: identity, access_key_id, expires.
    KMSAK_EVENT_IDENTITY_RENEWED = 11,
    /// Who asks KMS could not get another AccessKey; the one in use, if there is one, is used to its end: identity, error,
    /// expires.
    KMSAK_EVENT_IDENTITY_UNAVAILABLE = 12,
}

use kmsak_event_kind::*;

/// The names of the kinds.
const KINDS: [(&str, kmsak_event_kind); 12] = [
    ("fetched", KMSAK_EVENT_FETCHED),
    ("rotated", KMSAK_EVENT_ROTATED),
    ("refresh_failed", KMSAK_EVENT_REFRESH_FAILED),
    ("endpoint_down", KMSAK_EVENT_ENDPOINT_DOWN),
    ("endpoint_up", KMSAK_EVENT_ENDPOINT_UP),
    ("client_key_expiring", KMSAK_EVENT_CLIENT_KEY_EXPIRING),
    ("client_key_replaced", KMSAK_EVENT_CLIENT_KEY_REPLACED),
    ("client_key_unusable", KMSAK_EVENT_CLIENT_KEY_UNUSABLE),
    ("cache_file_used", KMSAK_EVENT_CACHE_FILE_USED),
    ("rotation_broken", KMSAK_EVENT_ROTATION_BROKEN),
    ("identity_renewed", KMSAK_EVENT_IDENTITY_RENEWED),
    ("identity_unavailable", KMSAK_EVENT_IDENTITY_UNAVAILABLE),
];

/// Something that happened. No event carries a secret. It lives until the callback that got it returns, and any thread may
/// read it until then.
pub struct kmsak_event {
    _opaque: [u8; 0],
}

/// What a callback gets a pointer to.
pub(crate) fn row(event: &Event) -> Row {
    Row::of(event.fields()).with_text("name", event.name())
}

/// What sort of event it is; KMSAK_EVENT_OTHER for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_get_kind(event: *const kmsak_event) -> kmsak_event_kind {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe {
        read(event.cast(), KMSAK_EVENT_OTHER, |event: &Row| {
            let name = event.text("name").and_then(|name| name.to_str().ok());
            KINDS.iter().find(|(known, _)| Some(*known) == name).map_or(KMSAK_EVENT_OTHER, |(_, kind)| *kind)
        })
    }
}

/// The event's stable name, such as `rotated`. NULL for NULL.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_name(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_field(event, "name") }
}

/// The secret's name; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_secret(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_field(event, "secret") }
}

/// The version now in the cache; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_version_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_field(event, "version_id") }
}

/// The AccessKey id that was in use; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_old_access_key_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_field(event, "old_access_key_id") }
}

/// The AccessKey id in use from now on; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_new_access_key_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_field(event, "new_access_key_id") }
}

/// The endpoint's host and port; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_endpoint(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_field(event, "endpoint") }
}

/// The ClientKey's id; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_key_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_field(event, "key_id") }
}

/// The id of the ClientKey that was in use; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_old_key_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_field(event, "old_key_id") }
}

/// The id of the ClientKey in use from now on; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_new_key_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_field(event, "new_key_id") }
}

/// The failure that the event tells of; NULL where the event has none.
///
/// Belongs to the event and lives as long as it: do not free it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_error(event: *const kmsak_event) -> *const kmsak_error {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_error(event, "error") }
}

/// How long ago the cached value was fetched, in milliseconds; 0 when nothing is cached, -1 where the event does not say.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_stale_for_ms(event: *const kmsak_event) -> i64 {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_number(event, "stale_for") }
}

/// The milliseconds until it is tried again without anybody asking; -1 where the event does not say, or nothing is
/// cached.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_next_try_in_ms(event: *const kmsak_event) -> i64 {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_number(event, "next_try_in") }
}

/// How long ago the value was fetched from KMS, in milliseconds; -1 where the event does not say.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_age_ms(event: *const kmsak_event) -> i64 {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_number(event, "age") }
}

/// The end of the ClientKey's validity, in seconds since 1970-01-01 UTC; -1 where the event does not say.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_not_after_unix(event: *const kmsak_event) -> i64 {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_number(event, "not_after") }
}

/// The whole days until the ClientKey expires; -1 where the event does not say.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_days_left(event: *const kmsak_event) -> i64 {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_number(event, "days_left") }
}

/// Who asks KMS, by kind and name, such as `ecs_ram_role app`; NULL where the event does not say.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_identity(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_field(event, "identity") }
}

/// The AccessKey id with which KMS is asked from now on; NULL where the event has none.
///
/// Belongs to the event and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_access_key_id(event: *const kmsak_event) -> *const c_char {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_field(event, "access_key_id") }
}

/// When the AccessKey that asks KMS ends, in seconds since 1970-01-01 UTC; -1 where it does not, or the event does not say.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_event_expires_unix(event: *const kmsak_event) -> i64 {
    // SAFETY: the caller passes NULL or an event that lives.
    unsafe { read_number(event, "expires") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_of_the_core_has_a_kind() {
        for (name, _) in kmsak_core::description::events() {
            let kind = KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
            let expected = format!("KMSAK_EVENT_{}", name.to_ascii_uppercase());
            assert_eq!(kind.map(|kind| format!("{kind:?}")), Some(expected));
        }
    }
}
