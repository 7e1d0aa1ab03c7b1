"""examples/terraform is HCL, and names resources and arguments that the provider has.

Those are in arguments.json, from its documentation.
"""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

import hcl2
import pytest

HERE = pathlib.Path(__file__).parent
EXAMPLE = HERE.parents[2] / "examples" / "terraform"
KNOWN: dict[str, dict[str, list[str]]] = json.loads((HERE / "arguments.json").read_text())["resources"]
# Terraform's own, which every resource takes.
META = {"count", "for_each", "depends_on", "lifecycle", "provider", "timeouts"}


def parsed(name: str) -> dict[str, Any]:
    with (EXAMPLE / name).open() as file:
        document: dict[str, Any] = hcl2.load(file)
    return document


def resources() -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for block in parsed("main.tf")["resource"]:
        for kind, named in block.items():
            for name, body in named.items():
                found.append((kind.strip('"'), name.strip('"'), body))
    return found


def wrong(kind: str, body: dict[str, Any]) -> list[str]:
    if kind not in KNOWN:
        return [f"the provider has no {kind}"]
    given = {name for name in body if not name.startswith("__")} - META
    allowed = set(KNOWN[kind]["required"]) | set(KNOWN[kind]["optional"])
    return [f"{kind} has no {name}" for name in sorted(given - allowed)] + [
        f"{kind} needs {name}" for name in sorted(set(KNOWN[kind]["required"]) - given)
    ]


@pytest.mark.parametrize(("kind", "name", "body"), resources())
def test_the_provider_has_it(kind: str, name: str, body: dict[str, Any]) -> None:
    assert wrong(kind, body) == [], name


def test_the_example_has_the_whole_of_the_applications_part() -> None:
    assert {kind for kind, _, _ in resources()} == set(KNOWN)


def test_each_variable_is_described_and_used() -> None:
    text = (EXAMPLE / "main.tf").read_text()
    for block in parsed("variables.tf")["variable"]:
        for name, body in block.items():
            name = name.strip('"')
            assert body["description"], name
            assert re.search(rf"\bvar\.{name}\b", text), f"{name} is not used"
    declared = {name.strip('"') for block in parsed("variables.tf")["variable"] for name in block}
    assert set(re.findall(r"\bvar\.(\w+)", text)) <= declared


def test_what_is_wrong_is_noticed() -> None:
    assert wrong("alicloud_kms_rule", {}) == ["the provider has no alicloud_kms_rule"]
    assert wrong("alicloud_kms_network_rule", {"name": "x"}) == [
        "alicloud_kms_network_rule has no name",
        "alicloud_kms_network_rule needs source_private_ip",
    ]
