"""A folder of ours and its files: opened without following links, for us alone, written whole or not at all.

Everything goes by descriptors (openat(2)): who may swap a folder's name for a link gains nothing. A file is written
beside, flushed, and renamed over the old one, then the folder is flushed: after a power cut there is the old or the new
(fsync(2), rename(2); Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014).
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from segctl.store.errors import Damaged, NotWritten, Unsafe

BIGGEST = 1 << 30
"""Bytes of one file: a generation of a million elements has some 60 MB."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHANGE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_BESIDE = ".new"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of mode 0700 that belongs to us. `path` is for messages alone; all access is by `descriptor`."""

    path: Path
    descriptor: int

    def read(self, name: str) -> bytes | None:
        """A file's bytes, None if there is none. Unsafe if it is no regular file of ours alone; Damaged if the disk
        doesn't give it.
        """
        try:
            descriptor = os.open(name, _READ, dir_fd=self.descriptor)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unsafe(name, error) from error
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise Unsafe(f"{self.path / name} is no regular file", _ASIDE)
            _demand_ours(about, self.path / name)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(min(about.st_size, BIGGEST) or 1)  # as much memory as that is taken beforehand
        except OSError as error:
            raise Damaged(f"{self.path / name} can't be read: {error.strerror}", _DISK) from error
        finally:
            os.close(descriptor)

    def write(self, name: str, data: bytes) -> None:
        """Whole or not at all, also through a power cut. NotWritten if the disk doesn't take it."""
        with self._told(name):
            self._drop(name + _BESIDE)
            with os.fdopen(os.open(name + _BESIDE, _NEW, 0o600, dir_fd=self.descriptor), "wb") as file:
                try:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    self._drop(name + _BESIDE)
                    raise
            os.rename(name + _BESIDE, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
            os.fsync(self.descriptor)

    def append(self, name: str, line: bytes) -> None:
        """One line more at a file's end, flushed. What an earlier power cut left of a line is ended first."""
        new = name not in self._all()
        file = self.open(name, os.O_APPEND)
        try:
            with self._told(name):
                size = os.fstat(file).st_size
                torn = size and os.pread(file, 1, size - 1) != b"\n"
                whole = (b"\n" if torn else b"") + line + b"\n"
                if os.write(file, whole) != len(whole):
                    os.ftruncate(file, size)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file)
                if new:
                    os.fsync(self.descriptor)
        finally:
            os.close(file)

    def open(self, name: str, flags: int = 0) -> int:
        """A descriptor for reading and writing, of a file that is made where it is missing: whoever asks closes it."""
        with self._told(name):
            descriptor = os.open(name, _CHANGE | flags, 0o600, dir_fd=self.descriptor)
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise Unsafe(f"{self.path / name} is no regular file", _ASIDE)
            _demand_ours(about, self.path / name)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def remove(self, name: str) -> None:
        """A file away, if it is there."""
        with self._told(name):
            self._drop(name)
            os.fsync(self.descriptor)

    def names(self) -> list[str]:
        """What lies in it, sorted; not what was being written when somebody was killed."""
        return sorted(name for name in self._all() if not name.endswith(_BESIDE))

    def close(self) -> None:
        os.close(self.descriptor)

    def _all(self) -> list[str]:
        with os.scandir(self.descriptor) as found:
            return [one.name for one in found]

    def _drop(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.descriptor)

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
                raise self._unsafe(name, error) from error
            raise NotWritten(f"{self.path / name} can't be written: {error.strerror}", _ROOM) from error

    def _unsafe(self, name: str, error: OSError) -> Unsafe:
        said = "is a symbolic link" if error.errno == errno.ELOOP else f"can't be opened: {error.strerror}"
        return Unsafe(f"{self.path / name} {said}", _ASIDE)


def open_folder(path: Path, *, make: bool = True) -> Folder | None:
    """A folder of ours, made with its parents where it is missing and wanted (else None).

    Unsafe if it is a link, belongs to somebody else, or lets others in; NotWritten if it can't be made.
    """
    try:
        descriptor = _opened(path)
        if descriptor is None and make:
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                path.mkdir(mode=0o700)
                _flush(path.parent)
            descriptor = _opened(path)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise Unsafe(f"{path} is a link, or no folder", _ASIDE) from error
        raise NotWritten(f"{path} can't be opened or made: {error.strerror}", _WHERE) from error
    if descriptor is None:
        return None
    try:
        _demand_ours(os.fstat(descriptor), path)
    except Unsafe:
        os.close(descriptor)
        raise
    return Folder(path, descriptor)


def _opened(path: Path) -> int | None:
    try:
        return os.open(path, _FOLDER)
    except FileNotFoundError:
        return None


def _flush(path: Path) -> None:
    descriptor = os.open(path, _FOLDER)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _demand_ours(about: os.stat_result, path: Path) -> None:
    """Of us alone: nobody else may write it, and nobody else read what it says of a network."""
    if about.st_uid != os.geteuid():
        raise Unsafe(f"{path} belongs to user {about.st_uid}, and we are user {os.geteuid()}", _ASIDE)
    if about.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Unsafe(f"{path} may be read or written by others (mode {stat.S_IMODE(about.st_mode):04o})", _ASIDE)


_ASIDE = "look who made it; move it away, or give it back to root with mode 0600 (a folder 0700) if it is yours"
_ROOM = "make room, or mount it writable, and try again: what was there before is there"
_DISK = "look at the disk (`dmesg`); what was kept may be put back from a backup"
_WHERE = "SEGCTL_STATE names another folder to keep state in"
