//! RAM users and their AccessKeys.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::random_text;

/// A RAM user holds at most this many AccessKeys.
pub(crate) const MAX_ACCESS_KEYS: usize = 2;

/// A system policy that can be attached to a RAM user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// Every KMS action.
    AliyunKMSFullAccess,
    /// `GetSecretValue`, `DescribeSecret` and `ListSecrets`.
    AliyunKMSSecretUserAccess,
    /// Managing secrets, `RotateSecret` among others, and reading them.
    AliyunKMSSecretAdminAccess,
}

impl Policy {
    pub(crate) fn allows(self, action: &str) -> bool {
        match self {
            Self::AliyunKMSFullAccess | Self::AliyunKMSSecretAdminAccess => true,
            Self::AliyunKMSSecretUserAccess => action != "RotateSecret",
        }
    }
}

/// Whether the cloud accepts an AccessKey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessKeyStatus {
    /// It is accepted.
    Active,
    /// It is refused with `InvalidAccessKeyId.Inactive`.
    Inactive,
}

/// An AccessKey of a RAM user.
#[derive(Clone, Serialize, Deserialize)]
pub struct AccessKey {
    /// `LTAI...`
    pub id: String,
    /// The AccessKey secret.
    pub secret: String,
    /// Whether the cloud accepts it.
    pub status: AccessKeyStatus,
    /// When it was made, by the emulator's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
}

impl AccessKey {
    pub(crate) fn generate(now: OffsetDateTime) -> Self {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        Self {
            id: format!("LTAI5t{}", random_text(ALPHABET, 18)),
            secret: random_text(ALPHABET, 30),
            status: AccessKeyStatus::Active,
            created: now,
        }
    }
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKey")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

/// A RAM user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// The user's name.
    pub name: String,
    /// Its id, an 18-digit number.
    pub id: String,
    /// What it may do in KMS; STS and OSS are open to every user.
    pub policies: Vec<Policy>,
    /// Its AccessKeys, oldest first.
    pub access_keys: Vec<AccessKey>,
}

impl User {
    pub(crate) fn new(name: &str, policies: Vec<Policy>) -> Self {
        Self {
            name: name.to_owned(),
            id: format!("2{}", random_text(b"0123456789", 17)),
            policies,
            access_keys: Vec::new(),
        }
    }
}
