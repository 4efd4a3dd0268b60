"""A named network namespace of this host, as `ip netns` names them."""

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from segctl.runner.here import finish, start
from segctl.runner.runner import DEFAULT_TIMEOUT, Completed, NoSuchPlace, NotAllowed

NAMED = Path("/run/netns")
_CLONE_NEWNET = 0x40000000  # linux/sched.h
_libc = ctypes.CDLL(None, use_errno=True)  # os.setns exists from Python 3.12 on; we begin at 3.11


@dataclass(frozen=True, slots=True)
class Netns:
    """The namespace `name` under /run/netns.

    A child inherits the namespace of the thread that starts it, so `run` enters only for the start itself:
    no `ip netns exec` (which also swaps /sys and /etc), no second process, no code between fork and exec.
    """

    name: str

    def __post_init__(self) -> None:
        if self.name in ("", ".", "..") or "/" in self.name or "\0" in self.name:
            raise ValueError(f"no name of a namespace: {self.name!r}")

    @property
    def where(self) -> str:
        """The place, as messages name it."""
        return f"namespace {self.name}"

    @property
    def key(self) -> str:
        """As a file's name."""
        return f"netns-{self.name}"

    def run(
        self, argv: Sequence[str], *, stdin: bytes | str | None = None, timeout: float | None = DEFAULT_TIMEOUT
    ) -> Completed:
        """Run it there and wait; as `Runner.run` says."""
        with self.inside():
            process = start(argv, stdin, self.where)
        return finish(process, argv, timeout)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Move the calling thread there and back. A thread begun meanwhile begins there, and stays."""
        there = _open(self.name)
        try:
            home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            try:
                # First try the way back: a user namespace that doesn't own our present network namespace
                # may leave it, but never return.
                _enter(home, f"to return from {self.where}")
                _enter(there, f"to enter {self.where}")
                try:
                    yield
                finally:
                    _enter(home, f"to return from {self.where}")
            finally:
                os.close(home)
        finally:
            os.close(there)


def _open(name: str) -> int:
    try:
        return os.open(NAMED / name, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NoSuchPlace(f"there is no network namespace {name}", "`ip netns list` shows those that exist") from error
    except PermissionError as error:
        raise NotAllowed(f"this user may not open {NAMED / name}", _ROOT) from error


def _enter(namespace: int, why: str) -> None:
    """setns(2) for the calling thread alone."""
    if _libc.setns(namespace, _CLONE_NEWNET) == 0:
        return
    error = ctypes.get_errno()
    if error == 1:  # EPERM
        raise NotAllowed(f"no privilege {why}", _ROOT)
    # EINVAL: the file is there, but no namespace is mounted on it (its maker was killed half-way).
    raise NoSuchPlace(f"not able {why}: {os.strerror(error)}", "`ip netns list` shows those that exist")


_ROOT = "run it as root, or within the user namespace that owns this network namespace"
