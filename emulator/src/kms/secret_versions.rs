//! The versions of generic secrets.

use serde_json::json;

use super::parameters::missing;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::secrets::{LONGEST_VERSION_ID, NewVersion, SecretValue};

const GENERIC: &str = "Generic";

/// The name of the generic secret that a request changes.
fn generic(request: &Request<'_>) -> Result<String, Refusal> {
    let name = request.own_secret()?;
    let secret = &request.state().secrets[&name];
    secret.check_changeable(secret.secret_type.eq_ignore_ascii_case(GENERIC))?;
    Ok(name)
}

pub(super) fn put(request: &mut Request<'_>) -> Answer {
    let name = generic(request)?;
    let id = request.needed("VersionId")?;
    let data = request.needed("SecretData")?;
    if id.len() > LONGEST_VERSION_ID {
        return Err(Refusal::invalid_parameter("VersionId"));
    }
    let value = match request.given("SecretDataType") {
        None | Some("text") => SecretValue::Text(data.to_owned()),
        Some("binary") => SecretValue::Binary(data.to_owned()),
        Some(_) => return Err(Refusal::invalid_parameter("SecretDataType")),
    };
    let stages: Option<Vec<String>> = request.json("VersionStages")?;
    let now = request.now;
    let secret = request.secret_mut(&name)?;
    if secret.versions.iter().any(|version| version.id == id && version.value != value) {
        return Err(Refusal::resource_exists());
    }
    secret
        .put_new(NewVersion { id: Some(id.to_owned()), stages }, value, now)
        .map_err(|_| Refusal::invalid_parameter("VersionStages"))?;
    let stages = secret.versions.iter().find(|version| version.id == id).map(|version| &version.stages);
    Ok(json!({"SecretName": name, "VersionId": id, "VersionStages": {"VersionStage": stages}}))
}

pub(super) fn move_stage(request: &mut Request<'_>) -> Answer {
    let name = generic(request)?;
    let stage = request.needed("VersionStage")?;
    let (from, to) = (request.given("RemoveFromVersion"), request.given("MoveToVersion"));
    let secret = request.secret_mut(&name)?;
    let has = |id: &str| secret.versions.iter().any(|version| version.id == id);
    if from.is_none() && to.is_none() {
        return Err(missing("MoveToVersion"));
    }
    if [from, to].into_iter().flatten().any(|id| !has(id)) {
        return Err(Refusal::no_such_resource());
    }
    let holder = secret
        .versions
        .iter()
        .find(|version| version.stages.iter().any(|one| one == stage))
        .map(|one| one.id.as_str());
    let invalid =
        || Refusal::service(400, "Rejected.InvalidRequest", "The version does not have this stage.");
    if holder != from {
        return Err(invalid());
    }
    if stage.starts_with("ACS") && to.is_none() {
        return Err(Refusal::service(
            400,
            "Rejected.UnsupportedOperation",
            "This stage is moved, never taken away.",
        ));
    }
    secret.move_stage(stage, to);
    Ok(json!({"SecretName": name}))
}
