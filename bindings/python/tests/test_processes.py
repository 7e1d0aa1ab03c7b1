"""fork, spawn, gunicorn --preload, Ctrl-C and the interpreter's end, with real processes."""

from __future__ import annotations

import contextlib
import gc
import http.client
import multiprocessing
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from typing import Any

import kmsak
import pytest
from conftest import Emulator


def run(program: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **options,
    )


def in_fork(work: Any) -> None:
    """Run `work` in a forked child and fail if it raises or hangs."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(120)
            work()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert status == 0


def test_a_forked_child_reads_renews_and_closes(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    old = provider.credentials(secret)
    other = emulator.new_secret()
    new_id = emulator.rotate(secret)

    def work() -> None:
        assert provider.credentials(secret) == old
        assert provider.credentials(other).access_key_id
        assert provider.renew(secret, old.access_key_id).access_key_id == new_id
        provider.close()

    in_fork(work)
    in_fork(work)
    # The parent's own provider is as it was.
    assert provider.credentials(secret) == old
    assert provider.refresh(secret).version_id != old.version_id


def test_a_hundred_forks_while_threads_fetch(emulator: Emulator, secret: str) -> None:
    other = emulator.new_secret()
    stop = threading.Event()
    # A hundred renewals in a row are more than leaks explain.
    with kmsak.Provider(properties_file=emulator.config, renew_tokens=1000) as provider:

        def refresh() -> None:
            while not stop.is_set():
                provider.refresh(other)

        def work() -> None:
            assert provider.credentials(secret).access_key_id == old
            assert provider.renew(secret, old).access_key_id == new
            assert provider.credentials(other).access_key_id
            assert provider.refresh(secret).name == secret

        old = provider.credentials(secret).access_key_id
        threads = [threading.Thread(target=refresh) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(100):
                new = emulator.rotate(secret)
                in_fork(work)
                # The parent is as it was.
                assert provider.credentials(secret).access_key_id == old
                old = provider.renew(secret, old).access_key_id
                assert old == new
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def test_events_and_logs_in_a_forked_child(emulator: Emulator, secret: str) -> None:
    program = """
import logging, os, queue, sys, kmsak
logging.basicConfig(level=logging.DEBUG)
provider = kmsak.Provider.from_file(sys.argv[1])
events = queue.SimpleQueue()
subscription = provider.subscribe(events.put)
provider.credentials(sys.argv[2])
assert events.get(timeout=60).name == "fetched"
if os.fork() == 0:
    logging.getLogger().handlers[0].setFormatter(logging.Formatter("child %(message)s"))
    provider.refresh(sys.argv[2])
    assert events.get(timeout=60).name == "fetched"
    sys.exit(0)
_, status = os.wait()
assert status == 0, status
"""
    ended = run(program, emulator.config, secret)
    assert ended.returncode == 0, ended.stderr
    assert f"child fetched {secret}" in ended.stderr


def fetch_in_child(config: str, name: str) -> str:
    with kmsak.Provider.from_file(config) as provider:
        return provider.credentials(name).access_key_id


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(emulator: Emulator, secret: str, method: str) -> None:
    # In a process of its own, as pytest's is not a good parent for spawn.
    program = """
import multiprocessing, sys, kmsak

def child(config, name, pipe):
    with kmsak.Provider.from_file(config) as provider:
        pipe.send(provider.credentials(name).access_key_id)

if __name__ == "__main__":
    provider = kmsak.Provider.from_file(sys.argv[1])
    expected = provider.credentials(sys.argv[2]).access_key_id
    context = multiprocessing.get_context(sys.argv[3])
    here, there = context.Pipe()
    process = context.Process(target=child, args=(sys.argv[1], sys.argv[2], there))
    process.start()
    assert here.poll(60)
    assert here.recv() == expected
    process.join()
    assert process.exitcode == 0
"""
    file = pathlib.Path(emulator.directory.parent / "child_program.py")
    file.write_text(program)
    ended = subprocess.run(
        [sys.executable, str(file), emulator.config, secret, method],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_spawn_says_why_a_provider_cannot_be_sent(provider: kmsak.Provider) -> None:
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=print, args=(provider,))
    with pytest.raises(TypeError, match="open one in each process"):
        process.start()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
def test_gunicorn_with_preload(emulator: Emulator, secret: str, tmp_path: pathlib.Path, worker_class: str) -> None:
    (tmp_path / "app.py").write_text(
        """
import os, kmsak
provider = kmsak.Provider.from_file(os.environ["CONFIG"])
provider.credentials(os.environ["SECRET"])

def application(environ, start_response):
    if environ["PATH_INFO"] == "/refresh":
        provider.refresh(os.environ["SECRET"])
    body = f"{os.getpid()} {provider.credentials(os.environ['SECRET']).access_key_id}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""
    )
    port = free_port()
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "--preload",
            "--workers",
            "2",
            "--worker-class",
            worker_class,
            "--bind",
            f"127.0.0.1:{port}",
            "--graceful-timeout",
            "5",
            "app:application",
        ],
        cwd=tmp_path,
        env={**os.environ, "CONFIG": emulator.config, "SECRET": secret},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    try:
        lines: list[str] = []
        booted = 0
        while booted < 2:
            line = server.stderr.readline()
            assert line, "".join(lines)
            lines.append(line)
            booted += "Booting worker" in line

        def get(path: str) -> tuple[str, str]:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            with contextlib.closing(connection):
                connection.request("GET", path)
                answer = connection.getresponse()
                text = answer.read().decode()
                assert answer.status == 200, text
            worker, access_key_id = text.split()
            return worker, access_key_id

        old = emulator.current(secret)["AccessKeyId"]
        worker, seen = get("/")
        assert worker != str(server.pid)
        assert seen == old
        new_id = emulator.rotate(secret)
        assert get("/refresh")[1] == new_id
    finally:
        server.terminate()
        _, rest = server.communicate(timeout=60)
    assert server.returncode == 0, rest
    assert "Traceback" not in rest


def test_ctrl_c_ends_a_slow_fetch(emulator: Emulator, secret: str) -> None:
    program = """
import sys, kmsak
provider = kmsak.Provider.from_file(sys.argv[1])
try:
    provider.credentials(sys.argv[2])
except KeyboardInterrupt:
    print("interrupted")
"""
    with (
        emulator.fault(kind="hang", secret=secret),
        subprocess.Popen(
            [sys.executable, "-c", program, emulator.config, secret],
            stdout=subprocess.PIPE,
            text=True,
            # Only the signal ends it in time.
            env={**os.environ, "KMSAK_FETCH_DEADLINE": "600000"},
        ) as child,
    ):
        # The child is waiting by then.
        emulator.wait_until_a_fault_strikes()
        child.send_signal(signal.SIGINT)
        output, _ = child.communicate(timeout=60)
    assert output == "interrupted\n"
    assert child.returncode == 0


def test_a_signal_handler_runs_during_a_wait_and_the_wait_goes_on(emulator: Emulator, secret: str) -> None:
    handled: list[bool] = []
    during: list[bool] = []
    standing = threading.Event()

    def interrupt() -> None:
        with emulator.fault(kind="hang", secret=secret):
            standing.set()
            emulator.wait_until_a_fault_strikes()
            os.kill(os.getpid(), signal.SIGUSR1)
            until = time.monotonic() + 60
            while not handled and time.monotonic() < until:
                time.sleep(0.001)
            during.extend(handled)

    previous = signal.signal(signal.SIGUSR1, lambda *_: handled.append(True))
    try:
        with kmsak.Provider(properties_file=emulator.config, fetch_deadline=600) as provider:
            thread = threading.Thread(target=interrupt)
            thread.start()
            assert standing.wait(60)
            assert provider.credentials(secret).access_key_id
            thread.join()
            assert during == handled == [True]
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_the_gil_is_released_while_waiting(emulator: Emulator, secret: str) -> None:
    counted = 0
    with kmsak.Provider.from_file(emulator.config) as provider:
        thread = threading.Thread(target=provider.credentials, args=(secret,))
        with emulator.fault(kind="hang", secret=secret):
            thread.start()
            while counted < 100_000 and thread.is_alive():
                counted += 1
        assert counted == 100_000
        thread.join()


@pytest.mark.parametrize(
    "ending",
    [
        "pass",
        "sys.exit(0)",
        "provider.subscribe(print) and None",
        "subscription = provider.subscribe(print); cycle = [provider]; cycle.append(cycle)",
        "del provider",
        "import threading; threading.Thread(target=work).start()",
        "import threading; threading.Thread(target=work, daemon=True).start()",
        "import atexit; atexit.register(lambda: provider.refresh(sys.argv[2]))",
        "import asyncio; asyncio.run(provider.refresh_async(sys.argv[2]))",
        "import gc; gc.disable(); sys.modules['kept'] = provider",
    ],
)
def test_the_interpreter_ends_with_a_live_provider(emulator: Emulator, secret: str, ending: str) -> None:
    program = f"""
import sys, kmsak, logging
logging.basicConfig(level=logging.DEBUG)
provider = kmsak.Provider.from_file(sys.argv[1])
provider.credentials(sys.argv[2])
def work():
    for _ in range(20):
        provider.refresh(sys.argv[2])
{ending}
"""
    ended = run(program, emulator.config, secret)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr
    assert "Fatal" not in ended.stderr, ended.stderr


def test_the_interpreter_ends_during_a_wait_of_a_daemon_thread(emulator: Emulator, secret: str) -> None:
    program = """
import sys, threading, kmsak
provider = kmsak.Provider.from_file(sys.argv[1])
begun = threading.Event()
def work():
    begun.set()
    provider.credentials(sys.argv[2])
threading.Thread(target=work, daemon=True).start()
begun.wait()
"""
    with emulator.fault(kind="hang", secret=secret):
        ended = run(program, emulator.config, secret)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""


def test_dropping_a_provider_frees_it(emulator: Emulator, secret: str) -> None:
    def one() -> weakref.ref[kmsak.Provider]:
        provider = kmsak.Provider.from_file(emulator.config)
        provider.credentials(secret)
        return weakref.ref(provider)

    references = [one() for _ in range(5)]
    gc.collect()
    assert [reference() for reference in references] == [None] * 5


def test_memory_and_threads_are_given_back(emulator: Emulator, secret: str) -> None:
    program = """
import gc, os, sys, time, kmsak
def threads(): return len(os.listdir("/proc/self/task"))
def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
def one():
    with kmsak.Provider.from_file(sys.argv[1]) as provider:
        subscription = provider.subscribe(lambda event: None)
        provider.credentials(sys.argv[2])
        try:
            provider.secret("no/such")
        except kmsak.NotFoundError:
            pass
        for _ in range(2000):
            provider.credentials(sys.argv[2]).access_key_secret
for _ in range(10):
    one()
before = resident()
for _ in range(40):
    one()
gc.collect()
assert resident() - before < 8_000_000, (before, resident())
until = time.monotonic() + 60
while threads() > 3:
    assert time.monotonic() < until, os.listdir("/proc/self/task")
    time.sleep(0.01)
"""
    ended = run(program, emulator.config, secret)
    assert ended.returncode == 0, ended.stderr


def test_the_interpreter_ends_while_events_and_lines_are_delivered(emulator: Emulator, secret: str) -> None:
    program = """
import sys, kmsak, logging
logging.basicConfig(level=logging.DEBUG)
provider = kmsak.Provider.from_file(sys.argv[1])
def listener(event):
    sum(range(10_000))
subscriptions = [provider.subscribe(listener) for _ in range(8)]
provider.refresh(sys.argv[2])
"""
    for _ in range(8):
        ended = run(program, emulator.config, secret)
        assert ended.returncode == 0, ended.stderr
        assert "Fatal" not in ended.stderr


def test_a_forked_child_that_only_reads_is_refreshed(emulator: Emulator, secret: str) -> None:
    """The child reads the very same str over and over, and hears of a rotation all the same."""
    with kmsak.Provider(properties_file=emulator.config, rotation_interval=0.2, jitter_interval=0) as provider:
        old = provider.credentials(secret).access_key_id
        here, there = os.pipe()
        child = os.fork()
        if child == 0:
            signal.alarm(120)
            try:
                os.write(there, b"x")
                while provider.credentials(secret).access_key_id == old:
                    time.sleep(0.001)
                os._exit(0)
            finally:
                os._exit(1)
        os.read(here, 1)
        emulator.rotate(secret)
        _, status = os.waitpid(child, 0)
        assert status == 0
        os.close(here)
        os.close(there)


class Name(str):
    """Equal to no other name, though it says the same."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return False


def test_reading_sees_each_rotation_at_once(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    assert provider.credentials(secret) == provider.credentials(secret)
    same = provider.credentials(secret)
    assert provider.credentials(secret) is same
    other_name = emulator.new_secret()
    other = provider.credentials(other_name)
    assert other != same
    # The cache has changed: read once more, each name has its own answer, however the name was made.
    same = provider.credentials(secret)
    for _ in range(2):
        assert provider.credentials("".join(secret)) is same
        assert provider.credentials(other_name) == other
        assert provider.credentials(Name(secret)) == same
    for _ in range(3):
        new_id = emulator.rotate(secret)
        provider.refresh(secret)
        assert provider.credentials(secret).access_key_id == new_id
        assert provider.cached_credentials(secret) is provider.credentials(secret)
