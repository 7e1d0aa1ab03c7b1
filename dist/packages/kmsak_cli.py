"""The program kmsak, under the name of its package: for `pipx run kmsak-cli` and `uvx kmsak-cli`."""

import os
import subprocess
import sys


def main() -> None:
    # pip lays both into one folder, and pipx links to them from another. As an entry point, so that this has an .exe on Windows.
    program = os.path.join(os.path.dirname(os.path.realpath(sys.argv[0])), "kmsak")
    if os.name == "nt":
        sys.exit(subprocess.call([program + ".exe", *sys.argv[1:]]))
    os.execv(program, [program, *sys.argv[1:]])
