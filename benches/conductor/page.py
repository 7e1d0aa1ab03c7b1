"""Writes docs/benchmarks.md and its pictures."""

from __future__ import annotations

import os
import pathlib
import platform
from collections.abc import Iterator
from typing import Any

from cold import PHASES
from emulator import GATEWAYS
from promises import promises
from reads import THREADS
from spread import Spread
from table import seconds, size, table, three, timed, times

REMARKS = pathlib.Path(__file__).with_name("remarks.md")


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
    (docs / "benchmarks.md").write_text("\n\n".join(_page(results)) + "\n")


def _page(results: dict[str, Any]) -> Iterator[str]:
    effort = results["effort"]
    yield "# Benchmarks"
    yield (
        "Written by `make bench`: kmsak in each language beside the official client of that language, measured in turns in one run "
        "against one KMS emulator. Do not edit: what is measured, and how, stands in [benches/README.md](../benches/README.md)."
    )
    yield (
        f"{_machine()}. {', '.join(f'{name} {version}' for name, version in results['versions'].items())}. Official clients: "
        "`aliyun-secret-manager-client` 0.1.5 (Python, with its one broken line worked around), `alibabacloud-secretsmanager-client` 1.3.7 "
        "(Java), `aliyun-secretsmanager-client-go` 1.1.5; unmodified otherwise. Medians with their ranges. Ratios hold from machine to "
        "machine; absolute times do not."
    )
    yield "Again: `make bench`, in less than 15 minutes on two cores. For a change in hand: `make bench-quick`."
    yield "## What was promised"
    yield promises(results)
    yield "## A cached read"
    yield (
        "In each language's own harness (Criterion, Google Benchmark, pyperf, mitata, JMH, `testing.B`), beside what that language cannot do "
        "without: a load of an atomic pointer, an empty call of a native function. What the official clients' `get_secret_info` answers is "
        "JSON, out of which an AccessKey still has to be parsed; `getAccessKey` is with the parsing."
    )
    yield table(("", "time", "beside the limit", "allocated"), _reads(results))
    yield "![nanoseconds for a cached read](benchmarks/reads.svg)"
    yield "### By several threads"
    yield (
        "Reads a second, in millions, the clients in turns; in Node.js by worker threads, each with a provider of its own. "
        "The last columns: one thread and eight of them while a refresh hangs, and the slowest of all reads then."
    )
    head = ("", *(f"{threads}" for threads in THREADS), "8 beside 1", "slowest", "1, hung", "8, hung", "slowest, hung")
    yield table(head, _scaling(results["reads"]))
    yield "![cached reads a second by threads](benchmarks/scaling.svg)"
    yield "## From the start of a process to its first AccessKey"
    yield (
        "The phases: *start* of the process or virtual machine until its own code runs; *load* of the library; *open*: the configuration "
        "read and the ClientKey opened; *sign and connect* until KMS accepts the connection; the *TLS* handshake; the *request* until "
        "KMS has it all; *KMS*'s own time; the *answer* read and taken apart. What happens on the wire is taken from the emulator's log. Some "
        "clients sign before they connect, some after. Two limits by the same crypto library, in one process: a TLS handshake "
        f"(both sides) takes {_limit(results, 'TLS handshake')}, an RSA-2048 signature {_limit(results, 'RSA-2048 signature')}."
    )
    for gateway in GATEWAYS:
        yield f"### Through the {gateway} gateway"
        handshake = results["harness Rust"]["TLS handshake"]["median"] / 1e9
        rows = (
            (
                name,
                *(seconds(phases[phase]["median"]) for phase in PHASES[:-1]),
                timed(phases["all"]),
                times(phases["TLS"]["median"] / handshake),
            )
            for name, phases in results["cold"][gateway].items()
        )
        yield table(("", *PHASES, "TLS beside the limit"), rows)
        yield f"![time to the first AccessKey](benchmarks/cold-{gateway}.svg)"
    yield "## Added to an idle process"
    yield "Resident memory and threads that the client adds by the time it has its first AccessKey, and the peak of the whole process."
    yield table(("", "memory", "threads", "peak of the process"), _idle(results["idle"]))
    yield "What an application takes along:"
    yield table(("", "size"), ((what, size(number)) for what, number in results["sizes"].items()))
    yield "## Requests to KMS"
    yield (
        f"{effort['crowd_threads']} threads (in Node.js: tasks) want the AccessKeys in {effort['crowd_secrets']} secrets at once: cold, and after all of them were "
        f"rotated and rejected. {effort['crowd_secrets']} requests are the fewest possible."
    )
    head = ("", "cold: requests", "time", "failed calls", "rejected: requests", "time", "failed calls")
    yield table(head, _crowd(results["crowd"]))
    yield "## From a rejected AccessKey to the new one"
    yield (
        "After a rotation without notice, from the rejection to the first call that has the new AccessKey. The official clients are told to "
        "refresh, which is what their plug-ins do."
    )
    yield table(("", "time"), ((name, timed(row)) for name, row in results["renewal"].items()))
    yield "## A fleet"
    yield (
        "Many processes against KMS's quota, in virtual time, by the core's own schedule, backoff and token bucket "
        "(`core/src/fleet`); beside them, the official clients' schedule and backoff. *Best possible* is processes ÷ quota, or the time over which the scenario "
        "itself spreads the requests (the random part of the schedule; the pause between tries while KMS is away), whichever is longer. *Throttled* is the share of requests that KMS "
        "turned away, *peak* the busiest second."
    )
    for scenario in dict.fromkeys(row["scenario"] for row in results["fleet"]):
        yield f"### {scenario.capitalize()}"
        head = ("processes", "quota", "best possible", "kmsak: last", "ratio", "peak", "throttled")
        yield table((*head, "official: last", "ratio", "peak", "throttled"), _fleet(results["fleet"], scenario))
    yield "100,000 processes against 450 requests a second:"
    yield "![requests a second](benchmarks/fleet.svg)"
    yield "## Where a number falls short"
    yield REMARKS.read_text().strip()


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


def _limit(results: dict[str, Any], name: str) -> str:
    return seconds(results["harness Rust"][name]["median"] / 1e9)


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
        row += [times(throughput["8"]["median"] / throughput["1"]["median"]), seconds(read["slowest"]["median"])]
        hung = read["throughput_while_hung"]
        if hung is None:
            row += ["none", "none", "until the refresh ends"]
        else:
            row += [millions(hung["1"]), millions(hung["8"]), seconds(read["slowest_while_hung"]["median"])]
        yield tuple(row)


def _idle(idle: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, fields in idle.items():
        yield (
            name,
            size(fields["memory"]["median"] * 1024),
            f"{fields['threads']['median']:.0f}",
            size(fields["peak"]["median"] * 1024),
        )


def _crowd(crowd: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, rounds in crowd.items():
        row = [name]
        for one in (rounds["cold"], rounds["rejected"]):
            row += [f"{one['requests']:,}", seconds(one["seconds"]), f"{one['failed']:,}"]
        yield tuple(row)


def _fleet(rows: list[dict[str, Any]], scenario: str) -> Iterator[tuple[str, ...]]:
    sides: dict[tuple[int, int], dict[str, Any]] = {}
    for row in rows:
        if row["scenario"] == scenario:
            sides.setdefault((row["processes"], row["quota"]), {})[row["client"]] = row
    for (processes, quota), side in sides.items():
        line = [f"{processes:,}", f"{quota:,}", _long(side["kmsak"]["best_possible_seconds"])]
        for client in ("kmsak", "official"):
            one = side[client]
            last = one["last_process_seconds"]
            line += ["not in two days", ""] if last is None else [_long(last), times(one["ratio"])]
            line += [f"{one['peak_rate']:,}", f"{one['throttled_share']:.0%}"]
        yield tuple(line)


def _long(duration: float) -> str:
    if duration >= 7200:
        return f"{three(duration / 3600)} h"
    if duration >= 120:
        return f"{three(duration / 60)} min"
    return seconds(duration)
