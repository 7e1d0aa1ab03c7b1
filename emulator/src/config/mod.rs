//! Cloud Config, version 2020-09-07: managed rules about AccessKeys, in one account or in an account group.

pub(crate) mod aggregator;
mod results;
pub(crate) mod rule;
mod rules;

use serde_json::json;

use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::rpc::no_such_action;

/// The calls that only POST takes.
const BY_POST: [&str; 3] = ["CreateConfigRule", "CreateAggregateConfigRule", "CreateAggregator"];

type Handler = fn(&mut Request<'_>) -> Answer;

fn handler(action: &str) -> Option<Handler> {
    Some(match action {
        "GetConfigurationRecorder" | "StartConfigurationRecorder" => recorder,
        "GetManagedRule" => rules::get_managed,
        "CreateConfigRule" | "CreateAggregateConfigRule" => rules::create,
        "ListConfigRules" | "ListAggregateConfigRules" => rules::list,
        "GetConfigRule" | "GetAggregateConfigRule" => rules::get,
        "DeleteConfigRules" | "DeleteAggregateConfigRules" => rules::delete,
        "StopConfigRules" | "StopAggregateConfigRules" => rules::stop,
        "ActiveConfigRules" | "ActiveAggregateConfigRules" => rules::activate,
        "StartConfigRuleEvaluation" | "StartAggregateConfigRuleEvaluation" => rules::evaluate,
        "ListConfigRuleEvaluationResults" | "ListAggregateConfigRuleEvaluationResults" => results::list,
        "CreateAggregator" => aggregator::create,
        "ListAggregators" => aggregator::list,
        "GetAggregator" => aggregator::get,
        "DeleteAggregators" => aggregator::delete,
        _ => return None,
    })
}

pub(crate) fn knows(action: &str) -> bool {
    handler(action).is_some()
}

pub(crate) fn act(request: &mut Request<'_>) -> Answer {
    let action = request.action();
    let known = handler(action).ok_or_else(no_such_action)?;
    if BY_POST.contains(&action) && request.call.method != "POST" {
        return Err(Refusal::wrong_method());
    }
    request.authorize("config")?;
    known(request)
}

fn refused(status: u16, code: &str) -> Refusal {
    let message = match code {
        "ConfigRuleExists" => "The rule exists already.",
        "ConfigRuleNotExists" => "The rule does not exist.",
        "ExceedMaxRuleCount" => "There are too many rules.",
        "Invalid.AggregatorId.Value" => "The account group does not exist.",
        "AggregatorNameDuplicated" => "The account group exists already.",
        "NoPermissionCreateAggregator" => "Only the management account may have account groups.",
        _ => "The request is not valid.",
    };
    Refusal::front(status, code, message)
}

fn invalid(name: &str) -> Refusal {
    refused(400, &format!("Invalid.{name}.Value"))
}

/// Cloud Config is switched on always.
fn recorder(_: &mut Request<'_>) -> Answer {
    Ok(json!({"ConfigurationRecorder": {
        "ConfigurationRecorderStatus": "REGISTERED",
        "ResourceTypes": ["ACS::RAM::User"],
    }}))
}

/// The account group that an aggregate call is about; none for a call about one account.
fn group<'a>(request: &Request<'a>) -> Result<Option<&'a str>, Refusal> {
    if request.action().contains("Aggregate") { aggregator::asked(request).map(Some) } else { Ok(None) }
}
