"""The hold table: what is in quarantine and whether all is shut, earlier than any generation and across all of them.

It is made when something is held, and taken away when nothing is: who holds nobody pays nothing. What it should hold
follows from the overrides on disk; `sync` brings the kernel there, whatever it holds now.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np

from segctl.apply.result import NotApplied
from segctl.compile import render_delete, render_holding
from segctl.kernel import netlink, nft
from segctl.kernel.errors import NotThere
from segctl.kernel.image import Image, read_image
from segctl.kernel.scratch import in_scratch
from segctl.kernel.structure import exceptions
from segctl.listing.rule import Element, Listing
from segctl.model.elements import Elements
from segctl.model.generation import Side
from segctl.model.ranges import LAST_V4, V6
from segctl.runner import Runner
from segctl.store.overrides import Override, OverrideKind

TABLE = "segctl_hold"
SETS = ("held4", "held6", "panic")
_FAMILIES = (2, 10)  # linux/netfilter.h: NFPROTO_IPV4, NFPROTO_IPV6
_SLACK = 2000  # milliseconds that two ways of saying the same end may differ
_TRIES = 5

Ends = Mapping[bytes, int]
"""A key with its end in milliseconds since 1970; 0: none."""


def present(runner: Runner) -> bool:
    """Whether there is a hold table."""
    return any(one.family == "inet" and one.name == TABLE for one in netlink.tables(runner))


def text(side: Side, now: int) -> str:
    """The transaction that makes the table, or renews what passes although it is held."""
    return f"{render_holding(side.ends, now)}\n{exceptions(side.exceptions)}"


def wanted(overrides: Iterable[Override], now: int) -> dict[str, dict[bytes, int]]:
    """By set, what should be held: where several hold one, the longest counts."""
    found: dict[str, dict[bytes, int]] = {name: {} for name in SETS}
    for one in overrides:
        if not one.active(now):
            continue
        for name, key in _keys(one):
            before = found[name].get(key)
            found[name][key] = one.until if before is None else _later(before, one.until)
    return found


def _later(one: int, other: int) -> int:
    return 0 if 0 in (one, other) else max(one, other)


def _keys(one: Override) -> Iterator[tuple[str, bytes]]:
    if one.kind is OverrideKind.PANIC:
        yield from (("panic", bytes([family])) for family in _FAMILIES)
    elif one.kind is OverrideKind.QUARANTINE:
        for address in one.addresses:
            if address <= LAST_V4:
                yield "held4", address.to_bytes(4, "big")
            else:
                yield "held6", (address - V6).to_bytes(16, "big")


def clock() -> int:
    """Milliseconds since 1970, at this moment: what the kernel says of an element is what remains of it."""
    return time.time_ns() // 1_000_000


def holding(runner: Runner, now: int) -> dict[str, dict[bytes, int]]:
    """By set, what the kernel holds at this moment (`clock`); empty where there is no table."""
    found: dict[str, dict[bytes, int]] = {name: {} for name in SETS}
    with suppress(NotThere):
        for name, elements in netlink.dump_sets(runner, TABLE, SETS):
            left = elements.timeouts if elements.timeouts is not None else np.zeros(len(elements), np.uint64)
            ends = (int(one) + now if one else 0 for one in left)
            found[name] = dict(zip(map(bytes, elements.keys), ends, strict=True))
    return found


def as_meant(listing: Listing, overrides: Iterable[Override], now: int) -> Listing:
    """What was read, as it will be once the kernel holds what the overrides say and no more."""
    aim = wanted(overrides, now)
    ours = [one for one in listing.tables if (one.family, one.name) == ("inet", TABLE)]
    if not ours:
        return listing
    others = tuple(one for one in listing.tables if one is not ours[0])
    if not any(aim.values()):
        return replace(listing, tables=others)
    sets = {
        name: replace(held, elements=tuple(one for one in held.elements if _wanted(name, one, aim)))
        for name, held in ours[0].sets.items()
    }
    return replace(listing, tables=(*others, replace(ours[0], sets=sets)))


def _wanted(name: str, one: Element, aim: Mapping[str, Ends]) -> bool:
    width = {"held4": 4, "held6": 16, "panic": 1}.get(name)
    return width is None or one.key[0][0].to_bytes(width, "big") in aim[name]


def intact(runner: Runner, side: Side, now: int) -> bool:
    """Whether the table's rules are ours, and its chains where they belong: else what is held passes nevertheless."""
    if not any((one.family, one.name, one.dormant) == ("inet", TABLE, False) for one in netlink.tables(runner)):
        return False

    def alone(scratch: Runner) -> Image:
        nft.load(scratch, text(side, now))
        return read_image(scratch, TABLE)

    meant, found = in_scratch(alone), read_image(runner, TABLE)
    return (meant.chains, meant.rules, meant.anonymous) == (found.chains, found.rules, found.anonymous)


def sync(
    runner: Runner,
    side: Side,
    overrides: Iterable[Override],
    now: int,
    *,
    only_more: bool = False,
    whole: bool = False,
) -> None:
    """Make the kernel hold what the overrides say; with `only_more` what it holds beside that stays. With `whole` a
    table that somebody edited is mended, too: its exceptions are that side's then.

    NotApplied if it won't, or if something changes it all the time.
    """
    aim = wanted(overrides, now)
    if only_more:
        held = holding(runner, clock())
        aim = {name: {**held[name], **aim[name]} for name in SETS}
    if not any(aim.values()):
        if present(runner):
            nft.load(runner, render_delete(TABLE))
        return
    if not present(runner) or (whole and not intact(runner, side, now)):
        nft.load(runner, text(side, now))
    for _ in range(_TRIES):
        with suppress(NotThere):  # one ended between our look and our word
            _exchange(runner, holding(runner, clock()), aim, clock())
        if all(same(held, aim[name]) for name, held in holding(runner, clock()).items()):
            return
    raise NotApplied(f"what {runner.where} holds isn't what was meant: somebody else changes table inet {TABLE}")


def _exchange(runner: Runner, held: Mapping[str, Ends], aim: Mapping[str, Ends], now: int) -> None:
    gone, come = [], []
    for name in SETS:
        other = {key for key in held[name].keys() & aim[name].keys() if not _alike(held[name][key], aim[name][key])}
        if away := [*(held[name].keys() - aim[name].keys()), *other]:
            gone.append(_elements(name, dict.fromkeys(away, 0), now))
        if new := {key: aim[name][key] for key in (aim[name].keys() - held[name].keys()) | other}:
            come.append(_elements(name, new, now))
    netlink.exchange(runner, TABLE, gone, come)


def same(held: Ends, aim: Ends) -> bool:
    """Whether the kernel holds what it should, until the same times."""
    return held.keys() == aim.keys() and all(_alike(held[key], end) for key, end in aim.items())


def _alike(one: int, other: int) -> bool:
    return one == other or (one != 0 != other and abs(one - other) < _SLACK)


def _elements(name: str, ends: Ends, now: int) -> Elements:
    keys = np.frombuffer(b"".join(ends), np.uint8).reshape(len(ends), -1)
    left = np.array([max(1, end - now) if end else 0 for end in ends.values()], np.uint64)
    return Elements(name, keys, timeouts=left if left.any() else None)
