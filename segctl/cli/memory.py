"""What `can` remembers between two runs: its answer, as long as neither the site nor segctl has changed a byte.

Most of a question's time on a large site goes into reading it. An answer is never stale: every file of the site is
read and hashed again, every glob looked up again, and an answer ends where a flow begins or ends.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from segctl.load.stamp import unchanged
from segctl.store.answers import Answer, Answers, recall

if TYPE_CHECKING:
    from segctl.load.stamp import Stamp
    from segctl.model.site import Site

_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of one site's answers; `path` and `trusted` as the site is found."""

    path: Path
    trusted: bool

    def recall(self, question: tuple[str, ...], at: float) -> Answer | None:
        """The answer, if it was given and still holds."""
        kept = self._answers().read()
        answer = recall(kept, _key(question), at) if kept else None
        if kept is None or answer is None or not isinstance(kept["stamp"], dict):
            return None
        stamp = kept["stamp"]
        same = stamp.pop("code", None) == code() and unchanged(stamp, self.path, trusted=self.trusted)
        return answer if same else None

    def keep(
        self, question: tuple[str, ...], at: float, stamp: "Stamp", site: "Site", text: str, exit: int
    ) -> Answer:  # fmt: skip
        """Remember an answer that was worked out for that time."""
        begins, ends = _holds(site, at)
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


def _holds(site: "Site", at: float) -> tuple[float | None, float | None]:
    """From when until when no flow begins or ends."""
    turns = {time.timestamp() for flow in site.flows for time in (flow.since, flow.until) if time is not None}
    return max((turn for turn in turns if turn <= at), default=None), min((t for t in turns if t > at), default=None)


def code() -> str:
    """A digest of what answers: Python, and names, sizes and times of our own files and of the YAML reader's."""
    state = blake2b(f"{sys.version}{sys.path}".encode(), digest_size=16)
    for folder in (_PACKAGE, _PACKAGE / "segments"):
        for line in sorted(_files(folder)):
            state.update(line.encode("utf-8", "surrogateescape"))
    return state.hexdigest()


def _files(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and entry.name != "__pycache__":
                yield from _files(Path(entry.path))
            elif entry.name.endswith((".py", ".yaml")):
                about = entry.stat()
                yield f"{entry.path} {about.st_size} {about.st_mtime_ns}\n"
