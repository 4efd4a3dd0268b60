"""What every place offers, and what may go wrong with the place itself."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

DEFAULT_TIMEOUT = 60.0
"""Seconds that a command may take unless its caller says otherwise."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended by itself: `code` is its exit status, or minus the signal that killed it.

    `stdout` and `stderr` are decoded as UTF-8, undecodable bytes as U+FFFD.
    """

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str


class Runner(Protocol):
    """One place where commands run; callers never ask which."""

    @property
    def where(self) -> str:
        """The place, as messages name it: `this host`, `namespace lab1`."""
        ...

    @property
    def key(self) -> str:
        """The place as a file's name, other than every other place's: `here`, `netns-lab1`."""
        ...

    def run(
        self, argv: Sequence[str], *, stdin: bytes | str | None = None, timeout: float | None = DEFAULT_TIMEOUT
    ) -> Completed:
        """Run `argv` there and wait; without `stdin` it reads nothing. `timeout` is in seconds, None waits for ever.

        A failing command is an answer, not an exception. Raises NoSuchPlace, NotAllowed, NoSuchTool, TookTooLong.
        """
        ...

    def inside(self) -> AbstractContextManager[None]:
        """Put the current thread into the place's network namespace until the block ends.

        Sockets opened in the block belong there for as long as they live, so keep the block as short as the opening.
        Raises NoSuchPlace, NotAllowed; also where no socket of ours can reach (a place behind ssh).
        """
        ...


class RunnerError(Exception):
    """The command could not be run, or did not end: nothing is known of what it would have answered."""

    def __init__(self, what: str, help: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.help = help


class NoSuchPlace(RunnerError):
    """There is no such namespace (or, later, host)."""


class NotAllowed(RunnerError):
    """We lack the privilege to enter the place, or to come back from it."""


class NoSuchTool(RunnerError):
    """The program isn't installed there; `tool` is its name."""

    def __init__(self, tool: str, where: str) -> None:
        super().__init__(f"{tool} isn't installed on {where}")
        self.tool = tool


class TookTooLong(RunnerError):
    """The command was killed because it did not end in time."""
