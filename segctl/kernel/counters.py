"""How often each element of a counted map was met (linux/netfilter/nf_tables.h: NFTA_SET_ELEM_EXPR, NFTA_COUNTER_*)."""

from collections.abc import Iterable, Iterator

from segctl.kernel import nfset as nf
from segctl.kernel.tables import sets_of
from segctl.kernel.wire import NLM_F_DUMP, Channel, Message, answer, attributes, number, steadily, string, text
from segctl.runner import Runner

_GETRULE = nf.NFT | 7
_NAME, _DATA = 1, 2  # NFTA_EXPR_*
_PACKETS = 2  # NFTA_COUNTER_*


def counted(runner: Runner, table: str, names: Iterable[str]) -> Iterator[tuple[bytes, bytes, int]]:
    """Key, data and packets of each element that has been met of those of these maps that are there."""
    with Channel(runner) as channel:
        known = sets_of(channel, table)
        for name in names:
            if name not in known:
                continue
            body = text(nf.LIST_TABLE, table) + text(nf.LIST_SET, name)
            about = f"reading the counters of {name} in table {table}"
            for one in steadily(channel, Message(nf.GETSETELEM, body, about, NLM_F_DUMP, nf.INET)):
                yield from _elements(answer(one).get(nf.LIST_ELEMENTS, b""))


def _elements(payload: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    for one in _listed(payload):
        found = attributes(one)
        packets = _packets(found)
        if packets:
            yield attributes(found[nf.KEY])[nf.VALUE], attributes(found.get(nf.DATA, b"")).get(nf.VALUE, b""), packets


def _listed(payload: bytes) -> Iterator[bytes]:
    """The entries of a list of attributes, all of one type (NFTA_LIST_ELEM)."""
    at = 0
    while at + 4 <= len(payload):
        length = int.from_bytes(payload[at : at + 2], "little")
        yield payload[at + 4 : at + length]
        at += (max(length, 4) + 3) & ~3


def _packets(found: dict[int, bytes]) -> int:
    expression = attributes(found.get(nf.EXPR, b""))
    if string(expression.get(_NAME, b"")) != "counter":
        return 0
    return number(attributes(expression.get(_DATA, b"")).get(_PACKETS, b""))


def first_rule(runner: Runner, table: str, chain: str) -> int:
    """The packets that the counter of a chain's first rule has seen; 0 where it has none."""
    request = Message(_GETRULE, text(1, table) + text(2, chain), f"reading chain {chain}", NLM_F_DUMP, nf.INET)
    with Channel(runner) as channel:
        for body in steadily(channel, request):
            found = answer(body)  # NFTA_RULE_*: 1 table, 2 chain, 4 expressions
            if string(found[1]) == table and string(found[2]) == chain:
                return next(_counters(found.get(4, b"")), 0)
    return 0


def _counters(expressions: bytes) -> Iterator[int]:
    """The packets of each counter in a rule's list of expressions."""
    for one in _listed(expressions):
        expression = attributes(one)
        if string(expression.get(_NAME, b"")) == "counter":
            yield number(attributes(expression.get(_DATA, b"")).get(_PACKETS, b""))
