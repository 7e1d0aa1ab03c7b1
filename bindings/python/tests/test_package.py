"""The package itself: what it exports, what importing it costs, and its documentation."""

from __future__ import annotations

import importlib.metadata
import inspect
import pathlib
import pydoc
import subprocess
import sys

import kmsak
import pytest


def test_all_that_is_promised_is_there() -> None:
    for name in kmsak.__all__:
        assert getattr(kmsak, name) is not None
    assert set(kmsak.__all__) <= set(dir(kmsak))
    with pytest.raises(AttributeError, match="nothing_like_it"):
        getattr(kmsak, "nothing_like_it")  # noqa: B009
    assert kmsak.__version__ == importlib.metadata.version("kmsak")


def test_no_dependencies_and_a_type_marker() -> None:
    assert importlib.metadata.requires("kmsak") in (None, [])
    assert (pathlib.Path(kmsak.__file__).parent / "py.typed").exists()


def test_everything_public_is_documented() -> None:
    for name in kmsak.__all__:
        value = getattr(kmsak, name)
        if name.startswith("__"):
            continue
        assert inspect.getdoc(value), name
        if inspect.isclass(value) and value.__module__.startswith("kmsak"):
            for member, what in inspect.getmembers(value):
                inherited = member in dir(BaseException)
                if not member.startswith("_") and not inherited and (callable(what) or inspect.isdatadescriptor(what)):
                    assert inspect.getdoc(what), f"{name}.{member}"


def test_help_reads() -> None:
    text = pydoc.render_doc(
        kmsak,
        renderer=pydoc.plaintext,  # type: ignore[attr-defined]
    )
    for words in ("class Provider", "class Rotated", "from_file", "credentials(self, /, name)", "_async"):
        assert words in text


def test_import_is_lean() -> None:
    program = "import sys; before = set(sys.modules); import kmsak; print(*sorted(set(sys.modules) - before))"
    ended = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            "import sys; sys.path[:0] = sys.argv[1:]\n" + program,
            str(pathlib.Path(kmsak.__file__).parent.parent),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(ended.stdout.split())
    assert not loaded & {"asyncio", "dataclasses", "inspect", "logging", "typing", "json"}
