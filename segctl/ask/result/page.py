"""What `atlas` and `web` answer: a whole site for a page that answers questions by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from segctl.ask.result.change import Row
from segctl.ask.result.checked import State
from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.segment import Waiver


@dataclass(frozen=True, slots=True)
class Block:
    """What is left of a statement between each of `sources` and each of `destinations`, all names of segments.

    services: by name ("all": everything) what no guardrail forbids for all of it; partly: one forbids some of it.
    """

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    services: tuple[str, ...]
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement, and between which segments it says something.

    The parts have a segment's name and the words for what of it is meant, where that isn't the whole.
    """

    said: Flow | Guardrail | Management
    state: State
    waivers: tuple[tuple[Waiver, bool], ...]
    source_parts: Mapping[str, str]
    destination_parts: Mapping[str, str]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What a connection meets between two different segments where no statement allows it.

    default: both ends' defaults allow it. loose: why what is denied passes all the same ("observed", "uncovered", or
    ""); enforced: what an observing end enforces. partly: a guardrail forbids some. refuses: which ends deny it.
    """

    default: bool = False
    partly: bool = False
    loose: str = ""
    enforced: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rest:
    """An `Unsaid` for each pair of different segments, without a row for each pair: there may be millions.

    kinds: a segment's row and column in `table`, whose cells are two places in `passings`: where a point stands between
    the two, and where none does. places: a segment's place; of two, none stands between if `apart` has their places'
    groups, or `flipped` has the places themselves, but not both. odd: pairs that have an Unsaid of their own.
    """

    passings: tuple[Unsaid, ...]
    kinds: Mapping[str, int]
    table: tuple[tuple[tuple[int, int], ...], ...]
    places: Mapping[str, int]
    groups: tuple[int, ...]
    apart: frozenset[tuple[int, int]]
    flipped: frozenset[tuple[int, int]]
    odd: Mapping[tuple[str, str], int]

    def uncovered(self, source: str, destination: str) -> bool:
        """Whether no point stands between some addresses of the two."""
        first, second = self.places[source], self.places[destination]
        return ((self.groups[first], self.groups[second]) in self.apart) != ((first, second) in self.flipped)

    def passing(self, source: str, destination: str) -> Unsaid:
        """For two different segments."""
        own = self.odd.get((source, destination))
        if own is None:
            own = self.table[self.kinds[source]][self.kinds[destination]][self.uncovered(source, destination)]
        return self.passings[own]


@dataclass(frozen=True, slots=True)
class Atlas:
    """A whole site at a time, for whoever asks many questions of it: no pair of segments is written out.

    segments: what `segctl.ask.graph` says of a node, by name.
    """

    site: str
    at: datetime
    points: bool
    segments: Mapping[str, Mapping[str, Any]]
    members: Mapping[str, tuple[str, ...]]
    statements: tuple[Stated, ...]
    rest: Rest


class Weight(NamedTuple):
    """How many addresses, so that a blast radius can be added up: see segctl.ask.weights.

    links: of IPv6 the /64s at the ends of each span, as numbers, with how many addresses; inner: how many /64s between
    them are taken whole.
    """

    v4: int
    v6: int
    inner: int
    links: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """Machines that can speak from the same classes, or the addresses of one class that are no machine's.

    own: the addresses of one, the world's left out; held: in each of `classes` those of all these machines. alone:
    those of the classes in which nobody else is.
    """

    classes: tuple[int, ...]
    own: Weight
    held: tuple[Weight, ...]
    alone: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Web:
    """Who reaches whom in one hop, of all classes of addresses: `segctl.ask.reach` written out, by effect.

    segments: of each class the segment's name, "" of a special one; weights: its addresses, of the world's and of
    special ones none. kinds: all kinds of machines, of which `starts` are in a segment. hops: of each class its place
    in `reached`, whose rows are sets of classes as bits: allowed, only observed, only as nothing enforces the deny.
    """

    segments: tuple[str, ...]
    weights: tuple[Weight, ...]
    kinds: tuple[Kind, ...]
    starts: Mapping[str, tuple[int, ...]]
    hops: tuple[int, ...]
    reached: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A row of a difference with the segments that it touches, as they are called after the change; segments that are
    gone by their own names.
    """

    row: Row
    sources: tuple[str, ...]
    destinations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a change does, for the page. `before`: what it is compared with, in words. gone: as `Atlas.segments`."""

    before: str
    rows: tuple[Changed, ...]
    gone: Mapping[str, Mapping[str, Any]]
    added: tuple[str, ...]
