//! Who asks, in a configuration from code.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use kmsak_core::Setting;

use crate::config::kmsak_config;
use crate::options::{set, set_bytes, set_path, set_text};
use crate::status::kmsak_status;

/// Who asks the gateways that have no ClientKey of their own: `client_key`, or in its place `ak`, `sts`, `ram_role`,
/// `ecs_ram_role`, `oidc_role_arn` or `default`, the chain of the official SDKs (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_credentials_type(
    config: *mut kmsak_config,
    credentials_type: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "credentials_type", credentials_type) }
}

/// The id of the AccessKey that asks (`ak`, `sts`), or that assumes the role (`ram_role`; UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_access_key_id(
    config: *mut kmsak_config,
    access_key_id: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "access_key_id", access_key_id) }
}

/// The secret of that AccessKey: `length` bytes, copied into protected memory. Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_access_key_secret(
    config: *mut kmsak_config,
    secret: *const c_void,
    length: usize,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_bytes(config, "access_key_secret", secret, length) }
}

/// The security token that belongs to the AccessKey, for `sts`: `length` bytes, copied into protected memory. Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_security_token(
    config: *mut kmsak_config,
    token: *const c_void,
    length: usize,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_bytes(config, "security_token", token, length) }
}

/// The name of the ECS instance's RAM role, for `ecs_ram_role`; the metadata service names it where this does not (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_role_name(
    config: *mut kmsak_config,
    role_name: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "role_name", role_name) }
}

/// The ARN of the role to assume, for `ram_role` and `oidc_role_arn` (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_role_arn(
    config: *mut kmsak_config,
    role_arn: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "role_arn", role_arn) }
}

/// What the role's session is called in the audit trail, for `ram_role` and `oidc_role_arn` (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_role_session_name(
    config: *mut kmsak_config,
    role_session_name: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "role_session_name", role_session_name) }
}

/// How many milliseconds an assumed role's token lasts: an hour unless told, in whole seconds from 15 min to 12 h. Fails as
/// kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_role_session_duration_ms(
    config: *mut kmsak_config,
    milliseconds: u64,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives.
    unsafe { set(config, "role_session_duration", Setting::Duration(Duration::from_millis(milliseconds))) }
}

/// A RAM policy, as JSON, that narrows what an assumed role may do (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_role_policy(
    config: *mut kmsak_config,
    role_policy: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "role_policy", role_policy) }
}

/// The external id that the role's trust policy asks for, for `ram_role` (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_role_external_id(
    config: *mut kmsak_config,
    role_external_id: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "role_external_id", role_external_id) }
}

/// Who assumes the role, for `ram_role`: `ak` unless told, `ecs_ram_role`, `oidc_role_arn` or `default` (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_role_source_type(
    config: *mut kmsak_config,
    role_source_type: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "role_source_type", role_source_type) }
}

/// The ARN of the OIDC identity provider, for `oidc_role_arn`; that of the environment where this names none (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_oidc_provider_arn(
    config: *mut kmsak_config,
    oidc_provider_arn: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "oidc_provider_arn", oidc_provider_arn) }
}

/// The file with the OIDC token, which is read anew each time, for `oidc_role_arn`; that of the environment where this names
/// none (UTF-8 path). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_oidc_token_file(
    config: *mut kmsak_config,
    path: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_path(config, "oidc_token_file", path) }
}

/// Where an ECS instance asks for its role: `http://100.100.100.200` unless told (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_ecs_metadata_endpoint(
    config: *mut kmsak_config,
    ecs_metadata_endpoint: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "ecs_metadata_endpoint", ecs_metadata_endpoint) }
}

/// The region whose STS is asked for a role (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_sts_region_id(
    config: *mut kmsak_config,
    sts_region_id: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "sts_region_id", sts_region_id) }
}

/// The STS to ask for a role, `host` or `host:port`; it wins over the region (UTF-8). Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_sts_endpoint(
    config: *mut kmsak_config,
    sts_endpoint: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_text(config, "sts_endpoint", sts_endpoint) }
}

/// A file of PEM certificates (UTF-8 path) to trust instead of the public CAs where STS is asked. Fails as kmsak_config says. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kmsak_config_sts_ca_file(
    config: *mut kmsak_config,
    path: *const c_char,
) -> kmsak_status {
    // SAFETY: the caller passes NULL or what lives, here and below.
    unsafe { set_path(config, "sts_ca_file", path) }
}
