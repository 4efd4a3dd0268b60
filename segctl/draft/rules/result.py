"""What an import answers: a site, and whether its rules decide as those that it was made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from segctl.model.packet import Way
from segctl.model.span import Span


@dataclass(frozen=True, slots=True)
class Apart:
    """Packets that the two treat otherwise: `way`, IP `family`, one of them in words, what each does with it, by which
    of the original rules ("" for none), and why nobody can say what they do. `pairs`: of how many pairs of interface
    and block that is true.
    """

    way: Way
    family: int
    packet: str
    rules: str
    site: str
    by: str
    doubts: tuple[str, ...] = ()
    pairs: int = 1


@dataclass(frozen=True, slots=True)
class OnPurpose:
    """A difference on purpose: `pairs` of interface and block; in `opened` of them the original lets something pass."""

    name: str
    what: str
    pairs: int
    opened: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A rule that isn't imported, or not wholly."""

    place: Span
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Equality:
    """The proof. `pairs` of interface and block were compared, for all packets that begin a connection (`packets` of
    them). In `opened` of the pairs the original lets something through, in `kept` of those the site does, too.
    `exceptions` are those that differ on purpose; `differences` all others.
    """

    families: tuple[int, ...]
    ways: tuple[Way, ...]
    pairs: int
    packets: int
    opened: int
    kept: int
    exceptions: tuple[OnPurpose, ...]
    differences: tuple[Apart, ...]

    @property
    def equal(self) -> bool:
        return not self.differences


@dataclass(frozen=True, slots=True)
class Imported:
    """A draft: its files by their path, what was proved of it, and what is to be known."""

    name: str
    files: Mapping[str, bytes]
    equality: Equality
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    segments: tuple[str, ...]
