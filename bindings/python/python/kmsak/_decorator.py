"""Provider.with_credentials(...) as a decorator."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import timedelta

    from kmsak._provider import Provider


def decorator(provider: Provider, name: str, timeout: timedelta | float | None) -> Callable[[Any], Any]:
    """Give what Provider.with_credentials promises."""

    def decorate(function: Any) -> Any:
        if isinstance(function, staticmethod):
            return staticmethod(_wrapped(provider, name, timeout, function.__func__, bound=False))
        if isinstance(function, classmethod):
            return classmethod(_wrapped(provider, name, timeout, function.__func__, bound=True))
        if _is_in_a_class(function):
            return _OfAClass(provider, name, timeout, function)
        return _wrapped(provider, name, timeout, function, bound=False)

    return decorate


def _is_in_a_class(function: Any) -> bool:
    """Whether it was defined in the body of a class."""
    scope, _, _ = getattr(function, "__qualname__", "").rpartition(".")
    is_unbound = inspect.isroutine(function) and not inspect.ismethod(function)
    return is_unbound and bool(scope) and not scope.endswith("<locals>")


class _OfAClass:
    """A function in a class: whether the credentials come first or after ``self`` is seen by how it is reached.

    Reached through an instance or the class it is a method like any other. ``@staticmethod`` above it gives it out as
    it is.
    """

    def __init__(self, provider: Provider, name: str, timeout: timedelta | float | None, function: Any) -> None:
        static = _wrapped(provider, name, timeout, function, bound=False)
        functools.update_wrapper(self, static)
        self._static = static
        self._method = _wrapped(provider, name, timeout, function, bound=True)
        if inspect.iscoroutinefunction(static) and hasattr(inspect, "markcoroutinefunction"):
            inspect.markcoroutinefunction(self)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self._method.__get__(instance, owner)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        run = self._method if self._is_classmethod_of(args) else self._static
        return run(*args, **kwargs)

    def _is_classmethod_of(self, args: tuple[Any, ...]) -> bool:
        """Whether ``@classmethod`` stands above: from Python 3.13 on it calls what it decorates without binding it."""
        if not args or not isinstance(args[0], type):
            return False
        attributes = (attribute for one in args[0].__mro__ for attribute in vars(one).values())
        return any(isinstance(one, classmethod) and one.__func__ is self for one in attributes)


def _wrapped(provider: Provider, name: str, timeout: timedelta | float | None, function: Any, *, bound: bool) -> Any:
    called = function if inspect.isroutine(function) or isinstance(function, functools.partial) else function.__call__
    if inspect.isgeneratorfunction(called) or inspect.isasyncgenfunction(called):
        raise TypeError(
            "with_credentials cannot renew and run a generator again: make it return a list, or use call() for each "
            "request inside it"
        )

    if inspect.iscoroutinefunction(called):

        async def run_async(*args: Any, **kwargs: Any) -> Any:
            part = functools.partial(function, args[0]) if bound else function
            return await provider._call_async(name, timeout, part, args[1:] if bound else args, kwargs)

        run: Callable[..., Any] = run_async
    else:

        def run_sync(*args: Any, **kwargs: Any) -> Any:
            part = functools.partial(function, args[0]) if bound else function
            return provider._call(name, timeout, part, args[1:] if bound else args, kwargs)

        run = run_sync

    functools.update_wrapper(run, function)
    _hide_credentials(run, _signature(function), 1 if bound else 0)
    return run


def _hide_credentials(run: Any, signature: inspect.Signature | None, position: int) -> None:
    """Take the credentials out of what inspect and web frameworks see, as callers do not pass them."""
    if signature is None:
        return
    parameters = list(signature.parameters.values())
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if position < len(parameters) and parameters[position].kind in named:
        hidden = parameters.pop(position)
        run.__annotations__ = {key: value for key, value in run.__annotations__.items() if key != hidden.name}
    run.__signature__ = signature.replace(parameters=parameters)


def _signature(function: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except ValueError:
        # Some functions written in C do not tell.
        return None
