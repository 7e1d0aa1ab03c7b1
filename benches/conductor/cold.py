"""From the start of a process to its first AccessKey, in phases."""

from __future__ import annotations

import datetime
from collections import defaultdict
from typing import Any

from emulator import GATEWAYS, SECRET, Emulator
from places import Effort
from spread import Spread, spread
from subject import Kind, Subject

# In the order in which they pass; the last is all of them together.
PHASES = ("start", "load", "open", "sign and connect", "TLS", "request", "KMS", "answer", "all")

Cold = dict[str, dict[str, dict[str, Spread]]]


def measure(emulator: Emulator, kinds: list[Kind], effort: Effort) -> Cold:
    """Give seconds by gateway, subject and phase, and for Node what `load` takes of its phase."""
    found: Cold = {}
    for gateway in GATEWAYS:
        times: dict[str, list[dict[str, float]]] = defaultdict(list)
        for _ in range(effort.cold_rounds):
            for kind in kinds:
                times[kind.name].append(_once(emulator, kind, gateway))
        found[gateway] = {
            name: {phase: spread(one[phase] for one in rounds) for phase in rounds[0]} for name, rounds in times.items()
        }
    return found


def _once(emulator: Emulator, kind: Kind, gateway: str) -> dict[str, float]:
    mark = emulator.mark()
    with Subject(kind, emulator.config(gateway), SECRET) as subject:
        load = subject.ask("load")
        loaded = load["at"]
        opened = subject.ask("open")["at"]
        first = subject.ask("first")["at"]
        started = subject.first_line_at
        began = subject.started_at
    [request] = [one for one in emulator.requests_since(mark) if one["status"] == 200]
    connected, handshaken, received, answered = (
        _nanoseconds(request[name]) for name in ("connectedAt", "handshakenAt", "receivedAt", "at")
    )
    moments = [began, started, loaded, opened, connected, handshaken, received, answered, first]
    phases = {phase: (until - since) / 1e9 for phase, since, until in zip(PHASES, moments, moments[1:], strict=False)}
    itself = {"load itself": load["nanoseconds"] / 1e9} if "nanoseconds" in load else {}
    return {**phases, "all": (first - began) / 1e9, **itself}


def _nanoseconds(text: Any) -> int:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc).timestamp()
    return int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0") or 0)
