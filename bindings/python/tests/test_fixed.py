"""Provider.fixed: a provider for tests, without network, files or an emulator."""

from __future__ import annotations

import asyncio
import os
import queue
import types
from typing import Any

import kmsak
import pytest
from test_provider import ServiceError

APP = "acs/ram/user/app"
TWO = [("LTAI1", "one"), ("LTAI2", "two")]


def test_hands_out_what_it_was_given() -> None:
    with kmsak.Provider.fixed({APP: ("LTAI1", "one"), "db": ["first", b"\xff"], "text": "x"}) as provider:
        assert isinstance(provider, kmsak.Provider)
        assert provider.cached_credentials(APP) is None
        credentials = provider.credentials(APP)
        assert (credentials.access_key_id, credentials.access_key_secret) == ("LTAI1", "one")
        assert provider.credentials(APP) is provider.cached_credentials(APP)
        assert provider.secret("db").text == "first"
        assert provider.refresh("db").bytes == b"\xff"
        assert provider.secret("db").is_binary
        assert provider.secret_at_stage("db", "ACSPrevious").text == "first"
        assert provider.secret("text").text == "x"
        assert provider.stats().endpoints == ()


def test_a_scripted_rotation() -> None:
    events: queue.Queue[kmsak.Event] = queue.Queue()
    with kmsak.Provider.fixed(types.MappingProxyType({APP: TWO})) as provider:
        provider.subscribe(events.put)

        @provider.with_credentials(APP)
        def use(credentials: kmsak.Credentials) -> str:
            if credentials.access_key_id != "LTAI2":
                raise ServiceError("InvalidAccessKeyId.NotFound")
            return credentials.access_key_secret

        assert use() == "two"
        told = [events.get(timeout=60) for _ in range(3)]
        assert kmsak.Rotated(APP, "LTAI1", "LTAI2") in told
        with pytest.raises(kmsak.ServerError):
            provider.renew(APP, "LTAI2")
        assert asyncio.run(provider.refresh_async(APP)).version_id == "v2"


def test_a_forked_child_goes_on() -> None:
    with kmsak.Provider.fixed({APP: TWO}) as provider:
        assert provider.credentials(APP).access_key_id == "LTAI1"
        child = os.fork()
        if child == 0:
            try:
                renewed = provider.renew(APP, "LTAI1").access_key_id
                os._exit(0 if renewed == "LTAI2" else 2)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        assert provider.credentials(APP).access_key_id == "LTAI1"


def test_what_it_was_not_given_is_not_found() -> None:
    with kmsak.Provider.fixed({APP: TWO, "empty": []}) as provider:
        for name in ("nobody", "empty"):
            with pytest.raises(kmsak.NotFoundError, match=f"no secret {name}"):
                provider.secret(name)


@pytest.mark.parametrize(
    ("secrets", "error", "words"),
    [
        ({APP: ("LTAI 1", "one")}, kmsak.ConfigurationError, f"AccessKey 1 of {APP} is none"),
        ({"a b": "x"}, kmsak.ConfigurationError, "cannot be a secret's name"),
        (None, TypeError, "secrets"),
        ("x", TypeError, "^secrets: expected a mapping .* not str"),
        ({1: "x"}, TypeError, "^secrets: expected a mapping"),
        ({APP: 1}, TypeError, "not int"),
        ({APP: ("LTAI1", "one", "more")}, TypeError, "^secrets: "),
        ({APP: [("LTAI1", "one"), None]}, TypeError, "NoneType in it"),
    ],
)
def test_what_makes_no_sense_is_told(secrets: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        kmsak.Provider.fixed(secrets)  # type: ignore[arg-type]


def test_a_cached_read_is_of_now_whatever_object_names_the_secret() -> None:
    names = [f"acs/ram/user/number{number}" for number in range(40)]
    versions = {name: [(f"old-{name}", "one"), (f"new-{name}", "two")] for name in names}
    with kmsak.Provider.fixed(versions) as provider:
        read = provider.credentials
        for age in ("old", "new"):
            for _ in range(3):
                for name in names:
                    same_text = "/".join(name.split("/"))
                    assert same_text is not name
                    found = [
                        read(name),
                        read(same_text),
                        read(name=name),
                        read(name, timeout=1),
                        provider.cached_credentials(name),
                    ]
                    assert {one.access_key_id for one in found if one} == {f"{age}-{name}"}
                    assert read(name) is read(name)
            for name in names:
                provider.refresh(name)
    for name in names:
        with pytest.raises(kmsak.ClosedError):
            read(name)
        assert provider.cached_credentials(name) is None
    calls: list[tuple[list[Any], dict[str, Any]]] = [([], {}), (names[:2], {}), ([3], {}), (names[:1], {"patience": 1})]
    for arguments, named in calls:
        with pytest.raises(TypeError):
            read(*arguments, **named)
