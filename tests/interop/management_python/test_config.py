"""The rules about idle and unrotated AccessKeys, in an account and an account group, by alibabacloud-config20200907."""

from __future__ import annotations

import json
import time
from typing import Any

from alibabacloud_config20200907 import models
from alibabacloud_config20200907.client import Client
from clients import account_id, client, refused

IDLE = "ram-user-ak-used-expired-check"
UNROTATED = "ram-user-ak-create-date-expired-check"


def fields(identifier: str) -> dict[str, Any]:
    return {
        "config_rule_name": identifier,
        "source_owner": "ALIYUN",
        "source_identifier": identifier,
        "risk_level": 1,
        "config_rule_trigger_types": "ScheduledNotification",
        "maximum_execution_frequency": "TwentyFour_Hours",
        "resource_types_scope": ["ACS::RAM::User"],
        "input_parameters": {"days": "90"},
    }


def wait(state: Any) -> Any:
    deadline = time.monotonic() + 60
    while (rule := state()).config_rule_state != "ACTIVE":
        assert rule.config_rule_state == "EVALUATING"
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return rule


def test_rules_of_one_account(emulator: Any) -> None:
    config = client(Client, emulator)
    managed = config.get_managed_rule(models.GetManagedRuleRequest(identifier=IDLE)).body.managed_rule
    assert managed.scope.compliance_resource_types == ["ACS::RAM::User"]
    created = config.create_config_rule(models.CreateConfigRuleRequest(**fields(UNROTATED))).body.config_rule_id
    again = models.CreateConfigRuleRequest(**fields(UNROTATED))
    refused("ConfigRuleExists", 400, config.create_config_rule, again)

    def rule() -> Any:
        request = models.ListConfigRulesRequest(keyword=UNROTATED)
        [one] = config.list_config_rules(request).body.config_rules.config_rule_list
        return one

    listed = wait(rule)
    assert (listed.config_rule_id, listed.source_identifier) == (created, UNROTATED)
    assert listed.compliance.compliance_type == "COMPLIANT"

    short = {**fields(IDLE), "input_parameters": {"days": "0"}}
    refused("Invalid.InputParameters.Value", 400, config.create_config_rule, models.CreateConfigRuleRequest(**short))
    wrong = {**fields(IDLE), "source_identifier": "none"}
    refused("Invalid.SourceIdentifier.Value", 400, config.create_config_rule, models.CreateConfigRuleRequest(**wrong))
    results = config.list_config_rule_evaluation_results(
        models.ListConfigRuleEvaluationResultsRequest(config_rule_id=created, max_results=100)
    ).body.evaluation_results.evaluation_result_list
    names = [one.evaluation_result_identifier.evaluation_result_qualifier.resource_name for one in results]
    assert "reader" in names
    assert {one.compliance_type for one in results} == {"COMPLIANT"}
    gone = config.delete_config_rules(models.DeleteConfigRulesRequest(config_rule_ids=created))
    assert gone.body.operate_rule_result.operate_rule_item_list[0].success


def test_rules_of_an_account_group(emulator: Any) -> None:
    config, member = client(Client, emulator), client(Client, emulator, "member")
    group = models.CreateAggregatorRequest(aggregator_name="all", aggregator_type="RD", description="all")
    refused("NoPermissionCreateAggregator", 403, member.create_aggregator, group)
    aggregator = config.create_aggregator(group).body.aggregator_id
    refused("AggregatorNameDuplicated", 400, config.create_aggregator, group)
    rule = models.CreateAggregateConfigRuleRequest(aggregator_id=aggregator, **fields(IDLE))
    created = config.create_aggregate_config_rule(rule).body.config_rule_id
    elsewhere = models.CreateAggregateConfigRuleRequest(aggregator_id="ca-none", **fields(IDLE))
    refused("Invalid.AggregatorId.Value", 400, config.create_aggregate_config_rule, elsewhere)

    def state() -> Any:
        request = models.ListAggregateConfigRulesRequest(aggregator_id=aggregator)
        [one] = config.list_aggregate_config_rules(request).body.config_rules.config_rule_list
        return one

    wait(state)
    results = config.list_aggregate_config_rule_evaluation_results(
        models.ListAggregateConfigRuleEvaluationResultsRequest(
            aggregator_id=aggregator,
            config_rule_id=created,
            resource_account_id=int(account_id(emulator, "member")),
        )
    ).body.evaluation_results.evaluation_result_list
    [of_member] = results
    qualifier = of_member.evaluation_result_identifier.evaluation_result_qualifier
    assert (qualifier.resource_name, str(qualifier.resource_owner_id)) == (
        "administrator",
        account_id(emulator, "member"),
    )


def test_what_is_found(emulator: Any) -> None:
    emulator.admin("POST", "/access-keys", {"user": "operator"})
    config = client(Client, emulator)
    rule = {**fields("ram-user-activated-ak-quantity-check"), "input_parameters": None}
    created = config.create_config_rule(models.CreateConfigRuleRequest(**rule)).body.config_rule_id

    def state() -> Any:
        return config.get_config_rule(models.GetConfigRuleRequest(config_rule_id=created)).body.config_rule

    wait(state)
    [found] = config.list_config_rule_evaluation_results(
        models.ListConfigRuleEvaluationResultsRequest(config_rule_id=created, compliance_type="NON_COMPLIANT")
    ).body.evaluation_results.evaluation_result_list
    assert found.evaluation_result_identifier.evaluation_result_qualifier.resource_name == "operator"
    assert json.loads(found.annotation)["desiredValue"] == "1"
