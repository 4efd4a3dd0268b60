"""The classes of packets: each axis cut where rules or intent tell values apart, and joined where nothing does.

An axis is one dimension of a packet (`axes.py`). Its values fall into *atoms* between cut points, and atoms that
belong to the same sets are one *class*. A set of values is then an integer with a bit for each class. Two axes are
fixed lists of values (the state and the direction of a connection), the others ranges of integers from 0.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from segctl.listing.rule import Span

Spans = tuple[Span, ...]


class NeedsCut(Exception):
    """Sets of values that the classes of an axis don't respect: cut there, and begin again."""

    def __init__(self, axis: str, *sets: Spans) -> None:
        super().__init__(axis)
        self.axis = axis
        self.sets = sets


def merged(spans: Iterable[Span]) -> Spans:
    """Sorted, disjoint, neighbours joined."""
    out: list[Span] = []
    for first, end in sorted(spans):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((first, end))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension with its classes.

    `firsts`, `ids`: where each atom begins, and its class. `least`, `sizes`: of each class the smallest value, and how
    many there are. `last` is the last value of the axis. `derived`: a packet's class follows from its other values
    (`bundle.py`).
    """

    name: str
    last: int
    firsts: Sequence[int]
    ids: Sequence[int]
    least: Sequence[int]
    sizes: Sequence[int]
    _atoms: Sequence[int]
    _known: dict[Spans, int] = field(default_factory=dict, compare=False, repr=False)
    derived: bool = False
    _places: dict[int, list[Span]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def cut(cls, name: str, last: int, sets: Iterable[Spans]) -> "Axis":
        """The coarsest classes that each of the sets is a union of."""
        return _cut(name, last, frozenset(spans for spans in sets if spans))

    @classmethod
    def made(cls, name: str, last: int, distinct: Iterable[Spans]) -> "Axis":
        """The same, worked out."""
        points = {0}
        for spans in distinct:
            for first, end in spans:
                points.add(first)
                if end < last:
                    points.add(end + 1)
        firsts = sorted(points)
        ids = [0] * len(firsts)
        counts = [len(firsts)]
        for spans in distinct:
            _refine(firsts, ids, counts, spans)
        return cls._numbered(name, last, firsts, ids)

    @classmethod
    def _numbered(cls, name: str, last: int, firsts: list[int], ids: list[int]) -> "Axis":
        """Classes numbered in order of their smallest value, so that the same sets give the same numbers."""
        numbers: dict[int, int] = {}
        least: list[int] = []
        sizes: list[int] = []
        atoms: list[int] = []
        for at, (first, old) in enumerate(zip(firsts, ids, strict=True)):
            if (number := numbers.get(old)) is None:
                number = numbers[old] = len(numbers)
                least.append(first)
                sizes.append(0)
                atoms.append(0)
            end = firsts[at + 1] - 1 if at + 1 < len(firsts) else last
            sizes[number] += end - first + 1
            atoms[number] += 1
            ids[at] = number
        return cls(name, last, firsts, ids, least, sizes, atoms)

    @property
    def full(self) -> int:
        """All classes."""
        return (1 << len(self.least)) - 1

    def mask(self, spans: Spans) -> int:
        """The classes of a set of values. NeedsCut if it cuts through one."""
        if (known := self._known.get(spans)) is None:
            known = self._known[spans] = self._mask(spans)
        return known

    def _mask(self, spans: Spans) -> int:
        firsts, ids = self.firsts, self.ids
        covered: dict[int, int] = {}
        for first, end in merged(spans):
            at = bisect_right(firsts, first) - 1
            if firsts[at] != first:
                raise NeedsCut(self.name, spans)
            stop = bisect_right(firsts, end)
            after = firsts[stop] if stop < len(firsts) else self.last + 1
            if after != end + 1:
                raise NeedsCut(self.name, spans)
            for atom in range(at, stop):
                covered[ids[atom]] = covered.get(ids[atom], 0) + 1
        out = 0
        for number, count in covered.items():
            if count != self._atoms[number]:
                raise NeedsCut(self.name, spans)
            out |= 1 << number
        return out

    def class_of(self, value: int) -> int:
        """The class that a value is in."""
        return self.ids[bisect_right(self.firsts, value) - 1]

    def spans(self, mask: int) -> Spans:
        """The values of a set of classes."""
        places = self._places
        if not places:
            for at, (first, number) in enumerate(zip(self.firsts, self.ids, strict=True)):
                end = self.firsts[at + 1] - 1 if at + 1 < len(self.firsts) else self.last
                places.setdefault(number, []).append((first, end))
        return merged(span for number in bits(mask) for span in places[number])

    def size(self, mask: int) -> int:
        """How many values a set of classes has."""
        if mask == self.full:
            return self.last + 1
        return sum(self.sizes[number] for number in bits(mask))


@lru_cache(maxsize=64)
def _cut(name: str, last: int, distinct: frozenset[Spans]) -> Axis:
    """All walks of a point cut their ports alike."""
    return Axis.made(name, last, distinct)


def _refine(firsts: Sequence[int], ids: list[int], counts: list[int], spans: Spans) -> None:
    """Split each class that the set cuts through (Paige and Tarjan's splitting step, by counting)."""
    inside: dict[int, list[int]] = {}
    for first, end in spans:
        for atom in range(bisect_right(firsts, first) - 1, bisect_right(firsts, end)):
            inside.setdefault(ids[atom], []).append(atom)
    for number, atoms in inside.items():
        if len(set(atoms)) == counts[number]:
            continue
        new = len(counts)
        for atom in atoms:
            ids[atom] = new
        counts.append(len(set(atoms)))
        counts[number] -= counts[new]


@dataclass(frozen=True, slots=True)
class Space:
    """All axes, in the order of a cube's masks."""

    axes: tuple[Axis, ...]
    index: Mapping[str, int]

    @classmethod
    def of(cls, axes: Iterable[Axis]) -> "Space":
        made = tuple(axes)
        return cls(made, {axis.name: at for at, axis in enumerate(made)})

    @property
    def full(self) -> "Cube":
        """Every packet."""
        return tuple(axis.full for axis in self.axes)

    def size(self, cube: "Cube") -> int:
        """How many packets a cube stands for."""
        out = 1
        for axis, mask in zip(self.axes, cube, strict=True):
            out *= 1 if axis.derived else axis.size(mask)
        return out

    def example(self, cube: "Cube") -> dict[str, int]:
        """The smallest value of each axis."""
        found = {}
        for axis, mask in zip(self.axes, cube, strict=True):
            found[axis.name] = axis.least[(mask & -mask).bit_length() - 1]
        return found


Cube = tuple[int, ...]
"""A product: for each axis of a space a mask of classes, none of them 0."""


def bits(mask: int) -> Iterable[int]:
    """The places of the bits of a mask, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def meet(one: Cube, other: Cube) -> Cube | None:
    """What both hold; None if that is nothing."""
    out = []
    for a, b in zip(one, other, strict=True):
        if not (both := a & b):
            return None
        out.append(both)
    return tuple(out)


def covers(one: Cube, other: Cube) -> bool:
    """Whether `one` holds all of `other`."""
    return all(not b & ~a for a, b in zip(one, other, strict=True))


def without(one: Cube, other: Cube) -> list[Cube]:
    """`one` less `other`, as disjoint cubes: at most one for each axis."""
    if meet(one, other) is None:
        return [one]
    out = []
    rest = list(one)
    for at, (a, b) in enumerate(zip(one, other, strict=True)):
        if outside := a & ~b:
            out.append((*rest[:at], outside, *one[at + 1 :]))
            rest[at] = a & b
    return out


def joined(cubes: list[Cube]) -> list[Cube]:
    """The same packets as fewer cubes: those that differ on one axis alone become one, axis by axis."""
    varying = [at for at, masks in enumerate(zip(*cubes, strict=True)) if any(mask != masks[0] for mask in masks)]
    if not varying:
        return cubes[:1]
    lean = [tuple(cube[at] for at in varying) for cube in cubes]
    for at in range(len(varying)):
        together: dict[Cube, int] = {}
        for cube in lean:
            rest = (*cube[:at], *cube[at + 1 :])
            together[rest] = together.get(rest, 0) | cube[at]
        lean = [(*rest[:at], mask, *rest[at:]) for rest, mask in together.items()]
    out = []
    for masks in lean:
        made = list(cubes[0])
        for at, mask in zip(varying, masks, strict=True):
            made[at] = mask
        out.append(tuple(made))
    return out
