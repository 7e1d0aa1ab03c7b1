"""The one wheel on every CPython at hand."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import kmsak
import pytest
from conftest import Emulator

# Of the stable ABI that the wheel is built for.
OLDEST = 10
NEWEST = 20


def candidates() -> list[str]:
    """Interpreters by the names that they usually have, on PATH and where pyenv keeps them."""
    names = [f"python3.{minor}" for minor in range(OLDEST, NEWEST)]
    folders = [pathlib.Path(folder) for folder in os.get_exec_path()]
    folders += sorted(pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")).glob("versions/*/bin"))
    return [sys.executable, *(str(folder / name) for folder in folders for name in names if (folder / name).exists())]


def interpreters() -> dict[str, str]:
    """Give one CPython for each version that the wheel is for."""
    found: dict[str, str] = {}
    question = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
    for candidate in candidates():
        told = subprocess.run([candidate, "-c", question], capture_output=True, text=True, check=False)
        # pyenv puts programs on PATH that only say that the version is not chosen.
        if told.returncode == 0 and told.stdout.startswith("cpython 3 "):
            found.setdefault(f"3.{told.stdout.split()[2]}", candidate)
    return found


@pytest.mark.parametrize(("version", "executable"), interpreters().items())
def test_the_wheel_works(
    emulator: Emulator, secret: str, tmp_path: pathlib.Path, version: str, executable: str
) -> None:
    # The package alone, as the other packages around it are for one version only.
    (tmp_path / "kmsak").symlink_to(pathlib.Path(kmsak.__file__).parent)
    smoke = pathlib.Path(__file__).with_name("smoke.py")
    ended = subprocess.run(
        [
            executable,
            # Of every fork, in 3.12 and later.
            "-Wignore:This process:DeprecationWarning",
            str(smoke),
            emulator.config,
            secret,
            emulator.new_secret(),
        ],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert f"done {emulator.current(secret)['AccessKeyId']}" in ended.stdout
    assert ended.stderr == ""


@pytest.mark.parametrize(("version", "executable"), interpreters().items())
def test_subinterpreters_are_refused(tmp_path: pathlib.Path, version: str, executable: str) -> None:
    (tmp_path / "kmsak").symlink_to(pathlib.Path(kmsak.__file__).parent)
    program = """
import sys
interpreters = __import__("_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters")
inner = "try: import kmsak\\nexcept ImportError as error: print('refused:', error, flush=True)"
for before in (True, False):
    interpreter = interpreters.create()
    interpreters.run_string(interpreter, inner)
    interpreters.destroy(interpreter)
    if before:
        import kmsak
"""
    ended = subprocess.run(
        [executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("refused: ") == 2, ended.stdout + ended.stderr
