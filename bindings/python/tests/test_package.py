"""The package itself: what it exports, what importing it costs, and its documentation."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import pathlib
import pydoc
import shutil
import subprocess
import sys

import kmsak
import pytest
from kmsak import _kmsak


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
                inherited = member in dir(TimeoutError)
                if not member.startswith("_") and not inherited and (callable(what) or inspect.isdatadescriptor(what)):
                    assert inspect.getdoc(what), f"{name}.{member}"


def test_editors_show_the_same_documentation() -> None:
    """They read the stub, where the module is compiled."""
    stub = pathlib.Path(kmsak.__file__).with_name("_kmsak.pyi")

    def compare(node: ast.Module | ast.ClassDef, runtime: object) -> int:
        documented = 0
        for inner in node.body:
            if not isinstance(inner, (ast.FunctionDef, ast.ClassDef)) or inner.name.startswith("_"):
                continue
            # The subclass in Python says it better.
            if (runtime, inner.name) not in ((_kmsak, "Provider"), (_kmsak.Provider, "close")):
                assert ast.get_docstring(inner) == inspect.getdoc(getattr(runtime, inner.name)), inner.name
                documented += 1
            if isinstance(inner, ast.ClassDef):
                documented += compare(inner, getattr(runtime, inner.name))
        return documented

    assert compare(ast.parse(stub.read_text()), _kmsak) > 40


def test_what_only_kmsak_makes_has_no_constructor(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "program.py"
    names = ("Credentials", "Gateway", "Secret", "Subscription")
    program.write_text("import kmsak\n" + "".join(f"kmsak.{name}()\n" for name in names))
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), str(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.stdout.count("[call-arg]") == len(names), checked.stdout
    for name in names:
        with pytest.raises(TypeError):
            getattr(kmsak, name)()


def test_the_licence_is_in_the_package() -> None:
    licence = importlib.metadata.distribution("kmsak").read_text("licenses/LICENSE")
    assert licence == (pathlib.Path(__file__).resolve().parents[3] / "LICENSE").read_text()


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
    assert not loaded & {"asyncio", "dataclasses", "datetime", "inspect", "typing", "json"}


@pytest.mark.parametrize("binary", [None, b"\x7fELF of another machine"])
def test_a_native_module_that_cannot_be_loaded_is_told_in_one_sentence(
    tmp_path: pathlib.Path, binary: bytes | None
) -> None:
    here = pathlib.Path(_kmsak.__file__)
    shutil.copytree(here.parent, tmp_path / "kmsak", ignore=shutil.ignore_patterns(here.name, "__pycache__"))
    if binary is not None:
        (tmp_path / "kmsak" / here.name).write_bytes(binary)
    loaded = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import kmsak"],
        capture_output=True,
        text=True,
        check=False,
    )
    last = loaded.stderr.splitlines()[-1]
    assert loaded.returncode == 1
    assert last.startswith("ImportError: kmsak's native module cannot be loaded here ("), loaded.stderr
    assert "install kmsak with the pip of this Python" in last
    assert "circular import" not in last
