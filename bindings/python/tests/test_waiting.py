"""A call's own time, what is below a failure, and the worlds of gevent and of small stacks."""

from __future__ import annotations

import asyncio
import datetime
import errno
import pathlib
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable

import kmsak
import pytest
from conftest import Emulator, refusal
from test_processes import run


def test_a_calls_own_time(emulator: Emulator, secret: str) -> None:
    async def nothing(credentials: kmsak.Credentials) -> None:
        """Never run."""

    # Nothing else ends a call in time.
    deadlines = {"fetch_deadline": "600000", "renew_deadline": "600000"}
    with kmsak.Provider(properties_file=emulator.config, properties=deadlines) as provider:
        cached = emulator.new_secret()
        old = provider.credentials(cached, timeout=60)
        calls: list[Callable[[], object]] = [
            lambda: provider.credentials(secret, timeout=0.05),
            lambda: provider.secret(secret, timeout=datetime.timedelta(milliseconds=50)),
            lambda: provider.secret_at_stage(cached, "ACSPrevious", timeout=0),
            lambda: provider.refresh(cached, timeout=0.05),
            lambda: provider.renew(cached, old.access_key_id, timeout=0.05),
            lambda: provider.call_within(0.05, secret, str),
            lambda: provider.with_credentials(secret, timeout=0.05)(str)(),
            lambda: asyncio.run(provider.call_within_async(0.05, secret, nothing)),
            lambda: asyncio.run(provider.credentials_async(secret, timeout=0.05)),
            lambda: asyncio.run(provider.secret_async(secret, timeout=0.05)),
            lambda: asyncio.run(provider.secret_at_stage_async(cached, "ACSPrevious", timeout=0)),
            lambda: asyncio.run(provider.refresh_async(cached, timeout=0.05)),
            lambda: asyncio.run(provider.renew_async(cached, old.access_key_id, timeout=0.05)),
        ]
        with emulator.fault(kind="hang"):
            for call in calls:
                with pytest.raises(kmsak.TimedOutError, match="the fetch goes on") as caught:
                    call()
                assert isinstance(caught.value, TimeoutError)
                assert isinstance(caught.value, kmsak.NetworkError)
                assert (caught.value.kind, caught.value.retryable, caught.value.code) == ("network", True, None)
            assert provider.credentials(cached, timeout=0) == old
            assert asyncio.run(provider.credentials_async(cached, timeout=0)) == old
        # What was given up goes on for the others.
        assert provider.credentials(secret, timeout=60).access_key_id == emulator.current(secret)["AccessKeyId"]


def test_a_call_waits_no_longer_for_a_newer_access_key(emulator: Emulator, secret: str) -> None:
    class RejectedError(Exception):
        code = "InvalidAccessKeyId.NotFound"

    def reject(credentials: kmsak.Credentials) -> None:
        raise RejectedError

    async def reject_async(credentials: kmsak.Credentials) -> None:
        raise RejectedError

    with kmsak.Provider.from_file(emulator.config) as provider:
        provider.credentials(secret)
        with emulator.fault(kind="hang"):
            calls: list[Callable[[], None]] = [
                lambda: provider.call_within(0.05, secret, reject),
                lambda: asyncio.run(provider.call_within_async(0.05, secret, reject_async)),
            ]
            for call in calls:
                with pytest.raises(RejectedError) as caught:
                    call()
                assert isinstance(caught.value.__cause__, kmsak.TimedOutError)
        # Before the rotation: the renewal that goes on in the background may bring the new one at any time after it.
        first = provider.cached_credentials(secret)
        assert first is not None
        emulator.rotate(secret)

        def service(credentials: kmsak.Credentials, word: str, *, timeout: int) -> str:
            if credentials.access_key_id == first.access_key_id:
                raise RejectedError
            return f"{word} {timeout}"

        # The function's own arguments stay its own.
        assert provider.call_within(60, secret, service, "word", timeout=7) == "word 7"


@pytest.mark.parametrize(("timeout", "error"), [(-1, ValueError), ("1s", TypeError), (True, TypeError)])
def test_a_time_that_cannot_be(provider: kmsak.Provider, secret: str, timeout: object, error: type[Exception]) -> None:
    provider.credentials(secret)
    with pytest.raises(error, match=r"^timeout: "):
        provider.credentials(secret, timeout=timeout)  # type: ignore[arg-type]
    with pytest.raises(error, match=r"^timeout: "):
        provider.credentials_async(secret, timeout=timeout).send(None)  # type: ignore[arg-type]


def test_what_the_system_said_is_the_cause(emulator: Emulator) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        endpoint = f"127.0.0.1:{unheard.getsockname()[1]}"
        with (
            kmsak.Provider(
                gateways=[kmsak.Gateway.instance(endpoint=endpoint)],
                client_key_file=emulator.directory / "clientKey.json",
                client_key_password_file=emulator.directory / "clientKey_Password.txt",
                fetch_deadline=1,
            ) as provider,
        ):
            error = refusal(kmsak.NetworkError, lambda: provider.secret("any"), ConnectionRefusedError)
    cause = error.__cause__
    assert isinstance(cause, ConnectionRefusedError)
    assert (cause.errno, str(cause)) == (errno.ECONNREFUSED, f"[Errno {errno.ECONNREFUSED}] Connection refused")
    assert "direct cause" in "".join(traceback.format_exception(error))


def test_what_a_library_said_is_the_cause(emulator: Emulator) -> None:
    # Nobody vouches for the emulator's certificate.
    gateway = kmsak.Gateway.instance(endpoint=emulator.endpoint("instance"))
    with (
        kmsak.Provider(
            gateways=[gateway],
            client_key_file=emulator.directory / "clientKey.json",
            client_key_password_file=emulator.directory / "clientKey_Password.txt",
            fetch_deadline=1,
        ) as provider,
    ):
        error = refusal(kmsak.TlsError, lambda: provider.secret("any"))
    assert type(error.__cause__) is Exception
    assert "certificate" in str(error.__cause__)


def test_an_error_with_nothing_below_has_no_cause(provider: kmsak.Provider) -> None:
    with pytest.raises(kmsak.NotFoundError) as caught:
        provider.secret("no/such")
    assert caught.value.__cause__ is None


def test_properties_as_text(emulator: Emulator, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = pathlib.Path(emulator.config).read_text()
    # Paths in it are seen from the working directory.
    monkeypatch.chdir(emulator.directory)
    with kmsak.Provider(properties_text=text) as provider:
        assert provider.credentials(secret).access_key_id == emulator.current(secret)["AccessKeyId"]
    with pytest.raises(kmsak.ConfigurationError, match="rotation_interval"):
        kmsak.Provider(properties_text=text + "\nrotation_interval=nonsense\n")
    with pytest.raises(TypeError, match=r"^properties_text: "):
        kmsak.Provider(properties_text=17)  # type: ignore[arg-type]


GEVENT = """
import gevent.monkey
gevent.monkey.patch_all()
import gevent
spawn = gevent.spawn

def in_a_thread(function, *arguments):
    return gevent.get_hub().threadpool.apply(function, arguments)
"""

EVENTLET = """
import warnings
warnings.simplefilter("ignore")
import eventlet
eventlet.monkey_patch()
import eventlet.tpool
spawn = eventlet.spawn
in_a_thread = eventlet.tpool.execute
"""


@pytest.mark.parametrize("world", [GEVENT, EVENTLET], ids=["gevent", "eventlet"])
def test_greenlets(emulator: Emulator, secret: str, world: str) -> None:
    command = [sys.executable, "-X", "faulthandler", "-c", f"{world}{GREENLETS}", emulator.config, secret]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        with emulator.fault(kind="hang", secret=secret):
            emulator.wait_until_a_fault_strikes()
            assert child.stdout is not None
            assert child.stdout.readline() == "others run\n"
        _, told = child.communicate(timeout=60)
    assert child.returncode == 0, told


GREENLETS = """
import logging, sys, time, kmsak

lines = []

class Lines(logging.Handler):
    def emit(self, record):
        lines.append(record.getMessage())

logger = logging.getLogger("kmsak")
logger.addHandler(Lines())
logger.setLevel(logging.DEBUG)
provider = kmsak.Provider.from_file(sys.argv[1])
events = []
provider.subscribe(events.append)
turns = 0

def others():
    global turns
    while True:
        turns += 1
        if turns == 50:
            print("others run", flush=True)
        time.sleep(0.001)

spawn(others)
fetched = in_a_thread(provider.credentials, sys.argv[2])
assert turns >= 50, turns
assert provider.credentials(sys.argv[2]) == fetched
until = time.monotonic() + 60
while not (events and lines):
    assert time.monotonic() < until
    time.sleep(0.001)
assert type(events[0]) is kmsak.Fetched
"""


def test_a_small_stack_is_enough(emulator: Emulator, secret: str) -> None:
    program = """
import sys, threading, kmsak
provider = kmsak.Provider.from_file(sys.argv[1])

def work():
    provider.credentials(sys.argv[2])
    provider.refresh(sys.argv[2])
    provider.stats()
    try:
        provider.secret("no/such")
    except kmsak.NotFoundError:
        done.append(True)

done = []
threading.stack_size(int(sys.argv[3]))
thread = threading.Thread(target=work)
thread.start()
thread.join()
assert done
"""
    ended = run(program, emulator.config, secret, str(128 << 10))
    assert ended.returncode == 0, ended.stderr
