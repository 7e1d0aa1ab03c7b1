//! `kmsak status`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use rustls::ClientConfig;
use serde_json::Value;

use crate::agent_client::Place;
use crate::failure::Failure;
use crate::output::print_line;
use crate::serve::tls;

const EXAMPLES: &str = "\
Examples:
  kmsak status --token-file /run/kmsak/token
  kmsak status --unix /run/kmsak/agent.sock --json
  kmsak status --url https://kmsak.apps.svc:9390 --ca ca.pem --token-file token";

/// Show what a running agent holds, how old it is and when it is renewed
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Status {
    /// Where the agent listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9390", conflicts_with = "unix")]
    url: String,
    /// The Unix socket on which the agent listens
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,
    /// The file with the agent's token, or with that of one of its clients
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The CA of the agent's certificate, PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// A client certificate to show, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key", requires = "ca")]
    tls_cert: Option<PathBuf>,
    /// The private key that belongs to it, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// One JSON object instead of tables
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let header = match &self.token_file {
            None => String::new(),
            Some(path) => {
                let token =
                    std::fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))?;
                format!("X-Kmsak-Token: {}\r\n", token.trim())
            }
        };
        let (status, body) = self.place()?.get("/status", &header)?;
        let answer: Value = serde_json::from_str(&body).unwrap_or_default();
        if status != 200 {
            let said = answer["Message"]
                .as_str()
                .or(answer["errors"][0].as_str())
                .unwrap_or("this is no agent of this version");
            let remedy = if status == 401 { " (see --token-file)" } else { "" };
            return Err(Failure::new(format!("the agent answered {status}: {said}{remedy}")));
        }
        let text = if self.json { answer.to_string() } else { tables(&answer) };
        print_line(text.trim_end())?;
        Ok(ExitCode::SUCCESS)
    }

    fn place(&self) -> Result<Place, Failure> {
        if let Some(path) = &self.unix {
            return Ok(Place::Unix(path.clone()));
        }
        // It may have a token in it.
        let wrong = || {
            Failure::usage(
                "--url: expected http://HOST:PORT or https://HOST:PORT, and the token in --token-file",
            )
        };
        let (scheme, rest) = self.url.split_once("://").ok_or_else(wrong)?;
        let (host, port) = rest.trim_end_matches('/').rsplit_once(':').ok_or_else(wrong)?;
        if host.contains(['/', '@', '?', ' ']) {
            return Err(wrong());
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = port.parse().map_err(|_| wrong())?;
        let tls = match scheme {
            "http" => None,
            "https" => Some(self.tls()?),
            _ => return Err(wrong()),
        };
        Ok(Place::Tcp { host, port, tls })
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, Failure> {
        let ca = self.ca.as_deref().ok_or_else(|| {
            Failure::usage("by which CA is the agent to be known? Name its PEM file with --ca")
        })?;
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Failure::doing("TLS cannot be set up"))?
            .with_root_certificates(tls::roots(ca)?);
        let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) else {
            return Ok(Arc::new(builder.with_no_client_auth()));
        };
        let private = tls::private_key(key)?;
        let config = builder
            .with_client_auth_cert(tls::certificates(certificate)?, private)
            .map_err(|error| Failure::new(format!("{}: {error}", certificate.display())))?;
        Ok(Arc::new(config))
    }
}

fn tables(answer: &Value) -> String {
    let ready = if answer["ready"] == true { "ready" } else { "not ready: some secret was never fetched" };
    let mut text = format!(
        "kmsak {} on {}, {ready}, up {}, {} connections\n",
        shown(&answer["version"]),
        shown(&answer["listening"]),
        span(&answer["upSeconds"]),
        answer["connections"],
    );
    if let Some(skew) = answer["clockSkewMilliseconds"].as_i64().filter(|skew| skew.abs() >= 1000) {
        text.push_str(&format!("this machine's clock is {} ms off KMS's\n", -skew));
    }
    let secrets = rows(&answer["secrets"], |one| {
        let state = match one["lastError"]["message"].as_str() {
            Some(message) => message.to_owned(),
            None if one["versionId"].is_null() => "not fetched yet".to_owned(),
            None => "current".to_owned(),
        };
        vec![
            shown(&one["name"]),
            shown(&one["versionId"]),
            span(&one["ageSeconds"]),
            span(&one["nextRefreshInSeconds"]),
            one["fetches"].to_string(),
            one["failures"].to_string(),
            state,
        ]
    });
    table(&mut text, &["SECRET", "VERSION", "AGE", "RENEWS IN", "FETCHES", "FAILURES", "STATE"], secrets);
    let endpoints = rows(&answer["endpoints"], |one| {
        let latency =
            one["latencyMilliseconds"].as_u64().map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
        let state = if one["up"] == true { "up" } else { "passed over" };
        vec![
            shown(&one["endpoint"]),
            state.to_owned(),
            latency,
            one["requests"].to_string(),
            one["failures"].to_string(),
        ]
    });
    table(&mut text, &["ENDPOINT", "STATE", "LATENCY", "REQUESTS", "FAILURES"], endpoints);
    let keys = rows(&answer["clientKeys"], |one| vec![shown(&one["keyId"]), one["daysLeft"].to_string()]);
    table(&mut text, &["CLIENTKEY", "DAYS LEFT"], keys);
    text
}

fn rows(list: &Value, row: impl Fn(&Value) -> Vec<String>) -> Vec<Vec<String>> {
    list.as_array().into_iter().flatten().map(row).collect()
}

fn shown(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

/// `2 h 5 min`: the two largest units.
fn span(seconds: &Value) -> String {
    let Some(seconds) = seconds.as_f64() else { return "-".to_owned() };
    let mut left = seconds.max(0.0) as u64;
    let mut parts = Vec::new();
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)] {
        if left >= length || (unit == "s" && parts.is_empty()) {
            parts.push(format!("{} {unit}", left / length));
            left %= length;
        }
    }
    parts.truncate(2);
    parts.join(" ")
}

/// Nothing without rows; the last column is as wide as it likes.
fn table(text: &mut String, heads: &[&str], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let heads = heads.iter().map(|head| (*head).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(heads).chain(rows).collect();
    text.push('\n');
    for line in &lines {
        let mut cells = Vec::new();
        for (column, cell) in line.iter().enumerate() {
            let width = lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
            cells.push(format!("{cell:width$}"));
        }
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
}
