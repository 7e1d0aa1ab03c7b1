//! RAM roles.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::error::Error;
use crate::ram::trust::TrustPolicy;
use crate::ram::user::new_id;
use crate::state::State;

/// The longest that STS gives a token for, unless the role allows more.
const DEFAULT_SESSION: i64 = 3600;
/// The longest that a role may allow.
const LONGEST_SESSION: i64 = 43_200;

/// A RAM role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RamRole {
    /// Its name.
    pub name: String,
    /// Its id, an 18-digit number.
    pub id: String,
    /// Who may assume it.
    pub trust: TrustPolicy,
    /// The names of its policies.
    pub policies: Vec<String>,
    /// For how long a token may be asked for, in seconds: 3600 to 43200.
    pub max_session_seconds: i64,
    /// When it was made, by the emulator's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    /// What it is for.
    #[serde(default)]
    pub description: String,
}

impl State {
    pub(crate) fn create_role(
        &mut self,
        name: &str,
        trust: &TrustPolicy,
        policies: &[String],
        max_session: Option<Duration>,
        now: OffsetDateTime,
    ) -> Result<&RamRole, Error> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
        if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
            return Err(Error::new(format!(
                "{name:?} is no RAM role name: use 1 to 64 letters, digits and . -"
            )));
        }
        if self.role_called(name).is_some() {
            return Err(Error::new(format!("the RAM role {name:?} exists already")));
        }
        let seconds = max_session.map_or(DEFAULT_SESSION, |longest| longest.as_secs().cast_signed());
        let role = RamRole {
            name: name.to_owned(),
            id: new_id(),
            trust: trust.clone(),
            policies: policies.to_vec(),
            max_session_seconds: seconds,
            created: now,
            description: String::new(),
        };
        self.check_role(&role)?;
        Ok(self.roles.entry(name.to_owned()).or_insert(role))
    }

    fn check_role(&self, role: &RamRole) -> Result<(), Error> {
        role.trust.check().map_err(|why| {
            Error::new(format!("the trust policy of {:?} cannot be read: {why}", role.name))
        })?;
        if !(DEFAULT_SESSION..=LONGEST_SESSION).contains(&role.max_session_seconds) {
            return Err(Error::new(format!(
                "a role's longest session is {DEFAULT_SESSION} to {LONGEST_SESSION} seconds"
            )));
        }
        self.check_policies(&role.policies)
    }

    /// Changes anything about a role but its name.
    pub(crate) fn edit_role(&mut self, name: &str, edit: impl FnOnce(&mut RamRole)) -> Result<(), Error> {
        let mut role = self.roles.get(name).cloned().ok_or_else(|| Error::not_found("RAM role", name))?;
        edit(&mut role);
        name.clone_into(&mut role.name);
        self.check_role(&role)?;
        self.roles.insert(name.to_owned(), role);
        Ok(())
    }

    /// Deletes a role; the tokens that were given out for it are worth nothing any more.
    pub(crate) fn delete_role(&mut self, name: &str) -> Result<(), Error> {
        self.roles.remove(name).map(|_| ()).ok_or_else(|| Error::not_found("RAM role", name))
    }

    /// The role with this name; in ARNs many write it in lower case.
    pub(crate) fn role_called(&self, name: &str) -> Option<&RamRole> {
        self.roles.values().find(|role| role.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn role_arn(&self, name: &str) -> String {
        format!("acs:ram::{}:role/{name}", self.account_id)
    }
}
