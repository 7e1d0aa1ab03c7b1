"""Where everything is that was built or installed, and which subjects there are."""

from __future__ import annotations

import dataclasses
import os
import pathlib

from subject import Kind

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUBJECTS = ROOT / "benches" / "subjects"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
WORK = TARGET / "benches"
RELEASE = TARGET / "release"
PROGRAM = RELEASE / "kmsak"
# As tests have it: a quick run does not wait for another build.
TEST_PROGRAM = TARGET / "debug" / "kmsak"
LIBRARY = RELEASE / "libkmsak.so"
PYTHON = TARGET / "python-venv" / "bin" / "python"
OFFICIAL_PYTHON = TARGET / "python-official-venv" / "bin" / "python"
JAVA_CLASSES = ROOT / "benches" / "java" / "target"


def class_path() -> str:
    """Give the class path of the JVM's benchmarks."""
    return f"{JAVA_CLASSES / 'classes'}:{(JAVA_CLASSES / 'classpath.txt').read_text().strip()}"


def class_path_without_official() -> str:
    """Give what an application has that kmsak serves: SLF4J, and not the official client with its dozens of jars."""
    kept = [
        one for one in class_path().split(":") if pathlib.Path(one).name.startswith(("classes", "kmsak-", "slf4j-"))
    ]
    return ":".join(kept)


def subjects() -> list[Kind]:
    """Give all subjects, each official client after the kmsak that it is compared with."""
    java = ("java", "-XX:+UseSerialGC", "-cp")
    subject = "io.kmsak.benches.Subject"
    return [
        Kind("Rust", "kmsak", (str(RELEASE / "examples" / "kmsak-subject"),)),
        Kind("C", "kmsak", (str(WORK / "c" / "subject"),), {"KMSAK_LIBRARY": str(LIBRARY)}),
        Kind("Python", "kmsak", (str(PYTHON), str(SUBJECTS / "python" / "subject.py"), "kmsak")),
        Kind("Python", "official", (str(OFFICIAL_PYTHON), str(SUBJECTS / "python" / "subject.py"), "official")),
        Kind("Node.js", "kmsak", ("node", str(SUBJECTS / "node" / "subject.mjs"))),
        Kind("Java", "kmsak", (*java, class_path_without_official(), subject, "kmsak")),
        Kind("Java", "official", (*java, class_path(), subject, "official")),
        Kind("Go", "official", (str(WORK / "go" / "subject"),)),
    ]


@dataclasses.dataclass(frozen=True)
class Effort:
    """How much is measured."""

    cold_rounds: int = 7
    read_rounds: int = 3
    read_seconds: float = 0.4
    idle_rounds: int = 3
    renewal_rounds: int = 7
    event_loop_rounds: int = 7
    crowd_threads: int = 16
    crowd_secrets: int = 40
