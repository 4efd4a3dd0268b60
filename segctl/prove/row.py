"""A set of packets on its way through the rules: a product of classes, and what the registers hold for all of them.

**Order.** A look-up in a set with several parts hits a union of products. What it misses is no product, so the row
that missed keeps its whole cube, and the rows that hit come before it in `key` order: of two decided rows that hold the
same packet, the one with the smaller key is the packet's (what is split on one axis alone is disjoint, and keeps its
key). A row with reasons in `maybe` decides its packets now and then; else the next one that holds them does.
"""

from collections.abc import Iterator
from typing import NamedTuple

from segctl.listing.rule import Chain, Ending, Rule, Table
from segctl.model.rule_said import RuleSaid
from segctl.prove.space import Cube, covers, joined
from segctl.prove.values import Table as ByClass
from segctl.prove.values import Value

Key = tuple[int, ...]
LAST = 1 << 60
"""Ends a decided row's key: after every look-up that came off it."""


class Row(NamedTuple):
    """Packets under way. `untracked`: a rule told conntrack to leave them alone. `rewritten`: header fields that
    rules may have changed: what is read of these since isn't followed.
    """

    cube: Cube
    mark: Value
    priority: Value
    connection: Value
    key: Key
    maybe: tuple[str, ...] = ()
    untracked: bool = False
    rewritten: tuple[str, ...] = ()


class By(NamedTuple):
    """The rule that decided (None: the chain's policy)."""

    table: Table
    chain: Chain
    rule: Rule | None


def rule_said(by: By) -> RuleSaid:
    """A rule, or the chain's policy, in the kernel's words."""
    table = f"{by.table.family} {by.table.name}"
    if by.rule is None:
        return RuleSaid(table, by.chain.name, None, "policy of the chain")
    return RuleSaid(table, by.chain.name, by.rule.handle or by.rule.line, by.rule.text)


class Decided(NamedTuple):
    """Packets with their end. `ending` None: nobody can say, for the reasons in `maybe`."""

    cube: Cube
    ending: Ending | None
    key: Key
    by: By | None
    connection: Value
    maybe: tuple[str, ...] = ()


Held = dict[tuple[Key, tuple[str, ...]], list[Cube]]


def settled(rows: list[Row]) -> list[Row]:
    """The same packets as fewer rows, at the same rule.

    Rows that nothing tells apart but one axis become one. A row that came off another, and holds what that one holds,
    will fare as it does, and no more certainly: it is left out (only what came off it since lies between them in order,
    and is decided).
    """
    if len(rows) < 2:
        return rows
    alike: dict[tuple[object, ...], Held] = {}
    firsts: dict[tuple[object, ...], Row] = {}
    for row in rows:
        registers = _same(row.mark), _same(row.priority), _same(row.connection)
        like = (*registers, row.untracked, row.rewritten)
        alike.setdefault(like, {}).setdefault((row.key, row.maybe), []).append(row.cube)
        firsts.setdefault(like, row)
    if len(alike) == len(rows):
        return rows
    out = []
    for state, cubes in alike.items():
        held = {key: joined(some) for key, some in cubes.items()}
        by_key: dict[Key, list[tuple[str, ...]]] = {}
        for key, maybe in held:
            by_key.setdefault(key, []).append(maybe)
        for (key, maybe), some in held.items():
            over = list(_behind(held, by_key, key, maybe))
            out += [
                firsts[state]._replace(cube=cube, key=key, maybe=maybe)
                for cube in some
                if not any(covers(other, cube) for other in over)
            ]
    return out


def _behind(held: Held, by_key: dict[Key, list[tuple[str, ...]]], key: Key, maybe: tuple[str, ...]) -> Iterator[Cube]:
    """What rows hold that this one came off, and that are as certain."""
    for length in range(len(key)):
        for reasons in by_key.get(key[:length], ()):
            if set(reasons) <= set(maybe):
                yield from held[key[:length], reasons]


def _same(value: Value) -> object:
    return id(value) if isinstance(value, ByClass) else value
