"""nf_tables over its own netlink: elements in and out, tables, sets, the generation.

A million elements take a seventh of the time of `nft -f`, with a counter on each a third. One element of a large
interval set takes milliseconds, for which nft first lists the whole set. And what nft doesn't show is seen: who sleeps.
Only family inet: there our tables are. Names are the table's and the set's own, without a family.
"""

from collections.abc import Iterable, Iterator

from segctl.kernel import nfset as nf
from segctl.kernel.elements_in import decode
from segctl.kernel.elements_out import lists
from segctl.kernel.errors import NotThere, NotUnderstood
from segctl.kernel.nfset import SetInfo
from segctl.kernel.tables import Table, generation, set_names, sets_of, tables
from segctl.kernel.wire import (
    NESTED,
    NLM_F_CREATE,
    NLM_F_DUMP,
    Channel,
    Message,
    answer,
    attribute,
    steadily,
    text,
)
from segctl.model.elements import Elements
from segctl.runner import Runner

__all__ = [
    "BATCH_BYTES",
    "SetInfo",
    "Table",
    "add",
    "delete",
    "dump",
    "dump_sets",
    "dump_with_catch_all",
    "exchange",
    "generation",
    "set_names",
    "tables",
]

BATCH_BYTES = 1 << 20
"""What a transaction holds where the socket lets it; measured: bench/elements.py."""

_LIST_BYTES = 65_000  # an attribute's length is 16 bits


def add(runner: Runner, table: str, sets: Iterable[Elements], *, batch_bytes: int = BATCH_BYTES) -> None:
    """Add elements to named sets and maps that exist, in as many transactions as the socket's buffer asks for.

    So it isn't atomic: load into a table that sleeps. A range's neighbours may touch it, but not overlap it.
    What is there already is no error, unless it answers something else (AlreadyThere).
    Raises KernelRefused in its kinds, naming the set: NotThere, SetFull, NoPrivilege, MessageTooLong.
    """
    _change(runner, table, sets, nf.NEWSETELEM, NLM_F_CREATE, batch_bytes)


def delete(runner: Runner, table: str, sets: Iterable[Elements], *, batch_bytes: int = BATCH_BYTES) -> None:
    """Delete elements, by their keys (and ends); one that is missing fails its transaction with NotThere."""
    _change(runner, table, sets, nf.DELSETELEM, 0, batch_bytes)


def exchange(runner: Runner, table: str, gone: Iterable[Elements], come: Iterable[Elements]) -> None:
    """Some elements away and others there, in one transaction: an element with a new end is in both. Few of them.

    Raises as `add` and `delete` do, and then nothing was done.
    """
    with Channel(runner) as channel:
        room = channel.make_room(BATCH_BYTES)
        known = sets_of(channel, table)
        messages = [
            *_messages(known, table, gone, nf.DELSETELEM, 0, room),
            *_messages(known, table, come, nf.NEWSETELEM, NLM_F_CREATE, room),
        ]
        if messages:
            channel.transact(messages)


def dump(runner: Runner, table: str, set_name: str) -> Elements:
    """All elements of a set or map, sorted by key; timeouts are what remains of them.

    The kernel's time grows with the square of the set's size: 100,000 take less than a second, a million half a minute.
    Raises NotThere; Unsteady if changes overtook it again and again; NotUnderstood for elements with more on them
    than Elements can say, among them the catch-all `*` (see `dump_with_catch_all`).
    """
    elements, star = dump_with_catch_all(runner, table, set_name)
    if star is not None:
        raise NotUnderstood(f"{set_name} has a catch-all element")
    return elements


def dump_sets(runner: Runner, table: str, names: Iterable[str]) -> Iterator[tuple[str, Elements]]:
    """As `dump`, many sets of one table after another: they are declared to us once."""
    with Channel(runner) as channel:
        known = sets_of(channel, table)
        for name in names:
            elements, star = _read(channel, table, _info(known, table, name))
            if star is not None:
                raise NotUnderstood(f"{name} has a catch-all element")
            yield name, elements


def dump_with_catch_all(runner: Runner, table: str, set_name: str) -> tuple[Elements, Elements | None]:
    """The same, and the catch-all element apart: one row whose key, all zeros, means nothing."""
    with Channel(runner) as channel:
        return _read(channel, table, _info(sets_of(channel, table), table, set_name))


def _read(channel: Channel, table: str, info: SetInfo) -> tuple[Elements, Elements | None]:
    body = text(nf.LIST_TABLE, table) + text(nf.LIST_SET, info.name)
    about = f"reading the elements of {info.name} in table {table}"
    answers = steadily(channel, Message(nf.GETSETELEM, body, about, NLM_F_DUMP, nf.INET))
    return decode(info, [answer(one).get(nf.LIST_ELEMENTS, b"") for one in answers])


def _change(runner: Runner, table: str, sets: Iterable[Elements], kind: int, flags: int, batch_bytes: int) -> None:
    with Channel(runner) as channel:
        room = min(batch_bytes, channel.make_room(batch_bytes))
        known = sets_of(channel, table)
        for transaction in _fill(_messages(known, table, sets, kind, flags, room), room):
            channel.transact(transaction)


def _messages(
    known: dict[str, SetInfo], table: str, sets: Iterable[Elements], kind: int, flags: int, room: int
) -> Iterator[Message]:
    doing = "adding to" if kind == nf.NEWSETELEM else "deleting from"
    for elements in sets:
        info = _info(known, table, elements.name)
        head = text(nf.LIST_TABLE, table) + text(nf.LIST_SET, info.name)
        most = min(_LIST_BYTES, room - len(head) - 100)
        for payload in lists(info, elements, most, keys_only=kind == nf.DELSETELEM):
            body = head + attribute(nf.LIST_ELEMENTS | NESTED, payload)
            yield Message(kind, body, f"{doing} {info.name} in table {table}", flags, nf.INET)


def _fill(messages: Iterable[Message], room: int) -> Iterator[list[Message]]:
    """Messages in transactions of at most `room` bytes, headers included."""
    held: list[Message] = []
    size = 0
    for message in messages:
        length = len(message.body) + 24
        if held and size + length > room - 64:
            yield held
            held, size = [], 0
        held.append(message)
        size += length
    if held:
        yield held


def _info(known: dict[str, SetInfo], table: str, name: str) -> SetInfo:
    if name not in known:
        raise NotThere(f"there is no set or map {name} in table {table}")
    return known[name]
