#!python
"""The program kmsak, under the name of its package: for `pipx run kmsak-cli` and `uvx kmsak-cli`."""

import os
import subprocess
import sys

program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kmsak")
if os.name == "nt":
    sys.exit(subprocess.call([program + ".exe", *sys.argv[1:]]))
os.execv(program, [program, *sys.argv[1:]])
