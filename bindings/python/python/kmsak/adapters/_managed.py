"""What the adapters have in common: a provider and the name of a secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from typing import ParamSpec

    from kmsak import Provider

    _P = ParamSpec("_P")

_R = TypeVar("_R")


class Managed:
    """A managed RAM secret of a provider, for an SDK's client to sign with.

    The client asks for the AccessKey with each request, so a rotation reaches it at once. A request that was signed
    with an AccessKey already deleted is repeated by call().
    """

    def __init__(self, provider: Provider, name: str) -> None:
        self._provider = provider
        self._name = name

    def call(self, function: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run ``function(*args, **kwargs)``, a call of the SDK's client; renew and run it once more if it is rejected.

        The function must be one that can be repeated: a stream that was read half cannot be sent again.
        """
        return self._provider.call(self._name, lambda _credentials: function(*args, **kwargs))

    async def call_async(self, function: Callable[_P, Awaitable[_R]], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """As call(), for a function that is awaited."""

        async def run(_credentials: Any) -> _R:
            return await function(*args, **kwargs)

        return await self._provider.call_async(self._name, run)
