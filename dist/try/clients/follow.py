"""As follow.c, and as follow.mjs with a third argument."""

import os
import sys
import time

import kmsak

SECRET = "acs/ram/user/app"
file = sys.argv[3] if len(sys.argv) > 3 else None


def say(line: str) -> None:
    if file is None:
        print(line, flush=True)
    else:
        with open(file, "a") as said:
            said.write(f"{line}\n")


providers = [kmsak.Provider.from_file(path) for path in sys.argv[1:3]]
ids = [provider.credentials(SECRET).access_key_id for provider in providers]
for one in ids:
    say(one)
if file is None:
    sys.stdin.readline()
else:
    while not os.path.exists(f"{file}.go"):
        time.sleep(0.1)
say(providers[0].renew(SECRET, ids[0]).access_key_id)
