//! `kmsak doctor`: whether an application can reach its secret, and why not.

mod endpoint;
mod files;
mod identity;
mod report;
mod secret;

use std::process::ExitCode;
use std::time::SystemTime;

use clap::Args;
use kmsak::{ClientKeyInfo, EndpointDescription, Kind};

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
const SOON_DAYS: u32 = 30;

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
        files::check(report, &config, self.configuration.properties_file().as_deref());

        // The first reason why an application would not work.
        let mut broken = None;
        let mut unreachable = None;
        let mut reachable = false;
        let mut seen = Vec::new();
        let mut asked = Vec::new();
        for (index, endpoint) in endpoints.iter().enumerate() {
            let with_client_key = endpoint.credentials_type == "client_key";
            if !with_client_key && !asked.contains(&endpoint.identity) {
                asked.push(endpoint.identity);
                if let Err(code) = identity::check(report, &config, index, endpoint.credentials_type) {
                    broken.get_or_insert(code);
                }
            }
            let info = match config.read_client_key(index) {
                _ if !with_client_key => None,
                Ok(info) => {
                    if !seen.contains(&info) {
                        client_key(report, &info, endpoint);
                        seen.push(info.clone());
                    }
                    Some(info)
                }
                Err(error) => {
                    // The sentence says which of the two it is.
                    let check = if error.message().contains("password") { "password" } else { "ClientKey" };
                    report.failed(check, error.message());
                    broken.get_or_insert(exit_code(error.kind()));
                    None
                }
            };
            let from_key = info.as_ref().and_then(ClientKeyInfo::instance_endpoint);
            let Some(authority) = endpoint.authority.clone().or(from_key) else {
                report.failed("endpoint", "the configuration names none, and the ClientKey no instance: set endpoint to <instance id>.cryptoservice.kms.aliyuncs.com");
                unreachable.get_or_insert(exit_code(Kind::Configuration));
                continue;
            };
            match endpoint::check(report, &config, index, endpoint, &authority) {
                Ok(()) => reachable = true,
                Err(code) => {
                    unreachable.get_or_insert(code);
                }
            }
        }
        if let Some(code) = broken {
            return code;
        }
        let unreachable = unreachable.filter(|_| !reachable);
        self.fetch(report, &names, unreachable)
    }

    /// What counts in the end: whether the library itself gets the secret.
    fn fetch(&self, report: &mut Report, names: &[String], unreachable: Option<u8>) -> u8 {
        if names.is_empty() {
            report.warning(
                "secret",
                "none to ask for, so signature and permission were not checked: name one after kmsak doctor",
            );
            return unreachable.unwrap_or(0);
        }
        let provider = match self.configuration.open_unwarned() {
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

fn client_key(report: &mut Report, info: &ClientKeyInfo, endpoint: &EndpointDescription) {
    let now = SystemTime::now();
    let days = info.not_after.duration_since(now).map_or(0, |left| left.as_secs() / 86_400);
    let instance = info.instance_id.as_deref().unwrap_or("no instance");
    let facts = format!("{} of {instance}, {} left", info.key_id, counted(days as usize, "day"));
    match info.validity_warning(now) {
        Some(warning) => report.warning("ClientKey", &warning),
        None if days <= u64::from(SOON_DAYS) => report.warning(
            "ClientKey",
            &format!("{facts}: create another one for the application access point and replace the files (kmsak admin client-key replace)"),
        ),
        None => report.good("ClientKey", &facts),
    }
    let origin = match (&endpoint.password_file, &endpoint.password_variable) {
        (Some(path), _) => format!("the one in {}", path.display()),
        (None, Some(variable)) => format!("the one in the environment variable {variable}"),
        (None, None) => "the one in the configuration".to_owned(),
    };
    report.good("password", &format!("{origin} opens the ClientKey"));
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
