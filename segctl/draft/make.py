"""What `init` is asked, answered: a draft for a folder, from nothing or from a file."""

import os
from dataclasses import replace
from pathlib import Path

from segctl.draft.hosts import Form
from segctl.draft.names import valid
from segctl.draft.read import read_inventory, unread_beside
from segctl.draft.start import Draft, draft_from, draft_from_nothing
from segctl.load.findings import Wrong
from segctl.load.scalars import read_text
from segctl.load.values import shorten


def make(folder: Path, source: Path | None = None, form: Form | None = None, name: str | None = None) -> Draft:
    """The draft; nothing is written. `name` is a NAME, or None for one like the folder's.

    `SiteError` if the source can't be read, is of no form that we know, or has no host that a site can hold.
    """
    called, remarks = (name, ()) if name else site_name(folder)
    if source is None:
        return draft_from_nothing(called, remarks)
    inventory, data, word = read_inventory(source, form)
    if inventory.form is Form.ANSIBLE:
        remarks += tuple(
            f"{beside} beside {source} is not read: addresses may stand there" for beside in unread_beside(source)
        )
    return replace(draft_from(inventory, called, data, _inside(source, folder), remarks), word=word)


def site_name(folder: Path) -> tuple[str, tuple[str, ...]]:
    """A NAME like the folder's, and a word if it had to be changed."""
    wanted = Path(os.path.abspath(folder)).name  # noqa: PTH100 (a link's own name is the one that the user knows)
    name = valid(wanted, "site")
    said = f"the site is called {name}: the folder's name '{shorten(wanted)}' is none for a site"
    return name, () if name == wanted else (said,)


def _inside(source: Path, folder: Path) -> str | None:
    """The source's path from the folder, if it is a plain file within it that a site may name."""
    try:
        path = (source.parent.resolve() / source.name).relative_to(folder.resolve()).as_posix()
        read_text(path)
    except (ValueError, Wrong):
        return None
    return path if source.is_file() and not source.is_symlink() else None
