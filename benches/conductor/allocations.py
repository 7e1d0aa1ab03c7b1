"""How often a cached read asks the C library for memory: two runs that differ only in the number of reads."""

from __future__ import annotations

import re
import subprocess

from emulator import SECRET, Emulator
from places import WORK
from subject import Kind

READS = 20_000


def measure(emulator: Emulator, kinds: list[Kind]) -> dict[str, float]:
    """Give allocations a read. Java, Node.js and Go have heaps of their own, which their harnesses tell of."""
    found = {}
    for kind in kinds:
        if kind.language in ("Rust", "C", "Python"):
            few, many = (_count(emulator, kind, reads) for reads in (1000, 1000 + READS))
            # What a client's other threads do meanwhile comes and goes.
            found[kind.name] = max(0.0, round((many - few) / READS, 1))
    return found


def _count(emulator: Emulator, kind: Kind, reads: int) -> int:
    finished = subprocess.run(
        [*kind.command, str(emulator.config("instance")), SECRET],
        input=f"load\nopen\nfirst\nread 1 {reads}\nquit\n",
        capture_output=True,
        text=True,
        check=True,
        env={
            # Python's own allocator would hide what it does.
            "PYTHONMALLOC": "malloc",
            "LD_PRELOAD": str(WORK / "c" / "allocations.so"),
            **kind.environment,
        },
    )
    [count] = re.findall(r"^allocations (\d+)$", finished.stderr, re.MULTILINE)
    return int(count)
