"""How many requests reach KMS when many threads want many secrets, cold and after a rejection."""

from __future__ import annotations

from typing import TypedDict

from emulator import SECRET, Emulator
from places import Effort
from subject import Kind, Subject


class Crowd(TypedDict):
    """What one crowd did."""

    requests: int
    seconds: float
    failed: int


def measure(emulator: Emulator, kinds: list[Kind], effort: Effort) -> dict[str, dict[str, Crowd]]:
    """Give it by subject, for `cold` and `rejected`."""
    names = emulator.managed_secrets("crowd", effort.crowd_secrets)
    words = f"{effort.crowd_threads} {' '.join(names)}"
    found: dict[str, dict[str, Crowd]] = {}
    for kind in kinds:
        with Subject(kind, emulator.config("instance"), SECRET) as subject:
            subject.have_the_secret()
            cold = _count(emulator, subject, f"many {words}")
            for name in names:
                emulator.rotate(name)
            found[kind.name] = {"cold": cold, "rejected": _count(emulator, subject, f"renew {words}")}
    return found


def _count(emulator: Emulator, subject: Subject, command: str) -> Crowd:
    emulator.admin("DELETE", "/counters")
    answer = subject.ask(command)
    requests = emulator.admin("GET", "/counters")["requests"]
    return {
        "requests": sum(one["count"] for one in requests if one["action"] == "GetSecretValue"),
        "seconds": answer["seconds"],
        "failed": answer["failed"],
    }
