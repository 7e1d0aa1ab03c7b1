"""asyncio: nothing blocks the loop, and a cached value costs no task switch."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Coroutine
from typing import Any, TypeVar

import kmsak
import pytest
from conftest import Emulator
from test_provider import ServiceError

T = TypeVar("T")


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


def ended_at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Drive `coroutine` by hand, without any loop: it must end in its first step."""
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    value: T = ended.value.value
    return value


def test_a_cached_value_costs_no_task_switch(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    old = provider.credentials(secret)
    assert ended_at_once(provider.credentials_async(secret)) == old
    assert ended_at_once(provider.secret_async(secret)).version_id == old.version_id
    new_id = emulator.rotate(secret)
    provider.refresh(secret)
    assert ended_at_once(provider.renew_async(secret, old.access_key_id)).access_key_id == new_id
    provider.close()
    with pytest.raises(kmsak.ClosedError):
        provider.secret_async(secret).send(None)


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

    with emulator.fault(kind="hang", secret=secret):
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
            await asyncio.wait_for(waiting, 60)
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


def test_kmsaks_thread_never_waits_for_the_gil(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    """While one Python thread has the GIL, a failed fetch is logged, told and tried again."""
    provider.credentials(secret)
    provider.subscribe(repr)
    # Calls that keep the GIL for as long as they take.
    libc = ctypes.PyDLL(None)
    host = emulator.ready["admin"].split("://")[1]
    name, port = host.split(":")

    async def run() -> None:
        fault = {"kind": "error", "status": 503, "code": "ServiceUnavailable", "secret": secret, "times": 1}
        emulator.admin("POST", "/faults", fault)
        with socket.create_connection((name, int(port))) as admin:
            first = emulator.last_event() + 1
            # Answered once there is an event after the first: the second try.
            query = f"/events?since={first}&wait_ms=60000"
            admin.sendall(f"GET {query} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            task = asyncio.create_task(provider.refresh_async(secret))
            await asyncio.sleep(0)
            assert not task.done()
            answer = ctypes.create_string_buffer(65536)
            admin.setblocking(True)
            libc.recv(admin.fileno(), answer, len(answer), socket.MSG_WAITALL)
            events = json.loads(answer.value.split(b"\r\n\r\n", 1)[1])["events"]
            assert events[0]["sequence"] == first + 1
            await task

    asyncio.run(run())


def test_a_stream_keeps_its_provider_open(emulator: Emulator, secret: str) -> None:
    async def run() -> kmsak.Event:
        often = {"secret_names": secret, "rotation_interval": "100", "jitter_interval": "0"}
        async for event in kmsak.Provider(properties_file=emulator.config, properties=often).events():
            gc.collect()
            if isinstance(event, kmsak.Rotated):
                return event
            emulator.rotate(secret)
        raise AssertionError("the stream ended")

    event = asyncio.run(asyncio.wait_for(run(), 20))
    assert event.secret == secret  # type: ignore[attr-defined]


def test_a_stream_that_is_let_go_of_ends_its_subscription(provider: kmsak.Provider) -> None:
    async def run() -> weakref.ref[kmsak.Subscription]:
        return weakref.ref(provider.events()._subscription)

    subscription = asyncio.run(run())
    gc.collect()
    assert subscription() is None


def test_asyncio_while_the_interpreter_ends(emulator: Emulator, secret: str) -> None:
    """An atexit handler registered before kmsak was imported runs after kmsak's own."""
    program = """
import asyncio, atexit, sys
async def work():
    print((await provider.refresh_async(sys.argv[2])).version_id)
    try:
        await provider.secret_async("no/such")
    except kmsak.NotFoundError:
        print("not found")
atexit.register(lambda: asyncio.run(work()))
import kmsak
provider = kmsak.Provider.from_file(sys.argv[1])
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, emulator.config, secret],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert ended.stdout == f"{emulator.current(secret)['VersionId']}\nnot found\n"
