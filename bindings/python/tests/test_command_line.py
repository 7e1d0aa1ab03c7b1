"""`python -m kmsak get`."""

from __future__ import annotations

import json
import subprocess
import sys

from conftest import Emulator


def kmsak(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "kmsak", *arguments], capture_output=True, timeout=30, check=False)


def test_json_env_and_value(emulator: Emulator, secret: str) -> None:
    current = emulator.current(secret)
    shown = json.loads(kmsak("get", secret, "--config", emulator.config).stdout)
    assert shown["AccessKeyId"] == current["AccessKeyId"]
    assert shown["AccessKeySecret"] == current["AccessKeySecret"]
    assert shown["VersionId"] == current["VersionId"]
    variables = kmsak("get", secret, "--config", emulator.config, "--format", "env").stdout.decode()
    shell = subprocess.run(
        ["sh", "-c", variables + 'printf %s "$ALIBABA_CLOUD_ACCESS_KEY_SECRET"'],
        capture_output=True,
        check=True,
    )
    assert shell.stdout.decode() == current["AccessKeySecret"]
    value = json.loads(kmsak("get", secret, "--config", emulator.config, "--format", "value").stdout)
    assert value["AccessKeyId"] == current["AccessKeyId"]


def test_other_types(emulator: Emulator) -> None:
    emulator.admin("POST", "/secrets", {"name": "cli/binary", "binary": "AP+A"})
    assert kmsak("get", "cli/binary", "--config", emulator.config, "--format", "value").stdout == b"\x00\xff\x80"
    shown = json.loads(kmsak("get", "cli/binary", "--config", emulator.config).stdout)
    assert (shown["SecretData"], shown["SecretDataType"]) == ("AP+A", "binary")
    refused = kmsak("get", "cli/binary", "--config", emulator.config, "--format", "env")
    assert (refused.returncode, refused.stdout) == (3, b"")


def test_failures_go_to_standard_error(emulator: Emulator) -> None:
    missing = kmsak("get", "acs/ram/user/nobody", "--config", emulator.config)
    assert (missing.returncode, missing.stdout) == (8, b"")
    assert b"Forbidden.ResourceNotFound" in missing.stderr
    assert b"Traceback" not in missing.stderr
    wrong = kmsak("get", "x", "--config", "/nowhere.properties")
    assert (wrong.returncode, wrong.stdout) == (3, b"")
    assert b"/nowhere.properties" in wrong.stderr
    assert kmsak().returncode == 2
    assert kmsak("--version").stdout.startswith(b"kmsak 0.")
