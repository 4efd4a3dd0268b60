"""What holds for a time on a point, whatever its generation: quarantine, grant, relax, panic. It outlives a reboot.

Times are absolute (milliseconds since 1970): what is loaded again has what remains of it.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from segctl.store.errors import Damaged
from segctl.store.files import Folder
from segctl.store.plain import address, number, text
from segctl.store.sealed import seal_json, unseal_json

_NAME = "overrides"


class OverrideKind(StrEnum):
    """What an override does."""

    QUARANTINE = "quarantine"
    GRANT = "grant"
    RELAX = "relax"
    PANIC = "panic"


@dataclass(frozen=True, slots=True)
class Override:
    """One of them. `words`: what was asked for, as it was typed; `addresses`: what a quarantine holds, as places on the
    address line; `beside`: those of them that nobody typed (the endpoint's others, and the neighbours'), with why.
    `since`, `until`: milliseconds since 1970; `until` 0: until it is released.
    """

    id: int
    kind: OverrideKind
    words: tuple[str, ...]
    why: str
    who: str
    since: int
    until: int = 0
    addresses: tuple[int, ...] = ()
    beside: tuple[str, ...] = ()

    def active(self, now: int) -> bool:
        """Whether it holds at that time."""
        return not self.until or now < self.until


class Overrides:
    """Those of one point."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def all(self) -> tuple[Override, ...]:
        """As they were written last, in order of id, ended ones too. Damaged, Newer, Unsafe if they can't be read."""
        data = self._folder.read(_NAME)
        if data is None:
            return ()
        where = self._folder.path / _NAME
        try:
            return tuple(_read(one) for one in unseal_json("overrides", data, where))
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"{where} says nothing that holds: {type(error).__name__}: {error}") from error

    def active(self, now: int) -> tuple[Override, ...]:
        """Those that hold at that time."""
        return tuple(one for one in self.all() if one.active(now))

    def as_they_are(self) -> bytes | None:
        """Their bytes, whatever they say, for `put_back`."""
        return self._folder.read(_NAME)

    def put_back(self, before: bytes | None) -> None:
        """As they were, damaged too."""
        if before is None:
            self._folder.remove(_NAME)
        else:
            self._folder.write(_NAME, before)

    def write(self, overrides: tuple[Override, ...]) -> None:
        """All of them anew."""
        self._folder.write(_NAME, seal_json("overrides", [plain(one) for one in overrides]))


def plain(one: Override) -> dict[str, Any]:
    """As JSON has it."""
    return asdict(one)


def _read(value: Any) -> Override:
    return Override(
        number(value["id"]),
        OverrideKind(value["kind"]),
        tuple(text(word, 4096) for word in value["words"]),
        text(value["why"], 4096),
        text(value["who"], 4096),
        number(value["since"]),
        number(value["until"]),
        tuple(map(address, value["addresses"])),
        tuple(text(one, 4096) for one in value["beside"]),
    )
