"""Thousands of elements of one map as one row: which element a packet hits is an axis of its own.

What a packet hits follows from its other values, so that the axis is no dimension of its own (`Axis.derived`): a mask
of elements stands for the packets that hit one of them, and may stand for none. Where the packets themselves are asked
for, a row is taken apart again, element by element (`Bundle.cube`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

from segctl.listing.rule import Set, Span
from segctl.prove.lookup import Groups, Hit, Lookups
from segctl.prove.space import Axis, Cube, Space, bits
from segctl.prove.values import Known, Of, Table

FEWEST = 33
"""Elements from which on they go through the rules together."""
_MOST_AXES = 64
Limits = tuple[tuple[int, int], ...]
Hits = tuple[tuple[Set, str], ...]
"""The maps that have an axis for their hits, and its name."""


class NeedsHits(Exception):
    """A map is asked whose hits have no axis yet: begin again."""

    def __init__(self, found: Set) -> None:
        super().__init__(found.name)
        self.found = found


def hit_axes(maps: Iterable[Set], fewest: int) -> Hits:
    """An axis for each time that a map of many elements is asked."""
    many = [found for found in maps if len(found.elements) >= fewest]
    return tuple((found, f"hit[{number}]") for number, found in enumerate(many))


def hit_axis(name: str, found: Set) -> Axis:
    """One class for each element, and one for packets that hit none."""
    count = len(found.elements) + 1
    ones = [1] * count
    return Axis(name, count - 1, range(count), range(count), range(count), ones, ones, derived=True)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A map asked by one key. `at`: the place of the axis of its hits (-1: it has none yet); `parts`: of the key;
    `limits`: of each element the masks that its packets have, by place of their axis (None: no packet hits it);
    `answers`: what the map says, by element.
    """

    at: int
    parts: tuple[Of | Table, ...]
    found: Set
    limits: tuple[Limits | None, ...]
    answers: Table
    _index: list["_Index"] = field(default_factory=list)

    def on(self, space: Space, axis: str) -> "Bundle":
        """The same with an axis for its hits."""
        return replace(self, at=space.index[axis], answers=Table(axis, self.answers.values))

    def hit(self, cube: Cube) -> int:
        """The elements that some packet of a cube hits."""
        index = self._indexed()
        out = index.all & cube[self.at] if self.at >= 0 else index.all
        for place, union in index.unions.items():
            if union & ~cube[place]:
                by_class = index.by_class[place]
                met = index.free[place]
                for number in bits(union & cube[place]):
                    met |= by_class[number]
                out &= met
        return out

    def cube(self, cube: Cube, element: int, full: int) -> Cube | None:
        """Of a cube the packets that hit an element, on the other axes alone; None if there are none."""
        limits = self.limits[element]
        if limits is None:
            return None
        out = list(cube)
        if self.at >= 0:
            out[self.at] = full
        for place, mask in limits:
            out[place] &= mask
            if not out[place]:
                return None
        return tuple(out)

    def _indexed(self) -> "_Index":
        if not self._index:
            self._index.append(_Index.of(self.limits))
        return self._index[0]


@dataclass(frozen=True, slots=True)
class _Index:
    """Elements, as masks: all that a packet can hit; by axis and class those that ask for that class, and those that
    ask for none (`free`); `unions`: the classes that some element asks for.
    """

    all: int
    unions: dict[int, int]
    by_class: dict[int, dict[int, int]]
    free: dict[int, int]

    @classmethod
    def of(cls, limits: Sequence[Limits | None]) -> "_Index":
        """The index of these elements."""
        every = sum(1 << element for element, asked in enumerate(limits) if asked is not None)
        by_mask: dict[int, dict[int, int]] = {}
        for element, asked in enumerate(limits):
            for place, mask in asked or ():
                held = by_mask.setdefault(place, {})
                held[mask] = held.get(mask, 0) | 1 << element
        by_class: dict[int, dict[int, int]] = {place: {} for place in by_mask}
        unions, free = {}, {}
        for place, held in by_mask.items():
            unions[place], free[place] = 0, every
            for mask, elements in held.items():
                unions[place] |= mask
                free[place] &= ~elements
                for number in bits(mask):
                    by_class[place][number] = by_class[place].get(number, 0) | elements
        return cls(every, unions, by_class, free)


class Answer(NamedTuple):
    """Packets, what a map says to each class of their bundle's axis, and which of its elements say so (a mask)."""

    cube: Cube
    table: Table
    elements: int


class _Answer(NamedTuple):
    """An element of a map as asked by one part of its key."""

    span: Span
    element: int
    answer: int


_Answers = list[_Answer]
_Said = tuple[int, Table, int]


class Bundles:
    """The bundles of one walk, made as they are asked for."""

    def __init__(self, space: Space, registers: Groups, lookups: Lookups, hits: Hits, fewest: int) -> None:
        self._space = space
        self._registers = registers
        self._lookups = lookups
        self._free = list(hits)
        self._fewest = fewest
        self._sought: dict[tuple[int, tuple[Known, ...]], Bundle] = {}
        self._made: dict[tuple[int, tuple[Known, ...]], Bundle] = {}
        self._groups: dict[tuple[int, int], dict[tuple[Span, ...], _Answers]] = {}
        self._under: dict[tuple[int, int, int, tuple[Span, ...]], tuple[Table, _Said | None]] = {}

    @property
    def all(self) -> tuple[Bundle, ...]:
        """Those that some row met."""
        return tuple(self._made.values())

    def of(self, cube: Cube, parts: tuple[Known, ...], found: Set) -> tuple[Bundle, int] | None:
        """The map asked by a key as a bundle, and the elements that a cube hits; None if those are few."""
        if not self._many(parts, found):
            return None
        key, hit = (id(found), parts), self._sought_by(parts, found).hit(cube)
        if hit.bit_count() < self._fewest:
            return None
        if key not in self._made:
            at = next((n for n, (held, _) in enumerate(self._free) if held is found), None)
            if at is None and len(self._made) + len(self._free) >= _MOST_AXES:
                return None
            if at is None:
                raise NeedsHits(found)
            self._made[key] = self._sought[key].on(self._space, self._free.pop(at)[1])
        return self._made[key], hit

    def few(self, cube: Cube, parts: tuple[Known, ...], found: Set) -> list[Hit] | None:
        """The hits of a cube one by one, found by their index; None if another way is better."""
        if not self._many(parts, found):
            return None
        bundle = self._sought_by(parts, found)
        made = ((bundle.cube(cube, element, 0), element) for element in bits(bundle.hit(cube)))
        return [Hit(held, element) for held, element in made if held is not None]

    def _many(self, parts: tuple[Known, ...], found: Set) -> bool:
        """Whether it is worth an index: a part that is a number picks a few elements by itself."""
        return len(found.elements) >= self._fewest and len(parts) > 1 and all(self._plain(part) for part in parts)

    def _sought_by(self, parts: tuple[Known, ...], found: Set) -> Bundle:
        key = id(found), parts
        if key not in self._sought:
            self._sought[key] = self._bundle(parts, found)
        return self._sought[key]

    def _plain(self, part: Known) -> bool:
        """A value of one of the packet's own axes."""
        if isinstance(part, int) or part.axis in self._registers:
            return False
        return not self._space.axes[self._space.index[part.axis]].derived

    def _bundle(self, parts: tuple[Known, ...], found: Set) -> Bundle:
        answers = [element.value if isinstance(element.value, int) else 0 for element in found.elements]
        held = [self._asker(part) for part in parts]
        limits = tuple(_limits(held, element.key) for element in found.elements)
        whole = tuple(part for part in parts if not isinstance(part, int))
        return Bundle(-1, whole, found, limits, Table("", [*answers, 0]))

    def _asker(self, part: Known) -> Callable[[Span], tuple[int, int]]:
        """Of a span the place of an axis and the mask of its values."""
        assert not isinstance(part, int)

        @cache
        def asked(span: Span) -> tuple[int, int]:
            ((limit,),) = self._lookups.cubes(part, (span,))
            return limit

        return asked

    def through(self, parts: tuple[Known, ...], found: Set) -> int | None:
        """The part of a key that is what a bundle answered, if there is one such."""
        derived = [
            at
            for at, part in enumerate(parts)
            if isinstance(part, Table) and self._space.axes[self._space.index[part.axis]].derived
        ]
        return derived[0] if len(derived) == 1 and len(parts) > 1 and len(found.elements) >= self._fewest else None

    def answered(self, cube: Cube, parts: tuple[Known, ...], place: int, found: Set) -> Iterator[Answer]:
        """What a map says to what a bundle answered: of all elements that agree in the rest of their key at once."""
        table = parts[place]
        assert isinstance(table, Table)
        at = self._space.index[table.axis]
        others = [part for number, part in enumerate(parts) if number != place]
        for rest, answers in self._grouped(found, place).items():
            cubes = [cube]
            for part, span in zip(others, rest, strict=True):
                cubes = [made for one in cubes for made in self._lookups.restrict(one, part, span)]
            said = self._said(table, found, place, rest, answers) if cubes else None
            for one in cubes if said is not None else ():
                assert said is not None
                if held := one[at] & said[0]:
                    yield Answer((*one[:at], held, *one[at + 1 :]), said[1], said[2])

    def _grouped(self, found: Set, place: int) -> dict[tuple[Span, ...], _Answers]:
        key = id(found), place
        if key not in self._groups:
            made: dict[tuple[Span, ...], _Answers] = {}
            for at, element in enumerate(found.elements):
                if isinstance(element.value, int):
                    rest = (*element.key[:place], *element.key[place + 1 :])
                    made.setdefault(rest, []).append(_Answer(element.key[place], at, element.value))
            self._groups[key] = made
        return self._groups[key]

    def _said(self, table: Table, found: Set, place: int, rest: tuple[Span, ...], answers: _Answers) -> _Said | None:
        """The classes of a bundle's axis that are answered, the answers, and the elements that say so."""
        key = id(table), id(found), place, rest
        if key not in self._under:
            values = [0] * len(table.values)
            known = elements = 0
            for span, element, answer in answers:
                mask = table.within((span,))
                known |= mask
                elements |= int(bool(mask)) << element
                for number in bits(mask):
                    values[number] = answer
            known &= (1 << (len(values) - 1)) - 1  # not those that hit nothing
            self._under[key] = table, (known, Table(table.axis, values), elements) if known else None
        return self._under[key][1]


def _limits(held: Sequence[Callable[[Span], tuple[int, int]]], key: Sequence[Span]) -> Limits | None:
    """What the parts of an element's key ask of a packet; None if no packet has it all."""
    out: dict[int, int] = {}
    for asked, span in zip(held, key, strict=False):
        at, mask = asked(span)
        if at in out:
            mask &= out[at]
        if not mask:
            return None
        out[at] = mask
    return tuple(out.items())
