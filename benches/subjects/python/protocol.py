"""The protocol of a subject, for both clients: see benches/README.md."""

import contextlib
import itertools
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol


class Client(Protocol):
    """What a subject's client can do."""

    def load(self) -> None:
        """Import it."""

    def open(self, config: str) -> None:
        """Open it with a properties file."""

    def reader(self) -> Callable[[str], Any]:
        """Give the function that users call for each use of an AccessKey."""

    def access_key_id(self, name: str) -> str:
        """Give the id of the AccessKey now."""

    def renew(self, name: str, rejected_id: str) -> str:
        """Give the id of another AccessKey than the rejected one."""

    def refresh(self, name: str) -> None:
        """Fetch now."""

    def close(self) -> None:
        """Close it."""


def say(line: dict[str, object]) -> None:
    """Write one line of the protocol."""
    print(json.dumps(line), flush=True)


def phase(name: str) -> None:
    """Say that a phase is over."""
    say({"phase": name, "at": time.time_ns()})


def crowd(threads: int, one: Callable[[], int]) -> tuple[int, int]:
    """Let threads begin together; give the nanoseconds until the last is done, and the sum of what they answered."""
    barrier = threading.Barrier(threads + 1)
    answers = []

    def work() -> None:
        barrier.wait()
        answers.append(one())

    crowd = [threading.Thread(target=work) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    began = time.perf_counter_ns()
    barrier.wait()
    for thread in crowd:
        thread.join()
    took = time.perf_counter_ns() - began
    if len(answers) != threads:
        sys.exit("a thread ended with an exception")
    return took, sum(answers)


def failures(calls: Iterable[Callable[[], bool]]) -> int:
    """Count the calls that raise or answer something false."""
    failed = 0
    for call in calls:
        good = False
        # Any exception is a failed call, and counted.
        with contextlib.suppress(Exception):
            good = call()
        failed += not good
    return failed


def tell_crowd(threads: int, calls: Sequence[Callable[[], bool]]) -> None:
    """Let each of some threads make all calls, and say how it went."""
    took, failed = crowd(threads, lambda: failures(calls))
    say({"seconds": took / 1e9, "failed": failed})


def read(get: Callable[[str], Any], name: str, reads: int) -> int:
    """Read so often."""
    # Not by a range, which makes a number each time.
    for _ in itertools.repeat(None, reads):
        get(name)
    return 0


def slowest(get: Callable[[str], Any], name: str, reads: int) -> int:
    """Give the nanoseconds of the slowest read."""
    most = 0
    for _ in range(reads):
        began = time.perf_counter_ns()
        get(name)
        most = max(most, time.perf_counter_ns() - began)
    return most


def serve(client: Client) -> None:
    """Do what standard input says."""
    phase("started")
    config, secret = sys.argv[1:]
    for line in sys.stdin:
        command, *words = line.split()
        if command == "load":
            client.load()
            phase("loaded")
        elif command == "open":
            client.open(config)
            phase("opened")
        elif command == "first":
            client.reader()(secret)
            phase("first")
        elif command == "read":
            threads, reads = map(int, words)
            get = client.reader()
            took, _ = crowd(threads, lambda: read(get, secret, reads))  # noqa: B023
            say({"nanoseconds": took})
        elif command == "slowest":
            say({"nanoseconds": slowest(client.reader(), secret, int(words[0]))})
        elif command == "hang":
            threading.Thread(target=client.refresh, args=(secret,), daemon=True).start()
            say({"begun": True})
        elif command == "many":
            tell_crowd(int(words[0]), [lambda name=name: bool(client.access_key_id(name)) for name in words[1:]])
        elif command == "renew":
            held = {name: client.access_key_id(name) for name in words[1:]}
            tell_crowd(
                int(words[0]),
                [lambda name=name, held=held: client.renew(name, held[name]) != held[name] for name in held],
            )
        elif command == "quit":
            client.close()
            return
        else:
            sys.exit(f"{line}: no such command")
