//! The objects of the emulated cloud, and everything that may be done to them.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::access_point::{AccessPoint, PermissionPolicy, Role, Scope};
use crate::arn;
use crate::certificates::Authority;
use crate::client_key::{ClientKey, RegisteredClientKey};
use crate::error::Error;
use crate::metadata::Metadata;
use crate::nonces::Nonces;
use crate::ram::oidc_provider::OidcIssuer;
use crate::ram::policy::Policies;
use crate::ram::role::RamRole;
use crate::ram::sts_token::StsTokens;
use crate::ram::user::{AccessKey, User};
use crate::random_text;
use crate::secrets::{RAM_CREDENTIALS, Secret, SecretValue, ram_extended_config, ram_secret_data};

pub(crate) const DEFAULT_INSTANCE: &str = "kst-hzz000000000000000";
pub(crate) const DEFAULT_KEY: &str = "key-hzz0000000000000000000";
pub(crate) const DEFAULT_ACCESS_POINT: &str = "app";
pub(crate) const DEFAULT_USER: &str = "app";
pub(crate) const OPERATOR: &str = "operator";

/// The settings of one emulator that outlive a restart.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) account_id: String,
    pub(crate) region: String,
    pub(crate) instance_id: String,
    pub(crate) authority: Authority,
    pub(crate) clock_offset_milliseconds: i64,
    pub(crate) ports: BTreeMap<String, u16>,
    pub(crate) users: BTreeMap<String, User>,
    #[serde(default)]
    pub(crate) root_access_keys: Vec<AccessKey>,
    /// The policies that were made here; system policies are there always.
    #[serde(default)]
    pub(crate) policies: Policies,
    #[serde(default)]
    pub(crate) roles: BTreeMap<String, RamRole>,
    /// The OIDC provider of the account, and the issuer that it speaks of.
    #[serde(default)]
    pub(crate) oidc: Option<OidcIssuer>,
    #[serde(default)]
    pub(crate) sts_tokens: StsTokens,
    #[serde(default)]
    pub(crate) metadata: Metadata,
    /// Whether the identities that every emulator begins with have been made.
    #[serde(default)]
    pub(crate) has_identities: bool,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) access_points: BTreeMap<String, AccessPoint>,
    pub(crate) client_keys: BTreeMap<String, RegisteredClientKey>,
    /// The ClientKey whose files lie in the folder.
    pub(crate) default_client_key: Option<ClientKey>,
    /// The ids of the KMS keys that exist.
    pub(crate) keys: Vec<String>,
    /// How long both AccessKeys live after a scheduled rotation, in seconds.
    pub(crate) scheduled_overlap: i64,
    /// How long both AccessKeys live after RotateSecret, in seconds.
    pub(crate) immediate_overlap: i64,
    #[serde(skip)]
    pub(crate) access_key_owners: HashMap<String, String>,
    #[serde(skip)]
    pub(crate) next_due: Option<OffsetDateTime>,
    #[serde(default)]
    pub(crate) nonces: Nonces,
    /// When RotateSecret was called in the last hour.
    #[serde(default)]
    pub(crate) rotate_requests: VecDeque<OffsetDateTime>,
}

impl State {
    pub(crate) fn new(region: &str, instance_id: &str, now: OffsetDateTime) -> Result<Self, Error> {
        let mut state = Self {
            account_id: "1234567890123456".to_owned(),
            region: region.to_owned(),
            instance_id: instance_id.to_owned(),
            authority: Authority::create(region)?,
            clock_offset_milliseconds: 0,
            ports: BTreeMap::new(),
            users: BTreeMap::new(),
            root_access_keys: Vec::new(),
            policies: Policies::new(),
            roles: BTreeMap::new(),
            oidc: None,
            sts_tokens: StsTokens::default(),
            metadata: Metadata::default(),
            has_identities: false,
            secrets: BTreeMap::new(),
            access_points: BTreeMap::new(),
            client_keys: BTreeMap::new(),
            default_client_key: None,
            keys: vec![DEFAULT_KEY.to_owned()],
            scheduled_overlap: Duration::days(2).whole_seconds(),
            immediate_overlap: Duration::minutes(5).whole_seconds(),
            access_key_owners: HashMap::new(),
            next_due: None,
            nonces: Nonces::default(),
            rotate_requests: VecDeque::new(),
        };
        state.create_ram_secret(DEFAULT_USER, None, now)?;
        state.create_user(OPERATOR, &["AliyunKMSFullAccess".to_owned()])?;
        state.create_access_key(OPERATOR, now)?;
        state.add_identities(now)?;
        let instance = Scope::Instance(instance_id.to_owned());
        let policy = |scope, roles: &[Role]| PermissionPolicy {
            scope,
            roles: roles.to_vec(),
            secrets: vec!["*".to_owned()],
            keys: vec!["*".to_owned()],
            sources: Vec::new(),
        };
        state.put_access_point(AccessPoint {
            name: DEFAULT_ACCESS_POINT.to_owned(),
            policies: vec![
                policy(Scope::Shared, &[Role::SecretUser]),
                policy(instance, &[Role::CryptoServiceSecretUser, Role::CryptoServiceKeyUser]),
            ],
        });
        Ok(state)
    }

    /// Rebuilds what is not kept in the state file.
    pub(crate) fn loaded(mut self) -> Result<Self, Error> {
        self.index_access_keys();
        self.update_next_due();
        // A state of before there were identities in it gets those that a new one has.
        self.add_identities(OffsetDateTime::now_utc())?;
        Ok(self)
    }

    /// Hands a RAM user's AccessKey over to KMS. The user is made if need be.
    pub(crate) fn create_ram_secret(
        &mut self,
        user: &str,
        key: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<String, Error> {
        let key = self.key_or_default(key)?;
        let name = format!("acs/ram/user/{user}");
        if self.secrets.contains_key(&name) {
            return Err(Error::new(format!("the secret {name:?} exists already")));
        }
        if !self.users.contains_key(user) {
            self.create_user(user, &[])?;
        }
        let newest = self.users[user].access_keys.last().cloned();
        let access_key = match newest {
            Some(access_key) => access_key,
            None => self.create_access_key(user, now)?,
        };
        let mut secret = Secret::new(&name, RAM_CREDENTIALS, &key, now);
        secret.user = Some(user.to_owned());
        secret.extended_config = Some(ram_extended_config(user));
        secret.put(None, ram_secret_data(&access_key.id, &access_key.secret, now), now);
        self.secrets.insert(name.clone(), secret);
        Ok(name)
    }

    /// Makes a KMS key; gives its id.
    pub(crate) fn create_key(&mut self) -> String {
        let id = format!("key-hzz{}", random_text(b"0123456789abcdefghijklmnopqrstuvwxyz", 19));
        self.keys.push(id.clone());
        id
    }

    fn key_or_default(&self, id: Option<&str>) -> Result<String, Error> {
        match id {
            None => Ok(DEFAULT_KEY.to_owned()),
            Some(id) if self.keys.iter().any(|key| key == id) => Ok(id.to_owned()),
            Some(id) => Err(Error::not_found("key", id)),
        }
    }

    pub(crate) fn create_secret(
        &mut self,
        name: &str,
        secret_type: &str,
        value: SecretValue,
        key: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        let key = self.key_or_default(key)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_/+=.@-".contains(c);
        if name.is_empty() || name.len() > 192 || !name.chars().all(allowed) {
            return Err(Error::new(format!(
                "{name:?} is no secret name: use 1 to 192 letters, digits and _ / + = . @ -"
            )));
        }
        if self.secrets.contains_key(name) {
            return Err(Error::new(format!("the secret {name:?} exists already")));
        }
        let mut secret = Secret::new(name, secret_type, &key, now);
        secret.put(None, value, now);
        self.secrets.insert(name.to_owned(), secret);
        Ok(())
    }

    /// The secret that a client means; one of another region or account is not here.
    pub(crate) fn secret_called(&self, name: &str) -> Option<&Secret> {
        let name = match arn::parse(name) {
            Some((region, account, name)) if region == self.region && account == self.account_id => name,
            Some(_) => return None,
            None => name,
        };
        self.secrets.get(name)
    }

    pub(crate) fn secret_mut(&mut self, name: &str) -> Result<&mut Secret, Error> {
        self.secrets.get_mut(name).ok_or_else(|| Error::not_found("secret", name))
    }

    pub(crate) fn put_access_point(&mut self, point: AccessPoint) {
        self.access_points.insert(point.name.clone(), point);
    }

    pub(crate) fn register_client_key(&mut self, key: RegisteredClientKey) -> Result<(), Error> {
        if !self.access_points.contains_key(&key.access_point) {
            return Err(Error::not_found("application access point", &key.access_point));
        }
        self.client_keys.insert(key.key_id.clone(), key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_of_before_there_were_identities_gets_them() {
        let now = OffsetDateTime::now_utc();
        let mut old =
            serde_json::to_value(State::new("cn-hangzhou", DEFAULT_INSTANCE, now).unwrap()).unwrap();
        let fields = old.as_object_mut().unwrap();
        for name in
            ["root_access_keys", "policies", "roles", "oidc", "sts_tokens", "metadata", "has_identities"]
        {
            assert!(fields.remove(name).is_some(), "{name}");
        }
        let users = fields["users"].as_object_mut().unwrap();
        users.remove("assumer");
        // Somebody's own, who happens to be called so.
        users["reader"]["policies"] = serde_json::json!([]);
        let state = serde_json::from_value::<State>(old).unwrap().loaded().unwrap();
        assert!(state.users["reader"].policies.is_empty());
        assert!(state.access_key_of_user("assumer").is_ok());
        assert_eq!(state.metadata.role.as_deref(), Some("ecs-reader"));
        assert_eq!(state.roles.len(), 3);
        assert!(state.oidc_issuer().is_ok());

        // What was deleted since then does not come back.
        let mut state = state;
        state.delete_role("ecs-reader").unwrap();
        let kept = serde_json::from_value::<State>(serde_json::to_value(state).unwrap()).unwrap();
        assert_eq!(kept.loaded().unwrap().roles.len(), 2);
    }
}
