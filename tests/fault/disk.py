"""A small disk of its own for a point's state (tmpfs(5)), that can be full or read-only from any write on."""

import ctypes
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from segctl.store.files import Folder

_SIZE = 2 << 20  # bytes
_PAGE = 4096
_RDONLY, _REMOUNT, _DETACH = 1, 32, 2  # linux/mount.h: MS_*, MNT_DETACH
_GETFLAGS, _SETFLAGS, _IMMUTABLE = 0x80086601, 0x40086602, 0x10  # linux/fs.h: FS_IOC_*, FS_IMMUTABLE_FL
_libc = ctypes.CDLL(None, use_errno=True)


class Disk:
    """Mounted where it is made, in the mount namespace of this process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.mkdir()
        self._mount(0)

    @property
    def state(self) -> Path:
        """Where state is kept on it."""
        return self.path / "state"

    def fill(self) -> None:
        """Not a page is left."""
        ballast = os.open(self.path / "ballast", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with suppress(OSError):
            while os.write(ballast, bytes(_PAGE)):
                pass
        os.close(ballast)

    def free(self) -> None:
        (self.path / "ballast").unlink(missing_ok=True)

    def read_only(self) -> None:
        """As it is mounted after an error; it must not be in use."""
        self._mount(_REMOUNT | _RDONLY)

    def writable(self) -> None:
        self._mount(_REMOUNT)

    def freeze(self) -> None:
        """Whatever lies on it can't be changed any more, and nothing be added (chattr(1), +i): so also while in use."""
        for path in self._all():
            self._flag(path, _IMMUTABLE)

    def thaw(self) -> None:
        for path in self._all():
            self._flag(path, 0)

    def end(self) -> None:
        _libc.umount2(os.fsencode(self.path), _DETACH)

    def _all(self) -> Iterator[Path]:
        yield self.state
        yield from sorted(self.state.rglob("*"))

    def _flag(self, path: Path, flags: int) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SETFLAGS, flags.to_bytes(8, "little"))
        finally:
            os.close(descriptor)

    def _mount(self, flags: int) -> None:
        words = b"tmpfs", os.fsencode(self.path), b"tmpfs", flags, f"size={_SIZE}".encode()
        if _libc.mount(*words):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(self.path))


def from_write(number: int, fault: Callable[[], object], reached: Path) -> None:
    """In the command's own process: the fault comes just before its n-th change of what is kept.

    A journal that ends in the middle of a page has room for a line: it is filled up to the end of that page first.
    """
    left = [number]

    def around(right: Callable[..., Any], appends: bool) -> Callable[..., Any]:
        def changed(folder: Folder, name: str, *words: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                reached.write_text(name)
                if appends:
                    _to_the_pages_end(folder.path / name)
                fault()
            return right(folder, name, *words)

        return changed

    for name in ("write", "append", "remove"):
        setattr(Folder, name, around(getattr(Folder, name), name == "append"))


def _to_the_pages_end(journal: Path) -> None:
    if journal.exists() and (room := -journal.stat().st_size % _PAGE) > 2:
        with journal.open("ab") as file:
            file.write(b"{}".ljust(room - 1) + b"\n")
