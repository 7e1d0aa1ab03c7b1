//! The objects of one account, and what may be done to them.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::access_point::{AccessPoint, PermissionPolicy, Role, Scope};
use crate::actiontrail::trail::Trail;
use crate::arn;
use crate::client_key::{ClientKey, RegisteredClientKey};
use crate::cloud::FIRST_ACCOUNT;
use crate::config::aggregator::Aggregator;
use crate::config::rule::Rule;
use crate::error::Error;
use crate::ims::network_policy::NetworkPolicies;
use crate::ims::recycle_bin::Recycled;
use crate::ims::report::CredentialReport;
use crate::kms::keys::{self, KmsKey};
use crate::kms::{NamedAccessPoint, NamedPolicy, NetworkRule};
use crate::metadata::Metadata;
use crate::nonces::Nonces;
use crate::pvtz::zone::Zone;
use crate::ram::last_use::LastUse;
use crate::ram::oidc_provider::OidcIssuer;
use crate::ram::policy::Policies;
use crate::ram::role::RamRole;
use crate::ram::sts_token::StsTokens;
use crate::ram::user::{AccessKey, User};
use crate::secrets::{RAM_CREDENTIALS, Secret, SecretValue, ram_extended_config, ram_secret_data};
use crate::vpc::Vpc;

pub(crate) const DEFAULT_INSTANCE: &str = "kst-hzz000000000000000";
pub(crate) const DEFAULT_KEY: &str = "key-hzz0000000000000000000";
pub(crate) const DEFAULT_ACCESS_POINT: &str = "app";
pub(crate) const DEFAULT_USER: &str = "app";
pub(crate) const OPERATOR: &str = "operator";

/// An account, as far as it outlives a restart.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) account_id: String,
    pub(crate) region: String,
    pub(crate) instance_id: String,
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
    #[serde(deserialize_with = "keys::stored")]
    pub(crate) keys: Vec<KmsKey>,
    #[serde(default)]
    pub(crate) network_rules: BTreeMap<String, NetworkRule>,
    #[serde(default)]
    pub(crate) permission_policies: BTreeMap<String, NamedPolicy>,
    #[serde(default)]
    pub(crate) named_access_points: BTreeMap<String, NamedAccessPoint>,
    #[serde(default)]
    pub(crate) trail: Trail,
    #[serde(default)]
    pub(crate) network_policies: NetworkPolicies,
    #[serde(default)]
    pub(crate) recycle_bin: Vec<Recycled>,
    #[serde(default)]
    pub(crate) credential_report: Option<CredentialReport>,
    #[serde(default)]
    pub(crate) config_rules: Vec<Rule>,
    #[serde(default)]
    pub(crate) aggregators: Vec<Aggregator>,
    #[serde(default)]
    pub(crate) vpcs: Vec<Vpc>,
    #[serde(default)]
    pub(crate) zones: Vec<Zone>,
    /// When each AccessKey was used last, and for what.
    #[serde(default)]
    pub(crate) last_used: BTreeMap<String, LastUse>,
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
    /// An account in which there is nothing yet.
    pub(crate) fn empty(account_id: &str, region: &str, instance_id: &str) -> Self {
        Self {
            account_id: account_id.to_owned(),
            region: region.to_owned(),
            instance_id: instance_id.to_owned(),
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
            keys: Vec::new(),
            network_rules: BTreeMap::new(),
            permission_policies: BTreeMap::new(),
            named_access_points: BTreeMap::new(),
            vpcs: vec![Vpc::at_start(account_id, region)],
            trail: Trail::default(),
            network_policies: NetworkPolicies::default(),
            recycle_bin: Vec::new(),
            credential_report: None,
            config_rules: Vec::new(),
            aggregators: Vec::new(),
            zones: Vec::new(),
            last_used: BTreeMap::new(),
            scheduled_overlap: Duration::days(2).whole_seconds(),
            immediate_overlap: Duration::minutes(5).whole_seconds(),
            access_key_owners: HashMap::new(),
            next_due: None,
            nonces: Nonces::default(),
            rotate_requests: VecDeque::new(),
        }
    }

    /// The account that every emulator begins with.
    pub(crate) fn new(region: &str, instance_id: &str, now: OffsetDateTime) -> Result<Self, Error> {
        let mut state = Self::empty(FIRST_ACCOUNT, region, instance_id);
        state.keys.push(KmsKey::new(DEFAULT_KEY.to_owned(), Some(instance_id.to_owned()), Some(now)));
        state.create_ram_secret(DEFAULT_USER, None, now)?;
        state.create_user(OPERATOR, &["AliyunKMSFullAccess".to_owned()], now)?;
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

    /// Completes the one account that earlier emulators had: all its keys and secrets were in the instance.
    pub(crate) fn of_one_account(mut self) -> Self {
        let instance = self.instance_id.clone();
        for key in &mut self.keys {
            key.instance = Some(instance.clone());
        }
        for secret in self.secrets.values_mut() {
            secret.instance = Some(instance.clone());
        }
        for point in self.access_points.clone().values() {
            self.name_parts(point);
        }
        self.vpcs = vec![Vpc::at_start(&self.account_id, &self.region)];
        self
    }

    /// The full name of a thing of KMS, like `key/<id>` or `secret/<name>`.
    pub(crate) fn kms_arn(&self, resource: &str) -> String {
        format!("acs:kms:{}:{}:{resource}", self.region, self.account_id)
    }

    /// Whether an AccessKey, a token or a ClientKey is this account's.
    pub(crate) fn knows_key(&self, id: &str) -> bool {
        self.access_key_owners.contains_key(id)
            || self.sts_tokens.contains_key(id)
            || self.client_keys.contains_key(id)
            || self.root_access_keys.iter().any(|key| key.id == id)
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
            self.create_user(user, &[], now)?;
        }
        let newest = self.users[user].access_keys.last().cloned();
        let access_key = match newest {
            Some(access_key) => access_key,
            None => self.create_access_key(user, now)?,
        };
        let mut secret = Secret::new(&name, RAM_CREDENTIALS, &key, now);
        secret.instance = Some(self.instance_id.clone());
        secret.user = Some(user.to_owned());
        secret.extended_config = Some(ram_extended_config(user));
        secret.put(None, ram_secret_data(&access_key.id, &access_key.secret, now), now);
        self.secrets.insert(name.clone(), secret);
        Ok(name)
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
        secret.instance = Some(self.instance_id.clone());
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
        self.name_parts(&point);
        self.access_points.insert(point.name.clone(), point);
    }

    /// Deletes an access point; gives the ids of its ClientKeys, which die with it.
    pub(crate) fn delete_access_point(&mut self, name: &str) -> Vec<String> {
        self.access_points.remove(name);
        self.named_access_points.remove(name);
        let mut revoked = Vec::new();
        for key in self.client_keys.values_mut() {
            if key.access_point == name && !key.revoked {
                key.revoked = true;
                revoked.push(key.key_id.clone());
            }
        }
        revoked
    }

    pub(crate) fn register_client_key(&mut self, key: RegisteredClientKey) -> Result<(), Error> {
        if !self.access_points.contains_key(&key.access_point) {
            return Err(Error::not_found("application access point", &key.access_point));
        }
        self.client_keys.insert(key.key_id.clone(), key);
        Ok(())
    }
}
