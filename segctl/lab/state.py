"""The lab's folder: who holds it, what stands in it. Made before anything else of the lab, removed after all else.

/run/segctl-lab/NAME          root's labs; other users' are under $XDG_RUNTIME_DIR/segctl or /tmp/segctl-UID
    lab.json                  what is (to be) made, and whether it stands: written before the first namespace
    listeners.pid             process number and its start time, so that no other process is ever taken for it
    seen.jsonl                what the listeners saw
    listeners.err             why they could not start
"""

import fcntl
import json
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from segctl.kernel.namespaces import may_make
from segctl.kernel.userns import OUTSIDE
from segctl.lab.errors import AlreadyUp, CannotMake
from segctl.lab.record import Record, from_json, to_json

_WAIT = 10.0
_ROOTS = Path("/run/segctl-lab")


@dataclass(frozen=True, slots=True)
class Folder:
    """One lab's folder; it need not exist."""

    lab: str

    @property
    def path(self) -> Path:
        """The folder itself."""
        return base() / self.lab

    @property
    def seen(self) -> Path:
        """What the listeners saw (segctl.lab.seen)."""
        return self.path / "seen.jsonl"

    @property
    def errors(self) -> Path:
        """What the listeners said on standard error."""
        return self.path / "listeners.err"

    def record(self) -> Record | None:
        """What it says of the lab; None if there is nothing, or nothing whole."""
        try:
            return from_json(json.loads((self.path / "lab.json").read_text()))
        except (FileNotFoundError, NotADirectoryError, ValueError, KeyError):
            return None

    def write(self, record: Record) -> None:
        """Whole or not at all."""
        new = self.path / "lab.json.new"
        new.write_text(json.dumps(to_json(record), indent=1) + "\n")
        new.rename(self.path / "lab.json")

    def write_listeners(self, pid: int) -> None:
        """Remember the process that listens."""
        (self.path / "listeners.pid").write_text(f"{pid} {started(pid)}\n")

    def listeners(self) -> int | None:
        """The process that listens, if it still lives."""
        try:
            pid, _, start = (self.path / "listeners.pid").read_text().strip().partition(" ")
        except (FileNotFoundError, NotADirectoryError):
            return None
        return int(pid) if pid.isdecimal() and start and started(int(pid)) == start else None

    def remove(self) -> None:
        """The folder, and the one above it if this was the last."""
        shutil.rmtree(self.path, ignore_errors=True)
        try:
            base().rmdir()
        except OSError:
            return

    def claim(self) -> "Claim":
        """Make the folder, and hold it. Raises AlreadyUp, CannotMake."""
        _make_base()
        try:
            self.path.mkdir(mode=0o700)
        except FileExistsError:
            raise AlreadyUp(
                f"there is a lab '{self.lab}' already", f"`segctl lab down --name {self.lab}` removes it"
            ) from None
        return Claim(_locked(self.path))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder, if it exists; AlreadyUp if its maker is still at work after ten seconds."""
        until = time.monotonic() + _WAIT
        while True:
            try:
                descriptor = _locked(self.path)
            except (FileNotFoundError, NotADirectoryError):
                yield
                return
            except BlockingIOError:
                if time.monotonic() > until:
                    raise AlreadyUp(f"the lab '{self.lab}' is being made", "wait for it, or end that run") from None
                time.sleep(0.05)
                continue
            try:
                yield
            finally:
                os.close(descriptor)
            return

    def held(self) -> bool:
        """Whether somebody is making or removing it just now."""
        try:
            os.close(_locked(self.path))
        except BlockingIOError:
            return True
        except (FileNotFoundError, NotADirectoryError):
            return False
        return False


@dataclass(slots=True)
class Claim:
    """A held folder; released when the lab stands, or when it is given up."""

    descriptor: int | None

    def release(self) -> None:
        """Let go; as often as one likes."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


def base() -> Path:
    """Where labs have their folders: root's in one place, whoever's environment sudo brought along.

    In a user namespace of ours it is the same folder as outside. A runtime folder of another user's (`su` keeps the
    variable) is passed over. Raises CannotMake if somebody else put something there.
    """
    if OUTSIDE.is_symlink():
        return OUTSIDE.readlink()
    folder = _ROOTS if may_make() else _users()
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return folder
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise CannotMake(f"{folder} is no folder of ours alone", "remove it, it should be yours with mode 0700")
    return folder


def _users() -> Path:
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "relative")
    if runtime.is_absolute() and os.access(runtime, os.W_OK) and runtime.stat().st_uid == os.geteuid():
        return runtime / "segctl"
    return Path(f"/tmp/segctl-{os.geteuid()}")


def labs() -> tuple[str, ...]:
    """The labs that have a folder, sorted."""
    try:
        return tuple(sorted(entry.name for entry in base().iterdir()))
    except (FileNotFoundError, NotADirectoryError):
        return ()


def started(pid: int) -> str | None:
    """When the process began, in the kernel's ticks (proc_pid_stat(5), field 22); None if there is none."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if after_name[0] == "Z" else after_name[19]


def _make_base() -> None:
    folder = base()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CannotMake(f"can't make {folder}: {error.strerror}", "run it as root") from error
    base()  # what stands there now may be another's


def _locked(path: Path) -> int:
    """The open folder, held; BlockingIOError if somebody else holds it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
