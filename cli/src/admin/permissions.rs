//! `kmsak admin permissions`: the calls of each command, and the least RAM policy that lets the operator make them.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::cloud::{
    Action, actiontrail, config, ims, kms, kms_instance, kms_secret, pvtz, ram, resource_directory,
    resource_sharing, sts,
};
use crate::failure::Failure;
use crate::output::print_line;

pub(super) type Calls = &'static [&'static Action];

pub(super) static APP_CREATE: Calls = &[
    &kms_instance::GET_INSTANCE,
    &kms_secret::DESCRIBE_SECRET,
    &kms::DESCRIBE_NETWORK_RULE,
    &kms::CREATE_NETWORK_RULE,
    &kms::UPDATE_NETWORK_RULE,
    &kms::DESCRIBE_POLICY,
    &kms::CREATE_POLICY,
    &kms::UPDATE_POLICY,
    &kms::DESCRIBE_ACCESS_POINT,
    &kms::CREATE_ACCESS_POINT,
    &kms::UPDATE_ACCESS_POINT,
    &kms::GET_CLIENT_KEY,
    &kms::LIST_CLIENT_KEYS,
    &kms::CREATE_CLIENT_KEY,
    &kms::DELETE_CLIENT_KEY,
];
pub(super) static APP_LIST: Calls =
    &[&kms::LIST_ACCESS_POINTS, &kms::DESCRIBE_ACCESS_POINT, &kms::LIST_CLIENT_KEYS];
pub(super) static APP_SHOW: Calls = &[
    &kms::DESCRIBE_ACCESS_POINT,
    &kms::DESCRIBE_POLICY,
    &kms::DESCRIBE_NETWORK_RULE,
    &kms::LIST_CLIENT_KEYS,
];
pub(super) static APP_DELETE: Calls = &[
    &kms::DESCRIBE_ACCESS_POINT,
    &kms::DESCRIBE_POLICY,
    &kms::DESCRIBE_NETWORK_RULE,
    &kms::LIST_CLIENT_KEYS,
    &kms::DELETE_ACCESS_POINT,
    &kms::DELETE_POLICY,
    &kms::DELETE_NETWORK_RULE,
];
pub(super) static CLIENT_KEY_LIST: Calls =
    &[&kms::LIST_ACCESS_POINTS, &kms::DESCRIBE_ACCESS_POINT, &kms::LIST_CLIENT_KEYS];
pub(super) static CLIENT_KEY_REPLACE: Calls = &[
    &kms::DESCRIBE_ACCESS_POINT,
    &kms::GET_CLIENT_KEY,
    &kms::LIST_CLIENT_KEYS,
    &kms::CREATE_CLIENT_KEY,
    &kms::DELETE_CLIENT_KEY,
];
pub(super) static CLIENT_KEY_DELETE: Calls =
    &[&kms::GET_CLIENT_KEY, &kms::LIST_ACCESS_POINTS, &kms::DELETE_CLIENT_KEY];
pub(super) static SECRET_HOST: Calls = &[
    &ram::GET_USER,
    &ram::CREATE_USER,
    &ram::GET_ROLE,
    &ram::CREATE_ROLE,
    &ram::POLICIES_OF_ROLE,
    &ram::GET_POLICY,
    &ram::CREATE_RAM_POLICY,
    &ram::ATTACH_TO_ROLE,
    &ram::LIST_ACCESS_KEYS,
    &ram::ACCESS_KEY_LAST_USED,
    &ram::CREATE_ACCESS_KEY,
    &ram::DELETE_ACCESS_KEY,
    &kms_secret::DESCRIBE_SECRET,
    &kms_instance::LIST_INSTANCES,
    &kms_instance::LIST_KEYS,
    &kms_instance::DESCRIBE_KEY,
    &kms_instance::CREATE_KEY,
    &kms_secret::CREATE_SECRET,
    &kms_secret::UPDATE_ROTATION,
];
pub(super) static SECRET_LIST: Calls = &[&kms_secret::LIST_SECRETS, &kms_secret::DESCRIBE_SECRET];
pub(super) static SECRET_SHOW: Calls =
    &[&kms_secret::DESCRIBE_SECRET, &ram::LIST_ACCESS_KEYS, &ram::GET_ROLE];
pub(super) static SECRET_ROTATE: Calls =
    &[&kms_secret::DESCRIBE_SECRET, &ram::GET_ROLE, &ram::LIST_ACCESS_KEYS, &kms_secret::ROTATE_SECRET];
pub(super) static SECRET_ROTATION: Calls = &[
    &kms_secret::DESCRIBE_SECRET,
    &ram::GET_ROLE,
    &ram::CREATE_ROLE,
    &ram::POLICIES_OF_ROLE,
    &ram::GET_POLICY,
    &ram::CREATE_RAM_POLICY,
    &ram::ATTACH_TO_ROLE,
    &ram::LIST_ACCESS_KEYS,
    &kms_secret::UPDATE_ROTATION,
];
pub(super) static SECRET_DELETE: Calls = &[&kms_secret::DESCRIBE_SECRET, &kms_secret::DELETE_SECRET];
pub(super) static SECRET_RESTORE: Calls = &[&kms_secret::DESCRIBE_SECRET, &kms_secret::RESTORE_SECRET];
pub(super) static INSTANCE_LIST: Calls = &[&kms_instance::LIST_INSTANCES, &kms_instance::GET_INSTANCE];
pub(super) static INSTANCE_SHOW: Calls = &[
    &kms_instance::GET_INSTANCE,
    &kms_instance::LIST_INSTANCES,
    &resource_sharing::LIST_SHARED_TARGETS,
    &sts::WHO,
];
pub(super) static INSTANCE_CA: Calls = &[&kms_instance::GET_INSTANCE];
pub(super) static INSTANCE_BIND: Calls = &[
    &kms_instance::GET_INSTANCE,
    &kms_instance::LIST_INSTANCES,
    &resource_sharing::LIST_SHARED_TARGETS,
    &kms_instance::BIND_VPCS,
];
pub(super) static SHARE_ENABLE: Calls =
    &[&resource_sharing::SHARING_STATUS, &resource_sharing::ENABLE_SHARING];
pub(super) static SHARE_VSWITCH: Calls = &[
    &resource_sharing::LIST_SHARES,
    &resource_sharing::LIST_ASSOCIATIONS,
    &resource_sharing::CREATE_SHARE,
    &resource_sharing::ASSOCIATE,
];
pub(super) static SHARE_INSTANCE: Calls = &[
    &resource_sharing::LIST_SHARES,
    &resource_sharing::LIST_ASSOCIATIONS,
    &kms_instance::GET_INSTANCE,
    &resource_sharing::LIST_SHARED_TARGETS,
    &resource_sharing::CREATE_SHARE,
    &resource_sharing::ASSOCIATE,
];
pub(super) static SHARE_LIST: Calls = &[&resource_sharing::LIST_SHARES, &resource_sharing::LIST_ASSOCIATIONS];
pub(super) static SHARE_DELETE: Calls = &[
    &resource_sharing::LIST_SHARES,
    &resource_sharing::LIST_ASSOCIATIONS,
    &resource_sharing::DISASSOCIATE,
    &resource_sharing::DELETE_SHARE,
];
pub(super) static DNS_CREATE: Calls = &[
    &pvtz::DESCRIBE_ZONES,
    &pvtz::ADD_ZONE,
    &pvtz::DESCRIBE_RECORDS,
    &pvtz::ADD_RECORD,
    &pvtz::DELETE_RECORD,
    &pvtz::DESCRIBE_ZONE,
    &pvtz::BIND_ZONE,
];
pub(super) static DNS_SHOW: Calls = &[&pvtz::DESCRIBE_ZONES, &pvtz::DESCRIBE_RECORDS, &pvtz::DESCRIBE_ZONE];
pub(super) static DNS_DELETE: Calls =
    &[&pvtz::DESCRIBE_ZONES, &pvtz::DESCRIBE_ZONE, &pvtz::BIND_ZONE, &pvtz::DELETE_ZONE];
pub(crate) static AUDIT: Calls = &[
    &sts::WHO,
    &ims::GENERATE_REPORT,
    &ims::GET_REPORT,
    &ram::LIST_USERS,
    &ram::LIST_ACCESS_KEYS,
    &ram::ACCESS_KEY_LAST_USED,
    &ram::GET_ROLE,
    &kms_secret::LIST_SECRETS,
    &kms_secret::DESCRIBE_SECRET,
    &kms::LIST_ACCESS_POINTS,
    &kms::DESCRIBE_ACCESS_POINT,
    &kms::DESCRIBE_POLICY,
    &kms::DESCRIBE_NETWORK_RULE,
    &kms::LIST_CLIENT_KEYS,
    &resource_directory::LIST_ACCOUNTS,
];
pub(crate) static AUDIT_USAGE: Calls = &[
    &actiontrail::LAST_USED,
    &actiontrail::LAST_USED_PRODUCTS,
    &actiontrail::LAST_USED_IPS,
    &actiontrail::LAST_USED_EVENTS,
];
pub(crate) static AUDIT_RULES: Calls = &[
    &config::LIST_RULES,
    &config::LIST_AGGREGATE_RULES,
    &config::CREATE_RULE,
    &config::CREATE_AGGREGATE_RULE,
    &config::LIST_RESULTS,
    &config::LIST_AGGREGATE_RESULTS,
];

/// What else than its calls a command needs: who assumes roles in other accounts must be allowed that, and who makes a secret must be
/// allowed to encrypt with its key.
const ALSO: &[(&str, &str)] = &[("audit", "sts:AssumeRole"), ("secret host", "kms:GenerateDataKey")];

pub(super) static COMMANDS: &[(&str, &Calls)] = &[
    ("app create", &APP_CREATE),
    ("app list", &APP_LIST),
    ("app show", &APP_SHOW),
    ("app delete", &APP_DELETE),
    ("client-key list", &CLIENT_KEY_LIST),
    ("client-key replace", &CLIENT_KEY_REPLACE),
    ("client-key delete", &CLIENT_KEY_DELETE),
    ("secret host", &SECRET_HOST),
    ("secret list", &SECRET_LIST),
    ("secret show", &SECRET_SHOW),
    ("secret rotate", &SECRET_ROTATE),
    ("secret rotation", &SECRET_ROTATION),
    ("secret delete", &SECRET_DELETE),
    ("secret restore", &SECRET_RESTORE),
    ("instance list", &INSTANCE_LIST),
    ("instance show", &INSTANCE_SHOW),
    ("instance ca", &INSTANCE_CA),
    ("instance bind-vpc", &INSTANCE_BIND),
    ("share enable", &SHARE_ENABLE),
    ("share vswitch", &SHARE_VSWITCH),
    ("share instance", &SHARE_INSTANCE),
    ("share list", &SHARE_LIST),
    ("share delete", &SHARE_DELETE),
    ("dns create", &DNS_CREATE),
    ("dns show", &DNS_SHOW),
    ("dns delete", &DNS_DELETE),
    ("audit", &AUDIT),
    ("audit usage", &AUDIT_USAGE),
    ("audit rules", &AUDIT_RULES),
];

/// Print the least RAM policy that lets the operator run a command
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kmsak admin permissions app create
  kmsak admin permissions secret host
  kmsak admin permissions audit

The resources are all of the account: narrow them where you know the names.")]
pub(super) struct Permissions {
    /// The command, such as app create; audit, audit usage and audit rules as well
    #[arg(required = true)]
    command: Vec<String>,
}

impl Permissions {
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        // As it is typed, whether it begins with admin or not.
        let words = self.command.join(" ");
        let wanted = words.strip_prefix("admin ").unwrap_or(&words);
        let wanted = if wanted.starts_with("audit rules ") { "audit rules" } else { wanted };
        let Some((name, calls)) = COMMANDS.iter().find(|(name, _)| *name == wanted) else {
            let names: Vec<&str> = COMMANDS.iter().map(|(name, _)| *name).collect();
            return Err(Failure::usage(format!(
                "no command is called {wanted:?}: they are {}",
                names.join(", ")
            )));
        };
        let mut actions: Vec<String> = calls.iter().map(|call| call.permission()).collect();
        actions.extend(ALSO.iter().filter(|(of, _)| of == name).map(|(_, action)| (*action).to_owned()));
        actions.sort_unstable();
        actions.dedup();
        let policy =
            json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
        print_line(&format!("{policy:#}"))?;
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::all_actions;

    #[test]
    fn each_call_belongs_to_a_command_and_each_command_is_there_once() {
        for action in all_actions() {
            let used = COMMANDS.iter().any(|(_, calls)| calls.iter().any(|call| std::ptr::eq(*call, action)));
            assert!(used, "no command calls {}", action.permission());
        }
        for (index, (name, _)) in COMMANDS.iter().enumerate() {
            assert!(!COMMANDS[..index].iter().any(|(earlier, _)| earlier == name), "{name}");
        }
    }
}
