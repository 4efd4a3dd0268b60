"""Pairs of ends that are treated alike, as rows that a person can read: who may open what to whom."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segctl.draft.audit.cells import Cells, Treated
from segctl.draft.audit.openings import openings
from segctl.draft.result import OTHERS, Place, Reach, Side
from segctl.listing.rule import name_of, name_span
from segctl.model.ranges import V6, Ranges
from segctl.prove.axes import DADDR, IIF, OIF, SADDR, STRANGER
from segctl.prove.row import By, rule_said
from segctl.prove.space import Axis

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

Ends = tuple[tuple[int, int], ...]
"""Places of an interface's and an address's class."""
_MOST_RULES = 8


@dataclass(slots=True)
class Reaches:
    """The rows of one walk."""

    cells: Cells
    _alike: list[int] = field(init=False)

    def rows(self) -> Iterator[Reach]:
        """Pairs of groups of ends of which something may be opened, or nobody can say."""
        kinds, alike = self._kinds()
        told = [kind for kind, treated in enumerate(kinds) if treated.passes or treated.doubts]
        for sources, targets, kind in _joined(alike, told):
            treated = kinds[kind]
            yield self._row(self._ends(sources, 0), self._ends(targets, 2), treated, self._by(sources, targets))

    def _kinds(self) -> tuple[list[Treated], "NDArray[numpy.int32]"]:
        """What tells pairs apart beside the rules that say so, and the pairs of ends by it."""
        import numpy

        numbers: dict[object, int] = {}
        kinds: list[Treated] = []
        place = []
        for one in self.cells.treated:
            key = one.passes, one.doubts
            if key not in numbers:
                numbers[key] = len(kinds)
                kinds.append(one)
            place.append(numbers[key])
        return kinds, self._flat(numpy.array(place, dtype=numpy.int32)[self.cells.pairs])

    def _flat(self, pairs: "NDArray[numpy.int32]") -> "NDArray[numpy.int32]":
        iif, saddr, oif, daddr = pairs.shape
        return pairs.reshape(iif * saddr, oif * daddr)

    def _by(self, sources: Sequence[int], targets: Sequence[int]) -> tuple[By, ...]:
        import numpy

        numbers = numpy.unique(self._flat(self.cells.pairs)[numpy.ix_(sources, targets)])
        found = [by for number in numbers for by in self.cells.treated[int(number)].by]
        return tuple({(id(by.chain), id(by.rule)): by for by in found}.values())

    def _ends(self, places: Iterable[int], first: int) -> Ends:
        """Places in the flat table as classes."""
        faces, addresses = self.cells.classes[first], self.cells.classes[first + 1]
        return tuple((faces[at // len(addresses)], addresses[at % len(addresses)]) for at in places)

    def _row(self, sources: Ends, targets: Ends, treated: Treated, by: tuple[By, ...]) -> Reach:
        evaluated = self.cells.evaluated
        said = dict.fromkeys(f"{one.chain}: {one.text}" for one in map(rule_said, by))
        return Reach(
            evaluated.way,
            evaluated.family,
            self.side(sources, IIF, SADDR),
            self.side(targets, OIF, DADDR),
            openings(treated.passes, self.cells) if treated.passes else (),
            tuple(one for mixed, _ in treated.doubts for one in openings(mixed, self.cells)),
            tuple(dict.fromkeys(reason for _, reasons in treated.doubts for reason in reasons)),
            tuple(said)[:_MOST_RULES],
        )

    def side(self, ends: Ends, face: str, address: str) -> Side:
        """Ends as places: interfaces with the same addresses together."""
        space = self.cells.evaluated.space
        faces, addresses = space.axes[space.index[face]], space.axes[space.index[address]]
        held: dict[int, int] = defaultdict(int)
        for interface, block in ends:
            held[interface] |= 1 << block
        by_blocks: dict[int, list[int]] = defaultdict(list)
        for interface, blocks in held.items():
            by_blocks[blocks].append(interface)
        every = self.cells.classes[0 if face == IIF else 2]
        return tuple(
            _place(faces, some, every, blocks_of(addresses, blocks, self.cells.evaluated.family))
            for blocks, some in by_blocks.items()
        )


def _place(axis: Axis, some: Sequence[int], every: Sequence[int], addresses: Ranges) -> Place:
    """Some of all the classes of interfaces that there are at this end, in words."""
    if len(some) == len(every):
        return Place((), addresses)
    names = tuple(sorted(name for at in some for name in names_of(axis, at)))
    rest = (name for at in every if at not in some for name in names_of(axis, at))
    return Place(names, addresses, tuple(sorted(rest)) if OTHERS in names else ())


def _joined(alike: "NDArray[numpy.int32]", told: Sequence[int]) -> Iterator[tuple[list[int], list[int], int]]:
    """Rectangles of equal numbers that cover all pairs with one of these numbers: sources and destinations that are
    alike wholly first.
    """
    import numpy

    rows, of_row = numpy.unique(alike, axis=0, return_inverse=True)
    columns, of_column = numpy.unique(rows, axis=1, return_inverse=True)
    of_row, of_column = of_row.reshape(-1), of_column.reshape(-1)
    sources = [numpy.flatnonzero(of_row == at).tolist() for at in range(columns.shape[0])]
    targets = [numpy.flatnonzero(of_column == at).tolist() for at in range(columns.shape[1])]
    by_target: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row, column in zip(*(axis.tolist() for axis in numpy.nonzero(numpy.isin(columns, told))), strict=True):
        by_target[column, int(columns[row, column])].append(row)
    by_sources: dict[tuple[tuple[int, ...], int], list[int]] = defaultdict(list)
    for (column, kind), some in by_target.items():
        by_sources[tuple(some), kind].append(column)
    for (some_rows, kind), some_columns in by_sources.items():
        yield (
            sorted(at for row in some_rows for at in sources[row]),
            sorted(at for column in some_columns for at in targets[column]),
            kind,
        )


def names_of(axis: Axis, number: int) -> Iterator[str]:
    """A class of interfaces in words: names, beginnings of names with `*`, or OTHERS."""
    if axis.class_of(name_span(STRANGER)[0]) == number:
        yield OTHERS
        return
    end = -1
    for first, last in axis.spans(1 << number):
        if first == last:
            yield name_of(first)
        elif last > end:  # else one more piece of the last beginning, around names that have a class of their own
            beginning = name_of(first) if last <= name_span(f"{name_of(first)}*")[1] else _beginning(first, last)
            end = name_span(f"{beginning}*")[1]
            yield f"{beginning}*"


def _beginning(first: int, last: int) -> str:
    """What the names between two have in common."""
    one, other = first.to_bytes(16, "big"), last.to_bytes(16, "big")
    common = next((at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), 16)
    return one[:common].rstrip(b"\0").decode(errors="replace")


def blocks_of(axis: Axis, mask: int, family: int) -> Ranges:
    """Classes of addresses on the line of all addresses."""
    lift = V6 if family == 6 else 0
    return Ranges.of((first + lift, last + lift) for first, last in axis.spans(mask))
