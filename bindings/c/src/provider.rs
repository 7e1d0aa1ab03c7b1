//! The provider.

use std::ffi::c_char;
use std::ptr;

use kmsak_core::{Builder, Provider};

use crate::arguments::{object, path, text};
use crate::boundary::{answer, guard};
use crate::config::kmsak_config;
use crate::credentials::{self, kmsak_credentials};
use crate::error::kmsak_error;
use crate::log;
use crate::secret::kmsak_secret;
use crate::stats::kmsak_stats;
use crate::status::kmsak_status;

/// Hands out managed AccessKeys and other secrets, and keeps them current. Any thread may use it, and so may a child after
/// fork(): every function below that takes a provider is thread-safe, but for kmsak_provider_free.
pub struct kmsak_provider(pub(crate) Provider);

/// In the User-Agent.
pub(crate) const LANGUAGE: &str = "c";

fn open(builder: Builder) -> Result<*mut kmsak_provider, kmsak_error> {
    let provider = builder.language(LANGUAGE).open()?;
    Ok(Box::into_raw(Box::new(kmsak_provider(provider))))
}

/// Opens a provider as the properties file at `path` (UTF-8) says; docs/configuration.md lists its keys. An environment
/// variable of the same name wins over a line of the file. Secrets named in `secret_names` begin to be fetched; nobody waits
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
        let name = unsafe { text(name, "name") }?;
        if let Some(credentials) = provider.0.cached_credentials(name) {
            return Ok(credentials::hand_out(credentials));
        }
        log::may_wait(&provider.0)?;
        Ok(credentials::hand_out(provider.0.credentials(name)?))
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(credentials, error, make) }
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
        let Ok(name) = (unsafe { text(name, "name") }) else { return ptr::null_mut() };
        provider.0.cached_credentials(name).map_or(ptr::null_mut(), credentials::hand_out)
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
        let name = unsafe { text(name, "name") }?;
        if let Some(secret) = provider.0.cached_secret(name) {
            return Ok(kmsak_secret::hand_out(secret));
        }
        log::may_wait(&provider.0)?;
        Ok(kmsak_secret::hand_out(provider.0.secret(name)?))
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(secret, error, make) }
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
        log::may_wait(&provider.0)?;
        Ok(kmsak_secret::hand_out(provider.0.secret_at_stage(name, version_stage)?))
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(secret, error, make) }
}

/// An AccessKey other than `rejected_id`, which a cloud service has just refused (kmsak_provider_is_rejection says whether
/// it has). When the cache holds another one already, it is answered at once; else KMS is asked, once however many threads
/// call. Run the refused call once more with what this answers; when it fails, the service's own error stands.
///
/// `*credentials` are yours to free with kmsak_credentials_free, `*error` with kmsak_error_free. Fails with any status when
/// KMS has no other AccessKey, or cannot be reached, within `renew_deadline` (10 s unless configured), and with
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
        let renewed = match log::may_wait(&provider.0) {
            Ok(()) => provider.0.renew(name, rejected_id)?,
            Err(refused) => provider
                .0
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
        log::may_wait(&provider.0)?;
        Ok(kmsak_secret::hand_out(provider.0.refresh(name)?))
    };
    // SAFETY: the caller passes pointers that are NULL or may be written to.
    unsafe { answer(secret, error, make) }
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
        unsafe { is_so(code, message, |code, message| provider.0.is_rejection(code, message)) }
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
    // SAFETY: as the caller promises.
    let message = unsafe { text(message, "message") };
    code.is_ok_and(|code| test(code, message.ok()))
}

/// What goes on inside, without secrets: a picture of this moment. NULL for NULL.
///
/// Yours to free with kmsak_stats_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_stats(provider: *const kmsak_provider) -> *mut kmsak_stats {
    guard(ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or a provider that lives.
        unsafe { provider.as_ref() }
            .map_or(ptr::null_mut(), |provider| Box::into_raw(Box::new(kmsak_stats::of(&provider.0.stats()))))
    })
}

/// Ends all refreshing and forgets every value. Whoever waits, and every later call, is answered KMSAK_CLOSED. Closing
/// again, or NULL, does nothing. Credentials and secrets that were handed out stay readable. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_close(provider: *const kmsak_provider) {
    guard((), || {
        // SAFETY: the caller passes NULL or a provider that lives.
        if let Some(provider) = unsafe { provider.as_ref() } {
            provider.0.close();
        }
    });
}

/// Whether kmsak_provider_close was called; true for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_provider_is_closed(provider: *const kmsak_provider) -> bool {
    // SAFETY: the caller passes NULL or a provider that lives.
    guard(true, || unsafe { provider.as_ref() }.is_none_or(|provider| provider.0.is_closed()))
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
