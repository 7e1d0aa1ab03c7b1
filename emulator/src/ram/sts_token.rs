//! The tokens that STS and the metadata service give out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::error::Error;
use crate::journal::What;
use crate::random_text;
use crate::state::State;

/// So long an expired token is still known, and said to be expired.
const KEPT: Duration = Duration::days(1);
/// A client in a loop must not fill the memory.
const MOST: usize = 10_000;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The tokens, by the id of their AccessKey.
pub(crate) type StsTokens = BTreeMap<String, StsToken>;

/// A temporary AccessKey with its security token: an assumed RAM role.
#[derive(Clone, Serialize, Deserialize)]
pub struct StsToken {
    /// `STS....`
    pub access_key_id: String,
    /// The AccessKey secret.
    pub access_key_secret: String,
    /// What must go with each request beside the two.
    pub security_token: String,
    /// The role.
    pub role: String,
    /// What who assumed the role called the session.
    pub session_name: String,
    /// The policy that narrows this session, if one was asked for.
    pub policy: Option<String>,
    /// When it was given out, by the emulator's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub issued: OffsetDateTime,
    /// When it ends, by the emulator's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub expiration: OffsetDateTime,
}

impl std::fmt::Debug for StsToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StsToken")
            .field("access_key_id", &self.access_key_id)
            .field("role", &self.role)
            .field("session_name", &self.session_name)
            .field("expiration", &self.expiration)
            .finish_non_exhaustive()
    }
}

impl State {
    /// Gives out a token for a role, whoever asks.
    pub(crate) fn issue_sts_token(
        &mut self,
        role: &str,
        session_name: &str,
        policy: Option<&str>,
        duration: Duration,
        now: OffsetDateTime,
        happened: &mut Vec<(OffsetDateTime, What)>,
    ) -> Result<StsToken, Error> {
        let role = self.role_called(role).ok_or_else(|| Error::not_found("RAM role", role))?.name.clone();
        let token = StsToken {
            access_key_id: format!("STS.N{}", random_text(ALPHABET, 24)),
            access_key_secret: random_text(ALPHABET, 44),
            security_token: format!("CAIS{}", random_text(ALPHABET, 600)),
            role,
            session_name: session_name.to_owned(),
            policy: policy.map(str::to_owned),
            issued: now,
            // Whole seconds are all that can be told, and it ends when its holder was told.
            expiration: (now + duration).replace_nanosecond(0).unwrap_or(now),
        };
        self.sts_tokens.retain(|_, one| one.expiration + KEPT > now);
        if self.sts_tokens.len() >= MOST
            && let Some(oldest) = self.sts_tokens.values().min_by_key(|one| one.expiration)
        {
            let oldest = oldest.access_key_id.clone();
            self.sts_tokens.remove(&oldest);
        }
        self.sts_tokens.insert(token.access_key_id.clone(), token.clone());
        happened.push((
            now,
            What::StsTokenIssued {
                role: token.role.clone(),
                session_name: token.session_name.clone(),
                access_key_id: token.access_key_id.clone(),
                expiration: token.expiration,
            },
        ));
        Ok(token)
    }

    /// Ends tokens before their time: all, or those of one role.
    pub(crate) fn expire_sts_tokens(&mut self, role: Option<&str>, now: OffsetDateTime) {
        for token in self.sts_tokens.values_mut() {
            if role.is_none_or(|role| role == token.role) {
                token.expiration = token.expiration.min(now);
            }
        }
    }
}
