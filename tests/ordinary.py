"""An ordinary user of this machine, made for a test: with a clone of the work tree, and a Python that it may run.

The checkout, its environment and Python itself may stand where nobody but root can look, below a home of mode 0700. So
the packages are linked into the user's home (or copied, from another disk), and segctl is run by the first Python of
our version that the user may execute; where there is none, ours is copied.
"""

import itertools
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import tree

_COUNT = itertools.count()
_VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"
_NOT_COPIED = shutil.ignore_patterns("test", "site-packages", "__pycache__")
_OURS = shutil.ignore_patterns("segctl*", "__editable__*")


@dataclass
class Ordinary:
    """One such user; `environment` is the whole environment of what it runs."""

    name: str
    uid: int
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def clone(self) -> Path:
        """The work tree, owned by the user."""
        return self.home / "clone"

    @property
    def python(self) -> Path:
        """An environment's Python, with segctl and all that it needs."""
        return self.clone / ".venv" / "bin" / "python"

    def argv(self, *command: str | Path) -> list[str]:
        """The command as that user: its ids, no groups, no capabilities."""
        drop = ["setpriv", "--reuid", str(self.uid), "--regid", self.name, "--clear-groups", "--inh-caps", "-all"]
        return [*drop, *map(str, command)]

    def run(
        self, *command: str | Path, timeout: float = 60, env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run it in the user's home, and wait."""
        return subprocess.run(
            self.argv(*command), cwd=self.home, env={**self.environment, **(env or {})}, timeout=timeout,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def segctl(self, *arguments: str | Path, timeout: float = 60) -> "subprocess.CompletedProcess[str]":
        """Run segctl."""
        return self.run(self.python, "-m", "segctl", *arguments, timeout=timeout)

    def processes(self) -> list[str]:
        """What runs with the user's number: process ids and command lines, without zombies."""
        done = subprocess.run(["ps", "-o", "stat=,pid=,args=", "-U", str(self.uid)], capture_output=True, text=True)
        return [line for line in done.stdout.splitlines() if not line.startswith("Z")]

    def traces(self) -> list[str]:
        """What is left of labs: processes, state folders, names that anybody can see."""
        folders = [str(path) for path in (Path(f"/tmp/segctl-{self.uid}"),) if os.path.lexists(path)]
        return [*self.processes(), *folders]


@contextmanager
def ordinary(*, furnished: bool = True) -> Iterator[Ordinary]:
    """Make the user; it is removed with its home and its processes whatever happens. `furnished`: with a clone."""
    name = f"segt{os.getpid()}{chr(ord('a') + next(_COUNT))}"
    subprocess.run(["useradd", "--system", "--create-home", name], check=True, capture_output=True)
    try:
        entry = pwd.getpwnam(name)
        home = Path(entry.pw_dir)
        path = "/usr/local/bin:/usr/bin:/bin"  # without sbin, as ordinary users have it
        user = Ordinary(name, entry.pw_uid, home, {"HOME": str(home), "USER": name, "PATH": path, "LANG": "C.UTF-8"})
        if furnished:
            _furnish(user)
        yield user
    finally:
        _remove(name)


def _remove(name: str) -> None:
    """The user, its processes, and the folder of its labs."""
    entry = pwd.getpwnam(name)
    for line in Ordinary(name, entry.pw_uid, Path(entry.pw_dir)).processes():
        subprocess.run(["kill", "-9", line.split()[1]], check=False, capture_output=True)
    shutil.rmtree(f"/tmp/segctl-{entry.pw_uid}", ignore_errors=True)
    subprocess.run(["userdel", "--remove", "--force", name], check=True, capture_output=True)


def _furnish(user: Ordinary) -> None:
    """A clone with its environment, as tools/setup.sh leaves it, but nothing is downloaded."""
    tree.copy(user.clone)
    for path in (user.clone, *user.clone.rglob("*")):
        os.chown(path, user.uid, -1, follow_symlinks=False)
    venv = user.clone / ".venv"
    subprocess.run(
        user.argv(_python(user), "-m", "venv", "--without-pip", venv), env=user.environment, cwd=user.home, check=True
    )
    there = venv / "lib" / _VERSION / "site-packages"
    for packages in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        shutil.copytree(packages, there, ignore=_OURS, copy_function=_link, dirs_exist_ok=True)
    (there / "clone.pth").write_text(f"{user.clone}\n")
    command = venv / "bin" / "segctl"
    command.write_text(f"#!{user.python}\nfrom segctl.cli.main import main\nmain()\n")
    command.chmod(0o755)


def _link(source: str, target: str) -> None:
    """Never chown what this made: it may be the original."""
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)


def _python(user: Ordinary) -> Path:
    """A Python of our version that the user may run: the packages are built for it."""
    candidates = (
        Path(sys.executable).resolve(),
        *map(Path, filter(None, [shutil.which(_VERSION, path="/usr/local/bin:/usr/bin:/bin")])),
    )
    for python in candidates:
        if user.run("test", "-x", python).returncode == 0:
            return python
    user.environment["LD_LIBRARY_PATH"] = str(user.home / "python" / "lib")  # not the system's libpython
    return _copied(user.home / "python")


def _copied(to: Path) -> Path:
    """Our own Python, with its library."""
    base = Path(sys.base_prefix)
    (to / "bin").mkdir(parents=True)
    shutil.copy2(Path(sys.executable).resolve(), to / "bin" / _VERSION)
    shutil.copytree(base / "lib" / _VERSION, to / "lib" / _VERSION, ignore=_NOT_COPIED, symlinks=True)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy2(library, to / "lib")
    return to / "bin" / _VERSION
