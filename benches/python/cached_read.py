"""A cached read in Python, beside an empty call of a function in C with one argument.

Arguments: kmsak or official, then pyperf's. KMSAK_BENCH_CONFIG names the properties file.
"""

import os
import pathlib
import sys
from typing import Any

import pyperf

SUBJECTS = pathlib.Path(__file__).resolve().parents[1] / "subjects" / "python"
SECRET = "acs/ram/user/app"


def add_which(command: list[str], arguments: Any) -> None:
    """Let pyperf's own processes know, too."""
    command.append(arguments.which)


def main() -> None:
    """Measure it."""
    runner = pyperf.Runner(add_cmdline_args=add_which)
    runner.argparser.add_argument("which", choices=["kmsak", "official"])
    which = runner.parse_args().which
    sys.path.insert(0, str(SUBJECTS))
    if which == "kmsak":
        from kmsak_client import Kmsak as Client

        # The cheapest built-in function with an argument: looks at one field of its type.
        runner.timeit("empty call", "empty(name)", globals={"empty": callable, "name": SECRET})
    else:
        from official_client import Official as Client
    client = Client()
    client.load()
    client.open(os.environ["KMSAK_BENCH_CONFIG"])
    read = client.reader()
    assert read(SECRET)
    runner.timeit("cached read", "read(name)", globals={"read": read, "name": SECRET})
    client.close()


main()
