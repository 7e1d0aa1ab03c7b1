"""What the project promised of its speed, and what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent import FORMS
from emulator import GATEWAYS
from table import seconds, table, three, times


def promises(results: dict[str, Any]) -> str:
    """Make the table."""
    rows = [
        (
            what,
            promised,
            measured,
            "yes" if kept else "no, see [below](#where-a-number-falls-short-and-what-a-cost-buys)",
        )
        for what, promised, measured, kept in _all(results)
    ]
    return table(("what", "promised", "measured", "kept"), rows)


def _all(results: dict[str, Any]) -> Iterator[tuple[str, str, str, bool]]:
    def median(language: str, row: str) -> float:
        return float(results[f"harness {language}"][row]["median"])

    def at_most(what: str, bound: float, ratio: float) -> tuple[str, str, str, bool]:
        return what, f"at most {times(bound)}", times(ratio), ratio <= bound

    def at_least(what: str, bound: float, ratio: float) -> tuple[str, str, str, bool]:
        return what, f"at least {times(bound)}", times(ratio), ratio >= bound

    def cold(subject: str, gateway: str) -> float:
        return float(results["cold"][gateway][subject]["all"]["median"])

    def idle(subject: str, what: str) -> float:
        return float(results["idle"][subject][what]["median"])

    def eight(subject: str) -> float:
        throughput = results["reads"][subject]["throughput"]
        return float(throughput["8"]["median"] / throughput["1"]["median"])

    yield at_most(
        "Rust: a cached read, beside the clone of an `Arc`",
        3.5,
        median("Rust", "credentials") / median("Rust", "clone of an Arc"),
    )
    yield at_least("Rust: eight threads beside one", 1.9, eight("Rust, kmsak"))
    yield at_most(
        "C: a cached read and free, beside an empty call", 7, median("C", "credentials") / median("C", "empty call")
    )
    yield at_most(
        "C: a cached read and free, beside the core's", 3, median("C", "credentials") / median("Rust", "credentials")
    )
    allocations = results["allocations"]["C, kmsak"]
    yield "C: allocations of a cached read", "none", f"{allocations:g}", allocations == 0
    yield at_least("C: eight threads beside one", 1.9, eight("C, kmsak"))
    size = results["sizes"]["libkmsak.so"]
    yield "libkmsak.so", "at most 4 MB", f"{size / 1e6:.1f} MB", size <= 4e6
    yield at_most(
        "Python: a cached read, beside an empty call",
        1.3,
        median("Python", "credentials") / median("Python", "empty call"),
    )
    yield at_least(
        "Python: a cached read, official beside kmsak",
        20,
        median("Python", "official get_secret_info") / median("Python", "credentials"),
    )
    for gateway in GATEWAYS:
        ratio = cold("Python, kmsak", gateway) / cold("Python, official", gateway)
        yield at_most(f"Python: start to first AccessKey ({gateway}), beside official", 1 / 3, ratio)
    load = results["cold"]["instance"]["Python, kmsak"]["load"]["median"]
    yield "Python: `import kmsak`", "at most 15 ms", seconds(load), load <= 0.015
    yield at_most(
        "Python: peak memory, beside official", 0.5, idle("Python, kmsak", "peak") / idle("Python, official", "peak")
    )
    load = results["cold"]["instance"]["Node.js, kmsak"]["load itself"]["median"]
    yield "Node.js: `require`", "at most 8 ms", seconds(load), load <= 0.008
    sync, empty = median("Node.js", "credentialsSync"), median("Node.js", "empty native call")
    yield (
        "Node.js: `credentialsSync`",
        "at most 100 ns, or 3 times an empty native call",
        f"{sync:.0f} ns, {times(sync / empty)}",
        sync <= max(100, 3 * empty),
    )
    yield at_most(
        "Node.js: `await credentials`, beside a resolved promise",
        2,
        median("Node.js", "await credentials") / median("Node.js", "await resolved promise"),
    )
    late = results["event loop"]["most"]["median"]
    yield (
        "Node.js: the event loop's delay while 1,000 cold secrets are fetched",
        "at most 5 ms",
        f"{late:.1f} ms",
        late <= 5,
    )
    yield at_least(
        "Java: a cached AccessKey, official beside kmsak",
        50,
        median("Java", "official getAccessKey") / median("Java", "credentials"),
    )
    yield at_least("Java: eight threads beside one", 1.8, eight("Java, kmsak"))
    for gateway in GATEWAYS:
        ratio = cold("Java, kmsak", gateway) / cold("Java, official", gateway)
        yield at_most(f"Java: start to first AccessKey ({gateway}), beside official", 0.5, ratio)
    start = cold("Java, kmsak", "instance")
    yield "Java: start to first AccessKey (instance)", "at most 100 ms", seconds(start), start <= 0.1
    for what in ("threads", "memory"):
        yield at_most(
            f"Java: {what} added to an idle process, beside official",
            0.25,
            idle("Java, kmsak", what) / idle("Java, official", what),
        )
    renewals = {name: float(row["median"]) for name, row in results["renewal"].items()}
    signature = median("Rust", "RSA-2048 signature") / 1e9
    yield at_most("A renewal (Rust), beside an RSA-2048 signature", 2, renewals["Rust, kmsak"] / signature)
    slowest = max((name for name in renewals if name.endswith(", kmsak")), key=lambda name: renewals[name])
    ratio = renewals[slowest] / renewals["Go, official"]
    yield (
        f"The slowest renewal ({slowest.removesuffix(', kmsak')}), beside Go's official client",
        "less",
        times(ratio),
        ratio < 1,
    )
    for form, measured in results["agent"].items():
        what, rate, latest = FORMS[form], measured["requests_per_second"], measured["p99_ms"]
        yield f"The agent: {what}, a second to 64 connections", "at least 20,000", f"{rate:,.0f}", rate >= 20_000
        yield f"The agent: {what}, 99th percentile", "under 10 ms", f"{latest:.3g} ms", latest < 10
    yield from _fleet(results["fleet"])


def _fleet(rows: list[dict[str, Any]]) -> Iterator[tuple[str, str, str, bool]]:
    known = {(row["scenario"], row["client"], row["processes"]): row for row in rows if row["ratio"]}
    at_once = "immediate rotation"
    large = [row for row in rows if row["client"] == "kmsak" and row["processes"] >= 10_000]
    worst = max(large, key=lambda row: row["ratio"] or float("inf"))
    ratio = float("inf") if worst["ratio"] is None else worst["ratio"]
    yield (
        f"A fleet's last process, beside the best possible ({worst['scenario']}, {worst['processes']:,} processes)",
        "at most 1.5 times",
        times(ratio),
        ratio <= 1.5,
    )
    last = known[at_once, "kmsak", 1_000]["last_process_seconds"]
    yield "A fleet of 1,000 after an immediate rotation: the last process", "within 10 s", seconds(last), last <= 10
    for scenario, client, processes, throttled, peak in (
        (at_once, "kmsak", 10_000, 0.65, 4),
        (at_once, "kmsak", 100_000, 0.85, 40),
        (at_once, "kmsak, the third time", 100_000, 0.62, 9),
        (at_once, "kmsak, told 1.25 times the size", 100_000, 0.5, 2),
        ("back after an outage", "kmsak, told 1.25 times the size", 1_000_000, 0.5, 2),
    ):
        row = known[scenario, client, processes]
        share, busiest = row["throttled_share"], row["peak_rate"] / row["quota"]
        yield (
            f"{processes:,}, {scenario}, {client}: throttled, and the busiest second after the first",
            f"at most {throttled:.0%}, {three(peak)} times the quota",
            f"{share:.0%}, {times(busiest)}",
            round(share, 2) <= throttled and busiest <= peak,
        )
