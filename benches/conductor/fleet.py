"""The fleet simulation's rows: see benches/core/fleet.rs."""

from __future__ import annotations

import json
from typing import Any

from harness import run

CLIENTS = (
    "kmsak",
    "kmsak, the third time",
    "kmsak, told half the size",
    "kmsak, told 1.25 times the size",
    "growing jitter (kmsak before)",
    "full jitter",
    "adaptive",
    "official",
)


def measure(quick: bool) -> list[dict[str, Any]]:
    """Run it."""
    command = ["cargo", "bench", "--quiet", "-p", "kmsak-benches", "--bench", "fleet", "--"]
    lines = run([*command, "--quick"] if quick else command).splitlines()
    rows = [json.loads(line) for line in lines if line.startswith("{")]
    scenarios = ("scheduled rotation", "immediate rotation", "back after an outage")
    return sorted(
        rows, key=lambda row: (scenarios.index(row["scenario"]), row["processes"], CLIENTS.index(row["client"]))
    )
