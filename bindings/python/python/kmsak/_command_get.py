"""The command ``get``: a secret on standard output."""

from __future__ import annotations

import argparse
import errno
import os
import queue
import sys
from collections.abc import Callable

import kmsak
from kmsak._secret_text import CommandError, as_json, dotenv_line, shell_line, variables

__all__ = ["FORMATS", "CommandError", "get"]

FORMATS = ("json", "env", "dotenv", "value")


def get(arguments: argparse.Namespace, warn: Callable[[str], None]) -> None:
    """Print the secret, with `arguments.watch` again after each change."""
    with _open(arguments.config) as provider:
        for warning in provider._warnings:
            warn(warning)
        if arguments.watch:
            _watch(provider, arguments)
        elif arguments.version_stage is not None:
            _print(provider.secret_at_stage(arguments.secret, arguments.version_stage), arguments)
        else:
            _print(provider.secret(arguments.secret), arguments)


def _open(config: str | None) -> kmsak.Provider:
    # Whoever wants one secret must not wait for the others in secret_names.
    if config is None:
        return kmsak.Provider(usual_places=True, secret_names=[])
    return kmsak.Provider(properties_file=config, environment=True, secret_names=[])


def _watch(provider: kmsak.Provider, arguments: argparse.Namespace) -> None:
    events: queue.SimpleQueue[kmsak.Event] = queue.SimpleQueue()
    provider.subscribe(events.put)
    shown = provider.secret(arguments.secret)
    _print(shown, arguments)
    while True:
        event = events.get()
        if isinstance(event, kmsak.Fetched) and event.secret == shown.name and event.version_id != shown.version_id:
            shown = provider.secret(arguments.secret)
            _print(shown, arguments)


def _print(secret: kmsak.Secret, arguments: argparse.Namespace) -> None:
    if arguments.format == "json":
        data = (as_json(secret, indent=None if arguments.watch else 2) + "\n").encode()
    elif arguments.format == "env":
        data = "".join(shell_line(name, value) for name, value in variables(secret)).encode()
    elif arguments.format == "dotenv":
        data = "".join(dotenv_line(name, value) for name, value in variables(secret)).encode()
    else:
        data = secret.bytes
        if arguments.watch or (sys.stdout is not None and sys.stdout.isatty() and not data.endswith(b"\n")):
            data += b"\n"
    try:
        _write(data)
    except OSError as error:
        raise CommandError(f"cannot write to standard output: {error.strerror}", 1) from None


def _write(data: bytes) -> None:
    # Not through sys.stdout, which would try again when the interpreter ends, and complain again.
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(sys.stdout.fileno(), rest) :]
