"""Mutants that change the live sets, the numbers, or how long an element lives."""

from dataclasses import replace
from random import Random

from tests.mutation.element_kinds import ADDRESSES, group_of, one_changed
from tests.mutation.mutant import Mutant, kind
from tests.mutation.tables import Table

_EXPIRED, _WAIT = "200ms", 0.6


@kind("live set too wide: more interfaces")
def _wide(table: Table, chosen: Random) -> Mutant | None:
    name = chosen.choice(("live", "live", "live_own"))
    items = table.groups[name].items
    if not items:
        return None
    item = chosen.choice(items)
    faces = sorted({part for one in items for part in one.key[:-1]} | {'"stray"'})
    key = (*(chosen.choice((part, chosen.choice(faces))) for part in item.key[:-1]), item.key[-1])
    if key in {one.key for one in items}:
        return None
    return one_changed("live set too wide: more interfaces", table, name, None, replace(item, key=key))


@kind("live set too wide: another number")
def _nobody(table: Table, chosen: Random) -> Mutant | None:
    """A number that nobody has, none at all, or one that is live elsewhere only."""
    name = chosen.choice(("live", "live", "live_own"))
    items = table.groups[name].items
    if not items:
        return None
    item = chosen.choice(items)
    other = chosen.choice(table.groups["live"].items).key[-1]
    number = chosen.choice(("0x00000000", "0x5eaf00d1", "0x12345678", other))
    key = (*item.key[:-1], number)
    if key in {one.key for one in items}:
        return None
    return one_changed("live set too wide: another number", table, name, None, replace(item, key=key, timeout=None))


@kind("another number in the numbers map")
def _number(table: Table, chosen: Random) -> Mutant | None:
    name = group_of(table, chosen, lambda n: n.startswith("numbers"))
    if name is None:
        return None
    item = chosen.choice(table.groups[name].items)
    here = [one.value for one in table.groups[name].items if one.key[:-1] == item.key[:-1] and one.value != item.value]
    number = chosen.choice(["0x5eaf00d1", "0x00000000", f"0x{int(item.value or '0', 16) | 0x80000000:08x}", *here[:3]])
    return one_changed("another number in the numbers map", table, name, item, replace(item, value=number))


@kind("expired element")
def _expired(table: Table, chosen: Random) -> Mutant | None:
    """Added again with a short timeout, and looked at when that is over."""
    name = group_of(table, chosen, lambda n: n not in ADDRESSES)
    return _timed("expired element", table, name, chosen, _EXPIRED, _WAIT) if name else None


@kind("element that will expire")
def _will(table: Table, chosen: Random) -> Mutant | None:
    """With a long timeout: nothing passes differently yet."""
    name = group_of(table, chosen, lambda n: n not in ADDRESSES)
    return _timed("element that will expire", table, name, chosen, "10h", 0.0) if name else None


def _timed(kind_: str, table: Table, name: str, chosen: Random, timeout: str, wait: float) -> Mutant:
    head = table.groups[name].head
    if not any(line.startswith("flags ") for line in head):
        at = next(at for at, line in enumerate(head) if line.startswith("size ")) + 1
        table = table.with_head(name, (*head[:at], "flags timeout", *head[at:]))
    item = chosen.choice(table.groups[name].items)
    made = one_changed(kind_, table, name, item, replace(item, timeout=timeout), f"{item} has a timeout of {timeout}")
    return replace(made, table=replace(made.table, wait=wait))
