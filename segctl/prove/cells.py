"""What the site wants between two address classes and two interfaces: the intent of each spot that is looked at."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from segctl.listing.rule import name_of
from segctl.model.decision import Effect
from segctl.model.packet import Way
from segctl.model.ranges import V6, Ranges
from segctl.model.service import of_family
from segctl.prove.axes import HEAD, IIF, OIF, SADDR, TAIL
from segctl.prove.clauses import Between, Essentials, fixed
from segctl.prove.effects import Effects, Part, Place
from segctl.prove.engine import Evaluated
from segctl.prove.frame import OUTER, Frame
from segctl.prove.kinds import half, kinds
from segctl.prove.layout import Alike, Layout, Pair, Spot, grouped
from segctl.prove.pattern import Item, axis_points, cut_points, element_item, pattern, port_sets
from segctl.prove.row import Decided
from segctl.prove.space import Cube, Spans, bits
from segctl.prove.told_apart import essentials, modes
from segctl.prove.view import Names, View

_SMALL = 8  # classes of a segment whose inner pairs are looked at one by one


class Cell(NamedTuple):
    """One pair (standing for `pairs` of them) between two interfaces: who decides it, and what is wanted.

    `members`: pairs that differ from it in the values of their ports alone, itself the first.
    """

    source: int
    destination: int
    pairs: int
    rows: list[int]
    between: Between
    members: Sequence[Spot] = ()


class _Statement(NamedTuple):
    """`items`: what it says of services, to tell whether pairs are alike."""

    traffic: Ranges
    source: int
    destination: int
    items: list[Item]


Alive = Mapping[tuple[Way, str, str], Spans]
"""The numbers that new connections got, by way and interfaces ("" where there is none)."""


@dataclass(slots=True)
class Cells:
    """The cells of one walk."""

    frame: Frame
    effects: Effects
    evaluated: Evaluated = field(init=False)
    places: list[Place] = field(init=False)
    addresses: list[int] = field(init=False)
    _layout: Layout = field(init=False)
    _broad: list[_Statement] = field(init=False)
    _told: dict[Pair, list[_Statement]] = field(init=False)
    _said: list[int] = field(init=False)
    _told_of: dict[int, int] = field(init=False)
    _view: View = field(init=False)
    _spots: dict[Pair, list[list[Spot]]] = field(default_factory=dict)
    _anchors: list[int] = field(init=False)
    _elements: dict[tuple[int, int], Item] = field(default_factory=dict)
    _kept: list[int] = field(init=False)
    _stances: list[int] = field(init=False)
    _parts: dict[Pair, tuple[Part, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.evaluated = self.frame.evaluated
        space, family = self.evaluated.space, self.evaluated.family
        axis = space.axes[space.index[SADDR]]
        self.addresses = [value + (V6 if family == 6 else 0) for value in axis.least]
        self.places = [self.effects.place(address) for address in self.addresses]
        self._view = View(self.effects, self.evaluated.way)
        self._layout = Layout(self.frame, len(self.addresses))
        self._sort_statements()
        self._anchors = sorted(self._common_cuts())
        places = self.places
        every = range(len(places))
        leniency = self.effects.leniency
        self._kept = grouped(
            every,
            lambda n: (*places[n].kind, places[n].martian, leniency(places[n])),
        )
        kinds_ = grouped(every, lambda n: (*places[n].kind, places[n].stance))
        homes = grouped(every, lambda n: places[n].segment if places[n].segment in self._large else None)
        self._stances = _split(kinds_, [*homes, *self._said])

    def _common_cuts(self) -> set[int]:
        """Where the ports of all pairs are cut: by rows that aren't of a bundle, by the law, by broad statements."""
        space, evaluated = self.evaluated.space, self.evaluated
        plain = [one.cube for at, one in enumerate(evaluated.decided) if self.frame.bundles[at] is None]
        found: set[int] = cut_points(fixed(evaluated.family))
        for name in (HEAD, TAIL):
            at = space.index[name]
            found |= axis_points(space.axes[at], (cube[at] for cube in (*plain, *evaluated.domain)))
        policy = self.effects.policy
        said = [statement.traffic for statement in self._broad]
        said += [row.traffic for row in essentials(self.effects)]
        said += [mode.services for mode in modes(policy)]
        for some in set(said):
            for kind in kinds(some & of_family(evaluated.family), evaluated.family):
                found |= cut_points(port_sets(kind))
        return found

    def _sort_statements(self) -> None:
        family = self.evaluated.family
        most = min(max(1, len(self.addresses) ** 2 // 64), 4096)
        self._broad, self._told = [], defaultdict(list)
        narrow: list[_Statement] = []
        for said in self.effects.said(family):
            made = _Statement(said.traffic, self._classes(said.source), self._classes(said.destination), said.items)
            small = made.source.bit_count() * made.destination.bit_count() <= most
            (narrow if small else self._broad).append(made)
        for made in narrow:
            for source in bits(made.source):
                for destination in bits(made.destination):
                    self._told[source, destination].append(made)
        self._said = [mask for statement in self._broad for mask in (statement.source, statement.destination)]
        self._told_of = defaultdict(int)
        for source, destination in self._inner_pairs() | {*self._told}:
            self._told_of[source] |= 1 << destination
            self._told_of[destination] |= 1 << source

    def _inner_pairs(self) -> set[Pair]:
        """The pairs within each segment of few classes; the others have groups of their own."""
        members: dict[str | None, list[int]] = defaultdict(list)
        for number, place in enumerate(self.places):
            members[place.segment].append(number)
        self._large = {name for name, held in members.items() if len(held) > _SMALL}
        return {(a, b) for name, held in members.items() if name not in self._large for a in held for b in held}

    _large: set[str | None] = field(default_factory=set)

    def _mask(self, addresses: Ranges) -> int:
        return self._classes(half(addresses, self.evaluated.family))

    def _classes(self, addresses: Spans) -> int:
        return self.evaluated.space.axes[self.evaluated.space.index[SADDR]].mask(addresses)

    def interfaces(self) -> Iterator[tuple[int, int]]:
        """The pairs of interface classes that a packet can have on this way."""
        index = self.evaluated.space.index
        seen = {(cube[index[IIF]], cube[index[OIF]]) for cube in self.evaluated.domain}
        yield from sorted({(i, o) for iifs, oifs in seen for i in bits(iifs) for o in bits(oifs)})

    def names(self, iif: int, oif: int) -> Names:
        """The names of two interface classes: of one without a name of its own (any other), its smallest."""
        space = self.evaluated.space
        i, o = space.axes[space.index[IIF]].least[iif], space.axes[space.index[OIF]].least[oif]
        return name_of(i), name_of(o)

    def between(self, iif: int, oif: int, alive: Alive, never: Spans = ()) -> Iterator[Cell]:
        """Every cell of two interfaces. `never`: numbers that the rules name and no connection gets."""
        names = self.names(iif, oif)
        numbers = self._alive(names, alive)
        if (iif, oif) not in self._spots:
            self._spots[iif, oif] = self._together(self._layout.spots(iif, oif, self._alike(names)))
        for members in self._spots[iif, oif]:
            yield self._cell(members, names, numbers, never)

    def apart(self, cell: Cell, iif: int, oif: int, alive: Alive, never: Spans = ()) -> Iterator[Cell]:
        """Each of a cell's members as a cell of its own."""
        names = self.names(iif, oif)
        numbers = self._alive(names, alive)
        for spot in cell.members:
            yield self._cell([spot], names, numbers, never)

    def _cell(self, members: Sequence[Spot], names: Names, numbers: Spans, never: Spans) -> Cell:
        spot, pairs = members[0], sum(one.pairs for one in members)
        rows = spot.rows
        if spot.narrow:
            narrow = (row for one in spot.narrow for row in self.frame.rows_of(*one))
            rows = sorted([*rows, *narrow], key=self.frame.order.__getitem__)
        between = self._between(spot.source, spot.destination, names, numbers, never)
        return Cell(spot.source, spot.destination, pairs, rows, between, members)

    def _together(self, spots: Iterable[Spot]) -> list[list[Spot]]:
        """Pairs that are alike but for the values of their ports."""
        out: list[list[Spot]] = []
        found: dict[object, list[Spot]] = {}
        for spot in spots:
            if spot.groups is None:
                out.append([spot])
                continue
            found.setdefault(self._pattern(spot), []).append(spot)
        return [*out, *found.values()]

    def _pattern(self, spot: Spot) -> object:
        """What tells a pair from others, but for the values of its ports."""
        pair = spot.source, spot.destination
        items = [self._item(place, element) for place, element in spot.narrow]
        for way, ends in enumerate((pair, (pair[1], pair[0]))):
            for statement in self._told.get(ends, ()):
                items += [Item((way, item.like), item.sets) for item in statement.items]
        one = self.places[pair[0]].segment == self.places[pair[1]].segment
        places = tuple((place, self.frame.gives(place, element)) for place, element in spot.narrow)
        return spot.groups, one, places, pattern(items, self._anchors)

    def _item(self, place: int, element: int) -> Item:
        if element < 0:
            return Item(self.frame.kinds[place], ())
        if self.frame.nested(place):
            return Item(tuple(self.frame.kinds[row] for row in self.frame.part(place, element)), ())
        bundle = self.frame.bundles[place]
        assert bundle is not None
        key = bundle.at, element
        if key not in self._elements:
            outer = [self.evaluated.space.index[name] for name in OUTER]
            self._elements[key] = element_item(bundle, element, self.evaluated.space, outer)
        return self._elements[key]

    def intent(self, iif: int, oif: int, alive: Spans, never: Spans) -> tuple[Alike, Callable[[int, int], Between]]:
        """What the site tells apart between two interfaces, and what it wants between two address classes there: for an
        engine that needs no rows (`bdd/intent.py`).
        """
        names = self.names(iif, oif)
        return self._alike(names), lambda source, to: self._between(source, to, names, alive, never)

    def _alike(self, names: Names) -> Alike:
        """What the intent tells apart between two interfaces."""
        masks = [self._open(side, names) for side in (0, 1)]
        rows = [] if self._view.own is None else list(self._view.essentials(names))
        said = [[self._mask(row.source) for row in rows], [self._mask(row.destination) for row in rows]]
        lives = [self._view.lives(self.places, side, names) for side in (0, 1)]
        closed = tuple(_split(self._kept, [lives[side], *said[side]]) for side in (0, 1))
        stances = _split(self._stances, [*said[0], *said[1]])
        return Alike(masks[0], masks[1], (closed[0], closed[1]), stances, self._touched(masks))

    def _open(self, side: int, names: Names) -> int:
        """The classes of a side that statements may speak of there: not special, and living behind its interface."""
        shut = "lo" in names or self._view.unlisted(names)
        return 0 if shut else self._view.lives(self.places, side, names)

    def _touched(self, masks: Sequence[int]) -> Iterator[Pair]:
        """The pairs that a narrow statement speaks of, in either direction, and those of one segment.

        At the point itself only those of its own addresses: with another one any connection may be (`undeclared`).
        """
        ends = list(masks)
        if (own := self._view.own) is not None:
            ends[own] &= sum(1 << number for number, place in enumerate(self.places) if place.own)
        for source, targets in self._told_of.items():
            if ends[0] >> source & 1:
                yield from ((source, target) for target in bits(targets & ends[1]))

    def _alive(self, names: Names, alive: Alive) -> Spans:
        """The numbers of connections that pass between the two, whoever opened them."""
        keys: Iterable[tuple[Way, str, str]]
        if self.effects.host:
            keys = alive
        elif self.evaluated.way is Way.FORWARD:
            keys = ((Way.FORWARD, *names), (Way.FORWARD, names[1], names[0]))
        else:
            name = names[0] or names[1]
            keys = ((Way.INPUT, name, ""), (Way.OUTPUT, "", name))
        return Ranges.of(span for key in keys for span in alive.get(key, ())).spans

    def _between(self, source: int, destination: int, names: Names, numbers: Spans, never: Spans) -> Between:
        standing = self._view.standing(self.places[source], self.places[destination], names)
        orig: tuple[Part, ...] = ()
        back: tuple[Part, ...] = ()
        if standing.asked:
            orig = self._services(source, destination, standing.undeclared)
            back = self._services(destination, source, standing.undeclared)
        bare = self._view.own is None or standing.beside
        return Between(
            way=self.evaluated.way,
            family=self.evaluated.family,
            local=standing.local,
            unlisted=standing.unlisted,
            misplaced=standing.misplaced,
            special=standing.special,
            lenient=standing.lenient,
            open_source=standing.opens[0],
            open_target=standing.opens[1],
            orig=orig,
            back=back,
            alive=numbers,
            never=never,
            essentials=Essentials() if bare else self._essentials(source, destination, names),
            undeclared=standing.undeclared,
            unseen=standing.unseen,
            beside=standing.beside,
            distant=standing.distant,
            shut=self.effects.policy.panic or self.places[source].held or self.places[destination].held,
        )

    def _services(self, source: int, destination: int, undeclared: bool) -> tuple[Part, ...]:
        """What a new connection between the two meets; one with an undeclared address may meet anything."""
        if undeclared:
            return ((of_family(self.evaluated.family), Effect.PASS),)
        if (source, destination) not in self._parts:
            self._parts[source, destination] = self._asked(source, destination)
        return self._parts[source, destination]

    def _asked(self, source: int, destination: int) -> tuple[Part, ...]:
        told = [statement.traffic for statement in self._told.get((source, destination), ())]
        told += [s.traffic for s in self._broad if s.source >> source & 1 and s.destination >> destination & 1]
        ends = self.addresses[source], self.addresses[destination]
        return self.effects.parts(*ends, self.evaluated.family, told)

    def _essentials(self, source: int, destination: int, names: Names) -> Essentials:
        """The rows of the interface that speak of both."""
        ends = self.addresses[source], self.addresses[destination]
        family = self.evaluated.family
        rows = [
            (kind, row.hop_limit)
            for row in self._view.essentials(names)
            if ends[0] in row.source and ends[1] in row.destination
            for kind in kinds(row.traffic & of_family(family), family)
        ]
        return Essentials(tuple(rows))

    def rows(self, cell: Cell) -> list[tuple[Cube, Decided]]:
        """A cell's rows, in order of their keys."""
        return [(self.frame.rests[place], self.frame.decided[place]) for place in cell.rows]


def _split(groups: Iterable[int], masks: Iterable[int]) -> list[int]:
    """Groups of classes, none of which a mask cuts through."""
    out = list(groups)
    for mask in dict.fromkeys(masks):
        out = [part for group in out for part in (group & mask, group & ~mask) if part]
    return out
