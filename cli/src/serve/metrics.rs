//! Prometheus' text format. No secret, and no AccessKey id either.

use std::fmt::Write;

use super::agent::Agent;
use super::connections::Connections;

pub(super) fn render(agent: &Agent, connections: &Connections) -> String {
    let stats = agent.now().provider.stats();
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
    for endpoint in &stats.endpoints {
        let up = if endpoint.down { 0.0 } else { 1.0 };
        text.sample("kmsak_endpoint_up", &[("endpoint", &endpoint.endpoint)], up);
    }
    text.metric("kmsak_endpoint_requests_total", "counter", "Requests to an endpoint.");
    for endpoint in &stats.endpoints {
        text.sample(
            "kmsak_endpoint_requests_total",
            &[("endpoint", &endpoint.endpoint)],
            endpoint.requests as f64,
        );
    }
    text.metric("kmsak_endpoint_failures_total", "counter", "Requests to an endpoint that failed.");
    for endpoint in &stats.endpoints {
        text.sample(
            "kmsak_endpoint_failures_total",
            &[("endpoint", &endpoint.endpoint)],
            endpoint.failures as f64,
        );
    }

    text.metric("kmsak_client_key_expiry_days", "gauge", "Whole days until the ClientKey expires.");
    for client_key in &stats.client_keys {
        let key_id = client_key.info.key_id.as_str();
        text.sample("kmsak_client_key_expiry_days", &[("key_id", key_id)], client_key.days_left as f64);
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
