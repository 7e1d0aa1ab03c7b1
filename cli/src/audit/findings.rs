//! What an audit tells.

use std::time::SystemTime;

/// What sort of finding. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An AccessKey that has not been used for too long.
    Idle,
    /// An AccessKey that is too old.
    Unrotated,
    /// A secret without rotation.
    SecretNotRotated,
    /// A secret that KMS cannot rotate.
    RotationBroken,
    /// An access point that the whole Internet may ask through.
    OpenToInternet,
    /// A ClientKey near its end, or past it.
    ClientKeyEnding,
    /// An account that could not be looked at.
    NotAudited,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Idle => "idle",
            Kind::Unrotated => "unrotated",
            Kind::SecretNotRotated => "secret_not_rotated",
            Kind::RotationBroken => "rotation_broken",
            Kind::OpenToInternet => "open_to_internet",
            Kind::ClientKeyEnding => "client_key_ending",
            Kind::NotAudited => "not_audited",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    pub(super) account: String,
    pub(super) subject: String,
    /// A sentence.
    pub(super) what: String,
}

/// An AccessKey, from whichever source.
#[derive(Clone, Debug)]
pub(super) struct AuditedKey {
    pub(super) account: String,
    pub(super) user: String,
    /// The credential report does not tell it.
    pub(super) id: Option<String>,
    pub(super) active: bool,
    /// When it was made: a rotation makes another.
    pub(super) created: Option<SystemTime>,
    pub(super) last_used: Option<SystemTime>,
    /// Whether KMS rotates this user's AccessKeys.
    pub(super) hosted: bool,
}

impl AuditedKey {
    /// As the credential report calls it.
    pub(super) fn is_of_the_account(&self) -> bool {
        self.user == "<root>"
    }

    pub(super) fn title(&self) -> String {
        match &self.id {
            Some(id) => format!("AccessKey {id} of {}", self.user),
            None => format!("an AccessKey of {}", self.user),
        }
    }
}
