//! What rules have found.

use serde_json::{Value, json};

use super::rules::{arn, asked};
use super::{group, invalid};
use crate::request::{Answer, Request};

const TYPES: [&str; 5] = ["COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE", "INSUFFICIENT_DATA", "IGNORED"];

pub(super) fn list(request: &mut Request<'_>) -> Answer {
    let group = group(request)?;
    let only = request.given("ConfigRuleId").map(|_| asked(request)).transpose()?;
    let wanted = request.given("ComplianceType");
    if wanted.is_some_and(|wanted| !TYPES.contains(&wanted)) {
        return Err(invalid("ComplianceType"));
    }
    let account = request.given("ResourceAccountId").or_else(|| request.given("ResourceOwnerId"));
    let mut results: Vec<Value> = Vec::new();
    for (place, rule) in request.state().config_rules.iter().enumerate() {
        let meant = rule.aggregator.as_deref() == group && only.is_none_or(|only| only == place);
        if !meant || !rule.has_results(request.now) {
            continue;
        }
        let at = rule.evaluated.unix_timestamp() * 1000;
        for finding in &rule.findings {
            let kind = if finding.annotation.is_some() { "NON_COMPLIANT" } else { "COMPLIANT" };
            if wanted.is_some_and(|wanted| wanted != kind)
                || account.is_some_and(|account| finding.account != account)
            {
                continue;
            }
            results.push(json!({
                "ComplianceType": kind,
                "RiskLevel": rule.risk,
                "Annotation": finding.annotation.as_deref().unwrap_or(""),
                "InvokingEventMessageType": "ScheduledNotification",
                "ResultRecordedTimestamp": at,
                "ConfigRuleInvokedTimestamp": at,
                "RemediationEnabled": false,
                "EvaluationResultIdentifier": {
                    "OrderingTimestamp": at,
                    "EvaluationResultQualifier": {
                        "ResourceId": finding.user_id,
                        "ResourceName": finding.user_name,
                        "ResourceOwnerId": finding.account.parse::<u64>().unwrap_or(0),
                        "ResourceType": "ACS::RAM::User",
                        "RegionId": "global",
                        "ConfigRuleId": rule.id,
                        "ConfigRuleName": rule.name,
                        "ConfigRuleArn": arn(&request.state().account_id, rule),
                    },
                },
            }));
        }
    }
    let size = request.count("MaxResults", 10, 100, invalid)?;
    let (shown, next) = request.after_token(results, size, invalid)?;
    Ok(json!({"EvaluationResults": {
        "EvaluationResultList": shown,
        "NextToken": next.unwrap_or_default(),
        "MaxResults": size,
    }}))
}
