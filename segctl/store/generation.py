"""Applied versions of a point's rules, kept so that they can be put back, proved again and compared.

Three files each: `000007.rules` (what is loaded, and the site's files that it was made of), `000007.side` (what must be
at hand at once) and `000007.about` (a few words). The last is written last: a generation without it was never whole,
and is no generation.
"""

import binascii
import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from segctl.model.generation import Loadable, Side
from segctl.store.errors import Damaged
from segctl.store.files import Folder
from segctl.store.origin import Commit, Who
from segctl.store.plain import from_plain, number, side_from, side_plain, text, to_plain
from segctl.store.sealed import seal, seal_json, unseal, unseal_json

KEPT = 10
"""How many generations stay, beside those that are live or confirmed."""

_SITE_MOST = 1 << 28  # bytes of all files of a site
_ANOTHER = "somebody moved it: give it back its name, or put it away"


@dataclass(frozen=True, slots=True)
class About:
    """A generation in a few words. `site`: its name, `source`: a hash of its files; `made`: milliseconds since 1970.

    `digest`: of rules and elements as read back; `proof`: proven, different, unproven, or "" if nobody looked;
    `why`: what --replace, --unproven or --despite-check was given as a reason.
    """

    number: int
    point: str
    site: str
    source: str
    commit: Commit
    made: int
    who: Who
    digest: str
    proof: str = ""
    elements: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A generation whole. `files`: the site's files, path to bytes."""

    about: About
    rules: Loadable
    files: Mapping[str, bytes] = field(default_factory=dict)


class Generations:
    """Those of one point, in a folder of ours."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def numbers(self) -> list[int]:
        """Which are there, whole, in order."""
        words = (name.removesuffix(".about") for name in self._folder.names() if name.endswith(".about"))
        return sorted(int(word) for word in words if word.isascii() and word.isdigit())

    def keep(self, kept: Kept) -> None:
        """Write it; one of that number is replaced. NotWritten if the disk doesn't take it."""
        name = _name(kept.about.number)
        files = {path: b64encode(zlib.compress(data, 1)).decode() for path, data in kept.files.items()}
        whole = json.dumps({"rules": to_plain(kept.rules), "files": files}).encode()
        self._folder.remove(f"{name}.about")
        self._folder.write(f"{name}.rules", seal("rules", whole))
        self._folder.write(f"{name}.side", seal_json("side", side_plain(kept.rules.side)))
        self.note(kept.about)

    def note(self, about: About) -> None:
        """Its few words anew, as more is known."""
        self._folder.write(f"{_name(about.number)}.about", seal_json("generation", asdict(about)))

    def about(self, number_: int) -> About | None:
        """None if there is no such generation; Damaged, Newer or Unsafe if it can't be relied on."""
        name = f"{_name(number_)}.about"
        data = self._folder.read(name)
        if data is None:
            return None
        where = self._folder.path / name
        found = _about(unseal_json("generation", data, where), where)
        if found.number != number_:
            raise Damaged(f"{where} is of generation {found.number}", _ANOTHER)
        return found

    def side(self, number_: int) -> Side | None:
        """What must be at hand at once; None and errors as `about`."""
        name = f"{_name(number_)}.side"
        data = self._folder.read(name)
        where = self._folder.path / name
        return None if data is None else side_from(unseal_json("side", data, where), where)

    def read(self, number_: int) -> Kept | None:
        """The same, whole."""
        about = self.about(number_)
        name = f"{_name(number_)}.rules"
        data = self._folder.read(name) if about else None
        side = self.side(number_)
        if about is None or data is None or side is None:
            return None
        where = self._folder.path / name
        try:
            found = json.loads(unseal("rules", data, where))
            return Kept(about, from_plain(found["rules"], where, side), _files(found["files"]))
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, zlib.error, RecursionError) as error:
            raise Damaged(f"{where} holds no generation: {error}") from error

    def forget(self, number_: int) -> None:
        """Away with it, if it is there."""
        self._folder.remove(f"{_name(number_)}.about")
        self._folder.remove(f"{_name(number_)}.side")
        self._folder.remove(f"{_name(number_)}.rules")

    def prune(self, needed: set[int]) -> None:
        """All but the newest, and those that are needed."""
        for one in self.numbers()[:-KEPT]:
            if one not in needed:
                self.forget(one)


def about_plain(about: About) -> dict[str, Any]:
    """As JSON has it."""
    return asdict(about)


def _name(number_: int) -> str:
    return f"{number_:06d}"


def _files(packed: Mapping[str, object]) -> dict[str, bytes]:
    """A site's files; ValueError for one that doesn't end, and for more than a site may have together."""
    files: dict[str, bytes] = {}
    left = _SITE_MOST
    for path, one in packed.items():
        inflating = zlib.decompressobj()
        data = inflating.decompress(b64decode(text(one, 1 << 30), validate=True), left + 1)
        left -= len(data)
        if left < 0:
            raise ValueError(f"the site's files are larger than {_SITE_MOST} bytes")
        if not inflating.eof or inflating.unused_data:
            raise ValueError(f"{path[:80]!r} doesn't end where it should")
        files[text(path, 4096)] = data
    return files


def _about(value: Any, where: object) -> About:
    try:
        known = {name: value[name] for name in About.__slots__}
        known["commit"] = Commit(text(value["commit"]["name"], 255), bool(value["commit"]["dirty"]))
        known["who"] = Who(**{name: text(value["who"][name], 4096) for name in Who.__slots__})
        for name in ("number", "made", "elements"):
            number(known[name])
        for name in ("point", "site", "source", "digest", "proof", "why"):
            text(known[name], 1 << 16)
        return About(**known)
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"{where} says nothing of a generation: {type(error).__name__}: {error}") from error
