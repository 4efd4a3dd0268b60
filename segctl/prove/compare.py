"""All cells of one walk, rules against intent: where they clash, which number new connections got, what is dead."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from segctl.listing.rule import STATES, Ending
from segctl.model.packet import Way
from segctl.model.ranges import Ranges
from segctl.prove.axes import STATE
from segctl.prove.cells import Alive, Cell, Cells
from segctl.prove.clauses import NUMBER, NUMBER_MASK, clauses
from segctl.prove.effects import Effects
from segctl.prove.engine import Evaluated
from segctl.prove.frame import Clash, Frame, clashes
from segctl.prove.space import Cube, Spans


@dataclass(slots=True)
class Numbers:
    """The numbers that new connections were seen to get, by way and interfaces."""

    found: dict[tuple[Way, str, str], set[int]] = field(default_factory=lambda: defaultdict(set))

    def spans(self) -> Alive:
        """As sets of values."""
        return {key: Ranges.of((n, n) for n in numbers).spans for key, numbers in self.found.items()}


@dataclass(frozen=True, slots=True)
class ClashAt:
    """A clash, and where: the interfaces' classes and the cell."""

    iif: int
    oif: int
    cell: Cell
    clash: Clash


@dataclass(slots=True)
class Comparison:
    """One walk compared. `top` are the places of the decided rows that some packet has for its own."""

    evaluated: Evaluated
    effects: Effects
    cells: Cells = field(init=False)
    frame: Frame = field(init=False)
    top: set[int] = field(default_factory=set)
    compared: int = 0
    _domains: dict[bool, tuple[Cube, ...]] = field(init=False)
    _known: dict[object, tuple[list[Clash], set[int], set[int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.frame = Frame.of(self.evaluated)
        self.cells = Cells(self.frame, self.effects)
        self._domains = {new: self._domain(new) for new in (True, False)}

    def beginnings(self, numbers: Numbers) -> Iterator[ClashAt]:
        """Packets that begin a connection; what they get goes into `numbers`."""
        for iif, oif in self.cells.interfaces():
            found: set[int] = set()
            for cell in self.cells.between(iif, oif, {}):
                clash, top, passing = self._cell(cell, new=True)
                self.top |= {cell.rows[at] for at in top}
                found |= {cell.rows[at] for at in passing}
                yield from (ClashAt(iif, oif, cell, one) for one in clash)
            key = (self.evaluated.way, *self.cells.names(iif, oif))
            for place in found:
                one = self.evaluated.decided[place]
                if one.ending is Ending.ACCEPT and isinstance(one.connection, int) and one.connection & NUMBER_MASK:
                    numbers.found[key].add(one.connection & NUMBER_MASK)

    def others(self, alive: Alive) -> Iterator[ClashAt]:
        """All other packets: of connections, about them, and of none."""
        never = self.never(alive)
        for iif, oif in self.cells.interfaces():
            for cell in self.cells.between(iif, oif, alive, never):
                clash, top, _ = self._cell(cell, new=False)
                self.top |= {cell.rows[at] for at in top}
                self.compared += 1
                yield from (ClashAt(iif, oif, cell, one) for one in clash)

    def never(self, alive: Alive) -> Spans:
        """The numbers that the rules name one by one, and that no connection gets."""
        given = Ranges.of(span for spans in alive.values() for span in spans)
        axes, index = self.evaluated.space.axes, self.evaluated.space.index
        if NUMBER not in index:
            return ()
        axis = axes[index[NUMBER]]
        named = Ranges.of((n, n) for n, size in zip(axis.least, axis.sizes, strict=True) if size == 1 and n)
        return (named - given).spans

    def _domain(self, new: bool) -> tuple[Cube, ...]:
        """The packets that can be, those of new connections or the rest."""
        space = self.evaluated.space
        state: Spans = ((STATES["new"],) * 2,)
        at = self.frame.places.index(space.index[STATE])
        mask = space.axes[space.index[STATE]].mask(state)
        return tuple(cube for cube in self.frame.domain if bool(cube[at] & mask) is new)

    def _cell(self, cell: Cell, new: bool) -> tuple[list[Clash], set[int], set[int]]:
        key = (tuple(self.frame.kinds[at] for at in cell.rows), cell.between, new)
        if key not in self._known:
            wanted = self.frame.wanted(clauses(cell.between))
            self._known[key] = clashes(self._domains[new], self.cells.rows(cell), wanted)
        return self._known[key]
