"""How often each element of a counted map was met (linux/netfilter/nf_tables.h: NFTA_SET_ELEM_EXPR, NFTA_COUNTER_*)."""

from collections.abc import Iterable, Iterator

from segctl.kernel import nfset as nf
from segctl.kernel.errors import NotThere
from segctl.kernel.tables import sets_of
from segctl.kernel.wire import NLM_F_DUMP, Channel, Message, answer, attributes, number, steadily, string, text
from segctl.runner import Runner

_NAME, _DATA = 1, 2  # NFTA_EXPR_*
_PACKETS = 2  # NFTA_COUNTER_*


def counted(runner: Runner, table: str, names: Iterable[str]) -> Iterator[tuple[bytes, bytes, int]]:
    """Key, data and packets of each element of these maps that has been met; NotThere for a map that isn't there."""
    with Channel(runner) as channel:
        known = sets_of(channel, table)
        for name in names:
            if name not in known:
                raise NotThere(f"there is no map {name} in table {table}")
            body = text(nf.LIST_TABLE, table) + text(nf.LIST_SET, name)
            about = f"reading the counters of {name} in table {table}"
            for one in steadily(channel, Message(nf.GETSETELEM, body, about, NLM_F_DUMP, nf.INET)):
                yield from _elements(answer(one).get(nf.LIST_ELEMENTS, b""))


def _elements(payload: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    at = 0
    while at + 4 <= len(payload):
        length = int.from_bytes(payload[at : at + 2], "little")
        found = attributes(payload[at + 4 : at + length])
        packets = _packets(found)
        if packets:
            yield attributes(found[nf.KEY])[nf.VALUE], attributes(found.get(nf.DATA, b"")).get(nf.VALUE, b""), packets
        at += (length + 3) & ~3


def _packets(found: dict[int, bytes]) -> int:
    expression = attributes(found.get(nf.EXPR, b""))
    if string(expression.get(_NAME, b"")) != "counter":
        return 0
    return number(attributes(expression.get(_DATA, b"")).get(_PACKETS, b""))
