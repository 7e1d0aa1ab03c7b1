//! What `kmsak status` shows. No secret, and no AccessKey id either.

use std::time::Duration;

use serde_json::{Value, json};

use super::guard::Admitted;
use super::routes::Routes;

/// As much of it as whoever asks may have secrets.
pub(super) fn of(routes: &Routes, admitted: &Admitted) -> Value {
    let open = routes.agent.now();
    let stats = open.provider.stats();
    let secrets = stats.secrets.iter().filter(|secret| admitted.may_ask_for(&secret.name));
    let secrets: Vec<Value> = secrets
        .map(|secret| {
            let failure = secret.last_error.as_ref();
            json!({
                "name": secret.name,
                "versionId": secret.version_id,
                "ageSeconds": secret.age.map(seconds),
                "staleForSeconds": seconds(secret.stale_for),
                "nextRefreshInSeconds": secret.next_refresh_in.map(seconds),
                "fetches": secret.fetches,
                "failures": secret.failures,
                "renewals": secret.renewals,
                "lastError": failure.map(|error| json!({ "kind": error.kind().as_str(), "message": error.message() })),
            })
        })
        .collect();
    let endpoints: Vec<Value> = stats
        .endpoints
        .iter()
        .map(|endpoint| {
            json!({
                "endpoint": endpoint.endpoint,
                "up": !endpoint.down,
                "latencyMilliseconds": endpoint.latency.map(|latency| latency.as_millis() as u64),
                "requests": endpoint.requests,
                "failures": endpoint.failures,
            })
        })
        .collect();
    let client_keys = stats.client_keys.iter();
    let client_keys: Vec<Value> =
        client_keys.map(|one| json!({ "keyId": one.info.key_id, "daysLeft": one.days_left })).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "listening": routes.place,
        "ready": open.all_ready(),
        "upSeconds": routes.agent.started.elapsed().as_secs(),
        "connections": routes.connections.count(),
        "secrets": secrets,
        "endpoints": endpoints,
        "clientKeys": client_keys,
        "clockSkewMilliseconds": stats.clock_skew_milliseconds,
    })
}

fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}
