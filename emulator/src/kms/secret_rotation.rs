//! The rotation of managed secrets.

use serde_json::{Value, json};
use time::Duration;

use super::parameters::missing;
use crate::clock::iso8601;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::rotation::Rotation;
use crate::secrets::{LONGEST_VERSION_ID, Secret};

/// RotateSecret may be called this often an hour.
const ROTATE_QUOTA: usize = 50;

/// These are absent, not empty, when they do not apply.
pub(super) fn rotation_fields(secret: &Secret, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
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

fn managed(request: &Request<'_>, name: &str) -> Result<(), Refusal> {
    let secret = &request.state().secrets[name];
    secret.check_changeable(secret.user.is_some())
}

pub(super) fn rotate(request: &mut Request<'_>) -> Answer {
    // Who may not rotate does not use up the quota of those who may.
    let permitted = request.own_secret();
    if let Err(refusal) = &permitted
        && refusal.status == 403
    {
        return Err(refusal.clone());
    }
    let now = request.now;
    let earlier = &mut request.state_mut().rotate_requests;
    while let Some(first) = earlier.front()
        && now - *first >= Duration::hours(1)
    {
        earlier.pop_front();
    }
    if earlier.len() >= ROTATE_QUOTA {
        return Err(Refusal::throttled());
    }
    earlier.push_back(now);
    let name = permitted?;
    let version_id = request.needed("VersionId")?;
    if version_id.len() > LONGEST_VERSION_ID {
        return Err(Refusal::invalid_parameter("VersionId"));
    }
    managed(request, &name)?;
    // A version that is there already comes from the same request, sent before.
    let repeated = request.state().secrets[&name].versions.iter().any(|version| version.id == version_id);
    let version = if repeated {
        Some(version_id.to_owned())
    } else {
        let overlap = Duration::seconds(request.state().immediate_overlap);
        let account = request.account;
        let state = &mut request.cloud.accounts[account];
        let rotated = state
            .rotate(&name, Some(version_id.to_owned()), overlap, false, now, request.happened)
            .map_err(|error| Refusal::service(409, "Rejected.LimitExceeded", error.to_string()))?;
        match rotated {
            Rotation::Rotated { version_id, .. } => Some(version_id),
            Rotation::AlreadyRunning => {
                request.state().secrets[&name].version("", "").map(|one| one.id.clone())
            }
        }
    };
    Ok(json!({
        "Arn": request.arn(&format!("secret/{name}")),
        "SecretName": name,
        "VersionId": version,
    }))
}

pub(super) fn set_policy(request: &mut Request<'_>) -> Answer {
    let name = request.own_secret()?;
    let on = request.flag("EnableAutomaticRotation")?.ok_or_else(|| missing("EnableAutomaticRotation"))?;
    managed(request, &name)?;
    let interval = request.interval(Duration::days(7), Duration::days(365))?;
    let secret = &request.state().secrets[&name];
    if secret.running.is_some() {
        return Err(Refusal::resource_in_use());
    }
    let schedule = match (on, interval) {
        (false, _) => None,
        (true, None) => return Err(missing("RotationInterval")),
        (true, Some(interval)) => {
            let first = secret.last_rotation.unwrap_or(secret.created) + interval;
            Some((interval, first.max(request.now)))
        }
    };
    request
        .state_mut()
        .schedule_rotation(&name, schedule)
        .map_err(|_| Refusal::invalid_parameter("RotationInterval"))?;
    // One whose time has passed takes place at once.
    let (account, now) = (request.account, request.now);
    let happened = request.cloud.accounts[account].catch_up(now);
    request.happened.extend(happened);
    Ok(json!({"SecretName": name}))
}
