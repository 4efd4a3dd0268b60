"""Mutants that change the elements of a set or map."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random

from segctl.model.ranges import show_address
from tests.mutation.ground import span
from tests.mutation.mutant import Mutant, item_aim, kind
from tests.mutation.tables import Item, Table
from tests.mutation.targets import Aim

ADDRESSES = ("source4", "source6", "target4", "target6", "own_source4", "own_source6", "own_target4", "own_target6")


def group_of(table: Table, chosen: Random, wanted: Callable[[str], object] = bool, least: int = 1) -> str | None:
    names = [name for name, group in table.groups.items() if len(group.items) >= least and wanted(name)]
    return chosen.choice(names) if names else None


def _aim(table: Table, name: str, items: Iterable[Item]) -> Aim:
    return item_aim(table, name, *items)


def one_changed(kind_: str, table: Table, name: str, old: Item | None, new: Item | None, words: str = "") -> Mutant:
    """One element in place of another; none: gone or added."""
    items = [item for item in table.groups[name].items if item is not old]
    at = table.groups[name].items.index(old) if old is not None else len(items)
    if new is not None:
        items.insert(at, new)
    if not words:
        words = f"{old} became {new}" if old and new else f"{old} is gone" if old else f"{new} was added"
    aim = _aim(table, name, [item for item in (old, new) if item])
    return Mutant(kind_, f"{name}: {words}", table.with_items(name, tuple(items)), aim)


def _drop(name_: str, wanted: Callable[[str], object]) -> None:
    @kind(name_)
    def _dropped(table: Table, chosen: Random) -> Mutant | None:
        if (name := group_of(table, chosen, wanted)) is None:
            return None
        return one_changed(name_, table, name, chosen.choice(table.groups[name].items), None)


def _is_live(name: str) -> bool:
    return name.startswith(("live", "numbers"))


_drop("element dropped", lambda name: not _is_live(name) and name not in ADDRESSES)
_drop("live or number element dropped", _is_live)
_drop("address element dropped", lambda name: name in ADDRESSES)


@kind("element added")
def _added(table: Table, chosen: Random) -> Mutant | None:
    name = group_of(table, chosen, lambda n: n not in ADDRESSES and not n.startswith("live"))
    if name is None:
        return None
    item = chosen.choice(table.groups[name].items)
    new = _keyed(table, name, item, chosen)
    if new is None or new.key in {one.key for one in table.groups[name].items}:
        return None
    return one_changed("element added", table, name, None, new)


@kind("key changed")
def _key(table: Table, chosen: Random) -> Mutant | None:
    name = group_of(table, chosen, lambda n: n not in ADDRESSES)
    if name is None:
        return None
    item = chosen.choice(table.groups[name].items)
    new = _keyed(table, name, item, chosen)
    if new is None or new.key in {one.key for one in table.groups[name].items}:
        return None
    return one_changed("key changed", table, name, item, new)


def _keyed(table: Table, name: str, item: Item, chosen: Random) -> Item | None:
    """The same with one part of its key another: that of another element, or the next value."""
    at = chosen.randrange(len(item.key))
    field = table.groups[name].fields[at]
    others = sorted({one.key[at] for one in table.groups[name].items} - {item.key[at]})
    part = item.key[at]
    if others and chosen.random() < 0.5:
        part = chosen.choice(others)
    elif field in ("th dport", "icmp type", "icmpv6 type") and part.isdigit():
        part = str(max(0, int(part) + chosen.choice((-1, 1))))
    elif field == "meta l4proto":
        part = chosen.choice(("6", "17", "132", "47"))
    elif field == "meta nfproto":
        part = {"2": "10", "10": "2"}.get(part, part)
    elif part.startswith("0x"):
        part = f"0x{int(part, 16) ^ 1 << chosen.choice((0, 16, 17, 18)):08x}"
    elif ":" in part:
        high, _, low = part.partition(":")
        flipped = (int(high, 16) << 16 | int(low, 16)) ^ 1 << chosen.choice((0, 16, 17, 18))
        part = f"{flipped >> 16:x}:{flipped & 0xFFFF:x}"
    elif part.startswith('"'):
        part = '"stray"'
    return None if part == item.key[at] else replace(item, key=(*item.key[:at], part, *item.key[at + 1 :]))


@kind("value changed")
def _value(table: Table, chosen: Random) -> Mutant | None:
    name = group_of(table, chosen, lambda n: table.groups[n].items[0].value is not None, 2)
    if name is None:
        return None
    item = chosen.choice(table.groups[name].items)
    others = sorted({one.value or "" for one in table.groups[name].items} - {item.value})
    if not others:
        return None
    return one_changed("value changed", table, name, item, replace(item, value=chosen.choice(others)))


@kind("one bit of a value")
def _value_bit(table: Table, chosen: Random) -> Mutant | None:
    name = group_of(table, chosen, lambda n: (table.groups[n].items[0].value or "v")[0] in "0123456789abcdef")
    if name is None:
        return None
    item = chosen.choice(table.groups[name].items)
    value = item.value or ""
    if value.startswith("0x"):
        new = f"0x{int(value, 16) ^ 1 << chosen.choice((0, 1, 2, 3, 16, 17, 30)):08x}"
    elif ":" in value:
        high, _, low = value.partition(":")
        flipped = (int(high, 16) << 16 | int(low, 16)) ^ 1 << chosen.choice((0, 1, 2, 16, 17))
        new = f"{flipped >> 16:x}:{flipped & 0xFFFF:x}"
    else:
        return None
    return one_changed("one bit of a value", table, name, item, replace(item, value=new))


@kind("values swapped")
def _swapped(table: Table, chosen: Random) -> Mutant | None:
    name = group_of(table, chosen, lambda n: len({item.value for item in table.groups[n].items}) > 1, 2)
    if name is None:
        return None
    items = list(table.groups[name].items)
    one, two = chosen.sample(range(len(items)), 2)
    first, second = items[one], items[two]
    if first.value == second.value:
        return None
    items[one], items[two] = replace(first, value=second.value), replace(second, value=first.value)
    words = f"{name}: {first} and {second} change values"
    made = table.with_items(name, tuple(items))
    return Mutant("values swapped", words, made, _aim(table, name, (first, second)))


@kind("verdict map target swapped")
def _target(table: Table, chosen: Random) -> Mutant | None:
    name = group_of(table, chosen, lambda n: table.groups[n].fields[-1] == "verdict")
    if name is None:
        return None
    item = chosen.choice(table.groups[name].items)
    word = (item.value or "").split()[0]
    chains = [c for c, chain in table.chains.items() if not chain.hook and not c.startswith("gen_")]
    others = ("accept", "drop", "continue", f"{word} {chosen.choice(chains)}", f"{word} {chosen.choice(chains)}")
    new = chosen.choice([other for other in others if other != item.value])
    return one_changed("verdict map target swapped", table, name, item, replace(item, value=new))


@kind("address map: longer or shorter range")
def _ranges(table: Table, chosen: Random) -> Mutant | None:
    name = group_of(table, chosen, lambda n: n in ADDRESSES)
    if name is None:
        return None
    items = list(table.groups[name].items)
    at = chosen.randrange(len(items))
    first, last = span(items[at].key[0])
    low, high = first + chosen.choice((0, 1, -1)), last + chosen.choice((0, 1, -1, -1))
    if chosen.random() < 0.3:
        high = first + (last - first) // 2  # half of it: a longer prefix
    taken = [span(item.key[0]) for item in items if item is not items[at]]
    if (low, high) == (first, last) or low > high or low < 0 or any(f <= high and low <= end for f, end in taken):
        return None
    key = show_address(low) if low == high else f"{show_address(low)}-{show_address(high)}"
    return one_changed("address map: longer or shorter range", table, name, items[at], replace(items[at], key=(key,)))


@kind("address map: another address")
def _address(table: Table, chosen: Random) -> Mutant | None:
    """Somebody else's address gets the class of one of the elements; or one bit of an address is another."""
    name = group_of(table, chosen, lambda n: n in ADDRESSES)
    if name is None:
        return None
    items = table.groups[name].items
    item = chosen.choice(items)
    first, _ = span(item.key[0])
    stranger = chosen.choice(
        ((1 << 128) + (0x2A00 << 112) + 7, first ^ 1 << 120) if name[-1] == "6" else (16843009, first ^ 1 << 25)
    )
    if any(f <= stranger <= end for f, end in (span(one.key[0]) for one in items)):
        return None
    return one_changed("address map: another address", table, name, None, Item((show_address(stranger),), item.value))


@kind("behind another interface")
def _behind(table: Table, chosen: Random) -> Mutant | None:
    name = chosen.choice(("behind_source", "behind_target"))
    items = table.groups[name].items
    one, two = chosen.choice(items), chosen.choice(items)
    key = (chosen.choice((one.key[0], one.key[0], '"stray"')), two.key[1])
    if key in {item.key for item in items}:
        return None
    return one_changed("behind another interface", table, name, None, Item(key))


@kind("set emptied")
def _emptied(table: Table, chosen: Random) -> Mutant | None:
    name = group_of(table, chosen)
    if name is None:
        return None
    items = table.groups[name].items
    return Mutant("set emptied", f"{name} has no elements", table.with_items(name, ()), _aim(table, name, items[:2]))


@kind("one family's elements gone")
def _family(table: Table, chosen: Random) -> Mutant | None:
    """As if only IPv6, or only IPv4, had been written."""
    last = chosen.choice("46")
    some = chosen.choice(
        (("source", "target"), ("source",), ("target",), ("own_source", "own_target"), ("own_target",))
    )
    names = [
        f"{name}{last}" for name in some if f"{name}{last}" in table.groups and table.groups[f"{name}{last}"].items
    ]
    if not names:
        return None
    made = table
    for name in names:
        made = made.with_items(name, ())
    return Mutant("one family's elements gone", f"{', '.join(names)}: no elements", made)


@kind("elements in another order")
def _order(table: Table, chosen: Random) -> Mutant | None:
    """Means the same."""
    name = group_of(table, chosen, least=3)
    if name is None:
        return None
    items = list(table.groups[name].items)
    chosen.shuffle(items)
    return Mutant(
        "elements in another order", f"{name}: written in another order", table.with_items(name, tuple(items))
    )


@kind("rule's map is a default")
def _default(table: Table, chosen: Random) -> Mutant | None:
    """A catch-all element: `*`."""
    name = group_of(table, chosen, lambda n: n not in ADDRESSES and len(table.groups[n].items[0].key) == 1)
    if name is None:
        return None
    item = chosen.choice(table.groups[name].items)
    return one_changed("rule's map is a default", table, name, None, Item(("*",), item.value))
