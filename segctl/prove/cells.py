"""Pairs of address classes, between each pair of interfaces: which rows decide them, and what the site wants there.

Most pairs are treated like many others. So the rows of few pairs (*narrow*: a flow's) and the statements of few pairs
are looked at pair by pair; all other pairs fall into groups whose ends meet the same broad rows and the same broad
statements, and whose segments fall back alike: one pair stands for its group.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from segctl.listing.rule import name_of
from segctl.model.decision import Effect
from segctl.model.ranges import V6, Ranges
from segctl.model.selector import POINTS
from segctl.model.service import of_family
from segctl.policy.effect import loose
from segctl.prove.axes import DADDR, IIF, OIF, SADDR
from segctl.prove.clauses import Between, Essentials
from segctl.prove.effects import Effects, Part, Place, half, kinds, own_addresses
from segctl.prove.engine import Evaluated
from segctl.prove.frame import Frame, shadowed
from segctl.prove.packet import Way
from segctl.prove.row import Decided
from segctl.prove.space import Cube, Spans, bits, meet

Pair = tuple[int, int]
"""The classes of a source and of a destination."""
_SMALL = 8  # classes of a segment whose inner pairs are looked at one by one


class Cell(NamedTuple):
    """One pair (standing for `pairs` of them) between two interfaces: who decides it, and what is wanted."""

    source: int
    destination: int
    pairs: int
    rows: list[int]
    between: Between


class _Statement(NamedTuple):
    traffic: Ranges
    source: int
    destination: int


class _Spot(NamedTuple):
    """A pair, how many it stands for, and the rows that decide it."""

    source: int
    destination: int
    pairs: int
    rows: list[int]


class _Row(NamedTuple):
    source: int
    destination: int
    iif: int
    oif: int
    narrow: bool


Alive = Mapping[tuple[Way, str, str], Spans]
"""The numbers that new connections got, by way and interfaces ("" where there is none)."""


@dataclass(slots=True)
class _Groups:
    """Address classes in groups that broad rows and statements treat alike; `met` remembers the rows of two groups."""

    sources: list[list[int]]
    destinations: list[list[int]]
    met: dict[Pair, list[int]] = field(default_factory=dict)
    of_source: dict[int, int] = field(init=False)
    of_destination: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.of_source = {number: at for at, group in enumerate(self.sources) for number in group}
        self.of_destination = {number: at for at, group in enumerate(self.destinations) for number in group}

    def untouched(self, touched: Mapping[Pair, object]) -> Iterator[tuple[int, int, int, Pair]]:
        """Each pair of groups that has pairs beside the touched ones: how many, and one of them."""
        inside: dict[Pair, int] = defaultdict(int)
        for source, destination in touched:
            inside[self.of_source[source], self.of_destination[destination]] += 1
        for s, some in enumerate(self.sources):
            for d, others in enumerate(self.destinations):
                if left := len(some) * len(others) - inside[s, d]:
                    yield s, d, left, next((a, b) for a in some for b in others if (a, b) not in touched)


@dataclass(slots=True)
class Cells:
    """The cells of one walk."""

    frame: Frame
    effects: Effects
    evaluated: Evaluated = field(init=False)
    places: list[Place] = field(init=False)
    addresses: list[int] = field(init=False)
    _rows: list[_Row] = field(init=False)
    _buckets: dict[Pair, list[int]] = field(init=False)
    _broad: list[_Statement] = field(init=False)
    _told: dict[Pair, list[Ranges]] = field(init=False)
    _told_at: dict[tuple[frozenset[str], frozenset[str]], list[Pair]] = field(init=False)
    _loose: frozenset[str] = field(init=False)
    _own: tuple[int, ...] = field(init=False)
    _own_place: Place = field(init=False)
    _layouts: dict[Pair, list[_Spot]] = field(default_factory=dict)
    _shadows: dict[object, bool] = field(default_factory=dict)
    _parts: dict[object, tuple[Part, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.evaluated = self.frame.evaluated
        space, family = self.evaluated.space, self.evaluated.family
        axis = space.axes[space.index[SADDR]]
        self.addresses = [value + (V6 if family == 6 else 0) for value in axis.least]
        self.places = [self.effects.place(address) for address in self.addresses]
        point, policy = self.effects.point, self.effects.policy
        self._loose = frozenset(one.name for one in point.interfaces.values() if loose(policy, one))
        self._own = own_addresses(policy, point, family)
        points = policy.site.segments[POINTS]
        self._own_place = Place(False, True, False, frozenset(), (points.profile, points.mode, False), POINTS)
        self._sort_rows()
        self._sort_statements()

    def _sort_rows(self) -> None:
        """Each decided row's masks; narrow ones hold a small part of all pairs."""
        index = self.evaluated.space.index
        at = tuple(index[axis] for axis in (SADDR, DADDR, IIF, OIF))
        most = max(1, len(self.addresses) ** 2 // 64)
        self._rows = []
        self._buckets = defaultdict(list)
        for place, one in enumerate(self.evaluated.decided):
            source, destination, iif, oif = (one.cube[axis] for axis in at)
            narrow = source.bit_count() * destination.bit_count() <= min(most, 4096)
            self._rows.append(_Row(source, destination, iif, oif, narrow))
            self._buckets[iif, oif].append(place)

    def _sort_statements(self) -> None:
        policy, family = self.effects.policy, self.evaluated.family
        most = min(max(1, len(self.addresses) ** 2 // 64), 4096)
        self._broad, self._told = [], defaultdict(list)
        narrow: list[_Statement] = []
        for kind in (policy.flows, policy.guardrails, policy.management):
            for statement in kind.items:
                ends = self._mask(statement.source), self._mask(statement.destination)
                made = _Statement(statement.traffic & of_family(family), *ends)
                small = ends[0].bit_count() * ends[1].bit_count() <= most
                (narrow if small else self._broad).append(made)
        for made in narrow:
            for source in bits(made.source):
                for destination in bits(made.destination):
                    self._told[source, destination].append(made.traffic)
        self._told_at = defaultdict(list)
        for source, destination in self._inner_pairs() | {*self._told}:
            for pair in ((source, destination), (destination, source)):
                where = self.places[pair[0]].behind, self.places[pair[1]].behind
                self._told_at[where].append(pair)

    def _inner_pairs(self) -> set[Pair]:
        """The pairs within each segment of few classes; the others have groups of their own."""
        members: dict[str | None, list[int]] = defaultdict(list)
        for number, place in enumerate(self.places):
            members[place.segment].append(number)
        self._large = {name for name, held in members.items() if len(held) > _SMALL}
        return {(a, b) for name, held in members.items() if name not in self._large for a in held for b in held}

    _large: set[str | None] = field(default_factory=set)

    def _mask(self, addresses: Ranges) -> int:
        axis = self.evaluated.space.axes[self.evaluated.space.index[SADDR]]
        return axis.mask(half(addresses, self.evaluated.family))

    def interfaces(self) -> Iterator[tuple[int, int]]:
        """The pairs of interface classes that a packet can have on this way."""
        index = self.evaluated.space.index
        seen = {(cube[index[IIF]], cube[index[OIF]]) for cube in self.evaluated.domain}
        yield from sorted({(i, o) for iifs, oifs in seen for i in bits(iifs) for o in bits(oifs)})

    def names(self, iif: int, oif: int) -> tuple[str, str]:
        """The names of two interface classes: of one without a name of its own (any other), its smallest."""
        space = self.evaluated.space
        i, o = space.axes[space.index[IIF]].least[iif], space.axes[space.index[OIF]].least[oif]
        return name_of(i), name_of(o)

    def between(self, iif: int, oif: int, alive: Alive) -> Iterator[Cell]:
        """Every cell of two interfaces."""
        names = self.names(iif, oif)
        numbers = self._alive(names, alive)
        if (iif, oif) not in self._layouts:
            self._layouts[iif, oif] = list(self._layout(iif, oif, names))
        for spot in self._layouts[iif, oif]:
            yield Cell(*spot, self._between(spot.source, spot.destination, names, numbers))

    def _layout(self, iif: int, oif: int, names: tuple[str, str]) -> Iterator[_Spot]:
        rows = [place for (i, o), held in self._buckets.items() if i >> iif & 1 and o >> oif & 1 for place in held]
        rows.sort()
        broad = [place for place in rows if not self._rows[place].narrow]
        groups = _Groups(
            self._alike([self._rows[place].source for place in broad], names[0]),
            self._alike([self._rows[place].destination for place in broad], names[1]),
        )
        touched: dict[Pair, list[int]] = {pair: [] for pair in self._touched(names)}
        for place in rows:
            if not self._rows[place].narrow:
                continue
            for source in bits(self._rows[place].source):
                for destination in bits(self._rows[place].destination):
                    if not self._shadowed(place, self._met(groups, broad, source, destination)):
                        touched.setdefault((source, destination), []).append(place)
        for (source, destination), narrow in touched.items():
            met = self._met(groups, broad, source, destination)
            yield _Spot(source, destination, 1, sorted([*narrow, *met]) if narrow else met)
        for s, d, pairs, example in groups.untouched(touched):
            yield _Spot(*example, pairs, self._met(groups, broad, groups.sources[s][0], groups.destinations[d][0]))

    def _met(self, groups: "_Groups", broad: list[int], source: int, destination: int) -> list[int]:
        """The broad rows that hold a pair, as all pairs of its group."""
        key = groups.of_source[source], groups.of_destination[destination]
        if key not in groups.met:
            rows = self._rows
            groups.met[key] = [
                at for at in broad if rows[at].source >> source & 1 and rows[at].destination >> destination & 1
            ]
        return groups.met[key]

    def _shadowed(self, place: int, broad: list[int]) -> bool:
        """Whether broad rows that come before this one hold all of its packets that can be."""
        frame = self.frame
        before = broad[: bisect_left(broad, place)]
        key = frame.kinds[place], tuple(frame.kinds[at] for at in before)
        if key not in self._shadows:
            mine = [both for cube in frame.domain if (both := meet(frame.rests[place], cube)) is not None]
            certain = (frame.rests[at] for at in before if not self.evaluated.decided[at].maybe)
            self._shadows[key] = shadowed(mine, certain)
        return self._shadows[key]

    def _touched(self, names: tuple[str, str]) -> Iterator[Pair]:
        """The pairs that a narrow statement speaks of, and those of one segment, if they live behind these two."""
        for (source, destination), pairs in self._told_at.items():
            ends = zip((source, destination), names, strict=True)
            if all(not name or name in self._loose or name in where for where, name in ends):
                yield from pairs

    def _alike(self, masks: list[int], name: str) -> list[list[int]]:
        """Address classes that meet the same broad rows and statements, and whose segments fall back alike."""
        distinct = list(dict.fromkeys(masks))
        groups: dict[object, list[int]] = defaultdict(list)
        said = [mask for statement in self._broad for mask in (statement.source, statement.destination)]
        for number, place in enumerate(self.places):
            rows = sum(1 << at for at, mask in enumerate(distinct) if mask >> number & 1)
            told = sum(1 << at for at, mask in enumerate(said) if mask >> number & 1)
            lives = name in place.behind or name in self._loose
            home = place.segment if place.segment in self._large else None
            groups[rows, told, lives, place.special, place.own, place.nowhere, place.stance, home].append(number)
        return list(groups.values())

    def _alive(self, names: tuple[str, str], alive: Alive) -> Spans:
        """The numbers of connections that pass between the two, whoever opened them."""
        keys: Iterable[tuple[Way, str, str]]
        if self.evaluated.way is Way.FORWARD:
            keys = ((Way.FORWARD, *names), (Way.FORWARD, names[1], names[0]))
        else:
            name = names[0] or names[1]
            keys = ((Way.INPUT, name, ""), (Way.OUTPUT, "", name))
        return Ranges.of(span for key in keys for span in alive.get(key, ())).spans

    def _between(self, source: int, destination: int, names: tuple[str, str], numbers: Spans) -> Between:
        way, family = self.evaluated.way, self.evaluated.family
        ends = [self.places[source], self.places[destination]]
        own = {Way.FORWARD: None, Way.INPUT: 1, Way.OUTPUT: 0}[way]
        undeclared = own is not None and not ends[own].own and not ends[own].special
        if undeclared and own is not None:
            ends[own] = self._own_place
        lenient = self.effects.lenient(ends[0], ends[1])
        opens = [
            at == own or name in end.behind or name in self._loose or (end.nowhere and lenient)
            for at, (end, name) in enumerate(zip(ends, names, strict=True))
        ]
        special = ends[0].special or ends[1].special
        local = "lo" in names
        misplaced = own is None and (ends[0].own or ends[1].own)
        unlisted = any(name and name not in self.effects.point.interfaces for name in names) and not local
        orig: tuple[Part, ...] = ()
        back: tuple[Part, ...] = ()
        if not (special or local or unlisted or misplaced):
            orig = self._services(source, destination, own if undeclared else None)
            back = self._services(destination, source, 1 - own if undeclared and own is not None else None)
        essentials = Essentials() if own is None else self._essentials(source, destination, names)
        return Between(
            way,
            family,
            local,
            unlisted,
            misplaced,
            special,
            lenient,
            opens[0],
            opens[1],
            orig,
            back,
            numbers,
            essentials,
            undeclared,
        )

    def _services(self, source: int, destination: int, undeclared: int | None) -> tuple[Part, ...]:
        """What a new connection between the two meets; `undeclared`: the end that may be any of the point's own."""
        key = source, destination, undeclared
        if key not in self._parts:
            self._parts[key] = (
                self._asked(source, destination) if undeclared is None else self._least(source, destination, undeclared)
            )
        return self._parts[key]

    def _asked(self, source: int, destination: int) -> tuple[Part, ...]:
        told = [*self._told.get((source, destination), ())]
        told += [s.traffic for s in self._broad if s.source >> source & 1 and s.destination >> destination & 1]
        ends = self.addresses[source], self.addresses[destination]
        return self.effects.parts(*ends, self.evaluated.family, told)

    def _least(self, source: int, destination: int, undeclared: int) -> tuple[Part, ...]:
        """What each declared address of the point gets: an undeclared one may get no more. With none, anything."""
        whole = of_family(self.evaluated.family)
        passes = whole
        axis = self.evaluated.space.axes[self.evaluated.space.index[SADDR]]
        for own in self._own:
            number = axis.class_of(own - (V6 if self.evaluated.family == 6 else 0))
            parts = self._services(*((number, destination) if undeclared == 0 else (source, number)), None)
            for some, effect in parts:
                if effect is not Effect.PASS:
                    passes = passes - some
        halves = ((passes, Effect.PASS), (whole - passes, Effect.DROP))
        return tuple(sorted((part for part in halves if part[0]), key=lambda part: part[0].size()))

    def _essentials(self, source: int, destination: int, names: tuple[str, str]) -> Essentials:
        """The rows of the interface that speak of both."""
        name = names[0] or names[1]
        ends = self.addresses[source], self.addresses[destination]
        family = self.evaluated.family
        rows = [
            (kind, row.hop_limit)
            for row in self.effects.policy.essentials
            if row.point == self.effects.point.name and row.interface == name
            if ends[0] in row.source and ends[1] in row.destination
            for kind in kinds(row.traffic & of_family(family), family)
        ]
        return Essentials(tuple(rows))

    def rows(self, cell: Cell) -> list[tuple[Cube, Decided]]:
        """A cell's rows, in order of their keys."""
        return [(self.frame.rests[place], self.evaluated.decided[place]) for place in cell.rows]
