//! Deleting secrets, at once or after some time, and taking that back.

use serde_json::json;
use time::Duration;

use crate::clock::iso8601;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

const DEFAULT_DAYS: i64 = 30;

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    let name = request.own_secret()?;
    let force = request.flag("ForceDeleteWithoutRecovery")?.unwrap_or(false);
    let days = match request.given("RecoveryWindowInDays") {
        Some(_) if force => return Err(Refusal::invalid_parameter("RecoveryWindowInDays")),
        Some(text) => text
            .parse()
            .ok()
            .filter(|days| (7..=30).contains(days))
            .ok_or_else(|| Refusal::invalid_parameter("RecoveryWindowInDays"))?,
        None => DEFAULT_DAYS,
    };
    let now = request.now;
    if force {
        request.state_mut().secrets.remove(&name);
        request.state_mut().update_next_due();
        return Ok(json!({"SecretName": name, "PlannedDeleteTime": iso8601(now)}));
    }
    let secret = request.secret_mut(&name)?;
    if secret.planned_delete.is_some() {
        return Err(Refusal::in_delete_window());
    }
    let at = now + Duration::days(days);
    secret.planned_delete = Some(at);
    secret.changed = Some(now);
    request.state_mut().update_next_due();
    Ok(json!({"SecretName": name, "PlannedDeleteTime": iso8601(at)}))
}

pub(super) fn restore(request: &mut Request<'_>) -> Answer {
    let name = request.own_secret()?;
    let now = request.now;
    let secret = request.secret_mut(&name)?;
    if secret.planned_delete.take().is_none() {
        return Err(Refusal::resource_in_use());
    }
    secret.changed = Some(now);
    request.state_mut().update_next_due();
    Ok(json!({"SecretName": name}))
}
