"""From a rejected AccessKey to the new one, after a rotation that nobody was told of."""

from __future__ import annotations

from collections import defaultdict

from emulator import SECRET, Emulator
from places import Effort
from spread import Spread, spread
from subject import Kind, Subject


def measure(emulator: Emulator, kinds: list[Kind], effort: Effort) -> dict[str, Spread]:
    """Give seconds, over connections that are open already."""
    # A secret a round: renewals of one and the same are rationed.
    names = emulator.managed_secrets("renewal", effort.renewal_rounds)
    found: dict[str, list[float]] = defaultdict(list)
    for kind in kinds:
        with Subject(kind, emulator.config("instance"), SECRET) as subject:
            subject.have_the_secret()
            subject.ask(f"many 1 {' '.join(names)}")
            for name in names:
                emulator.rotate(name)
                answer = subject.ask(f"renew 1 {name}")
                if answer["failed"]:
                    raise RuntimeError(f"{kind.name} did not renew {name}")
                found[kind.name].append(answer["seconds"])
    return {name: spread(values) for name, values in found.items()}
