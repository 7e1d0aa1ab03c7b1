"""alibabacloud-kms20160120, the V2.0 SDK: V3 signatures with an AccessKey or a token of STS."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_kms20160120 import models
from alibabacloud_kms20160120.client import Client
from alibabacloud_tea_openapi.models import Config
from Tea.exceptions import TeaException

SECRET = "acs/ram/user/app"


def client_for(emulator: Any, gateway: str, **credentials: str) -> Client:
    return Client(
        Config(
            **credentials,
            endpoint=emulator.ready["endpoints"][gateway].removeprefix("https://"),
            protocol="HTTPS",
            ca=str(emulator.directory / "ca.pem"),
        )
    )


def operator(emulator: Any, gateway: str = "shared") -> Client:
    key = json.loads((emulator.directory / "admin.json").read_text())["operator"]
    return client_for(emulator, gateway, access_key_id=key["accessKeyId"], access_key_secret=key["accessKeySecret"])


def with_token(emulator: Any, gateway: str) -> Client:
    token = emulator.admin("POST", "/sts-tokens", {"role": "ram-reader"})
    return client_for(
        emulator,
        gateway,
        access_key_id=token["accessKeyId"],
        access_key_secret=token["accessKeySecret"],
        security_token=token["securityToken"],
    )


@pytest.mark.parametrize("gateway", ["shared", "instance"])
@pytest.mark.parametrize("client_of", [operator, with_token])
def test_get_secret_value(emulator: Any, client_of: Any, gateway: str) -> None:
    answer = client_of(emulator, gateway).get_secret_value(
        models.GetSecretValueRequest(secret_name=SECRET, fetch_extended_config=True)
    )
    current = emulator.current()
    assert json.loads(answer.body.secret_data)["AccessKeyId"] == current["AccessKeyId"]
    assert answer.body.version_id == current["VersionId"]
    assert answer.body.version_stages.version_stage == ["ACSCurrent"]
    assert json.loads(answer.body.extended_config)["SecretSubType"] == "RamUserAccessKey"


def test_describe_list_and_rotate(emulator: Any) -> None:
    client = operator(emulator)
    described = client.describe_secret(models.DescribeSecretRequest(secret_name=SECRET))
    assert described.body.automatic_rotation == "Disabled"
    listed = client.list_secrets(models.ListSecretsRequest())
    assert SECRET in [one.secret_name for one in listed.body.secret_list.secret]
    before = emulator.current()
    request = models.RotateSecretRequest(secret_name=SECRET, version_id="000000123")
    rotated = client.rotate_secret(request)
    current = emulator.current()
    assert rotated.body.version_id == current["VersionId"] == "000000123"
    assert current["AccessKeyId"] != before["AccessKeyId"]
    # Asked again, it has no effect.
    assert client.rotate_secret(request).body.version_id == "000000123"
    assert emulator.current() == current


@pytest.mark.parametrize("gateway", ["shared", "instance"])
def test_a_user_without_policy_is_refused(emulator: Any, gateway: str) -> None:
    current = emulator.current()
    client = client_for(
        emulator,
        gateway,
        access_key_id=current["AccessKeyId"],
        access_key_secret=current["AccessKeySecret"],
    )
    with pytest.raises(TeaException) as failure:
        client.get_secret_value(models.GetSecretValueRequest(secret_name=SECRET))
    assert failure.value.code == "Forbidden.NoPermission"


@pytest.mark.parametrize("gateway", ["shared", "instance"])
def test_a_wrong_access_key_secret_is_refused(emulator: Any, gateway: str) -> None:
    current = emulator.current()
    client = client_for(emulator, gateway, access_key_id=current["AccessKeyId"], access_key_secret="0" * 30)
    with pytest.raises(TeaException) as failure:
        client.get_secret_value(models.GetSecretValueRequest(secret_name=SECRET))
    assert failure.value.code == "SignatureDoesNotMatch"


def test_an_expired_token_is_refused(emulator: Any) -> None:
    client = with_token(emulator, "shared")
    emulator.admin("DELETE", "/sts-tokens?role=ram-reader")
    with pytest.raises(TeaException) as failure:
        client.get_secret_value(models.GetSecretValueRequest(secret_name=SECRET))
    assert failure.value.code == "InvalidSecurityToken.Expired"
