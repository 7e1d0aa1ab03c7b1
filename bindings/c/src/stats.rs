//! What goes on inside.

use std::ffi::c_char;

use crate::boundary::guard;
use crate::error::kmsak_error;
use crate::field::{
    Row, read_count, read_error, read_field, read_length, read_micros, read_number, read_or, read_row,
};

/// A provider's state at one moment, without secrets. Immutable, so any thread may read it.
pub struct kmsak_stats {
    // This and its parts are in truth a `Row` each: cast the pointer to read them.
    _opaque: [u8; 0],
}

/// One cached secret.
pub struct kmsak_secret_stats {
    _opaque: [u8; 0],
}

/// One endpoint.
pub struct kmsak_endpoint_stats {
    _opaque: [u8; 0],
}

/// One ClientKey.
pub struct kmsak_client_key_stats {
    _opaque: [u8; 0],
}

/// Who asks KMS.
pub struct kmsak_identity_info {
    _opaque: [u8; 0],
}

/// How many secrets are kept current; 0 for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_secret_count(stats: *const kmsak_stats) -> usize {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe { read_length(stats, "secrets") }
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
    unsafe { read_row(stats, "secrets", index) }
}

/// How many endpoints are configured; 0 for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_endpoint_count(stats: *const kmsak_stats) -> usize {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe { read_length(stats, "endpoints") }
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
    unsafe { read_row(stats, "endpoints", index) }
}

/// How many ClientKeys are in use; 0 for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_client_key_count(stats: *const kmsak_stats) -> usize {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe { read_length(stats, "client_keys") }
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
    unsafe { read_row(stats, "client_keys", index) }
}

/// How many there are who ask KMS: the ClientKeys again, and all others; 0 for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_identity_count(stats: *const kmsak_stats) -> usize {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe { read_length(stats, "identities") }
}

/// Number `index`, from 0, of these; NULL when there are fewer.
///
/// Belongs to the statistics and lives as long as they: do not free it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_identity(
    stats: *const kmsak_stats,
    index: usize,
) -> *const kmsak_identity_info {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe { read_row(stats, "identities", index) }
}

/// KMS's clock less this machine's, in milliseconds, as learnt from KMS; 0 when KMS never complained, and for NULL.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_clock_skew_ms(stats: *const kmsak_stats) -> i64 {
    // SAFETY: the caller passes NULL or statistics that live.
    unsafe { read_or(0, stats, "clock_skew_milliseconds") }
}

/// The secret's name.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_name(stats: *const kmsak_secret_stats) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_field(stats, "name") }
}

/// The version in the cache; NULL when nothing is cached.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_version_id(stats: *const kmsak_secret_stats) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_field(stats, "version_id") }
}

/// The AccessKey id in the cache; NULL when nothing is cached, or no AccessKey.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_access_key_id(stats: *const kmsak_secret_stats) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_field(stats, "access_key_id") }
}

/// How long ago the cached value was fetched, in milliseconds; -1 when nothing is cached. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_age_ms(stats: *const kmsak_secret_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_number(stats, "age") }
}

/// How long ago the cached value was fetched, in milliseconds, if the latest refresh failed; 0 when it succeeded. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_stale_for_ms(stats: *const kmsak_secret_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_number(stats, "stale_for") }
}

/// The milliseconds until the next scheduled refresh; -1 when none is. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_next_refresh_in_ms(stats: *const kmsak_secret_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_number(stats, "next_refresh_in") }
}

/// Successful fetches. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_fetches(stats: *const kmsak_secret_stats) -> u64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_count(stats, "fetches") }
}

/// Failed fetches. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_failures(stats: *const kmsak_secret_stats) -> u64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_count(stats, "failures") }
}

/// Renewals after a rejected AccessKey that asked KMS. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_renewals(stats: *const kmsak_secret_stats) -> u64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_count(stats, "renewals") }
}

/// The latest failure, if the latest fetch failed, else NULL. Do not free it.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_secret_stats_last_error(
    stats: *const kmsak_secret_stats,
) -> *const kmsak_error {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_error(stats, "last_error") }
}

/// Host, and port where it is not 443.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_endpoint_stats_endpoint(stats: *const kmsak_endpoint_stats) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_field(stats, "endpoint") }
}

/// Whether it is passed over at the moment. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_endpoint_stats_down(stats: *const kmsak_endpoint_stats) -> bool {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_count(stats, "down") == 1 }
}

/// The moving average of its answers' latency in microseconds; -1 when it never answered. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_endpoint_stats_latency_us(stats: *const kmsak_endpoint_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_micros(stats, "latency") }
}

/// Requests sent to it and ended. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_endpoint_stats_requests(stats: *const kmsak_endpoint_stats) -> u64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_count(stats, "requests") }
}

/// Those that failed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_endpoint_stats_failures(stats: *const kmsak_endpoint_stats) -> u64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_count(stats, "failures") }
}

/// How many milliseconds it throttled this process the last time that somebody waited, or has until now; -1 when it never did.
/// Times KMS's quota it is about the size of the fleet. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_endpoint_stats_throttled_for_ms(stats: *const kmsak_endpoint_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_number(stats, "throttled_for") }
}

/// The ClientKey's id.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_client_key_stats_key_id(
    stats: *const kmsak_client_key_stats,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_field(stats, "key_id") }
}

/// The KMS instance that the certificate names; NULL when it names none.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_client_key_stats_instance_id(
    stats: *const kmsak_client_key_stats,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_field(stats, "instance_id") }
}

/// The start of its validity in seconds since 1970-01-01 UTC. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_client_key_stats_not_before_unix(stats: *const kmsak_client_key_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_number(stats, "not_before") }
}

/// The end of its validity in seconds since 1970-01-01 UTC. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_client_key_stats_not_after_unix(stats: *const kmsak_client_key_stats) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_number(stats, "not_after") }
}

/// The whole days until it expires; 0 once it has. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_client_key_stats_days_left(stats: *const kmsak_client_key_stats) -> u64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_count(stats, "days_left") }
}

/// As `credentials_type` calls it, such as `client_key` or `ecs_ram_role`.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_identity_info_kind(info: *const kmsak_identity_info) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_field(info, "kind") }
}

/// A ClientKey's or AccessKey's id, a role's name or ARN; empty where there is nothing to tell.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_identity_info_name(info: *const kmsak_identity_info) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_field(info, "name") }
}

/// The AccessKey id that signs now; NULL where there is none yet, and for a ClientKey.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_identity_info_access_key_id(
    info: *const kmsak_identity_info,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_field(info, "access_key_id") }
}

/// Where that AccessKey came from, as the official SDKs write it, such as `default/env`; NULL where there is none.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_identity_info_origin(info: *const kmsak_identity_info) -> *const c_char {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_field(info, "origin") }
}

/// When it ends, in seconds since 1970-01-01 UTC; -1 where it does not. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_identity_info_expires_unix(info: *const kmsak_identity_info) -> i64 {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_number(info, "expires") }
}

/// Why no newer one could be had, if that is so, else NULL. Do not free it.
///
/// Belongs to the statistics and lives as long as they. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_identity_info_last_error(
    info: *const kmsak_identity_info,
) -> *const kmsak_error {
    // SAFETY: the caller passes NULL or a part of statistics that live.
    unsafe { read_error(info, "last_error") }
}

/// Frees statistics. NULL is allowed. No other thread may use them at that time, or later.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_stats_free(stats: *mut kmsak_stats) {
    guard((), || {
        if !stats.is_null() {
            // SAFETY: the caller hands back what kmsak_provider_stats gave, once.
            drop(unsafe { Box::from_raw(stats.cast::<Row>()) });
        }
    });
}
