"""The load on the agent: see cli/benches/agent_load.rs."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from places import ROOT


def measure() -> dict[str, Any]:
    """Run it. Its status tells whether the agent is as fast as it should be, which the page shows in any case."""
    command = ["cargo", "bench", "--quiet", "-p", "kmsak-cli", "--bench", "agent_load"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    rows = [line for line in finished.stdout.splitlines() if line.startswith("{")]
    if not rows:
        raise RuntimeError(f"the agent was not measured: {finished.stderr[-4000:]}")
    measured: dict[str, Any] = json.loads(rows[0])
    return measured
