"""Answers of kmsak's threads for asyncio tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
Settle = Callable[[T | None, BaseException | None], None]


async def answer(begin: Callable[[Settle[T]], None], time_out: tuple[float, BaseException] | None) -> T:
    """Await what `begin` starts; it calls its argument with a value or an error on another thread.

    After the seconds of `time_out` its exception is raised instead.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: BaseException | None) -> None:
        try:
            loop.call_soon_threadsafe(_settle, future, value, error)
        except RuntimeError:
            # The loop is closed; so nobody awaits the answer.
            if not loop.is_closed():
                raise

    begin(settle)
    if time_out is None:
        return await future
    seconds, error = time_out
    timer = loop.call_later(seconds, _settle, future, None, error)
    try:
        return await future
    finally:
        timer.cancel()


def _settle(future: asyncio.Future[T], value: T | None, error: BaseException | None) -> None:
    if future.done():  # cancelled meanwhile
        return
    if error is not None:
        future.set_exception(error)
    else:
        assert value is not None
        future.set_result(value)
