"""The alerts and the dashboard of the Helm chart ask for series that the agent prints."""

from __future__ import annotations

import json
import pathlib
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from test_agent_forms import DIRECT, Agent

FILES = pathlib.Path(__file__).parents[3] / "examples/deploy/helm/kmsak/files"
# What Prometheus adds to each series that it scrapes.
OF_PROMETHEUS = {"instance", "job"}
SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")


def queries() -> Iterator[Any]:
    for group in yaml.safe_load((FILES / "alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            yield pytest.param(rule["expr"], rule["annotations"]["summary"], id=rule["alert"])
    for panel in json.loads((FILES / "dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace("$instance", ".*")
            yield pytest.param(expression, target["legendFormat"], id=f"{panel['title']} {target['refId']}")


@pytest.fixture(scope="module")
def series(emulator: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, str]]]:
    """The labels of each metric's samples, from an agent that was throttled at first and has answered since."""
    error = {"kind": "error", "status": 429, "code": "Rejected.Throttling", "times": 1}
    emulator.admin("POST", "/faults", error)
    agent = Agent(tmp_path_factory.mktemp("agent"), emulator, 0)
    agent.wait_for_other_than("")
    request = urllib.request.Request(f"{agent.url}/metrics", headers={"X-KMS-Token": agent.token})
    with DIRECT.open(request) as answer:
        text = answer.read().decode()
    agent.stop()
    found: dict[str, list[dict[str, str]]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            sample = SAMPLE.match(line)
            assert sample, line
            name, labels, value = sample.groups()
            float(value)
            found.setdefault(name, []).append(dict(re.findall(r'(\w+)="([^"]*)"', labels or "")))
    return found


def selectors(expression: Any) -> Iterator[Any]:
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
        return
    if isinstance(expression, promql_parser.MatrixSelector):
        yield expression.vector_selector
        return
    for part in ("expr", "lhs", "rhs"):
        inner = getattr(expression, part, None)
        if inner is not None:
            yield from selectors(inner)
    for argument in getattr(expression, "args", None) or []:
        yield from selectors(argument)


@pytest.mark.parametrize(("expression", "shown"), queries())
def test_every_query_finds_what_the_agent_prints(
    series: dict[str, list[dict[str, str]]], expression: str, shown: str
) -> None:
    asked = list(selectors(promql_parser.parse(expression)))
    assert asked, expression
    for selector in asked:
        assert selector.name in series, f"{selector.name} is not printed"
        samples = series[selector.name]
        for matcher in selector.matchers.matchers:
            if matcher.name not in OF_PROMETHEUS:
                assert any(labels.get(matcher.name) == matcher.value for labels in samples), matcher.name
        known = OF_PROMETHEUS | {label for labels in samples for label in labels}
        grouped = re.findall(r"\b(?:by|on) \(([^)]*)\)", expression)
        for label in (label.strip() for list_ in grouped for label in list_.split(",")):
            assert label in known, f"{selector.name} has no label {label}"
    labels = {label for selector in asked for sample in series[selector.name] for label in sample}
    for label in re.findall(r"\{\{ ?(?:\$labels\.)?(\w+) ?\}\}", shown):
        assert label in labels | OF_PROMETHEUS, f"{label} is shown, but not there"


def test_a_query_for_nothing_is_found(series: dict[str, list[dict[str, str]]]) -> None:
    with pytest.raises(AssertionError, match="kmsak_secret_stale_minutes is not printed"):
        test_every_query_finds_what_the_agent_prints(series, "kmsak_secret_stale_minutes > 1", "")
    with pytest.raises(AssertionError, match="has no label endpoint"):
        test_every_query_finds_what_the_agent_prints(series, "sum by (endpoint) (kmsak_secret_age_seconds)", "")
