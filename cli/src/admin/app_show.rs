//! `kmsak admin app list` and `show`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::permissions::{APP_LIST, APP_SHOW};
use super::run::{Run, RunArguments, every_page};
use super::{counted, moment};
use crate::cloud::kms::{self, ClientKey};
use crate::failure::Failure;

/// List the access points of applications
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak admin app list\n  kmsak admin app list --json")]
pub(super) struct List {}

impl List {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, APP_LIST, |run| {
            let mut apps = Vec::new();
            for name in all_names(run)? {
                // It may have been deleted meanwhile.
                let Some(point) = run.find(&kms::describe_access_point(&name))? else { continue };
                let keys = client_keys(run, &name)?;
                let days = keys.iter().filter_map(|key| days_left(run, key)).min();
                let left = days.map(|days| format!(", {days} days left")).unwrap_or_default();
                run.print(&format!(
                    "{name}: {}; {}{left}",
                    point.policies.join(", "),
                    counted(keys.len(), "ClientKey")
                ));
                apps.push(json!({
                    "name": name, "policies": point.policies, "clientKeys": keys.len(), "daysLeft": days,
                }));
            }
            run.tell("apps", apps);
            Ok(())
        })
    }
}

/// Show what an application may do, and its ClientKeys
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak admin app show web")]
pub(super) struct Show {
    /// The application's name
    name: String,
}

impl Show {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, APP_SHOW, |run| {
            let point = run.find(&kms::describe_access_point(&self.name))?.ok_or_else(|| none(&self.name))?;
            run.print(&format!("access point {}", self.name));
            let mut policies = Vec::new();
            for name in &point.policies {
                policies.push(policy(run, name)?);
            }
            let keys = client_keys(run, &self.name)?;
            let told: Vec<Value> = keys.iter().map(|key| told(run, key)).collect();
            for key in &keys {
                run.print(&line(run, key));
            }
            run.tell("name", self.name.clone());
            run.tell("description", point.description.clone());
            run.tell("policies", policies);
            run.tell("clientKeys", told);
            Ok(())
        })
    }
}

fn policy(run: &Run, name: &str) -> Result<Value, Failure> {
    let Some(policy) = run.find(&kms::describe_policy(name))? else {
        run.print(&format!("policy {name}: it is not there"));
        return Ok(json!({"name": name, "missing": true}));
    };
    let scope = if policy.kms_instance.is_empty() { "?" } else { &policy.kms_instance };
    run.print(&format!("policy {name} in {scope}: {}", policy.permissions.join(", ")));
    run.print(&format!("  on {}", policy.resources.join(", ")));
    let mut rules = Vec::new();
    for rule in policy.network_rules() {
        let from = run.find(&kms::describe_network_rule(&rule))?;
        let sources = from.as_ref().map(|rule| rule.source_private_ip.clone()).unwrap_or_default();
        let kind = from.map(|rule| rule.kind).unwrap_or_default();
        run.print(&format!("  from {} (network rule {rule}, {kind})", sources.join(", ")));
        rules.push(json!({"name": rule, "type": kind, "sources": sources}));
    }
    if rules.is_empty() {
        run.print(if scope == kms::SHARED {
            "  from anywhere on the Internet"
        } else {
            "  from anywhere in its VPCs"
        });
    }
    Ok(json!({
        "name": name, "scope": policy.kms_instance, "permissions": policy.permissions,
        "resources": policy.resources, "networkRules": rules,
    }))
}

pub(crate) fn all_names(run: &Run) -> Result<Vec<String>, Failure> {
    every_page(|page| {
        let points = run.look(&kms::list_access_points(page))?;
        Ok((points.names(), points.total_count))
    })
}

pub(crate) fn client_keys(run: &Run, access_point: &str) -> Result<Vec<ClientKey>, Failure> {
    Ok(run.find(&kms::list_client_keys(access_point))?.map(|keys| keys.all()).unwrap_or_default())
}

pub(super) fn days_left(run: &Run, key: &ClientKey) -> Option<i64> {
    moment::days_until(&key.not_after, run.client.api().now())
}

pub(super) fn line(run: &Run, key: &ClientKey) -> String {
    let left = match days_left(run, key) {
        Some(days) if days < 0 => "it has expired".to_owned(),
        Some(days) => format!("{} left", counted(usize::try_from(days).unwrap_or_default(), "day")),
        None => "KMS does not say until when".to_owned(),
    };
    format!("ClientKey {} of {}: until {}, {left}", key.client_key_id, key.aap_name, key.not_after)
}

pub(super) fn told(run: &Run, key: &ClientKey) -> Value {
    json!({
        "id": key.client_key_id, "accessPoint": key.aap_name, "notBefore": key.not_before,
        "notAfter": key.not_after, "daysLeft": days_left(run, key),
    })
}

pub(super) fn none(name: &str) -> Failure {
    Failure::new(format!("there is no access point {name}: kmsak admin app list names those that are there"))
        .with_code(8)
}
