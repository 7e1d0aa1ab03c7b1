"""A Python client as a subject of the benchmarks. Arguments: kmsak or official, CONFIG, SECRET."""

import sys

import protocol

if sys.argv.pop(1) == "kmsak":
    from kmsak_client import Kmsak as Client
else:
    from official_client import Official as Client
protocol.serve(Client())
