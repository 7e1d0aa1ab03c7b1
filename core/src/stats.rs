//! What goes on inside a provider, for dashboards and support. No secret is in it.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;
use crate::field::{Field, FieldDescription, Fields, Row, describe, row};
use crate::identity::IdentityInfo;
use crate::identity::client_key::ClientKeyInfo;
use crate::upkeep::client_key_expiry::days_left;
use crate::upkeep::live::Live;

row! {
    /// A provider's state at one moment.
    #[derive(Clone, Debug, Default)]
    #[non_exhaustive]
    pub struct Stats {
        /// The secrets in the cache, by name.
        pub secrets: Vec<SecretStats>,
        /// The endpoints as configured.
        pub endpoints: Vec<EndpointStats>,
        /// The ClientKeys in use.
        pub client_keys: Vec<ClientKeyStats>,
        /// Who asks KMS: the ClientKeys again, and all others.
        pub identities: Vec<IdentityInfo>,
        /// KMS's clock less this machine's, in milliseconds, as learnt from KMS; 0 when KMS never complained.
        pub clock_skew_milliseconds: i64,
    }
}

row! {
    /// One cached secret.
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct SecretStats {
        /// The secret's name.
        pub name: String,
        /// The version in the cache.
        pub version_id: Option<String>,
        /// The AccessKey id in the cache, for a managed RAM secret.
        pub access_key_id: Option<String>,
        /// How long ago the cached value was fetched from KMS.
        pub age: Option<Duration>,
        /// How long ago the cached value was fetched if the latest refresh failed; zero when it succeeded.
        pub stale_for: Duration,
        /// The time until the next scheduled refresh.
        pub next_refresh_in: Option<Duration>,
        /// Successful fetches.
        pub fetches: u64,
        /// Failed fetches.
        pub failures: u64,
        /// Renewals after a rejected AccessKey that asked KMS.
        pub renewals: u64,
        /// The latest failure, if the latest fetch failed.
        pub last_error: Option<Error>,
    }
}

row! {
    /// One endpoint.
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct EndpointStats {
        /// Host, and port where it is not 443.
        pub endpoint: String,
        /// Whether it is passed over at the moment.
        pub down: bool,
        /// The moving average of its answers' latency.
        pub latency: Option<Duration>,
        /// Requests sent to it and ended.
        pub requests: u64,
        /// Those that failed.
        pub failures: u64,
        /// How long it throttled this process the last time that somebody waited, or has until now: times KMS's quota, about the
        /// size of the fleet.
        pub throttled_for: Option<Duration>,
    }
}

/// One ClientKey.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientKeyStats {
    /// What it says of itself.
    pub info: ClientKeyInfo,
    /// Whole days until it expires; zero once it has, by this machine's clock corrected by what KMS told.
    pub days_left: u64,
}

impl Row for ClientKeyStats {
    fn row(&self) -> Fields<'_> {
        let mut fields = self.info.row();
        fields.push(("days_left", self.days_left.value()));
        fields
    }

    fn described() -> Vec<FieldDescription> {
        let mut fields = ClientKeyInfo::described();
        fields.push(describe::<u64>("days_left"));
        fields
    }
}

impl Stats {
    /// All of it by name: for those who pass statistics on without knowing each.
    #[must_use]
    pub fn fields(&self) -> Fields<'_> {
        self.row()
    }

    pub(crate) fn of(live: &Live) -> Self {
        let state = live.state();
        let now = state.now();
        let secrets = live
            .keeper_statuses()
            .into_iter()
            .map(|(name, status)| {
                let snapshot = state.cache.snapshot(name.as_bytes());
                let age = snapshot.as_ref().map(|snapshot| snapshot.fetched_at.elapsed());
                SecretStats {
                    name: name.into(),
                    version_id: snapshot.as_ref().map(|snapshot| snapshot.secret.version_id().to_owned()),
                    access_key_id: snapshot
                        .as_ref()
                        .and_then(|snapshot| snapshot.access_key_id())
                        .map(str::to_owned),
                    age,
                    stale_for: if status.last_error.is_some() {
                        age.unwrap_or_default()
                    } else {
                        Duration::ZERO
                    },
                    next_refresh_in: status
                        .next_refresh
                        .map(|next| next.duration_since(now).unwrap_or_default()),
                    fetches: status.fetches,
                    failures: status.failures,
                    renewals: status.renewals,
                    last_error: status.last_error,
                }
            })
            .collect();
        let endpoints = live
            .endpoints()
            .iter()
            .map(|endpoint| {
                let health = endpoint.health();
                EndpointStats {
                    endpoint: endpoint.name().to_owned(),
                    down: health.down_until.is_some_and(|until| until > Instant::now()),
                    latency: health.latency(Instant::now()),
                    requests: health.requests,
                    failures: health.failures,
                    throttled_for: health.throttled_for(Instant::now()),
                }
            })
            .collect();
        let client_keys = state
            .identities
            .client_keys
            .iter()
            .map(|client_key| {
                let info = client_key.proven().info().clone();
                ClientKeyStats { days_left: days_left(info.not_after, now), info }
            })
            .collect();
        let identities = state.identities.who().collect();
        Stats {
            secrets,
            endpoints,
            client_keys,
            identities,
            clock_skew_milliseconds: state.skew.milliseconds(),
        }
    }
}
