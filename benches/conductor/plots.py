"""The page's pictures, as SVG."""

from __future__ import annotations

import pathlib
from typing import Any

import matplotlib

matplotlib.use("svg")
# The same numbers give the same file.
matplotlib.rcParams["svg.hashsalt"] = "kmsak"
matplotlib.rcParams["svg.fonttype"] = "none"
matplotlib.rcParams["font.size"] = 9

import matplotlib.pyplot as plt  # noqa: E402
from cold import PHASES  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

KMSAK, OFFICIAL = "#1f77b4", "#ff7f0e"


def draw(results: dict[str, Any], folder: pathlib.Path) -> None:
    """Draw them all."""
    folder.mkdir(parents=True, exist_ok=True)
    _save(_reads(results["reads"]), folder / "reads.svg")
    _save(_scaling(results["reads"]), folder / "scaling.svg")
    for gateway, subjects in results["cold"].items():
        _save(_cold(subjects), folder / f"cold-{gateway}.svg")
    _save(_fleet(results["fleet"]), folder / "fleet.svg")


def _save(figure: Figure, file: pathlib.Path) -> None:
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def _colour(name: str) -> str:
    return OFFICIAL if name.endswith("official") else KMSAK


def _line(name: str) -> str:
    # Both are seen where they are the same.
    return "--" if name.endswith("official") else "-"


def _reads(reads: dict[str, Any]) -> Figure:
    figure, axes = plt.subplots(figsize=(7, 3))
    names = list(reads)[::-1]
    axes.barh(
        names,
        [1e9 / reads[name]["throughput"]["1"]["median"] for name in names],
        color=[_colour(name) for name in names],
    )
    axes.set_xscale("log")
    axes.set_xlabel("nanoseconds for a cached read, one thread")
    return figure


def _scaling(reads: dict[str, Any]) -> Figure:
    figure, axes = plt.subplots(figsize=(7, 4.2))
    for name, read in reads.items():
        threads = [int(number) for number in read["throughput"]]
        throughput = [one["median"] for one in read["throughput"].values()]
        axes.plot(threads, throughput, marker="o", label=name, linestyle=_line(name))
    axes.set_yscale("log")
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 2, 4, 8], ["1", "2", "4", "8"])
    axes.set_xlabel("threads")
    axes.set_ylabel("cached reads a second")
    axes.legend(fontsize=7, ncols=4, loc="lower center", bbox_to_anchor=(0.45, 1))
    return figure


def _cold(subjects: dict[str, Any]) -> Figure:
    figure, axes = plt.subplots(figsize=(7, 3.4))
    names = list(subjects)[::-1]
    left = [0.0] * len(names)
    colours = plt.get_cmap("tab10")
    for number, phase in enumerate(PHASES[:-1]):
        widths = [max(0.0, subjects[name][phase]["median"]) * 1e3 for name in names]
        axes.barh(names, widths, left=left, label=phase, color=colours(number))
        left = [before + width for before, width in zip(left, widths, strict=True)]
    axes.set_xlabel("milliseconds to the first AccessKey")
    axes.legend(fontsize=7, ncols=4, loc="lower center", bbox_to_anchor=(0.4, 1))
    return figure


def _fleet(rows: list[dict[str, Any]]) -> Figure:
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    figure, all_axes = plt.subplots(1, len(scenarios), figsize=(10, 3.2))
    for axes, scenario in zip(all_axes, scenarios, strict=True):
        for client in ("kmsak", "official"):
            [row] = [
                row
                for row in rows
                if (row["scenario"], row["client"], row["processes"], row["quota"]) == (scenario, client, 100_000, 450)
            ]
            axes.plot(*zip(*row["series"], strict=True), label=client, color=_colour(client), linestyle=_line(client))
        axes.axhline(450, color="grey", linewidth=0.8, linestyle=":")
        # Some take minutes and some hours; the first seconds need no room of their own.
        axes.set_xscale("symlog", linthresh=10)
        axes.set_xlim(left=0)
        axes.set_yscale("log")
        axes.set_ylim(bottom=1)
        axes.set_xlabel("seconds")
        axes.set_title(scenario, fontsize=9)
    all_axes[0].set_ylabel("requests a second")
    all_axes[0].legend(fontsize=8, loc="lower left")
    return figure
