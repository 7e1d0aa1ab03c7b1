//! `kmsak audit usage`: who still uses an AccessKey, as ActionTrail saw it.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::admin::moment;
use crate::admin::permissions::AUDIT_USAGE;
use crate::admin::run::{Run, RunArguments, every_part};
use crate::cloud::actiontrail::{self, Use};
use crate::failure::Failure;

/// Show which services and addresses still use an AccessKey, before it is put into KMS or disabled
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kmsak audit usage LTAI5t... --region cn-hangzhou

ActionTrail is some hours late, and looks back 400 days at most. It does not see all data events, such as reads of OSS objects,
unless a trail records them.")]
pub(super) struct Usage {
    /// The AccessKey's id
    access_key_id: String,
}

impl Usage {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, AUDIT_USAGE, |run| self.show(run))
    }

    fn show(&self, run: &Run) -> Result<(), Failure> {
        let id = self.access_key_id.as_str();
        let last = run.look(&actiontrail::last_used(id))?;
        let at = |milliseconds| moment::of_milliseconds(milliseconds).map(moment::written);
        match at(last.used_timestamp) {
            Some(when) => run
                .print(&format!("{id} of {}: last used at {when} for {}", last.user_name, last.service_name)),
            None => run.print(&format!("{id}: ActionTrail saw nobody use it")),
        }
        let mut services = Vec::new();
        for product in run.look(&actiontrail::last_used_products(id))?.all() {
            let name = product.service_name.as_str();
            let ips = every_part(|next| {
                let part = run.look(&actiontrail::last_used_ips(id, name, next))?;
                Ok((part.all(), part.next_token.clone()))
            })?;
            let events = every_part(|next| {
                let part = run.look(&actiontrail::last_used_events(id, name, next))?;
                Ok((part.all(), part.next_token.clone()))
            })?;
            run.print(&format!("{name}: last at {}", at(product.used_timestamp).unwrap_or_default()));
            for ip in &ips {
                run.print(&format!("  from {} until {}", ip.ip, at(ip.used_timestamp).unwrap_or_default()));
            }
            for event in &events {
                run.print(&format!(
                    "  {} until {}",
                    event.event_name,
                    at(event.used_timestamp).unwrap_or_default()
                ));
            }
            let told = |all: &[Use], of: fn(&Use) -> &str| -> Vec<Value> {
                all.iter().map(|one| json!({"name": of(one), "lastUsed": at(one.used_timestamp)})).collect()
            };
            services.push(json!({
                "service": name, "lastUsed": at(product.used_timestamp),
                "addresses": told(&ips, |one| &one.ip), "events": told(&events, |one| &one.event_name),
            }));
        }
        run.tell("accessKeyId", id);
        run.tell("user", last.user_name);
        run.tell("lastUsed", at(last.used_timestamp));
        run.tell("services", services);
        Ok(())
    }
}
