"""The packets of a way that can be: the interfaces that they have, and what conntrack can say of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from segctl.listing.rule import Listing, Untrack, name_span
from segctl.model.packet import Way
from segctl.prove.axes import ADDRESS_BITS, DADDR, IIF, OIF, REGISTERS, SADDR, STATE, WIDTHS
from segctl.prove.bdd.branch import Registers
from segctl.prove.bdd.diagrams import Diagrams, Node
from segctl.prove.bdd.names import Named, named
from segctl.prove.bdd.packet import Fields
from segctl.prove.bdd.statements import Statements
from segctl.prove.bdd.walk import Ends, Walk
from segctl.prove.clauses import SWAP
from segctl.prove.conntrack import NONE, possible
from segctl.prove.path import Stage, stages
from segctl.prove.space import Spans
from segctl.prove.values import complement

_LAST_NAME = (1 << 128) - 1
_REGISTER = (1 << 32) - 1
_LOCAL = ((2, 2),)  # RTN_LOCAL
Awake = dict[tuple[str, str], bool]


@dataclass(frozen=True, slots=True)
class Walked:
    """All packets of a family on a way with their ends. `domain`: those that can be; `packets`: how many these are."""

    way: Way
    family: int
    fields: Fields
    domain: Node
    ends: Ends
    numbers: frozenset[int]
    packets: int


@dataclass(frozen=True, slots=True)
class Route:
    """The stages of a way, and what they name."""

    way: Way
    family: int
    stages: tuple[Stage, ...]
    named: Named


def routes(listing: Listing, awake: Awake | None = None, ways: Iterable[Way] = tuple(Way)) -> list[Route]:
    """These ways of both families."""
    found = []
    for family in (4, 6):
        for way in ways:
            met = tuple(stages(listing, way, family, awake))
            found.append(Route(way, family, met, named(met)))
    return found


def fields_of(diagrams: Diagrams, listing: Listing, some: Iterable[Route], interfaces: Iterable[str] = ()) -> Fields:
    """The variables for these ways; `interfaces`: further names that must be told apart."""
    sets = {spans for route in some for spans in route.named.interfaces}
    return Fields(diagrams, sets | {(name_span(name),) for name in interfaces}, listing.interfaces)


def walk(route: Route, fields: Fields) -> Walked:
    """Every packet of a way through its rules."""
    way, family = route.way, route.family
    start = fields.product(interfaces_of(way), family) & fields.sorts()
    if way is Way.FORWARD:  # what is forwarded isn't the point's own, or it came in
        start &= ~fields.holds("fib daddr type", _LOCAL, family)
    for name in _none(way):
        start &= fields.holds(name, NONE, family)
    mark, priority, connection = (fields.value(name, family) for name in REGISTERS)
    registers = Registers(mark, priority, connection)
    ends = Walk(Statements(fields, family)).along(start, registers, route.stages)
    said = list(possible(family, _untracks(route.stages)))
    domain = start & fields.diagrams.either(fields.product(limits, family) for limits in said)
    packets = sum(_count({**interfaces_of(way), **limits}, way, family) for limits in said)
    return Walked(way, family, fields, domain, ends, route.named.numbers, packets)


def _none(way: Way) -> tuple[str, ...]:
    """The registers that are empty when a packet comes: of what a socket sends they may hold anything."""
    return {Way.FORWARD: ("meta mark",), Way.INPUT: ("meta mark", "meta priority"), Way.OUTPUT: ()}[way]


def interfaces_of(way: Way) -> dict[str, Spans]:
    """A packet comes over no interface of its own machine's, and leaves over one that is none only where it stays."""
    loopback = name_span("lo")
    some = complement((NONE[0], loopback), _LAST_NAME)
    real = complement(NONE, _LAST_NAME)
    return {
        Way.FORWARD: {IIF: some, OIF: some},
        Way.INPUT: {IIF: real, OIF: NONE},
        Way.OUTPUT: {IIF: NONE, OIF: real},
    }[way]


def _untracks(met: Iterable[Stage]) -> bool:
    return any(
        isinstance(statement, Untrack)
        for stage in met
        for chain in stage.table.chains.values()
        for rule in chain.rules
        for statement in rule.statements
    )


def _count(limits: Mapping[str, Spans], way: Way, family: int) -> int:
    """How many packets there are within limits, as the fields that every packet has."""
    lasts = {axis: (1 << width) - 1 for axis, width in WIDTHS.items() if axis != STATE}
    lasts |= {axis: (1 << ADDRESS_BITS[family]) - 1 for axis in (SADDR, DADDR)}
    lasts["ip ttl" if family == 4 else "ip6 hoplimit"] = 0xFF
    lasts |= {name: _REGISTER for name in REGISTERS if name not in _none(way)}
    out = 1
    for axis, last in lasts.items():
        out *= sum(end - first + 1 for first, end in limits.get(axis, ((0, last),)))
    return out // 2 if SWAP in limits else out
