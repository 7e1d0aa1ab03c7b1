"""As follow.c."""

import sys

import kmsak

SECRET = "acs/ram/user/app"
providers = [kmsak.Provider.from_file(path) for path in sys.argv[1:3]]
ids = [provider.credentials(SECRET).access_key_id for provider in providers]
print("\n".join(ids), flush=True)
sys.stdin.readline()
print(providers[0].renew(SECRET, ids[0]).access_key_id, flush=True)
