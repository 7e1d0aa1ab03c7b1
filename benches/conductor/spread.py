"""Several measurements of one thing."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import TypedDict


class Spread(TypedDict):
    """The median and the range of some measurements."""

    median: float
    least: float
    most: float


def spread(values: Iterable[float]) -> Spread:
    """Take them together."""
    all_of_them = sorted(values)
    return {"median": statistics.median(all_of_them), "least": all_of_them[0], "most": all_of_them[-1]}
