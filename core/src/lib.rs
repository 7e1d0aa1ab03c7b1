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

mod asn1;
mod certificate;
mod config;
mod date;
pub mod description;
mod error;
mod event;
mod field;
mod fixed;
mod identity;
mod kms;
mod lenient_json;
#[doc(hidden)]
pub mod openapi;
mod pending;
mod process;
mod provider;
mod rejection;
mod secret;
mod shown;
#[cfg(any(test, feature = "fleet-simulation"))]
#[doc(hidden)]
pub mod simulation;
mod stats;
mod transport;
mod upkeep;

pub use config::{Builder, Config, EndpointDescription, Gateway, Setting, SettingKind};
pub use date::parse_date;
pub use error::{Error, Kind, Result};
pub use event::{Event, Subscription};
pub use field::{FieldDescription, FieldKind, FieldValue, Fields, camel_case};
pub use fixed::Fixed;
pub use identity::IdentityInfo;
pub use identity::client_key::ClientKeyInfo;
pub use pending::Pending;
pub use process::engine::{never_unloaded, start_thread};
pub use process::fork::generation as process_generation;
pub use process::log_backlog::{LogBacklog, LogPlace};
pub use process::logs::{LogLevel, forward_logs};
pub use provider::{Provider, ServiceError};
pub use rejection::is_rejection;
pub use secret::{Credentials, Secret};
pub use stats::{ClientKeyStats, EndpointStats, SecretStats, Stats};
pub use transport::Probe;
