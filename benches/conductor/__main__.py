"""Measures kmsak beside the official clients, and writes docs/benchmarks.md: see benches/README.md."""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any

import agent
import allocations
import cold
import crowd
import fleet
import harness
import idle
import page
import parts
import reads
import renewal
import sizes
from emulator import Emulator
from places import PROGRAM, TEST_PROGRAM, WORK, Effort, subjects

RESULTS = WORK / "results.json"


def main() -> None:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--quick",
        nargs="+",
        choices=harness.QUICK,
        help="for a change in hand: prints cached reads, and writes nothing",
    )
    parser.add_argument("--page", action="store_true", help="write the page anew from the last run's results")
    arguments = parser.parse_args()
    if arguments.quick:
        with Emulator(TEST_PROGRAM) as emulator:
            for language in arguments.quick:
                page.tell(language, harness.QUICK[language](emulator, True))
        return
    if not arguments.page:
        measure_all(Effort())
    page.write(json.loads(RESULTS.read_text()), pathlib.Path("docs"))


def measure_all(effort: Effort) -> None:
    """Measure everything, keep what is known so far, and say on standard error what is going on."""
    kinds = subjects()
    began = time.monotonic()
    results: dict[str, Any] = {"effort": vars(effort), "versions": harness.versions()}

    def step(name: str, measure: Callable[[], Any]) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {name}", file=sys.stderr, flush=True)
        results[name] = measure()
        RESULTS.write_text(json.dumps(results))

    with Emulator(PROGRAM) as emulator:
        step("cold", lambda: cold.measure(emulator, kinds, effort))
        step("reads", lambda: reads.measure(emulator, kinds, effort))
        step("idle", lambda: idle.measure(emulator, kinds, effort))
        step("crowd", lambda: crowd.measure(emulator, kinds, effort))
        step("renewal", lambda: renewal.measure(emulator, kinds, effort))
        step("allocations", lambda: allocations.measure(emulator, kinds))
        step("event loop", lambda: harness.event_loop(emulator, 1000, effort.event_loop_rounds))
        for language, measure in harness.ALL.items():
            step(f"harness {language}", lambda measure=measure: measure(emulator, False))  # type: ignore[misc]
    step("sizes", sizes.measure)
    step("parts", parts.measure)
    step("agent", agent.measure)
    step("fleet", lambda: fleet.measure(quick=False))


main()
