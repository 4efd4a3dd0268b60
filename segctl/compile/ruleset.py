"""What we write into a kernel, as types: maps with their elements, and the few facts that shape the chains."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from segctl.compile.tokens import AddressRange, InterfaceName, Name, Span
from segctl.model.generation import Home, Meaning
from segctl.model.point import PointKind
from segctl.model.strictness import Answer, Log


class Field(StrEnum):
    """One part of a key, or what a map answers; the template knows how nft says each."""

    SOURCE = "source"  # the source's class: scratch in `meta priority`
    TARGET = "target"  # the destination's class: scratch in `meta mark`
    BASE = "base"  # an allowance's place in this generation: scratch in `meta mark`
    NUMBER = "number"  # an allowance's number: `ct mark`
    FAMILY = "family"
    PROTOCOL = "protocol"
    PORT = "port"
    ICMP4 = "icmp4"
    ICMP6 = "icmp6"
    IN = "in"
    OUT = "out"
    SADDR4 = "saddr4"
    SADDR6 = "saddr6"
    VERDICT = "verdict"


class Level(IntEnum):
    """How exactly an end is named in a key: its class, its whole zone, or not at all."""

    CLASS = 0
    ZONE = 1
    ANY = 2


ZONE_MASK = 0xFFFF0000

Part = int | str
Value = int | tuple[str, str]
"""What a map answers: an id or number, or ("jump" | "goto", chain)."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: key parts in the order of the map's fields (ranges: first and last), the value, its end in time."""

    key: tuple[Part, ...]
    value: Value | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class NamedMap:
    """A named set (`answers` None) or map, with all its elements in a fixed order."""

    name: Name
    fields: tuple[Field, ...]
    answers: Field | None
    elements: tuple[Element, ...]
    interval: bool = False
    counted: bool = False
    timed: bool = False

    @property
    def size(self) -> int:
        """Twice the elements: room for what comes at run time, and it loads faster than without a size."""
        return max(16, 2 * len(self.elements) * (2 if self.interval else 1))


def zone_sets(name: str, ids: Iterable[int]) -> list[NamedMap]:
    """`NAME_source` and `NAME_target`: the same zones in either scratch register; no zone, no sets."""
    elements = tuple(Element((id,)) for id in ids)
    fields = (Field.SOURCE, Field.TARGET) if elements else ()
    return [NamedMap(Name(f"{name}_{field}"), (field,), None, elements) for field in fields]


@dataclass(frozen=True, slots=True)
class Lookup:
    """Look-ups in one map, one for each pair of levels that its keys use, the most exact first."""

    map: Name
    back: Name | None  # the map that replies ask
    kind: str  # port, icmp4, icmp6, protocol, all, list, wide
    levels: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ListRule:
    """In a port-list chain: these ports lead to that base, while the set `alive`, if there is one, has its elements."""

    base: int
    ports: tuple[Span, ...]
    alive: Name | None = None


@dataclass(frozen=True, slots=True)
class ListChain:
    """The port ranges of all allowances that share one (source, destination, protocol)."""

    name: Name
    stage: Name
    rules: tuple[ListRule, ...]


@dataclass(frozen=True, slots=True)
class WideRule:
    """In a wide chain: destinations in these sets (set, level), then the services, lead to that base; `alive` alike."""

    base: int
    targets: tuple[tuple[Name, int], ...]
    services: Name
    alive: Name | None = None


@dataclass(frozen=True, slots=True)
class WideChain:
    """What sources of one membership may do by flows whose product of classes is too large for a map."""

    name: Name
    rules: tuple[WideRule, ...]


@dataclass(frozen=True, slots=True)
class ServiceChain:
    """The services of one wide flow: (protocol, ports) pairs, ICMP types, whole protocols by family, or everything."""

    name: Name
    stage: Name
    base: int
    ports: tuple[tuple[int, tuple[Span, ...]], ...]
    icmp4: tuple[int, ...]
    icmp4_back: tuple[int, ...]
    icmp6: tuple[int, ...]
    icmp6_back: tuple[int, ...]
    protocols: tuple[tuple[int, int], ...]
    everything: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the decision: its look-ups in order, and its chains for lists and wide flows."""

    name: Name
    lookups: tuple[Lookup, ...]
    lists: tuple[ListChain, ...] = ()
    wides: tuple[WideChain, ...] = ()
    services: tuple[ServiceChain, ...] = ()


@dataclass(frozen=True, slots=True)
class EssentialRule:
    """One essential on one interface, on a host on each (None).

    `sources`, `destinations`: nothing is any address of the family. `ways`: the hooks that it stands on, `in`, `out`.
    """

    number: int
    interface: InterfaceName | None
    family: int
    sources: tuple[AddressRange, ...]
    destinations: tuple[AddressRange, ...]
    protocol: int
    ports: tuple[Span, ...]
    hop_limit: int
    ways: tuple[str, ...] = ("in", "out")


@dataclass(frozen=True, slots=True)
class DenyChain:
    """A way to refuse: what it answers, how loud; `number` names the guardrail."""

    name: Name
    answer: Answer
    log: Log
    number: int = 0


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All that one point's table holds.

    `loose`, `world_observes`: a gateway's; `ours4`, `ours6`: a host's addresses, beside which it looks at nothing.
    """

    point: str
    kind: PointKind
    maps: tuple[NamedMap, ...]
    stages: Mapping[str, Stage]
    denies: tuple[DenyChain, ...]
    guards: tuple[DenyChain, ...]
    essentials: tuple[EssentialRule, ...]
    world: int  # the id of an address that no map knows
    own: int  # the id of a local address that the site does not declare
    observe_base: int
    default_base: int
    special4: tuple[AddressRange, ...]
    special6: tuple[AddressRange, ...]
    loose: tuple[InterfaceName, ...] = ()  # where binding is only logged
    world_observes: bool = False  # world with itself does
    ours4: tuple[AddressRange, ...] = ()
    ours6: tuple[AddressRange, ...] = ()
    meanings: Mapping[int, Meaning] = field(default_factory=dict)
    homes: tuple[Home, ...] = ()

    def has(self, name: str) -> bool:
        """Whether a map of that name has elements (empty ones are left out)."""
        return any(made.name.text == name for made in self.maps)

    def map(self, name: str) -> NamedMap:
        return next(made for made in self.maps if made.name.text == name)
