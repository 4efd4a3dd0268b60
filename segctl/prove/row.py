"""A set of packets on its way through the rules: a product of classes, and what the registers hold for all of them.

**Order.** A look-up in a set with several parts hits a union of products. What it misses is no product, so the row
that missed keeps its whole cube, and the rows that hit come before it in `key` order: of two decided rows that hold the
same packet, the one with the smaller key is the packet's (what is split on one axis alone is disjoint, and keeps its
key). A row with reasons in `maybe` decides its packets now and then; else the next one that holds them does.
"""

from typing import NamedTuple

from segctl.listing.rule import Chain, Ending, Rule, Table
from segctl.prove.space import Cube
from segctl.prove.values import Value

Key = tuple[int, ...]
LAST = 1 << 60
"""Ends a decided row's key: after every look-up that came off it."""


class Crumb(NamedTuple):
    """One rule (and element of its map, by place) that a row matched, and those before it."""

    table: Table
    chain: Chain
    rule: Rule | None  # None: the chain's policy
    element: int | None
    before: "Crumb | None"


class Row(NamedTuple):
    """Packets under way. `untracked`: a rule told conntrack to leave them alone."""

    cube: Cube
    mark: Value
    priority: Value
    connection: Value
    key: Key
    crumb: Crumb | None
    maybe: tuple[str, ...] = ()
    untracked: bool = False


class Decided(NamedTuple):
    """Packets with their end. `ending` None: nobody can say, for the reasons in `maybe`."""

    cube: Cube
    ending: Ending | None
    key: Key
    crumb: Crumb | None
    connection: Value
    maybe: tuple[str, ...] = ()
