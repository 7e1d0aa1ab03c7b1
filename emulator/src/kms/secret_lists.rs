//! Listing secrets and their versions.

use serde_json::{Map, Value, json};

use crate::clock::iso8601;
use crate::request::{Answer, Request, as_fields};
use crate::secrets::Secret;

const FILTERS: [&str; 7] =
    ["SecretName", "Description", "TagKey", "TagValue", "DKMSInstanceId", "SecretType", "Creator"];

/// Names and descriptions are found by how they begin; the rest must be the same.
fn has(secret: &Secret, account: &str, kind: &str, value: &str) -> bool {
    match kind {
        "SecretName" => secret.name.starts_with(value),
        "Description" => secret.description.starts_with(value),
        "TagKey" => secret.tags.iter().any(|(key, _)| key == value),
        "TagValue" => secret.tags.iter().any(|(_, one)| one == value),
        "DKMSInstanceId" => secret.instance.as_deref() == Some(value),
        "SecretType" => secret.secret_type == value,
        _ => account == value,
    }
}

pub(super) fn secrets(request: &mut Request<'_>) -> Answer {
    request.permit("secret")?;
    let with_tags = request.flag("FetchTags")?.unwrap_or(false);
    let filters = request.filters(&FILTERS)?;
    let state = request.state();
    let account = state.account_id.as_str();
    let listed = state
        .secrets
        .values()
        .filter(|secret| {
            filters.iter().all(|one| one.values.iter().any(|value| has(secret, account, &one.key, value)))
        })
        .map(|secret| {
            let mut fields = json!({
                "SecretName": secret.name,
                "SecretType": secret.secret_type,
                "CreateTime": iso8601(secret.created),
                "UpdateTime": iso8601(secret.updated()),
            });
            if let Some(at) = secret.planned_delete {
                fields["PlannedDeleteTime"] = json!(iso8601(at));
            }
            if with_tags {
                fields["Tags"] = super::tags::written(&secret.tags);
            }
            fields
        })
        .collect();
    request.page(10, listed, ["SecretList", "Secret"])
}

pub(super) fn versions(request: &mut Request<'_>) -> Answer {
    let all = request.flag("IncludeDeprecated")?.unwrap_or(false);
    let (_, secret) = request.permitted_secret()?;
    let versions: Vec<Value> = secret
        .versions
        .iter()
        .rev()
        .filter(|version| all || !version.stages.is_empty())
        .map(|version| {
            json!({
                "VersionId": version.id,
                "CreateTime": iso8601(version.created),
                "VersionStages": {"VersionStage": version.stages},
            })
        })
        .collect();
    let mut answer: Map<String, Value> =
        as_fields(request.page(20, versions, ["VersionIds", "VersionId"])?);
    answer.insert("SecretName".to_owned(), json!(secret.name));
    Ok(Value::Object(answer))
}
