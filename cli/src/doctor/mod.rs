//! `kmsak doctor`: whether an application can reach its secret, and why not.

mod endpoint;
mod files;
mod report;
mod secret;

use std::process::ExitCode;
use std::time::SystemTime;

use clap::Args;
use kmsak::{ClientKeyInfo, Config};

use self::report::Report;
use crate::configuration::ConfigurationArguments;
use crate::failure::{Failure, exit_code};

const EXAMPLES: &str = "\
Examples:
  kmsak doctor --config on_the_cloud.properties acs/ram/user/app
  kmsak doctor --json | jq '.checks[] | select(.state == \"failed\")'

The exit code is 0 when an application with this configuration would get the secret, and otherwise that of the failure:
see kmsak --help.";

/// Check whether an application with this configuration can reach KMS, and say why not
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Doctor {
    /// The secrets to ask for; without one those in the configuration's secret_names
    secret: Vec<String>,
    #[command(flatten)]
    configuration: ConfigurationArguments,
    /// Print one JSON object instead of lines for people
    #[arg(long)]
    json: bool,
}

/// A ClientKey that ends within this many days deserves a word.
const SOON_DAYS: u64 = 30;

impl Doctor {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let mut report = Report::new(self.json);
        let code = self.examine(&mut report);
        report.finish(code)?;
        Ok(ExitCode::from(code))
    }

    fn examine(&self, report: &mut Report) -> u8 {
        let config = match self.configuration.read() {
            Ok(config) => config,
            Err(failure) => {
                report.failed("configuration", failure.message());
                return failure.code();
            }
        };
        let endpoints = config.endpoints();
        let names: Vec<String> =
            if self.secret.is_empty() { config.secret_names().to_vec() } else { self.secret.clone() };
        report.good("configuration", &format!("{} of KMS", counted(endpoints.len(), "endpoint")));
        for warning in config.warnings() {
            report.warning("configuration", warning);
        }
        files::check(report, &config);

        let mut code = 0;
        let mut worst = |found: u8| code = if code == 0 { found } else { code };
        let mut seen = Vec::new();
        let mut reachable = 0;
        for (index, endpoint) in endpoints.iter().enumerate() {
            let client_key = match config.read_client_key(index) {
                Ok(info) => {
                    if !seen.contains(&info) {
                        client_key(report, &info);
                        seen.push(info.clone());
                    }
                    Some(info)
                }
                Err(error) => {
                    report.failed("ClientKey", error.message());
                    worst(exit_code(error.kind()));
                    None
                }
            };
            let from_key = client_key.as_ref().and_then(ClientKeyInfo::instance_endpoint);
            let Some(authority) = endpoint.authority.clone().or(from_key) else {
                report.failed("endpoint", "the configuration names none, and the ClientKey no instance: set endpoint to <instance id>.cryptoservice.kms.aliyuncs.com");
                continue;
            };
            reachable += usize::from(endpoint::check(report, &config, index, endpoint, &authority));
        }
        if code != 0 {
            return code;
        }
        self.fetch(report, &config, &names, reachable)
    }

    /// What counts in the end: whether the library itself gets the secret.
    fn fetch(&self, report: &mut Report, config: &Config, names: &[String], reachable: usize) -> u8 {
        if names.is_empty() {
            report.warning(
                "secret",
                "none to ask for, so signature and permission were not checked: name one after kmsak doctor",
            );
            return if reachable == 0 && !config.endpoints().is_empty() { 5 } else { 0 };
        }
        let provider = match self.configuration.open() {
            Ok(provider) => provider,
            Err(failure) => {
                report.failed("secret", failure.message());
                return failure.code();
            }
        };
        let mut code = 0;
        for name in names {
            let found = secret::check(report, &provider, name);
            if code == 0 {
                code = found;
            }
        }
        code
    }
}

fn client_key(report: &mut Report, info: &ClientKeyInfo) {
    let now = SystemTime::now();
    let days = info.not_after.duration_since(now).map_or(0, |left| left.as_secs() / 86_400);
    let instance = info.instance_id.as_deref().unwrap_or("no instance");
    let facts = format!("{} of {instance}, {} left", info.key_id, counted(days as usize, "day"));
    match info.validity_warning(now) {
        Some(warning) => report.warning("ClientKey", &warning),
        None if days <= SOON_DAYS => report.warning(
            "ClientKey",
            &format!("{facts}: create another one for the application access point and replace the files"),
        ),
        None => report.good("ClientKey", &facts),
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
