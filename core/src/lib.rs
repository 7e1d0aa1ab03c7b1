//! Managed Alibaba Cloud AccessKeys for applications.
//!
//! An application holds a *ClientKey* (a PKCS#12 private key and its password) and the name of a managed RAM
//! secret. [`Provider`] fetches the secret from KMS, caches it, follows its rotations and hands out the AccessKey
//! of the hour.
//!
//! ```no_run
//! let provider = kmsak::Provider::from_file("managed_credentials_providers.properties")?;
//! let credentials = provider.credentials("acs/ram/user/app")?;
//! use_it(credentials.access_key_id(), credentials.access_key_secret());
//! # fn use_it(_: &str, _: &str) {}
//! # Ok::<(), kmsak::Error>(())
//! ```

mod backoff;
mod c_text;
mod cache;
mod cache_file;
mod client_key;
mod client_key_expiry;
mod client_key_in_use;
mod config;
mod date;
mod endpoint;
mod engine;
mod environment;
mod error;
mod event;
#[cfg(test)]
mod expiry_tests;
mod fetch;
mod file_watch;
#[cfg(any(test, feature = "fleet-simulation"))]
#[doc(hidden)]
pub mod fleet;
mod fork;
mod gateway;
mod keeper;
mod live;
mod lock;
mod logs;
mod pending;
mod probe;
mod protected;
mod provider;
mod rejection;
mod schedule;
mod secret;
mod skew;
mod stats;
mod token_bucket;
mod transport;
#[cfg(test)]
mod virtual_kms;
#[cfg(test)]
mod year_tests;

pub use client_key::ClientKeyInfo;
pub use config::{Builder, Config, EndpointDescription, Gateway};
pub use date::parse_date;
pub use engine::never_unloaded;
pub use error::{Error, Kind, Result};
pub use event::{Event, Subscription};
pub use fork::generation as process_generation;
pub use logs::{LogLevel, forward_logs};
pub use pending::Pending;
pub use probe::Probe;
pub use provider::{Provider, ServiceError};
pub use rejection::is_rejection;
pub use secret::{Credentials, Secret};
pub use stats::{ClientKeyStats, EndpointStats, SecretStats, Stats};
