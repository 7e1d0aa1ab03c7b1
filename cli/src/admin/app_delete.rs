//! `kmsak admin app delete`

use std::process::ExitCode;

use clap::Args;

use super::app::{policy_names, rule_names};
use super::app_show::client_keys;
use super::counted;
use super::permissions::APP_DELETE;
use super::run::{Run, RunArguments};
use crate::cloud::Request;
use crate::cloud::answers::Done;
use crate::cloud::kms;
use crate::failure::Failure;

/// Take an application's access away: its access point with all ClientKeys, and the policies and network rules that were made for it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kmsak admin --dry-run app delete web
  kmsak admin app delete web --yes

The secret stays, and so does what others have made.")]
pub(super) struct Delete {
    /// The application's name
    name: String,
}

impl Delete {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, APP_DELETE, |run| self.delete(run))
    }

    fn delete(&self, run: &Run) -> Result<(), Failure> {
        let point = run.find(&kms::describe_access_point(&self.name))?;
        let mut policies = Vec::new();
        for name in policy_names(&self.name) {
            if run.find(&kms::describe_policy(&name))?.is_some() {
                policies.push(name);
            }
        }
        let mut rules = Vec::new();
        for name in rule_names(&self.name) {
            if run.find(&kms::describe_network_rule(&name))?.is_some() {
                rules.push(name);
            }
        }
        if point.is_none() && policies.is_empty() && rules.is_empty() {
            run.already(&format!("there is nothing of the application {}", self.name));
            return Ok(());
        }
        let mut what: Vec<String> = Vec::new();
        if point.is_some() {
            let keys = client_keys(run, &self.name)?.len();
            what.push(format!("the access point {} with {}", self.name, counted(keys, "ClientKey")));
        }
        what.extend(policies.iter().map(|name| format!("the policy {name}")));
        what.extend(rules.iter().map(|name| format!("the network rule {name}")));
        run.confirm(&format!("delete {}", what.join(", ")))?;

        // From the top, since what is in use may not be deletable.
        if point.is_some() {
            gone(run, &kms::delete_access_point(&self.name), &format!("access point {}", self.name))?;
        }
        for name in &policies {
            gone(run, &kms::delete_policy(name), &format!("policy {name}"))?;
        }
        for name in &rules {
            gone(run, &kms::delete_network_rule(name), &format!("network rule {name}"))?;
        }
        Ok(())
    }
}

/// Deletes what may be gone by now.
pub(super) fn gone(run: &Run, request: &Request<Done>, what: &str) -> Result<(), Failure> {
    match run.try_change(request, || Done {})? {
        Ok(Done {}) => run.deleted(what),
        Err(refused) if refused.is_absent() => run.already(&format!("{what} is gone")),
        Err(refused) => return Err(refused.into()),
    }
    Ok(())
}
