"""What the C library is made of: bytes by the crate that they come from."""

from __future__ import annotations

import re
from collections import Counter

from harness import run
from places import LIBRARY

# Smaller crates are told together.
WORTH_A_LINE = 40_000

# What ring has in C and assembly bears its name, or is from BoringSSL.
RINGS = re.compile(r"_?(ring_core|GFp|bn_|vpaes|aes_|sha|chacha|x25519|p256|fiat|gcm|ecp_|k25519|LIMBS|x_ec|LENGTH)")


def measure() -> dict[str, int]:
    """Give the code of each crate and the other sections. The archive has the same code, and its symbols."""
    archive = LIBRARY.with_suffix(".a")
    code: Counter[str] = Counter()
    for line in run(["nm", "--print-size", "--demangle", "--defined-only", str(archive)]).splitlines():
        words = line.split(maxsplit=3)
        if len(words) == 4 and words[2] in "tTwW":
            code[_crate(words[3])] += int(words[1], 16)
    sections: Counter[str] = Counter()
    for line in run(["size", "-A", str(LIBRARY)]).splitlines():
        words = line.split()
        if words and words[0].startswith("."):
            sections[words[0]] += int(words[1])
    # The linker leaves out what nothing calls.
    whole = sum(code.values())
    share = sections[".text"] / whole
    parts = {f"code of {crate}": round(size * share) for crate, size in code.items() if size * share >= WORTH_A_LINE}
    parts["code of all others"] = sections[".text"] - sum(parts.values())
    named = {
        "unwinding": (".eh_frame", ".eh_frame_hdr", ".gcc_except_table"),
        "constants": (".rodata",),
        "pointers to be relocated": (".rela.dyn", ".data.rel.ro", ".relr.dyn"),
    }
    others = {what: sum(sections[name] for name in names) for what, names in named.items()}
    ordered = dict(sorted((parts | others).items(), key=lambda part: -part[1]))
    rest = LIBRARY.stat().st_size - sum(ordered.values())
    return ordered | {"all else": rest}


def _crate(symbol: str) -> str:
    if RINGS.match(symbol):
        return "ring"
    # The type whose method it is says more than the trait.
    found = re.match(r"<+(?:&|mut |dyn |\[)*([a-z_0-9]+)(?:::| as )", symbol) or re.match(r"([a-z_0-9]+)::", symbol)
    name = found.group(1) if found else "C and the system"
    if name in STANDARD:
        return "the standard library, with what is generic in it"
    return "kmsak" if name.startswith("kmsak") else name


STANDARD = ("core", "alloc", "std", "hashbrown", "gimli", "addr2line", "miniz_oxide", "rustc_demangle", "object")
