"""The axes beside interfaces and addresses, on which one cell's packets are compared: rules against clauses."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from segctl.listing.rule import Ending
from segctl.prove.alive import OURS
from segctl.prove.axes import DADDR, IIF, OIF, SADDR
from segctl.prove.bundle import Bundle
from segctl.prove.clauses import NUMBER, NUMBER_MASK, Clause, Limits, Must
from segctl.prove.engine import Evaluated
from segctl.prove.row import Decided
from segctl.prove.space import Cube, bits, meet, without
from segctl.prove.values import Of, Table, Value, register_cubes

OUTER = (IIF, OIF, SADDR, DADDR)


class Wanted(NamedTuple):
    """A clause as a cube."""

    cube: Cube
    must: Must


class Clash(NamedTuple):
    """Packets of which rules and intent say different things, or nobody can say what the rules do.

    `found`: the rows that decide them (several if some do so now and then), by place; `must`: what is wanted.
    """

    cube: Cube
    found: tuple[int, ...]
    must: Must


@dataclass(slots=True)
class Frame:
    """A space without interfaces and addresses. `domain`: the packets that can be.

    `decided`: the rows of the walk and, behind them, parts of those of a bundle (`part`). Of each row `rests`: its cube
    on these axes; `kinds`: a number for each distinct cube, end and doubts; `order`: whose place in the order it has;
    `bundles`: of whose hits it is.
    """

    evaluated: Evaluated
    places: tuple[int, ...]
    domain: tuple[Cube, ...]
    decided: list[Decided] = field(default_factory=list)
    rests: list[Cube] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    bundles: list[Bundle | None] = field(default_factory=list)
    _numbers: dict[object, int] = field(default_factory=dict)
    _parts: dict[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)
    _cubes: dict[object, list[Cube]] = field(default_factory=dict)

    @classmethod
    def of(cls, evaluated: Evaluated) -> "Frame":
        """The frame of a walk."""
        space = evaluated.space
        places = tuple(at for at, axis in enumerate(space.axes) if axis.name not in OUTER and not axis.derived)
        rest = {tuple(cube[at] for at in places) for cube in evaluated.domain}
        made = cls(evaluated, places, tuple(sorted(rest)))
        for place, one in enumerate(evaluated.decided):
            made._add(one, place)
        return made

    def _add(self, one: Decided, order: int) -> int:
        cube = self.rest(one.cube)
        self.decided.append(one)
        self.rests.append(cube)
        key = cube, one.ending, one.maybe, numbered(one.connection), stopped_by_us(one)
        self.kinds.append(self._numbers.setdefault(key, len(self._numbers)))
        self.order.append(order)
        self.bundles.append(self._bundle(one.cube))
        return len(self.decided) - 1

    def _bundle(self, cube: Cube) -> Bundle | None:
        axes = self.evaluated.space.axes
        return next((one for one in self.evaluated.bundles if cube[one.at] != axes[one.at].full), None)

    def part(self, place: int, element: int) -> tuple[int, ...]:
        """The places of rows that hold what of a row of a bundle hits one element, on no derived axis."""
        key = place, element
        if key not in self._parts:
            bundle, row = self.bundles[place], self.decided[place]
            assert bundle is not None
            cube = bundle.cube(row.cube, element, self.evaluated.space.axes[bundle.at].full)
            value = self._left(place, element)
            made = [] if cube is None else [self._add(row._replace(cube=cube, connection=value), self.order[place])]
            self._parts[key] = tuple(last for one in made for last in self._apart(one))
        return self._parts[key]

    def _left(self, place: int, element: int) -> Value:
        """What packets of a bundle's row that hit an element leave in their connection's mark."""
        bundle, value = self.bundles[place], self.decided[place].connection
        if bundle is not None and isinstance(value, Table) and value.axis == bundle.answers.axis:
            return value.values[element]
        return value

    def rows_of(self, place: int, element: int) -> tuple[int, ...]:
        """The places of rows that stand for a row, or for an element of a bundle's row (-1: none)."""
        return (place,) if element < 0 else self.part(place, element)

    def gives(self, place: int, element: int) -> bool:
        """Whether they leave a number there, without taking the row apart."""
        return numbered(self._left(place, element))

    def nested(self, place: int) -> bool:
        """Whether a row is of the hits of several maps."""
        cube, axes = self.decided[place].cube, self.evaluated.space.axes
        return sum(cube[one.at] != axes[one.at].full for one in self.evaluated.bundles) > 1

    def _apart(self, place: int) -> Iterator[int]:
        """The same until no bundle is left."""
        bundle = self.bundles[place]
        if bundle is None:
            yield place
            return
        for element in bits(bundle.hit(self.decided[place].cube)):
            yield from self.part(place, element)

    def rest(self, cube: Cube) -> Cube:
        """A cube's masks on the axes of the frame."""
        return tuple(cube[at] for at in self.places)

    def wanted(self, clauses: Iterable[Clause]) -> list[Wanted]:
        """Clauses as cubes, in order."""
        return [Wanted(cube, clause.must) for clause in clauses for cube in self.cubes(clause.limits)]

    def cubes(self, limits: Limits) -> list[Cube]:
        """Limits by axis as cubes: one, unless a connection's number must be told by several groups of its bits."""
        key = tuple(sorted(limits.items()))
        if (known := self._cubes.get(key)) is None:
            known = self._cubes[key] = list(self._made(limits))
        return known

    def _made(self, limits: Limits) -> Iterator[Cube]:
        space = self.evaluated.space
        if NUMBER in limits and NUMBER not in space.index:
            others = {axis: spans for axis, spans in limits.items() if axis != NUMBER}
            parts = self.evaluated.registers["ct mark"]
            for cube in register_cubes(Of("ct mark", NUMBER_MASK), limits[NUMBER], parts):
                yield from self._made({**others, **cube})
            return
        full = [axis.full for axis in space.axes]
        for axis, spans in limits.items():
            at = space.index[axis]
            full[at] &= space.axes[at].mask(spans)
        if all(full):
            yield self.rest(tuple(full))


def numbered(value: Value) -> bool:
    """Whether what a connection's mark holds at the end has a number; one that nobody can tell counts."""
    if isinstance(value, int):
        return bool(value & NUMBER_MASK)
    return not (isinstance(value, Of) and value.axis == "ct mark")


def stopped_by_us(one: Decided) -> bool:
    """Whether a rule of ours doesn't let them pass."""
    passes = one.ending in (Ending.ACCEPT, Ending.CONTINUE)
    return not passes and one.by is not None and one.by.table.name.startswith(OURS)


def shadowed(regions: Iterable[Cube], earlier: Iterable[Cube]) -> bool:
    """Whether the earlier cubes hold all of these regions."""
    left = list(regions)
    for cube in earlier:
        left = [piece for one in left for piece in without(one, cube)]
        if not left:
            return True
    return not left


def clashes(
    domain: Iterable[Cube], found: Sequence[tuple[Cube, Decided]], wanted: Sequence[Wanted]
) -> tuple[list[Clash], set[int]]:
    """Where what the rules do isn't what is wanted; the places of the rows that let a packet pass which is wanted to
    pass by its number.

    `found` in the order of their keys, `wanted` in the law's: of each, the first that holds a packet is its own.
    """
    out: list[Clash] = []
    passing: set[int] = set()
    cubes = [cube for cube, _ in found]
    endings = [(one.ending, bool(one.maybe)) for _, one in found]
    gives = [numbered(one.connection) for _, one in found]
    ours = [stopped_by_us(one) for _, one in found]
    for region in domain:
        for piece, places in _first(region, cubes, [maybe for _, maybe in endings]):
            does = {endings[at][0] for at in places}
            if does == {Ending.CONTINUE}:
                continue
            for part, must in _musts(piece, wanted):
                if must in (Must.PASS, Must.NUMBERED, Must.ANY):
                    passing.update(places)
                lacks = must is Must.NUMBERED and not all(gives[at] for at in places)
                wrong = (
                    any(ours[at] for at in places) if must is Must.BESIDE else not all(_right(e, must) for e in does)
                )
                if lacks or wrong:
                    out.append(Clash(part, places, must))
    return out, passing


def _first(region: Cube, cubes: Sequence[Cube], maybe: Sequence[bool]) -> Iterator[tuple[Cube, tuple[int, ...]]]:
    """Parts of a region with the places of the cubes that decide them: some perhaps, the last for certain."""
    work: list[tuple[Cube, int, tuple[int, ...]]] = [(region, 0, ())]
    while work:
        now, begin, perhaps = work.pop()
        for at in range(begin, len(cubes)):
            both = meet(now, cubes[at])
            if both is None:
                continue
            work += [(rest, at + 1, perhaps) for rest in without(now, both)]
            if maybe[at]:
                work.append((both, at + 1, (*perhaps, at)))
            else:
                yield both, (*perhaps, at)
            break
        else:
            if perhaps:
                yield now, perhaps


def _musts(region: Cube, wanted: Sequence[Wanted]) -> Iterator[tuple[Cube, Must]]:
    work = [(region, 0)]
    while work:
        now, begin = work.pop()
        for at in range(begin, len(wanted)):
            both = meet(now, wanted[at].cube)
            if both is None:
                continue
            work += [(rest, at + 1) for rest in without(now, both)]
            yield both, wanted[at].must
            break


_RIGHT = {
    Must.PASS: {Ending.ACCEPT},
    Must.ALWAYS: {Ending.ACCEPT},
    Must.NUMBERED: {Ending.ACCEPT},
    Must.DROP: {Ending.DROP},
    Must.REJECT: {Ending.REJECT},
    Must.BLOCK: {Ending.DROP, Ending.REJECT},
}


def _right(ending: Ending | None, must: Must) -> bool:
    return must in (Must.ANY, Must.EITHER, Must.BESIDE) or ending is Ending.CONTINUE or ending in _RIGHT[must]
