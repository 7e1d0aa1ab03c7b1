"""credentials_type=default beside the chains of alibabacloud-credentials (Python) and credentials-go: all agree.

The metadata service and STS are left out: the official chains know no other addresses for them than Alibaba Cloud's.
"""

from __future__ import annotations

import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

HERE = pathlib.Path(__file__).parent

ENV = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI-env",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s",
}


def profile(name: str, mode: str = "AK", **more: object) -> dict[str, object]:
    return {
        "name": name,
        "mode": mode,
        "access_key_id": f"LTAI-cli-{name}",
        "access_key_secret": "s",
        **more,
    }


def cli(current: str, *profiles: dict[str, object]) -> str:
    return json.dumps({"current": current, "profiles": profiles})


def section(name: str, **lines: str) -> str:
    lines = {
        "type": "access_key",
        "access_key_id": f"LTAI-ini-{name}",
        "access_key_secret": "s",
        **lines,
    }
    return f"[{name}]\nenable = true\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())


EXTERNAL = 'printf \'{"mode":"StsToken","access_key_id":"STS.external","access_key_secret":"s","sts_token":"t"}\''
OIDC = {
    "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/app",
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/ack",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/no/such/token",
}

# The environment, ~/.aliyun/config.json, the credentials file, whether there is a credentials URI; and who it is.
ARRANGEMENTS: dict[str, tuple[dict[str, str], str | None, str | None, bool, str]] = {
    "environment": (ENV, None, None, False, "LTAI-env"),
    "environment with a token": (
        {
            **ENV,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.env",
            "ALIBABA_CLOUD_SECURITY_TOKEN": "t",
        },
        None,
        None,
        False,
        "STS.env",
    ),
    "environment before everything": (
        ENV,
        cli("a", profile("a")),
        section("default"),
        True,
        "LTAI-env",
    ),
    "half an environment": (
        {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI-env"},
        cli("a", profile("a")),
        None,
        False,
        "LTAI-cli-a",
    ),
    "an empty environment": (
        {**ENV, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ""},
        cli("a", profile("a")),
        None,
        False,
        "LTAI-cli-a",
    ),
    "OIDC whose token is not there": (
        OIDC,
        cli("a", profile("a")),
        None,
        False,
        "LTAI-cli-a",
    ),
    "half of OIDC": (
        {"ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/app"},
        cli("a", profile("a")),
        None,
        False,
        "LTAI-cli-a",
    ),
    "the current profile": (
        {},
        cli("b", profile("a"), profile("b")),
        section("default"),
        True,
        "LTAI-cli-b",
    ),
    "a profile by its name": (
        {"ALIBABA_CLOUD_PROFILE": "a"},
        cli("b", profile("a"), profile("b")),
        None,
        False,
        "LTAI-cli-a",
    ),
    "a profile with a token": (
        {},
        cli("a", profile("a", "StsToken", access_key_id="STS.cli", sts_token="t")),
        None,
        False,
        "STS.cli",
    ),
    "a profile with a program": (
        {},
        cli("a", profile("a", "External", process_command=EXTERNAL)),
        None,
        False,
        "STS.external",
    ),
    "profiles that are switched off": (
        {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"},
        cli("a", profile("a")),
        section("default"),
        False,
        "LTAI-ini-default",
    ),
    "profiles that are damaged": (
        {},
        "{",
        section("default"),
        False,
        "LTAI-ini-default",
    ),
    "a profile of a mode that nobody knows": (
        {},
        cli("a", profile("a", "Horoscope")),
        section("default"),
        False,
        "LTAI-ini-default",
    ),
    "a profile without a secret": (
        {},
        cli("a", profile("a", access_key_secret="")),
        section("default"),
        False,
        "LTAI-ini-default",
    ),
    "a name that only the credentials file has": (
        {"ALIBABA_CLOUD_PROFILE": "c"},
        cli("a", profile("a")),
        section("default") + section("c"),
        False,
        "LTAI-ini-c",
    ),
    "the credentials file before the URI": (
        {},
        None,
        section("default"),
        True,
        "LTAI-ini-default",
    ),
    "a credentials file of a type that nobody knows": (
        {},
        None,
        section("default", type="horoscope"),
        True,
        "STS.uri",
    ),
    "the URI": ({}, None, None, True, "STS.uri"),
    "nothing": ({}, None, None, False, ""),
}


class Answer(http.server.BaseHTTPRequestHandler):
    """As the metadata service answers."""

    def do_GET(self) -> None:
        body = {
            "Code": "Success",
            "AccessKeyId": "STS.uri",
            "AccessKeySecret": "s",
            "SecurityToken": "t",
            "Expiration": "2099-01-01T00:00:00Z",
        }
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def uri() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def asked(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    ).stdout


def kmsak(emulator: Any, environment: dict[str, str], folder: pathlib.Path) -> str:
    shared = emulator.ready["endpoints"]["shared"]
    gateways = [
        {
            "regionId": "cn-hangzhou",
            "endpoint": shared,
            "caFilePath": str(emulator.directory / "ca.pem"),
        }
    ]
    properties = folder / "default.properties"
    properties.write_text(f"credentials_type=default\ncache_client_region_id={json.dumps(gateways)}\n")
    report = json.loads(
        asked(
            [os.environ["KMSAK_BIN"], "doctor", "--json", "-c", str(properties)],
            environment,
        )
    )
    [identity] = [check for check in report["checks"] if check["check"] == "identity"]
    if identity["state"] == "failed":
        return ""
    return str(identity["message"].split("with the AccessKey ")[1].split(" ")[0])


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_all_three_pick_the_same(emulator: Any, uri: str, tmp_path: pathlib.Path, arrangement: str) -> None:
    variables, profiles, ini, with_uri, expected = ARRANGEMENTS[arrangement]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
    }
    environment |= variables
    if profiles is not None:
        (tmp_path / ".aliyun").mkdir()
        (tmp_path / ".aliyun" / "config.json").write_text(profiles)
    if ini is not None:
        # Python and Go do not agree on the name of the usual file.
        (tmp_path / "credentials.ini").write_text(ini)
        environment["ALIBABA_CLOUD_CREDENTIALS_FILE"] = str(tmp_path / "credentials.ini")
    if with_uri:
        environment["ALIBABA_CLOUD_CREDENTIALS_URI"] = uri
    # Before the official ones, which write what a program gave into the profile.
    found = kmsak(emulator, environment, tmp_path)
    # A credentials URI is given a second and asked once, which may be too little on a busy machine.
    for _ in range(10):
        if found == expected or not with_uri:
            break
        found = kmsak(emulator, environment, tmp_path)
    assert found == expected
    assert asked([sys.executable, str(HERE / "python_chain.py")], environment).strip() == expected
    assert asked([os.environ["GO_CHAIN"]], environment).strip() == expected
