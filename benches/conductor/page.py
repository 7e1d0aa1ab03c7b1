"""Writes docs/benchmarks.md and its pictures."""

from __future__ import annotations

import os
import pathlib
import platform
import string
from collections.abc import Iterator
from typing import Any

from agent import FORMS
from cold import PHASES
from emulator import GATEWAYS
from promises import promises
from reads import THREADS
from spread import Spread
from table import seconds, size, table, three, timed, times

TEMPLATE = string.Template(pathlib.Path(__file__).with_name("page.md").read_text())


def tell(language: str, rows: dict[str, Any]) -> None:
    """Print what one language's harness measured."""
    print(language)
    for name, row in rows.items():
        print(f"  {name:<32}{timed(row, 1e-9)}")


def write(results: dict[str, Any], docs: pathlib.Path) -> None:
    """Write it all."""
    # Only the page itself needs what draws: the quick run does without.
    import plots

    plots.draw(results, docs / "benchmarks")
    (docs / "benchmarks.md").write_text(TEMPLATE.substitute(_parts(results)))


def _parts(results: dict[str, Any]) -> dict[str, str]:
    effort = results["effort"]
    return {
        "machine": _machine(),
        "versions": ", ".join(f"{name} {version}" for name, version in results["versions"].items()),
        "promises": promises(results),
        "reads": table(("", "time", "beside the limit", "allocated"), _reads(results)),
        "scaling": table(
            ("", *map(str, THREADS), "8 beside 1", "1, hung", "8, hung", "slowest", "slowest, hung"),
            _scaling(results["reads"]),
        ),
        "handshake": seconds(_limit(results, "TLS handshake")),
        "signature": seconds(_limit(results, "RSA-2048 signature")),
        **{f"cold_{gateway}": _cold(results, gateway) for gateway in GATEWAYS},
        "idle": table(
            ("", "memory", "of it private and dirty", "threads", "peak of the process"), _idle(results["idle"])
        ),
        "sizes": table(("", "size"), ((what, size(number)) for what, number in results["sizes"].items())),
        "parts": table(("", "size"), ((what, size(number)) for what, number in results["parts"].items())),
        "threads": str(effort["crowd_threads"]),
        "secrets": str(effort["crowd_secrets"]),
        "crowd": table(
            ("", "cold: requests", "time", "failed calls", "rejected: requests", "time", "failed calls"),
            _crowd(results["crowd"]),
        ),
        "renewal": table(
            ("", "time", "beside the limit"),
            (
                (name, timed(row), times(row["median"] / _limit(results, "RSA-2048 signature")))
                for name, row in results["renewal"].items()
            ),
        ),
        "fleet_scheduled": _fleet(results["fleet"], "scheduled rotation"),
        "fleet_immediate": _fleet(results["fleet"], "immediate rotation"),
        "fleet_outage": _fleet(results["fleet"], "back after an outage"),
        "c_eight": times(
            results["harness C"]["credentials"]["median"] / results["harness C"]["credentials, 8 threads"]["median"]
        ),
        "java_before": seconds(results["cold"]["instance"]["Java, kmsak"]["start"]["median"]),
        "node_before": seconds(results["cold"]["instance"]["Node.js, kmsak"]["start"]["median"]),
        "without_core": f"{results['event loop']['withoutCore']['most']:.1f} ms",
        "agent": _agent(results["agent"]),
    }


def _cold(results: dict[str, Any], gateway: str) -> str:
    handshake = _limit(results, "TLS handshake")
    rows = (
        (
            name,
            *(seconds(phases[phase]["median"]) for phase in PHASES[:-1]),
            timed(phases["all"]),
            times(phases["TLS"]["median"] / handshake),
        )
        for name, phases in results["cold"][gateway].items()
    )
    return table(("", *PHASES, "TLS beside the limit"), rows)


def _machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores ({model}), Linux {platform.release().split('-')[0]}"


def _limit(results: dict[str, Any], name: str) -> float:
    return float(results["harness Rust"][name]["median"]) / 1e9


# What each language cannot do without, and what stands beside it.
LIMITS = {
    "Rust": "atomic pointer load",
    "C": "empty call",
    "Python": "empty call",
    "Node.js": "empty native call",
    "Java": "empty call",
}
NOT_READS = ("TLS handshake", "RSA-2048 signature")


def _reads(results: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for language in ("Rust", "C", "Python", "Node.js", "Java", "Go"):
        rows: dict[str, Any] = results[f"harness {language}"]
        limit = LIMITS.get(language)
        for name, row in rows.items():
            if name in NOT_READS:
                continue
            beside = "" if limit is None or name == limit else times(row["median"] / rows[limit]["median"])
            yield f"{language}: {name}", timed(row, 1e-9), beside, _allocated(results, language, name, row)


def _allocated(results: dict[str, Any], language: str, name: str, row: dict[str, Any]) -> str:
    told = []
    client = "official" if name.startswith("official") else "kmsak"
    calls = row.get("allocations", results["allocations"].get(f"{language}, {client}"))
    if calls is not None and (name == "credentials" or client == "official"):
        told.append(f"{calls:g} times")
    if row.get("bytes") is not None:
        told.append(f"{three(row['bytes'])} bytes")
    return ", ".join(told)


def _scaling(reads: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    def millions(spread: Spread) -> str:
        return three(spread["median"] / 1e6)

    for name, read in reads.items():
        throughput = read["throughput"]
        row = [name, *(millions(throughput[str(threads)]) for threads in THREADS)]
        row.append(times(throughput["8"]["median"] / throughput["1"]["median"]))
        hung, slowest = read["throughput_while_hung"], seconds(read["slowest"]["median"])
        if hung is None:
            row += ["none", "none", slowest, "until the refresh ends"]
        else:
            row += [millions(hung["1"]), millions(hung["8"]), slowest, seconds(read["slowest_while_hung"]["median"])]
        yield tuple(row)


def _idle(idle: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, fields in idle.items():
        yield (
            name,
            size(fields["memory"]["median"] * 1024),
            size(fields["dirty"]["median"] * 1024),
            f"{fields['threads']['median']:.0f}",
            size(fields["peak"]["median"] * 1024),
        )


def _crowd(crowd: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, rounds in crowd.items():
        row = [name]
        for one in (rounds["cold"], rounds["rejected"]):
            row += [f"{one['requests']:,}", seconds(one["seconds"]), f"{one['failed']:,}"]
        yield tuple(row)


def _fleet(rows: list[dict[str, Any]], scenario: str) -> str:
    head = ("processes", "client", "best possible", "last", "ratio", "throttled", "peak", "requests each", "neighbour")
    return table(head, (_fleet_row(row) for row in rows if row["scenario"] == scenario))


def _fleet_row(row: dict[str, Any]) -> tuple[str, ...]:
    last = row["last_process_seconds"]
    return (
        f"{row['processes']:,}",
        row["client"],
        _long(row["best_possible_seconds"]),
        *(("not in two days", "") if last is None else (_long(last), times(row["ratio"]))),
        f"{row['throttled_share']:.0%}",
        times(row["peak_rate"] / row["quota"]),
        three(row["requests"] / row["processes"]),
        f"{row['neighbour_share']:.0%}",
    )


def _agent(forms: dict[str, dict[str, Any]]) -> str:
    return table(
        ("", "requests a second", "99th percentile", "worst", "memory before", "after"),
        (row for form, measured in forms.items() for row in _agent_rows(FORMS[form], measured)),
    )


def _agent_rows(what: str, measured: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    yield (
        f"{what}, {measured['connections']} connections",
        f"{measured['requests_per_second']:,.0f}",
        f"{measured['p99_ms']:.3g} ms",
        f"{measured['worst_ms']:.3g} ms",
        size(measured["rss_before_kb"] * 1024),
        size(measured["rss_after_kb"] * 1024),
    )
    yield (
        f"{what}, beside {measured['slow_connections']:,} slow ones",
        f"{measured['requests_per_second_beside_slow']:,.0f}",
        f"{measured['p99_beside_slow_ms']:.3g} ms",
        f"{measured['worst_beside_slow_ms']:.3g} ms",
        "",
        "",
    )


def _long(duration: float) -> str:
    if duration >= 7200:
        return f"{three(duration / 3600)} h"
    if duration >= 120:
        return f"{three(duration / 60)} min"
    return seconds(duration)
