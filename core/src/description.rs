//! What kmsak has in every language, as data. tests/conformance compares each binding with it, so that nothing is forgotten in
//! one of them.

use crate::config::{Builder, Gateway, SettingKind};
use crate::error::Kind;
use crate::event::Event;
use crate::field::{FieldDescription, FieldKind, Row};
use crate::identity::IdentityInfo;
use crate::stats::{ClientKeyStats, EndpointStats, SecretStats, Stats};

/// A name, and what belongs to it.
pub type Described = (&'static str, Vec<FieldDescription>);

/// The events by name.
#[must_use]
pub fn events() -> Vec<Described> {
    Event::all()
}

/// The statistics: `stats`, and the rows of each list in it by the name of one.
#[must_use]
pub fn stats() -> Vec<Described> {
    vec![
        ("stats", Stats::described()),
        ("secret_stats", SecretStats::described()),
        ("endpoint_stats", EndpointStats::described()),
        ("client_key_stats", ClientKeyStats::described()),
        ("identity_info", IdentityInfo::described()),
    ]
}

/// The options of a provider, besides its gateways and settings as properties.
#[must_use]
pub fn options() -> Vec<(&'static str, SettingKind)> {
    Builder::options().collect()
}

/// The options of a gateway.
#[must_use]
pub fn gateway_options() -> Vec<(&'static str, SettingKind)> {
    Gateway::options().collect()
}

/// The kinds of failures.
#[must_use]
pub fn error_kinds() -> Vec<&'static str> {
    Kind::ALL.iter().map(|kind| kind.as_str()).collect()
}

/// The parts of an error.
pub const ERROR: &[FieldDescription] = &[
    FieldDescription::always("kind", FieldKind::Text),
    FieldDescription::maybe("code", FieldKind::Text),
    FieldDescription::maybe("request_id", FieldKind::Text),
    FieldDescription::always("retryable", FieldKind::Flag),
    FieldDescription::always("message", FieldKind::Text),
    FieldDescription::maybe("http_status", FieldKind::Count),
    FieldDescription::maybe("cause", FieldKind::Text),
    FieldDescription::maybe("os_code", FieldKind::Count),
];

/// What can be read off a [`Secret`](crate::Secret).
pub const SECRET: &[FieldDescription] = &[
    FieldDescription::always("name", FieldKind::Text),
    FieldDescription::always("secret_type", FieldKind::Text),
    FieldDescription::maybe("text", FieldKind::Text),
    FieldDescription::always("bytes", FieldKind::Bytes),
    FieldDescription::always("is_binary", FieldKind::Flag),
    FieldDescription::always("version_id", FieldKind::Text),
    FieldDescription::always("version_stages", FieldKind::Texts),
    FieldDescription::maybe("create_time", FieldKind::Text),
    FieldDescription::always("request_id", FieldKind::Text),
    FieldDescription::maybe("last_rotation_date", FieldKind::Time),
    FieldDescription::maybe("next_rotation_date", FieldKind::Time),
    FieldDescription::maybe("rotation_interval", FieldKind::Duration),
    FieldDescription::maybe("automatic_rotation", FieldKind::Text),
    FieldDescription::maybe("extended_config", FieldKind::Text),
];

/// What can be read off [`Credentials`](crate::Credentials).
pub const CREDENTIALS: &[FieldDescription] = &[
    FieldDescription::always("access_key_id", FieldKind::Text),
    FieldDescription::always("access_key_secret", FieldKind::Text),
    FieldDescription::always("version_id", FieldKind::Text),
    FieldDescription::always("secret", FieldKind::Rows),
    FieldDescription::maybe("generate_timestamp", FieldKind::Text),
    FieldDescription::maybe("expire_timestamp", FieldKind::Text),
    FieldDescription::maybe("refresh_interval", FieldKind::Duration),
    FieldDescription::maybe("schedule_rotate_timestamp", FieldKind::Time),
];

/// What a provider does.
pub const PROVIDER: &[&str] = &[
    "from_file",
    "from_env",
    "builder",
    "fixed",
    "credentials",
    "cached_credentials",
    "secret",
    "secret_at_stage",
    "renew",
    "refresh",
    "call",
    "is_rejection",
    "subscribe",
    "stats",
    "start_warnings",
    "close",
    "is_closed",
];
