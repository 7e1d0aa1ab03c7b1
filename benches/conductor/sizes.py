"""How large everything is that an application has to take along: bytes."""

from __future__ import annotations

import json
import pathlib

from harness import run
from places import JAVA_CLASSES, LIBRARY, OFFICIAL_PYTHON, PROGRAM, ROOT, TARGET, WORK

# What is in the environments for other reasons.
NOT_THE_CLIENTS = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence", "pyperf", "psutil")
NOT_THE_CLIENTS_EITHER = ("kmsak", "jmh", "jopt-simple", "commons-math3")


def measure() -> dict[str, int]:
    """Give it by what it is."""
    [wheel] = (TARGET / "python-wheels").glob("kmsak-*-abi3-*.whl")
    [jar] = (ROOT / "bindings" / "java" / "kmsak" / "target").glob("kmsak-*[0-9].jar")
    [package] = json.loads(run(["npm", "pack", "--dry-run", "--json", "--silent"], cwd=ROOT / "bindings" / "node"))
    [site_packages] = OFFICIAL_PYTHON.parents[1].glob("lib/python*/site-packages")
    class_path = (JAVA_CLASSES / "classpath.txt").read_text().strip().split(":")
    jars = [pathlib.Path(one) for one in class_path]
    return {
        "libkmsak.so": LIBRARY.stat().st_size,
        "kmsak's wheel": wheel.stat().st_size,
        "kmsak's npm package": package["size"],
        "kmsak's jar": jar.stat().st_size,
        "the kmsak program": PROGRAM.stat().st_size,
        "the official Python client, installed with what it needs": sum(
            file.stat().st_size
            for file in site_packages.rglob("*")
            if file.is_file() and not file.relative_to(site_packages).parts[0].startswith(NOT_THE_CLIENTS)
        ),
        "the official Java client, its jars and those it needs": sum(
            one.stat().st_size for one in jars if not one.name.startswith(NOT_THE_CLIENTS_EITHER)
        ),
        "a Go program with the official client": (WORK / "go" / "subject").stat().st_size,
    }
