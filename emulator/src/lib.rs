//! An Alibaba Cloud KMS for development and tests.
//!
//! [`Emulator`] runs a KMS instance gateway, a shared gateway, an STS, the metadata service of an ECS instance and a
//! small OSS on ports of this machine (of its loopback address unless told otherwise), with real TLS, strict checks of every request and the error answers of the real
//! services. `kmsak emulator` is the same as a program.
//!
//! ```
//! use kmsak_emulator::{Emulator, Fault};
//! use std::time::Duration;
//!
//! let emulator = Emulator::start()?;
//! let folder = std::env::temp_dir().join(format!("kmsak-doc-{}", std::process::id()));
//! emulator.write_folder(&folder)?; // ClientKey, password, CA and a properties file for each identity
//! emulator.inject(Fault::error(500, "InternalFailure").times(1))?;
//! emulator.rotate("acs/ram/user/app", Duration::ZERO)?; // the old AccessKey is gone at once
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # Ok::<(), kmsak_emulator::Error>(())
//! ```
//!
//! At the start there is the RAM user `app` with the managed secret `acs/ram/user/app`, an application
//! access point `app` that may read every secret through both gateways, one ClientKey of it, and a RAM
//! user `operator` who may do everything in KMS. The RAM user `reader` may read every secret, and so may the RAM roles
//! `ecs-reader` (of the metadata service), `ram-reader` (for the RAM user `assumer`) and `oidc-reader` (for tokens of
//! the emulator's own OIDC issuer).

#![forbid(unsafe_code)]

mod access_point;
mod acs3_signature;
mod actiontrail;
mod admin;
mod arn;
mod authentication;
mod body;
mod builder;
mod call;
mod certificates;
mod client_key;
mod clock;
mod cloud;
mod config;
mod control;
mod document;
mod emulator;
mod encoding;
mod endpoint;
mod error;
mod faults;
mod folder;
mod gateway_instance;
mod identities;
mod ims;
mod journal;
mod kms;
mod messages;
mod metadata;
mod nonces;
mod oss;
mod product;
pub mod program;
mod pvtz;
mod ram;
mod refusal;
mod region;
mod request;
mod request_body;
mod resource_directory;
mod resource_sharing;
mod rotation;
mod rpc;
mod rpc_signature;
mod secrets;
mod server;
mod state;
mod storage;
mod sts;
mod vpc;
mod world;

pub use access_point::{AccessPoint, PermissionPolicy, Role, Scope};
pub use builder::Builder;
pub use certificates::WrongCertificate;
pub use client_key::{ClientKey, RegisteredClientKey};
pub use emulator::Emulator;
pub use endpoint::Endpoint;
pub use error::Error;
pub use faults::{ActiveFault, Fault, FaultId, FaultKind};
pub use folder::Folder;
pub use journal::{Counters, Event, Moments, RequestCount, RequestRecord, What};
pub use metadata::MetadataMode;
pub use ram::oidc_provider::{OidcClaims, OidcProvider};
pub use ram::policy::RamPolicy;
pub use ram::role::RamRole;
pub use ram::sts_token::StsToken;
pub use ram::trust::TrustPolicy;
pub use ram::user::{AccessKey, AccessKeyStatus, User};
pub use rotation::Rotation;
pub use secrets::{CURRENT, PREVIOUS, RunningRotation, Secret, SecretValue, SecretVersion};
pub use time::OffsetDateTime;

/// Text of `length` characters out of `alphabet`.
fn random_text(alphabet: &[u8], length: usize) -> String {
    use rand::RngExt as _;
    let mut random = rand::rng();
    (0..length).map(|_| char::from(alphabet[random.random_range(0..alphabet.len())])).collect()
}
