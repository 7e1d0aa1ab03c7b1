//! Statistics as the classes of `kmsak/_stats.py`.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::to_object;

pub(crate) fn to_python<'py>(py: Python<'py>, stats: &kmsak::Stats) -> PyResult<Bound<'py, PyAny>> {
    let classes = py.import("kmsak._stats")?;
    let mut secrets = Vec::new();
    for secret in &stats.secrets {
        let last_error = secret.last_error.as_ref().map(|error| to_object(py, error)).transpose()?;
        secrets.push(classes.getattr("SecretStats")?.call1((
            &secret.name,
            &secret.version_id,
            &secret.access_key_id,
            secret.age,
            secret.stale_for,
            secret.next_refresh_in,
            secret.fetches,
            secret.failures,
            secret.renewals,
            last_error,
        ))?);
    }
    let mut endpoints = Vec::new();
    for endpoint in &stats.endpoints {
        endpoints.push(classes.getattr("EndpointStats")?.call1((
            &endpoint.endpoint,
            endpoint.down,
            endpoint.latency,
            endpoint.requests,
            endpoint.failures,
        ))?);
    }
    let mut client_keys = Vec::new();
    for client_key in &stats.client_keys {
        let info = &client_key.info;
        client_keys.push(classes.getattr("ClientKeyStats")?.call1((
            &info.key_id,
            &info.instance_id,
            info.not_before,
            info.not_after,
            client_key.days_left,
        ))?);
    }
    let mut identities = Vec::new();
    for identity in &stats.identities {
        let last_error = identity.last_error.as_ref().map(|error| to_object(py, error)).transpose()?;
        identities.push(classes.getattr("IdentityInfo")?.call1((
            identity.kind,
            &identity.name,
            &identity.access_key_id,
            &identity.origin,
            identity.expires,
            last_error,
        ))?);
    }
    classes.getattr("Stats")?.call1((
        PyTuple::new(py, secrets)?,
        PyTuple::new(py, endpoints)?,
        PyTuple::new(py, client_keys)?,
        PyTuple::new(py, identities)?,
        stats.clock_skew_milliseconds,
    ))
}
