"""Removes a lab by its name alone: whoever made it may have been killed, at any moment."""

import os
import select
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass

from segctl.kernel.namespaces import inhabitants, named, remove, shielded
from segctl.lab import names
from segctl.lab.state import Folder

_GRACE = 2.0  # seconds between asking a process to end and ending it


@dataclass(frozen=True, slots=True)
class Removed:
    """What was there to remove."""

    namespaces: int
    processes: int

    def __bool__(self) -> bool:
        return bool(self.namespaces or self.processes)


def clean(lab: str) -> Removed:
    """Remove the lab: its listeners, what runs inside, its namespaces, its folder. Twice is as good as once.

    Raises AlreadyUp if somebody is making or removing it, and still is ten seconds later.
    """
    with Folder(lab).alone():
        return sweep(lab)


def sweep(lab: str) -> Removed:
    """The same for who holds the folder; interrupts wait until it is done."""
    folder = Folder(lab)
    with shielded():
        found = named(names.prefix(lab))
        listeners = folder.listeners()
        processes = {*inhabitants(found), *([listeners] if listeners is not None else [])}
        end(processes)
        if listeners is not None:
            _reap(listeners)
        for name in found:
            remove(name)
        folder.remove()
    return Removed(len(found), len(processes))


def end(processes: Iterable[int]) -> None:
    """Ask the processes to end, and end those that don't; return when all are gone."""
    opened = {}
    for pid in processes:
        try:
            opened[os.pidfd_open(pid)] = pid  # from here on the number can't become another process's
        except ProcessLookupError:
            continue
    _signal(opened, signal.SIGTERM)
    left = _wait(opened, _GRACE)
    _signal(left, signal.SIGKILL)
    _wait(left, _GRACE)
    for descriptor in opened:
        os.close(descriptor)


def _signal(processes: Iterable[int], number: signal.Signals) -> None:
    for descriptor in processes:
        try:
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            continue


def _wait(processes: dict[int, int], seconds: float) -> dict[int, int]:
    """Those that still live when the time is up. A pidfd is readable once its process has ended."""
    left = dict(processes)
    until = time.monotonic() + seconds
    while left and (rest := until - time.monotonic()) > 0:
        poll = select.poll()
        for descriptor in left:
            poll.register(descriptor, select.POLLIN)
        for descriptor, _ in poll.poll(rest * 1000):
            del left[descriptor]
    return left


def _reap(pid: int) -> None:
    """The listeners may be our own child, for whom nobody else waits: no zombie of ours stays."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
