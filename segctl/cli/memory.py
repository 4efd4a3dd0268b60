"""What `can` remembers between two runs: its answer, as long as neither the site nor segctl has changed a byte.

Most of a question's time on a large site goes into reading it. An answer is never stale: every file of the site is
read and hashed again, every glob looked up again, and an answer ends where a flow begins or ends.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from segctl.load.stamp import unchanged
from segctl.store.answers import Answer, Answers, recall

if TYPE_CHECKING:
    from segctl.load.stamp import Stamp
    from segctl.model.site import Site

_PACKAGE = Path(__file__).parent.parent
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of one site's answers; `path` and `trusted` as the site is found."""

    path: Path
    trusted: bool

    def recall(self, question: tuple[str, ...], at: datetime) -> Answer | None:
        """The answer, if it was given and still holds."""
        kept = self._answers().read()
        answer = recall(kept, _key(question), microseconds(at)) if kept else None
        if kept is None or answer is None or answer["exit"] not in (0, 1) or not isinstance(kept["stamp"], dict):
            return None
        stamp = kept["stamp"]
        same = stamp.pop("code", None) == code() and unchanged(stamp, self.path, trusted=self.trusted)
        return answer if same else None

    def keep(
        self, question: tuple[str, ...], at: datetime, stamp: "Stamp", site: "Site", text: str, exit: int
    ) -> Answer:  # fmt: skip
        """Remember an answer that was worked out for that time."""
        begins, ends = _holds(site, microseconds(at))
        answer: Answer = {"text": text, "exit": int(exit), "from": begins, "until": ends}
        self._answers().keep({**stamp, "code": code()}, _key(question), answer)
        return answer

    def _answers(self) -> Answers:
        name = blake2b(os.fsencode(os.path.realpath(self.path)), digest_size=16).hexdigest()
        return Answers(_cache() / "segctl" / "answers", name)


def _cache() -> Path:
    """The user's cache (XDG base directory specification); where nobody is at home, one that can't be written."""
    wish = os.environ.get("XDG_CACHE_HOME", "")
    if wish.startswith("/"):
        return Path(wish)
    try:
        return Path("~/.cache").expanduser()
    except RuntimeError:
        return Path(os.devnull)


def _key(question: tuple[str, ...]) -> str:
    return "\0".join(question)


def microseconds(time: datetime) -> int:
    """Since 1970: exact, as seconds in a float are not."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def _holds(site: "Site", at: int) -> tuple[int | None, int | None]:
    """From when until when no flow begins or ends."""
    turns = {microseconds(time) for flow in site.flows for time in (flow.since, flow.until) if time is not None}
    return max((turn for turn in turns if turn <= at), default=None), min((t for t in turns if t > at), default=None)


def code() -> str:
    """A digest of what answers: Python, and names, sizes and times of our own files and of the YAML reader's.

    Where one of them can't be looked at, it is another each time.
    """
    state = blake2b(f"{sys.version}{sys.path}".encode(), digest_size=16)
    yaml = find_spec("yaml")
    places = [_PACKAGE, _PACKAGE / "segments", *map(Path, (yaml.submodule_search_locations or ()) if yaml else ())]
    try:
        for line in sorted(line for folder in places for line in _files(folder)):
            state.update(line.encode("utf-8", "surrogateescape"))
    except OSError:
        return os.urandom(8).hex()
    return state.hexdigest()


def _files(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and entry.name != "__pycache__":
                yield from _files(Path(entry.path))
            elif entry.name.endswith((".py", ".yaml", ".so")):
                about = entry.stat()
                yield f"{entry.path} {about.st_size} {about.st_mtime_ns} {about.st_ctime_ns}\n"
