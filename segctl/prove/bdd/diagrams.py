"""OxiDD behind the few operations that the engine needs, with a bound on its memory.

The library: https://oxidd.net, diagrams with complement edges (Brace, Rudell and Bryant 1990), so that a complement
costs nothing. Nodes are reclaimed when nothing in Python refers to them any more.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from oxidd.bcdd import BCDDFunction as Node
from oxidd.bcdd import BCDDManager
from oxidd.util import BooleanOperator, DDMemoryError

from segctl.prove.unanswered import TooLarge

_BYTES = 24  # a node in OxiDD's table, and the place by which it is found
MOST_NODES = min(100_000_000, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4 // _BYTES)
"""A quarter of the machine's memory at most, taken as it is needed: 10 million nodes on one of 1 GB."""
_OPERATIONS = 2_000_000  # what was computed and is remembered: 50 MB


class Diagrams:
    """One table of nodes, its variables in the order in which they were asked for: the first is decided first."""

    def __init__(self, nodes: int = MOST_NODES) -> None:
        self._manager = BCDDManager(nodes, min(nodes, _OPERATIONS), 1)
        self.true: Node = self._manager.true()
        self.false: Node = self._manager.false()

    def variables(self, count: int) -> tuple[Node, ...]:
        """So many new variables, below all others."""
        return tuple(self._manager.var(number) for number in self._manager.add_vars(count))

    @property
    def count(self) -> int:
        """How many variables there are."""
        return int(self._manager.num_vars())

    @property
    def nodes(self) -> int:
        """How many nodes are held now."""
        return int(self._manager.num_inner_nodes())

    def either(self, some: Iterable[Node]) -> Node:
        """The union, pair by pair, so that large ones are touched seldom."""
        held = [one for one in some if one.satisfiable()]
        while len(held) > 1:
            pairs = [a | b for a, b in zip(held[::2], held[1::2], strict=False)]
            held = [*pairs, held[-1]] if len(held) % 2 else pairs
        return held[0] if held else self.false

    def all_of(self, some: Iterable[Node]) -> Node:
        """What all of them hold, the last first: variables that are decided late are the lowest."""
        out = self.true
        for one in reversed(list(some)):
            out = one & out
        return out

    def both_but(self, one: Node, other: Node, variables: Node) -> Node:
        """What both hold, whatever these variables (a product of them) are."""
        return one.apply_exists(BooleanOperator.AND, other, variables)

    def smallest(self, some: Node) -> list[bool]:
        """Of packets the one whose variables, in their order, are the smallest number; ValueError if there is none."""
        lows = self.all_of(~self._manager.var(number) for number in range(self.count))
        cube = some.pick_cube_dd_set(lows).pick_cube()
        if cube is None:
            raise ValueError("no packet")
        return [bool(bit) for bit in cube]


@contextmanager
def bounded() -> Iterator[None]:
    """TooLarge where the table is full."""
    try:
        yield
    except DDMemoryError as error:
        raise TooLarge(
            "the rules tell too much apart for the diagrams as well",
            f"they took more than {MOST_NODES:,} nodes; take other tables out of the listing to see which it is",
        ) from error


__all__ = ["MOST_NODES", "Diagrams", "Node", "bounded"]
