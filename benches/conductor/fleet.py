"""The fleet simulation's rows: see benches/core/fleet.rs."""

from __future__ import annotations

import json
from typing import Any

from harness import run


def measure(quick: bool) -> list[dict[str, Any]]:
    """Run it."""
    command = ["cargo", "bench", "--quiet", "-p", "kmsak-benches", "--bench", "fleet", "--"]
    lines = run([*command, "--quick"] if quick else command).splitlines()
    rows = [json.loads(line) for line in lines if line.startswith("{")]
    scenarios = ("scheduled rotation", "immediate rotation", "back after an outage")
    return sorted(
        rows, key=lambda row: (scenarios.index(row["scenario"]), row["processes"], row["quota"], row["client"])
    )
