//! `kmsak admin dns`: a PrivateZone for VPCs that reach a KMS instance over others and do not resolve its name.

use std::net::{IpAddr, ToSocketAddrs};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::app::instance_host;
use super::app_delete::gone;
use super::permissions::{DNS_CREATE, DNS_DELETE, DNS_SHOW};
use super::run::{Run, RunArguments, every_page};
use super::{counted, instance_id};
use crate::cloud::answers::Done;
use crate::cloud::pvtz::{self, Record, Zone, ZoneVpc};
use crate::cloud::random_id;
use crate::failure::Failure;

/// The name of a KMS instance in VPCs that do not resolve it
#[derive(Debug, Subcommand)]
pub(super) enum Dns {
    Create(Create),
    Show(Show),
    Delete(Delete),
}

impl Dns {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        match self {
            Dns::Create(command) => command.run(arguments),
            Dns::Show(command) => command.run(arguments),
            Dns::Delete(command) => command.run(arguments),
        }
    }
}

/// Let VPCs resolve the name of a KMS instance that they reach over other VPCs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kmsak admin dns create kst-hzz... --address 10.1.2.3 --address 10.1.3.4 --vpc vpc-bp1... --vpc-region cn-hangzhou

Run it where the name resolves, in a VPC that the instance is bound to, and the addresses need not be given.")]
pub(super) struct Create {
    /// The KMS instance
    #[arg(value_parser = instance_id)]
    instance: String,
    /// An address of the instance
    #[arg(long, value_name = "ADDRESS")]
    address: Vec<IpAddr>,
    /// A VPC that is to resolve the name
    #[arg(long, value_name = "VPC", required = true)]
    vpc: Vec<String>,
    /// The region of those VPCs [default: that of --region]
    #[arg(long, value_name = "REGION")]
    vpc_region: Option<String>,
}

impl Create {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, DNS_CREATE, |run| self.create(run))
    }

    fn create(&self, run: &Run) -> Result<(), Failure> {
        let name = instance_host(&self.instance);
        let region = self.vpc_region.as_deref().or(run.client.services.region()).ok_or_else(|| {
            Failure::usage("which region are the VPCs in? Name it with --vpc-region or --region")
        })?;
        let addresses = self.addresses(&name)?;
        let zone = match find_zone(run, &name)? {
            Some(zone) => {
                run.already(&format!("zone {name}"));
                zone
            }
            None => {
                let new = || Zone { zone_id: "(new)".to_owned(), zone_name: name.clone() };
                let zone = run.change(&pvtz::add_zone(&name, &random_id()), new)?;
                run.made(&format!("zone {name}"));
                zone
            }
        };
        records(run, &zone.zone_id, &name, &addresses)?;
        self.bind(run, &zone.zone_id, &name, region)
    }

    fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Failure> {
        if !self.address.is_empty() {
            return Ok(self.address.clone());
        }
        let found = (name, 443).to_socket_addrs().map(|all| all.map(|one| one.ip()).collect::<Vec<_>>());
        found.ok().filter(|all| !all.is_empty()).ok_or_else(|| {
            Failure::usage(format!(
                "{name} does not resolve here: give the instance's addresses with --address (kmsak doctor shows them where it runs)"
            ))
        })
    }

    /// Binding replaces the whole list, so those that are there are named again.
    fn bind(&self, run: &Run, zone: &str, name: &str, region: &str) -> Result<(), Failure> {
        let mut all = if zone == "(new)" { Vec::new() } else { run.look(&pvtz::describe_zone(zone))?.vpcs() };
        let title = format!("{} resolve {name}", self.vpc.join(", "));
        let missing: Vec<ZoneVpc> = self
            .vpc
            .iter()
            .filter(|vpc| !all.iter().any(|bound| &&bound.vpc_id == vpc))
            .map(|vpc| ZoneVpc { vpc_id: vpc.clone(), region_id: region.to_owned(), vpc_type: None })
            .collect();
        if missing.is_empty() {
            run.already(&title);
            return Ok(());
        }
        all.extend(missing);
        run.change(&pvtz::bind_zone(zone, &all, &random_id()), || Done {})?;
        run.changed(&title);
        Ok(())
    }
}

/// The zone's own records: these addresses and no others.
fn records(run: &Run, zone: &str, name: &str, addresses: &[IpAddr]) -> Result<(), Failure> {
    let there = own_records(run, zone)?;
    for address in addresses {
        let title = format!("record {name} {address}");
        if there.iter().any(|record| record.value == address.to_string()) {
            run.already(&title);
            continue;
        }
        let kind = if address.is_ipv4() { "A" } else { "AAAA" };
        let request = pvtz::add_record(zone, kind, &address.to_string(), &random_id());
        match run.try_change(&request, || Done {})? {
            Ok(Done {}) => run.made(&title),
            Err(refused) if refused.is_there_already() => run.already(&title),
            Err(refused) => return Err(refused.into()),
        }
    }
    for old in
        there.iter().filter(|record| !addresses.iter().any(|address| address.to_string() == record.value))
    {
        let title = format!("record {name} {}", old.value);
        run.confirm(&format!("delete the {title}, which is no address of the instance"))?;
        gone(run, &pvtz::delete_record(&old.record_id, &random_id()), &title)?;
    }
    Ok(())
}

fn own_records(run: &Run, zone: &str) -> Result<Vec<Record>, Failure> {
    if zone == "(new)" {
        return Ok(Vec::new());
    }
    let all = every_page(|page| {
        let records = run.look(&pvtz::describe_records(zone, page))?;
        Ok((records.all(), records.total_items))
    })?;
    let is_own = |record: &Record| record.rr == "@" && matches!(record.kind.as_str(), "A" | "AAAA");
    Ok(all.into_iter().filter(is_own).collect())
}

fn find_zone(run: &Run, name: &str) -> Result<Option<Zone>, Failure> {
    Ok(run.look(&pvtz::describe_zones(name))?.all().into_iter().find(|zone| zone.zone_name == name))
}

/// Show the zone of a KMS instance
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak admin dns show kst-hzz...")]
pub(super) struct Show {
    /// The KMS instance
    #[arg(value_parser = instance_id)]
    instance: String,
}

impl Show {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, DNS_SHOW, |run| {
            let name = instance_host(&self.instance);
            let Some(zone) = find_zone(run, &name)? else {
                run.print(&format!("there is no zone {name}"));
                run.tell("zone", serde_json::Value::Null);
                return Ok(());
            };
            let records = own_records(run, &zone.zone_id)?;
            let vpcs = run.look(&pvtz::describe_zone(&zone.zone_id))?.vpcs();
            run.print(&format!("zone {name} ({})", zone.zone_id));
            records
                .iter()
                .for_each(|one| run.print(&format!("  {} {} for {} s", one.kind, one.value, one.ttl)));
            vpcs.iter().for_each(|vpc| run.print(&format!("  for {} in {}", vpc.vpc_id, vpc.region_id)));
            run.tell(
                "zone",
                json!({
                    "name": name, "id": zone.zone_id,
                    "addresses": records.iter().map(|one| one.value.clone()).collect::<Vec<_>>(),
                    "vpcs": vpcs.iter().map(|vpc| vpc.vpc_id.clone()).collect::<Vec<_>>(),
                }),
            );
            Ok(())
        })
    }
}

/// Delete the zone of a KMS instance: its VPCs do not resolve the name from it any more
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak admin dns delete kst-hzz... --yes")]
pub(super) struct Delete {
    /// The KMS instance
    #[arg(value_parser = instance_id)]
    instance: String,
}

impl Delete {
    fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, DNS_DELETE, |run| {
            let name = instance_host(&self.instance);
            let Some(zone) = find_zone(run, &name)? else {
                run.already(&format!("zone {name} is gone"));
                return Ok(());
            };
            let bound = run.look(&pvtz::describe_zone(&zone.zone_id))?.vpcs();
            run.confirm(&format!(
                "delete the zone {name}, from which {} resolve",
                counted(bound.len(), "VPC")
            ))?;
            if !bound.is_empty() {
                run.change(&pvtz::bind_zone(&zone.zone_id, &[], &random_id()), || Done {})?;
                run.changed(&format!("zone {name} is bound to no VPC"));
            }
            gone(run, &pvtz::delete_zone(&zone.zone_id, &random_id()), &format!("zone {name}"))
        })
    }
}
