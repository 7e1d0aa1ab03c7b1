"""Provider.with_credentials on everything that can be called."""

from __future__ import annotations

import asyncio
import functools
import inspect
import typing
from collections.abc import AsyncIterator, Iterator

import kmsak
import pytest
from conftest import Emulator
from test_provider import ServiceError

F = typing.TypeVar("F")


class Same(typing.Protocol):
    """As with_credentials is typed where a type checker cannot follow."""

    def __call__(self, function: F, /) -> F: ...


@pytest.fixture
def ids(emulator: Emulator, provider: kmsak.Provider, secret: str) -> tuple[str, str]:
    """The AccessKey that is rejected, and the one after it."""
    return provider.credentials(secret).access_key_id, emulator.rotate(secret)


def use(credentials: kmsak.Credentials, first: str) -> str:
    if credentials.access_key_id == first:
        raise ServiceError("InvalidAccessKeyId.Inactive")
    return credentials.access_key_id


def test_a_function(provider: kmsak.Provider, secret: str, ids: tuple[str, str]) -> None:
    @provider.with_credentials(secret)
    def whoami(credentials: kmsak.Credentials, greeting: str, *, loud: bool = False) -> str:
        """Say who is asking."""
        return f"{greeting} {use(credentials, ids[0])}{'!' if loud else ''}"

    assert (whoami.__name__, whoami.__doc__) == ("whoami", "Say who is asking.")
    assert whoami("hello", loud=True) == f"hello {ids[1]}!"


def test_callers_see_no_credentials(provider: kmsak.Provider, secret: str) -> None:
    @provider.with_credentials(secret)
    def function(credentials: kmsak.Credentials, prefix: str, *, limit: int = 10) -> str:
        return prefix

    assert str(inspect.signature(function)) == "(prefix: 'str', *, limit: 'int' = 10) -> 'str'"
    assert typing.get_type_hints(function) == {"prefix": str, "limit": int, "return": str}

    @provider.with_credentials(secret)
    def anything(*args: object) -> None: ...

    assert list(inspect.signature(anything).parameters) == ["args"]

    class Service:
        @provider.with_credentials(secret)
        def method(self, credentials: kmsak.Credentials, prefix: str) -> str:
            return prefix

    assert list(inspect.signature(Service().method).parameters) == ["prefix"]
    # What is written in C may tell nothing of its parameters.
    assert callable(provider.with_credentials(secret)(max))


def test_methods_of_every_kind(provider: kmsak.Provider, secret: str, ids: tuple[str, str]) -> None:
    managed = typing.cast("Same", provider.with_credentials(secret))

    class Service:
        name = "service"

        @managed
        def method(self, credentials: kmsak.Credentials, word: str) -> str:
            return f"{self.name} {word} {use(credentials, ids[0])}"

        @managed
        async def coroutine(self, credentials: kmsak.Credentials, word: str) -> str:
            return f"{self.name} {word} {use(credentials, ids[0])}"

        @managed
        @classmethod
        def of_class(cls, credentials: kmsak.Credentials, word: str) -> str:
            return f"{cls.name} {word} {use(credentials, ids[0])}"

        @managed
        @staticmethod
        def static(credentials: kmsak.Credentials, word: str) -> str:
            return f"{word} {use(credentials, ids[0])}"

        @staticmethod
        @managed
        def also_static(key: kmsak.Credentials, word: str) -> str:
            return f"{word} {use(key, ids[0])}"

        @classmethod
        @managed
        def also_of_class(cls, key: kmsak.Credentials, word: str) -> str:
            return f"{cls.name} {word} {use(key, ids[0])}"

        @staticmethod
        @managed
        def of_another_class(key: kmsak.Credentials, other: type) -> str:
            return f"{other.__name__} {use(key, ids[0])}"

        def __call__(self, key: kmsak.Credentials) -> str:
            return f"{self.name} {use(key, ids[0])}"

        plain = managed(__call__)

    service: typing.Any = Service()
    of_class: typing.Any = Service
    assert service.method("says") == f"service says {ids[1]}"
    assert of_class.method(service, word="says") == f"service says {ids[1]}"
    assert asyncio.run(service.coroutine("says")) == f"service says {ids[1]}"
    assert service.of_class("says") == of_class.of_class("says") == f"service says {ids[1]}"
    assert service.static("says") == of_class.also_static("says") == service.also_static("says") == f"says {ids[1]}"
    assert service.also_of_class("says") == of_class.also_of_class("says") == f"service says {ids[1]}"
    assert service.of_another_class(Service) == of_class.of_another_class(Service) == f"Service {ids[1]}"
    assert service.plain() == f"service {ids[1]}"
    # A bound method has its `self` already.
    bound: typing.Any = provider.with_credentials(secret)(service)
    assert bound() == f"service {ids[1]}"

    class Heir(Service):
        name = "heir"

        def method(self, word: str) -> str:  # type: ignore[override]
            managed_method: typing.Any = super().method
            return f"an {managed_method(word)}"

    assert Heir().method("says") == f"an heir says {ids[1]}"
    heir: typing.Any = Heir
    assert heir.also_of_class("says") == f"heir says {ids[1]}"


def test_a_method_is_seen_as_one(provider: kmsak.Provider, secret: str) -> None:
    class Service:
        @provider.with_credentials(secret)
        def method(self, credentials: kmsak.Credentials, word: str) -> str:
            """Say it."""
            return word

        @provider.with_credentials(secret)
        async def coroutine(self, credentials: kmsak.Credentials) -> None: ...

    assert inspect.isfunction(Service.method)
    assert inspect.ismethod(Service().method)
    assert (Service.method.__qualname__.split(".")[-2:], Service.method.__doc__) == (["Service", "method"], "Say it.")
    assert list(inspect.signature(Service.method).parameters) == ["self", "word"]
    assert list(inspect.signature(Service().method).parameters) == ["word"]
    assert inspect.iscoroutinefunction(Service().coroutine)


def test_callable_objects(provider: kmsak.Provider, secret: str, ids: tuple[str, str]) -> None:
    class Asynchronous:
        async def __call__(self, credentials: kmsak.Credentials) -> str:
            return use(credentials, ids[0])

    class Synchronous:
        def __call__(self, credentials: kmsak.Credentials) -> str:
            return use(credentials, ids[0])

    coroutine = provider.with_credentials(secret)(Asynchronous())
    assert asyncio.iscoroutinefunction(coroutine)
    assert asyncio.run(coroutine()) == ids[1]
    assert provider.with_credentials(secret)(Synchronous())() == ids[1]
    assert provider.with_credentials(secret)(functools.partial(use, first=ids[0]))() == ids[1]


def test_generators_are_refused(provider: kmsak.Provider, secret: str) -> None:
    def generator(credentials: kmsak.Credentials) -> Iterator[int]:
        yield 1

    async def asynchronous(credentials: kmsak.Credentials) -> AsyncIterator[int]:
        yield 1

    class Object:
        def __call__(self, credentials: kmsak.Credentials) -> Iterator[int]:
            yield 1

    for function in (generator, asynchronous, Object(), functools.partial(generator)):
        with pytest.raises(TypeError, match="a generator"):
            provider.with_credentials(secret)(function)
