"""Which site is meant: the one named, the environment's, or the nearest one upwards, as git does."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segctl.load.files import MAIN
from segctl.model.diagnostic import Diagnostic, SiteError
from segctl.model.span import Span

VARIABLE = "SEGCTL_SITE"


@dataclass(frozen=True, slots=True)
class Found:
    """A site's folder or main file; `trusted` if --site named it; `word` for stderr if a wish was passed over."""

    path: Path
    trusted: bool
    word: str = ""


def find_site(start: Path | None = None) -> Path:
    """The nearest folder with a `segctl.yaml`, from `start` (the working folder) upwards; `SiteError` if none has."""
    try:
        here = (start or Path.cwd()).absolute()
    except FileNotFoundError:  # the working folder was removed
        here = Path("/")
    for folder in (here, *here.parents):
        if os.path.lexists(folder / MAIN):
            return folder
    raise SiteError((Diagnostic(Span(MAIN, 1, 1), "not-found", f"there is no {MAIN} in {here} or above it",
                                "go to a site's folder, or name it with --site DIR"),))  # fmt: skip


def choose_site(named: Path | None, environment: Mapping[str, str], start: Path | None = None) -> Found:
    """`--site`, else SEGCTL_SITE, else upwards.

    Through sudo the variable is the caller's, and root would load the caller's rules: it isn't taken over by itself.
    Since `su` keeps it as well, it makes no site trusted.
    """
    if named is not None:
        return Found(_from_here(named), trusted=True)
    wish = environment.get(VARIABLE)
    if not wish:
        return Found(find_site(start), trusted=False)
    if os.geteuid() == 0 and environment.get("SUDO_UID"):
        word = f"{VARIABLE} is not taken over through sudo: name the site with --site"
        return Found(find_site(start), trusted=False, word=word)
    return Found(_from_here(Path(wish)), trusted=False)


def _from_here(path: Path) -> Path:
    """A path that leads somewhere: relative to the working folder, which may have been removed."""
    try:
        path.absolute()
    except FileNotFoundError as error:
        what = "the working folder is gone, and the site is named relative to it"
        raise SiteError(
            (Diagnostic(Span(str(path), 1, 1), "not-found", what, "go to a folder that there is"),)
        ) from error
    return path
