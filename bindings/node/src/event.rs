//! Events as JavaScript gets them.

use kmsak::Event;
use napi_derive::napi;

use crate::failure::Failure;
use crate::values::{date, milliseconds};

/// One event; what does not belong to it is left out.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct Happening {
    /// The event's name in every binding, such as `refresh_failed`.
    pub event: &'static str,
    /// The secret's name.
    pub secret: Option<String>,
    /// The version now in the cache.
    pub version_id: Option<String>,
    /// Of a rotation.
    pub old_access_key_id: Option<String>,
    /// Of a rotation.
    pub new_access_key_id: Option<String>,
    /// Why.
    pub error: Option<Failure>,
    /// Milliseconds.
    pub stale_for: Option<f64>,
    /// Milliseconds.
    pub next_try_in: Option<f64>,
    /// Host and port.
    pub endpoint: Option<String>,
    /// The ClientKey's id.
    pub key_id: Option<String>,
    /// Milliseconds since 1970.
    pub not_after: Option<f64>,
    /// Whole days.
    pub days_left: Option<f64>,
    /// Of a replaced ClientKey.
    pub old_key_id: Option<String>,
    /// Of a replaced ClientKey.
    pub new_key_id: Option<String>,
    /// Milliseconds.
    pub age: Option<f64>,
    /// Kind and name of who asks.
    pub identity: Option<String>,
    /// What asks from now on.
    pub access_key_id: Option<String>,
    /// Milliseconds since 1970.
    pub expires: Option<f64>,
}

impl From<Event> for Happening {
    fn from(event: Event) -> Self {
        let mut happening = Happening { event: event.name(), ..Happening::default() };
        match event {
            Event::Fetched { secret, version_id } => {
                happening.secret = Some(secret);
                happening.version_id = Some(version_id);
            }
            Event::Rotated { secret, old_access_key_id, new_access_key_id } => {
                happening.secret = Some(secret);
                happening.old_access_key_id = Some(old_access_key_id);
                happening.new_access_key_id = Some(new_access_key_id);
            }
            Event::RefreshFailed { secret, error, stale_for, next_try_in } => {
                happening.secret = Some(secret);
                happening.error = Some(error.into());
                happening.stale_for = Some(milliseconds(stale_for));
                happening.next_try_in = next_try_in.map(milliseconds);
            }
            Event::RotationBroken { secret } => happening.secret = Some(secret),
            Event::EndpointDown { endpoint, error } => {
                happening.endpoint = Some(endpoint);
                happening.error = Some(error.into());
            }
            Event::EndpointUp { endpoint } => happening.endpoint = Some(endpoint),
            Event::ClientKeyExpiring { key_id, not_after, days_left } => {
                happening.key_id = Some(key_id);
                happening.not_after = Some(date(not_after));
                happening.days_left = Some(days_left as f64);
            }
            Event::ClientKeyReplaced { old_key_id, new_key_id } => {
                happening.old_key_id = Some(old_key_id);
                happening.new_key_id = Some(new_key_id);
            }
            Event::ClientKeyUnusable { key_id, error } => {
                happening.key_id = Some(key_id);
                happening.error = Some(error.into());
            }
            Event::IdentityRenewed { identity, access_key_id, expires } => {
                happening.identity = Some(identity);
                happening.access_key_id = Some(access_key_id);
                happening.expires = expires.map(date);
            }
            Event::IdentityUnavailable { identity, error, expires } => {
                happening.identity = Some(identity);
                happening.error = Some(error.into());
                happening.expires = expires.map(date);
            }
            Event::CacheFileUsed { secret, age } => {
                happening.secret = Some(secret);
                happening.age = Some(milliseconds(age));
            }
            // An event that this binding does not know yet still has its name.
            _ => {}
        }
        happening
    }
}
