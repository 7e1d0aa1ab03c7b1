"""Fetch a managed AccessKey from an emulator, call STS with it, rotate it, and carry on."""

import json
import os
import subprocess
import tempfile
import urllib.request

import kmsak
from alibabacloud_credentials.client import Client as CredentialClient
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.models import Config
from kmsak.adapters.alibabacloud_credentials import CredentialsProvider

SECRET = "acs/ram/user/app"


def main() -> None:
    """Run the demonstration."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [os.environ["KMSAK_BIN"], "emulator", "--dir", folder, "--test-keys"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as emulator,
    ):
        assert emulator.stdout is not None
        ready = json.loads(emulator.stdout.readline())
        try:
            carry_on(folder, ready)
        finally:
            emulator.terminate()


def carry_on(folder: str, ready: dict[str, dict[str, str]]) -> None:
    """Call STS, rotate without overlap, call it again."""
    with kmsak.Provider.from_file(f"{folder}/on_the_cloud.properties") as provider:
        managed = CredentialsProvider(provider, SECRET)
        endpoint = ready["endpoints"]["sts"].split("://")[1]
        client = StsClient(Config(credential=CredentialClient(provider=managed), endpoint=endpoint, protocol="http"))
        before = provider.credentials(SECRET).access_key_id
        print(f"python: {managed.call(client.get_caller_identity).body.arn} with {before}")
        rotation = urllib.request.Request(
            f"{ready['admin']}/rotations", json.dumps({"secret": SECRET}).encode(), method="POST"
        )
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(rotation).close()
        print("(rotated; the old AccessKey is deleted)")
        arn = managed.call(client.get_caller_identity).body.arn
        after = provider.credentials(SECRET).access_key_id
        assert after != before
        print(f"python: {arn} with {after}")


if __name__ == "__main__":
    main()
