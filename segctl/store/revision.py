"""A site as a git revision has it: its folder alone, taken out of the repository into a folder of ours."""

import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from segctl.runner import Here, NoSuchTool
from segctl.store.origin import as_owner

_SECONDS = 120.0


class RevisionError(Exception):
    """A revision can't be had: there is no such one, it doesn't hold the site, or git can't say."""

    exit_code = 2

    def __init__(self, what: str, help: str = "") -> None:
        super().__init__(what)
        self.help = help


class NoGit(RevisionError):
    """There is no git here."""

    exit_code = 3


def merge_base(folder: Path, one: str, other: str) -> str:
    """The commit that both come from, as a pull request is compared."""
    names = [_commit(folder, name) for name in (one, other)]
    return _git(folder, f"'{one}' and '{other}' have no commit in common", "merge-base", *names).strip()


@contextmanager
def checked_out(folder: Path, revision: str) -> Iterator[Path]:
    """The site's folder as it was at that revision, until the block ends; nothing of the repository is touched.

    Attributes of the repository (`export-ignore`) hold, as for `git archive`. RevisionError, NoGit.
    """
    commit = _commit(folder, revision)
    within = _git(folder, f"'{folder}' is in no git repository", "rev-parse", "--show-prefix").strip().rstrip("/")
    with TemporaryDirectory(prefix="segctl-") as place:
        packed, into = Path(place) / "packed", Path(place) / "site"
        packed.mkdir()
        into.mkdir()
        about = folder.stat()
        if os.geteuid() == 0:
            Path(place).chmod(0o711)  # git runs as the folder's owner, and writes into its part of it
            os.chown(packed, about.st_uid, about.st_gid)
        archive = packed / "site.tar"
        try:
            tree = f"{commit}:{within}"
            _git(folder, "", "-C", _top(folder), "archive", "--format=tar", f"--output={archive}", tree)
        except RevisionError as error:
            what = f"'{within or '.'}' is not in revision '{revision}'"
            raise RevisionError(
                what, "what is new has nothing to be compared with: `segctl check` looks at it"
            ) from error
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(into, filter="data")  # no link leads out of it (PEP 706)
        except (OSError, tarfile.TarError) as error:
            raise RevisionError(f"revision '{revision}' can't be taken out: {error}") from error
        yield into


def _top(folder: Path) -> str:
    return _git(folder, f"'{folder}' is in no git repository", "rev-parse", "--show-toplevel").rstrip("\n")


def _commit(folder: Path, name: str) -> str:
    """ValueError can't be: what looks like an option is a name that git doesn't know."""
    what = f"there is no revision '{name}' of '{folder}'"
    return _git(folder, what, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()


def _git(folder: Path, what: str, *words: str) -> str:
    """What git says; RevisionError with `what` if it fails."""
    if not folder.is_dir():
        raise RevisionError(f"there is no folder '{folder}'", "name the site's folder with --site")
    try:
        done = Here().run([*as_owner(folder), "git", "-C", str(folder), *words], timeout=_SECONDS)
    except NoSuchTool as error:
        raise NoGit("git is not installed", "apt install git") from error
    if done.code != 0:
        said = done.stderr.strip().splitlines()
        raise RevisionError(what, said[-1] if said else "git log shows the revisions that there are")
    return done.stdout
