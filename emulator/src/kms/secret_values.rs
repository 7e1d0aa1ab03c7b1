//! Reading the values of secrets.

use serde_json::{Map, Value, json};

use super::parameters::missing;
use super::secret_rotation::rotation_fields;
use crate::access_point::{Forbidden, Scope};
use crate::arn::bare_name;
use crate::authentication::Caller;
use crate::clock::iso8601;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::secrets::Secret;

const MOST_IN_A_BATCH: usize = 20;

/// What is asked of one secret.
struct Asked<'a> {
    name: &'a str,
    version_id: &'a str,
    stage: &'a str,
    extended_config: bool,
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    // Permission comes before everything that is said of the rest.
    let name = request.given("SecretName").unwrap_or("");
    let dry_run = request.flag("DryRun");
    let read = |request: &Request<'_>| -> Result<(Value, String), Refusal> {
        permit_reading(request, name)?;
        let extended_config = request.flag("FetchExtendedConfig")?.unwrap_or(false);
        let asked = Asked {
            name,
            version_id: request.given("VersionId").unwrap_or(""),
            stage: request.given("VersionStage").unwrap_or(""),
            extended_config,
        };
        if name.is_empty() {
            return Err(missing("SecretName"));
        }
        value(request, &asked)
    };
    let result = read(request);
    if dry_run? == Some(true) {
        return Err(dry(result.err().as_ref()));
    }
    let (fields, version) = result?;
    request.version_id = Some(version);
    Ok(fields)
}

/// A dry run ends in an error always; which one says what would have become of the call.
fn dry(refusal: Option<&Refusal>) -> Refusal {
    match refusal {
        None => Refusal::service(
            400,
            "DryRunOperationError",
            "The request has passed all checks, and is not carried out since DryRun is true.",
        ),
        Some(refusal) if refusal.code == "Forbidden.NoPermission" => {
            Refusal::service(403, "AccessDeniedError", refusal.message.as_str())
        }
        Some(refusal) => Refusal::service(
            400,
            "ValidationError",
            format!("The request would fail with {}: {}", refusal.code, refusal.message),
        ),
    }
}

pub(super) fn get_batch(request: &mut Request<'_>) -> Answer {
    let asked: Vec<Value> = request.json("SecretsList")?.unwrap_or_else(|| {
        request
            .repeated_objects(
                "SecretsList",
                ["SecretName", "VersionId", "VersionStage", "FetchExtendedConfig"],
            )
            .into_iter()
            .map(|[name, version, stage, extended]| {
                json!({
                    "SecretName": name,
                    "VersionId": version,
                    "VersionStage": stage,
                    "FetchExtendedConfig": extended,
                })
            })
            .collect()
    });
    if asked.is_empty() {
        return Err(missing("SecretsList"));
    }
    if asked.len() > MOST_IN_A_BATCH {
        return Err(Refusal::invalid_parameter("SecretsList"));
    }
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for one in &asked {
        let text = |name: &str| one[name].as_str().unwrap_or("");
        let asked = Asked {
            name: text("SecretName"),
            version_id: text("VersionId"),
            stage: text("VersionStage"),
            extended_config: one["FetchExtendedConfig"] == "true" || one["FetchExtendedConfig"] == true,
        };
        match permit_reading(request, asked.name).and_then(|()| value(request, &asked)) {
            Ok((fields, _)) => values.push(fields),
            Err(refusal) => errors.push(json!({
                "SecretName": asked.name,
                "Code": refusal.code,
                "HttpStatus": refusal.status,
                "Message": refusal.message,
            })),
        }
    }
    Ok(json!({"SecretValues": values, "Errors": errors}))
}

/// A ClientKey may read what its access point says. Of all others RAM is asked, about the secret and about the key that
/// it is encrypted with.
fn permit_reading(request: &Request<'_>, name: &str) -> Result<(), Refusal> {
    let state = request.state();
    if let Caller::ClientKey(key_id) = &request.caller {
        return state
            .client_keys
            .get(key_id)
            .and_then(|key| state.access_points.get(&key.access_point))
            .ok_or(Forbidden::Operation)
            .and_then(|point| point.may_read(&Scope::Shared, request.call.source, bare_name(name), None))
            .map_err(|what| Refusal::forbidden(&what, ""));
    }
    let place = request.place_of(name);
    let owner = &request.cloud.accounts[place];
    let action = "kms:GetSecretValue";
    let secret = owner.secret_called(name);
    let by_owner = place == request.account
        || secret.is_some_and(|secret| super::secret_policy::allows(request, owner, secret, action));
    if !by_owner || !request.permits(action, &owner.kms_arn(&format!("secret/{}", bare_name(name)))) {
        return Err(Refusal::forbidden(&Forbidden::Operation, ""));
    }
    let Some(secret) = secret else { return Ok(()) };
    let key = &secret.encryption_key_id;
    if request.permits("kms:Decrypt", &owner.kms_arn(&format!("key/{key}"))) {
        Ok(())
    } else {
        Err(Refusal::forbidden(&Forbidden::Key, key))
    }
}

fn value(request: &Request<'_>, asked: &Asked<'_>) -> Result<(Value, String), Refusal> {
    let owner = &request.cloud.accounts[request.place_of(asked.name)];
    let secret: &Secret = owner.secret_called(asked.name).ok_or_else(Refusal::no_such_secret)?;
    let version = owner.readable_version(secret, asked.version_id, asked.stage)?;
    let (data_type, data) = version.value.as_sent();
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("SecretName", json!(secret.name));
    put("SecretType", json!(secret.secret_type));
    put("SecretData", json!(data));
    put("SecretDataType", json!(data_type));
    put("VersionId", json!(version.id));
    put("VersionStages", json!({"VersionStage": version.stages}));
    put("CreateTime", json!(iso8601(version.created)));
    put("AutomaticRotation", json!(owner.automatic_rotation(secret)));
    rotation_fields(secret, &mut put);
    if asked.extended_config
        && let Some(config) = &secret.extended_config
    {
        put("ExtendedConfig", json!(config));
    }
    Ok((Value::Object(fields), version.id.clone()))
}
