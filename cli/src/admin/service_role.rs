//! The role with which KMS rotates AccessKeys in RAM.

use super::run::Run;
use crate::cloud::answers::Done;
use crate::cloud::ram;
use crate::failure::Failure;

/// Makes it what it should be. Newer accounts have it under another name.
pub(super) fn ensure(run: &Run) -> Result<(), Failure> {
    for role in ram::SERVICE_ROLES {
        if run.find(&ram::get_role(role))?.is_some() {
            return ensure_policy(run, role);
        }
    }
    let role = ram::SERVICE_ROLES[0];
    match run.try_change(&ram::create_service_role(role), || Done {})? {
        Ok(Done {}) => run.made(&format!("RAM role {role} for KMS")),
        Err(refused) if refused.is_there_already() => {}
        Err(refused) => return Err(refused.into()),
    }
    ensure_policy(run, role)
}

fn ensure_policy(run: &Run, role: &str) -> Result<(), Failure> {
    let title = format!("RAM role {role} with its policy");
    let has = run.find(&ram::policies_of_role(role))?.map(|policies| policies.names()).unwrap_or_default();
    // Those that begin with a service's role are that service's.
    if has.iter().any(|name| name == ram::SERVICE_POLICY || name == &format!("{role}Policy")) {
        run.already(&title);
        return Ok(());
    }
    let kind = if run.find(&ram::get_policy("System", ram::SERVICE_POLICY))?.is_some() {
        "System"
    } else {
        if run.find(&ram::get_policy("Custom", ram::SERVICE_POLICY))?.is_none() {
            run.change(&ram::create_service_policy(ram::SERVICE_POLICY), || Done {})?;
            run.made(&format!("RAM policy {}", ram::SERVICE_POLICY));
        }
        "Custom"
    };
    match run.try_change(&ram::attach_to_role(kind, ram::SERVICE_POLICY, role), || Done {})? {
        Ok(Done {}) => run.made(&title),
        Err(refused) if refused.is_there_already() => run.already(&title),
        Err(refused) => return Err(refused.into()),
    }
    Ok(())
}
