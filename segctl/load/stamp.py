"""Whether a site is still what it was when it was read: every byte of every file, and what its globs find.

Times and sizes of files can lie (a copy that keeps them, two writes within one tick); their content can't.
"""

from pathlib import Path
from typing import Any

from segctl.load.files import SiteFolder, open_folder
from segctl.load.findings import Wrong

Stamp = dict[str, Any]
"""Plain values, as JSON has them: `files` name to (what it leads to, digest), `globs` pattern to names."""


def stamp_of(folder: SiteFolder) -> Stamp:
    """What a load has read so far."""
    return {"files": {name: list(seen) for name, seen in folder.files.items()}, "globs": dict(folder.globs)}


def unchanged(stamp: Stamp, path: Path, *, trusted: bool) -> bool:
    """Whether reading the site again would meet the very same; a file that may not be read any more has changed."""
    folder, _ = open_folder(path, trusted)
    try:
        for name in stamp["files"]:
            folder.read(name)
        for pattern in stamp["globs"]:
            folder.glob(pattern)
    except Wrong:
        return False
    return stamp_of(folder) == stamp
