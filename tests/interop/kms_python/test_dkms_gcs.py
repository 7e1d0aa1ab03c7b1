"""alibabacloud-dkms-gcs, the SDK of KMS instances: protobuf with a ClientKey."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openapi.models import Config
from sdk.client import Client
from sdk.models import GetSecretValueRequest
from Tea.exceptions import TeaException

SECRET = "acs/ram/user/app"


@pytest.fixture
def client(emulator: Any) -> Client:
    folder = emulator.directory
    return Client(
        Config(
            protocol="https",
            endpoint=emulator.ready["endpoints"]["instance"].removeprefix("https://"),
            client_key_file=str(folder / "clientKey.json"),
            password=(folder / "clientKey_Password.txt").read_text(),
            ca_file_path=str(folder / "ca.pem"),
        )
    )


def test_it_follows_a_rotation(emulator: Any, client: Client) -> None:
    request = GetSecretValueRequest(secret_name=SECRET, fetch_extended_config=True)
    answer = client.get_secret_value(request)
    before = emulator.current()
    assert json.loads(answer.secret_data)["AccessKeyId"] == before["AccessKeyId"]
    assert answer.version_id == before["VersionId"]
    assert answer.version_stages == ["ACSCurrent"]
    assert json.loads(answer.extended_config)["UserName"] == "app"
    rotation = emulator.admin("POST", "/rotations", {"secret": SECRET})
    after = json.loads(client.get_secret_value(request).secret_data)
    assert after["AccessKeyId"] == rotation["newAccessKeyId"] != before["AccessKeyId"]


def test_it_reads_errors(client: Client) -> None:
    with pytest.raises(TeaException) as failure:
        client.get_secret_value(GetSecretValueRequest(secret_name="missing"))
    assert failure.value.code == "Forbidden.ResourceNotFound"
