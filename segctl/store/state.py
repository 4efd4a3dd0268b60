"""All that is kept of one point: its folder, and what lies where in it.

lock  journal  standing  overrides  generations/000007.about  generations/000007.rules
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from segctl.runner import Runner
from segctl.store.errors import Damaged
from segctl.store.files import Folder, open_folder
from segctl.store.generation import Generations
from segctl.store.journal import Journal
from segctl.store.overrides import Overrides
from segctl.store.plain import number, text
from segctl.store.sealed import seal_json, unseal_json

VARIABLE = "SEGCTL_STATE"
_STANDING = "standing"
_HITS = "hits"


@dataclass(frozen=True, slots=True)
class Pending:
    """A generation that is taken back unless it is confirmed. `before`: what is flipped back to, None for nothing.

    `deadline`: milliseconds of the clock that no setting of the time moves (CLOCK_BOOTTIME), of the boot `boot`.
    """

    generation: int
    before: int | None
    deadline: int
    boot: str
    guard: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What is loaded at boot (`confirmed`, None for nothing), and what waits for its confirmation.

    `closed`: our rules were removed, and all but management is to stay shut.
    """

    confirmed: int | None = None
    pending: Pending | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """One point's state on disk. `top`: what all points of this machine have in common."""

    top: Folder
    folder: Folder
    generations: Generations
    journal: Journal
    overrides: Overrides

    def standing(self) -> Standing:
        """As it was written last; nothing where nothing was."""
        data = self.folder.read(_STANDING)
        if data is None:
            return Standing()
        where = self.folder.path / _STANDING
        return _standing(unseal_json("standing", data, where), where)

    def standing_as_it_is(self) -> bytes | None:
        """Its bytes, whatever they say, for `put_back`. Unsafe if somebody else may have written them."""
        return self.folder.read(_STANDING)

    def put_back(self, standing: bytes | None) -> None:
        """As it was, damaged too: what can't be read keeps a point closed at boot."""
        if standing is None:
            self.folder.remove(_STANDING)
        else:
            self.folder.write(_STANDING, standing)

    def hits(self) -> dict[tuple[str, str], int]:
        """What was counted by generations that are gone: by kind and name of the line."""
        data = self.folder.read(_HITS)
        where = self.folder.path / _HITS
        try:
            rows = unseal_json("hits", data, where) if data is not None else []
            return {(text(kind, 255), text(name, 4096)): number(count) for kind, name, count in rows}
        except (TypeError, ValueError) as error:
            raise Damaged(f"{where} counts nothing: {error}") from error

    def keep_hits(self, hits: Mapping[tuple[str, str], int]) -> None:
        """Write it."""
        self.folder.write(_HITS, seal_json("hits", [[*line, count] for line, count in sorted(hits.items())]))

    def stand(self, standing: Standing) -> None:
        """Write it."""
        self.folder.write(_STANDING, seal_json("standing", asdict(standing)))


def root() -> Path:
    """Where the state of this machine's points lies: /var/lib/segctl, or in an ordinary user's own folder."""
    if named := os.environ.get(VARIABLE):
        return Path(named).absolute()
    if os.geteuid() == 0 and os.access("/var/lib", os.W_OK):
        return Path("/var/lib/segctl")
    home = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    return Path(home) / "segctl"


@contextmanager
def state_of(runner: Runner, *, make: bool = True) -> Iterator[State | None]:
    """The state of a place's point; None if there is none and none is to be made. StoreError in its kinds."""
    top = open_folder(root(), make=make)
    folder = inner = None
    try:
        folder = open_folder(root() / runner.key, make=make) if top else None
        inner = open_folder(root() / runner.key / "generations", make=make) if folder else None
        yield (
            State(top, folder, Generations(inner), Journal(folder), Overrides(folder))
            if top and folder and inner
            else None
        )
    finally:
        for one in (inner, folder, top):
            if one is not None:
                one.close()


def forget(prefix: str) -> None:
    """Away with the state of all places whose key begins so: of a lab that is gone."""
    with suppress(OSError):
        for folder in root().iterdir():
            if folder.name.startswith(prefix) and not folder.is_symlink():
                shutil.rmtree(folder, ignore_errors=True)


def _standing(value: object, where: object) -> Standing:
    try:
        assert isinstance(value, dict)
        confirmed, waiting = value["confirmed"], value["pending"]
        if waiting is not None:
            waiting = Pending(
                number(waiting["generation"]),
                None if waiting["before"] is None else number(waiting["before"]),
                number(waiting["deadline"]),
                text(waiting["boot"], 64),
                number(waiting["guard"]),
            )
        return Standing(None if confirmed is None else number(confirmed), waiting, value["closed"] is True)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise Damaged(f"{where} says nothing that is live: {type(error).__name__}: {error}") from error
