//! `kmsak audit`: AccessKeys that are idle or never rotated, and what keeps KMS from mending that.

mod access;
mod access_keys;
mod credential_report;
mod findings;
mod from_ram;
mod rules;
mod table;
mod usage;

use std::cell::RefCell;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::admin::moment;
use crate::admin::permissions::AUDIT;
use crate::admin::run::{Run, RunArguments, every_page};
use crate::cloud::resource_directory::list_accounts;
use crate::cloud::sts;
use crate::failure::Failure;
use findings::{Finding, Kind};

const EXAMPLES: &str = "\
Examples:
  kmsak audit --region cn-hangzhou
  kmsak audit --max-age 60d --max-idle 30d --csv > access_keys.csv
  kmsak audit --all-accounts --json
  kmsak audit usage LTAI5t...
  kmsak audit rules enable

It ends with exit code 11 if it found anything. KMS is looked at in one region, that of --region: run it for each.";

/// The exit code of an audit that found something.
pub(crate) const FOUND: u8 = 11;

/// Find AccessKeys that are idle or never rotated, secrets that KMS does not rotate, and access that is too open or about to end
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = false)]
pub(crate) struct Audit {
    #[command(flatten)]
    run: RunArguments,
    /// From which age on an AccessKey should have been rotated
    #[arg(long, value_name = "SPAN", default_value = "90d", value_parser = moment::span)]
    max_age: Duration,
    /// For how long an AccessKey may be unused
    #[arg(long, value_name = "SPAN", default_value = "90d", value_parser = moment::span)]
    max_idle: Duration,
    /// From how many days before its end on a ClientKey is told of
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    client_key_days: i64,
    /// All accounts of the resource directory, each in the role that --role names
    #[arg(long)]
    all_accounts: bool,
    /// The RAM role that those accounts trust the operator with
    #[arg(long, value_name = "NAME", default_value = "ResourceDirectoryAccountAccessRole")]
    role: String,
    /// Print CSV: a line for each AccessKey, and one for each other finding
    #[arg(long)]
    csv: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Usage(usage::Usage),
    #[command(subcommand)]
    Rules(rules::Rules),
}

/// From when on something is told.
struct Limits {
    max_age: Duration,
    max_idle: Duration,
    client_key_days: i64,
}

impl Audit {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        match &self.command {
            Some(Command::Usage(command)) => return command.run(&self.run),
            Some(Command::Rules(command)) => return command.run(&self.run),
            None => {}
        }
        if self.csv && self.run.is_json() {
            return Err(Failure::usage("--csv and --json are two forms of the same: say one of them"));
        }
        let table = RefCell::new(table::Table::default());
        let arguments = if self.csv { self.run.silent() } else { self.run.clone() };
        Run::of(&arguments, AUDIT, |run| {
            let mut found = table::Table::default();
            self.audit(run, &mut found)?;
            found.print(run, self.csv)?;
            run.tell("region", run.client.services.region());
            if let Some(region) = run.client.services.region() {
                run.note(&format!(
                    "KMS was looked at in {region} alone: what is hosted in another region is called not hosted here"
                ));
            }
            table.replace(found);
            Ok(())
        })?;
        let is_clean = table.borrow().findings().next().is_none();
        Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
    }

    fn audit(&self, run: &Run, found: &mut table::Table) -> Result<(), Failure> {
        let own = run.look(&sts::who())?.account_id;
        self.one_account(run, &own, found)?;
        if !self.all_accounts {
            return Ok(());
        }
        let accounts = every_page(|page| {
            let accounts = run.look(&list_accounts(page))?;
            Ok((accounts.all(), accounts.total_count))
        })?;
        for account in accounts.into_iter().filter(|account| account.account_id != own) {
            let id = &account.account_id;
            let arn = format!("acs:ram::{id}:role/{}", self.role);
            let audited = run.in_role(&arn).and_then(|run| self.one_account(&run, id, found));
            if let Err(failure) = audited {
                found.add(Finding {
                    kind: Kind::NotAudited,
                    account: id.clone(),
                    subject: account.display_name.clone(),
                    what: format!("{} ({}) could not be audited: {}", id, account.status, failure.message()),
                });
            }
        }
        Ok(())
    }

    fn one_account(&self, run: &Run, account: &str, found: &mut table::Table) -> Result<(), Failure> {
        let limits =
            Limits { max_age: self.max_age, max_idle: self.max_idle, client_key_days: self.client_key_days };
        let has_kms = access::has_kms(run)?;
        let secrets = if has_kms { access::secrets(run, account, found)? } else { Vec::new() };
        let hosted: Vec<String> = secrets.iter().filter_map(|secret| secret.user()).collect();
        for mut key in access_keys::all(run, account)? {
            key.hosted = hosted.contains(&key.user);
            found.add_key(key, &limits, run.client.api().now());
        }
        if has_kms { access::access_points(run, account, &limits, found) } else { Ok(()) }
    }
}
