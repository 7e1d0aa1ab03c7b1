"""What a client adds to an idle process."""

from __future__ import annotations

import time
from collections import defaultdict

from emulator import SECRET, Emulator
from places import Effort
from spread import Spread, spread
from subject import Kind, Subject

# Threads that were wanted for the start alone, the JVM's and kmsak's, have ended by then.
UNTIL_IDLE = 2.0
# KiB, KiB, and a number.
FIELDS = {"memory": "VmRSS", "peak": "VmHWM", "threads": "Threads"}


def measure(emulator: Emulator, kinds: list[Kind], effort: Effort) -> dict[str, dict[str, Spread]]:
    """Give what was added until the first AccessKey; `peak` is that of the whole process."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(effort.idle_rounds):
        for kind in kinds:
            with Subject(kind, emulator.config("instance"), SECRET) as subject:
                before = _now(subject)
                subject.have_the_secret()
                time.sleep(UNTIL_IDLE)
                after = _now(subject)
                for name, value in after.items():
                    found[kind.name][name].append(value - (0 if name == "peak" else before[name]))
    return {name: {what: spread(values) for what, values in fields.items()} for name, fields in found.items()}


def _now(subject: Subject) -> dict[str, float]:
    return {**{name: subject.status(field) for name, field in FIELDS.items()}, "dirty": subject.private_dirty()}
