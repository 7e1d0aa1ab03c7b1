//! RAM users and their AccessKeys.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::error::Error;
use crate::random_text;
use crate::state::State;

/// A RAM user holds at most this many AccessKeys.
pub(crate) const MAX_ACCESS_KEYS: usize = 2;

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
    /// The names of its policies. OSS and `GetCallerIdentity` are open to every user.
    pub policies: Vec<String>,
    /// Its AccessKeys, oldest first.
    pub access_keys: Vec<AccessKey>,
    /// When it was made, by the emulator's clock; none for one of an earlier emulator.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub created: Option<OffsetDateTime>,
    /// What is known of it beside.
    #[serde(default)]
    pub(crate) profile: Profile,
}

/// What RAM keeps of a user for people.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) display_name: String,
    pub(crate) mobile_phone: String,
    pub(crate) email: String,
    pub(crate) comments: String,
}

impl User {
    fn new(name: &str, policies: Vec<String>, now: OffsetDateTime) -> Self {
        Self {
            name: name.to_owned(),
            id: new_id(),
            policies,
            access_keys: Vec::new(),
            created: Some(now),
            profile: Profile::default(),
        }
    }
}

/// The id of a RAM user or role, a number of 18 digits.
pub(crate) fn new_id() -> String {
    format!("2{}", random_text(b"0123456789", 17))
}

impl State {
    pub(crate) fn create_user(
        &mut self,
        name: &str,
        policies: &[String],
        now: OffsetDateTime,
    ) -> Result<&mut User, Error> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
        if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
            return Err(Error::new(format!(
                "{name:?} is no RAM user name: use 1 to 64 letters, digits and . _ - @"
            )));
        }
        if self.users.contains_key(name) {
            return Err(Error::new(format!("the RAM user {name:?} exists already")));
        }
        self.check_policies(policies)?;
        Ok(self.users.entry(name.to_owned()).or_insert(User::new(name, policies.to_vec(), now)))
    }

    pub(crate) fn set_user_policies(&mut self, name: &str, policies: &[String]) -> Result<(), Error> {
        self.check_policies(policies)?;
        let user = self.users.get_mut(name).ok_or_else(|| Error::not_found("RAM user", name))?;
        user.policies = policies.to_vec();
        Ok(())
    }

    /// Deletes a user with its AccessKeys; gives their ids.
    pub(crate) fn delete_user(&mut self, name: &str) -> Result<Vec<String>, Error> {
        let user = self.users.remove(name).ok_or_else(|| Error::not_found("RAM user", name))?;
        let ids: Vec<String> = user.access_keys.into_iter().map(|key| key.id).collect();
        for id in &ids {
            self.access_key_owners.remove(id);
        }
        Ok(ids)
    }

    pub(crate) fn create_access_key(&mut self, user: &str, now: OffsetDateTime) -> Result<AccessKey, Error> {
        let owner = self.users.get_mut(user).ok_or_else(|| Error::not_found("RAM user", user))?;
        if owner.access_keys.len() >= MAX_ACCESS_KEYS {
            return Err(Error::new(format!(
                "the RAM user {user:?} has {MAX_ACCESS_KEYS} AccessKeys already, which is RAM's limit"
            )));
        }
        let key = AccessKey::generate(now);
        owner.access_keys.push(key.clone());
        self.access_key_owners.insert(key.id.clone(), user.to_owned());
        Ok(key)
    }

    /// Makes another AccessKey of the account itself, as no account should have.
    pub(crate) fn create_root_access_key(&mut self, now: OffsetDateTime) -> AccessKey {
        let key = AccessKey::generate(now);
        self.root_access_keys.push(key.clone());
        key
    }

    /// Deletes an AccessKey of a user; gives the user's name.
    pub(crate) fn delete_access_key(&mut self, id: &str) -> Result<String, Error> {
        let user = self.access_key_owners.remove(id).ok_or_else(|| Error::not_found("AccessKey", id))?;
        if let Some(owner) = self.users.get_mut(&user) {
            owner.access_keys.retain(|key| key.id != id);
        }
        Ok(user)
    }

    pub(crate) fn set_access_key_status(&mut self, id: &str, status: AccessKeyStatus) -> Result<(), Error> {
        let owner = self.access_key_owners.get(id);
        let key = owner
            .and_then(|name| self.users.get_mut(name))
            .and_then(|user| user.access_keys.iter_mut().find(|key| key.id == id))
            .ok_or_else(|| Error::not_found("AccessKey", id))?;
        key.status = status;
        Ok(())
    }

    pub(crate) fn access_key(&self, id: &str) -> Option<(&User, &AccessKey)> {
        let user = self.users.get(self.access_key_owners.get(id)?)?;
        let key = user.access_keys.iter().find(|key| key.id == id)?;
        Some((user, key))
    }

    /// The newest AccessKey of a user.
    pub(crate) fn access_key_of_user(&self, name: &str) -> Result<AccessKey, Error> {
        let user = self.users.get(name).ok_or_else(|| Error::not_found("RAM user", name))?;
        user.access_keys
            .last()
            .cloned()
            .ok_or_else(|| Error::new(format!("the RAM user {name:?} has no AccessKey")))
    }

    /// Rebuilds the index of AccessKeys, which the state file does not hold.
    pub(crate) fn index_access_keys(&mut self) {
        self.access_key_owners = self
            .users
            .values()
            .flat_map(|user| {
                let name = &user.name;
                user.access_keys.iter().map(move |key| (key.id.clone(), name.clone()))
            })
            .collect();
    }
}
