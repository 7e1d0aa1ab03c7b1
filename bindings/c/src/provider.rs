//! The provider.

use std::ffi::{CString, c_char};
use std::ptr;

use kmsak_core::{Builder, Provider};

use crate::arguments::{object, path, text, text_bytes};
use crate::boundary::{answer, guard, read, read_text};
use crate::c_string::c_string;
use crate::config::kmsak_config;
use crate::credentials::{self, kmsak_credentials};
use crate::error::kmsak_error;
use crate::field::Row;
use crate::log;
use crate::pending::{begin, kmsak_pending};
use crate::secret::{self, kmsak_secret};
use crate::stats::kmsak_stats;
use crate::status::kmsak_status;

/// Hands out managed AccessKeys and other secrets, and keeps them current. Any thread may use it, and so may a child after
/// fork(): every function below that takes a provider is thread-safe, but for kmsak_provider_free.
pub struct kmsak_provider {
    pub(crate) core: Provider,
    start_warnings: Vec<CString>,
}

/// In the User-Agent.
pub(crate) const LANGUAGE: &str = "c";

fn open(builder: Builder) -> Result<*mut kmsak_provider, kmsak_error> {
    Ok(hand_out(builder.language(LANGUAGE).open()?))
}

pub(crate) fn hand_out(core: Provider) -> *mut kmsak_provider {
    let start_warnings = core.start_warnings().iter().map(|warning| c_string(warning)).collect();
    Box::into_raw(Box::new(kmsak_provider { core, start_warnings }))
}

/// Opens a provider as the properties file at `path` (UTF-8) says; docs/configuration.md lists its keys. An environment
/// variable of the same setting wins over a line of the file. Secrets named in `secret_names` begin to be fetched; nobody waits
/// for them here.
///
/// `*provider` is yours to free with kmsak_provider_free, `*error` with kmsak_error_free. Answers KMSAK_CONFIGURATION or
/// KMSAK_CLIENT_KEY, with what to mend, or KMSAK_TLS when TLS cannot be set up. KMSAK_INVALID_ARGUMENT for NULL or a path that is not UTF-8. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_from_file(
    path: *const c_char,
    provider: *mut *mut kmsak_provider,
    error: *mut *mut kmsak_error,
) -> kmsak_status {
    let make = || {
        // SAFETY: the caller passes NULL or a string.
        let path = unsafe { self::path(path, "path") }?;
        open(Builder::new().properties_file(path).environment())
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(provider, error, make) }
}

/// Opens a provider as the usual places say: environment variables named like the properties, and the file that
/// `KMSAK_CONFIG` names, or else `managed_credentials_providers.properties` in the working directory, if there is one.
/// Where both say something the variable wins.
///
/// `*provider` is yours to free with kmsak_provider_free, `*error` with kmsak_error_free. Answers KMSAK_CONFIGURATION or
/// KMSAK_CLIENT_KEY, with what to mend, or KMSAK_TLS when TLS cannot be set up. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_from_env(
    provider: *mut *mut kmsak_provider,
    error: *mut *mut kmsak_error,
) -> kmsak_status {
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(provider, error, || open(Builder::new().usual_places())) }
}

/// Opens a provider with `config`. The configuration is used up, whatever the outcome, but still yours to free.
///
/// `*provider` is yours to free with kmsak_provider_free, `*error` with kmsak_error_free. Answers KMSAK_CONFIGURATION or
/// KMSAK_CLIENT_KEY, with what to mend, or KMSAK_TLS when TLS cannot be set up. KMSAK_INVALID_ARGUMENT when a call that built the configuration failed or
/// the configuration is used up. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_open(
    config: *mut kmsak_config,
    provider: *mut *mut kmsak_provider,
    error: *mut *mut kmsak_error,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or a configuration that lives.
    let make = || open(unsafe { object(config, "config") }?.take()?);
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(provider, error, make) }
}

/// How many things were odd about the configuration, or a ClientKey's validity, when the provider was opened; 0 for NULL. All of
/// them were logged then. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_start_warning_count(provider: *const kmsak_provider) -> usize {
    // SAFETY: the caller passes NULL or a provider that lives.
    unsafe { read(provider, 0, |provider| provider.start_warnings.len()) }
}

/// Number `index`, from 0, of these: a sentence without secrets; NULL when there are fewer.
///
/// Belongs to the provider and lives as long as it. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_start_warning(
    provider: *const kmsak_provider,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller passes NULL or a provider that lives.
    unsafe { read_text(provider, |provider| provider.start_warnings.get(index).map(CString::as_c_str)) }
}

/// The AccessKey in the managed RAM secret `name` (UTF-8). From the cache, without waiting, locking or allocating, if it was
/// fetched before; else the call waits for KMS, for `fetch_deadline` (20 s unless configured) at most.
///
/// `*credentials` are yours to free with kmsak_credentials_free, `*error` with kmsak_error_free. Fails only as long as the
/// secret was never fetched (or with `max_stale` set): with any status; KMSAK_CONFIGURATION when the secret holds no
/// AccessKey. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_credentials(
    provider: *const kmsak_provider,
    name: *const c_char,
    credentials: *mut *mut kmsak_credentials,
    error: *mut *mut kmsak_error,
) -> kmsak_status {
    let make = || {
        // SAFETY: the caller passes NULL or a provider that lives.
        let provider = unsafe { object(provider, "provider") }?;
        // SAFETY: the caller passes NULL or a string.
        if let Some(credentials) = provider.core.cached_credentials_by_bytes(unsafe { text_bytes(name) }) {
            return Ok(credentials::hand_out(credentials));
        }
        // SAFETY: the caller passes NULL or a string.
        unsafe { wait_for_credentials(provider, name) }
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(credentials, error, make) }
}

/// Apart from what is read all the time.
///
/// # Safety
/// `name` is NULL or a string.
#[cold]
unsafe fn wait_for_credentials(
    provider: &kmsak_provider,
    name: *const c_char,
) -> Result<*mut kmsak_credentials, kmsak_error> {
    // SAFETY: as the caller promises.
    let name = unsafe { text(name, "name") }?;
    log::may_ask(&provider.core)?;
    Ok(credentials::hand_out(provider.core.credentials(name)?))
}

/// The AccessKey in `name` (UTF-8) if it is cached, else NULL: never waits, never fetches, never fails.
///
/// Yours to free with kmsak_credentials_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_cached_credentials(
    provider: *const kmsak_provider,
    name: *const c_char,
) -> *mut kmsak_credentials {
    guard(ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or a provider that lives.
        let Ok(provider) = (unsafe { object(provider, "provider") }) else { return ptr::null_mut() };
        // SAFETY: the caller passes NULL or a string.
        let name = unsafe { text_bytes(name) };
        provider.core.cached_credentials_by_bytes(name).map_or(ptr::null_mut(), credentials::hand_out)
    })
}

/// The secret `name` (UTF-8) of any type, from the cache if it was fetched before.
///
/// `*secret` is yours to free with kmsak_secret_free, `*error` with kmsak_error_free. Fails as kmsak_provider_credentials
/// does, but for the type. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_secret(
    provider: *const kmsak_provider,
    name: *const c_char,
    secret: *mut *mut kmsak_secret,
    error: *mut *mut kmsak_error,
) -> kmsak_status {
    let make = || {
        // SAFETY: the caller passes NULL or a provider that lives.
        let provider = unsafe { object(provider, "provider") }?;
        // SAFETY: the caller passes NULL or a string.
        if let Some(secret) = provider.core.cached_secret_by_bytes(unsafe { text_bytes(name) }) {
            return Ok(secret::hand_out(secret));
        }
        // SAFETY: the caller passes NULL or a string.
        unsafe { wait_for_secret(provider, name) }
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(secret, error, make) }
}

/// As [`wait_for_credentials`].
///
/// # Safety
/// `name` is NULL or a string.
#[cold]
unsafe fn wait_for_secret(
    provider: &kmsak_provider,
    name: *const c_char,
) -> Result<*mut kmsak_secret, kmsak_error> {
    // SAFETY: as the caller promises.
    let name = unsafe { text(name, "name") }?;
    log::may_ask(&provider.core)?;
    Ok(secret::hand_out(provider.core.secret(name)?))
}

/// The secret `name` (UTF-8) of any type if it is cached, else NULL: never waits, never fetches, never fails.
///
/// Yours to free with kmsak_secret_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_cached_secret(
    provider: *const kmsak_provider,
    name: *const c_char,
) -> *mut kmsak_secret {
    guard(ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or a provider that lives.
        let Ok(provider) = (unsafe { object(provider, "provider") }) else { return ptr::null_mut() };
        // SAFETY: the caller passes NULL or a string.
        let name = unsafe { text_bytes(name) };
        provider.core.cached_secret_by_bytes(name).map_or(ptr::null_mut(), secret::hand_out)
    })
}

/// The version of the secret `name` with the stage `version_stage`, such as `ACSPrevious` (both UTF-8): asked of KMS each
/// time, never cached.
///
/// `*secret` is yours to free with kmsak_secret_free, `*error` with kmsak_error_free. Fails with any status. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_secret_at_stage(
    provider: *const kmsak_provider,
    name: *const c_char,
    version_stage: *const c_char,
    secret: *mut *mut kmsak_secret,
    error: *mut *mut kmsak_error,
) -> kmsak_status {
    let make = || {
        // SAFETY: the caller passes NULL or a provider that lives.
        let provider = unsafe { object(provider, "provider") }?;
        // SAFETY: the caller passes NULL or a string.
        let name = unsafe { text(name, "name") }?;
        // SAFETY: the caller passes NULL or a string.
        let version_stage = unsafe { text(version_stage, "version_stage") }?;
        log::may_ask(&provider.core)?;
        Ok(secret::hand_out(provider.core.secret_at_stage(name, version_stage)?))
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(secret, error, make) }
}

/// An AccessKey other than `rejected_id`, which a cloud service has just refused (kmsak_provider_is_rejection says whether
/// it has). When the cache holds another one already, it is answered at once; else KMS is asked, once however many threads
/// call. Run the refused call once more with what this answers; when it fails, the service's own error stands.
///
/// `*credentials` are yours to free with kmsak_credentials_free, `*error` with kmsak_error_free. Fails with any status when
/// KMS has no other AccessKey, or cannot be reached, within `renew_deadline` (15 s unless configured), and with
/// KMSAK_THROTTLED when the secret's renewals are used up for now. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_renew(
    provider: *const kmsak_provider,
    name: *const c_char,
    rejected_id: *const c_char,
    credentials: *mut *mut kmsak_credentials,
    error: *mut *mut kmsak_error,
) -> kmsak_status {
    let make = || {
        // SAFETY: the caller passes NULL or a provider that lives.
        let provider = unsafe { object(provider, "provider") }?;
        // SAFETY: the caller passes NULL or a string.
        let name = unsafe { text(name, "name") }?;
        // SAFETY: the caller passes NULL or a string.
        let rejected_id = unsafe { text(rejected_id, "rejected_id") }?;
        let renewed = match log::may_ask(&provider.core) {
            Ok(()) => provider.core.renew(name, rejected_id)?,
            Err(refused) => provider
                .core
                .cached_credentials(name)
                .filter(|cached| cached.access_key_id() != rejected_id)
                .ok_or(refused)?,
        };
        Ok(credentials::hand_out(renewed))
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(credentials, error, make) }
}

/// Fetches the secret `name` (UTF-8) from KMS now, whatever the cache holds, and caches it.
///
/// `*secret` is yours to free with kmsak_secret_free, `*error` with kmsak_error_free. Fails with any status; a cached value
/// stays in use then. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_refresh(
    provider: *const kmsak_provider,
    name: *const c_char,
    secret: *mut *mut kmsak_secret,
    error: *mut *mut kmsak_error,
) -> kmsak_status {
    let make = || {
        // SAFETY: the caller passes NULL or a provider that lives.
        let provider = unsafe { object(provider, "provider") }?;
        // SAFETY: the caller passes NULL or a string.
        let name = unsafe { text(name, "name") }?;
        log::may_ask(&provider.core)?;
        Ok(secret::hand_out(provider.core.refresh(name)?))
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(secret, error, make) }
}

/// Begins kmsak_provider_credentials and waits for nothing: the AccessKey comes out of kmsak_pending_credentials, at once where it
/// is cached. `timeout_ms` is how many milliseconds may pass until then (0: what is not cached is not waited for), -1 for no
/// limit but the configuration's; the fetch goes on when it has passed, for the cache. NULL and text that is not UTF-8 are told
/// there as well.
///
/// Yours to free with kmsak_pending_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_begin_credentials(
    provider: *const kmsak_provider,
    name: *const c_char,
    timeout_ms: i64,
) -> *mut kmsak_pending {
    // SAFETY: the caller passes NULL or a string.
    let ask = |core: &Provider| Ok(core.begin_credentials(unsafe { text(name, "name") }?));
    // SAFETY: the caller passes NULL or a provider that lives.
    unsafe { begin(provider, timeout_ms, ask) }
}

/// Begins kmsak_provider_secret, as kmsak_provider_begin_credentials does, for kmsak_pending_secret.
///
/// Yours to free with kmsak_pending_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_begin_secret(
    provider: *const kmsak_provider,
    name: *const c_char,
    timeout_ms: i64,
) -> *mut kmsak_pending {
    // SAFETY: the caller passes NULL or a string.
    let ask = |core: &Provider| Ok(core.begin_secret(unsafe { text(name, "name") }?));
    // SAFETY: the caller passes NULL or a provider that lives.
    unsafe { begin(provider, timeout_ms, ask) }
}

/// Begins kmsak_provider_secret_at_stage, as kmsak_provider_begin_credentials does, for kmsak_pending_secret.
///
/// Yours to free with kmsak_pending_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_begin_secret_at_stage(
    provider: *const kmsak_provider,
    name: *const c_char,
    version_stage: *const c_char,
    timeout_ms: i64,
) -> *mut kmsak_pending {
    let ask = |core: &Provider| {
        // SAFETY: the caller passes NULL or a string.
        let name = unsafe { text(name, "name") }?;
        // SAFETY: the caller passes NULL or a string.
        let version_stage = unsafe { text(version_stage, "version_stage") }?;
        Ok(core.begin_secret_at_stage(name, version_stage))
    };
    // SAFETY: the caller passes NULL or a provider that lives.
    unsafe { begin(provider, timeout_ms, ask) }
}

/// Begins kmsak_provider_renew, as kmsak_provider_begin_credentials does, for kmsak_pending_credentials.
///
/// Yours to free with kmsak_pending_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_begin_renew(
    provider: *const kmsak_provider,
    name: *const c_char,
    rejected_id: *const c_char,
    timeout_ms: i64,
) -> *mut kmsak_pending {
    let ask = |core: &Provider| {
        // SAFETY: the caller passes NULL or a string.
        let name = unsafe { text(name, "name") }?;
        // SAFETY: the caller passes NULL or a string.
        let rejected_id = unsafe { text(rejected_id, "rejected_id") }?;
        Ok(core.begin_renew(name, rejected_id))
    };
    // SAFETY: the caller passes NULL or a provider that lives.
    unsafe { begin(provider, timeout_ms, ask) }
}

/// Begins kmsak_provider_refresh, as kmsak_provider_begin_credentials does, for kmsak_pending_secret.
///
/// Yours to free with kmsak_pending_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_begin_refresh(
    provider: *const kmsak_provider,
    name: *const c_char,
    timeout_ms: i64,
) -> *mut kmsak_pending {
    // SAFETY: the caller passes NULL or a string.
    let ask = |core: &Provider| Ok(core.begin_refresh(unsafe { text(name, "name") }?));
    // SAFETY: the caller passes NULL or a provider that lives.
    unsafe { begin(provider, timeout_ms, ask) }
}

/// Whether a cloud service's error means that it does not know an AccessKey, by its `code`, its `message` (NULL where it has
/// none) and the provider's `rejection_codes`; false where the code is NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_is_rejection(
    provider: *const kmsak_provider,
    code: *const c_char,
    message: *const c_char,
) -> bool {
    guard(false, || {
        // SAFETY: the caller passes NULL or a provider that lives.
        let Ok(provider) = (unsafe { object(provider, "provider") }) else { return false };
        // SAFETY: the caller passes NULL or strings.
        unsafe { is_so(code, message, |code, message| provider.core.is_rejection(code, message)) }
    })
}

/// Whether a cloud service's error means that it does not know an AccessKey, by its `code` and its `message` (NULL where it has
/// none): `InvalidAccessKeyId`, `InvalidAccessKeyId.NotFound`, `InvalidAccessKeyId.Inactive`, `Forbidden.AccessKey`,
/// `Forbidden.AccessKeyDisabled` and `ODPS-0410051`, and where the message speaks of an AccessKeyId `Unauthorized` and
/// `OTSAuthFailed`, in upper or lower case; false where the code is NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_is_rejection(code: *const c_char, message: *const c_char) -> bool {
    // SAFETY: the caller passes NULL or strings.
    guard(false, || unsafe { is_so(code, message, kmsak_core::is_rejection) })
}

/// What `test` says of `code` and `message`; a message that cannot be read counts as none.
///
/// # Safety
/// Both are NULL or end with a NUL.
unsafe fn is_so(
    code: *const c_char,
    message: *const c_char,
    test: impl FnOnce(&str, Option<&str>) -> bool,
) -> bool {
    // SAFETY: as the caller promises.
    let code = unsafe { text(code, "code") };
    // Making an error of its absence would take longer than all else.
    let message = if message.is_null() {
        None
    } else {
        // SAFETY: as the caller promises.
        unsafe { text(message, "message") }.ok()
    };
    code.is_ok_and(|code| test(code, message))
}

/// What goes on inside, without secrets: a picture of this moment. NULL for NULL.
///
/// Yours to free with kmsak_stats_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_stats(provider: *const kmsak_provider) -> *mut kmsak_stats {
    guard(ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or a provider that lives.
        unsafe { provider.as_ref() }.map_or(ptr::null_mut(), |provider| {
            Box::into_raw(Box::new(Row::of(provider.core.stats().fields()))).cast()
        })
    })
}

/// Ends all refreshing and forgets every value. Whoever waits, and every later call, is answered KMSAK_CLOSED. Closing
/// again, or NULL, does nothing. Credentials and secrets that were handed out stay readable. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_close(provider: *const kmsak_provider) {
    guard((), || {
        // SAFETY: the caller passes NULL or a provider that lives.
        if let Some(provider) = unsafe { provider.as_ref() } {
            provider.core.close();
        }
    });
}

/// Whether kmsak_provider_close was called; true for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_is_closed(provider: *const kmsak_provider) -> bool {
    // SAFETY: the caller passes NULL or a provider that lives.
    guard(true, || unsafe { provider.as_ref() }.is_none_or(|provider| provider.core.is_closed()))
}

/// Closes and frees a provider; with the last one kmsak's thread ends. NULL is allowed. No other thread may use the provider
/// at that time, or later; callbacks may still run (see kmsak_provider_subscribe).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_free(provider: *mut kmsak_provider) {
    guard((), || {
        if !provider.is_null() {
            // SAFETY: the caller hands back what was opened, once.
            drop(unsafe { Box::from_raw(provider) });
        }
    });
}
