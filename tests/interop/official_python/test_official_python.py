"""aliyun-secret-manager-client, the official client: fetch, rotation and refresh through each gateway."""

from __future__ import annotations

import builtins
import json
from typing import Any

import pytest
from alibaba_cloud_secretsmanager_client.secret_manager_cache_client_builder import (
    SecretManagerCacheClientBuilder,
)
from alibaba_cloud_secretsmanager_client.service.default_secret_manager_client_builder import (
    DefaultSecretManagerClientBuilder,
)

SECRET = "acs/ram/user/app"


@pytest.fixture(autouse=True)
def universal_newlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client opens its configuration with mode 'Ur', which Python 3.11 no longer has."""
    real_open = builtins.open

    def tolerant_open(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        return real_open(file, "r" if mode == "Ur" else mode, *rest, **options)

    monkeypatch.setattr(builtins, "open", tolerant_open)


@pytest.mark.parametrize(
    ("properties", "endpoint"),
    [("on_the_cloud.properties", "instance"), ("off_the_cloud.properties", "shared")],
)
def test_fetch_and_refresh(emulator: Any, monkeypatch: pytest.MonkeyPatch, properties: str, endpoint: str) -> None:
    # The client takes relative file names from the working directory.
    monkeypatch.chdir(emulator.directory)
    client = SecretManagerCacheClientBuilder.new_cache_client_builder(
        DefaultSecretManagerClientBuilder.standard().with_custom_config_file(properties).build()
    ).build()
    try:
        first = client.get_secret_info(SECRET)
        before = emulator.current()
        assert json.loads(first.secret_value)["AccessKeyId"] == before["AccessKeyId"]
        assert json.loads(first.secret_value)["AccessKeySecret"] == before["AccessKeySecret"]
        assert first.version_id == before["VersionId"]
        assert first.secret_type == "RAMCredentials"
        assert json.loads(first.extended_config)["UserName"] == "app"

        # Its errors are read from the body: protobuf on the one gateway, JSON or XML on the other.
        with pytest.raises(Exception) as refusal:
            client.get_secret_info("missing")
        assert getattr(refusal.value, "error_code", None) == "Forbidden.ResourceNotFound"

        rotation = emulator.admin("POST", "/rotations", {"secret": SECRET})
        assert rotation["outcome"] == "rotated"
        assert client.refresh_now(SECRET)
        second = json.loads(client.get_secret_info(SECRET).secret_value)
        assert second["AccessKeyId"] == rotation["newAccessKeyId"] != before["AccessKeyId"]
    finally:
        client.close()

    seen = [one for one in emulator.requests(endpoint) if one["status"] == 200]
    # It asks again by itself where an answer is late.
    assert len(seen) >= 2
    assert all("alibabacloud-secretsmanager-python/0.1.5" in one["userAgent"] for one in seen)
