//! The calls about rules.

use serde::Deserialize;
use serde_json::{Value, json};

use super::rule::{MANAGED, ManagedRule, Rule, managed};
use super::{group, invalid, refused};
use crate::random_text;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};

const MOST: usize = 200;
const RESOURCE_TYPE: &str = "ACS::RAM::User";
const FREQUENCIES: [&str; 5] = ["One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours"];
const TRIGGERS: [&str; 2] = ["ConfigurationItemChangeNotification", "ScheduledNotification"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    days: Option<Value>,
}

fn written_managed(one: &ManagedRule) -> Value {
    let inputs = match one.days {
        Some(days) => json!({"days": {"type": "integer", "defaultValue": days}}),
        None => json!({}),
    };
    json!({
        "Identifier": one.identifier,
        "ConfigRuleName": one.name,
        "RiskLevel": one.risk,
        "CompulsoryInputParameterDetails": inputs,
        "OptionalInputParameterDetails": {},
        "Scope": {"ComplianceResourceTypes": [RESOURCE_TYPE]},
        "SourceDetails": one.trigger.split(',').map(|kind| json!({"MessageType": kind})).collect::<Vec<_>>(),
    })
}

pub(super) fn get_managed(request: &mut Request<'_>) -> Answer {
    let identifier = request.mandatory("Identifier")?;
    let one = managed(identifier).ok_or_else(|| invalid("Identifier"))?;
    Ok(json!({"ManagedRule": written_managed(one)}))
}

fn days(request: &Request<'_>, managed: &ManagedRule) -> Result<Option<i64>, Refusal> {
    let Some(text) = request.given("InputParameters") else { return Ok(managed.days) };
    let wrong = || invalid("InputParameters");
    let inputs: Inputs = serde_json::from_str(text).map_err(|_| wrong())?;
    let Some(days) = inputs.days else { return Ok(managed.days) };
    let number = days.as_i64().or_else(|| days.as_str()?.parse().ok());
    number.filter(|days| *days > 0 && managed.days.is_some()).map(Some).ok_or_else(wrong)
}

pub(super) fn create(request: &mut Request<'_>) -> Answer {
    let group = group(request)?;
    let name = request.mandatory("ConfigRuleName")?;
    if request.mandatory("SourceOwner")? != "ALIYUN" {
        return Err(invalid("SourceOwner"));
    }
    let identifier = request.mandatory("SourceIdentifier")?;
    let managed = managed(identifier).ok_or_else(|| invalid("SourceIdentifier"))?;
    let risk = request.mandatory("RiskLevel")?;
    let risk = risk.parse().ok().filter(|risk| (1..=3).contains(risk)).ok_or_else(|| invalid("RiskLevel"))?;
    let triggers = request.mandatory("ConfigRuleTriggerTypes")?;
    if !triggers.split(',').all(|one| TRIGGERS.contains(&one)) {
        return Err(invalid("ConfigRuleTriggerTypes"));
    }
    let types = request.mandatory("ResourceTypesScope")?;
    if types.split(',').any(|one| one != RESOURCE_TYPE) {
        return Err(invalid("ResourceTypesScope"));
    }
    let frequency = request.given("MaximumExecutionFrequency").unwrap_or(FREQUENCIES[4]);
    if !FREQUENCIES.contains(&frequency) {
        return Err(invalid("MaximumExecutionFrequency"));
    }
    let days = days(request, managed)?;
    let rules = &request.state().config_rules;
    if rules.iter().any(|rule| rule.name == name && rule.aggregator.as_deref() == group) {
        return Err(refused(400, "ConfigRuleExists"));
    }
    if rules.len() >= MOST {
        return Err(refused(400, "ExceedMaxRuleCount"));
    }
    let rule = Rule {
        id: format!("cr-{}", random_text(b"0123456789abcdef", 20)),
        name: name.to_owned(),
        description: request.given("Description").unwrap_or("").to_owned(),
        aggregator: group.map(str::to_owned),
        identifier: identifier.to_owned(),
        risk,
        triggers: triggers.to_owned(),
        frequency: frequency.to_owned(),
        days,
        stopped: false,
        created: request.now,
        evaluated: request.now,
        findings: Vec::new(),
    };
    let id = rule.id.clone();
    request.state_mut().config_rules.push(rule);
    // It looks at everything once, at its creation.
    let place = request.state().config_rules.len() - 1;
    run(request, place);
    Ok(json!({"ConfigRuleId": id}))
}

/// Has a rule look at the accounts that it is for.
fn run(request: &mut Request<'_>, place: usize) {
    let mut rule = request.state().config_rules[place].clone();
    let group =
        rule.aggregator.as_ref().and_then(|id| request.state().aggregators.iter().find(|one| one.id == *id));
    let places = group.map_or_else(|| vec![request.account], |group| group.places(request));
    let accounts = places.into_iter().map(|place| &request.cloud.accounts[place]);
    rule.evaluate(accounts, request.now);
    request.state_mut().config_rules[place] = rule;
}

/// The place of the rule that a request names.
pub(super) fn asked(request: &Request<'_>) -> Result<usize, Refusal> {
    let group = group(request)?;
    let id = request.mandatory("ConfigRuleId")?;
    let rules = &request.state().config_rules;
    let there = rules.iter().position(|rule| rule.id == id && rule.aggregator.as_deref() == group);
    there.ok_or_else(|| refused(400, "ConfigRuleNotExists"))
}

/// Whether a rule is kept, and by how many users it is not.
fn compliance(request: &Request<'_>, rule: &Rule) -> Value {
    if !rule.has_results(request.now) {
        return json!({"ComplianceType": "INSUFFICIENT_DATA", "Count": 0});
    }
    match rule.findings.iter().filter(|one| one.annotation.is_some()).count() {
        0 => json!({"ComplianceType": "COMPLIANT", "Count": 0}),
        count => json!({"ComplianceType": "NON_COMPLIANT", "Count": count}),
    }
}

fn written(request: &Request<'_>, rule: &Rule) -> Value {
    let account = &request.state().account_id;
    json!({
        "ConfigRuleId": rule.id,
        "ConfigRuleName": rule.name,
        "ConfigRuleArn": arn(account, rule),
        "ConfigRuleState": rule.state(request.now),
        "SourceIdentifier": rule.identifier,
        "SourceOwner": "ALIYUN",
        "RiskLevel": rule.risk,
        "Description": rule.description,
        "ResourceTypesScope": RESOURCE_TYPE,
        "AccountId": account.parse::<u64>().unwrap_or(0),
        "Compliance": compliance(request, rule),
    })
}

pub(super) fn arn(account: &str, rule: &Rule) -> String {
    format!("acs:config::{account}:rule/{}", rule.id)
}

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    let group = group(request)?;
    let has = |fields: &Value, parameter: &str, field: &str| {
        request.given(parameter).is_none_or(|wanted| match &fields[field] {
            Value::String(text) => text == wanted,
            Value::Number(number) => number.to_string() == wanted,
            _ => false,
        })
    };
    let keyword = request.given("Keyword");
    let rules = request
        .state()
        .config_rules
        .iter()
        .filter(|rule| rule.aggregator.as_deref() == group)
        .filter(|rule| {
            keyword.is_none_or(|word| {
                [&rule.name, &rule.identifier, &rule.id].iter().any(|one| one.contains(word))
            })
        })
        .map(|rule| written(request, rule))
        .filter(|fields| {
            has(fields, "ConfigRuleState", "ConfigRuleState")
                && has(fields, "RiskLevel", "RiskLevel")
                && has(fields, "ConfigRuleName", "ConfigRuleName")
                && request
                    .given("ComplianceType")
                    .is_none_or(|wanted| fields["Compliance"]["ComplianceType"] == wanted)
        })
        .collect();
    let mut page = request.numbered_page(rules, ["Rules", "List"], 10, 100, invalid)?;
    page["ConfigRuleList"] = page["Rules"]["List"].take();
    if let Some(fields) = page.as_object_mut() {
        fields.remove("Rules");
    }
    Ok(json!({"ConfigRules": page}))
}

pub(super) fn get(request: &mut Request<'_>) -> Answer {
    let rule = &request.state().config_rules[asked(request)?];
    let mut fields = written(request, rule);
    let inputs = rule.days.map_or_else(|| json!({}), |days| json!({"days": days.to_string()}));
    fields["InputParameters"] = inputs;
    fields["ConfigRuleTriggerTypes"] = json!(rule.triggers);
    fields["MaximumExecutionFrequency"] = json!(rule.frequency);
    fields["CreateTimestamp"] = json!(rule.created.unix_timestamp() * 1000);
    fields["ModifiedTimestamp"] = fields["CreateTimestamp"].clone();
    fields["Source"] = json!({"Identifier": rule.identifier, "Owner": "ALIYUN"});
    if let Some(one) = MANAGED.iter().find(|one| one.identifier == rule.identifier) {
        fields["ManagedRule"] = json!({"Identifier": one.identifier, "ManagedRuleName": one.name});
    }
    if rule.has_results(request.now) {
        let at = rule.evaluated.unix_timestamp() * 1000;
        fields["ConfigRuleEvaluationStatus"] = json!({
            "FirstEvaluationStarted": true,
            "LastSuccessfulEvaluationTimestamp": at,
            "LastSuccessfulInvocationTimestamp": at,
        });
    }
    Ok(json!({"ConfigRule": fields}))
}

/// Does the same to each of the rules that a request names.
fn each(request: &mut Request<'_>, act: impl Fn(&mut Vec<Rule>, usize)) -> Answer {
    let group = group(request)?;
    let mut results = Vec::new();
    for id in request.mandatory("ConfigRuleIds")?.split(',') {
        let rules = &mut request.state_mut().config_rules;
        let place = rules.iter().position(|rule| rule.id == id && rule.aggregator.as_deref() == group);
        results.push(match place {
            Some(place) => {
                act(rules, place);
                json!({"ConfigRuleId": id, "Success": true})
            }
            None => json!({"ConfigRuleId": id, "Success": false, "ErrorCode": "ConfigRuleNotExists"}),
        });
    }
    Ok(json!({"OperateRuleResult": {"OperateRuleItemList": results}}))
}

pub(super) fn delete(request: &mut Request<'_>) -> Answer {
    each(request, |rules, place| {
        rules.remove(place);
    })
}

pub(super) fn stop(request: &mut Request<'_>) -> Answer {
    each(request, |rules, place| rules[place].stopped = true)
}

pub(super) fn activate(request: &mut Request<'_>) -> Answer {
    each(request, |rules, place| rules[place].stopped = false)
}

pub(super) fn evaluate(request: &mut Request<'_>) -> Answer {
    if request.given("CompliancePackId").is_some() {
        return Err(invalid("CompliancePackId"));
    }
    let place = asked(request)?;
    run(request, place);
    Ok(json!({"Result": true}))
}
