"""Events for ``async for``."""

from __future__ import annotations

import asyncio
import collections
import weakref
from types import TracebackType
from typing import TYPE_CHECKING

from kmsak._events import Event

if TYPE_CHECKING:
    from typing_extensions import Self

    from kmsak._provider import Provider

_LENGTH = 1024


class EventStream:
    """The events of a provider since the stream was made, for one task of one event loop: Provider.events()."""

    def __init__(self, provider: Provider) -> None:
        # Somebody has to go on publishing.
        self._provider = provider
        self._loop = asyncio.get_running_loop()
        self._waiting: collections.deque[Event] = collections.deque(maxlen=_LENGTH)
        self._something = asyncio.Event()
        self._ended = False
        stream = weakref.ref(self)
        loop = self._loop

        def arrived(event: Event) -> None:
            this = stream()
            if this is not None:
                _call_soon(loop, this._put, event)

        self._subscription = provider._listen(arrived)

    def close(self) -> None:
        """End the stream, from any thread: what has arrived can still be read, then ``async for`` ends."""
        self._subscription.unsubscribe()
        _call_soon(self._loop, self._end)

    def _put(self, event: Event) -> None:
        self._waiting.append(event)
        self._something.set()

    def _end(self) -> None:
        self._ended = True
        self._something.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._something.clear()
            await self._something.wait()
        return self._waiting.popleft()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


EventStream.__module__ = "kmsak"


def _call_soon(loop: asyncio.AbstractEventLoop, function: object, *arguments: object) -> None:
    try:
        loop.call_soon_threadsafe(function, *arguments)  # type: ignore[arg-type]
    except RuntimeError:
        # A closed loop has nobody who waits.
        if not loop.is_closed():
            raise
