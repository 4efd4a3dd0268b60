"""One version of a point's rules, ready to be loaded: by whoever compiled it, or from disk with no site at hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from segctl.model.elements import Elements
from segctl.model.ranges import NOTHING, Ranges


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a number stands for: kind, name, and where it was said (for the side file; never in rules)."""

    kind: str
    name: str
    place: str
    ways: tuple[str, ...]


class Leaning(StrEnum):
    """What an end does with a connection from it, or to it, that nothing allows. OTHER: as the other end."""

    ALLOW = "allow"
    OBSERVE = "observe"
    DENY = "deny"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Home:
    """Addresses that the rules know by one zone. `id`: as they look it up; `interfaces`: behind which they live, none
    for the point's own (`ours`). `out`, `into`: how their segment falls back; `inside`: whether it talks to itself.
    """

    id: int
    segment: str
    interfaces: tuple[str, ...]
    ours: bool
    addresses: Ranges
    out: Leaning
    into: Leaning
    inside: bool


@dataclass(frozen=True, slots=True)
class Side:
    """What must be at hand at once, whatever the size of the rules: for what is held or granted at run time.

    exceptions: nft's text of what passes although it is held; ends: when some of that ends (milliseconds since 1970).
    endpoints: name to addresses; managers: the sources of management. homes: where all addresses live; rails: what
    guardrails forbid, as sources, destinations and traffic; services: by name; host: the point is one, and its numbers
    hang on no interface. remedy: what passes although it is in quarantine, as sources, destinations and traffic, and
    when that ends (0: never). kept: numbers of connections that live on though nothing allows them any more, with what
    they were between and for.
    """

    exceptions: str = ""
    ends: tuple[int, ...] = ()
    endpoints: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    managers: Ranges = NOTHING
    homes: tuple[Home, ...] = ()
    rails: tuple[tuple[Ranges, Ranges, Ranges], ...] = ()
    services: Mapping[str, Ranges] = field(default_factory=dict)
    host: bool = False
    remedy: tuple[tuple[Ranges, Ranges, Ranges, int], ...] = ()
    kept: Mapping[int, tuple[Ranges, Ranges, Ranges]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loadable:
    """All that a slot holds.

    structure: nft's text of the sleeping table without its elements, for the slot and the generation that stand in it.
    elements: of each named set and map, with the times when they end (`until`) and not what remains.
    meanings: what each connection's number stands for.
    """

    point: str
    structure: str
    elements: tuple[Elements, ...]
    meanings: Mapping[int, Meaning] = field(default_factory=dict)
    side: Side = field(default_factory=Side)

    def count(self) -> int:
        """How many elements there are."""
        return sum(map(len, self.elements))
