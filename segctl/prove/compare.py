"""All cells of one walk, rules against intent: where they clash, and which number new connections got."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from segctl.listing.rule import STATES, Ending, Span
from segctl.model.packet import Way
from segctl.model.ranges import Ranges
from segctl.prove.axes import STATE
from segctl.prove.cells import Alive, Cell, Cells
from segctl.prove.clauses import NUMBER, NUMBER_MASK, clauses
from segctl.prove.effects import Effects
from segctl.prove.engine import Evaluated
from segctl.prove.frame import Clash, Frame, clashes
from segctl.prove.row import Decided
from segctl.prove.space import Cube, Spans


@dataclass(slots=True)
class Numbers:
    """The numbers that new connections were seen to get, by family, way and interfaces."""

    found: dict[tuple[int, Way, str, str], set[int]] = field(default_factory=lambda: defaultdict(set))

    def spans(self, family: int) -> Alive:
        """As sets of values."""
        return {key[1:]: Ranges.of((n, n) for n in held).spans for key, held in self.found.items() if key[0] == family}


@dataclass(frozen=True, slots=True)
class ClashAt:
    """A clash, and where: the interfaces' classes and the cell."""

    iif: int
    oif: int
    cell: Cell
    clash: Clash


Judged = tuple[list[Clash], set[int]]
"""Clashes, and the rows that let a packet pass by its number, by their place in a cell."""


@dataclass(slots=True)
class Comparison:
    """One walk compared."""

    evaluated: Evaluated
    effects: Effects
    cells: Cells = field(init=False)
    frame: Frame = field(init=False)
    compared: int = 0
    _domains: dict[bool, tuple[Cube, ...]] = field(init=False)
    _known: dict[object, Judged] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.frame = Frame.of(self.evaluated)
        self.cells = Cells(self.frame, self.effects)
        self._domains = {new: self._domain(new) for new in (True, False)}

    def beginnings(self, numbers: Numbers) -> Iterator[ClashAt]:
        """Packets that begin a connection; what they get goes into `numbers`."""
        for iif, oif in self.cells.interfaces():
            found = numbers.found[self.evaluated.family, self.evaluated.way, *self.cells.names(iif, oif)]
            for one in self.cells.between(iif, oif, {}):
                for cell, (clash, passing) in self._looked_at(one, iif, oif, {}, new=True):
                    found |= self._given(cell, {cell.rows[at] for at in passing})
                    yield from (ClashAt(iif, oif, cell, each) for each in clash)

    def _given(self, cell: Cell, passing: set[int]) -> set[int]:
        """The numbers that new connections get from the rows that pass them, in all of a cell's members."""
        frame = self.frame
        out = {_number(frame.decided[place]) for place in passing}
        if cell.members[1:]:
            narrow = cell.members[0].narrow
            at = [number for number, one in enumerate(narrow) if passing.intersection(frame.rows_of(*one))]
            for spot in cell.members[1:]:
                for number in at:
                    out |= {_number(frame.decided[row]) for row in frame.rows_of(*spot.narrow[number])}
        return out - {0}

    def _looked_at(
        self, cell: Cell, iif: int, oif: int, alive: Alive, never: Spans = (), new: bool = False
    ) -> Iterator[tuple[Cell, Judged]]:
        """A cell for all of its members; where it clashes, each by itself."""
        judged = self._cell(cell, new)
        if judged[0] and cell.members[1:]:
            for one in self.cells.apart(cell, iif, oif, alive, never):
                yield one, self._cell(one, new)
        else:
            yield cell, judged

    def others(self, alive: Alive) -> Iterator[ClashAt]:
        """All other packets: of connections, about them, and of none."""
        never = self.never(alive)
        for iif, oif in self.cells.interfaces():
            for one in self.cells.between(iif, oif, alive, never):
                self.compared += max(1, len(one.members))
                for cell, (clash, _) in self._looked_at(one, iif, oif, alive, never):
                    yield from (ClashAt(iif, oif, cell, each) for each in clash)

    def never(self, alive: Alive) -> Spans:
        """The numbers that the rules name one by one, and that no connection gets."""
        return self.named_beside(span for spans in alive.values() for span in spans)

    def named_beside(self, given: Iterable[Span]) -> Spans:
        """The numbers that the rules name one by one, without these."""
        axes, index = self.evaluated.space.axes, self.evaluated.space.index
        if NUMBER not in index:
            return ()
        axis = axes[index[NUMBER]]
        named = Ranges.of((n, n) for n, size in zip(axis.least, axis.sizes, strict=True) if size == 1 and n)
        return (named - Ranges.of(given)).spans

    def _domain(self, new: bool) -> tuple[Cube, ...]:
        """The packets that can be, those of new connections or the rest."""
        space = self.evaluated.space
        state: Spans = ((STATES["new"],) * 2,)
        at = self.frame.places.index(space.index[STATE])
        mask = space.axes[space.index[STATE]].mask(state)
        return tuple(cube for cube in self.frame.domain if bool(cube[at] & mask) is new)

    def _cell(self, cell: Cell, new: bool) -> Judged:
        key = (tuple(self.frame.kinds[at] for at in cell.rows), cell.between, new)
        if key not in self._known:
            wanted = self.frame.wanted(clauses(cell.between))
            self._known[key] = clashes(self._domains[new], self.cells.rows(cell), wanted)
        return self._known[key]


def _number(one: Decided) -> int:
    """The number that a row gives for certain; 0 for none."""
    if one.maybe or one.ending is not Ending.ACCEPT or not isinstance(one.connection, int):
        return 0
    return one.connection & NUMBER_MASK
