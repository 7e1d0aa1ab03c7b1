"""Starts the emulator for the judges written in Python."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

SECRET = "acs/ram/user/app"
# Seconds, for what comes at once unless the machine has too much to do.
PATIENCE = 60


class Emulator:
    """A running `kmsak emulator` and its admin interface."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.process = subprocess.Popen(
            [os.environ["KMSAK_BIN"], "emulator", "--dir", str(directory)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        ready = self.process.stdout.readline()
        assert ready, f"the emulator ended with status {self.process.wait()} before it was ready"
        self.ready: dict[str, Any] = json.loads(ready)

    def admin(self, method: str, path: str, body: object | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.ready["admin"] + path, data=data, method=method)
        # The judges' own proxies, if any, are none of the emulator's business.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request) as answer:
            return json.load(answer)

    def current(self) -> dict[str, str]:
        """The AccessKey that the secret holds now, as RAM and KMS know it."""
        versions = self.admin("GET", f"/secrets?name={SECRET}")["versions"]
        [current] = [one for one in versions if "ACSCurrent" in one["stages"]]
        return {"VersionId": current["id"], **json.loads(current["data"])}

    def requests(self, endpoint: str) -> list[dict[str, Any]]:
        events = self.admin("GET", "/events")["events"]
        return [one for one in events if one["kind"] == "request" and one["endpoint"] == endpoint]

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    running = Emulator(tmp_path_factory.mktemp("emulator") / "kms")
    yield running
    assert running.stop() == 0
