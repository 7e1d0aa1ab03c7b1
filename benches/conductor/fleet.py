"""The fleet simulation's rows: see benches/core/fleet.rs."""

from __future__ import annotations

import json
from typing import Any

from harness import run


def measure(quick: bool) -> list[dict[str, Any]]:
    """Run it."""
    command = ["cargo", "bench", "--quiet", "-p", "kmsak-benches", "--bench", "fleet", "--"]
    lines = run([*command, "--quick"] if quick else command).splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]
