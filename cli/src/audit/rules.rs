//! `kmsak audit rules`: Cloud Config's two managed rules on AccessKeys, and whom they find.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::admin::permissions::AUDIT_RULES;
use crate::admin::run::{Run, RunArguments, every_page, every_part};
use crate::cloud::answers::Done;
use crate::cloud::config::{self, ManagedRule, RULES, Rule};
use crate::cloud::random_id;
use crate::failure::Failure;

/// Cloud Config's rules on AccessKeys that are idle or not rotated
#[derive(Debug, Subcommand)]
pub(super) enum Rules {
    Enable(Enable),
    Show(Show),
}

impl Rules {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        match self {
            Rules::Enable(command) => Run::of(arguments, AUDIT_RULES, |run| {
                let aggregator = command.scope.aggregator.as_deref();
                enable(run, aggregator, command.days)?;
                show(run, aggregator, true)
            }),
            Rules::Show(command) => {
                Run::of(arguments, AUDIT_RULES, |run| show(run, command.scope.aggregator.as_deref(), false))
            }
        }
    }
}

/// Have Cloud Config look at all AccessKeys every day, and show whom it finds
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kmsak audit rules enable
  kmsak audit rules enable --days 60 --aggregator ca-0123456789abcdef")]
pub(super) struct Enable {
    #[command(flatten)]
    scope: Scope,
    /// From how many days on an AccessKey is idle or not rotated
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
}

/// Show whom Cloud Config's rules find
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kmsak audit rules show --json")]
pub(super) struct Show {
    #[command(flatten)]
    scope: Scope,
}

#[derive(Debug, Args)]
struct Scope {
    /// An account group, in the place of the operator's account alone
    #[arg(long, value_name = "ID")]
    aggregator: Option<String>,
}

fn enable(run: &Run, aggregator: Option<&str>, days: u32) -> Result<(), Failure> {
    let there = rules(run, aggregator)?;
    for rule in &RULES {
        let title = format!("rule {}: {}", rule.identifier, rule.about);
        if find(&there, rule).is_some() {
            run.already(&title);
            continue;
        }
        let request = config::create_rule(aggregator, rule, days, &random_id());
        match run.try_change(&request, || Done {})? {
            Ok(Done {}) => run.made(&title),
            Err(refused) if refused.is_there_already() => run.already(&title),
            Err(refused) => return Err(refused.into()),
        }
    }
    Ok(())
}

fn show(run: &Run, aggregator: Option<&str>, fresh: bool) -> Result<(), Failure> {
    if fresh && run.is_dry() {
        return Ok(());
    }
    let mut told = Vec::new();
    // A rule is evaluated when it is made.
    let patience = if fresh { Duration::from_secs(60) } else { Duration::ZERO };
    let there = run.wait("waiting for Cloud Config", Duration::from_secs(2), patience, || {
        let there = rules(run, aggregator)?;
        let busy = there.iter().any(|rule| rule.config_rule_state == "EVALUATING");
        Ok((!busy || !fresh).then_some(there))
    })?;
    let there = match there {
        Some(there) => there,
        None => rules(run, aggregator)?,
    };
    for rule in &RULES {
        let Some(known) = find(&there, rule) else {
            run.print(&format!("{}: it is not enabled", rule.identifier));
            told.push(json!({"rule": rule.identifier, "enabled": false}));
            continue;
        };
        let found = every_part(|next| {
            let results = run.look(&config::list_results(aggregator, &known.config_rule_id, next))?;
            Ok((results.findings(), results.next()))
        })?;
        run.print(&format!("{} ({}): {} RAM users", rule.identifier, known.config_rule_state, found.len()));
        for one in &found {
            run.print(&format!("  {} of {}", one.user, one.account));
        }
        told.push(json!({
            "rule": rule.identifier, "enabled": true, "id": known.config_rule_id, "state": known.config_rule_state,
            "findings": found.iter().map(|one| json!({
                "user": one.user, "account": one.account, "annotation": one.annotation,
            })).collect::<Vec<_>>(),
        }));
    }
    run.tell("rules", told);
    Ok(())
}

fn rules(run: &Run, aggregator: Option<&str>) -> Result<Vec<Rule>, Failure> {
    every_page(|page| {
        let rules = run.look(&config::list_rules(aggregator, page))?;
        Ok((rules.all(), rules.total()))
    })
}

/// Whatever its name; `-v2` is the same rule, newer.
fn find<'a>(there: &'a [Rule], rule: &ManagedRule) -> Option<&'a Rule> {
    there.iter().find(|known| {
        known.config_rule_state != "DELETING"
            && known.source_identifier.trim_end_matches("-v2") == rule.identifier
    })
}
