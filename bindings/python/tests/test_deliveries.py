"""Threads that carry log lines, events and answers, at a fork and at the interpreter's end."""

from __future__ import annotations

import asyncio
import builtins
import logging
import os
import pathlib
import queue
import subprocess
import sys
import threading
from typing import Any

import kmsak
import pytest
from conftest import Emulator
from test_interpreters import interpreters
from test_processes import run


def test_a_child_of_a_fork_right_after_the_first_fetch_imports(emulator: Emulator, secret: str) -> None:
    program = """
import os, signal, sys, kmsak
provider = kmsak.Provider.from_file(sys.argv[1])
for _ in range(20):
    provider.refresh(sys.argv[2])
    child = os.fork()
    if child == 0:
        signal.alarm(120)
        import logging, importlib
        for name in ("logging.handlers", "json", "decimal", "xml.dom.minidom"):
            importlib.import_module(name)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
"""
    ended = run(program, emulator.config, secret)
    assert ended.returncode == 0, ended.stderr


def test_a_fork_waits_for_a_log_handler_and_a_listener(emulator: Emulator, secret: str, tmp_path: pathlib.Path) -> None:
    """Or else the child would inherit their locks."""
    program = """
import logging, os, signal, sys, threading, time, kmsak

lock = threading.Lock()
entered = threading.Semaphore(0)
holds = []

def hold():
    begun = time.monotonic()
    entered.release()
    time.sleep(0.02)
    holds.append(time.monotonic() - begun)

class Slow(logging.Handler):
    def emit(self, record):
        with lock:
            hold()

logger = logging.getLogger("kmsak")
logger.addHandler(Slow())
logger.setLevel(logging.DEBUG)
provider = kmsak.Provider.from_file(sys.argv[1])
heard = threading.Lock()

def listener(event):
    with heard:
        hold()

provider.subscribe(listener)
good = 0
while good < 10:
    holds.clear()
    provider.refresh(sys.argv[2])
    entered.acquire()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        with lock, heard:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    # A fork waits for a second; whoever is not let run for longer may hold his lock then.
    assert status == 0 or max(holds, default=0) > 0.5, (status, holds)
    good += status == 0
"""
    ended = run(program, emulator.config, secret)
    assert ended.returncode == 0, ended.stderr


def test_a_listener_may_fork_and_a_slow_one_delays_a_fork_only_a_little(
    emulator: Emulator, provider: kmsak.Provider, secret: str
) -> None:
    statuses: queue.Queue[int] = queue.Queue()

    def forks(event: kmsak.Event) -> None:
        child = os.fork()
        if child == 0:
            os._exit(7)
        statuses.put(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    released = threading.Event()
    busy = threading.Event()
    waited_for = threading.Event()

    def slow(event: kmsak.Event) -> None:
        busy.set()
        if not released.wait(60):
            waited_for.set()

    with provider.subscribe(forks):
        provider.refresh(secret)
        assert statuses.get(timeout=60) == 7
    with provider.subscribe(slow):
        provider.refresh(secret)
        assert busy.wait(60)
        child = os.fork()
        if child == 0:
            os._exit(8)
        assert not waited_for.is_set()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 8
        released.set()


def test_nothing_is_imported_in_the_background(
    emulator: Emulator, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere: list[str] = []
    here = threading.get_ident()
    original = builtins.__import__

    def watched(name: str, *arguments: Any, **options: Any) -> Any:
        if threading.get_ident() != here:
            elsewhere.append(name)
        return original(name, *arguments, **options)

    events: queue.Queue[kmsak.Event] = queue.Queue()
    lines: queue.Queue[logging.LogRecord] = queue.Queue()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.put(record)

    logger = logging.getLogger("kmsak")
    handler = Handler()
    logger.addHandler(handler)
    monkeypatch.setattr(builtins, "__import__", watched)
    try:
        with kmsak.Provider.from_file(emulator.config) as provider:
            provider.subscribe(events.put)
            provider.refresh(secret)
            assert isinstance(events.get(timeout=60), kmsak.Fetched)

            async def fails() -> None:
                with pytest.raises(kmsak.NotFoundError):
                    await provider.refresh_async("no/such")

            asyncio.run(fails())
            failed = events.get(timeout=60)
            assert isinstance(failed, kmsak.RefreshFailed)
            assert isinstance(failed.error, kmsak.NotFoundError)
            assert "no/such" in lines.get(timeout=60).getMessage()
    finally:
        monkeypatch.undo()
        logger.removeHandler(handler)
    assert elsewhere == []


@pytest.mark.parametrize(("version", "executable"), interpreters().items())
def test_the_interpreter_ends_during_slow_listeners_and_log_handlers(
    emulator: Emulator, secret: str, tmp_path: pathlib.Path, version: str, executable: str
) -> None:
    (tmp_path / "kmsak").symlink_to(pathlib.Path(kmsak.__file__).parent)
    program = """
import logging, sys, threading, time, kmsak

begun = threading.Semaphore(0)

def for_ever(*_):
    begun.release()
    while True:
        time.sleep(0.01)

class Stuck(logging.Handler):
    # Not emit: logging itself would wait at exit, for the handler's lock.
    handle = for_ever

class Lingers:
    def __del__(self):
        # The others want to go on meanwhile.
        time.sleep(0.3)

provider = kmsak.Provider.from_file(sys.argv[1])
logger = logging.getLogger("kmsak")
logger.addHandler(Stuck())
logger.setLevel(logging.DEBUG)
provider.subscribe(for_ever)
provider.subscribe(lambda event: [for_ever() for _ in range(9)])
# Waits inside kmsak for what is not answered.
provider.subscribe(lambda event: begun.release() or provider.refresh("hangs"))
provider.refresh(sys.argv[2])
for _ in range(4):
    assert begun.acquire(timeout=60)
sys.modules["lingers"] = Lingers()
print("done", flush=True)
"""
    with emulator.fault(kind="hang", secret="hangs"):
        ended = subprocess.run(
            [executable, "-X", "faulthandler", "-c", program, emulator.config, secret],
            env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the limit counts other things than threads")
def test_where_the_system_has_no_thread_all_is_delivered_once_it_has(emulator: Emulator, secret: str) -> None:
    program = """
import asyncio, logging, os, queue, resource, sys, threading, kmsak

lines, events = queue.Queue(), queue.Queue()

class Handler(logging.Handler):
    def emit(self, record):
        lines.put(record.getMessage())

logger = logging.getLogger("kmsak")
logger.addHandler(Handler())
logger.setLevel(logging.DEBUG)
name = sys.argv[2]
provider = kmsak.Provider.from_file(sys.argv[1])
provider.subscribe(events.put)
provider.refresh(name)
events.get(timeout=60)
lines.get(timeout=60)

# The limit does not bind root.
if os.geteuid() == 0:
    os.setuid(65534)
most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
resource.setrlimit(resource.RLIMIT_NPROC, (0, most))
try:
    threading.Thread(target=print).start()
    sys.exit("the limit does not bind")
except RuntimeError:
    pass

async def asks():
    fetches = lambda: provider.stats().secrets[0].fetches
    for _ in range(5):
        provider.refresh(name)
    # What the last threads still delivered.
    while not lines.empty():
        lines.get()
    before = fetches()
    asked = asyncio.ensure_future(provider.refresh_async(name))
    while fetches() == before:
        await asyncio.sleep(0.01)
    provider.refresh(name)
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    # Nothing else happens that would have them delivered.
    await asyncio.wait_for(asked, 60)
    events.get(timeout=60)
    lines.get(timeout=60)

asyncio.run(asks())
print("all")
"""
    ended = run(program, emulator.config, secret)
    assert (ended.returncode, ended.stdout) == (0, "all\n"), ended.stderr


# kmsak with the program's own `start_new_thread`: gevent is asked for the way to start a thread.
STARTING_THREADS_SO = """
gevent = types.ModuleType("gevent.monkey")
gevent.get_original = lambda *_: start_new_thread
sys.modules["gevent.monkey"] = gevent
import kmsak
"""


def test_where_python_has_no_thread_it_is_asked_again_after_a_pause(emulator: Emulator, secret: str) -> None:
    program = (
        """
import logging, queue, sys, time, types, _thread

attempts, lines = [], queue.Queue()

def start_new_thread(*arguments):
    attempts.append(time.monotonic())
    if len(attempts) < 4:
        raise RuntimeError("can't start new thread")
    return _thread.start_new_thread(*arguments)
"""
        + STARTING_THREADS_SO
        + """
class Handler(logging.Handler):
    def emit(self, record):
        lines.put(record.getMessage())

logger = logging.getLogger("kmsak")
logger.addHandler(Handler())
logger.setLevel(logging.DEBUG)
provider = kmsak.Provider.from_file(sys.argv[1])
provider.refresh(sys.argv[2])
lines.get(timeout=60)
pauses = [after - before for before, after in zip(attempts, attempts[1:4])]
assert min(pauses) > 0.5, pauses
"""
    )
    ended = run(program, emulator.config, secret)
    assert ended.returncode == 0, ended.stderr


def test_a_fork_waits_for_a_thread_that_comes_into_python(emulator: Emulator, secret: str) -> None:
    program = (
        """
import logging, os, sys, threading, time, types, _thread

coming, is_coming = threading.Event(), False

def start_new_thread(*arguments):
    global is_coming
    is_coming = True
    coming.set()
    time.sleep(2)
    is_coming = False
    return _thread.start_new_thread(*arguments)
"""
        + STARTING_THREADS_SO
        + """
provider = kmsak.Provider.from_file(sys.argv[1])
logger = logging.getLogger("kmsak")
logger.addHandler(logging.NullHandler())
logger.setLevel(logging.DEBUG)
provider.refresh(sys.argv[2])
assert coming.wait(60)
child = os.fork()
if child == 0:
    os._exit(is_coming)
_, status = os.waitpid(child, 0)
assert status == 0, "forked meanwhile"
"""
    )
    ended = run(program, emulator.config, secret)
    assert ended.returncode == 0, ended.stderr


def test_slow_listeners_delay_nobody(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    released = threading.Event()
    told: queue.Queue[kmsak.Event] = queue.Queue()
    order: queue.Queue[kmsak.Event] = queue.Queue()

    def slow(event: kmsak.Event) -> None:
        assert released.wait(60)
        order.put(event)

    for _ in range(5):
        provider.subscribe(slow)
    provider.subscribe(told.put)
    for _ in range(3):
        provider.refresh(secret)
    versions = [told.get(timeout=60) for _ in range(3)]
    assert order.empty()
    new_id = emulator.rotate(secret)
    provider.refresh(secret)
    versions += [told.get(timeout=60) for _ in range(2)]
    assert isinstance(versions[-1], kmsak.Rotated)
    assert versions[-1].new_access_key_id == new_id
    released.set()
    heard = [order.get(timeout=60) for _ in range(25)]
    assert sorted(map(repr, heard)) == sorted([repr(one) for one in versions] * 5)
