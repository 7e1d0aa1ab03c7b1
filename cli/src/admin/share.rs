//! `kmsak admin share`

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;

use super::instance::Access;
use super::instance_id;
use super::permissions::{SHARE_DELETE, SHARE_ENABLE, SHARE_INSTANCE, SHARE_LIST, SHARE_VSWITCH};
use super::run::{Run, RunArguments, every_part};
use crate::cloud::answers::Done;
use crate::cloud::resource_sharing::{self as sharing, Association, Share as KnownShare, ShareAnswer};
use crate::failure::Failure;

/// Share a vSwitch with the account of a KMS instance, or a KMS instance with accounts
#[derive(Debug, Subcommand)]
pub(super) enum Share {
    Enable(Enable),
    /// Share a vSwitch with the account that a KMS instance belongs to, which can bind its VPC then
    #[command(after_help = "Examples:\n  kmsak admin share vswitch vsw-bp1... --with 1234567890123456")]
    Vswitch(Vswitch),
    /// Share a KMS instance with an account or a folder of the resource directory
    #[command(
        after_help = "Examples:\n  kmsak admin share instance kst-hzz... --with fd-abc123\n\nTake keys and secrets of the other account out of the instance before it is unshared."
    )]
    Instance(Instance),
    List(List),
    Delete(Delete),
}

impl Share {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        match self {
            Share::Enable(command) => command.run(arguments),
            Share::Vswitch(command) => Run::of(arguments, SHARE_VSWITCH, |run| {
                command.with.ensure(run, (&command.vswitch, "VSwitch"), None)
            }),
            Share::Instance(command) => Run::of(arguments, SHARE_INSTANCE, |run| {
                command.with.ensure(run, (&command.instance, "KMSInstance"), Some(&command.instance))
            }),
            Share::List(command) => command.run(arguments),
            Share::Delete(command) => command.run(arguments),
        }
    }
}

/// Let the accounts of the resource directory share with each other: once, by its management account
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak admin share enable")]
pub(super) struct Enable {}

impl Enable {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, SHARE_ENABLE, |run| {
            let title = "the accounts of the resource directory can share";
            if run.look(&sharing::sharing_status())?.enable_sharing_with_rd {
                run.already(title);
                return Ok(());
            }
            match run.try_change(&sharing::enable_sharing(), || Done {})? {
                Ok(Done {}) => run.changed(title),
                Err(refused) if refused.code == "AlreadyEnabled" => run.already(title),
                Err(refused) => return Err(refused.into()),
            }
            Ok(())
        })
    }
}

#[derive(Debug, Args)]
pub(super) struct Vswitch {
    /// The vSwitch, vsw-...
    vswitch: String,
    #[command(flatten)]
    with: With,
}

#[derive(Debug, Args)]
pub(super) struct Instance {
    /// The KMS instance
    #[arg(value_parser = instance_id)]
    instance: String,
    #[command(flatten)]
    with: With,
}

#[derive(Debug, Args)]
struct With {
    /// The account, the folder or the resource directory
    #[arg(long, value_name = "ID")]
    with: String,
    /// The share's name [default: kmsak- and what is shared]
    #[arg(long)]
    name: Option<String>,
    /// Also with an account that is not in the resource directory, which has to accept it
    #[arg(long)]
    external: bool,
    /// How long to wait until it is shared
    #[arg(long, value_name = "SPAN", default_value = "10m", value_parser = super::moment::span)]
    patience: Duration,
}

impl With {
    fn ensure(
        &self,
        run: &Run,
        resource: sharing::Shared<'_>,
        instance: Option<&str>,
    ) -> Result<(), Failure> {
        let name = self.name.clone().unwrap_or_else(|| {
            let long = format!("kmsak-{}", resource.0);
            long.chars().take(50).collect()
        });
        let target = self.with.as_str();
        let known = find_share(run, &name)?;
        let (has_resource, has_target) = match &known {
            Some(share) => {
                let is =
                    |of: &[Association], id: &str| of.iter().any(|one| one.entity_id == id && one.is_there());
                (
                    is(&associations(run, "Resource", &share.resource_share_id)?, resource.0),
                    is(&associations(run, "Target", &share.resource_share_id)?, target),
                )
            }
            None => (false, false),
        };
        // A share that fails for the quota is not tried again when the quota grows.
        if let Some(instance) = instance.filter(|_| !has_target) {
            let access = Access::of(run, instance)?;
            if !access.accounts.iter().any(|account| account == target) {
                access.has_room(instance)?;
            }
        }
        let share = match known {
            None => {
                let share = run
                    .change(&sharing::create_share(&name, resource, target, self.external), || ShareAnswer {
                        resource_share: KnownShare {
                            resource_share_id: "rs-(new)".to_owned(),
                            resource_share_name: name.clone(),
                            resource_share_status: "Pending".to_owned(),
                        },
                    })?
                    .resource_share;
                run.made(&format!("share {name}"));
                share
            }
            Some(share) => {
                let (resource, target) =
                    ((!has_resource).then_some(resource), (!has_target).then_some(target));
                if resource.is_some() || target.is_some() {
                    let request = sharing::associate(&share.resource_share_id, resource, target);
                    run.change(&request, || Done {})?;
                }
                share
            }
        };
        let title = format!("{} is shared with {target} (share {name})", resource.0);
        let id = share.resource_share_id;
        if !run.is_dry() {
            self.wait(run, &id, "Resource", resource.0)?;
            self.wait(run, &id, "Target", target)?;
        }
        if has_resource && has_target {
            run.already(&title)
        } else {
            run.changed(&title)
        }
        run.tell("resourceShareId", id);
        Ok(())
    }

    /// Until it is associated; a failure says why.
    fn wait(&self, run: &Run, share: &str, kind: &str, entity: &str) -> Result<(), Failure> {
        let title = format!("waiting until {entity} is associated");
        let done = run.wait(&title, Duration::from_secs(1), self.patience, || {
            let all = associations(run, kind, share)?;
            // What failed or was ended earlier is listed for days.
            let its: Vec<&Association> = all.iter().filter(|one| one.entity_id == entity).collect();
            let is = |status: &str| its.iter().find(|one| one.association_status == status);
            match (is("Associated"), is("Associating"), is("Failed")) {
                (Some(_), ..) => Ok(Some(())),
                (None, None, Some(one)) => Err(failed(one)),
                _ => Ok(None),
            }
        })?;
        done.ok_or_else(|| {
            Failure::new(format!(
                "{entity} is not associated yet: an account outside the resource directory has to accept the invitation; run it again then"
            ))
        })
    }
}

fn failed(association: &Association) -> Failure {
    let reasons: Vec<String> = association
        .failures()
        .iter()
        .map(|detail| format!("{} {}", explained(&detail.failure_reason), detail.failure_description))
        .collect();
    let why = if reasons.is_empty() { "no reason is given".to_owned() } else { reasons.join("; ") };
    Failure::new(format!("{} could not be shared: {}", association.entity_id, why.trim()))
}

fn explained(reason: &str) -> String {
    let meaning = match reason {
        "LimitExceeded" => {
            "a quota is used up: raise the instance's access management quantity, delete the share and make it anew"
        }
        "Unavailable" => "the resource is not there or not ready",
        "ZonalResourceInaccessible" => "the account may not use that zone",
        "UnsupportedOperation" => "this resource cannot be shared so",
        "InternalError" => "the service failed: delete the share and make it anew",
        other => return other.to_owned(),
    };
    format!("{meaning} ({reason})")
}

fn find_share(run: &Run, name: &str) -> Result<Option<KnownShare>, Failure> {
    let all = every_part(|next| {
        let shares = run.look(&sharing::list_shares(Some(name), next))?;
        Ok((shares.all(), shares.next_token.clone()))
    })?;
    let is_it = |share: &KnownShare| {
        share.resource_share_name == name && !share.resource_share_status.starts_with("Delet")
    };
    Ok(all.into_iter().find(is_it))
}

fn associations(run: &Run, kind: &str, share: &str) -> Result<Vec<Association>, Failure> {
    every_part(|next| {
        let part = run.look(&sharing::list_associations(kind, share, next))?;
        Ok((part.all(), part.next_token.clone()))
    })
}

/// List the shares of this account
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak admin share list --json")]
pub(super) struct List {}

impl List {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, SHARE_LIST, |run| {
            let shares = every_part(|next| {
                let shares = run.look(&sharing::list_shares(None, next))?;
                Ok((shares.all(), shares.next_token.clone()))
            })?;
            let mut told = Vec::new();
            for share in shares.iter().filter(|share| !share.resource_share_status.starts_with("Delet")) {
                let id = &share.resource_share_id;
                let resources = associations(run, "Resource", id)?;
                let targets = associations(run, "Target", id)?;
                let names = |of: &[Association]| {
                    of.iter()
                        .map(|one| format!("{} ({})", one.entity_id, one.association_status))
                        .collect::<Vec<_>>()
                };
                run.print(&format!(
                    "{} {id}: {} with {}",
                    share.resource_share_name,
                    names(&resources).join(", "),
                    names(&targets).join(", ")
                ));
                let json = |of: &[Association]| {
                    of.iter()
                        .map(|one| json!({"id": one.entity_id, "type": one.entity_type, "status": one.association_status}))
                        .collect::<Vec<_>>()
                };
                told.push(json!({
                    "name": share.resource_share_name, "id": id,
                    "resources": json(&resources), "targets": json(&targets),
                }));
            }
            run.tell("shares", told);
            Ok(())
        })
    }
}

/// Stop sharing: with one account, or with all
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kmsak admin share delete kmsak-kst-hzz... --with 1234567890123456
  kmsak admin share delete kmsak-kst-hzz...

Keys and secrets that the other account has in the instance must be deleted first.")]
pub(super) struct Delete {
    /// The share's name
    name: String,
    /// With this one only
    #[arg(long, value_name = "ID")]
    with: Option<String>,
}

impl Delete {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, SHARE_DELETE, |run| {
            let title = format!("share {}", self.name);
            let Some(share) = find_share(run, &self.name)? else {
                run.already(&format!("{title} is gone"));
                return Ok(());
            };
            let id = share.resource_share_id;
            let Some(target) = &self.with else {
                run.confirm(&format!("delete the share {}", self.name))?;
                return super::app_delete::gone(run, &sharing::delete_share(&id), &title);
            };
            let has = associations(run, "Target", &id)?;
            if !has.iter().any(|one| &one.entity_id == target && one.is_there()) {
                run.already(&format!("{title} is not with {target}"));
                return Ok(());
            }
            run.confirm(&format!("stop sharing {} with {target}", self.name))?;
            run.change(&sharing::disassociate(&id, target), || Done {})?;
            run.deleted(&format!("{title} with {target}"));
            Ok(())
        })
    }
}
