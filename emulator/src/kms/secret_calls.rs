//! Making, describing and changing secrets.

use serde_json::{Map, Value, json};
use time::Duration;

use super::parameters::missing;
use super::secret_rotation::rotation_fields;
use crate::access_point::Forbidden;
use crate::arn::bare_name;
use crate::clock::iso8601;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::secrets::{LONGEST_VERSION_ID, RAM_CREDENTIALS, Secret, SecretValue};
use crate::state::State;

const TYPES: [&str; 6] = ["Generic", "Rds", "Redis", RAM_CREDENTIALS, "ECS", "PolarDB"];
const LONGEST_NAME: usize = 192;
const MOST_CHINESE: usize = 64;
const LARGEST_VALUE: usize = 30_720;
const LONGEST_CONFIG: usize = 1024;
const LONGEST_POLICY: usize = 32_768;
const MOST_CUSTOM_DATA: usize = 10;

/// Letters, digits, some marks, and a few Chinese characters.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_/+=.@-".contains(c);
    let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let characters = text.chars().count();
    (1..=LONGEST_NAME).contains(&characters)
        && text.chars().all(|c| plain(c) || chinese(c))
        && text.chars().filter(|c| chinese(*c)).count() <= MOST_CHINESE
}

impl Request<'_> {
    /// The place of the account whose secret is meant: another's is named by its ARN.
    pub(super) fn place_of(&self, name: &str) -> usize {
        let place = match crate::arn::parse(name) {
            Some((region, account, _)) if region == self.state().region => self.cloud.account(account),
            _ => None,
        };
        // What nobody has is asked for in the caller's own account, in vain.
        place.unwrap_or(self.account)
    }

    /// The secret that a request names, if the caller may do with it what the request says.
    pub(super) fn permitted_secret(&self) -> Result<(usize, &Secret), Refusal> {
        let asked = self.needed("SecretName")?;
        let place = self.place_of(asked);
        let owner = &self.cloud.accounts[place];
        let arn = owner.kms_arn(&format!("secret/{}", bare_name(asked)));
        let action = format!("kms:{}", self.action());
        let secret = owner.secret_called(asked);
        let by_ram = self.permits(&action, &arn);
        // Two accounts must agree: the caller's by RAM, the owner's by the secret's policy.
        let by_owner = place == self.account
            || secret.is_some_and(|secret| super::secret_policy::allows(self, owner, secret, &action));
        if !by_ram || !by_owner {
            return Err(Refusal::forbidden(&Forbidden::Operation, ""));
        }
        Ok((place, secret.ok_or_else(Refusal::no_such_secret)?))
    }

    /// The name of the caller's own secret, for a call that changes it.
    pub(super) fn own_secret(&self) -> Result<String, Refusal> {
        let (place, secret) = self.permitted_secret()?;
        if place == self.account { Ok(secret.name.clone()) } else { Err(Refusal::no_such_secret()) }
    }

    pub(super) fn secret_mut(&mut self, name: &str) -> Result<&mut Secret, Refusal> {
        self.state_mut().secrets.get_mut(name).ok_or_else(Refusal::no_such_secret)
    }
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    let asked = request.needed("SecretName")?;
    request.permit(&format!("secret/{asked}"))?;
    let version_id = request.needed("VersionId")?;
    let data = request.needed("SecretData")?;
    if version_id.len() > LONGEST_VERSION_ID {
        return Err(Refusal::invalid_parameter("VersionId"));
    }
    if data.len() > LARGEST_VALUE {
        return Err(Refusal::invalid_parameter("SecretData"));
    }
    let kind = request.given("SecretType").unwrap_or("Generic");
    if !TYPES.contains(&kind) {
        return Err(Refusal::invalid_parameter("SecretType"));
    }
    if !["Generic", RAM_CREDENTIALS].contains(&kind) {
        return Err(Refusal::service(
            400,
            "UnsupportedOperation",
            "The emulator manages generic and RAM secrets only.",
        ));
    }
    let managed = kind == RAM_CREDENTIALS;
    let value = value(request, data, managed)?;
    let instance = request.given("DKMSInstanceId");
    if let Some(id) = instance {
        request.cloud.usable_instance(id, request.account, request.now)?;
    }
    let key = encryption_key(request, instance)?;
    let rotates = request.flag("EnableAutomaticRotation")?.unwrap_or(false);
    let interval = request.interval(Duration::hours(6), Duration::hours(8760))?;
    if rotates && !managed {
        return Err(Refusal::invalid_parameter("EnableAutomaticRotation"));
    }
    if rotates && interval.is_none() {
        return Err(missing("RotationInterval"));
    }
    let mut secret = Secret::new("", kind, &key, request.now);
    if managed {
        if asked != "$Auto" {
            return Err(Refusal::invalid_parameter("SecretName"));
        }
        super::ram_secrets::fill(request, &mut secret, version_id, data)?;
    } else {
        if !is_name(asked) || asked.starts_with("acs/") {
            return Err(Refusal::invalid_parameter("SecretName"));
        }
        asked.clone_into(&mut secret.name);
        secret.put(Some(version_id.to_owned()), value, request.now);
    }
    match request.state().secrets.get(&secret.name) {
        Some(there) if there.planned_delete.is_some() => return Err(Refusal::in_delete_window()),
        Some(_) => return Err(Refusal::resource_exists()),
        None => {}
    }
    secret.instance = instance.map(str::to_owned);
    secret.description = request.text("Description", 8192)?.unwrap_or("").to_owned();
    secret.tags = super::tags::read(request)?;
    if let Some(policy) = request.text("Policy", LONGEST_POLICY)? {
        secret.policy = Some(super::secret_policy::checked(policy)?);
    }
    if rotates && let Some(interval) = interval {
        secret.rotation_interval = Some(interval.whole_seconds());
        secret.next_rotation = Some(request.now + interval);
    }
    let name = secret.name.clone();
    request.state_mut().secrets.insert(name.clone(), secret);
    request.state_mut().update_next_due();
    let state = request.state();
    let secret = &state.secrets[&name];
    let mut fields = Map::new();
    outline(state, secret, &mut |field, value| fields.insert(field.to_owned(), value));
    fields.insert("VersionId".to_owned(), json!(version_id));
    Ok(Value::Object(fields))
}

fn value(request: &Request<'_>, data: &str, managed: bool) -> Result<SecretValue, Refusal> {
    match request.given("SecretDataType") {
        None | Some("text") => Ok(SecretValue::Text(data.to_owned())),
        Some("binary") if !managed => match crate::encoding::from_base64(data) {
            Some(bytes) => Ok(SecretValue::binary(bytes)),
            None => Err(Refusal::invalid_parameter("SecretData")),
        },
        Some(_) => Err(Refusal::invalid_parameter("SecretDataType")),
    }
}

/// The key that the secret is to be encrypted with: a symmetric one of the same instance that the caller may use.
fn encryption_key(request: &Request<'_>, instance: Option<&str>) -> Result<String, Refusal> {
    let asked = request.given("EncryptionKeyId");
    let state = request.state();
    let key = match asked {
        Some(id) => state.key(id),
        // An instance has no key of its own making: one is found if there is one.
        None => state.keys.iter().find(|key| {
            key.instance.as_deref() == instance && key.is_symmetric() && key.check_usable().is_ok()
        }),
    };
    let key = match (key, asked) {
        (Some(key), _) => key,
        (None, Some(_)) => return Err(Refusal::no_such_key()),
        (None, None) => return Err(missing("EncryptionKeyId")),
    };
    key.check_usable()?;
    if !key.is_symmetric() || key.instance.as_deref() != instance {
        return Err(Refusal::invalid_parameter("EncryptionKeyId"));
    }
    if !request.permits("kms:GenerateDataKey", &request.arn(&format!("key/{}", key.id))) {
        return Err(Refusal::forbidden(&Forbidden::Key, &key.id));
    }
    Ok(key.id.clone())
}

/// What both CreateSecret and DescribeSecret say of a secret.
fn outline(state: &State, secret: &Secret, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    put("Arn", json!(state.kms_arn(&format!("secret/{}", secret.name))));
    put("SecretName", json!(secret.name));
    put("SecretType", json!(secret.secret_type));
    put("AutomaticRotation", json!(state.automatic_rotation(secret)));
    rotation_fields(secret, put);
    if let Some(instance) = &secret.instance {
        put("DKMSInstanceId", json!(instance));
    }
    if let Some(config) = &secret.extended_config {
        put("ExtendedConfig", json!(config));
    }
}

pub(super) fn describe(request: &mut Request<'_>) -> Answer {
    let with_tags = request.flag("FetchTags")?.unwrap_or(false);
    let (place, secret) = request.permitted_secret()?;
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    outline(&request.cloud.accounts[place], secret, &mut put);
    put("EncryptionKeyId", json!(secret.encryption_key_id));
    put("CreateTime", json!(iso8601(secret.created)));
    put("UpdateTime", json!(iso8601(secret.updated())));
    put("Description", json!(secret.description));
    if let Some(at) = secret.planned_delete {
        put("PlannedDeleteTime", json!(iso8601(at)));
    }
    if with_tags {
        put("Tags", super::tags::written(&secret.tags));
    }
    Ok(Value::Object(fields))
}

pub(super) fn update(request: &mut Request<'_>) -> Answer {
    let name = request.own_secret()?;
    let description = request.text("Description", 8192)?;
    let custom: Option<Map<String, Value>> = request.json("ExtendedConfig.CustomData")?;
    let now = request.now;
    let secret = request.secret_mut(&name)?;
    if secret.planned_delete.is_some() {
        return Err(Refusal::in_delete_window());
    }
    if let Some(custom) = custom {
        let config = secret.extended_config.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let mut config: Value = config.unwrap_or_else(|| json!({}));
        if custom.len() > MOST_CUSTOM_DATA {
            return Err(Refusal::invalid_parameter("ExtendedConfig"));
        }
        config["CustomData"] = Value::Object(custom);
        let text = config.to_string();
        if text.len() > LONGEST_CONFIG {
            return Err(Refusal::invalid_parameter("ExtendedConfig"));
        }
        secret.extended_config = Some(text);
    }
    if let Some(description) = description {
        description.clone_into(&mut secret.description);
    }
    secret.changed = Some(now);
    Ok(json!({"SecretName": name}))
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names_are_told_from_other_text() {
        let (longest, chinese) = ("a".repeat(192), "密".repeat(64));
        for name in ["a", "db/pass_word+1=.@-", longest.as_str(), chinese.as_str()] {
            assert!(is_name(name), "{name}");
        }
        let (too_long, too_chinese) = ("a".repeat(193), "密".repeat(65));
        for other in ["", "a b", "$Auto", "a:b", "ä", too_long.as_str(), too_chinese.as_str()] {
            assert!(!is_name(other), "{other}");
        }
    }
}
