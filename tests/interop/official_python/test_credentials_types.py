"""Each credentials_type of the 1.x client: one file gives the same AccessKey in the official client and in kmsak."""

from __future__ import annotations

import builtins
import json
import os
import pathlib
import socket
import subprocess
import urllib.parse
from typing import Any

import pytest
from alibaba_cloud_secretsmanager_client.secret_manager_cache_client_builder import (
    SecretManagerCacheClientBuilder,
)
from alibaba_cloud_secretsmanager_client.service.default_secret_manager_client_builder import (
    DefaultSecretManagerClientBuilder,
)

SECRET = "acs/ram/user/app"
ROLE = "credentials_role_session_name=app\ncredentials_role_arn={arn}\n"
TYPES = {
    "client_key": "client_key_private_key_path=clientKey.json\n"
    "client_key_password_from_file_path=clientKey_Password.txt\n",
    "ak": "credentials_access_key_id={reader}\ncredentials_access_secret={reader_secret}\n",
    "token": "credentials_access_token_id={reader}\ncredentials_access_token={reader_secret}\n",
    "sts": "credentials_access_key_id={assumer}\ncredentials_access_secret={assumer_secret}\n" + ROLE,
    "ram_role": "credentials_access_key_id={assumer}\ncredentials_access_secret={assumer_secret}\n" + ROLE,
    "ecs_ram_role": "credentials_role_name=ecs-reader\n",
}


@pytest.fixture(autouse=True)
def at_alibaba_clouds_addresses(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client knows no other addresses for STS and the metadata service: connections there lead to the emulator."""
    real_look_up = socket.getaddrinfo
    real_open = builtins.open

    def look_up(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        service = None
        if host == "100.100.100.200":
            service = "metadata"
        elif str(host).startswith("sts."):
            service = "sts-https" if port == 443 else "sts"
        if service is not None:
            url = urllib.parse.urlparse(emulator.ready["endpoints"][service])
            host, port = url.hostname, url.port
        return real_look_up(host, port, *rest, **options)

    def tolerant_open(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        # Python 3.11 no longer has the client's mode.
        return real_open(file, "r" if mode == "Ur" else mode, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(builtins, "open", tolerant_open)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(emulator.directory / "ca.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(emulator.directory / "ca.pem"))


def settings(emulator: Any, kind: str) -> str:
    """The lines of one of the emulator's own files, by their keys."""

    def of(name: str) -> dict[str, str]:
        text = (emulator.directory / f"{name}.properties").read_text()
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))

    reader, assumer = of("with_access_key"), of("with_ram_role")
    return (
        f"credentials_type={kind}\n"
        + TYPES[kind].format(
            reader=reader["credentials_access_key_id"],
            reader_secret=reader["credentials_access_secret"],
            assumer=assumer["credentials_access_key_id"],
            assumer_secret=assumer["credentials_access_secret"],
            arn=assumer["credentials_role_arn"],
        )
        + f"cache_client_region_id={reader['cache_client_region_id']}\n"
    )


def by_kmsak(emulator: Any, properties: pathlib.Path) -> str:
    endpoints = emulator.ready["endpoints"]
    environment = {
        **os.environ,
        "KMSAK_ECS_METADATA_ENDPOINT": endpoints["metadata"],
        "KMSAK_STS_ENDPOINT": endpoints["sts-https"],
        "KMSAK_STS_CA_FILE_PATH": str(emulator.directory / "ca.pem"),
    }
    command = [
        os.environ["KMSAK_BIN"],
        "get",
        "--format",
        "json",
        "-c",
        str(properties),
        SECRET,
    ]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True)
    return str(json.loads(answer.stdout)["AccessKeyId"])


@pytest.mark.parametrize("kind", TYPES)
def test_the_same_file_gives_the_same_access_key(emulator: Any, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.chdir(emulator.directory)
    properties = emulator.directory / f"official_{kind}.properties"
    properties.write_text(settings(emulator, kind))
    expected = emulator.current()["AccessKeyId"]
    client = SecretManagerCacheClientBuilder.new_cache_client_builder(
        DefaultSecretManagerClientBuilder.standard().with_custom_config_file(properties.name).build()
    ).build()
    try:
        official = json.loads(client.get_secret_info(SECRET).secret_value)
    finally:
        client.close()
    assert official["AccessKeyId"] == expected
    assert by_kmsak(emulator, properties) == expected
