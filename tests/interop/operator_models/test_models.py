"""Every call of `kmsak admin` and `kmsak audit`, held against the models in the official SDKs.

The action is there, by the same method; each parameter is one that the model has, in the same place; each that the
model requires is always sent.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import subprocess
import typing
from typing import Any

import pytest

REQUIRED = "This parameter is required."


def calls() -> list[dict[str, Any]]:
    printed = subprocess.run([os.environ["KMSAK_BIN"], "admin", "calls"], check=True, capture_output=True)
    known: list[dict[str, Any]] = json.loads(printed.stdout)
    assert len(known) > 50, "the program knows fewer calls than it makes"
    return known


def package(call: dict[str, Any]) -> str:
    return f"alibabacloud_{call['product']}{call['version'].replace('-', '')}"


def request_class(call: dict[str, Any]) -> type:
    models = importlib.import_module(f"{package(call)}.models")
    found = getattr(models, f"{call['action']}Request", None)
    if found is None:
        # A call without parameters has no request.
        assert not call["parameters"], f"the SDK has no {call['action']}Request"
        return object
    assert isinstance(found, type)
    return found


def names(model: type) -> dict[str, str]:
    """The attributes of a model, by the names that they are sent under."""
    source = inspect.getsource(model)
    pairs = re.findall(r"if self\.(\w+) is not None:\s*\n\s*result\['([^']+)'\]", source)
    pairs += re.findall(r"result\['([^']+)'\] = \[\]\s*\n\s*if self\.(\w+) is not None", source)
    found = {}
    for first, second in pairs:
        attribute, sent = (first, second) if first.islower() else (second, first)
        found[sent] = attribute
    return found


def required(model: type) -> set[str]:
    by_attribute = {attribute: sent for sent, attribute in names(model).items()}
    needed, comment = set(), ""
    for line in inspect.getsource(vars(model)["__init__"]).splitlines():
        line = line.strip()
        if line.startswith("#"):
            comment += line
            continue
        assigned = re.match(r"self\.(\w+) = \1$", line)
        if assigned and REQUIRED in comment:
            needed.add(by_attribute[assigned.group(1)])
        comment = ""
    return needed


def item_class(model: type, sent: str) -> type | None:
    """The class of the items of a list that holds objects."""
    module = importlib.import_module(model.__module__.split(".models")[0] + ".models")
    found = getattr(module, f"{model.__name__}{sent}", None)
    return typing.cast("type | None", found)


def method_and_place(call: dict[str, Any]) -> tuple[str, str]:
    client = importlib.import_module(f"{package(call)}.client")
    source = inspect.getsource(client)
    [before, after] = source.split(f"action = '{call['action']}',", 1)
    body = before[before.rindex("    def ") :]
    method = re.search(r"method = '(\w+)'", after)
    assert method is not None
    return method.group(1), body


@pytest.mark.parametrize("call", calls(), ids=lambda call: f"{call['product']}.{call['action']}")
def test_the_model_has_the_call(call: dict[str, Any]) -> None:
    model = request_class(call)
    method, builds = method_and_place(call)
    assert call["method"] == method
    known = names(model) if model is not object else {}
    for parameter in call["parameters"]:
        name = parameter["name"]
        [top, *rest] = name.split(".")
        assert top in known, f"the model has no {top}: it has {sorted(known)}"
        if rest:
            assert rest[0] == "N", f"{name} is no list"
        if len(rest) > 1:
            item = item_class(model, top)
            assert item is not None, f"nothing is known of the items of {top}"
            assert rest[1] in names(item), f"the items of {top} have no {rest[1]}"
        in_body = f"body['{top}']" in builds or f"body_flat['{top}']" in builds
        assert parameter["in"] == ("body" if in_body else "query"), f"{top} stands elsewhere"


@pytest.mark.parametrize("call", calls(), ids=lambda call: f"{call['product']}.{call['action']}")
def test_what_the_model_requires_is_always_sent(call: dict[str, Any]) -> None:
    model = request_class(call)
    always = {parameter["name"].split(".")[0] for parameter in call["parameters"] if parameter["always"]}
    missing = (required(model) if model is not object else set()) - always
    assert not missing, f"required and not always sent: {missing}"


def test_the_comparison_notices_what_is_wrong() -> None:
    wrong = {"product": "kms", "version": "2016-01-20", "action": "CreatePolicy"}
    model = request_class({**wrong, "parameters": [{"name": "Name"}]})
    assert "PolicyName" not in names(model)
    assert {"Name", "Permissions", "Resources"} <= required(model)
