//! The emulated cloud: its accounts, and what lies between and beneath them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::certificates::Authority;
use crate::error::{Error, doing};
use crate::journal::What;
use crate::kms::instances::Instance;
use crate::resource_directory::Directory;
use crate::resource_sharing::share::Share;
use crate::state::State;

/// The account that has something in it at the start, and manages the resource directory.
pub(crate) const FIRST_ACCOUNT: &str = "1234567890123456";
/// The other account, with nothing in it but an administrator.
pub(crate) const SECOND_ACCOUNT: &str = "1654321098765432";

/// What one emulator keeps.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Cloud {
    pub(crate) authority: Authority,
    pub(crate) clock_offset_milliseconds: i64,
    pub(crate) ports: BTreeMap<String, u16>,
    /// The first is the one that the admin interface and the Rust API speak of.
    pub(crate) accounts: Vec<State>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) directory: Directory,
    pub(crate) shares: Vec<Share>,
}

impl Cloud {
    pub(crate) fn new(region: &str, instance_id: &str, now: OffsetDateTime) -> Result<Self, Error> {
        let first = State::new(region, instance_id, now)?;
        Self::around(first, Authority::create(region)?, now)
    }

    /// Adds to an account all that every cloud has.
    fn around(first: State, authority: Authority, now: OffsetDateTime) -> Result<Self, Error> {
        let second = State::empty(SECOND_ACCOUNT, &first.region, &first.instance_id);
        let instance = Instance::at_start(&first, now);
        let mut cloud = Self {
            authority,
            clock_offset_milliseconds: 0,
            ports: BTreeMap::new(),
            accounts: vec![first, second],
            instances: vec![instance],
            directory: Directory::at_start(now),
            shares: Vec::new(),
        };
        for account in &mut cloud.accounts {
            account.add_administrator(now)?;
        }
        cloud.accounts[1].let_manage(FIRST_ACCOUNT, now)?;
        Ok(cloud)
    }

    /// Reads the state file's content, also that of an emulator which had one account.
    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        let mut value: Value = serde_json::from_slice(bytes).map_err(doing("reading the state"))?;
        let now = OffsetDateTime::now_utc();
        let mut cloud: Self = if value.get("accounts").is_none() {
            let mut take = |name: &str, or: Value| value.get_mut(name).map_or(or, Value::take);
            let shared = json!({
                "authority": take("authority", Value::Null),
                "clock_offset_milliseconds": take("clock_offset_milliseconds", json!(0)),
                "ports": take("ports", json!({})),
            });
            let authority =
                Authority::deserialize(&shared["authority"]).map_err(doing("reading the state"))?;
            let first: State = serde_json::from_value(value).map_err(doing("reading the state"))?;
            let mut cloud = Self::around(first.of_one_account(), authority, now)?;
            cloud.clock_offset_milliseconds = shared["clock_offset_milliseconds"].as_i64().unwrap_or(0);
            cloud.ports = BTreeMap::deserialize(&shared["ports"]).map_err(doing("reading the state"))?;
            cloud
        } else {
            serde_json::from_value(value).map_err(doing("reading the state"))?
        };
        for account in &mut cloud.accounts {
            account.index_access_keys();
            account.update_next_due();
        }
        // A state of before there were identities in it gets those that a new one has.
        cloud.first_mut().add_identities(now)?;
        Ok(cloud)
    }

    pub(crate) fn first(&self) -> &State {
        &self.accounts[0]
    }

    pub(crate) fn first_mut(&mut self) -> &mut State {
        &mut self.accounts[0]
    }

    /// The place of the account with this id.
    pub(crate) fn account(&self, id: &str) -> Option<usize> {
        self.accounts.iter().position(|account| account.account_id == id)
    }

    /// The place of the account whose AccessKey, token or ClientKey this is.
    pub(crate) fn account_of_key(&self, id: &str) -> Option<usize> {
        self.accounts.iter().position(|account| account.knows_key(id))
    }

    pub(crate) fn next_due(&self) -> Option<OffsetDateTime> {
        self.accounts.iter().filter_map(|account| account.next_due).min()
    }

    /// Does everything whose time has come; gives what happened and when it was due.
    pub(crate) fn catch_up(&mut self, now: OffsetDateTime) -> Vec<(OffsetDateTime, What)> {
        let mut happened: Vec<_> =
            self.accounts.iter_mut().flat_map(|account| account.catch_up(now)).collect();
        happened.sort_by_key(|(at, _)| *at);
        happened
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::DEFAULT_INSTANCE;

    /// A state as it was written when an emulator had one account.
    fn of_one_account(cloud: &Cloud) -> Value {
        let mut old = serde_json::to_value(cloud.first()).unwrap();
        let fields = old.as_object_mut().unwrap();
        fields.insert("authority".to_owned(), serde_json::to_value(&cloud.authority).unwrap());
        fields.insert("clock_offset_milliseconds".to_owned(), json!(5000));
        fields.insert("ports".to_owned(), json!({"shared": 12345}));
        fields.insert("keys".to_owned(), json!(["key-a", "key-b"]));
        fields["users"].as_object_mut().unwrap().remove("administrator");
        old
    }

    #[test]
    fn a_state_of_one_account_becomes_a_cloud() {
        let now = OffsetDateTime::now_utc();
        let new = Cloud::new("cn-hangzhou", DEFAULT_INSTANCE, now).unwrap();
        let old = of_one_account(&new);
        let cloud = Cloud::from_json(old.to_string().as_bytes()).unwrap();
        assert_eq!(cloud.clock_offset_milliseconds, 5000);
        assert_eq!(cloud.ports["shared"], 12345);
        assert_eq!(cloud.authority.pem(), new.authority.pem());
        assert_eq!(
            cloud.first().keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>(),
            ["key-a", "key-b"]
        );
        assert_eq!(cloud.accounts.len(), 2);
        for account in &cloud.accounts {
            assert!(account.access_key_of_user("administrator").is_ok());
        }

        // It stays so.
        let again = Cloud::from_json(&serde_json::to_vec(&cloud).unwrap()).unwrap();
        let key = |cloud: &Cloud| cloud.accounts[1].access_key_of_user("administrator").unwrap().id;
        assert_eq!(key(&again), key(&cloud));
    }

    #[test]
    fn a_state_of_before_there_were_identities_gets_them() {
        let mut old =
            of_one_account(&Cloud::new("cn-hangzhou", DEFAULT_INSTANCE, OffsetDateTime::now_utc()).unwrap());
        let fields = old.as_object_mut().unwrap();
        for name in
            ["root_access_keys", "policies", "roles", "oidc", "sts_tokens", "metadata", "has_identities"]
        {
            assert!(fields.remove(name).is_some(), "{name}");
        }
        let users = fields["users"].as_object_mut().unwrap();
        users.remove("assumer");
        // Somebody's own, who happens to be called so.
        users["reader"]["policies"] = json!([]);
        let mut cloud = Cloud::from_json(old.to_string().as_bytes()).unwrap();
        let state = cloud.first_mut();
        assert!(state.users["reader"].policies.is_empty());
        assert!(state.access_key_of_user("assumer").is_ok());
        assert_eq!(state.metadata.role.as_deref(), Some("ecs-reader"));
        let roles = state.roles.len();
        assert!(state.oidc_issuer().is_ok());

        // What was deleted since then does not come back.
        state.delete_role("ecs-reader").unwrap();
        let kept = Cloud::from_json(&serde_json::to_vec(&cloud).unwrap()).unwrap();
        assert_eq!(kept.first().roles.len(), roles - 1);
    }
}
