"""The processes that are measured from outside: see benches/README.md for their protocol."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

TIMEOUT = 120.0


@dataclasses.dataclass(frozen=True)
class Kind:
    """One client in one language."""

    language: str
    client: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def name(self) -> str:
        """As the tables call it."""
        return f"{self.language}, {self.client}"


class Subject:
    """A running subject."""

    def __init__(
        self, kind: Kind, config: pathlib.Path, secret: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.kind = kind
        self.started_at = time.time_ns()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 as long as the process
        self._process = subprocess.Popen(
            [*kind.command, str(config), secret],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **kind.environment, **(environment or {})},
        )
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        # Nanoseconds since 1970 at which its own code began to run.
        self.first_line_at: int = self.answer()["at"]

    def __enter__(self) -> Subject:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        if error is None:
            self.send("quit")
        else:
            self._process.kill()
        try:
            status = self._process.wait(TIMEOUT)
        finally:
            self._process.kill()
            self._errors.close()
        if error is None and status != 0:
            raise RuntimeError(f"{self.kind.name} ended with status {status}")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def send(self, command: str) -> None:
        """Send a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()

    def answer(self, timeout: float = TIMEOUT) -> dict[str, Any]:
        """Wait for a line. Raises TimeoutError if it does not come."""
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"{self.kind.name} says nothing") from None
        if not line:
            self._errors.seek(0)
            raise RuntimeError(f"{self.kind.name} ended: {self._errors.read().decode(errors='replace')[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, command: str) -> dict[str, Any]:
        """Send a command, and wait for its answer."""
        self.send(command)
        return self.answer()

    def have_the_secret(self) -> None:
        """Load, open and fetch."""
        for command in ("load", "open", "first"):
            self.ask(command)

    def private_dirty(self) -> int:
        """Give the memory (KiB) that is this process's alone: what was only read from a file can be thrown away."""
        for line in pathlib.Path(f"/proc/{self._process.pid}/smaps_rollup").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == "Private_Dirty":
                return int(value.split()[0])
        raise RuntimeError("the kernel tells no Private_Dirty")

    def status(self, field: str) -> int:
        """Give a number from the process's status, such as VmRSS (KiB) or Threads."""
        for line in pathlib.Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == field:
                return int(value.split()[0])
        raise RuntimeError(f"the kernel tells no {field}")
