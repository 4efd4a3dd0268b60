"""A command in a process of its own, as its user types it, that can be killed and in which faults can be put.

It is a fork of this one: what a fresh interpreter would load first (a third of a second) is there already. All else is
the command's own way: its words, its exit code, what it says on stdout and stderr.
"""

import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from segctl.apply import change, overrides, remove, rollback
from segctl.apply.step import Step
from segctl.apply.step import run as take
from segctl.cli.exits import guarded
from segctl.cli.main import run as type_in

_SUBREAPER = 36  # linux/prctl.h: PR_SET_CHILD_SUBREAPER
_LONGEST = 60.0  # seconds
_libc = ctypes.CDLL(None, use_errno=True)

Act = Callable[[], object]
Fault = Callable[[], object]
"""What is done in the command's own process, before it begins."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, or None and the signal that killed it. `times`: when each step began."""

    code: int | None
    killed: int
    out: str
    err: str
    times: tuple[float, ...] = ()

    @property
    def told(self) -> str:
        """All that it said."""
        return self.out + self.err


@dataclass(slots=True)
class At:
    """Where a command is killed: before its step of that number (None: never), or so many seconds later."""

    step: int | None = None
    later: float | None = None


@dataclass(slots=True)
class Steps:
    """What is done around the steps of a command, in its process. `marks`: where the beginning of each is told."""

    before: Callable[[int, str], object] = lambda at, name: None
    after: Callable[[int, str], object] = lambda at, name: None
    marks: int = field(default=-1)

    def put(self) -> None:
        """Into every list of steps that runs in this process from now on."""

        def run(steps: Sequence[Step[Any]], job: Any, told: Callable[[str], None]) -> None:
            take([self._around(at, step) for at, step in enumerate(steps)], job, told)

        for module in (change, rollback, overrides, remove):
            vars(module)["run"] = run

    def _around(self, at: int, step: Step[Any]) -> Step[Any]:
        def do(job: Any) -> None:
            if self.marks >= 0:
                os.write(self.marks, bytes([at]))
            self.before(at, step.name)
            step.do(job)
            self.after(at, step.name)

        return Step(step.name, do, step.undo)


def typed(*words: str) -> Act:
    """A command line."""
    return lambda: type_in(list(words))


def called(act: Callable[[], object]) -> Act:
    """A call, with the exit code and the words that the command line has for what it raises."""

    def done() -> int:
        act()
        return 0

    return lambda: guarded(done, lambda: False)


def command(
    act: Act, *faults: Fault, at: At | None = None, steps: Steps | None = None, longest: float = _LONGEST
) -> Ended:
    """Run it; kill it where `at` says. Waits for what it started, too: an orphaned nft may still do its part."""
    at, steps = at or At(), steps or Steps()
    mine, its = os.pipe()
    before = _children()
    with TemporaryFile() as out, TemporaryFile() as err:
        child = os.fork()
        if not child:
            os.close(mine)
            steps.marks = its
            _run(act, faults, steps, at, out.fileno(), err.fileno())
        os.close(its)
        times = _watched(child, mine, at, longest)
        status = _waited(child)
        os.close(mine)
        _settled(before)
        said, complained = (_read(one.fileno()) for one in (out, err))
    code = os.waitstatus_to_exitcode(status)
    return Ended(code if code >= 0 else None, max(0, -code), said, complained, tuple(times))


def _run(act: Act, faults: tuple[Fault, ...], steps: Steps, at: At, out: int, err: int) -> None:
    code = 99
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, descriptor in ((1, out), (2, err)):
            os.dup2(descriptor, number)
        sys.stdout, sys.stderr = (TextIOWrapper(os.fdopen(os.dup(n), "wb", 0), write_through=True) for n in (1, 2))
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.default_int_handler if one is signal.SIGINT else signal.SIG_DFL)
        if at.step is not None and at.later is None:
            _die_before(steps, at.step)
        steps.put()
        for fault in faults:
            fault()
        answer = act()
        code = answer if isinstance(answer, int) else 0
    except BaseException as error:
        os.write(2, f"Traceback: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _die_before(steps: Steps, step: int) -> None:
    """After the one before it, which is the same instant, and the only one after the last."""
    before, after = steps.before, steps.after

    def first(at: int, name: str) -> None:
        if at == step == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        before(at, name)

    def last(at: int, name: str) -> None:
        after(at, name)
        if at == step - 1:
            os.kill(os.getpid(), signal.SIGKILL)

    steps.before, steps.after = first, last


def _watched(child: int, marks: int, at: At, longest: float) -> list[float]:
    """Until it has closed its end of the pipe, or was killed."""
    times: list[float] = []
    end = time.monotonic() + longest
    while True:
        ready, _, _ = select.select([marks], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            os.kill(child, signal.SIGKILL)
            raise AssertionError("the command did not end")
        marked = os.read(marks, 1)
        if not marked:
            return times
        times.append(time.monotonic())
        if at.later is not None and marked[0] == at.step:
            time.sleep(at.later)
            os.kill(child, signal.SIGKILL)
            return times


def _waited(child: int) -> int:
    return os.waitpid(child, 0)[1]


def _read(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, 1 << 20).decode()


# -- whoever is left behind -------------------------------------------------------------------------------------------


@contextmanager
def reaping() -> Iterator[None]:
    """Orphans of killed commands become our own children, so that their end can be waited for (prctl(2))."""
    assert _libc.prctl(_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        _libc.prctl(_SUBREAPER, 0, 0, 0, 0)


def _children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that ends meanwhile
            found.update(map(int, (task / "children").read_text().split()))
    return found


def _settled(before: set[int]) -> None:
    """Wait for orphans, but for guards: these have a time of their own."""
    for orphan in _children() - before:
        if not is_guard(orphan):
            _waited(orphan)


def is_guard(process: int) -> bool:
    """Whether it is a guard of ours (proc(5), cmdline)."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        return False
    return b"guard" in words and b"segctl" in words


def dismiss(process: int) -> None:
    """End a guard; nothing if it has ended."""
    try:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    except (ProcessLookupError, ChildProcessError):
        return
