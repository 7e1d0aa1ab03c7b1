//! `kmsak admin instance`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::permissions::{INSTANCE_BIND, INSTANCE_CA, INSTANCE_LIST, INSTANCE_SHOW};
use super::run::{Run, RunArguments, every_page, every_part};
use super::{counted, instance_id, private_file};
use crate::cloud::answers::Done;
use crate::cloud::kms_instance::{self, BoundVpc, InstanceName};
use crate::cloud::refused::Refused;
use crate::cloud::resource_sharing;
use crate::cloud::sts;
use crate::failure::Failure;

/// KMS instances: look, fetch the CA, bind VPCs
#[derive(Debug, Subcommand)]
pub(super) enum Instance {
    List(List),
    Show(Show),
    Ca(Ca),
    BindVpc(BindVpc),
}

impl Instance {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        match self {
            Instance::List(command) => command.run(arguments),
            Instance::Show(command) => command.run(arguments),
            Instance::Ca(command) => command.run(arguments),
            Instance::BindVpc(command) => command.run(arguments),
        }
    }
}

/// List the KMS instances of the region
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak admin instance list --region cn-hangzhou")]
pub(super) struct List {}

impl List {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, INSTANCE_LIST, |run| {
            let mut told: Vec<Value> = Vec::new();
            for one in all(run)? {
                let known = run
                    .find(&kms_instance::get_instance(&one.kms_instance_id))?
                    .map(|answer| answer.kms_instance);
                let status = known.map(|known| known.status).unwrap_or_default();
                run.print(&format!("{} {status} {}", one.kms_instance_id, one.kms_instance_arn));
                told.push(json!({"id": one.kms_instance_id, "arn": one.kms_instance_arn, "status": status}));
            }
            run.tell("instances", told);
            Ok(())
        })
    }
}

/// Show a KMS instance, who may reach it, and how much of its access management is used
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak admin instance show kst-hzz...")]
pub(super) struct Show {
    /// The KMS instance
    #[arg(value_parser = instance_id)]
    instance: String,
}

impl Show {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, INSTANCE_SHOW, |run| {
            let instance = run.look(&kms_instance::get_instance(&self.instance))?.kms_instance;
            let shared = shared_with(run, &self.instance)?;
            let access = Access { vpcs: instance.bound_vpcs(), accounts: shared, most: instance.vpc_num };
            let other = other_owner(run, &self.instance)?;
            run.print(&format!(
                "{} {} {}",
                instance.instance_id,
                instance.status,
                instance.instance_name.as_deref().unwrap_or_default()
            ));
            match &other {
                None => run.print(&format!("  {}", access.told())),
                Some(owner) => run.print(&format!(
                    "  it belongs to account {owner}, which alone sees how much of its access management is used"
                )),
            }
            for vpc in &access.vpcs {
                run.print(&format!(
                    "  VPC {} of account {}, vSwitch {}",
                    vpc.vpc_id, vpc.vpc_owner_id, vpc.v_switch_id
                ));
            }
            for account in &access.accounts {
                run.print(&format!("  shared with {account}"));
            }
            run.print(&format!("  room for {} keys and {} secrets", instance.key_num, instance.secret_num));
            if let Some(end) = &instance.end_date {
                run.print(&format!("  paid until {end}"));
            }
            run.tell("instance", json!({
                "id": instance.instance_id, "name": instance.instance_name, "status": instance.status,
                "keys": instance.key_num, "secrets": instance.secret_num, "end": instance.end_date,
                "owner": other,
                "accessManagement": {"quota": access.most, "used": other.is_none().then(|| access.used())},
                "vpcs": access.vpcs.iter().map(|vpc| json!({
                    "vpc": vpc.vpc_id, "vSwitch": vpc.v_switch_id, "region": vpc.region_id, "owner": vpc.vpc_owner_id,
                })).collect::<Vec<_>>(),
                "sharedWith": access.accounts,
            }));
            Ok(())
        })
    }
}

/// Write the CA chain of a KMS instance, which the applications trust
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kmsak admin instance ca kst-hzz... --out ca.pem\n  kmsak admin instance ca kst-hzz... > ca.pem"
)]
pub(super) struct Ca {
    /// The KMS instance
    #[arg(value_parser = instance_id)]
    instance: String,
    /// The file; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Ca {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, INSTANCE_CA, |run| {
            let instance = run.look(&kms_instance::get_instance(&self.instance))?.kms_instance;
            let pem = instance.ca_certificate_chain_pem.unwrap_or_default().replace("\r\n", "\n");
            if pem.trim().is_empty() {
                return Err(Failure::new(format!(
                    "{} is {} and has no CA chain yet: connect it first",
                    self.instance, instance.status
                )));
            }
            match &self.out {
                Some(_) if run.is_dry() => {}
                Some(path) => {
                    let title = format!("{}, the CA chain of {}", path.display(), self.instance);
                    match private_file::read(path)? {
                        Some(there) if *there == pem => run.already(&title),
                        there => {
                            private_file::write(path, pem.as_bytes())?;
                            if there.is_some() { run.changed(&title) } else { run.made(&title) }
                        }
                    }
                }
                None => run.print(pem.trim_end()),
            }
            run.tell("ca", pem);
            Ok(())
        })
    }
}

/// Let a VPC reach a KMS instance; those that may already stay
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kmsak admin instance bind-vpc kst-hzz... --vpc vpc-bp1... --vswitch vsw-bp1... --owner 1234567890123456

The vSwitch of another account's VPC must be shared with the instance's account first: kmsak admin share vswitch, run there.")]
pub(super) struct BindVpc {
    /// The KMS instance
    #[arg(value_parser = instance_id)]
    instance: String,
    /// The VPC, of the instance's region
    #[arg(long, value_name = "VPC")]
    vpc: String,
    /// A vSwitch in it
    #[arg(long, value_name = "VSWITCH")]
    vswitch: String,
    /// The account that the VPC belongs to
    #[arg(long, value_name = "ACCOUNT", value_parser = clap::value_parser!(u64))]
    owner: u64,
}

impl BindVpc {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, INSTANCE_BIND, |run| self.bind(run))
    }

    fn bind(&self, run: &Run) -> Result<(), Failure> {
        let title = format!("VPC {} may reach {}", self.vpc, self.instance);
        let mut last = None;
        let sent = run.wait("waiting for the instance", BETWEEN, BUSY, || match self.send(run)? {
            Ok(sent) => Ok(Some(sent)),
            Err(refused) if refused.not_carried_out() => {
                last = Some(refused);
                Ok(None)
            }
            Err(refused) => Err(refused.into()),
        })?;
        match (sent, last) {
            (Some(Sent::Yes), _) => {}
            (Some(Sent::AlreadySo), _) => {
                run.already(&title);
                return Ok(());
            }
            (None, Some(refused)) => return Err(refused.into()),
            (None, None) => return Err(Failure::new(format!("{} is busy: run it again", self.instance))),
        }
        let bound = run.wait("waiting for the instance", BETWEEN, BUSY, || {
            let instance = run.look(&kms_instance::get_instance(&self.instance))?.kms_instance;
            Ok(instance.bound_vpcs().iter().any(|vpc| vpc.vpc_id == self.vpc).then_some(()))
        })?;
        if bound.is_none() && !run.is_dry() {
            return Err(Failure::new(format!(
                "{} does not list {} yet: run it again",
                self.instance, self.vpc
            )));
        }
        run.changed(&title);
        Ok(())
    }

    /// Sends the whole list of VPCs as it is at this moment, with this one in it.
    fn send(&self, run: &Run) -> Result<Result<Sent, Box<Refused>>, Failure> {
        let instance = run.look(&kms_instance::get_instance(&self.instance))?.kms_instance;
        let bound = instance.bound_vpcs();
        if bound.iter().any(|vpc| vpc.vpc_id == self.vpc) {
            return Ok(Ok(Sent::AlreadySo));
        }
        let region = bound.first().map(|vpc| vpc.region_id.clone()).filter(|region| !region.is_empty());
        let region = match region.or_else(|| run.client.services.region().map(str::to_owned)) {
            Some(region) => region,
            None => region_of(run, &self.instance)?,
        };
        let access =
            Access { vpcs: bound, accounts: shared_with(run, &self.instance)?, most: instance.vpc_num };
        access.has_room(&self.instance)?;
        let mut all = access.vpcs;
        all.push(BoundVpc {
            vpc_id: self.vpc.clone(),
            v_switch_id: self.vswitch.clone(),
            region_id: region,
            vpc_owner_id: self.owner.to_string(),
        });
        let sent = run.try_change(&kms_instance::bind_vpcs(&self.instance, &all), || Done {})?;
        Ok(sent.map(|Done {}| Sent::Yes))
    }
}

enum Sent {
    Yes,
    AlreadySo,
}

/// How long an instance is looked at, as it takes minutes for a change, and how often.
const BUSY: Duration = Duration::from_secs(300);
const BETWEEN: Duration = Duration::from_secs(2);

/// Those of the region.
pub(super) fn all(run: &Run) -> Result<Vec<InstanceName>, Failure> {
    every_page(|page| {
        let instances = run.look(&kms_instance::list_instances(page))?;
        Ok((instances.all(), instances.total_count))
    })
}

/// A part of the instance's ARN, `acs:kms:<region>:<account>:keystore/<id>`, where KMS lists it.
fn in_arn(run: &Run, instance: &str, part: usize) -> Result<Option<String>, Failure> {
    let all = all(run)?;
    let arn = all.iter().find(|one| one.kms_instance_id == instance).map(|one| &one.kms_instance_arn);
    Ok(arn.and_then(|arn| arn.split(':').nth(part)).filter(|part| !part.is_empty()).map(str::to_owned))
}

fn region_of(run: &Run, instance: &str) -> Result<String, Failure> {
    in_arn(run, instance, 2)?.ok_or_else(|| Failure::usage("which region? Name it with --region"))
}

/// The account that shares the instance with this one; none where it is this account's own.
fn other_owner(run: &Run, instance: &str) -> Result<Option<String>, Failure> {
    let Some(owner) = in_arn(run, instance, 3)? else { return Ok(None) };
    let own = run.look(&sts::who())?.account_id;
    Ok(Some(owner).filter(|owner| !own.is_empty() && *owner != own))
}

/// What counts against the quota of access management: bound VPCs, and accounts that the instance is shared with.
pub(super) struct Access {
    pub(super) vpcs: Vec<BoundVpc>,
    pub(super) accounts: Vec<String>,
    pub(super) most: u64,
}

impl Access {
    pub(super) fn of(run: &Run, instance: &str) -> Result<Self, Failure> {
        let known = run.look(&kms_instance::get_instance(instance))?.kms_instance;
        Ok(Access { vpcs: known.bound_vpcs(), accounts: shared_with(run, instance)?, most: known.vpc_num })
    }

    fn used(&self) -> usize {
        let vpcs: BTreeSet<&str> = self.vpcs.iter().map(|vpc| vpc.vpc_id.as_str()).collect();
        vpcs.len() + self.accounts.len()
    }

    fn told(&self) -> String {
        format!(
            "access management: {} of {} used ({} and {})",
            self.used(),
            self.most,
            counted(self.vpcs.len(), "bound VPC"),
            counted(self.accounts.len(), "account")
        )
    }

    /// # Errors
    /// When nothing can be added: KMS would fail later, and would not try again when the quota grows.
    pub(super) fn has_room(&self, instance: &str) -> Result<(), Failure> {
        if self.most == 0 || (self.used() as u64) < self.most {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{instance} has no room left: {}; raise its access management quantity in the KMS console first",
            self.told()
        )))
    }
}

pub(super) fn shared_with(run: &Run, instance: &str) -> Result<Vec<String>, Failure> {
    every_part(|next| {
        let targets = run.look(&resource_sharing::list_shared_targets(instance, next))?;
        Ok((targets.ids(), targets.next_token.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vpc(id: &str) -> BoundVpc {
        BoundVpc {
            vpc_id: id.into(),
            v_switch_id: String::new(),
            region_id: String::new(),
            vpc_owner_id: "1".into(),
        }
    }

    #[test]
    fn vpcs_and_accounts_count_against_one_quota() {
        let mut access =
            Access { vpcs: vec![vpc("a"), vpc("a"), vpc("b")], accounts: vec!["2".into()], most: 4 };
        assert_eq!(access.used(), 3);
        assert!(access.has_room("kst-1").is_ok());
        access.accounts.push("3".into());
        let error = access.has_room("kst-1").unwrap_err();
        assert!(error.message().contains("4 of 4 used (3 bound VPCs and 2 accounts)"), "{}", error.message());
    }
}
