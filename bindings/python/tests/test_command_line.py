"""`python -m kmsak get` is the program's `kmsak get`."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
from typing import Any

import pytest
from conftest import Emulator, _program

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("KMSAK_")}


def kmsak(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    options = {"stdout": subprocess.PIPE, "env": CLEAN, **options}
    return subprocess.run(
        [sys.executable, "-m", "kmsak", *arguments], stderr=subprocess.PIPE, timeout=300, check=False, **options
    )


def same(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run this and the program, and give what both did."""
    ours = kmsak(*arguments, **options)
    theirs = subprocess.run(
        [_program(), *arguments], capture_output=True, env=CLEAN, timeout=300, check=False, **options
    )
    assert (ours.returncode, ours.stdout) == (theirs.returncode, theirs.stdout), ours.stderr
    return ours


VALUES: dict[str, dict[str, str]] = {
    "generic": {"text": 'p\u00e4ss\u0001 \\ "quoted"\n'},
    "binary": {"binary": "AP+A"},
    "text-in-binary": {"binary": "aGFsbG8="},
    "object": {"text": json.dumps({"b": "it's $HOME", "a": 5432, "C": 1.5, "d": 1e22, "e": True, "f": None})},
    "numbers": {"text": '{"a": 1.10, "b": 123456789012345678901234567890, "c": 1e5, "d": -0}'},
    "lines": {"text": json.dumps({"KEY": 'one\ntwo "x" \\ it\'s'})},
    "both-quotes": {"text": json.dumps({"KEY": "it's $HOME"})},
    "nested": {"text": '{"a": {}}'},
    "names": {"text": '{"not a name": ""}'},
    "nul": {"text": '{"a": "\\u0000"}'},
    "surrogate": {"text": '{"a": "\\ud800"}'},
    "nan": {"text": '{"a": NaN}'},
    "array": {"text": "[1]"},
    "deep": {"text": "[" * 1000},
}


@pytest.mark.parametrize("form", ["json", "env", "dotenv", "value"])
def test_the_programs_output(emulator: Emulator, secret: str, form: str) -> None:
    for name, value in VALUES.items():
        path = f"cli/{form}/{name}"
        emulator.admin("POST", "/secrets", {"name": path, **value})
        same("get", path, "--config", emulator.config, "--format", form)
    emulator.admin("POST", "/secrets/schedule", {"name": secret, "intervalSeconds": 604800})
    emulator.rotate(secret)
    shown = same("get", secret, "-c", emulator.config, "-f", form)
    assert shown.returncode == 0
    assert emulator.current(secret)["AccessKeySecret"].encode() in shown.stdout
    previous = same("get", secret, "-c", emulator.config, "-f", form, "--version-stage", "ACSPrevious")
    assert previous.stdout != shown.stdout


def test_a_shell_reads_the_env_format(emulator: Emulator, secret: str) -> None:
    variables = kmsak("get", secret, "--config", emulator.config, "--format", "env").stdout.decode()
    shell = subprocess.run(
        ["sh", "-c", variables + 'printf %s "$ALIBABA_CLOUD_ACCESS_KEY_SECRET"'],
        capture_output=True,
        check=True,
    )
    assert shell.stdout.decode() == emulator.current(secret)["AccessKeySecret"]


def test_failures_are_the_programs(emulator: Emulator, tmp_path: pathlib.Path) -> None:
    cases: tuple[tuple[tuple[str, ...], int], ...] = (
        (("get", "acs/ram/user/nobody", "--config", emulator.config), 8),
        (("get", "x", "--config", "/nowhere.properties"), 3),
        (("get", "x"), 3),
        (("get",), 2),
        ((), 2),
        (("get", "x", "--format", "xml"), 2),
        (("get", "x", "--watch", "--version-stage", "ACSPrevious"), 2),
    )
    for arguments, code in cases:
        failed = same(*arguments, cwd=tmp_path)
        assert (failed.returncode, failed.stdout) == (code, b"")
        assert b"Traceback" not in failed.stderr
    [line] = kmsak("get", "acs/ram/user/nobody", "--config", emulator.config).stderr.decode().splitlines()
    assert line.startswith("kmsak: KMS has no secret acs/ram/user/nobody")
    assert "Forbidden.ResourceNotFound" in line
    assert kmsak("--version").stdout.startswith(b"kmsak 0.")


def test_a_client_key_that_expired_is_warned_about(emulator: Emulator, tmp_path: pathlib.Path) -> None:
    expired = emulator.admin(
        "POST",
        "/client-keys",
        {"accessPoint": "app", "notBefore": "2020-01-01T00:00:00Z", "notAfter": "2021-01-01T00:00:00Z"},
    )
    for file in ("on_the_cloud.properties", "ca.pem"):
        shutil.copy(emulator.directory / file, tmp_path)
    (tmp_path / "clientKey.json").write_text(expired["json"])
    (tmp_path / "clientKey_Password.txt").write_text(expired["password"])
    failed = same("get", "x", "--config", str(tmp_path / "on_the_cloud.properties"))
    warning = f"kmsak: warning: the ClientKey {expired['id']} expired at 2021-01-01T00:00:00Z"
    assert failed.stderr.decode().count(warning) == 1


def test_the_configuration_is_found_as_the_program_finds_it(
    emulator: Emulator, secret: str, tmp_path: pathlib.Path
) -> None:
    config = emulator.directory / "eager.properties"
    config.write_text(f"{pathlib.Path(emulator.config).read_text()}secret_names=no/such\nunheard_of=1\n")
    before = emulator.last_event()
    got = kmsak("get", secret, cwd=tmp_path, env={**CLEAN, "KMSAK_CONFIG": str(config)})
    assert got.returncode == 0
    assert emulator.requests_since(before, "no/such") == []
    # What is odd about the configuration is told, once.
    [warning] = got.stderr.decode().splitlines()
    assert warning.startswith("kmsak: warning: ")
    assert "unheard_of" in warning
    assert kmsak("get", secret, "-c", str(config), "--log-level", "off").stderr == b""
    assert b"kmsak: debug: fetched" in kmsak("get", secret, "-c", str(config), "--log-level", "debug").stderr
    wrong = kmsak("get", secret, "-c", str(config), env={**CLEAN, "rotation_interval": "nonsense"})
    assert (wrong.returncode, wrong.stdout) == (3, b"")


def test_output_that_cannot_be_written_is_one_sentence(emulator: Emulator, secret: str) -> None:
    here, broken_pipe = os.pipe()
    os.close(here)
    outputs = (os.open("/dev/full", os.O_WRONLY), broken_pipe, os.open("/dev/null", os.O_RDONLY))
    for output in outputs:
        failed = kmsak("get", secret, "-c", emulator.config, stdout=output)
        os.close(output)
        assert failed.returncode == 1
        [line] = failed.stderr.decode().splitlines()
        assert line.startswith("kmsak: cannot write to standard output: ")


def test_watching_prints_each_change(emulator: Emulator, secret: str) -> None:
    config = emulator.directory / "often.properties"
    config.write_text(f"{pathlib.Path(emulator.config).read_text()}rotation_interval=200\njitter_interval=0\n")
    with subprocess.Popen(
        [sys.executable, "-m", "kmsak", "get", secret, "--watch", "-c", str(config)],
        stdout=subprocess.PIPE,
        env=CLEAN,
    ) as watching:
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["AccessKeyId"] == emulator.current(secret)["AccessKeyId"]
        new_id = emulator.rotate(secret)
        assert json.loads(watching.stdout.readline())["AccessKeyId"] == new_id
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=60) == 130
