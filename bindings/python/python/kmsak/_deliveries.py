"""Runs what kmsak's threads have to tell, log lines and events and answers, on threads of Python's own.

A thread that was begun elsewhere must not run a program's listeners: the interpreter's end would stop it in the
middle of one, below functions that are not Python's. And nothing here imports anything later: when a process forks
while a thread in the background imports, the child inherits a locked import system.
"""

from __future__ import annotations

import _thread
import atexit
import logging
import os
import sys
from collections.abc import Callable

from kmsak import _errors, _kmsak


def begin() -> None:
    """Have messages delivered from now on until the interpreter ends. To be called once."""
    start_new_thread = _start_new_thread()

    def start(messages: _kmsak._Messages) -> None:
        start_new_thread(_deliver, (messages,))

    _kmsak._begin_deliveries(start, logging.getLogger("kmsak").log, _errors)
    atexit.register(_kmsak._stop_deliveries)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_kmsak._pause_deliveries, after_in_parent=_kmsak._resume_deliveries)


def _deliver(messages: _kmsak._Messages) -> None:
    for function, arguments in messages:
        try:
            function(*arguments)
        except BaseException as error:
            messages.failed(error, function)


def _start_new_thread() -> Callable[..., int]:
    """Give what starts a thread, and not a greenlet, which gevent and eventlet put in its place."""
    original: Callable[..., int] = _thread.start_new_thread
    if (gevent := sys.modules.get("gevent.monkey")) is not None:
        original = gevent.get_original("_thread", "start_new_thread")
    elif (eventlet := sys.modules.get("eventlet.patcher")) is not None:
        original = eventlet.original("_thread").start_new_thread
    return original
