//! Statistics as JavaScript gets them: durations in milliseconds.

use napi_derive::napi;

use crate::failure::Failure;
use crate::values::{date, milliseconds};

/// See [`kmsak::Stats`].
#[napi(object, object_from_js = false)]
pub struct Stats {
    /// Cached secrets.
    pub secrets: Vec<SecretStats>,
    /// Endpoints as configured.
    pub endpoints: Vec<EndpointStats>,
    /// ClientKeys in use.
    pub client_keys: Vec<ClientKeyStats>,
    /// Who asks KMS.
    pub identities: Vec<IdentityInfo>,
    /// KMS's clock less this machine's.
    pub clock_skew: f64,
}

/// See [`kmsak::SecretStats`].
#[napi(object, object_from_js = false)]
pub struct SecretStats {
    /// The secret's name.
    pub name: String,
    /// The version in the cache.
    pub version_id: Option<String>,
    /// The AccessKey id in the cache.
    pub access_key_id: Option<String>,
    /// Since the value was fetched.
    pub age: Option<f64>,
    /// Since the value was fetched, if the latest refresh failed.
    pub stale_for: f64,
    /// Until the next scheduled refresh.
    pub next_refresh_in: Option<f64>,
    /// Successful fetches.
    pub fetches: f64,
    /// Failed fetches.
    pub failures: f64,
    /// Renewals that asked KMS.
    pub renewals: f64,
    /// The latest failure.
    pub last_error: Option<Failure>,
}

/// See [`kmsak::EndpointStats`].
#[napi(object, object_from_js = false)]
pub struct EndpointStats {
    /// Host, and port where it is not 443.
    pub endpoint: String,
    /// Whether it is passed over.
    pub down: bool,
    /// The moving average.
    pub latency: Option<f64>,
    /// Requests sent and ended.
    pub requests: f64,
    /// Those that failed.
    pub failures: f64,
}

/// See [`kmsak::ClientKeyStats`].
#[napi(object, object_from_js = false)]
pub struct ClientKeyStats {
    /// The ClientKey's id.
    pub key_id: String,
    /// The KMS instance.
    pub instance_id: Option<String>,
    /// Milliseconds since 1970.
    pub not_before: f64,
    /// Milliseconds since 1970.
    pub not_after: f64,
    /// Whole days.
    pub days_left: f64,
}

/// See [`kmsak::IdentityInfo`].
#[napi(object, object_from_js = false)]
pub struct IdentityInfo {
    /// As `credentials_type` calls it.
    pub kind: &'static str,
    /// What tells it from others of its kind.
    pub name: String,
    /// What signs now.
    pub access_key_id: Option<String>,
    /// Where that came from.
    pub origin: Option<String>,
    /// Milliseconds since 1970.
    pub expires: Option<f64>,
    /// Why no newer one could be had.
    pub last_error: Option<Failure>,
}

impl From<kmsak::IdentityInfo> for IdentityInfo {
    fn from(info: kmsak::IdentityInfo) -> Self {
        IdentityInfo {
            kind: info.kind,
            name: info.name,
            access_key_id: info.access_key_id,
            origin: info.origin,
            expires: info.expires.map(date),
            last_error: info.last_error.map(Failure::from),
        }
    }
}

impl From<kmsak::Stats> for Stats {
    fn from(stats: kmsak::Stats) -> Self {
        Stats {
            secrets: stats.secrets.into_iter().map(SecretStats::from).collect(),
            endpoints: stats.endpoints.into_iter().map(EndpointStats::from).collect(),
            client_keys: stats.client_keys.into_iter().map(ClientKeyStats::from).collect(),
            identities: stats.identities.into_iter().map(IdentityInfo::from).collect(),
            clock_skew: stats.clock_skew_milliseconds as f64,
        }
    }
}

impl From<kmsak::SecretStats> for SecretStats {
    fn from(stats: kmsak::SecretStats) -> Self {
        SecretStats {
            name: stats.name,
            version_id: stats.version_id,
            access_key_id: stats.access_key_id,
            age: stats.age.map(milliseconds),
            stale_for: milliseconds(stats.stale_for),
            next_refresh_in: stats.next_refresh_in.map(milliseconds),
            fetches: stats.fetches as f64,
            failures: stats.failures as f64,
            renewals: stats.renewals as f64,
            last_error: stats.last_error.map(Failure::from),
        }
    }
}

impl From<kmsak::EndpointStats> for EndpointStats {
    fn from(stats: kmsak::EndpointStats) -> Self {
        EndpointStats {
            endpoint: stats.endpoint,
            down: stats.down,
            latency: stats.latency.map(milliseconds),
            requests: stats.requests as f64,
            failures: stats.failures as f64,
        }
    }
}

impl From<kmsak::ClientKeyStats> for ClientKeyStats {
    fn from(stats: kmsak::ClientKeyStats) -> Self {
        ClientKeyStats {
            key_id: stats.info.key_id,
            instance_id: stats.info.instance_id,
            not_before: date(stats.info.not_before),
            not_after: date(stats.info.not_after),
            days_left: stats.days_left as f64,
        }
    }
}
