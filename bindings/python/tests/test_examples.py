"""The examples run as they stand, against the emulator."""

from __future__ import annotations

import http.client
import json
import os
import pathlib
import re
import subprocess
import sys

from conftest import Emulator, _program
from test_processes import free_port

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples" / "python"


def test_plain(emulator: Emulator, secret: str) -> None:
    ended = subprocess.run(
        [sys.executable, str(EXAMPLES / "plain.py"), emulator.config, secret],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert emulator.current(secret)["AccessKeyId"] in ended.stdout


def test_worker(emulator: Emulator, secret: str) -> None:
    config = emulator.directory / "often.properties"
    usual = pathlib.Path(emulator.config).read_text()
    config.write_text(f"{usual}rotation_interval=200\njitter_interval=0\n")
    with subprocess.Popen(
        [sys.executable, str(EXAMPLES / "worker.py"), str(config), secret, "1"],
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout is not None
        assert "working with" in worker.stdout.readline()
        new_id = emulator.rotate(secret)
        output, _ = worker.communicate(timeout=60)
    assert f"rotated to {new_id}" in output
    assert worker.returncode == 0


def test_web(emulator: Emulator, secret: str) -> None:
    port = free_port()
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "--preload",
            "--workers",
            "2",
            "--bind",
            f"127.0.0.1:{port}",
            "web:app",
        ],
        cwd=EXAMPLES,
        env={
            **os.environ,
            "KMSAK_CONFIG": emulator.config,
            "KMSAK_SECRET": secret,
            "STS_ENDPOINT": emulator.endpoint("sts"),
            "STS_PROTOCOL": "http",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    try:
        lines: list[str] = []
        while not any("Booting worker" in line for line in lines):
            lines.append(server.stderr.readline())
            assert lines[-1], "".join(lines)

        def get(path: str) -> tuple[int, dict[str, str]]:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

        for _ in range(2):
            status, identity = get("/")
            assert status == 200
            assert identity["arn"].endswith(secret.rsplit("/", 1)[1])
            emulator.rotate(secret)
        assert get("/health")[0] == 200
    finally:
        server.terminate()
        server.communicate(timeout=60)


def test_demo() -> None:
    ended = subprocess.run(
        [sys.executable, str(EXAMPLES / "demo.py")],
        env={**os.environ, "KMSAK_BIN": _program()},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert len(set(re.findall(r"with (LTAI\w+)", ended.stdout))) == 2, ended.stdout
