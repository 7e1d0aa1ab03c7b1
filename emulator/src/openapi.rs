//! KMS's OpenAPI, version 2016-01-20. The shared gateway takes it from all; instances take the reading of secrets from
//! all but ClientKeys, for which they have their own protocol.

use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};

use crate::access_point::{Forbidden, Scope};
use crate::arn::bare_name;
use crate::authentication::{Caller, authenticate, claimed_access_key, unknown_access_key};
use crate::call::{Call, Outcome, Success};
use crate::clock::iso8601;
use crate::document::Format;
use crate::endpoint::Endpoint;
use crate::journal::What;
use crate::refusal::{Origin, Refusal};
use crate::region::is_region_id;
use crate::secrets::{LONGEST_VERSION_ID, Secret};
use crate::state::State;

const VERSION: &str = "2016-01-20";

/// RotateSecret may be called this often an hour.
const ROTATE_QUOTA: usize = 50;

pub(crate) fn answer(
    state: &mut State,
    call: &Call,
    now: OffsetDateTime,
    request_id: &str,
    happened: &mut Vec<(OffsetDateTime, What)>,
) -> Outcome {
    let access_key_id = claimed_access_key(call).map(str::to_owned);
    let mut version_id = None;
    let result = act(state, call, now, happened, &mut version_id).map(|mut fields| {
        fields.insert("RequestId".to_owned(), json!(request_id));
        let format = Format::of(call);
        Success { content_type: format.content_type(), body: format.write("KMS", &fields), version_id }
    });
    Outcome { access_key_id, result }
}

pub(crate) fn write_refusal(call: &Call, refusal: &Refusal, request_id: &str) -> (&'static str, Vec<u8>) {
    let format = Format::of(call);
    let mut fields = Map::new();
    if refusal.origin == Origin::Service {
        fields.insert("HttpStatus".to_owned(), json!(refusal.status));
    }
    fields.insert("Code".to_owned(), json!(refusal.code));
    fields.insert("Message".to_owned(), json!(refusal.message));
    fields.insert("RequestId".to_owned(), json!(request_id));
    fields.insert("HostId".to_owned(), json!(call.host));
    let root = match refusal.origin {
        Origin::Service => "KMS",
        Origin::Front => "Error",
    };
    (format.content_type(), format.write(root, &fields))
}

fn act(
    state: &mut State,
    call: &Call,
    now: OffsetDateTime,
    happened: &mut Vec<(OffsetDateTime, What)>,
    version_id: &mut Option<String>,
) -> Result<Map<String, Value>, Refusal> {
    let caller = authenticate(state, call, VERSION, now)?;
    if matches!(call.endpoint, Endpoint::Instance(_)) {
        check_instance_call(call, &caller)?;
    }
    if call.parameter("RegionId").is_some_and(|region| !is_region_id(region)) {
        return Err(Refusal::front(
            404,
            "InvalidRegionId.NotFound",
            "The specified RegionId does not exist.",
        ));
    }
    let fields = match call.action.as_str() {
        "GetSecretValue" => {
            permit_reading(state, call, &caller)?;
            let (fields, version) = get_secret_value(state, call)?;
            *version_id = Some(version);
            fields
        }
        "DescribeSecret" => {
            permit(state, call, &caller, &secret_arn(state, call))?;
            describe_secret(state, call)?
        }
        "ListSecrets" => {
            permit(state, call, &caller, &arn(state, "secret"))?;
            list_secrets(state, call)?
        }
        "RotateSecret" => {
            permit(state, call, &caller, &secret_arn(state, call))?;
            rotate_secret(state, call, now, happened)?
        }
        _ => {
            return Err(Refusal::front(
                404,
                "InvalidAction.NotFound",
                "Specified api is not found, please check your url and method.",
            ));
        }
    };
    Ok(as_object(fields))
}

fn check_instance_call(call: &Call, caller: &Caller) -> Result<(), Refusal> {
    if matches!(caller, Caller::ClientKey(_)) {
        return Err(unknown_access_key());
    }
    match call.action.as_str() {
        "DescribeSecret" | "ListSecrets" | "RotateSecret" => {
            Err(Refusal::service(400, "UnsupportedOperation", "This operation is not supported."))
        }
        _ => Ok(()),
    }
}

fn as_object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Lets those pass whom RAM allows the call; a ClientKey may only read secrets' values.
fn permit(state: &State, call: &Call, caller: &Caller, resource: &str) -> Result<(), Refusal> {
    let action = format!("kms:{}", call.action);
    if state.permits(caller, &action, resource, call.source) {
        Ok(())
    } else {
        Err(Refusal::forbidden(&Forbidden::Operation, ""))
    }
}

/// A ClientKey may read what its access point says. Of all others RAM is asked, about the secret and about the key that
/// it is encrypted with.
fn permit_reading(state: &State, call: &Call, caller: &Caller) -> Result<(), Refusal> {
    let name = call.parameter("SecretName").unwrap_or("");
    if let Caller::ClientKey(key_id) = caller {
        return state
            .client_keys
            .get(key_id)
            .and_then(|key| state.access_points.get(&key.access_point))
            .ok_or(Forbidden::Operation)
            .and_then(|point| point.may_read(&Scope::Shared, call.source, bare_name(name), None))
            .map_err(|what| Refusal::forbidden(&what, ""));
    }
    permit(state, call, caller, &secret_arn(state, call))?;
    let Some(secret) = state.secret_called(name) else { return Ok(()) };
    let key = &secret.encryption_key_id;
    if state.permits(caller, "kms:Decrypt", &arn(state, &format!("key/{key}")), call.source) {
        Ok(())
    } else {
        Err(Refusal::forbidden(&Forbidden::Key, key))
    }
}

fn named_secret<'a>(state: &'a State, call: &Call) -> Result<&'a Secret, Refusal> {
    let name =
        call.parameter("SecretName").filter(|name| !name.is_empty()).ok_or_else(|| missing("SecretName"))?;
    state.secret_called(name).ok_or_else(Refusal::no_such_secret)
}

fn missing(name: &str) -> Refusal {
    Refusal::service(400, "MissingParameter", format!("The parameter {name} is needed but not provided."))
}

fn flag(call: &Call, name: &str) -> Result<bool, Refusal> {
    match call.parameter(name) {
        None | Some("") => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => Err(Refusal::invalid_parameter(name)),
    }
}

fn get_secret_value(state: &State, call: &Call) -> Result<(Value, String), Refusal> {
    let fetch_extended_config = flag(call, "FetchExtendedConfig")?;
    let dry_run = flag(call, "DryRun")?;
    let secret = named_secret(state, call)?;
    if !state.keys.contains(&secret.encryption_key_id) {
        return Err(Refusal::no_such_key());
    }
    let asked = |name| call.parameter(name).unwrap_or("");
    let version = secret.asked_version(asked("VersionId"), asked("VersionStage"))?;
    if dry_run {
        return Err(Refusal::service(
            400,
            "DryRunOperationError",
            "The request has passed all checks, and is not carried out since DryRun is true.",
        ));
    }
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
    put("AutomaticRotation", json!(secret.automatic_rotation()));
    rotation_fields(secret, &mut put);
    if fetch_extended_config && let Some(config) = &secret.extended_config {
        put("ExtendedConfig", json!(config));
    }
    Ok((Value::Object(fields), version.id.clone()))
}

/// These are absent, not empty, when they do not apply.
fn rotation_fields(secret: &Secret, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    if let Some(interval) = secret.rotation_interval_as_sent() {
        put("RotationInterval", json!(interval));
    }
    if let Some(at) = secret.next_rotation {
        put("NextRotationDate", json!(iso8601(at)));
    }
    if let Some(at) = secret.last_rotation {
        put("LastRotationDate", json!(iso8601(at)));
    }
}

fn describe_secret(state: &State, call: &Call) -> Result<Value, Refusal> {
    let secret = named_secret(state, call)?;
    let updated = secret.versions.last().map_or(secret.created, |version| version.created);
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("Arn", json!(arn(state, &format!("secret/{}", secret.name))));
    put("SecretName", json!(secret.name));
    put("SecretType", json!(secret.secret_type));
    put("EncryptionKeyId", json!(secret.encryption_key_id));
    put("DKMSInstanceId", json!(state.instance_id));
    put("CreateTime", json!(iso8601(secret.created)));
    put("UpdateTime", json!(iso8601(updated)));
    put("AutomaticRotation", json!(secret.automatic_rotation()));
    rotation_fields(secret, &mut put);
    if let Some(config) = &secret.extended_config {
        put("ExtendedConfig", json!(config));
    }
    Ok(Value::Object(fields))
}

fn list_secrets(state: &State, call: &Call) -> Result<Value, Refusal> {
    let number = |name: &str, default: usize, most: usize| match call.parameter(name) {
        None | Some("") => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| Refusal::invalid_parameter(name)),
    };
    let page = number("PageNumber", 1, usize::MAX)?;
    let size = number("PageSize", 10, 100)?;
    let listed: Vec<Value> = state
        .secrets
        .values()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .map(|secret| {
            json!({
                "SecretName": secret.name,
                "SecretType": secret.secret_type,
                "CreateTime": iso8601(secret.created),
                "UpdateTime": iso8601(secret.versions.last().map_or(secret.created, |one| one.created)),
            })
        })
        .collect();
    Ok(json!({
        "TotalCount": state.secrets.len(),
        "PageNumber": page,
        "PageSize": size,
        "SecretList": {"Secret": listed},
    }))
}

fn rotate_secret(
    state: &mut State,
    call: &Call,
    now: OffsetDateTime,
    happened: &mut Vec<(OffsetDateTime, What)>,
) -> Result<Value, Refusal> {
    while let Some(first) = state.rotate_requests.front()
        && now - *first >= Duration::hours(1)
    {
        state.rotate_requests.pop_front();
    }
    if state.rotate_requests.len() >= ROTATE_QUOTA {
        return Err(Refusal::throttled());
    }
    state.rotate_requests.push_back(now);
    let secret = named_secret(state, call)?;
    let version_id =
        call.parameter("VersionId").filter(|id| !id.is_empty()).ok_or_else(|| missing("VersionId"))?;
    if version_id.len() > LONGEST_VERSION_ID {
        return Err(Refusal::invalid_parameter("VersionId"));
    }
    let name = secret.name.clone();
    if secret.user.is_none() {
        return Err(Refusal::service(
            400,
            "UnsupportedOperation",
            "This operation is not supported for this type of secret.",
        ));
    }
    // A version that is there already comes from the same request, sent before.
    let version = if secret.versions.iter().any(|version| version.id == version_id) {
        Some(version_id.to_owned())
    } else {
        let overlap = Duration::seconds(state.immediate_overlap);
        state
            .rotate(&name, Some(version_id.to_owned()), overlap, false, now, happened)
            .map_err(|error| Refusal::service(409, "Rejected.LimitExceeded", error.to_string()))?;
        state.secrets[&name].version("", "").map(|one| one.id.clone())
    };
    Ok(json!({
        "Arn": arn(state, &format!("secret/{name}")),
        "SecretName": name,
        "VersionId": version,
    }))
}

fn arn(state: &State, resource: &str) -> String {
    format!("acs:kms:{}:{}:{resource}", state.region, state.account_id)
}

fn secret_arn(state: &State, call: &Call) -> String {
    arn(state, &format!("secret/{}", bare_name(call.parameter("SecretName").unwrap_or(""))))
}
