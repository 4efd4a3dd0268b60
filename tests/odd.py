"""What somebody may have put in place of a file of ours: links, others' files, what is no file at all."""

import os
from collections.abc import Callable
from pathlib import Path

NOBODY = 65534


def link(path: Path) -> None:
    """To a file that can be read."""
    path.symlink_to("/etc/hostname")


def link_to_nothing(path: Path) -> None:
    path.symlink_to("/no/such/file")


def folder(path: Path) -> None:
    path.mkdir(mode=0o700)


def pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def readable(path: Path) -> None:
    """For the group."""
    path.write_bytes(b"x")
    path.chmod(0o640)


def writable(path: Path) -> None:
    """For everybody."""
    path.write_bytes(b"x")
    path.chmod(0o602)


def device(path: Path) -> None:
    """That gives zeros for ever."""
    os.mknod(path, 0o020600, os.makedev(1, 5))


def theirs(path: Path) -> None:
    """Somebody else's."""
    path.touch(0o600)
    os.chown(path, NOBODY, -1)


Put = Callable[[Path], None]
KINDS: tuple[Put, ...] = (link, link_to_nothing, folder, pipe, readable, writable)
FOR_ROOT: tuple[Put, ...] = (*KINDS, theirs, device)
ODD = {one.__name__.replace("_", " "): one for one in (FOR_ROOT if os.geteuid() == 0 else KINDS)}
"""By name, what makes it at a path where nothing is."""
