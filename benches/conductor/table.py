"""Numbers and tables as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spread import Spread


def seconds(value: float) -> str:
    """Give a time with a fitting unit."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if abs(value) * factor >= 1:
            return f"{three(value * factor)} {unit}"
    return f"{three(value * 1e9)} ns"


def times(ratio: float) -> str:
    """Give a ratio."""
    return f"{three(ratio)} times"


def size(number: float) -> str:
    """Give bytes with a fitting unit."""
    if abs(number) >= 1e6:
        return f"{number / 1e6:.1f} MB"
    return f"{number / 1e3:.0f} kB"


def three(value: float) -> str:
    """Give three digits that count, or all those before the point; what is next to nothing is 0."""
    if abs(value) < 1e-3:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def timed(spread: Spread, factor: float = 1.0) -> str:
    """Give a median with its range."""
    median, least, most = (seconds(spread[name] * factor) for name in ("median", "least", "most"))
    return f"{median} ({least} to {most})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make it; all columns but the first hold numbers."""
    lines = [" | ".join(head), " | ".join(["---"] + ["---:"] * (len(head) - 1))]
    lines += [" | ".join(row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)
