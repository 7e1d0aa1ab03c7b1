//! A configuration from code.

use std::ffi::{c_char, c_void};
use std::mem;
use std::path::PathBuf;
use std::ptr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kmsak_core::{Builder, Setting};

use crate::arguments::{bytes, object, path, text};
use crate::boundary::{guard, status};
use crate::error::kmsak_error;
use crate::gateway::kmsak_gateway;
use crate::options::{Options, set, set_bytes, set_path, set_text, set_texts};
use crate::status::kmsak_status;

/// Collects settings for kmsak_provider_open; docs/configuration.md lists them. What is set here wins over the environment,
/// and the environment over files, whatever the order of the calls. Values are checked when the provider is opened.
///
/// A function that sets something copies what it is given and answers KMSAK_OK, or KMSAK_INVALID_ARGUMENT when a pointer is
/// NULL, a text is not UTF-8, or the configuration is used up; so it does after a call that failed. Opening the provider then
/// fails with the first reason, so that you need not check each call. Any thread may use a configuration.
pub struct kmsak_config(Mutex<State>);

enum State {
    Open(Box<Builder>),
    Wrong(kmsak_error),
    UsedUp,
}

impl kmsak_config {
    /// What was collected, which then is gone.
    pub(crate) fn take(&self) -> Result<Builder, kmsak_error> {
        match mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), State::UsedUp) {
            State::Open(builder) => Ok(*builder),
            State::Wrong(error) => Err(error),
            State::UsedUp => Err(used_up()),
        }
    }
}

fn used_up() -> kmsak_error {
    kmsak_error::invalid_argument("a provider was opened with this configuration already: make another one")
}

impl kmsak_config {
    fn change(
        &self,
        change: impl FnOnce(Builder) -> Result<Builder, kmsak_error>,
    ) -> Result<(), kmsak_error> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = match mem::replace(&mut *state, State::UsedUp) {
            State::Open(builder) => change(*builder),
            State::Wrong(error) => Err(error),
            State::UsedUp => return Err(used_up()),
        };
        match changed {
            Ok(builder) => *state = State::Open(Box::new(builder)),
            Err(error) => {
                *state = State::Wrong(error.clone());
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Options for kmsak_config {
    const NAME: &'static str = "config";

    fn set(&self, name: &'static str, setting: Result<Setting<'_>, kmsak_error>) -> Result<(), kmsak_error> {
        self.change(|builder| Ok(builder.set(name, setting?)?))
    }
}

/// # Safety
/// `config` is NULL or one that lives.
unsafe fn change(
    config: *mut kmsak_config,
    change: impl FnOnce(Builder) -> Result<Builder, kmsak_error>,
) -> kmsak_status {
    // SAFETY: as the caller promises.
    status(|| unsafe { object(config, "config") }?.change(change))
}

/// A configuration without any settings.
///
/// Yours to free with kmsak_config_free. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn kmsak_config_new() -> *mut kmsak_config {
    guard(ptr::null_mut(), || {
        Box::into_raw(Box::new(kmsak_config(Mutex::new(State::Open(Box::new(Builder::new()))))))
    })
}

/// Frees a configuration, and wipes what was secret in it. NULL is allowed. No other thread may use it at that time, or
/// later.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_free(config: *mut kmsak_config) {
    guard((), || {
        if !config.is_null() {
            // SAFETY: the caller hands back what kmsak_config_new gave, once.
            drop(unsafe { Box::from_raw(config) });
        }
    });
}

/// Any setting as the text that would stand in a properties file (both UTF-8). An unknown name is an error when the
/// provider is opened. Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_property(
    config: *mut kmsak_config,
    name: *const c_char,
    value: *const c_char,
) -> kmsak_status {
    let set = |builder: Builder| {
        // SAFETY: the caller passes NULL or a string.
        let name = unsafe { text(name, "name") }?;
        // SAFETY: the caller passes NULL or a string.
        let value = unsafe { text(value, "value") }?;
        Ok(builder.property(name, value))
    };
    // SAFETY: the caller passes NULL or a configuration that lives.
    unsafe { change(config, set) }
}

/// Settings as the `length` bytes of a properties file. `base_folder` (UTF-8) is the second place, after the working
/// directory, for relative paths in it; NULL for none. Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_properties_text(
    config: *mut kmsak_config,
    text: *const c_void,
    length: usize,
    base_folder: *const c_char,
) -> kmsak_status {
    let set = |builder: Builder| {
        // SAFETY: the caller passes NULL or that many bytes.
        let text = unsafe { bytes(text, length, "text") }?;
        let base_folder: Option<PathBuf> = if base_folder.is_null() {
            None
        } else {
            // SAFETY: the caller passes NULL or a string.
            Some(unsafe { path(base_folder, "base_folder") }?)
        };
        Ok(builder.properties_text(text, base_folder))
    };
    // SAFETY: the caller passes NULL or a configuration that lives.
    unsafe { change(config, set) }
}

/// Reads the environment variables that have the names of the properties, when the provider is opened. Fails as
/// kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_environment(config: *mut kmsak_config) -> kmsak_status {
    // SAFETY: the caller passes NULL or a configuration that lives.
    unsafe { set(config, "environment", Setting::Flag(true)) }
}

/// Looks in the usual places when the provider is opened: the environment, and the file that `KMSAK_CONFIG` names, or else
/// `managed_credentials_providers.properties` in the working directory if there is one. Fails as kmsak_config says.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_usual_places(config: *mut kmsak_config) -> kmsak_status {
    // SAFETY: the caller passes NULL or a configuration that lives.
    unsafe { set(config, "usual_places", Setting::Flag(true)) }
}

/// Adds a gateway; the order is the order of preference. The gateway is copied and stays yours. Fails as kmsak_config
/// says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_gateway(
    config: *mut kmsak_config,
    gateway: *const kmsak_gateway,
) -> kmsak_status {
    let set = |builder: Builder| {
        // SAFETY: the caller passes NULL or a gateway that lives.
        let gateway = unsafe { object(gateway, "gateway") }?.gateway()?;
        Ok(builder.gateway(gateway))
    };
    // SAFETY: the caller passes NULL or a configuration that lives.
    unsafe { change(config, set) }
}

/// Reads a properties file (UTF-8 path) when the provider is opened. Relative paths in it are looked for in the working
/// directory and then in the file's own folder. Of several files the one named last wins. Fails as kmsak_config says.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_properties_file(
    config: *mut kmsak_config,
    path: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_path(config, "properties_file", path) }
}

/// The ClientKey file, `clientKey_****.json` (UTF-8 path), of every gateway that has none of its own. Fails as
/// kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_client_key_file(
    config: *mut kmsak_config,
    path: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_path(config, "client_key_file", path) }
}

/// The content of the ClientKey file: `length` bytes, copied into protected memory. Fails as kmsak_config says.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_client_key(
    config: *mut kmsak_config,
    json: *const c_void,
    length: usize,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_bytes(config, "client_key", json, length) }
}

/// The file with the ClientKey's password (UTF-8 path). Blanks and line ends around it do not count. Fails as kmsak_config
/// says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_client_key_password_file(
    config: *mut kmsak_config,
    path: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_path(config, "client_key_password_file", path) }
}

/// The name of the environment variable with the ClientKey's password (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_client_key_password_env(
    config: *mut kmsak_config,
    client_key_password_env: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "client_key_password_env", client_key_password_env) }
}

/// The ClientKey's password: `length` bytes, copied into protected memory. Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_client_key_password(
    config: *mut kmsak_config,
    password: *const c_void,
    length: usize,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_bytes(config, "client_key_password", password, length) }
}

/// The `count` secrets (UTF-8) to fetch at start, side by side. Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_secret_names(
    config: *mut kmsak_config,
    names: *const *const c_char,
    count: usize,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_texts(config, "secret_names", names, count) }
}

/// How often, in milliseconds, a secret without a rotation date in sight is fetched again: 6 h by default. Fails as
/// kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_rotation_interval_ms(
    config: *mut kmsak_config,
    milliseconds: u64,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(config, "rotation_interval", Setting::Duration(Duration::from_millis(milliseconds))) }
}

/// How many milliseconds after its rotation date a secret is fetched: 5 min by default. Fails as kmsak_config says.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_delay_interval_ms(
    config: *mut kmsak_config,
    milliseconds: u64,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(config, "delay_interval", Setting::Duration(Duration::from_millis(milliseconds))) }
}

/// The most, in milliseconds, that is added to each refresh at random: 30 min by default. Fails as kmsak_config says.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_jitter_interval_ms(
    config: *mut kmsak_config,
    milliseconds: u64,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(config, "jitter_interval", Setting::Duration(Duration::from_millis(milliseconds))) }
}

/// How many processes share the account's quota of KMS; the secret's `CustomData` may say it instead. Fails as
/// kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_fleet_size(config: *mut kmsak_config, processes: u32) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(config, "fleet_size", Setting::Count(processes)) }
}

/// How many milliseconds a connection may take to be made: 3 s by default. Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_connect_timeout_ms(
    config: *mut kmsak_config,
    milliseconds: u64,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(config, "connect_timeout", Setting::Duration(Duration::from_millis(milliseconds))) }
}

/// How many milliseconds the answer may take once the request is sent: 10 s by default. Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_read_timeout_ms(
    config: *mut kmsak_config,
    milliseconds: u64,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(config, "read_timeout", Setting::Duration(Duration::from_millis(milliseconds))) }
}

/// Has no effect: it is for plain HTTP, which KMS does not speak. Checked all the same, as the official clients'
/// configuration has it (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_http_proxy(
    config: *mut kmsak_config,
    http_proxy: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "http_proxy", http_proxy) }
}

/// The proxy to reach KMS through, `http://[user:password@]host:port` (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_https_proxy(
    config: *mut kmsak_config,
    https_proxy: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "https_proxy", https_proxy) }
}

/// Hosts, domains and networks, separated by commas, that are reached without a proxy (UTF-8). Fails as kmsak_config
/// says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_no_proxy(
    config: *mut kmsak_config,
    no_proxy: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "no_proxy", no_proxy) }
}

/// How many milliseconds a call may wait for a fetch with all its retries: 20 s by default. Fails as kmsak_config says.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_fetch_deadline_ms(
    config: *mut kmsak_config,
    milliseconds: u64,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(config, "fetch_deadline", Setting::Duration(Duration::from_millis(milliseconds))) }
}

/// How many milliseconds a renewal goes on asking while KMS still answers with the rejected AccessKey: 15 s by default.
/// Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_renew_deadline_ms(
    config: *mut kmsak_config,
    milliseconds: u64,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(config, "renew_deadline", Setting::Duration(Duration::from_millis(milliseconds))) }
}

/// How many renewals in a row a secret is given: 5 by default. Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_renew_tokens(config: *mut kmsak_config, tokens: u32) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(config, "renew_tokens", Setting::Count(tokens)) }
}

/// After how many milliseconds a secret is given one renewal more: 10 min by default. Fails as kmsak_config says.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_renew_refill_interval_ms(
    config: *mut kmsak_config,
    milliseconds: u64,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(config, "renew_refill_interval", Setting::Duration(Duration::from_millis(milliseconds))) }
}

/// The `count` codes (UTF-8) by which a cloud service says that it does not know an AccessKey, instead of those of
/// kmsak_is_rejection; `Code:words` counts only where the message has the words. Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_rejection_codes(
    config: *mut kmsak_config,
    codes: *const *const c_char,
    count: usize,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_texts(config, "rejection_codes", codes, count) }
}

/// The age in milliseconds from which a cached value is no longer handed out while KMS cannot be reached. Off by
/// default: stale is better than nothing. Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_max_stale_ms(
    config: *mut kmsak_config,
    milliseconds: u64,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(config, "max_stale", Setting::Duration(Duration::from_millis(milliseconds))) }
}

/// The encrypted file (UTF-8 path) in which secrets survive a restart. Off by default. Fails as kmsak_config says.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_cache_file(
    config: *mut kmsak_config,
    path: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_path(config, "cache_file", path) }
}
