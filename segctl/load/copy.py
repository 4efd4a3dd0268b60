"""A site's files as bytes, to be kept beside the rules that were made of them, and such bytes read again."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from segctl.load.files import open_folder
from segctl.load.findings import Wrong
from segctl.load.read import Loaded, load_site
from segctl.load.stamp import Stamp, stamp_of
from segctl.model.diagnostic import Diagnostic, SiteError
from segctl.model.span import Span

_MAIN = "main"  # beside the files, under a name that no file of a site has


def copy_of(stamp: Stamp, path: Path, *, trusted: bool) -> dict[str, bytes]:
    """The bytes of every file that a load has read; `SiteError` if one of them has changed since."""
    folder, main = open_folder(path, trusted)
    try:
        found = {name: folder.read(name) for name in stamp["files"]}
    except Wrong as error:
        raise _changed(main) from error
    if stamp_of(folder, main)["files"] != stamp["files"]:
        raise _changed(main)
    return {**found, f"/{_MAIN}": main.encode()}


def load_copy(files: Mapping[str, bytes]) -> Loaded:
    """The site that such bytes are."""
    with TemporaryDirectory(prefix="segctl-") as folder:
        root = Path(folder)
        for name, data in files.items():
            if name.startswith("/"):
                continue
            path = Path(os.path.normpath(root / name))
            if not path.is_relative_to(root):
                raise ValueError(f"'{name}' leads out of a site's folder")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return load_site(root / files[f"/{_MAIN}"].decode())


def _changed(main: str) -> SiteError:
    what = "the site was changed while it was read"
    return SiteError((Diagnostic(Span(main, 1, 1), "unreadable", what, "run it again when nobody writes there"),))
