"""alibabacloud-kms20160120, the V2.0 SDK: V3 signatures with a RAM user's AccessKey."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_kms20160120 import models
from alibabacloud_kms20160120.client import Client
from alibabacloud_tea_openapi.models import Config
from Tea.exceptions import TeaException

SECRET = "acs/ram/user/app"


def client_for(emulator: Any, access_key_id: str, access_key_secret: str) -> Client:
    return Client(
        Config(
            access_key_id=access_key_id,
            access_key_secret=access_key_secret,
            endpoint=emulator.ready["endpoints"]["shared"].removeprefix("https://"),
            protocol="HTTPS",
            ca=str(emulator.directory / "ca.pem"),
        )
    )


def operator(emulator: Any) -> Client:
    key = json.loads((emulator.directory / "admin.json").read_text())["operator"]
    return client_for(emulator, key["accessKeyId"], key["accessKeySecret"])


def test_get_secret_value(emulator: Any) -> None:
    answer = operator(emulator).get_secret_value(
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


def test_a_user_without_policy_is_refused(emulator: Any) -> None:
    current = emulator.current()
    client = client_for(emulator, current["AccessKeyId"], current["AccessKeySecret"])
    with pytest.raises(TeaException) as failure:
        client.get_secret_value(models.GetSecretValueRequest(secret_name=SECRET))
    assert failure.value.code == "Forbidden.NoPermission"


def test_a_wrong_access_key_secret_is_refused(emulator: Any) -> None:
    current = emulator.current()
    client = client_for(emulator, current["AccessKeyId"], "0" * 30)
    with pytest.raises(TeaException) as failure:
        client.get_secret_value(models.GetSecretValueRequest(secret_name=SECRET))
    assert failure.value.code == "SignatureDoesNotMatch"
