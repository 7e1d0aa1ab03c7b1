"""A cached read in each language's own harness, beside what that language cannot do without: nanoseconds."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pyperf
from emulator import Emulator
from places import JAVA_CLASSES, OFFICIAL_PYTHON, PYTHON, ROOT, SUBJECTS, TARGET, WORK, class_path
from spread import Spread, spread

Rows = dict[str, Spread]

BENCHES = ROOT / "benches"


def run(command: list[str], cwd: pathlib.Path = ROOT, **environment: str) -> str:
    """Run one to its end, and give what it writes to standard output."""
    finished = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True)
    if finished.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with status {finished.returncode}: {finished.stderr[-4000:]}")
    return finished.stdout


def rust(_emulator: Emulator, quick: bool) -> Rows:
    """Criterion."""
    seconds = ("0.3", "0.5") if quick else ("1", "3")
    groups = "cached read" if quick else "*"
    run(
        [
            *("cargo", "bench", "--quiet", "-p", "kmsak-benches", "--bench", "core", "--"),
            *("--warm-up-time", seconds[0], "--measurement-time", seconds[1]),
            *([groups] if quick else []),
        ]
    )
    rows = {}
    for estimates in sorted((TARGET / "criterion").glob(f"{groups}/*/new/estimates.json")):
        median = json.loads(estimates.read_text())["median"]
        interval = median["confidence_interval"]
        row: Spread = {
            "median": median["point_estimate"],
            "least": interval["lower_bound"],
            "most": interval["upper_bound"],
        }
        rows[json.loads(estimates.with_name("benchmark.json").read_text())["function_id"]] = row
    return rows


def c(emulator: Emulator, quick: bool) -> Rows:
    """Google Benchmark."""
    output = run(
        [
            *(str(WORK / "c" / "cached_read"), "--benchmark_format=json", "--benchmark_repetitions=5"),
            "--benchmark_min_time=0.05" if quick else "--benchmark_min_time=0.3",
        ],
        KMSAK_BENCH_CONFIG=str(emulator.config("instance")),
    )
    times: dict[str, list[float]] = {}
    for one in json.loads(output)["benchmarks"]:
        if one["run_type"] == "iteration":
            # By all threads together, where there are several.
            times.setdefault(one["run_name"], []).append(one["real_time"])
    called = {
        "AtomicPointerLoad": "atomic pointer load",
        "EmptyCall": "empty call",
        "CachedCredentials": "credentials",
        "CachedCredentials/real_time/threads:8": "credentials, 8 threads",
    }
    return {called[name]: spread(values) for name, values in times.items()}


def python(emulator: Emulator, quick: bool) -> Rows:
    """pyperf; the two clients in turns."""
    config = str(emulator.config("instance"))
    values: dict[str, list[float]] = {}
    for _ in range(1 if quick else 3):
        for which, interpreter in (("kmsak", PYTHON), ("official", OFFICIAL_PYTHON)):
            if quick and which == "official":
                continue
            output = WORK / "pyperf.json"
            output.unlink(missing_ok=True)
            run(
                [
                    *(str(interpreter), str(BENCHES / "python" / "cached_read.py"), which),
                    *("--quiet", "--output", str(output), "--processes=2", "--values=3", "--warmups=1"),
                    "--inherit-environ=KMSAK_BENCH_CONFIG",
                ],
                KMSAK_BENCH_CONFIG=config,
            )
            for benchmark in pyperf.BenchmarkSuite.load(str(output)).get_benchmarks():
                name = benchmark.get_name()
                if name == "cached read":
                    name = "credentials" if which == "kmsak" else "official get_secret_info"
                values.setdefault(name, []).extend(value * 1e9 for value in benchmark.get_values())
    return {name: spread(all_of_it) for name, all_of_it in values.items()}


def node(emulator: Emulator, _quick: bool) -> dict[str, Any]:
    """Mitata."""
    measured: dict[str, Any] = json.loads(
        run(
            ["node", "--expose-gc", str(BENCHES / "node" / "cached.mjs"), str(emulator.config("instance"))]
        ).splitlines()[-1]
    )
    return measured


def java(emulator: Emulator, _quick: bool) -> dict[str, Any]:
    """JMH, with the bytes that a call allocates."""
    results = WORK / "jmh.json"
    run(
        [
            "java",
            f"-Dkmsak.config={emulator.config('instance')}",
            f"-Dkmsak.empty={WORK / 'c' / 'libempty.so'}",
            "-cp",
            class_path(),
            "org.openjdk.jmh.Main",
            *("-prof", "gc", "-rf", "json", "-rff", str(results)),
        ],
        cwd=JAVA_CLASSES,
    )
    called = {
        "emptyNativeCall": "empty call",
        "kmsak": "credentials",
        "kmsakEightThreads": "credentials, 8 threads",
        "officialAccessKey": "official getAccessKey",
        "officialSecret": "official getSecretInfo",
    }
    rows = {}
    for one in json.loads(results.read_text()):
        threads = one["threads"]
        # JMH tells the time of each thread's call.
        values = [value / threads for fork in one["primaryMetric"]["rawData"] for value in fork]
        name = called[one["benchmark"].rsplit(".", 1)[1]]
        rows[name] = {**spread(values), "bytes": one["secondaryMetrics"]["gc.alloc.rate.norm"]["score"]}
    return rows


def go(emulator: Emulator, _quick: bool) -> dict[str, Any]:
    """Go's own benchmarks."""
    output = run(
        ["go", "test", "-run=^$", "-bench=.", "-benchmem", "-count=5", "-benchtime=200ms"],
        cwd=SUBJECTS / "go",
        KMSAK_BENCH_CONFIG=str(emulator.config("instance")),
    )
    rows = re.findall(
        r"^BenchmarkCachedRead\S*\s+\d+\s+([\d.]+) ns/op\s+(\d+) B/op\s+(\d+) allocs/op", output, re.MULTILINE
    )
    if not rows:
        raise RuntimeError(f"go test measured nothing: {output}")
    return {
        "official GetSecretInfo": {
            **spread(float(time) for time, _, _ in rows),
            "bytes": float(rows[0][1]),
            "allocations": float(rows[0][2]),
        }
    }


Harness = Callable[[Emulator, bool], dict[str, Any]]

ALL: dict[str, Harness] = {"Rust": rust, "C": c, "Python": python, "Node.js": node, "Java": java, "Go": go}
# For a change in hand.
QUICK: dict[str, Harness] = {"rust": rust, "c": c, "python": python, "node": node}


def event_loop(emulator: Emulator, secrets: int, rounds: int) -> dict[str, Spread]:
    """Give by how many milliseconds Node's event loop is late at most while so many cold secrets are fetched."""
    names = [f"cold-{number}" for number in range(secrets)]
    for name in names:
        emulator.admin("POST", "/secrets", {"name": name, "text": f"value of {name}"})
    command = ["node", str(BENCHES / "node" / "cold.mjs"), str(emulator.config("instance")), *names]
    late = [json.loads(run(command)) for _ in range(rounds)]
    return {what: spread(one[what] for one in late) for what in late[0]}


def versions() -> dict[str, str]:
    """Give what measured, and on what."""
    found = {
        "rustc": run(["rustc", "--version"]).split()[1],
        "gcc": run(["cc", "-dumpfullversion"]).strip(),
        "Python": run([str(PYTHON), "--version"]).split()[1],
        "Node.js": run(["node", "--version"]).strip().removeprefix("v"),
        "Java": run(["java", "--version"]).splitlines()[0].split()[1],
        "Go": run(["go", "env", "GOVERSION"]).strip().removeprefix("go"),
    }
    if shutil.which("ldd"):
        found["libc"] = run(["ldd", "--version"]).splitlines()[0].rsplit(" ", 1)[1]
    return found
