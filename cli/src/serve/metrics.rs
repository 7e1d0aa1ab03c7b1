//! Prometheus' text format. No secret, and no AccessKey id either.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use kmsak::{ClientKeyStats, EndpointStats};

use super::agent::Agent;
use super::connections::Connections;

pub(super) fn render(agent: &Agent, connections: &Connections) -> String {
    let stats = agent.now().provider.stats();
    let endpoints = by_name(&stats.endpoints);
    let client_keys = by_id(&stats.client_keys);
    let mut text = Text(String::with_capacity(4096));
    text.metric("kmsak_build_info", "gauge", "The version of the agent.");
    text.sample("kmsak_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);

    text.metric("kmsak_secret_age_seconds", "gauge", "Time since the cached value was fetched from KMS.");
    for secret in &stats.secrets {
        if let Some(age) = secret.age {
            text.sample("kmsak_secret_age_seconds", &[("secret", &secret.name)], age.as_secs_f64());
        }
    }
    text.metric(
        "kmsak_secret_stale_seconds",
        "gauge",
        "Age of a value whose latest refresh failed; 0 when it succeeded.",
    );
    for secret in &stats.secrets {
        text.sample(
            "kmsak_secret_stale_seconds",
            &[("secret", &secret.name)],
            secret.stale_for.as_secs_f64(),
        );
    }
    text.metric("kmsak_secret_next_refresh_seconds", "gauge", "Time until the next scheduled refresh.");
    for secret in &stats.secrets {
        if let Some(next) = secret.next_refresh_in {
            text.sample("kmsak_secret_next_refresh_seconds", &[("secret", &secret.name)], next.as_secs_f64());
        }
    }
    text.metric("kmsak_secret_fetches_total", "counter", "Successful fetches from KMS.");
    for secret in &stats.secrets {
        text.sample("kmsak_secret_fetches_total", &[("secret", &secret.name)], secret.fetches as f64);
    }
    text.metric("kmsak_secret_fetch_failures_total", "counter", "Failed fetches from KMS.");
    for secret in &stats.secrets {
        text.sample("kmsak_secret_fetch_failures_total", &[("secret", &secret.name)], secret.failures as f64);
    }

    text.metric("kmsak_endpoint_up", "gauge", "0 while an endpoint is passed over.");
    for (name, endpoint) in &endpoints {
        text.sample("kmsak_endpoint_up", &[("endpoint", name)], f64::from(u8::from(endpoint.up)));
    }
    text.metric("kmsak_endpoint_requests_total", "counter", "Requests to an endpoint.");
    for (name, endpoint) in &endpoints {
        text.sample("kmsak_endpoint_requests_total", &[("endpoint", name)], endpoint.requests as f64);
    }
    text.metric("kmsak_endpoint_failures_total", "counter", "Requests to an endpoint that failed.");
    for (name, endpoint) in &endpoints {
        text.sample("kmsak_endpoint_failures_total", &[("endpoint", name)], endpoint.failures as f64);
    }

    text.metric(
        "kmsak_endpoint_throttled_seconds",
        "gauge",
        "How long an endpoint throttled the agent the last time that somebody waited; times KMS's quota, about the size of the fleet.",
    );
    for (name, endpoint) in &endpoints {
        if let Some(throttled) = endpoint.throttled_for {
            text.sample("kmsak_endpoint_throttled_seconds", &[("endpoint", name)], throttled.as_secs_f64());
        }
    }

    text.metric("kmsak_client_key_expiry_days", "gauge", "Whole days until the ClientKey expires.");
    for (key_id, days_left) in &client_keys {
        text.sample("kmsak_client_key_expiry_days", &[("key_id", key_id)], *days_left as f64);
    }
    text.metric("kmsak_clock_skew_seconds", "gauge", "KMS's clock less this machine's, as learnt from KMS.");
    text.sample("kmsak_clock_skew_seconds", &[], stats.clock_skew_milliseconds as f64 / 1000.0);

    text.metric("kmsak_agent_connections", "gauge", "Open connections of clients.");
    text.sample("kmsak_agent_connections", &[], connections.count() as f64);
    text.metric("kmsak_agent_answers_total", "counter", "Answers by the class of their status.");
    for class in 2..=5 {
        let name = format!("{class}xx");
        text.sample("kmsak_agent_answers_total", &[("status", &name)], agent.counters.of_class(class) as f64);
    }
    text.0
}

#[derive(Default)]
struct Endpoint {
    up: bool,
    requests: u64,
    failures: u64,
    throttled_for: Option<Duration>,
}

/// A configuration may name an endpoint twice, with different ClientKeys; a series may stand only once.
fn by_name(endpoints: &[EndpointStats]) -> BTreeMap<&str, Endpoint> {
    let mut merged: BTreeMap<&str, Endpoint> = BTreeMap::new();
    for endpoint in endpoints {
        let one = merged.entry(&endpoint.endpoint).or_default();
        one.up |= !endpoint.down;
        one.requests += endpoint.requests;
        one.failures += endpoint.failures;
        one.throttled_for = one.throttled_for.max(endpoint.throttled_for);
    }
    merged
}

/// The same ClientKey may lie at two paths.
fn by_id(client_keys: &[ClientKeyStats]) -> BTreeMap<&str, u64> {
    client_keys.iter().map(|one| (one.info.key_id.as_str(), one.days_left)).collect()
}

struct Text(String);

impl Text {
    fn metric(&mut self, name: &str, kind: &str, help: &str) {
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("a string takes all");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
            let before = if index == 0 { '{' } else { ',' };
            write!(self.0, "{before}{label}=\"{text}\"").expect("a string takes all");
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        writeln!(self.0, " {value}").expect("a string takes all");
    }
}
