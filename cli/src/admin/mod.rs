//! `kmsak admin`: what those do who host secrets and hand out access to them.

mod app;
mod app_check;
mod app_delete;
mod app_folder;
pub(crate) mod app_show;
mod calls;
mod client_key;
mod client_key_issue;
mod client_key_replace;
mod dns;
mod host_access_keys;
mod instance;
pub(crate) mod moment;
pub(crate) mod permissions;
pub(crate) mod private_file;
pub(crate) mod run;
pub(crate) mod secret;
mod secret_host;
mod secret_rotate;
mod service_role;
mod share;
mod state_folder;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use run::RunArguments;

const EXAMPLES: &str = "\
Examples:
  kmsak admin secret host app --instance kst-hzz... --make-key --rotation 30d
  kmsak admin app create web --instance kst-hzz... --secret acs/ram/user/app --allow 10.0.0.0/8 --out web
  kmsak admin client-key replace web --out web --until-used-by http://10.0.0.7:9390/token/.../metrics
  kmsak admin --dry-run --json app delete web
  kmsak admin permissions app create

The operator is found as the SDKs find it: the environment's ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET, OIDC, the aliyun CLI's
profile, a credentials file, the ECS instance's role. A command that was ended anywhere can be run again: it goes on where
it was.";

/// Host secrets, give applications access to them, rotate and replace: for those who run KMS for others
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Admin {
    #[command(flatten)]
    run: RunArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(subcommand)]
    App(App),
    #[command(subcommand)]
    ClientKey(client_key::ClientKey),
    #[command(subcommand)]
    Secret(secret::Secret),
    #[command(subcommand)]
    Instance(instance::Instance),
    #[command(subcommand)]
    Share(share::Share),
    #[command(subcommand)]
    Dns(dns::Dns),
    Permissions(permissions::Permissions),
    #[command(hide = true)]
    Calls(calls::Calls),
}

/// An application's access: network rules, policies, access point and ClientKey
#[derive(Debug, Subcommand)]
enum App {
    Create(app::Create),
    List(app_show::List),
    Show(app_show::Show),
    Delete(app_delete::Delete),
}

impl Admin {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let run = &self.run;
        match &self.command {
            Command::App(App::Create(command)) => command.run(run),
            Command::App(App::List(command)) => command.run(run),
            Command::App(App::Show(command)) => command.run(run),
            Command::App(App::Delete(command)) => command.run(run),
            Command::ClientKey(command) => command.run(run),
            Command::Secret(command) => command.run(run),
            Command::Instance(command) => command.run(run),
            Command::Share(command) => command.run(run),
            Command::Dns(command) => command.run(run),
            Command::Permissions(command) => command.run(),
            Command::Calls(command) => command.run(),
        }
    }
}

/// A name of a thing in KMS that goes into other names.
fn short_name(text: &str) -> Result<String, String> {
    let fits = !text.is_empty()
        && text.len() <= 48
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if fits { Ok(text.to_owned()) } else { Err("expected 1 to 48 letters, digits, - or _".to_owned()) }
}

/// The id of a KMS instance.
fn instance_id(text: &str) -> Result<String, String> {
    let fits = text.starts_with("kst-")
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if fits { Ok(text.to_owned()) } else { Err("expected the id of a KMS instance, kst-...".to_owned()) }
}

/// An address or a network, as `10.0.0.0/8`.
fn network(text: &str) -> Result<String, String> {
    let expected = || "expected an address or a network, such as 10.0.0.0/8".to_owned();
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: std::net::IpAddr = address.parse().map_err(|_| expected())?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let fits = |prefix: &str| prefix.parse::<u8>().is_ok_and(|prefix| prefix <= longest);
    if prefix.is_none_or(fits) { Ok(text.to_owned()) } else { Err(expected()) }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
