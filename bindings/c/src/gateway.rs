//! One KMS gateway of a configuration.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kmsak_core::{Gateway, Setting};

use crate::arguments::text;
use crate::boundary::guard;
use crate::error::kmsak_error;
use crate::options::{Options, set, set_bytes, set_path, set_text};
use crate::status::kmsak_status;

/// A KMS gateway to ask, for kmsak_config_gateway. What is left out is taken from the configuration's own settings, and the
/// endpoint of an instance from its ClientKey. Values are checked when the provider is opened.
///
/// A function that sets something copies what it is given and answers KMSAK_OK, or KMSAK_INVALID_ARGUMENT when a pointer is
/// NULL or a text is not UTF-8; so it does after a call that failed. kmsak_config_gateway then fails with the first reason, so
/// that you need not check each call. Any thread may use a gateway.
pub struct kmsak_gateway(Mutex<Result<Gateway, kmsak_error>>);

impl kmsak_gateway {
    fn hand_out(gateway: Result<Gateway, kmsak_error>) -> *mut kmsak_gateway {
        Box::into_raw(Box::new(kmsak_gateway(Mutex::new(gateway))))
    }

    pub(crate) fn gateway(&self) -> Result<Gateway, kmsak_error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Options for kmsak_gateway {
    const NAME: &'static str = "gateway";

    fn set(&self, name: &'static str, setting: Result<Setting<'_>, kmsak_error>) -> Result<(), kmsak_error> {
        let mut gateway = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *gateway = gateway.clone().and_then(|gateway| Ok(gateway.set(name, setting?)?));
        gateway.as_ref().map(|_| ()).map_err(Clone::clone)
    }
}

/// The gateway of a KMS instance, reached inside its VPC.
///
/// Yours to free with kmsak_gateway_free. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn kmsak_gateway_instance() -> *mut kmsak_gateway {
    guard(ptr::null_mut(), || kmsak_gateway::hand_out(Ok(Gateway::instance())))
}

/// The shared gateway of a region such as `cn-hangzhou` (UTF-8), reached over the Internet unless kmsak_gateway_vpc or
/// kmsak_gateway_endpoint say otherwise. With a region that is NULL or not UTF-8, opening the provider fails.
///
/// Yours to free with kmsak_gateway_free. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_shared(region_id: *const c_char) -> *mut kmsak_gateway {
    guard(ptr::null_mut(), || {
        // SAFETY: the caller passes NULL or a string.
        kmsak_gateway::hand_out(unsafe { text(region_id, "region_id") }.map(Gateway::shared))
    })
}

/// Frees a gateway; a configuration that was given it keeps a copy. NULL is allowed. No other thread may use it at that
/// time, or later.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_free(gateway: *mut kmsak_gateway) {
    guard((), || {
        if !gateway.is_null() {
            // SAFETY: the caller hands back what a kmsak function gave, once.
            drop(unsafe { Box::from_raw(gateway) });
        }
    });
}

/// The region id, such as `cn-hangzhou` (UTF-8). Fails as kmsak_gateway says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_region_id(
    gateway: *mut kmsak_gateway,
    region_id: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(gateway, "region_id", region_id) }
}

/// `host` or `host:port` (UTF-8). Fails as kmsak_gateway says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_endpoint(
    gateway: *mut kmsak_gateway,
    endpoint: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(gateway, "endpoint", endpoint) }
}

/// Whether to reach the shared gateway from inside a VPC, at `kms-vpc.<region>.aliyuncs.com`. Fails as kmsak_gateway
/// says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_vpc(gateway: *mut kmsak_gateway, vpc: bool) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(gateway, "vpc", Setting::Flag(vpc)) }
}

/// Who asks this gateway, as kmsak_config_credentials_type has it for all (UTF-8). Fails as kmsak_gateway says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_credentials_type(
    gateway: *mut kmsak_gateway,
    credentials_type: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(gateway, "credentials_type", credentials_type) }
}

/// This gateway's own ClientKey file (UTF-8). Fails as kmsak_gateway says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_client_key_file(
    gateway: *mut kmsak_gateway,
    path: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_path(gateway, "client_key_file", path) }
}

/// The content of this gateway's own ClientKey file: `length` bytes, copied into protected memory. Fails as
/// kmsak_gateway says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_client_key(
    gateway: *mut kmsak_gateway,
    json: *const c_void,
    length: usize,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_bytes(gateway, "client_key", json, length) }
}

/// The file with the password of this gateway's ClientKey (UTF-8). Fails as kmsak_gateway says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_client_key_password_file(
    gateway: *mut kmsak_gateway,
    path: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_path(gateway, "client_key_password_file", path) }
}

/// The name of the environment variable with the password of this gateway's ClientKey (UTF-8). Fails as kmsak_gateway
/// says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_client_key_password_env(
    gateway: *mut kmsak_gateway,
    client_key_password_env: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(gateway, "client_key_password_env", client_key_password_env) }
}

/// The password of this gateway's ClientKey: `length` bytes, copied into protected memory. Fails as kmsak_gateway says.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_client_key_password(
    gateway: *mut kmsak_gateway,
    password: *const c_void,
    length: usize,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_bytes(gateway, "client_key_password", password, length) }
}

/// A file of PEM certificates to trust instead of the public CAs (UTF-8). Fails as kmsak_gateway says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_ca_file(
    gateway: *mut kmsak_gateway,
    path: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_path(gateway, "ca_file", path) }
}

/// PEM certificates to trust instead of the public CAs: `length` bytes. Fails as kmsak_gateway says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_ca(
    gateway: *mut kmsak_gateway,
    pem: *const c_void,
    length: usize,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_bytes(gateway, "ca", pem, length) }
}

/// `true` switches verification of the peer off: whoever answers at the endpoint's address is believed. Warned about at
/// each start. Fails as kmsak_gateway says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_ignore_ssl_certs(
    gateway: *mut kmsak_gateway,
    ignore_ssl_certs: bool,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(gateway, "ignore_ssl_certs", Setting::Flag(ignore_ssl_certs)) }
}

/// How many milliseconds a connection may take to be made, up to 10 min. Fails as kmsak_gateway says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_connect_timeout_ms(
    gateway: *mut kmsak_gateway,
    milliseconds: u64,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(gateway, "connect_timeout", Setting::Duration(Duration::from_millis(milliseconds))) }
}

/// How many milliseconds the answer may take once the request is sent, up to 10 min. Fails as kmsak_gateway says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_read_timeout_ms(
    gateway: *mut kmsak_gateway,
    milliseconds: u64,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(gateway, "read_timeout", Setting::Duration(Duration::from_millis(milliseconds))) }
}

/// Has no effect: it is for plain HTTP, which KMS does not speak. Checked all the same, as the official clients'
/// configuration has it (UTF-8). Fails as kmsak_gateway says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_http_proxy(
    gateway: *mut kmsak_gateway,
    http_proxy: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(gateway, "http_proxy", http_proxy) }
}

/// The proxy to reach KMS through, `http://[user:password@]host:port` (UTF-8). Fails as kmsak_gateway says.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_https_proxy(
    gateway: *mut kmsak_gateway,
    https_proxy: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(gateway, "https_proxy", https_proxy) }
}

/// Hosts, domains and networks, separated by commas, that are reached without a proxy (UTF-8). Fails as kmsak_gateway
/// says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_gateway_no_proxy(
    gateway: *mut kmsak_gateway,
    no_proxy: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(gateway, "no_proxy", no_proxy) }
}
