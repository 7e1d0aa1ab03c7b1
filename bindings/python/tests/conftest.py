"""An emulator for each test session, and fresh secrets in it for each test."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import kmsak
import pytest

# Seconds, for what comes at once unless the machine has too much to do.
PATIENCE = 60

E = TypeVar("E", bound=kmsak.KmsakError)

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _program() -> str:
    named = os.environ.get("KMSAK_BIN")
    if named:
        return named
    root = pathlib.Path(__file__).resolve().parents[3]
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
    return str(root / target / "debug" / "kmsak")


class Emulator:
    """A running `kmsak emulator` and its admin interface."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.process = subprocess.Popen(
            [_program(), "emulator", "--dir", str(directory), "--test-keys"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        ready = self.process.stdout.readline()
        assert ready, f"the emulator ended with status {self.process.wait()} before it was ready"
        self.ready: dict[str, Any] = json.loads(ready)
        self.config = str(directory / "on_the_cloud.properties")
        self.config_off_the_cloud = str(directory / "off_the_cloud.properties")
        self._users = itertools.count(1)

    def admin(self, method: str, path: str, body: object | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.ready["admin"] + path, data=data, method=method)
        try:
            with _OPENER.open(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from None

    def endpoint(self, name: str) -> str:
        """Host and port, without the scheme."""
        return str(self.ready["endpoints"][name]).split("://")[1]

    def new_secret(self) -> str:
        """A managed RAM secret that no other test touches."""
        user = f"user{next(self._users)}"
        self.admin("POST", "/users", {"name": user})
        return str(self.admin("POST", "/secrets", {"user": user})["name"])

    def rotate(self, secret: str, overlap: float = 0) -> str:
        """Rotate now; give the new AccessKey id."""
        rotation = self.admin("POST", "/rotations", {"secret": secret, "overlapSeconds": overlap})
        assert rotation["outcome"] == "rotated"
        return str(rotation["newAccessKeyId"])

    def current(self, secret: str) -> dict[str, str]:
        versions = self.admin("GET", f"/secrets?name={secret}")["versions"]
        [current] = [one for one in versions if "ACSCurrent" in one["stages"]]
        return {"VersionId": current["id"], **json.loads(current["data"])}

    @contextlib.contextmanager
    def fault(self, **fault: Any) -> Iterator[int]:
        number = self.admin("POST", "/faults", fault)["id"]
        try:
            yield number
        finally:
            self.admin("DELETE", f"/faults?id={number}")

    def wait_until_a_fault_strikes(self) -> None:
        until = time.monotonic() + PATIENCE
        before = self.last_event()
        while not any(one["struck"] for one in self.admin("GET", "/faults")["faults"]):
            assert time.monotonic() < until, "nobody asks"
            self.admin("GET", f"/events?since={before}&wait_ms=20")

    def last_event(self) -> int:
        return int(self.admin("GET", "/events")["last"])

    def requests_since(self, since: int, secret: str) -> list[dict[str, Any]]:
        events = self.admin("GET", f"/events?since={since}")["events"]
        return [one for one in events if one["kind"] == "request" and one["secret"] == secret]

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE)


def refusal(kind: type[E], ask: Callable[[], object], cause: type[BaseException] | None = None) -> E:
    """The error of a provider that gives up soon, asked again where it did so before anything was tried."""
    for _ in range(60):
        with pytest.raises(kmsak.KmsakError) as caught:
            ask()
        error = caught.value
        if isinstance(error, kind) and (cause is None or isinstance(error.__cause__, cause)):
            return error
    raise error


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    running = Emulator(tmp_path_factory.mktemp("emulator") / "kms")
    yield running
    assert running.stop() == 0


@pytest.fixture
def secret(emulator: Emulator) -> str:
    return emulator.new_secret()


@pytest.fixture
def provider(emulator: Emulator) -> Iterator[kmsak.Provider]:
    with kmsak.Provider.from_file(emulator.config) as opened:
        yield opened
