"""asyncio: nothing blocks the loop, and a cached value costs no task switch."""

from __future__ import annotations

import asyncio
import threading
import time

import kmsak
import pytest
from conftest import Emulator
from test_provider import ServiceError


def test_all_forms(emulator: Emulator, secret: str) -> None:
    async def run() -> None:
        async with kmsak.Provider.from_file(emulator.config) as provider:
            first, same = await asyncio.gather(provider.credentials_async(secret), provider.credentials_async(secret))
            assert first == same
            assert first.access_key_id == emulator.current(secret)["AccessKeyId"]
            assert (await provider.secret_async(secret)).version_id == first.version_id
            new_id = emulator.rotate(secret)
            assert (await provider.renew_async(secret, first.access_key_id)).access_key_id == new_id
            assert (await provider.refresh_async(secret)).version_id != first.version_id
            previous = await provider.secret_at_stage_async(secret, "ACSPrevious")
            assert previous.version_id == first.version_id
            with pytest.raises(kmsak.NotFoundError):
                await provider.credentials_async("acs/ram/user/nobody")
        assert provider.closed
        with pytest.raises(kmsak.ClosedError):
            await provider.credentials_async(secret)

    asyncio.run(run())


def test_a_cached_value_costs_no_task_switch(provider: kmsak.Provider, secret: str) -> None:
    credentials = provider.credentials(secret)
    # Driven by hand, without any loop: it ends in its first step.
    coroutine = provider.credentials_async(secret)
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    assert ended.value.value == credentials


def test_a_slow_fetch_does_not_block_the_loop(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    async def run() -> None:
        turns = 0
        with emulator.fault(kind="hang", secret=secret):
            task = asyncio.create_task(provider.credentials_async(secret))
            for _ in range(1000):
                await asyncio.sleep(0)
                turns += 1
            assert not task.done()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # The answer to the one that went away harms nobody.
            provider.close()
        assert turns == 1000

    asyncio.run(run())


def test_a_loop_that_is_closed_first(
    emulator: Emulator, provider: kmsak.Provider, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", told.append)

    async def run() -> None:
        task = asyncio.create_task(provider.credentials_async(secret))
        await asyncio.sleep(0)
        task.cancel()

    with emulator.fault(kind="latency", milliseconds=100, secret=secret):
        asyncio.run(run())
        assert provider.credentials(secret).access_key_id
    # The answer for the loop left just before the one above, on the same thread.
    provider.close()
    assert told == []


def test_call_async(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    first = provider.credentials(secret).access_key_id
    second = emulator.rotate(secret)

    async def service(credentials: kmsak.Credentials, word: str) -> str:
        await asyncio.sleep(0)
        if credentials.access_key_id == first:
            raise ServiceError("InvalidAccessKeyId.NotFound")
        return word + credentials.access_key_id

    assert asyncio.run(provider.call_async(secret, service, "id ")) == f"id {second}"

    @provider.with_credentials(secret)
    async def decorated(credentials: kmsak.Credentials, *, word: str) -> str:
        return await service(credentials, word)

    assert asyncio.iscoroutinefunction(decorated)
    assert asyncio.run(decorated(word="again ")) == f"again {second}"


def test_events(emulator: Emulator, secret: str) -> None:
    async def run() -> None:
        provider = kmsak.Provider.from_file(emulator.config)
        events = provider.events()
        old = await provider.credentials_async(secret)
        new_id = emulator.rotate(secret)
        await provider.refresh_async(secret)
        seen = []
        async for event in events:
            seen.append(event)
            if len(seen) == 3:
                break
        assert kmsak.Rotated(secret, old.access_key_id, new_id) in seen
        waiting = asyncio.create_task(events.__anext__())
        await asyncio.sleep(0)
        # From another thread, as a signal handler's helper would.
        thread = threading.Thread(target=provider.close)
        thread.start()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(waiting, 10)
        thread.join()
        assert [event async for event in events] == []

    asyncio.run(run())


def test_a_stream_that_nobody_reads_is_bounded(emulator: Emulator, provider: kmsak.Provider) -> None:
    async def run() -> None:
        async with provider.events() as events:
            for number in range(1500):
                events._put(kmsak.EndpointUp(str(number)))
            first = await events.__anext__()
            assert first == kmsak.EndpointUp("476")

    asyncio.run(run())


def test_the_answer_does_not_wait_for_a_busy_interpreter(
    emulator: Emulator, provider: kmsak.Provider, secret: str
) -> None:
    """kmsak's own thread never waits for the GIL: while one Python thread hogs it, fetches go on."""
    started = time.monotonic()
    provider.credentials(secret)

    async def run() -> None:
        task = asyncio.create_task(provider.refresh_async(secret))
        await asyncio.sleep(0)
        before = emulator.last_event()
        sum(range(2_000_000))
        await task
        assert emulator.last_event() >= before

    asyncio.run(run())
    assert time.monotonic() - started < 30
