//! What a managed RAM secret is made of: the AccessKeys of a RAM user.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::parameters::missing;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::secrets::{CURRENT, PREVIOUS, Secret, SecretVersion, ram_secret_data};

const LONGEST_CONFIG: usize = 1024;
const MOST_CUSTOM_DATA: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    secret_sub_type: String,
    user_name: String,
    #[serde(default)]
    custom_data: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Data {
    access_keys: Vec<AccessKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct AccessKey {
    access_key_id: String,
    access_key_secret: String,
}

/// Gives the secret its name and its value. All AccessKeys of the user must be given; whether their secrets are right is not
/// looked at.
pub(super) fn fill(
    request: &Request<'_>,
    secret: &mut Secret,
    version_id: &str,
    data: &str,
) -> Result<(), Refusal> {
    let text = request.needed("ExtendedConfig")?;
    let wrong_config = || Refusal::invalid_parameter("ExtendedConfig");
    let config: Config = serde_json::from_str(text).map_err(|_| wrong_config())?;
    if config.secret_sub_type != "RamUserAccessKey"
        || text.len() > LONGEST_CONFIG
        || config.custom_data.len() > MOST_CUSTOM_DATA
    {
        return Err(wrong_config());
    }
    let user = request.state().users.get(&config.user_name).ok_or_else(wrong_config)?;
    let wrong_data = || Refusal::invalid_parameter("SecretData");
    let data: Data = serde_json::from_str(data).map_err(|_| wrong_data())?;
    if data.access_keys.is_empty() {
        return Err(missing("SecretData"));
    }
    let of_user = |given: &AccessKey| user.access_keys.iter().any(|key| key.id == given.access_key_id);
    let all_given =
        user.access_keys.iter().all(|key| data.access_keys.iter().any(|given| given.access_key_id == key.id));
    if !all_given || !data.access_keys.iter().all(of_user) || data.access_keys.len() != user.access_keys.len()
    {
        return Err(wrong_data());
    }
    secret.name = format!("acs/ram/user/{}", config.user_name);
    secret.user = Some(config.user_name.clone());
    secret.extended_config = Some(
        json!({
            "SecretSubType": config.secret_sub_type,
            "UserName": config.user_name,
            "CustomData": config.custom_data,
        })
        .to_string(),
    );
    // The newest is the one to use; the other is what was used before it.
    for (index, key) in user.access_keys.iter().enumerate() {
        let Some(given) = data.access_keys.iter().find(|given| given.access_key_id == key.id) else {
            continue;
        };
        let newest = index + 1 == user.access_keys.len();
        secret.versions.push(SecretVersion {
            id: if newest { version_id.to_owned() } else { crate::random_text(b"0123456789abcdef", 32) },
            stages: vec![if newest { CURRENT } else { PREVIOUS }.to_owned()],
            value: ram_secret_data(&given.access_key_id, &given.access_key_secret, request.now),
            created: request.now,
        });
    }
    Ok(())
}
