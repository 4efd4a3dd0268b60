"""The pairs of addresses that the site tells apart between two interfaces, and the law's clauses as sets of packets.

The classes of addresses are cut by the site alone, and so are few. Most pairs are treated like many others: closed
ones, of which an end can't be where it is, in blocks; open ones in products of alike ends, but for the pairs that a
statement of few addresses speaks of, which are taken one by one (as in `layout.py`, without any rows).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from segctl.listing.rule import Span, name_span
from segctl.prove.axes import ADDRESS_BITS, DADDR, IIF, OIF, SADDR, WIDTHS
from segctl.prove.bdd.diagrams import Node
from segctl.prove.bdd.domain import Walked, interfaces_of
from segctl.prove.bdd.packet import Fields
from segctl.prove.cells import Cells
from segctl.prove.clauses import NUMBER, Between, Must, clauses
from segctl.prove.conntrack import NONE
from segctl.prove.effects import Effects, Place
from segctl.prove.engine import Evaluated
from segctl.prove.frame import OUTER, Frame
from segctl.prove.layout import Alike
from segctl.prove.proof import intent_cuts
from segctl.prove.space import Axis, Space, Spans, bits

_ALIVE: Spans = ((1, 1),)
_NEVER: Spans = ((2, 2),)  # two numbers that stand for all that live, and for all that no connection gets
Wanted = dict[Must, Node]


class Region(NamedTuple):
    """Pairs of classes between two interfaces' classes which the law treats as one. `source`, `destination`: one of
    them; `pairs`: how many there are.
    """

    iif: int
    oif: int
    source: int
    destination: int
    pairs: int
    packets: Node


class Part(NamedTuple):
    """Sources times destinations, as masks of classes, but for some pairs."""

    sources: int
    destinations: int
    without: frozenset[tuple[int, int]]


@dataclass(slots=True)
class Intent:
    """What the site wants of all packets of one walk."""

    walked: Walked
    effects: Effects
    places: list[Place] = field(init=False)
    addresses: list[int] = field(init=False)
    _cells: Cells = field(init=False)
    _space: Space = field(init=False)
    _ends: dict[str, list[Node]] = field(init=False)
    _unions: dict[tuple[str, int], Node] = field(default_factory=dict)
    _wanted: dict[Between, Wanted] = field(default_factory=dict)

    def __post_init__(self) -> None:
        walked, family = self.walked, self.walked.family
        self._space = _space(self.effects, family)
        limits = interfaces_of(walked.way)
        cube = tuple(one.mask(limits[one.name]) if one.name in limits else one.full for one in self._space.axes)
        self._cells = Cells(Frame.of(Evaluated(walked.way, family, self._space, {}, (), (cube,), ())), self.effects)
        self.places, self.addresses = self._cells.places, self._cells.addresses
        self._ends = {
            axis.name: [walked.fields.holds(axis.name, spans, family) for spans in _class_spans(axis)]
            for axis in self._space.axes
            if axis.name in OUTER
        }

    def names(self, iif: int, oif: int) -> tuple[str, str]:
        """The names of two classes of interfaces; of one without a name of its own its smallest."""
        return self._cells.names(iif, oif)

    def between(self, iif: int, oif: int) -> Node:
        """The packets with interfaces of two classes."""
        return self._ends[IIF][iif] & self._ends[OIF][oif]

    def interfaces(self) -> list[tuple[int, int]]:
        """The pairs of classes of interfaces that a packet of this way can have."""
        return list(self._cells.interfaces())

    def parts(self) -> Iterator[tuple[int, int, Between, list[Part]]]:
        """All pairs of classes between all pairs of interfaces, those together of which the law says the same."""
        for iif, oif in self.interfaces():
            alike, asked = self._cells.intent(iif, oif, _ALIVE, _NEVER)
            together: dict[Between, list[Part]] = defaultdict(list)
            for part in _parts(alike):
                together[asked(*_example(part))].append(part)
            yield from ((iif, oif, between, parts) for between, parts in together.items())

    def values(self, axis: str, mask: int) -> Spans:
        """The addresses or interfaces' names of some classes."""
        return self._space.axes[self._space.index[axis]].spans(mask)

    def regions(self) -> dict[Between, list[Region]]:
        """The same as packets."""
        found: dict[Between, list[Region]] = defaultdict(list)
        for iif, oif, between, parts in self.parts():
            here = self.between(iif, oif)
            for source, destination, pairs, packets in self._products(parts):
                found[between].append(Region(iif, oif, source, destination, pairs, here & packets))
        return found

    def _products(self, parts: Iterable[Part]) -> Iterator[tuple[int, int, int, Node]]:
        """Each part as packets: of a pair of segments those that are single pairs together."""
        either = self.walked.fields.diagrams.either
        singles: dict[tuple[str | None, str | None], list[tuple[int, int]]] = defaultdict(list)
        for sources, destinations, without in parts:
            pairs = sources.bit_count() * destinations.bit_count()
            if pairs == 1:
                s, d = sources.bit_length() - 1, destinations.bit_length() - 1
                singles[self.places[s].segment, self.places[d].segment].append((s, d))
                continue
            inside = self._union(SADDR, sources) & self._union(DADDR, destinations)
            if without:
                inside &= ~either(self._ends[SADDR][s] & self._ends[DADDR][d] for s, d in without)
            yield *_example(Part(sources, destinations, without)), pairs - len(without), inside
        for some in singles.values():
            together = either(self._ends[SADDR][s] & self._ends[DADDR][d] for s, d in some)
            yield *some[0], len(some), together

    def _union(self, axis: str, mask: int) -> Node:
        key = axis, mask
        if key not in self._unions:
            ends = self._ends[axis]
            self._unions[key] = self.walked.fields.diagrams.either(ends[number] for number in bits(mask))
        return self._unions[key]

    def wanted(self, between: Between) -> Wanted:
        """What must become of every packet, whatever its addresses and interfaces. Of a connection's number it is only
        asked whether it is alive, and whether it is one that no connection gets.
        """
        if between not in self._wanted:
            self._wanted[between] = self._asked(between)
        return self._wanted[between]

    def _asked(self, between: Between) -> Wanted:
        fields = self.walked.fields
        left = fields.diagrams.true
        sets: dict[Must, list[Node]] = defaultdict(list)
        for clause in clauses(between):
            packets = _packets(fields, clause.limits, self.walked.family)
            if (here := left & packets).satisfiable():
                sets[clause.must].append(here)
                left &= ~packets
        return {must: fields.diagrams.either(some) for must, some in sets.items()}


def _space(effects: Effects, family: int) -> Space:
    """All axes cut by the intent alone."""
    lasts = {axis: (1 << width) - 1 for axis, width in WIDTHS.items()}
    lasts |= {axis: (1 << ADDRESS_BITS[family]) - 1 for axis in (SADDR, DADDR)}
    cuts = intent_cuts(effects, family)
    for axis in (IIF, OIF):
        cuts[axis] |= {NONE, (name_span("lo"),)}
    return Space.of(Axis.cut(name, lasts.get(name, 0xFF), sets) for name, sets in cuts.items())


def _packets(fields: Fields, limits: object, family: int) -> Node:
    assert isinstance(limits, dict)
    number = {_ALIVE: fields.alive, _NEVER: fields.never}.get(limits.get(NUMBER, ()), fields.diagrams.true)
    return number & fields.product({axis: spans for axis, spans in limits.items() if axis != NUMBER}, family)


def _class_spans(axis: Axis) -> list[Spans]:
    """The values of each class."""
    out: list[list[Span]] = [[] for _ in axis.least]
    for at, (first, number) in enumerate(zip(axis.firsts, axis.ids, strict=True)):
        end = axis.firsts[at + 1] - 1 if at + 1 < len(axis.firsts) else axis.last
        out[number].append((first, end))
    return [tuple(spans) for spans in out]


def _parts(alike: Alike) -> Iterator[Part]:
    """Every pair of classes, in some part."""
    for source in alike.closed[0]:
        for target in alike.closed[1]:
            if not (source & alike.open_source and target & alike.open_target):
                yield Part(source, target, frozenset())
    by_source: dict[int, int] = defaultdict(int)
    for source, target in set(alike.touched):
        by_source[source] |= 1 << target
        yield Part(1 << source, 1 << target, frozenset())
    sources, targets = (
        [both for mask in alike.stances if (both := mask & some)] for some in (alike.open_source, alike.open_target)
    )
    for source in sources:
        for target in targets:
            without = frozenset((s, d) for s in bits(source) for d in bits(by_source[s] & target))
            if len(without) < source.bit_count() * target.bit_count():
                yield Part(source, target, without)


def _example(part: Part) -> tuple[int, int]:
    """The first pair of a part."""
    sources, targets = part.sources, part.destinations
    return next((s, d) for s in bits(sources) for d in bits(targets) if (s, d) not in part.without)
