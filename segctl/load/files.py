"""A site's folder: what lies in it is opened safely, what lies outside not at all."""

import errno
import os
import stat
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from segctl.load.findings import Wrong
from segctl.load.values import shorten

MAIN = "segctl.yaml"
BIGGEST = 64 * 1024 * 1024  # bytes of one file; a million members are some 20 MB


class SiteFolder:
    """The folder that a site may read from. Paths in and out are relative to it, with slashes.

    `trusted`: the user named this site. Otherwise root reads no file, and none in a folder, that somebody else could
    have written: whoever runs segctl as root below a stranger's folder would load the stranger's rules.
    """

    def __init__(self, root: Path, trusted: bool = True) -> None:
        self.root = Path(os.path.realpath(root))
        self.files: dict[str, str] = {}  # what was read: name to a digest of its content
        self.globs: dict[str, list[str]] = {}  # what was looked for, with what was found
        self.real: dict[str, str] = {}  # every name that was followed, with what it leads to
        self._demanding = not trusted and os.geteuid() == 0 and not _alone()

    def locate(self, beside: str, text: str) -> str:
        """The path `text`, written in the file `beside`, relative to the folder. `Wrong` if it leads out."""
        path = PurePosixPath(text)
        if path.is_absolute() or ".." in path.parts or text.startswith("~"):
            raise Wrong("outside", f"'{shorten(text)}' leads out of the site's folder")
        return str(PurePosixPath(beside).parent / path)

    def glob(self, pattern: str) -> list[str]:
        """Files that match, sorted; hidden ones only where the pattern says the dot. `**` follows no links."""
        try:
            found = [path for path in self.root.glob(pattern) if not path.is_dir()]
        except (ValueError, NotImplementedError, OSError, IndexError) as error:  # as pathlib says of `/…`, of `.`
            raise Wrong("include", f"'{shorten(pattern)}' is no pattern: {error}") from error
        hidden = any(part.startswith(".") for part in PurePosixPath(pattern).parts)
        names = (path.relative_to(self.root) for path in found)
        shown = (name.as_posix() for name in names if hidden or not any(p.startswith(".") for p in name.parts))
        self.globs[pattern] = sorted(shown)
        return self.globs[pattern]

    def identity(self, name: str) -> str:
        """What two names of one file have in common."""
        self.real[name] = os.path.realpath(self.root / name)
        return self.real[name]

    def read(self, name: str) -> bytes:
        """The bytes of a regular file in the folder; `Wrong` for anything else, without waiting for it."""
        try:
            real = Path(os.path.realpath(self.root / name))
            if not real.is_relative_to(self.root):
                raise Wrong("outside", f"'{shorten(name)}' is a link that leads out of the site's folder")
            data = self._read(real, name)
        except OSError as error:
            raise _unreadable(name, error) from error
        except ValueError as error:  # a NUL in a path
            raise Wrong("unreadable", f"'{shorten(name)}' is no path") from error
        self.real[name] = str(real)
        self.files[name] = blake2b(data, digest_size=16).hexdigest()
        return data

    def _read(self, real: Path, name: str) -> bytes:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        with os.fdopen(os.open(real, flags, 0), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise Wrong("unreadable", f"'{shorten(name)}' is no regular file")
            if about.st_size > BIGGEST:
                raise _too_big(name)
            if self._demanding:
                _demand_roots(about, f"'{shorten(name)}'")
                self._demand_folders(real.parent)
            data = file.read(BIGGEST + 1)
        if len(data) > BIGGEST:  # it grew, or its size is a lie (/proc)
            raise _too_big(name)
        return data

    def _demand_folders(self, folder: Path) -> None:
        """Each folder from the file's up to the site's: who may write one may put another file in its place."""
        while folder.is_relative_to(self.root):
            _demand_roots(folder.stat(), f"the folder '{shorten(str(folder))}'")
            folder = folder.parent


def open_folder(path: Path, trusted: bool) -> tuple[SiteFolder, str]:
    """A site's folder, and the name of its main file; `path` is either. A link to a site: its folder is elsewhere."""
    main = path / MAIN if path.is_dir() else path
    real = main.resolve() if main.is_file() else main.absolute()
    return SiteFolder(real.parent, trusted), real.name


def _demand_roots(about: os.stat_result, called: str) -> None:
    if about.st_uid != 0:
        raise Wrong("unsafe-file", f"{called} belongs to user {about.st_uid}, and we are root")
    if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Wrong("unsafe-file", f"{called} may be written by others, and we are root")


def _alone() -> bool:
    """Whether we only look like root: in the user namespace of an ordinary user's lab nobody else has a number.

    user_namespaces(7): first number inside, first outside, how many.
    """
    try:
        numbers = Path("/proc/self/uid_map").read_text().split()
    except OSError:
        return False
    return len(numbers) == 3 and numbers[2] == "1"


def _too_big(name: str) -> Wrong:
    return Wrong("too-big", f"'{shorten(name)}' is bigger than {BIGGEST >> 20} MB")


_ERRNO: dict[int | None, Callable[[str], str]] = {
    errno.ENOENT: lambda name: f"there is no file '{name}'",
    errno.EACCES: lambda name: f"'{name}' may not be read",
    errno.EISDIR: lambda name: f"'{name}' is a folder",
    errno.ELOOP: lambda name: f"'{name}' is a link to itself",
    errno.ENXIO: lambda name: f"'{name}' is no regular file",
}


def _unreadable(name: str, error: OSError) -> Wrong:
    say = _ERRNO.get(error.errno)
    return Wrong("unreadable", say(shorten(name)) if say else f"'{shorten(name)}': {error.strerror}")
