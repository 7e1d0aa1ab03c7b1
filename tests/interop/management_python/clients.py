"""The official clients of the administrators of both accounts."""

from __future__ import annotations

import configparser
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from alibabacloud_tea_openapi.models import Config
from Tea.exceptions import TeaException

C = TypeVar("C")


def client(kind: Callable[[Config], C], emulator: Any, account: str = "default") -> C:
    """A client of any product: the shared gateway stands for the endpoints of all."""
    profiles = configparser.ConfigParser()
    profiles.read(emulator.directory / "operator.ini")
    return kind(
        Config(
            access_key_id=profiles[account]["access_key_id"],
            access_key_secret=profiles[account]["access_key_secret"],
            endpoint=emulator.ready["endpoints"]["shared"].removeprefix("https://"),
            protocol="HTTPS",
            ca=str(emulator.directory / "ca.pem"),
            region_id=emulator.ready["region"],
            # On a busy machine a handshake takes its time.
            connect_timeout=60_000,
            read_timeout=60_000,
        )
    )


def account_id(emulator: Any, account: str) -> str:
    found: str
    [found] = [one["id"] for one in emulator.ready["accounts"] if one["profile"] == account]
    return found


def refused(code: str, status: int, call: Any, *arguments: Any) -> None:
    with pytest.raises(TeaException) as failure:
        call(*arguments)
    assert (failure.value.code, failure.value.statusCode) == (code, status), failure.value.message
