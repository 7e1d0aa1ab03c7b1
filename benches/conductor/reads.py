"""Cached reads by several threads, while nothing happens and while a refresh hangs."""

from __future__ import annotations

from collections import defaultdict
from typing import TypedDict

from emulator import SECRET, Emulator
from places import Effort
from spread import Spread, spread
from subject import Kind, Subject

THREADS = (1, 2, 4, 8)
# Whoever has not read by then waits for the refresh.
PATIENCE = 3.0


class Reads(TypedDict):
    """What one subject does."""

    # Reads a second, by threads.
    throughput: dict[int, Spread]
    # Seconds.
    slowest: Spread
    # While a refresh hangs: as above, or none when reads wait until it ends.
    throughput_while_hung: dict[int, Spread] | None
    slowest_while_hung: Spread | None


def measure(emulator: Emulator, kinds: list[Kind], effort: Effort) -> dict[str, Reads]:
    """Give how each subject reads."""
    quiet: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    hung: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    slowest: dict[str, list[float]] = defaultdict(list)
    slowest_hung: dict[str, list[float]] = defaultdict(list)
    for _ in range(effort.read_rounds):
        for kind in kinds:
            with Subject(kind, emulator.config("instance"), SECRET) as subject:
                subject.have_the_secret()
                reads = _enough(subject, effort.read_seconds)
                for threads in THREADS:
                    quiet[kind.name][threads].append(_throughput(subject, threads, reads))
                slowest[kind.name].append(subject.ask(f"slowest {reads}")["nanoseconds"] / 1e9)
                mark = emulator.mark()
                emulator.admin("POST", "/faults", {"kind": "hang", "times": 1, "endpoints": ["instance"]})
                subject.ask("hang")
                emulator.wait_for_hang(mark)
                if _reads_go_on(subject):
                    for threads in THREADS:
                        hung[kind.name][threads].append(_throughput(subject, threads, reads))
                    slowest_hung[kind.name].append(subject.ask(f"slowest {reads}")["nanoseconds"] / 1e9)
                    emulator.admin("DELETE", "/faults")
                else:
                    # The hang ends, and with it the wait.
                    emulator.admin("DELETE", "/faults")
                    subject.answer()
    return {
        kind.name: {
            "throughput": {threads: spread(quiet[kind.name][threads]) for threads in THREADS},
            "slowest": spread(slowest[kind.name]),
            "throughput_while_hung": {threads: spread(hung[kind.name][threads]) for threads in THREADS}
            if kind.name in hung
            else None,
            "slowest_while_hung": spread(slowest_hung[kind.name]) if kind.name in slowest_hung else None,
        }
        for kind in kinds
    }


def _enough(subject: Subject, seconds: float) -> int:
    """Find how many reads take so long; that warms up what wants to be warm."""
    reads = 1000
    while True:
        took = subject.ask(f"read 1 {reads}")["nanoseconds"] / 1e9
        if took >= seconds:
            return reads
        reads *= 4 if took < seconds / 4 else 2


def _throughput(subject: Subject, threads: int, reads: int) -> float:
    took: float = subject.ask(f"read {threads} {reads // threads}")["nanoseconds"] / 1e9
    return reads // threads * threads / took


def _reads_go_on(subject: Subject) -> bool:
    subject.send("slowest 1")
    try:
        subject.answer(PATIENCE)
    except TimeoutError:
        return False
    return True
