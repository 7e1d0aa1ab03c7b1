"""``python -m kmsak get SECRET``: print a secret, for scripts and to try out a configuration.

Secrets go to standard output, all else to standard error. The exit codes are those of the program ``kmsak``: 0 done,
2 the command line is wrong, 3 the configuration, 4 the ClientKey, 5 KMS cannot be reached, 6 it cannot be verified, 7
it refused, 8 there is no such secret, 9 too many requests, 10 KMS failed, 1 anything else.
"""

from __future__ import annotations

import argparse
import base64
import json
import shlex
import sys
from collections.abc import Sequence

import kmsak

_EXIT_CODES = {
    "configuration": 3,
    "client_key": 4,
    "network": 5,
    "tls": 6,
    "denied": 7,
    "not_found": 8,
    "throttled": 9,
    "server": 10,
}


def _as_json(secret: kmsak.Secret, credentials: kmsak.Credentials | None) -> str:
    shown: dict[str, object] = {"SecretName": secret.name, "SecretType": secret.secret_type}
    if credentials is not None:
        shown["AccessKeyId"] = credentials.access_key_id
        shown["AccessKeySecret"] = credentials.access_key_secret
    elif secret.is_binary:
        shown["SecretData"] = base64.b64encode(secret.bytes).decode()
        shown["SecretDataType"] = "binary"
    else:
        shown["SecretData"] = secret.text
        shown["SecretDataType"] = "text"
    shown["VersionId"] = secret.version_id
    shown["VersionStages"] = secret.version_stages
    return json.dumps(shown, indent=2)


def _get(arguments: argparse.Namespace) -> str | bytes:
    opened = kmsak.Provider.from_file(arguments.config) if arguments.config else kmsak.Provider.from_env()
    with opened as provider:
        secret = provider.secret(arguments.secret)
        holds_access_key = secret.secret_type.lower() == "ramcredentials"
        credentials = provider.credentials(arguments.secret) if holds_access_key else None
    if arguments.format == "json":
        return _as_json(secret, credentials) + "\n"
    if arguments.format == "value":
        return secret.bytes
    if credentials is None:
        raise kmsak.ConfigurationError(
            f"{secret.name} is of type {secret.secret_type} and holds no AccessKey: use --format json or value"
        )
    return (
        f"export ALIBABA_CLOUD_ACCESS_KEY_ID={shlex.quote(credentials.access_key_id)}\n"
        f"export ALIBABA_CLOUD_ACCESS_KEY_SECRET={shlex.quote(credentials.access_key_secret)}\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program with these arguments, and give its exit code."""
    parser = argparse.ArgumentParser(prog="python -m kmsak", description="Managed AccessKeys from Alibaba Cloud KMS.")
    parser.add_argument("--version", action="version", version=f"kmsak {kmsak.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    get = commands.add_parser("get", help="print a secret", description="Fetch a secret from KMS and print it.")
    get.add_argument("secret", metavar="SECRET", help="its name, such as acs/ram/user/app")
    get.add_argument("--config", metavar="FILE", help="a properties file, instead of the usual places")
    get.add_argument("--format", choices=("json", "env", "value"), default="json", help="json unless given")
    parsed = parser.parse_args(arguments)
    try:
        output = _get(parsed)
    except kmsak.KmsakError as error:
        code = f" ({error.code}, request {error.request_id})" if error.code else ""
        print(f"kmsak: {error}{code}", file=sys.stderr)
        return _EXIT_CODES.get(error.kind, 1)
    except KeyboardInterrupt:
        return 130
    sys.stdout.buffer.write(output.encode() if isinstance(output, str) else output)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
