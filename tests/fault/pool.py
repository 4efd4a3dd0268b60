"""Fault runs in two processes at once, as each waits half of its time: begun when the first test asks, in their order.

A test is decorated with the function that does its runs; what that raises is raised in the test.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest

from tests.fault.command import reaping
from tests.fault.lab import Lab

WORKERS = min(2, os.cpu_count() or 1)
_DEATH = 1  # linux/prctl.h: PR_SET_PDEATHSIG
_NEWNS, _SLAVE = 0x20000, 1 << 19 | 1 << 14  # linux/sched.h: CLONE_NEWNS; linux/mount.h: MS_SLAVE, MS_REC
_context = multiprocessing.get_context("fork")
T = TypeVar("T", bound=Callable[..., None])
Work = Callable[..., None]
"""Takes the Lab, and the test's parameters."""


def runs(work: Work) -> Callable[[T], T]:
    """The test asks for this."""

    def marked(test: T) -> T:
        vars(test)["work"] = work
        return test

    return marked


class Pool:
    """All runs of the tests that were collected."""

    def __init__(self, items: list[pytest.Item], fitness: bytes) -> None:
        self._tasks, self._answers = _context.Queue(), _context.Queue()
        self._found: dict[str, str] = {}
        for item in items:
            work = getattr(getattr(item, "function", None), "work", None)
            if work is not None:
                self._tasks.put((item.nodeid, work, parameters(item)))
        for _ in range(WORKERS):
            self._tasks.put(None)
        self._workers = [_context.Process(target=self._work, args=(fitness,)) for _ in range(WORKERS)]
        for worker in self._workers:
            worker.start()

    def result(self, item: pytest.Item) -> None:
        """Wait for its runs; AssertionError with what went wrong in them."""
        __tracebackhide__ = True
        while item.nodeid not in self._found:
            try:
                nodeid, wrong = self._answers.get(timeout=1)
                self._found[nodeid] = wrong
            except Empty:
                dead = [worker.exitcode for worker in self._workers if worker.exitcode]
                assert not dead, f"a worker has died: {dead}"
        if self._found[item.nodeid]:
            raise AssertionError(self._found[item.nodeid])

    def close(self) -> None:
        """Whatever still runs is ended, and cleans up."""
        for worker in self._workers:
            with suppress(ProcessLookupError):
                if worker.is_alive() and worker.pid:
                    os.kill(worker.pid, signal.SIGTERM)
        for worker in self._workers:
            worker.join()

    def _work(self, fitness: bytes) -> None:
        libc = ctypes.CDLL(None)
        libc.prctl(_DEATH, signal.SIGTERM, 0, 0, 0)
        assert libc.unshare(_NEWNS) == 0 and libc.mount(None, b"/", None, _SLAVE, None) == 0
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with TemporaryDirectory(prefix="segctl-fault-") as folder, reaping(), Lab(Path(folder), fitness) as lab:
            while (task := self._tasks.get()) is not None:
                nodeid, work, words = task
                wrong = ""
                try:
                    work(lab, **words)
                except Exception:
                    wrong = traceback.format_exc()
                self._answers.put((nodeid, wrong))


def parameters(item: pytest.Item) -> dict[str, Any]:
    """What a test is given of its own."""
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec is not None else {}
