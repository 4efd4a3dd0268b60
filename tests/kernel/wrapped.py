"""Programs in the path that do something before, or instead of, the real ones: killed, too old, short of memory."""

import shutil
from pathlib import Path

SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def wrapped(folder: Path, program: str, script: str) -> str:
    """A path in which that program is a script; `$real` is the true one, `"$@"` its words."""
    folder.mkdir(exist_ok=True)
    real = shutil.which(program, path=SYSTEM)
    assert real
    (folder / program).write_text(f"#!/bin/sh\nreal={real}\n{script}\n")
    (folder / program).chmod(0o755)
    return f"{folder}:{SYSTEM}"


def reading(folder: Path, act: str) -> str:
    """A script for nft: what it is given lies in `$text`; after `act` the real one gets it."""
    return (
        f'case " $* " in *" -f - "*) text={folder}/text.$$; cat > "$text";; *) exec "$real" "$@";; esac\n'
        f'{act}\nexec "$real" "$@" < "$text"'
    )


def only(folder: Path, *programs: str) -> str:
    """A path with these alone."""
    folder.mkdir(exist_ok=True)
    for one in programs:
        real = shutil.which(one, path=SYSTEM)
        assert real
        (folder / one).symlink_to(real)
    return str(folder)
