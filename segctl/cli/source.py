"""The site that rules are made of, as it is kept beside them."""

from typing import TYPE_CHECKING

from segctl.cli.options import Settings

if TYPE_CHECKING:
    from segctl.load.read import Loaded
    from segctl.store import Source


def source_of(settings: Settings, loaded: "Loaded") -> "Source":
    """Name, hash, files and commit of a site that was read; `SiteError` if it has changed since."""
    from segctl.load import copy_of
    from segctl.load.stamp import digest_of
    from segctl.store import Source
    from segctl.store.origin import commit_of

    found = settings.find()
    folder = found.path if found.path.is_dir() else found.path.parent
    files = copy_of(loaded.stamp, found.path, trusted=found.trusted)
    name = loaded.site.name if loaded.site is not None else ""
    return Source(name, digest_of(loaded.stamp), files, commit_of(folder), folder)
