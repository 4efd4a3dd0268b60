"""Who changes a point, from which place, and from which commit of a site: for the journal and for what is kept."""

import os
import pwd
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from segctl.runner import Here, RunnerError

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Who:
    """`user` acts; `login` is who logged in (the audit's login uid, which su and sudo keep), `sudo` who called sudo;
    `ssh` the client's address; `terminal` its name. "" where there is none.
    """

    user: str
    login: str = ""
    sudo: str = ""
    ssh: str = ""
    terminal: str = ""

    def __str__(self) -> str:
        person = next((name for name in (self.sudo, self.login) if name and name != self.user), "")
        return f"{person} as {self.user}" if person else self.user


@dataclass(frozen=True, slots=True)
class Commit:
    """Which commit a site's folder is at; `name` "" where it is no git repository, or git can't say."""

    name: str = ""
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """The site that rules were made of: its name, a hash of its files, their bytes, its commit, and where it lies."""

    site: str
    digest: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    commit: Commit = field(default_factory=Commit)
    folder: Path | None = None


def who() -> Who:
    """The person behind this process, as far as it can be known."""
    environment = os.environ
    ssh = environment.get("SSH_CONNECTION") or environment.get("SSH_CLIENT") or ""
    return Who(
        _name(os.geteuid()),
        _login(),
        environment.get("SUDO_USER", "") if os.geteuid() == 0 else "",
        ssh.split()[0] if ssh.split() else "",
        _terminal(),
    )


def commit_of(folder: Path) -> Commit:
    """Asked of git as the folder's owner: a repository's settings may name programs, and root runs nobody else's."""
    said = _git(folder, "rev-parse", "--verify", "HEAD")
    if said is None:
        return Commit()
    changed = _git(folder, "status", "--porcelain", "--", ".")
    return Commit(said.strip(), changed is None or bool(changed.strip()))


def descends(folder: Path, ancestor: str) -> bool:
    """Whether the commit that the folder is at has `ancestor` among its ancestors, or is it."""
    return _git(folder, "merge-base", "--is-ancestor", ancestor, "HEAD") is not None


def as_owner(folder: Path) -> list[str]:
    """What to put before git's words, so that root doesn't run it for somebody else's folder. OSError."""
    about = folder.stat()
    if os.geteuid() != 0 or about.st_uid == 0:
        return []
    return ["setpriv", f"--reuid={about.st_uid}", f"--regid={about.st_gid}", "--clear-groups", "--"]


def _git(folder: Path, *words: str) -> str | None:
    """What git says; None if it fails, or there is none."""
    with suppress(OSError, RunnerError):
        done = Here().run([*as_owner(folder), "git", "-C", str(folder), *words], timeout=_SECONDS)
        return done.stdout if done.code == 0 else None
    return None


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _login() -> str:
    """proc(5), /proc/PID/loginuid: -1 where nobody logged in."""
    with suppress(OSError, ValueError):
        number = int(Path("/proc/self/loginuid").read_text())
        return _name(number) if number != 0xFFFFFFFF else ""
    return ""


def _terminal() -> str:
    for descriptor in (0, 1, 2):
        with suppress(OSError):
            return os.ttyname(descriptor).removeprefix("/dev/")
    return ""
