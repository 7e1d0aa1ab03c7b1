//! Cloud Config 2020-09-07: the managed rules on AccessKeys.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Product::Config;
use super::answers::{Done, listed, number};
use super::{Action, Request, actions};

actions! {
    CREATE_RULE = Action::change(Config, "CreateConfigRule", CREATE_RULE_PARAMETERS);
    CREATE_AGGREGATE_RULE = Action::change(Config, "CreateAggregateConfigRule", CREATE_AGGREGATE_RULE_PARAMETERS);
    LIST_RULES = Action::read(Config, "ListConfigRules", &["PageNumber*", "PageSize*"]);
    LIST_AGGREGATE_RULES = Action::read(Config, "ListAggregateConfigRules", &["AggregatorId*", "PageNumber*", "PageSize*"]);
    LIST_RESULTS = Action::read(Config, "ListConfigRuleEvaluationResults", &["ConfigRuleId*", "ComplianceType*", "NextToken", "MaxResults*"]);
    LIST_AGGREGATE_RESULTS = Action::read(Config, "ListAggregateConfigRuleEvaluationResults", &[
        "AggregatorId*", "ConfigRuleId*", "ComplianceType*", "NextToken", "MaxResults*",
    ]);
}

const CREATE_RULE_PARAMETERS: &[&str] = &[
    "ConfigRuleName*&",
    "SourceOwner*&",
    "SourceIdentifier*&",
    "RiskLevel*&",
    "ConfigRuleTriggerTypes*&",
    "MaximumExecutionFrequency*&",
    "ResourceTypesScope*&",
    "InputParameters*&",
    "Description*&",
    "ClientToken*&",
];
const CREATE_AGGREGATE_RULE_PARAMETERS: &[&str] = &[
    "AggregatorId*&",
    "ConfigRuleName*&",
    "SourceOwner*&",
    "SourceIdentifier*&",
    "RiskLevel*&",
    "ConfigRuleTriggerTypes*&",
    "MaximumExecutionFrequency*&",
    "ResourceTypesScope*&",
    "InputParameters*&",
    "Description*&",
    "ClientToken*&",
];

/// A rule of Cloud Config's own.
pub(crate) struct ManagedRule {
    /// Its identifier, which serves as the rule's name, too.
    pub(crate) identifier: &'static str,
    /// From 1, high, to 3, low.
    pub(crate) risk: u8,
    pub(crate) about: &'static str,
}

/// The two of the solution's guide: AccessKeys that are idle, and those that are not rotated.
pub(crate) const RULES: [ManagedRule; 2] = [
    ManagedRule {
        identifier: "ram-user-ak-used-expired-check",
        risk: 3,
        about: "AccessKeys that have not been used for a while",
    },
    ManagedRule {
        identifier: "ram-user-ak-create-date-expired-check",
        risk: 1,
        about: "AccessKeys that have not been rotated for a while",
    },
];

pub(crate) fn create_rule(
    aggregator: Option<&str>,
    rule: &ManagedRule,
    days: u32,
    token: &str,
) -> Request<Done> {
    Request::of(if aggregator.is_some() { &CREATE_AGGREGATE_RULE } else { &CREATE_RULE })
        .maybe("AggregatorId", aggregator)
        .with("ConfigRuleName", rule.identifier)
        .with("SourceOwner", "ALIYUN")
        .with("SourceIdentifier", rule.identifier)
        .with("RiskLevel", rule.risk)
        .with("ConfigRuleTriggerTypes", "ScheduledNotification")
        .with("MaximumExecutionFrequency", "TwentyFour_Hours")
        .with("ResourceTypesScope", "ACS::RAM::User")
        .with("InputParameters", json!({"days": days.to_string()}))
        .with("Description", rule.about)
        .with("ClientToken", token)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Rules {
    #[serde(default)]
    config_rules: RuleList,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleList {
    #[serde(default, deserialize_with = "listed")]
    config_rule_list: Vec<Rule>,
    #[serde(default, deserialize_with = "number")]
    total_count: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Rule {
    pub(crate) config_rule_id: String,
    #[serde(default)]
    pub(crate) config_rule_state: String,
    #[serde(default)]
    pub(crate) source_identifier: String,
}

impl Rules {
    pub(crate) fn all(&self) -> Vec<Rule> {
        self.config_rules.config_rule_list.clone()
    }

    pub(crate) fn total(&self) -> u64 {
        self.config_rules.total_count
    }
}

pub(crate) fn list_rules(aggregator: Option<&str>, page: usize) -> Request<Rules> {
    Request::of(if aggregator.is_some() { &LIST_AGGREGATE_RULES } else { &LIST_RULES })
        .maybe("AggregatorId", aggregator)
        .with("PageNumber", page)
        .with("PageSize", 100)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Results {
    #[serde(default)]
    evaluation_results: Value,
}

/// A RAM user that does not comply.
#[derive(Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) user: String,
    pub(crate) account: String,
    pub(crate) annotation: String,
}

impl Results {
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let text = |value: &Value| {
            value.as_str().map(str::to_owned).unwrap_or_else(|| match value {
                Value::Number(number) => number.to_string(),
                _ => String::new(),
            })
        };
        let results = self.evaluation_results["EvaluationResultList"].as_array();
        results
            .into_iter()
            .flatten()
            .map(|result| {
                let of = &result["EvaluationResultIdentifier"]["EvaluationResultQualifier"];
                let name = text(&of["ResourceName"]);
                Finding {
                    user: if name.is_empty() { text(&of["ResourceId"]) } else { name },
                    account: text(&of["ResourceOwnerId"]),
                    annotation: text(&result["Annotation"]),
                }
            })
            .collect()
    }

    pub(crate) fn next(&self) -> Option<String> {
        let next = self.evaluation_results["NextToken"].as_str()?;
        Some(next.to_owned()).filter(|next| !next.is_empty())
    }
}

/// Who does not comply.
pub(crate) fn list_results(aggregator: Option<&str>, rule: &str, next: Option<&str>) -> Request<Results> {
    Request::of(if aggregator.is_some() { &LIST_AGGREGATE_RESULTS } else { &LIST_RESULTS })
        .maybe("AggregatorId", aggregator)
        .with("ConfigRuleId", rule)
        .with("ComplianceType", "NON_COMPLIANT")
        .maybe("NextToken", next)
        .with("MaxResults", 100)
}
