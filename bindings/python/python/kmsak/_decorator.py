"""Provider.with_credentials(...) as a decorator."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kmsak._provider import Provider


def decorator(provider: Provider, name: str) -> Callable[[Any], Any]:
    """Give what Provider.with_credentials promises."""

    def decorate(function: Any) -> Any:
        if isinstance(function, staticmethod):
            return staticmethod(_wrapped(provider, name, function.__func__, bound=False))
        if isinstance(function, classmethod):
            return classmethod(_wrapped(provider, name, function.__func__, bound=True))
        return _wrapped(provider, name, function, bound=_is_method(function))

    return decorate


def _is_method(function: Any) -> bool:
    """Whether it was defined in a class, and not for @staticmethod to come above this."""
    scope, _, _ = getattr(function, "__qualname__", "").rpartition(".")
    if not scope or scope.endswith("<locals>"):
        return False
    signature = _signature(function)
    return signature is None or next(iter(signature.parameters), None) != "credentials"


def _wrapped(provider: Provider, name: str, function: Any, *, bound: bool) -> Callable[..., Any]:
    called = function if inspect.isroutine(function) or isinstance(function, functools.partial) else function.__call__
    if inspect.isgeneratorfunction(called) or inspect.isasyncgenfunction(called):
        raise TypeError(
            "with_credentials cannot renew and run a generator again: make it return a list, or use call() for each "
            "request inside it"
        )

    if inspect.iscoroutinefunction(called):

        async def run_async(*args: Any, **kwargs: Any) -> Any:
            if bound:
                return await provider.call_async(name, functools.partial(function, args[0]), *args[1:], **kwargs)
            return await provider.call_async(name, function, *args, **kwargs)

        run: Callable[..., Any] = run_async
    else:

        def run_sync(*args: Any, **kwargs: Any) -> Any:
            if bound:
                return provider.call(name, functools.partial(function, args[0]), *args[1:], **kwargs)
            return provider.call(name, function, *args, **kwargs)

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
