//! An AccessKey to ask with: fixed, or of a role and then with a token and an end.

use std::fmt;
use std::time::SystemTime;

use crate::error::{Error, Result};
use crate::process::protected::ProtectedBytes;

/// What signs requests with HMAC.
pub(crate) struct AccessKey {
    id: String,
    secret: ProtectedBytes,
    token: Option<ProtectedBytes>,
    /// The end, by the clock of whoever issued it. None for one that has none.
    pub(crate) expires: Option<SystemTime>,
    /// Where it comes from, as the official SDKs call it: `env`, `ecs_ram_role`, `ram_role_arn/static_ak`.
    pub(crate) origin: String,
}

/// Longer ids are nobody's.
const LONGEST_ID: usize = 256;

impl AccessKey {
    /// An empty `token` is none. `from` names the source in the error.
    ///
    /// # Errors
    /// When the parts cannot be those of an AccessKey.
    pub(crate) fn new(id: &str, secret: &str, token: &str, from: &str) -> Result<Self> {
        let wrong = |what: &str| {
            Error::configuration(format!("{from} {what}: check what stands there, without blanks or quotes"))
        };
        let id = id.trim();
        if id.is_empty() || secret.trim().is_empty() {
            return Err(wrong("gives no AccessKey id or no AccessKey secret"));
        }
        // Both go into headers.
        let fits = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if id.len() > LONGEST_ID || !fits(id) {
            return Err(wrong("gives an AccessKey id that is none"));
        }
        if !fits(token.trim()) {
            return Err(wrong("gives a security token that is none"));
        }
        Ok(AccessKey {
            id: id.to_owned(),
            secret: ProtectedBytes::copy_from(secret.trim().as_bytes()),
            token: (!token.trim().is_empty()).then(|| ProtectedBytes::copy_from(token.trim().as_bytes())),
            expires: None,
            origin: String::new(),
        })
    }

    pub(crate) fn until(mut self, expires: Option<SystemTime>) -> Self {
        self.expires = expires;
        self
    }

    pub(crate) fn from(mut self, origin: impl Into<String>) -> Self {
        self.origin = origin.into();
        self
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn secret(&self) -> &[u8] {
        self.secret.as_bytes()
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_ref().and_then(|token| std::str::from_utf8(token.as_bytes()).ok())
    }

    /// A copy, of the same origin and end.
    pub(crate) fn copy(&self) -> Self {
        AccessKey {
            id: self.id.clone(),
            secret: ProtectedBytes::copy_from(self.secret()),
            token: self.token.as_ref().map(|token| ProtectedBytes::copy_from(token.as_bytes())),
            expires: self.expires,
            origin: self.origin.clone(),
        }
    }

    /// Whether both sign alike.
    pub(crate) fn is_like(&self, other: &AccessKey) -> bool {
        self.id == other.id && self.secret() == other.secret() && self.token() == other.token()
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey")
            .field("id", &self.id)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
