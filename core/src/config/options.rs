//! The options in code by their names, for those who pass them on without knowing each.

use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::builder::Builder;
use super::gateway::Gateway;
use super::keys;
use super::settings::Value;
use crate::error::{Error, Result};
use crate::process::protected::ProtectedBytes;
use crate::shown::quoted;

/// What an option is set to.
#[non_exhaustive]
pub enum Setting<'a> {
    /// A text.
    Text(&'a str),
    /// Bytes, which may be secret and are copied into protected memory.
    Bytes(&'a [u8]),
    /// A path.
    Path(&'a Path),
    /// A length of time.
    Duration(Duration),
    /// A number.
    Count(u32),
    /// Yes or no.
    Flag(bool),
    /// A list of texts.
    Texts(&'a [&'a str]),
}

/// What sort of [`Setting`] an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingKind {
    /// [`Setting::Text`].
    Text,
    /// [`Setting::Bytes`].
    Bytes,
    /// [`Setting::Path`].
    Path,
    /// [`Setting::Duration`].
    Duration,
    /// [`Setting::Count`].
    Count,
    /// [`Setting::Flag`].
    Flag,
    /// [`Setting::Texts`].
    Texts,
}

use SettingKind::{Bytes, Count, Flag, Path as File, Text, Texts};

/// The options that say where settings come from.
const SOURCES: &[(&str, SettingKind)] =
    &[("properties_file", File), ("properties_text", Bytes), ("environment", Flag), ("usual_places", Flag)];

/// Every other option: its name, its key in a properties file, and what it takes.
const OPTIONS: &[(&str, &str, SettingKind)] = &[
    ("client_key_file", keys::CLIENT_KEY_PATH, File),
    ("client_key", keys::CLIENT_KEY_CONTENT, Bytes),
    ("client_key_password_file", keys::PASSWORD_PATH, File),
    ("client_key_password_env", keys::PASSWORD_ENV, Text),
    ("client_key_password", keys::PASSWORD, Bytes),
    ("credentials_type", keys::CREDENTIALS_TYPE, Text),
    ("access_key_id", keys::ACCESS_KEY_ID, Text),
    ("access_key_secret", keys::ACCESS_SECRET, Bytes),
    ("security_token", keys::SECURITY_TOKEN, Bytes),
    ("role_name", keys::ROLE_NAME, Text),
    ("role_arn", keys::ROLE_ARN, Text),
    ("role_session_name", keys::ROLE_SESSION_NAME, Text),
    ("role_session_duration", keys::DURATION_SECONDS, SettingKind::Duration),
    ("role_policy", keys::POLICY, Text),
    ("role_external_id", keys::EXTERNAL_ID, Text),
    ("role_source_type", keys::SOURCE_TYPE, Text),
    ("oidc_provider_arn", keys::OIDC_PROVIDER_ARN, Text),
    ("oidc_token_file", keys::OIDC_TOKEN_FILE_PATH, File),
    ("ecs_metadata_endpoint", keys::ECS_METADATA_ENDPOINT, Text),
    ("sts_region_id", keys::STS_REGION_ID, Text),
    ("sts_endpoint", keys::STS_ENDPOINT, Text),
    ("sts_ca_file", keys::STS_CA_FILE_PATH, File),
    ("secret_names", keys::SECRET_NAMES, Texts),
    ("rotation_interval", keys::ROTATION_INTERVAL, SettingKind::Duration),
    ("delay_interval", keys::DELAY_INTERVAL, SettingKind::Duration),
    ("jitter_interval", keys::JITTER_INTERVAL, SettingKind::Duration),
    ("fleet_size", keys::FLEET_SIZE, Count),
    ("connect_timeout", keys::CONNECT_TIMEOUT, SettingKind::Duration),
    ("read_timeout", keys::READ_TIMEOUT, SettingKind::Duration),
    ("http_proxy", keys::HTTP_PROXY, Text),
    ("https_proxy", keys::HTTPS_PROXY, Text),
    ("no_proxy", keys::NO_PROXY, Text),
    ("fetch_deadline", keys::FETCH_DEADLINE, SettingKind::Duration),
    ("renew_deadline", keys::RENEW_DEADLINE, SettingKind::Duration),
    ("renew_tokens", keys::RENEW_TOKENS, Count),
    ("renew_refill_interval", keys::RENEW_REFILL_INTERVAL, SettingKind::Duration),
    ("rejection_codes", keys::REJECTION_CODES, Texts),
    ("max_stale", keys::MAX_STALE, SettingKind::Duration),
    ("cache_file", keys::CACHE_FILE, File),
];

/// The options of a gateway.
const GATEWAY: &[(&str, SettingKind)] = &[
    ("region_id", Text),
    ("endpoint", Text),
    ("vpc", Flag),
    ("credentials_type", Text),
    ("client_key_file", File),
    ("client_key", Bytes),
    ("client_key_password_file", File),
    ("client_key_password_env", Text),
    ("client_key_password", Bytes),
    ("ca_file", File),
    ("ca", Bytes),
    ("ignore_ssl_certs", Flag),
    ("connect_timeout", SettingKind::Duration),
    ("read_timeout", SettingKind::Duration),
    ("http_proxy", Text),
    ("https_proxy", Text),
    ("no_proxy", Text),
];

/// What the setting `key` is called in code.
pub(super) fn in_code(key: &str) -> &str {
    OPTIONS.iter().find(|(_, known, _)| *known == key).map_or(key, |(name, ..)| name)
}

fn no_such(name: &str, known: impl Iterator<Item = (&'static str, SettingKind)>) -> Error {
    let names: Vec<&str> = known.map(|(name, _)| name).collect();
    let meant =
        keys::nearest(name, &names).map_or_else(String::new, |meant| format!(": did you mean {meant}?"));
    Error::configuration(format!("there is no option {}{meant}", quoted(name)))
}

fn other_kind(name: &str, kind: SettingKind) -> Error {
    Error::configuration(format!("{name} is of another type: expected {}", kind.expected()))
}

impl SettingKind {
    fn expected(self) -> &'static str {
        match self {
            SettingKind::Text => "a text",
            SettingKind::Bytes => "bytes",
            SettingKind::Path => "a path",
            SettingKind::Duration => "a length of time",
            SettingKind::Count => "a whole number",
            SettingKind::Flag => "true or false",
            SettingKind::Texts => "a list of texts",
        }
    }
}

impl Builder {
    /// All options that [`Builder::set`] knows, by the names that they have in every language, with what they take.
    pub fn options() -> impl Iterator<Item = (&'static str, SettingKind)> {
        SOURCES.iter().copied().chain(OPTIONS.iter().map(|(name, _, kind)| (*name, *kind)))
    }

    /// Any option by its name, which is that of the method here: for those who pass options on without knowing each.
    ///
    /// # Errors
    /// [`Kind::Configuration`](crate::Kind::Configuration) where there is no such option, or it takes something else. Values are
    /// checked by [`Builder::build`].
    pub fn set(self, name: &str, setting: Setting<'_>) -> Result<Self> {
        if let Some((_, kind)) = SOURCES.iter().find(|(known, _)| *known == name) {
            return Ok(match (name, setting) {
                ("properties_file", Setting::Path(path)) => self.properties_file(path),
                ("properties_text", Setting::Bytes(text)) => self.properties_text(text, None),
                ("environment", Setting::Flag(true)) => self.environment(),
                ("usual_places", Setting::Flag(true)) => self.usual_places(),
                ("environment" | "usual_places", Setting::Flag(false)) => self,
                _ => return Err(other_kind(name, *kind)),
            });
        }
        let Some((_, key, kind)) = OPTIONS.iter().find(|(known, ..)| *known == name) else {
            return Err(no_such(name, Builder::options()));
        };
        let text = |text: String| Value::Text(Zeroizing::new(text));
        let value = match (kind, setting) {
            (SettingKind::Text, Setting::Text(given)) => text(given.to_owned()),
            (SettingKind::Bytes, Setting::Bytes(bytes)) => Value::Bytes(ProtectedBytes::copy_from(bytes)),
            (SettingKind::Path, Setting::Path(path)) => Value::Path(PathBuf::from(path)),
            (SettingKind::Duration, Setting::Duration(length)) => duration(key, length),
            (SettingKind::Count, Setting::Count(number)) => text(number.to_string()),
            (SettingKind::Texts, Setting::Texts(items)) => list(items.iter().map(|item| (*item).to_owned())),
            _ => return Err(other_kind(name, *kind)),
        };
        Ok(self.put(key, value))
    }
}

/// Blank text would count as not given, and a file's list in its place.
pub(super) fn list(items: impl Iterator<Item = String>) -> Value {
    let text = items.collect::<Vec<_>>().join(",");
    Value::Text(Zeroizing::new(if text.is_empty() { ",".to_owned() } else { text }))
}

/// The one key that is in seconds is text, which is checked as that of a file is.
pub(super) fn duration(key: &str, length: Duration) -> Value {
    if key != keys::DURATION_SECONDS {
        return Value::Duration(length);
    }
    let whole = length.subsec_nanos() == 0;
    Value::Text(Zeroizing::new(if whole { length.as_secs().to_string() } else { format!("{length:?}") }))
}

impl Gateway {
    /// All options that [`Gateway::set`] knows, with what they take.
    pub fn options() -> impl Iterator<Item = (&'static str, SettingKind)> {
        GATEWAY.iter().copied()
    }

    /// Any option by its name, as [`Builder::set`].
    ///
    /// # Errors
    /// As for [`Builder::set`].
    pub fn set(self, name: &str, setting: Setting<'_>) -> Result<Self> {
        Ok(match (name, setting) {
            ("region_id", Setting::Text(id)) => self.region_id(id),
            ("endpoint", Setting::Text(endpoint)) => self.endpoint(endpoint),
            ("vpc", Setting::Flag(vpc)) => self.vpc(vpc),
            ("credentials_type", Setting::Text(given)) => self.credentials_type(given),
            ("client_key_file", Setting::Path(path)) => self.client_key_file(path),
            ("client_key", Setting::Bytes(json)) => self.client_key(json),
            ("client_key_password_file", Setting::Path(path)) => self.client_key_password_file(path),
            ("client_key_password_env", Setting::Text(variable)) => self.client_key_password_env(variable),
            ("client_key_password", Setting::Bytes(password)) => self.client_key_password(password),
            ("ca_file", Setting::Path(path)) => self.ca_file(path),
            ("ca", Setting::Bytes(pem)) => self.ca(pem),
            ("ignore_ssl_certs", Setting::Flag(ignore)) => self.ignore_ssl_certs(ignore),
            ("connect_timeout", Setting::Duration(timeout)) => self.connect_timeout(timeout),
            ("read_timeout", Setting::Duration(timeout)) => self.read_timeout(timeout),
            ("http_proxy", Setting::Text(proxy)) => self.http_proxy(proxy),
            ("https_proxy", Setting::Text(proxy)) => self.https_proxy(proxy),
            ("no_proxy", Setting::Text(hosts)) => self.no_proxy(hosts),
            (name, _) => {
                let known = GATEWAY.iter().find(|(known, _)| *known == name);
                return Err(known
                    .map_or_else(|| no_such(name, Gateway::options()), |(_, kind)| other_kind(name, *kind)));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a properties file has and code has not, with the reason.
    const IN_FILES_ALONE: &[(&str, &str)] = &[
        (keys::REGIONS, "gateways are objects in code"),
        (keys::INSTANCES, "gateways are objects in code"),
        (keys::REFRESH_SECRET_TTL, "the Go client's word for rotation_interval"),
        (keys::MONITOR_PERIOD, "the official clients'; it changes nothing here"),
        (keys::MONITOR_CUSTOMER, "the official clients'; it changes nothing here"),
        (keys::ACCESS_TOKEN_ID, "the official clients' other word for an AccessKey"),
        (keys::ACCESS_TOKEN, "the official clients' other word for an AccessKey"),
        (keys::CREDENTIALS_STS_ENDPOINT, "another word for sts_endpoint"),
        (keys::OIDC_DURATION_SECONDS, "another word for credentials_duration_seconds"),
        (keys::OIDC_STS_REGION_ID, "another word for credentials_sts_region_id"),
        (keys::OIDC_STS_ENDPOINT, "another word for sts_endpoint"),
    ];

    #[test]
    fn every_key_is_an_option_or_has_a_reason_not_to_be() {
        for key in keys::ALL {
            let in_code = OPTIONS.iter().any(|(_, known, _)| known == key);
            let excused = IN_FILES_ALONE.iter().any(|(known, _)| known == key);
            assert!(in_code != excused, "{key}: make it an option, or say why it is none");
        }
        for (name, key, _) in OPTIONS {
            assert!(keys::ALL.contains(key), "{name} is no setting of a file");
        }
    }

    fn some_of(kind: SettingKind) -> Setting<'static> {
        match kind {
            SettingKind::Text => Setting::Text("t"),
            SettingKind::Bytes => Setting::Bytes(b"b"),
            SettingKind::Path => Setting::Path(Path::new("p")),
            SettingKind::Duration => Setting::Duration(Duration::from_secs(900)),
            SettingKind::Count => Setting::Count(1),
            SettingKind::Flag => Setting::Flag(true),
            SettingKind::Texts => Setting::Texts(&["t"]),
        }
    }

    #[test]
    fn each_option_takes_what_it_says_and_nothing_else() {
        let all = [Text, Bytes, File, SettingKind::Duration, Count, Flag, Texts];
        for (name, kind) in Builder::options() {
            for given in all {
                let set = Builder::new().set(name, some_of(given));
                assert_eq!(set.is_ok(), given == kind, "{name}: {given:?}");
            }
        }
        for (name, kind) in Gateway::options() {
            for given in all {
                let set = Gateway::instance().set(name, some_of(given));
                assert_eq!(set.is_ok(), given == kind, "{name}: {given:?}");
            }
        }
    }

    #[test]
    fn an_option_that_is_none_is_told_with_the_one_that_was_meant() {
        let error = Builder::new().set("rotation_intervall", Setting::Text("1")).unwrap_err();
        assert_eq!(
            error.message(),
            "there is no option \"rotation_intervall\": did you mean rotation_interval?"
        );
        let error = Gateway::instance().set("regionid", Setting::Text("cn-hangzhou")).unwrap_err();
        assert!(error.message().ends_with("did you mean region_id?"), "{error}");
        let error = Builder::new().set("vpc", Setting::Flag(true)).unwrap_err();
        assert_eq!(error.message(), "there is no option \"vpc\"");
        let error = Builder::new().set("max_stale", Setting::Text("1")).unwrap_err();
        assert_eq!(error.message(), "max_stale is of another type: expected a length of time");
    }
}
