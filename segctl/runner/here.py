"""Here, on this host; and the one place where a process is started."""

import os
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from segctl.runner.runner import DEFAULT_TIMEOUT, Completed, NoSuchTool, NotAllowed, TookTooLong

_SYSTEM = ("/usr/sbin", "/sbin")


@dataclass(frozen=True, slots=True)
class Here:
    """The network namespace that we are in already."""

    @property
    def where(self) -> str:
        """The place, as messages name it."""
        return "this host"

    @property
    def key(self) -> str:
        """As a file's name."""
        return "here"

    def run(
        self, argv: Sequence[str], *, stdin: bytes | str | None = None, timeout: float | None = DEFAULT_TIMEOUT
    ) -> Completed:
        """Run it and wait; as `Runner.run` says."""
        return finish(start(argv, stdin, self.where), argv, timeout)

    def inside(self) -> AbstractContextManager[None]:
        """Nothing to enter: we are there."""
        return nullcontext()


def start(argv: Sequence[str], stdin: bytes | str | None, where: str) -> "subprocess.Popen[bytes]":
    """The process, begun in the namespace of the calling thread; NoSuchTool if there is no such program."""
    fed = None if stdin is None else _whole(stdin, argv[0])
    try:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL if fed is None else fed,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
        )
    except FileNotFoundError as error:
        raise NoSuchTool(argv[0], where) from error
    except PermissionError as error:
        raise NotAllowed(f"{argv[0]} on {where} may not be executed by this user") from error
    finally:
        if fed is not None:
            os.close(fed)


def _whole(stdin: bytes | str, program: str) -> int:
    """A descriptor from which all of it can be read (memfd_create(2)).

    Not a pipe: were we killed while we write into it, the program would take the first part for the whole.
    """
    descriptor = os.memfd_create("stdin", os.MFD_CLOEXEC)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(stdin.encode() if isinstance(stdin, str) else stdin)
        os.lseek(descriptor, 0, os.SEEK_SET)
    except OSError as error:
        os.close(descriptor)
        raise NotAllowed(f"there is no room for what {program} is to read: {error.strerror}") from error
    return descriptor


def finish(process: "subprocess.Popen[bytes]", argv: Sequence[str], timeout: float | None) -> Completed:
    """Wait for it, never leave it behind: whatever interrupts us kills it."""
    with process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise TookTooLong(f"{' '.join(argv[:3])} did not end within {timeout:g} seconds") from error
        except BaseException:
            process.kill()
            raise
    return Completed(tuple(argv), process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


def _environment() -> dict[str, str]:
    """Ours, with the system tools findable for ordinary users, and messages in the one language that we read."""
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return {**os.environ, "PATH": os.pathsep.join([*path, *(d for d in _SYSTEM if d not in path)]), "LC_ALL": "C.UTF-8"}
