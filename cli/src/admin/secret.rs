//! `kmsak admin secret`

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::permissions::{SECRET_DELETE, SECRET_LIST, SECRET_RESTORE, SECRET_ROTATION, SECRET_SHOW};
use super::run::{Run, RunArguments, every_page};
use super::secret_host::{Host, later_rotation};
use super::secret_rotate::Rotate;
use super::{moment, service_role};
use crate::cloud::kms_secret::{self, RAM_CREDENTIALS};
use crate::cloud::ram;
use crate::failure::Failure;

/// Managed RAM secrets: host, rotate, delete
#[derive(Debug, Subcommand)]
pub(super) enum Secret {
    Host(Host),
    List(List),
    Show(Show),
    Rotate(Rotate),
    Rotation(Rotation),
    Delete(Delete),
    Restore(Restore),
}

impl Secret {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        match self {
            Secret::Host(command) => command.run(arguments),
            Secret::List(command) => command.run(arguments),
            Secret::Show(command) => command.run(arguments),
            Secret::Rotate(command) => command.run(arguments),
            Secret::Rotation(command) => command.run(arguments),
            Secret::Delete(command) => command.run(arguments),
            Secret::Restore(command) => command.run(arguments),
        }
    }
}

/// List managed RAM secrets
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak admin secret list\n  kmsak admin secret list --all --json")]
pub(super) struct List {
    /// Secrets of other types as well
    #[arg(long)]
    all: bool,
}

impl List {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, SECRET_LIST, |run| {
            let mut told = Vec::new();
            for secret in all(run, !self.all)? {
                run.print(&format!("{}: {}", secret.secret_name, rotation_of(&secret)));
                told.push(facts(&secret));
            }
            run.tell("secrets", told);
            Ok(())
        })
    }
}

/// The secrets with all that KMS tells of each; of one that was deleted meanwhile nothing.
pub(crate) fn all(run: &Run, only_ram: bool) -> Result<Vec<kms_secret::Secret>, Failure> {
    let kind = only_ram.then_some(RAM_CREDENTIALS);
    let listed = every_page(|page| {
        let secrets = run.look(&kms_secret::list_secrets(kind, page))?;
        Ok((secrets.all(), secrets.total_count))
    })?;
    let mut known = Vec::new();
    for secret in listed {
        // A service that does not know the filter lists all.
        if only_ram && !secret.is_ram() {
            continue;
        }
        known.extend(run.find(&kms_secret::describe_secret(&secret.secret_name))?);
    }
    Ok(known)
}

/// Show a secret, how it is rotated, and the AccessKeys of its RAM user
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak admin secret show acs/ram/user/app")]
pub(super) struct Show {
    /// The secret, such as acs/ram/user/app
    secret: String,
}

impl Show {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, SECRET_SHOW, |run| {
            let secret = there(run, &self.secret)?;
            let told: Value = facts(&secret);
            run.print(&format!("secret {} of type {}", secret.secret_name, secret.secret_type));
            run.print(&format!("  in {}", secret.instance_id.as_deref().unwrap_or("KMS")));
            run.print(&format!("  encrypted with {}", secret.encryption_key_id.as_deref().unwrap_or("?")));
            run.print(&format!("  {}", rotation_of(&secret)));
            let mut keys = Vec::new();
            if let Some(user) = secret.user() {
                for key in run.find(&ram::list_access_keys(&user))?.map(|keys| keys.all()).unwrap_or_default()
                {
                    run.print(&format!(
                        "  AccessKey {} of {user}: {}, made {}",
                        key.access_key_id, key.status, key.create_date
                    ));
                    keys.push(
                        json!({"id": key.access_key_id, "status": key.status, "created": key.create_date}),
                    );
                }
            }
            run.tell("secret", told);
            run.tell("accessKeys", keys);
            if let Some(why) = why_rotation_fails(run, &secret)? {
                run.note(&why);
            }
            Ok(())
        })
    }
}

/// How often KMS rotates a secret
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kmsak admin secret rotation acs/ram/user/app --every 30d
  kmsak admin secret rotation acs/ram/user/app --off

KMS counts from the last rotation: if that is longer ago than the interval, it rotates at once.")]
pub(super) struct Rotation {
    /// The secret, such as acs/ram/user/app
    secret: String,
    /// The interval, 7d to 365d
    #[arg(long, value_name = "SPAN", value_parser = later_rotation, required_unless_present = "off")]
    every: Option<Duration>,
    /// Do not rotate it any more
    #[arg(long, conflicts_with = "every")]
    off: bool,
}

impl Rotation {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, SECRET_ROTATION, |run| {
            let secret = there(run, &self.secret)?;
            if self.every.is_some() && secret.is_ram() {
                service_role::ensure(run)?;
            }
            ensure_rotation(run, &secret, self.every.map(|every| every.as_secs()))?;
            if self.off || run.is_dry() {
                return Ok(());
            }
            match why_rotation_fails(run, &there(run, &self.secret)?)? {
                Some(why) => Err(Failure::new(why)),
                None => Ok(()),
            }
        })
    }
}

/// Delete a secret; the AccessKeys in it stay
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kmsak admin secret delete acs/ram/user/app --after 7
  kmsak admin secret delete acs/ram/user/app --at-once --yes")]
pub(super) struct Delete {
    /// The secret, such as acs/ram/user/app
    secret: String,
    /// For how many days it can be restored
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(7..=30))]
    after: u32,
    /// Now, and for good
    #[arg(long, conflicts_with = "after")]
    at_once: bool,
}

impl Delete {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, SECRET_DELETE, |run| {
            let title = format!("secret {}", self.secret);
            let Some(secret) = run.find(&kms_secret::describe_secret(&self.secret))? else {
                run.already(&format!("{title} is gone"));
                return Ok(());
            };
            if secret.is_being_deleted() && !self.at_once {
                let when = secret.planned_delete_time.as_deref().unwrap_or_default();
                run.already(&format!("{title} is deleted at {when}"));
                return Ok(());
            }
            let when = if self.at_once { "for good".to_owned() } else { format!("in {} days", self.after) };
            run.confirm(&format!(
                "delete the secret {} {when}, which nobody can read from now on",
                self.secret
            ))?;
            let request = kms_secret::delete_secret(&self.secret, (!self.at_once).then_some(self.after));
            match run.try_change(&request, kms_secret::Secret::default)? {
                Ok(_) => run.deleted(&format!("{title} {when}")),
                Err(refused) if refused.is_absent() => run.already(&format!("{title} is gone")),
                Err(refused) => return Err(refused.into()),
            }
            Ok(())
        })
    }
}

/// Take a secret back that waits for its deletion
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak admin secret restore acs/ram/user/app")]
pub(super) struct Restore {
    /// The secret, such as acs/ram/user/app
    secret: String,
}

impl Restore {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, SECRET_RESTORE, |run| {
            let title = format!("secret {} is not about to be deleted", self.secret);
            if there(run, &self.secret)?.is_being_deleted() {
                run.change(&kms_secret::restore_secret(&self.secret), kms_secret::Secret::default)?;
                run.changed(&title);
            } else {
                run.already(&title);
            }
            Ok(())
        })
    }
}

pub(super) fn there(run: &Run, name: &str) -> Result<kms_secret::Secret, Failure> {
    run.find(&kms_secret::describe_secret(name))?.ok_or_else(|| {
        Failure::new(format!("there is no secret {name}: kmsak admin secret list names those that are there"))
            .with_code(8)
    })
}

/// Makes the rotation what it should be: an interval in seconds, or none.
pub(super) fn ensure_rotation(
    run: &Run,
    secret: &kms_secret::Secret,
    wanted: Option<u64>,
) -> Result<(), Failure> {
    let title = match wanted {
        Some(seconds) => format!("{} is rotated every {}", secret.secret_name, moment::short(seconds)),
        None => format!("{} is not rotated", secret.secret_name),
    };
    let has = secret.rotation_seconds().filter(|_| secret.automatic_rotation != "Disabled");
    if has == wanted {
        run.already(&title);
        return Ok(());
    }
    run.change(&kms_secret::update_rotation(&secret.secret_name, wanted), kms_secret::Secret::default)?;
    run.changed(&title);
    Ok(())
}

/// Why KMS cannot rotate it, where it says so.
pub(crate) fn why_rotation_fails(run: &Run, secret: &kms_secret::Secret) -> Result<Option<String>, Failure> {
    if secret.automatic_rotation != "Invalid" {
        return Ok(None);
    }
    let begin = format!("KMS cannot rotate {} (AutomaticRotation: Invalid)", secret.secret_name);
    let mut has_role = false;
    for role in ram::SERVICE_ROLES {
        has_role |= run.find(&ram::get_role(role))?.is_some();
    }
    let user =
        secret.user().unwrap_or_else(|| secret.secret_name.rsplit('/').next().unwrap_or_default().to_owned());
    if !has_role {
        return Ok(Some(format!(
            "{begin}: its role {} is missing: kmsak admin secret host {user} makes it",
            ram::SERVICE_ROLES[0]
        )));
    }
    let Some(keys) = run.find(&ram::list_access_keys(&user))? else {
        return Ok(Some(format!("{begin}: the RAM user {user} is gone: delete the secret")));
    };
    Ok(Some(match keys.all().len() {
        2.. => format!(
            "{begin}: the RAM user {user} has two AccessKeys, and RAM gives no third: delete the one that nobody uses (kmsak audit usage tells)"
        ),
        _ => format!(
            "{begin}: check that the role's policy {} is attached and its trust names kms.aliyuncs.com, and then rotate it: kmsak admin secret rotate {}",
            ram::SERVICE_POLICY,
            secret.secret_name
        ),
    }))
}

fn rotation_of(secret: &kms_secret::Secret) -> String {
    if secret.is_being_deleted() {
        return format!("deleted at {}", secret.planned_delete_time.as_deref().unwrap_or_default());
    }
    let every = secret.rotation_seconds().map(|seconds| format!(" every {}", moment::short(seconds)));
    let every = every.unwrap_or_default();
    match secret.automatic_rotation.as_str() {
        "Enabled" => {
            format!("rotated{every}, next at {}", secret.next_rotation_date.as_deref().unwrap_or("?"))
        }
        "Invalid" => format!("to be rotated{every}, but KMS cannot: kmsak admin secret show says why"),
        _ => "not rotated".to_owned(),
    }
}

pub(crate) fn facts(secret: &kms_secret::Secret) -> Value {
    json!({
        "name": secret.secret_name, "type": secret.secret_type, "instance": secret.instance_id,
        "key": secret.encryption_key_id, "user": secret.user(), "created": secret.create_time,
        "automaticRotation": secret.automatic_rotation, "rotationInterval": secret.rotation_interval,
        "lastRotation": secret.last_rotation_date, "nextRotation": secret.next_rotation_date,
        "plannedDelete": secret.planned_delete_time,
    })
}
