"""The load on the agent: see cli/benches/agent_load.rs."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from places import ROOT

# Its own form of an answer, then KMS Agent's three, by the names that the page has for them.
FORMS = {
    "credentials": "an AccessKey",
    "kms": "a secret as KMS tells it",
    "aws": "a secret as AWS Secrets Manager tells it",
    "vault": "a secret as Vault tells it",
}


def measure() -> dict[str, dict[str, Any]]:
    """Run it in each form."""
    return {form: _measure(form) for form in FORMS}


def _measure(form: str) -> dict[str, Any]:
    """Run it. Its status tells whether the agent is as fast as it should be, which the page shows in any case."""
    command = ["cargo", "bench", "--quiet", "-p", "kmsak-cli", "--bench", "agent_load", "--", form]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    rows = [line for line in finished.stdout.splitlines() if line.startswith("{")]
    if not rows:
        raise RuntimeError(f"the agent was not measured: {finished.stderr[-4000:]}")
    measured: dict[str, Any] = json.loads(rows[0])
    return measured
