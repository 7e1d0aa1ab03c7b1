"""``python -m kmsak get SECRET``: the program ``kmsak`` as far as it prints secrets, where that is not installed.

Options, output and exit codes are the program's: 0 done, 2 the command line is wrong or asks for what cannot be, 3 the
configuration is wrong, 4 the ClientKey, 5 KMS cannot be reached, 6 it cannot be verified, 7 it refused, 8 there is no
such secret, 9 too many requests, 10 KMS failed, 1 anything else. Secrets go to standard output, all else to standard
error.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

import kmsak
from kmsak._command_get import FORMATS, CommandError, get

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

_LEVELS = {"off": 100, "error": 40, "warn": 30, "info": 20, "debug": 10, "trace": 5}
_LEVEL_NAMES = {40: "error", 30: "warning", 20: "info", 10: "debug", 5: "trace"}


class _StandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _say(f"{_LEVEL_NAMES.get(record.levelno, record.levelname)}: {record.getMessage()}")


def _say(line: str) -> None:
    print(f"kmsak: {line}", file=sys.stderr)


def _failure(error: kmsak.KmsakError) -> CommandError:
    message = str(error)
    for name, fact in (("code", error.code), ("request id", error.request_id)):
        # The sentence may name them already.
        if fact and fact not in message:
            message += f" [{name} {fact}]"
    return CommandError(message, _EXIT_CODES.get(error.kind, 1))


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument(
        "--log-level",
        choices=tuple(_LEVELS),
        metavar="LEVEL",
        help="how much to log on standard error: off, error (unless given; warn with --watch), warn, info, debug or "
        "trace",
    )
    description = "Managed AccessKeys from Alibaba Cloud KMS."
    parser = argparse.ArgumentParser(prog="python -m kmsak", description=description, parents=[common])
    parser.add_argument("-V", "--version", action="version", version=f"kmsak {kmsak.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "get", help="print a secret", description="Fetch a secret from KMS and print it.", parents=[common]
    )
    command.add_argument("secret", metavar="SECRET", help="its name, such as acs/ram/user/app")
    command.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        default=os.environ.get("KMSAK_CONFIG"),
        help="the properties file; without it and KMSAK_CONFIG the environment and "
        "managed_credentials_providers.properties in the working directory",
    )
    command.add_argument("-f", "--format", choices=FORMATS, default="json", help="json unless given")
    stage_or_watch = command.add_mutually_exclusive_group()
    stage_or_watch.add_argument(
        "--version-stage", metavar="STAGE", help="the stage label of the version, such as ACSPrevious"
    )
    stage_or_watch.add_argument("--watch", action="store_true", help="stay, and print it again after each change")
    return parser


def _log_at(level: str) -> None:
    logger = logging.getLogger("kmsak")
    logger.propagate = False
    logger.addHandler(_StandardError())
    logger.setLevel(_LEVELS[level])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program with these arguments, and give its exit code."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    level = getattr(parsed, "log_level", os.environ.get("KMSAK_LOG_LEVEL"))
    if level is not None and level not in _LEVELS:
        parser.error(f"KMSAK_LOG_LEVEL is {level!r}: expected one of {', '.join(_LEVELS)}")
    # Whoever stays wants to hear of refreshes that fail.
    _log_at(level or ("warn" if parsed.watch else "error"))
    # What is odd about the configuration must be seen in any case, and once.
    unseen = level is None and not parsed.watch
    try:
        get(parsed, warn=(lambda warning: _say(f"warning: {warning}")) if unseen else lambda _warning: None)
    except kmsak.KmsakError as error:
        failure = _failure(error)
    except CommandError as error:
        failure = error
    except KeyboardInterrupt:
        return 130
    else:
        return 0
    _say(str(failure))
    return failure.exit_code


if __name__ == "__main__":
    sys.exit(main())
