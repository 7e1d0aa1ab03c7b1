"""Log lines go to the logger `kmsak`, whatever thread they come from."""

from __future__ import annotations

import logging
import queue
import subprocess
import sys
import threading
import time

import kmsak
import pytest
from conftest import Emulator


class Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: queue.Queue[logging.LogRecord] = queue.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.records.put(record)


def test_lines_arrive(emulator: Emulator, secret: str) -> None:
    collector = Collector()
    logger = logging.getLogger("kmsak")
    logger.addHandler(collector)
    logger.setLevel(logging.DEBUG)
    try:
        with kmsak.Provider.from_file(emulator.config) as provider:
            credentials = provider.credentials(secret)
            new_id = emulator.rotate(secret)
            provider.refresh(secret)
        lines: list[str] = []
        while not any(new_id in line for line in lines):
            record = collector.records.get(timeout=60)
            assert record.name == "kmsak"
            lines.append(record.getMessage())
        assert not any(credentials.access_key_secret in line for line in lines)
    finally:
        logger.removeHandler(collector)
        logger.setLevel(logging.NOTSET)


def test_a_handler_that_uses_the_provider_cannot_deadlock(emulator: Emulator, secret: str) -> None:
    provider = kmsak.Provider.from_file(emulator.config)
    done: queue.Queue[bool] = queue.Queue()

    class Meddler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            provider.stats()
            provider.cached_credentials(secret)
            done.put(True)

    meddler = Meddler()
    logger = logging.getLogger("kmsak")
    logger.addHandler(meddler)
    logger.setLevel(logging.DEBUG)
    try:
        provider.credentials(secret)
        assert done.get(timeout=60)
        provider.close()
    finally:
        logger.removeHandler(meddler)
        logger.setLevel(logging.NOTSET)


def test_a_handler_that_hangs_costs_no_memory() -> None:
    go_on = threading.Event()
    lines: list[str] = []

    class Hanging(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            go_on.wait()
            lines.append(record.getMessage())

    hanging = Hanging()
    logger = logging.getLogger("kmsak")
    logger.addHandler(hanging)
    logger.setLevel(logging.DEBUG)
    try:
        with kmsak.Provider.fixed({"db": "value"}) as provider:
            for _ in range(3000):
                provider.refresh("db")
            go_on.set()
            told: list[str] = []
            end = time.monotonic() + 60
            while not told and time.monotonic() < end:
                # Its line is the first one that gets through.
                provider.refresh("db")
                told = [line for line in lines if "log lines were dropped" in line]
        assert told, "nothing was dropped"
        kept = lines.index(told[0])
        assert 1024 <= kept <= 1026, "what waited, and the one that the handler held"
        assert int(told[0].split()[0]) >= 3000 - kept
    finally:
        go_on.set()
        logger.removeHandler(hanging)
        logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize("level", ["DEBUG", "ERROR"])
def test_the_last_lines_are_written_at_exit(emulator: Emulator, secret: str, level: str) -> None:
    program = f"""
import logging, kmsak
logging.basicConfig(level=logging.{level})
kmsak.Provider.from_file({emulator.config!r}).credentials({secret!r})
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (f"fetched {secret}" in ended.stderr) == (level == "DEBUG")
