//! What goes on inside.

use std::ffi::{CString, c_char};
use std::ptr;

use kmsak_core::{ClientKeyStats, EndpointStats, SecretStats, Stats};

use crate::boundary::{guard, read, read_text};
use crate::c_string::c_string;
use crate::error::kmsak_error;
use crate::event::milliseconds;
use crate::secret::unix_seconds;

/// A provider's state at one moment, without secrets. Immutable, so any thread may read it.
pub struct kmsak_stats {
    secrets: Vec<kmsak_secret_stats>,
    endpoints: Vec<kmsak_endpoint_stats>,
    client_keys: Vec<kmsak_client_key_stats>,
    clock_skew_ms: i64,
}

/// One cached secret.
pub struct kmsak_secret_stats {
    name: CString,
    version_id: Option<CString>,
    access_key_id: Option<CString>,
    age: i64,
    stale_for: i64,
    next_refresh_in: i64,
    fetches: u64,
    failures: u64,
    renewals: u64,
    last_error: Option<kmsak_error>,
}

/// One endpoint.
pub struct kmsak_endpoint_stats {
    endpoint: CString,
    down: bool,
    latency: i64,
    requests: u64,
    failures: u64,
}

/// One ClientKey.
pub struct kmsak_client_key_stats {
    key_id: CString,
    instance_id: Option<CString>,
    not_before: i64,
    not_after: i64,
    days_left: u64,
}

impl kmsak_stats {
    pub(crate) fn of(stats: &Stats) -> Self {
        kmsak_stats {
            secrets: stats.secrets.iter().map(kmsak_secret_stats::of).collect(),
            endpoints: stats.endpoints.iter().map(kmsak_endpoint_stats::of).collect(),
            client_keys: stats.client_keys.iter().map(kmsak_client_key_stats::of).collect(),
            clock_skew_ms: stats.clock_skew_milliseconds,
        }
    }
}

impl kmsak_secret_stats {
    fn of(stats: &SecretStats) -> Self {
        kmsak_secret_stats {
            name: c_string(&stats.name),
            version_id: stats.version_id.as_deref().map(c_string),
            access_key_id: stats.access_key_id.as_deref().map(c_string),
            age: milliseconds(stats.age),
            stale_for: milliseconds(Some(stats.stale_for)),
            next_refresh_in: milliseconds(stats.next_refresh_in),
            fetches: stats.fetches,
            failures: stats.failures,
            renewals: stats.renewals,
            last_error: stats.last_error.as_ref().map(kmsak_error::from),
        }
    }
}

impl kmsak_endpoint_stats {
    fn of(stats: &EndpointStats) -> Self {
        kmsak_endpoint_stats {
            endpoint: c_string(&stats.endpoint),
            down: stats.down,
            latency: stats
                .latency
                .map_or(-1, |latency| i64::try_from(latency.as_micros()).unwrap_or(i64::MAX)),
            requests: stats.requests,
            failures: stats.failures,
        }
    }
}

impl kmsak_client_key_stats {
    fn of(stats: &ClientKeyStats) -> Self {
        kmsak_client_key_stats {
            key_id: c_string(&stats.info.key_id),
            instance_id: stats.info.instance_id.as_deref().map(c_string),
            not_before: unix_seconds(Some(stats.info.not_before)),
            not_after: unix_seconds(Some(stats.info.not_after)),
            days_left: stats.days_left,
        }
    }
}

/// How many secrets are kept current; 0 for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_secret_count(stats: *const kmsak_stats) -> usize {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe { read(stats, 0, |stats| stats.secrets.len()) }
}

/// Number `index`, from 0, of these; NULL when there are fewer.
///
/// Belongs to the statistics and lives as long as they: do not free it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_secret(
    stats: *const kmsak_stats,
    index: usize,
) -> *const kmsak_secret_stats {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe { read(stats, ptr::null(), |stats| stats.secrets.get(index).map_or(ptr::null(), ptr::from_ref)) }
}

/// How many endpoints are configured; 0 for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_endpoint_count(stats: *const kmsak_stats) -> usize {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe { read(stats, 0, |stats| stats.endpoints.len()) }
}

/// Number `index`, from 0, of these; NULL when there are fewer.
///
/// Belongs to the statistics and lives as long as they: do not free it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_endpoint(
    stats: *const kmsak_stats,
    index: usize,
) -> *const kmsak_endpoint_stats {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe { read(stats, ptr::null(), |stats| stats.endpoints.get(index).map_or(ptr::null(), ptr::from_ref)) }
}

/// How many ClientKeys are in use; 0 for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_client_key_count(stats: *const kmsak_stats) -> usize {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe { read(stats, 0, |stats| stats.client_keys.len()) }
}

/// Number `index`, from 0, of these; NULL when there are fewer.
///
/// Belongs to the statistics and lives as long as they: do not free it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_client_key(
    stats: *const kmsak_stats,
    index: usize,
) -> *const kmsak_client_key_stats {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe {
        read(stats, ptr::null(), |stats| stats.client_keys.get(index).map_or(ptr::null(), ptr::from_ref))
    }
}

/// KMS's clock less this machine's, in milliseconds, as learnt from KMS; 0 when KMS never complained, and for NULL.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_clock_skew_ms(stats: *const kmsak_stats) -> i64 {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe { read(stats, 0, |stats| stats.clock_skew_ms) }
}

/// The secret's name.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_name(stats: *const kmsak_secret_stats) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_text(stats, |stats| Some(stats.name.as_c_str())) }
}

/// The version in the cache; NULL when nothing is cached.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_version_id(stats: *const kmsak_secret_stats) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_text(stats, |stats| stats.version_id.as_deref()) }
}

/// The AccessKey id in the cache; NULL when nothing is cached, or no AccessKey.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_access_key_id(stats: *const kmsak_secret_stats) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_text(stats, |stats| stats.access_key_id.as_deref()) }
}

/// How long ago the cached value was fetched, in milliseconds; -1 when nothing is cached. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_age_ms(stats: *const kmsak_secret_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, -1, |stats| stats.age) }
}

/// How long ago the cached value was fetched, in milliseconds, if the latest refresh failed; 0 when it succeeded. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_stale_for_ms(stats: *const kmsak_secret_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, -1, |stats| stats.stale_for) }
}

/// The milliseconds until the next scheduled refresh; -1 when none is. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_next_refresh_in_ms(stats: *const kmsak_secret_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, -1, |stats| stats.next_refresh_in) }
}

/// Successful fetches. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_fetches(stats: *const kmsak_secret_stats) -> u64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, 0, |stats| stats.fetches) }
}

/// Failed fetches. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_failures(stats: *const kmsak_secret_stats) -> u64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, 0, |stats| stats.failures) }
}

/// Renewals after a rejected AccessKey that asked KMS. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_renewals(stats: *const kmsak_secret_stats) -> u64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, 0, |stats| stats.renewals) }
}

/// The latest failure, if the latest fetch failed, else NULL. Do not free it.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_last_error(
    stats: *const kmsak_secret_stats,
) -> *const kmsak_error {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, ptr::null(), |stats| stats.last_error.as_ref().map_or(ptr::null(), ptr::from_ref)) }
}

/// Host, and port where it is not 443.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_endpoint_stats_endpoint(stats: *const kmsak_endpoint_stats) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_text(stats, |stats| Some(stats.endpoint.as_c_str())) }
}

/// Whether it is passed over at the moment. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_endpoint_stats_down(stats: *const kmsak_endpoint_stats) -> bool {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, false, |stats| stats.down) }
}

/// The moving average of its answers' latency in microseconds; -1 when it never answered. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_endpoint_stats_latency_us(stats: *const kmsak_endpoint_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, -1, |stats| stats.latency) }
}

/// Requests sent to it and ended. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_endpoint_stats_requests(stats: *const kmsak_endpoint_stats) -> u64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, 0, |stats| stats.requests) }
}

/// Those that failed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_endpoint_stats_failures(stats: *const kmsak_endpoint_stats) -> u64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, 0, |stats| stats.failures) }
}

/// The ClientKey's id.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_client_key_stats_key_id(
    stats: *const kmsak_client_key_stats,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_text(stats, |stats| Some(stats.key_id.as_c_str())) }
}

/// The KMS instance that the certificate names; NULL when it names none.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_client_key_stats_instance_id(
    stats: *const kmsak_client_key_stats,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_text(stats, |stats| stats.instance_id.as_deref()) }
}

/// The start of its validity in seconds since 1970-01-01 UTC. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_client_key_stats_not_before_unix(stats: *const kmsak_client_key_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, -1, |stats| stats.not_before) }
}

/// The end of its validity in seconds since 1970-01-01 UTC. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_client_key_stats_not_after_unix(stats: *const kmsak_client_key_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, -1, |stats| stats.not_after) }
}

/// The whole days until it expires; 0 once it has. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_client_key_stats_days_left(stats: *const kmsak_client_key_stats) -> u64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read(stats, 0, |stats| stats.days_left) }
}

/// Frees statistics. NULL is allowed. No other thread may use them at that time, or later.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_free(stats: *mut kmsak_stats) {
    guard((), || {
        if !stats.is_null() {
            // SAFETY: the caller hands back what kmsak_provider_stats gave, once.
            drop(unsafe { Box::from_raw(stats) });
        }
    });
}
