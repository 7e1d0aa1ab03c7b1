//! Secrets that are not rotated, access points that are too open, ClientKeys that end.

use super::Limits;
use super::findings::{Finding, Kind};
use super::table::Table;
use crate::admin::moment;
use crate::admin::run::Run;
use crate::admin::{app_show, secret};
use crate::cloud::kms::{self, Policy};
use crate::cloud::kms_secret::{self, Secret};
use crate::failure::Failure;

/// Whether KMS is switched on in the account.
pub(super) fn has_kms(run: &Run) -> Result<bool, Failure> {
    match run.try_look(&kms_secret::list_secrets(None, 1)) {
        Err(refused) if refused.code == "Forbidden.KmsServiceNotEnabled" => Ok(false),
        other => other.map(|_| true).map_err(Failure::from),
    }
}

/// The managed RAM secrets of an account.
pub(super) fn secrets(run: &Run, account: &str, found: &mut Table) -> Result<Vec<Secret>, Failure> {
    let secrets = secret::all(run, true)?;
    for secret in &secrets {
        let name = &secret.secret_name;
        let mut add = |kind, what| {
            found.add(Finding { kind, account: account.to_owned(), subject: name.clone(), what });
        };
        match secret::why_rotation_fails(run, secret)? {
            Some(why) => add(Kind::RotationBroken, why),
            None if secret.automatic_rotation != "Enabled" && !secret.is_being_deleted() => add(
                Kind::SecretNotRotated,
                format!("{name} is not rotated: kmsak admin secret rotation {name} --every 30d"),
            ),
            None => {}
        }
        found.add_secret(account, secret);
    }
    Ok(secrets)
}

/// Why a policy lets everybody in; none if it does not.
fn why_open(run: &Run, policy: &Policy) -> Result<Option<String>, Failure> {
    let rules = policy.network_rules();
    if rules.is_empty() {
        return Ok(Some("has no network rule: give it one".to_owned()));
    }
    for name in rules {
        let rule = run.find(&kms::describe_network_rule(&name))?;
        if rule.is_some_and(|rule| rule.source_private_ip.iter().any(|network| is_everything(network))) {
            return Ok(Some(format!("has a network rule, {name}, for all addresses: narrow it")));
        }
    }
    Ok(None)
}

fn is_everything(network: &str) -> bool {
    network.split_once('/').is_some_and(|(_, length)| length.trim().parse() == Ok(0_u8))
}

pub(super) fn access_points(
    run: &Run,
    account: &str,
    limits: &Limits,
    found: &mut Table,
) -> Result<(), Failure> {
    for name in app_show::all_names(run)? {
        let Some(point) = run.find(&kms::describe_access_point(&name))? else { continue };
        let mut add = |kind, what| {
            found.add(Finding { kind, account: account.to_owned(), subject: name.clone(), what });
        };
        for policy in &point.policies {
            let Some(known) = run.find(&kms::describe_policy(policy))? else { continue };
            if known.kms_instance != kms::SHARED {
                continue;
            }
            if let Some(why) = why_open(run, &known)? {
                add(
                    Kind::OpenToInternet,
                    format!(
                        "the access point {name} is open to the whole Internet, as its policy {policy} {why}"
                    ),
                );
            }
        }
        for key in app_show::client_keys(run, &name)? {
            let Some(days) = moment::days_until(&key.not_after, run.client.api().now()) else { continue };
            if days > limits.client_key_days {
                continue;
            }
            let id = &key.client_key_id;
            add(
                Kind::ClientKeyEnding,
                match days {
                    0.. => format!(
                        "the ClientKey {id} of {name} ends in {days} days: kmsak admin client-key replace {name} --out DIR"
                    ),
                    _ => format!(
                        "the ClientKey {id} of {name} ended at {}: delete it, or replace it",
                        key.not_after
                    ),
                },
            );
        }
    }
    Ok(())
}
