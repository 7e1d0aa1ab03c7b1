"""alibabacloud-secretsmanager-client-v2, the official client that knows roles: each of its identities on each gateway.

The client finds a gateway's kind, the metadata service and STS by their names in the cloud, so here these names lead to
the emulator, and the machine trusts its CA.
"""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from alibabacloud_credentials.provider import RamRoleArnCredentialsProvider, StaticAKCredentialsProvider
from alibabacloud_secretsmanager_client_v2.model.region_info import RegionInfo
from alibabacloud_secretsmanager_client_v2.secret_manager_cache_client_builder import (
    SecretManagerCacheClientBuilder,
)
from alibabacloud_secretsmanager_client_v2.service.default_secret_manager_client_builder import (
    DefaultSecretManagerClientBuilder,
)

SECRET = "acs/ram/user/app"


@pytest.fixture(autouse=True)
def in_the_cloud(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    places = {
        instance_host(emulator): "instance",
        "kms.cn-hangzhou.aliyuncs.com": "shared",
        "sts.aliyuncs.com": "sts-https",
        "100.100.100.200": "metadata",
    }
    real = socket.getaddrinfo

    def lookup(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        if host in places:
            place = urlsplit(emulator.ready["endpoints"][places[host]])
            host, port = place.hostname, place.port
        return real(host, port, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setenv("SSL_CERT_FILE", str(emulator.directory / "ca.pem"))
    # File names in the properties files are relative.
    monkeypatch.chdir(emulator.directory)


def instance_host(emulator: Any) -> str:
    return f"{emulator.ready['instanceId']}.cryptoservice.kms.aliyuncs.com"


def region(emulator: Any, gateway: str) -> dict[str, str]:
    if gateway == "shared":
        return {"regionId": "cn-hangzhou"}
    return {"regionId": "cn-hangzhou", "endpoint": instance_host(emulator), "caFilePath": "ca.pem"}


def follow_a_rotation(emulator: Any, builder: Any, gateway: str) -> None:
    client = SecretManagerCacheClientBuilder.new_cache_client_builder(builder.build()).build()
    seen = len(emulator.requests(gateway))
    try:
        first = client.get_secret_info(SECRET)
        before = emulator.current()
        assert json.loads(first.secret_value)["AccessKeyId"] == before["AccessKeyId"]
        assert first.version_id == before["VersionId"]
        with pytest.raises(Exception) as refusal:
            client.get_secret_info("missing")
        assert getattr(refusal.value, "code", None) == "Forbidden.ResourceNotFound"
        rotation = emulator.admin("POST", "/rotations", {"secret": SECRET})
        assert client.refresh_now(SECRET)
        second = json.loads(client.get_secret_info(SECRET).secret_value)
        assert second["AccessKeyId"] == rotation["newAccessKeyId"] != before["AccessKeyId"]
    finally:
        client.close()
    answers = emulator.requests(gateway)[seen:]
    # It asks again by itself where an answer is late.
    assert {one["status"] for one in answers} == {200, 404}
    assert all("alibabacloud-secretsmanager-client-python-v2/2.0.0" in one["userAgent"] for one in answers)


@pytest.mark.parametrize("gateway", ["shared", "instance"])
@pytest.mark.parametrize("identity", ["access_key", "ecs_ram_role", "oidc_role"])
def test_each_properties_file(emulator: Any, identity: str, gateway: str) -> None:
    lines = (emulator.directory / f"with_{identity}.properties").read_text().splitlines()
    kept = [line for line in lines if "cache_client_region_id" not in line]
    kept.append(f"cache_client_region_id={json.dumps([region(emulator, gateway)])}")
    (emulator.directory / "v2.properties").write_text("\n".join(kept))
    builder = DefaultSecretManagerClientBuilder.standard().with_custom_config_file("v2.properties")
    follow_a_rotation(emulator, builder, gateway)


@pytest.mark.parametrize("gateway", ["shared", "instance"])
def test_a_role_that_a_user_assumes(emulator: Any, gateway: str) -> None:
    lines = (emulator.directory / "with_ram_role.properties").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    user = StaticAKCredentialsProvider(
        access_key_id=given["credentials_access_key_id"],
        access_key_secret=given["credentials_access_secret"],
    )
    role = RamRoleArnCredentialsProvider(
        credentials_provider=user,
        role_arn=given["credentials_role_arn"],
        role_session_name=given["credentials_role_session_name"],
    )
    where = region(emulator, gateway)
    builder = (
        DefaultSecretManagerClientBuilder.standard()
        .with_credentials_provider(role)
        .add_region_info(RegionInfo(where["regionId"], False, where.get("endpoint"), where.get("caFilePath")))
    )
    follow_a_rotation(emulator, builder, gateway)
