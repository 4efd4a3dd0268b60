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
        return finish(start(argv, stdin, self.where), argv, stdin, timeout)

    def inside(self) -> AbstractContextManager[None]:
        """Nothing to enter: we are there."""
        return nullcontext()


def start(argv: Sequence[str], stdin: bytes | str | None, where: str) -> "subprocess.Popen[bytes]":
    """The process, begun in the namespace of the calling thread; NoSuchTool if there is no such program."""
    try:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
        )
    except FileNotFoundError as error:
        raise NoSuchTool(argv[0], where) from error
    except PermissionError as error:
        raise NotAllowed(f"{argv[0]} on {where} may not be executed by this user") from error


def finish(
    process: "subprocess.Popen[bytes]", argv: Sequence[str], stdin: bytes | str | None, timeout: float | None
) -> Completed:
    """Feed it, wait for it, never leave it behind: whatever interrupts us kills it."""
    fed = stdin.encode() if isinstance(stdin, str) else stdin
    with process:
        try:
            out, err = process.communicate(fed, timeout)
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
