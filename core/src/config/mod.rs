//! From a properties file, the environment or code to one validated [`Config`].

mod assemble;
mod builder;
mod client_key;
mod described;
mod description;
mod endpoint;
mod gateway;
pub(crate) mod identity;
mod identity_options;
mod keys;
mod limits;
mod lists;
mod options;
mod probe;
mod properties;
mod settings;
mod sources;
#[cfg(test)]
mod tests;
mod warnings;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use builder::Builder;
pub use description::EndpointDescription;
pub use gateway::Gateway;
pub use options::{Setting, SettingKind};

use crate::error::Result;
use crate::identity::IdentityConfig;
use crate::kms::GatewayKind;
use crate::rejection::Rejections;
use crate::transport::TransportConfig;

/// The properties file that is looked for where nobody names one.
const DEFAULT_FILE: &str = "managed_credentials_providers.properties";

/// The environment variable that names one.
const CONFIG_VARIABLE: &str = "KMSAK_CONFIG";

/// Everything a provider needs to know, checked. Made by [`Builder::build`]; holds no open file and no connection.
#[derive(Debug, Clone)]
pub struct Config {
    /// At least one; the order is the order of preference.
    pub(crate) endpoints: Vec<EndpointConfig>,
    /// Fetched at start, side by side.
    pub(crate) secret_names: Vec<String>,
    pub(crate) refresh: RefreshConfig,
    pub(crate) renewal: RenewalConfig,
    /// Bounds a fetch that somebody waits for, with its retries.
    pub(crate) fetch_deadline: Duration,
    /// How many processes share the account's quota.
    pub(crate) fleet_size: Option<u32>,
    /// A cached value older than this is an error when KMS cannot be reached; none: stale is better than nothing.
    pub(crate) max_stale: Option<Duration>,
    /// The encrypted cache file, if there is to be one.
    pub(crate) cache_file: Option<PathBuf>,
    /// What was odd but not wrong, such as unknown keys: to be logged when the provider starts.
    pub(crate) warnings: Vec<String>,
    /// What the User-Agent calls the language: `rust` unless a binding says otherwise.
    pub(crate) language: String,
}

impl Config {
    /// The configuration in a properties file; environment variables win over it, as with the
    /// official clients.
    ///
    /// # Errors
    /// [`Kind::Configuration`](crate::Kind::Configuration); see [`Builder::build`].
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self> {
        Builder::new().properties_file(path).environment().build()
    }

    /// The configuration in the environment, and in the properties file that its variable `KMSAK_CONFIG` names, or
    /// else in `managed_credentials_providers.properties` in the working directory, if there is one.
    ///
    /// # Errors
    /// [`Kind::Configuration`](crate::Kind::Configuration); see [`Builder::build`].
    pub fn from_usual_places() -> Result<Self> {
        Builder::new().usual_places().build()
    }

    /// For a provider that asks no KMS: every setting as by default, but that an AccessKey can be renewed without end.
    pub(crate) fn without_gateways() -> Self {
        Config {
            endpoints: Vec::new(),
            secret_names: Vec::new(),
            refresh: RefreshConfig {
                interval: limits::ROTATION_INTERVAL,
                delay: limits::DELAY_INTERVAL,
                jitter: limits::JITTER_INTERVAL,
            },
            renewal: RenewalConfig {
                deadline: limits::RENEW_DEADLINE,
                tokens: u32::MAX,
                refill: limits::RENEW_REFILL_INTERVAL,
                rejections: Rejections::usual(),
            },
            fetch_deadline: limits::FETCH_DEADLINE,
            fleet_size: None,
            max_stale: None,
            cache_file: None,
            warnings: Vec::new(),
            language: "rust".to_owned(),
        }
    }

    /// What is odd about the configuration but not wrong, such as unknown keys; one sentence each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// When a cached secret is fetched again.
#[derive(Debug, Clone)]
pub(crate) struct RefreshConfig {
    /// `rotation_interval`: 6 h by default.
    pub(crate) interval: Duration,
    /// `delay_interval`: how long after the rotation date to ask, 5 min by default.
    pub(crate) delay: Duration,
    /// The random part on top, drawn anew for each refresh: 30 min by default.
    pub(crate) jitter: Duration,
}

/// What happens after a rejected AccessKey.
#[derive(Debug, Clone)]
pub(crate) struct RenewalConfig {
    /// 10 s by default.
    pub(crate) deadline: Duration,
    /// Tokens in a secret's bucket: 5 by default.
    pub(crate) tokens: u32,
    /// One token comes back each 10 min by default.
    pub(crate) refill: Duration,
    /// The codes by which a cloud service says that it does not know an AccessKey.
    pub(crate) rejections: Rejections,
}

/// One gateway to ask.
#[derive(Debug, Clone)]
pub(crate) struct EndpointConfig {
    pub(crate) gateway: GatewayKind,
    /// `host` or `host:port`, without a scheme. None for an instance whose name is in its ClientKey.
    pub(crate) authority: Option<String>,
    pub(crate) region_id: Option<String>,
    /// Endpoints that share one identity share one `Arc`.
    pub(crate) identity: Arc<IdentityConfig>,
    pub(crate) transport: TransportConfig,
}
