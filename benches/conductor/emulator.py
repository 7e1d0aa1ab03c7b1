"""A KMS emulator of one's own, and its admin interface."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import tempfile
import urllib.request
from types import TracebackType
from typing import Any

SECRET = "acs/ram/user/app"
GATEWAYS = ("instance", "shared")


class Emulator:
    """Runs from `with` to its end. The properties files it makes have absolute paths in them."""

    def __init__(self, program: pathlib.Path) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        # More than any measurement asks for, since none is about the quota.
        command = [str(program), "emulator", "--test-keys", "--shared-quota", "100000", "--dir", str(self.folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            raise RuntimeError(f"the emulator ended with status {self._process.wait()} before it was ready")
        self._admin: str = json.loads(ready)["admin"]
        # The benchmarks' own proxies, if any, are none of the emulator's business.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __enter__(self) -> Emulator:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()

    def config(self, gateway: str) -> pathlib.Path:
        """Give the properties file for a gateway, with absolute paths: the official clients look nowhere else."""
        made = self.folder / f"{gateway}-absolute.properties"
        source = self.folder / ("on_the_cloud.properties" if gateway == "instance" else "off_the_cloud.properties")
        file = r"(ca\.pem|clientKey(?:_Password\.txt|\.json))"
        made.write_text(re.sub(file, rf"{self.folder}/\1", source.read_text()))
        return made

    def admin(self, method: str, path: str, body: object | None = None) -> Any:
        """Ask the admin interface."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._admin + path, data=data, method=method)
        with self._opener.open(request) as answer:
            return json.load(answer)

    def mark(self) -> int:
        """Give the number of the latest event."""
        return int(self.admin("GET", f"/events?since={1 << 62}")["last"])

    def requests_since(self, mark: int) -> list[dict[str, Any]]:
        """Give the requests after a mark."""
        events = self.admin("GET", f"/events?since={mark}")["events"]
        return [event for event in events if event["kind"] == "request"]

    def wait_for_hang(self, mark: int) -> None:
        """Wait until a request hangs."""
        while True:
            answer = self.admin("GET", f"/events?since={mark}&wait_ms=10000")
            if any(event.get("fault") == "hang" for event in answer["events"]):
                return
            if not answer["events"]:
                raise RuntimeError("no request came that could hang")
            mark = answer["last"]

    def managed_secrets(self, prefix: str, count: int) -> list[str]:
        """Make managed RAM secrets, and give their names."""
        users = [f"{prefix}-{number}" for number in range(count)]
        for user in users:
            self.admin("POST", "/users", {"name": user})
            self.admin("POST", "/secrets", {"user": user})
        return [f"acs/ram/user/{user}" for user in users]

    def rotate(self, secret: str) -> None:
        """Rotate without overlap."""
        self.admin("POST", "/rotations", {"secret": secret})
