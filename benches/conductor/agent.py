"""The load on the agent: see cli/benches/agent_load.rs."""

from __future__ import annotations

import json
from typing import Any

from harness import run


def measure() -> dict[str, Any]:
    """Run it; it fails if the agent is slower, or grows more, than it may."""
    output = run(["cargo", "bench", "--quiet", "-p", "kmsak-cli", "--bench", "agent_load"])
    [line] = [line for line in output.splitlines() if line.startswith("{")]
    measured: dict[str, Any] = json.loads(line)
    return measured
