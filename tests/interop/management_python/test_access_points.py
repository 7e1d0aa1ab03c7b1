"""Network rule, policy, access point and ClientKey, by alibabacloud-kms20160120."""

from __future__ import annotations

import base64
import json
from typing import Any

from alibabacloud_kms20160120 import models
from alibabacloud_kms20160120.client import Client
from clients import client, refused

PERMISSIONS = json.dumps(
    [
        "RbacPermission/Template/CryptoServiceKeyUser",
        "RbacPermission/Template/CryptoServiceSecretUser",
    ]
)


def test_the_chain_of_an_application(emulator: Any) -> None:
    kms = client(Client, emulator)
    instance = emulator.ready["instanceId"]
    rule = kms.create_network_rule(
        models.CreateNetworkRuleRequest(name="web", type="Private", source_private_ip='["10.0.0.0/8","192.168.1.7"]')
    ).body
    assert json.loads(rule.source_private_ip) == ["10.0.0.0/8", "192.168.1.7"]
    described = kms.describe_network_rule(models.DescribeNetworkRuleRequest(name="web")).body
    assert (described.arn, described.type) == (rule.arn, "Private")
    policy = models.CreatePolicyRequest(
        name="web",
        kms_instance=instance,
        permissions=PERMISSIONS,
        resources='["secret/acs/ram/user/*","key/*"]',
        access_control_rules='{"NetworkRules":["web"]}',
    )
    assert json.loads(kms.create_policy(policy).body.permissions) == json.loads(PERMISSIONS)
    read = kms.describe_policy(models.DescribePolicyRequest(name="web")).body
    assert read.permissions == json.loads(PERMISSIONS)
    assert read.resources == ["secret/acs/ram/user/*", "key/*"]
    assert json.loads(read.access_control_rules) == {"NetworkRules": ["web"]}
    point = models.CreateApplicationAccessPointRequest(
        name="web", authentication_method="ClientKey", policies='["web"]'
    )
    assert json.loads(kms.create_application_access_point(point).body.policies) == ["web"]
    refused("Rejected.ResourceExist", 409, kms.create_application_access_point, point)

    new = models.CreateClientKeyRequest(
        aap_name="web",
        password="correct-horse-1",
        not_before="2026-01-01T00:00:00Z",
        not_after="2027-01-01T00:00:00Z",
    )
    key = kms.create_client_key(new).body
    assert key.client_key_id.startswith("KAAP.")
    assert base64.b64decode(key.private_key_data)
    assert (key.not_before, key.not_after) == ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
    one = kms.get_client_key(models.GetClientKeyRequest(client_key_id=key.client_key_id)).body
    assert (one.aap_name, one.key_origin) == ("web", "KMS_PROVIDED")
    assert one.public_key_data.startswith("-----BEGIN CERTIFICATE-----")
    listed = kms.list_client_keys(models.ListClientKeysRequest(aap_name="web")).body.client_keys
    assert [one.client_key_id for one in listed] == [key.client_key_id]

    # In use, nothing of the chain can be deleted but from its end.
    refused("Rejected.ResourceInUse", 409, kms.delete_network_rule, models.DeleteNetworkRuleRequest(name="web"))
    refused("Rejected.ResourceInUse", 409, kms.delete_policy, models.DeletePolicyRequest(name="web"))
    kms.delete_application_access_point(models.DeleteApplicationAccessPointRequest(name="web"))
    gone = models.GetClientKeyRequest(client_key_id=key.client_key_id)
    refused("Forbidden.ResourceNotFound", 404, kms.get_client_key, gone)
    kms.delete_policy(models.DeletePolicyRequest(name="web"))
    kms.delete_network_rule(models.DeleteNetworkRuleRequest(name="web"))
    assert [one.name for one in kms.list_policies(models.ListPoliciesRequest()).body.policies.policy] == [
        "app-1",
        "app-2",
    ]


def test_wrong_parameters(emulator: Any) -> None:
    kms = client(Client, emulator)
    wrong = ("InvalidParameter", 400)
    for sources in ["10.0.0.0/8", '["home"]', "[]"]:
        request = models.CreateNetworkRuleRequest(name="a", type="Private", source_private_ip=sources)
        refused(*wrong, kms.create_network_rule, request)
    for permissions, resources in [
        ('["RbacPermission/Template/Everything"]', '["secret/*"]'),
        ('["RbacPermission/Template/SecretUser"]', '["secret/*"]'),
        (PERMISSIONS, '["everything"]'),
    ]:
        instance = emulator.ready["instanceId"]
        request = models.CreatePolicyRequest(
            name="a", kms_instance=instance, permissions=permissions, resources=resources
        )
        refused(*wrong, kms.create_policy, request)
    elsewhere = models.CreatePolicyRequest(
        name="a", kms_instance="kst-none", permissions=PERMISSIONS, resources='["secret/*"]'
    )
    refused("Forbidden.DKMSInstanceNotFound", 403, kms.create_policy, elsewhere)
    for password in ["short-1", "onlyletters", "with space 1"]:
        request = models.CreateClientKeyRequest(aap_name="app", password=password)
        refused(*wrong, kms.create_client_key, request)
    missing = models.CreateClientKeyRequest(aap_name="none", password="correct-horse-1")
    refused("Forbidden.ResourceNotFound", 404, kms.create_client_key, missing)
    refused("MissingParameter", 400, kms.describe_policy, models.DescribePolicyRequest())
