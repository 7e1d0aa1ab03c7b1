//! `kmsak admin client-key`

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::app_delete::gone;
use super::app_show::{all_names, client_keys, line, none, told};
use super::client_key_replace::Replace;
use super::permissions::{CLIENT_KEY_DELETE, CLIENT_KEY_LIST};
use super::run::{Run, RunArguments};
use crate::cloud::kms;
use crate::failure::Failure;

/// The ClientKeys of applications
#[derive(Debug, Subcommand)]
pub(super) enum ClientKey {
    List(List),
    Replace(Replace),
    Delete(Delete),
}

impl ClientKey {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        match self {
            ClientKey::List(command) => command.run(arguments),
            ClientKey::Replace(command) => command.run(arguments),
            ClientKey::Delete(command) => command.run(arguments),
        }
    }
}

/// List ClientKeys with the days that each has left
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak admin client-key list\n  kmsak admin client-key list web --json")]
pub(super) struct List {
    /// The application; all of them without one
    name: Option<String>,
}

impl List {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, CLIENT_KEY_LIST, |run| {
            let names = match &self.name {
                Some(name) => {
                    run.find(&kms::describe_access_point(name))?.ok_or_else(|| none(name))?;
                    vec![name.clone()]
                }
                None => all_names(run)?,
            };
            let mut keys = Vec::new();
            for name in names {
                keys.extend(client_keys(run, &name)?);
            }
            keys.sort_by(|ours, theirs| ours.not_after.cmp(&theirs.not_after));
            keys.iter().for_each(|key| run.print(&line(run, key)));
            run.tell("clientKeys", keys.iter().map(|key| told(run, key)).collect::<Vec<_>>());
            Ok(())
        })
    }
}

/// Delete a ClientKey: whoever still uses it is refused at once
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kmsak admin client-key delete KAAP.01234567-89ab-cdef-0123-456789abcdef"
)]
pub(super) struct Delete {
    /// Its id, KAAP....
    id: String,
}

impl Delete {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, CLIENT_KEY_DELETE, |run| {
            let title = format!("ClientKey {}", self.id);
            let Some(key) = run.find(&kms::get_client_key(&self.id))? else {
                // KMS says the same of an operator whom it does not know.
                run.look(&kms::list_access_points(1))?;
                run.already(&format!("{title} is gone"));
                return Ok(());
            };
            run.confirm(&format!("delete the ClientKey {} of {}", self.id, key.aap_name))?;
            gone(run, &kms::delete_client_key(&self.id), &title)
        })
    }
}
