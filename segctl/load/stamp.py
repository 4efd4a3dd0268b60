"""Whether a site is still what it was when it was read: every byte of every file, and what its globs find.

Times and sizes of files can lie (a copy that keeps them, two writes within one tick); their content can't.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from segctl.load.files import SiteFolder, open_folder
from segctl.load.findings import Wrong

Stamp = dict[str, Any]
"""Plain values, as JSON has them: the `main` file, `files` name to digest, `real` name to what it leads to, `globs`
pattern to the names that it finds.
"""


def stamp_of(folder: SiteFolder, main: str) -> Stamp:
    """What a load has read and followed so far."""
    return {
        "main": f"{folder.root}/{main}",
        "files": dict(folder.files),
        "real": dict(folder.real),
        "globs": dict(folder.globs),
    }


def unchanged(stamp: Stamp, path: Path, *, trusted: bool) -> bool:
    """Whether reading the site again would meet the very same; a file that may not be read any more has changed."""
    folder, main = open_folder(path, trusted)
    try:
        for name in stamp["files"]:
            folder.read(name)
        for name in stamp["real"]:
            folder.identity(name)
        for pattern in stamp["globs"]:
            folder.glob(pattern)
    except (Wrong, KeyError, TypeError, ValueError):  # the last three: no stamp of ours
        return False
    return stamp_of(folder, main) == stamp


def digest_of(stamp: Stamp) -> str:
    """One hash of every file of a site."""
    return sha256(json.dumps(stamp["files"], sort_keys=True).encode()).hexdigest()
