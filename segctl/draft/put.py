"""A draft's files into a folder: all of them or none, and nothing that is there already without a word from the user.

    DIR/.segctl-init-XXXX/   all files, written and tried as a site
                     │ link (fails if the name is taken)
    DIR/segctl.yaml  …

What the user asked to overwrite is linked into that folder first, and put back if anything fails; its name always
leads to the old file or to the new one.
"""

import os
import shutil
import stat
import tempfile
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path, PurePosixPath

from segctl.draft.start import Draft
from segctl.load.read import load_site
from segctl.model.codes import CODES
from segctl.model.diagnostic import Diagnostic, Level, SiteError
from segctl.policy import examine

_PREFIX = ".segctl-init-"
_QUICK = 200_000  # segments times endpoints: some 0.2 s
_NEW, _OLD = "new", "old"


class Exists(Exception):
    """Files that would have to be overwritten. Nothing was done."""

    exit_code = 2
    help = "choose another folder, or overwrite them with --force"

    def __init__(self, folder: Path, names: list[str]) -> None:
        super().__init__(f"there already: {', '.join(str(folder / name) for name in names)}")


class NotAFolder(Exception):
    """The site can't stand there. Nothing was done."""

    exit_code = 2
    help = "name a folder that is yours, or one that isn't there yet"


def put(draft: Draft, folder: Path, at: datetime, *, force: bool = False) -> list[str]:
    """Write the files; those that were written, not those that were there with the same content.

    The draft is loaded and examined before anything is in its place: a draft with an error (a bug of ours) is refused
    with its findings.
    """
    try:
        made = _make_folder(folder)
        with ExitStack() as undo:
            undo.callback(_remove_empty, made)
            names = _new_files(draft, folder, force)
            _write(draft, names, folder, at)
            undo.pop_all()
            return names
    except OSError as error:
        raise NotAFolder(f"{error.filename or folder}: {error.strerror}") from error


def _new_files(draft: Draft, folder: Path, force: bool) -> list[str]:
    names = [name for name, data in draft.files.items() if not _holds(folder / name, data)]
    for name in names:
        parent = folder / PurePosixPath(name).parent
        if parent != folder and os.path.lexists(parent) and not stat.S_ISDIR(parent.lstat().st_mode):
            raise NotAFolder(f"{parent} is no folder of this one")
    taken = [name for name in names if os.path.lexists(folder / name)]
    if taken and not force:
        raise Exists(folder, taken)
    folders = [name for name in taken if stat.S_ISDIR((folder / name).lstat().st_mode)]
    if folders:
        raise NotAFolder(f"{folder / folders[0]} is a folder")
    return names


def _holds(path: Path, data: bytes) -> bool:
    try:
        about = path.lstat()
        return stat.S_ISREG(about.st_mode) and about.st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def _make_folder(folder: Path) -> list[Path]:
    """The folder and those above it; the ones that were made, innermost first."""
    missing = [folder, *folder.parents]
    missing = missing[: next((at for at, one in enumerate(missing) if one.exists()), len(missing))]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        folder.rmdir()


def _write(draft: Draft, names: list[str], folder: Path, at: datetime) -> None:
    with ExitStack() as undo:
        stage = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        undo.callback(shutil.rmtree, stage, ignore_errors=True)
        for name, data in draft.files.items():
            _put_new(stage / _NEW / name, data)
        if draft.uses:
            (stage / _NEW / draft.uses).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / draft.uses, stage / _NEW / draft.uses)
        _try(stage / _NEW, at)
        with ExitStack() as back:
            for name in names:
                _exchange(stage, folder, name, back)
            back.pop_all()


def _put_new(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _exchange(stage: Path, folder: Path, name: str, back: ExitStack) -> None:
    """One file to its place; what stood there stays in the stage until all is well."""
    new, place, old = stage / _NEW / name, folder / name, stage / _OLD / name
    if not place.parent.exists():
        place.parent.mkdir()
        back.callback(place.parent.rmdir)
    if os.path.lexists(place):
        old.parent.mkdir(parents=True, exist_ok=True)
        os.link(place, old, follow_symlinks=False)
        new.replace(place)
        back.callback(old.replace, place)
    else:
        os.link(new, place, follow_symlinks=False)  # unlike rename, it never takes the place of a file that came since
        back.callback(place.unlink)


def _try(folder: Path, at: datetime) -> None:
    """Load what was written, as any other site, and look for what it can't mean.

    The second only where it is quick: it holds every endpoint against every label selector.
    """
    loaded = load_site(folder)
    findings = loaded.findings
    if loaded.site and len(loaded.site.segments) * len(loaded.site.endpoints) <= _QUICK:
        findings = examine(loaded.site, at).findings
    errors: tuple[Diagnostic, ...] = tuple(one for one in findings if CODES[one.code].level is Level.ERROR)
    if loaded.site is None or errors:
        raise SiteError(errors or findings)
