"""The table that asks the kernel to trace some packets, as netlink messages (linux/netfilter/nf_tables.h).

It decides nothing: its chains accept, its rules set nothing but `nftrace`, which no rule can read. It is written here
and not as text for nft, as one socket must make it and hold it: with the flag `owner` (Linux 5.12) the kernel takes it
away when that socket closes, also by kill -9, and nobody else can change it meanwhile.

    ingress or prerouting, output   first    packets as sought → nftrace set 1, a few a second: a stream can't flood us
                                             (then, of the machine's own, through `born`: the bits of their priority)
    prerouting, output              known    (right after conntrack) leads the same packets through `told`: a rule for
                                             each bit of what conntrack says, so that the packet's own trace tells it
    forward, input                  way      no rule: tells which way it went
    input, postrouting or egress    last     no rule: tells that it came through
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from segctl.kernel.nfset import NFT
from segctl.kernel.wire import NESTED, NLM_F_CREATE, NLM_F_EXCL, Message, attribute, text
from segctl.model.packet import Way
from segctl.model.ranges import V6
from segctl.model.service import WITH_PORTS
from segctl.model.sought import Sought

PREFIX = "segctl_trace_"
FIRST, KNOWN, WAY, LAST = "first", "known", "way", "last"
TOLD, BORN = "told", "born"
A_SECOND, AT_ONCE = 10, 5
_NEWTABLE, _NEWCHAIN, _NEWRULE = NFT, NFT | 3, NFT | 6
_NEWEST = NLM_F_CREATE | NLM_F_EXCL
_OWNER = 2  # NFT_TABLE_F_OWNER
_ABOUT = "putting the kernel's tracing on"
_NETDEV, _IP, _IP6 = 5, 2, 10
_HOOKS = {"prerouting": 0, "input": 1, "forward": 2, "output": 3, "postrouting": 4, "ingress": 0, "egress": 1}
_BEFORE_ALL, _AFTER_CONNTRACK, _AFTER_ALL = -(1 << 31), -199, (1 << 31) - 2  # conntrack confirms behind that
_REGISTER = 1  # NFT_REG_1: 16 bytes
_NETWORK, _TRANSPORT = 1, 2  # bases of a payload
_META = {"meta priority": 2, "meta iifname": 6, "meta oifname": 7, "meta nftrace": 12, "meta l4proto": 16}
_PROTOCOL = 1  # NFT_META_PROTOCOL
_CT = {"ct state": 0, "ct direction": 1, "ct mark": 3}
_ETHERTYPE = {4: 0x0800, 6: 0x86DD}

BITS = {
    "ct state": (1, 2, 4, 8, 64),
    "ct direction": (1,),
    "ct mark": tuple(1 << at for at in range(32)),
    "meta priority": tuple(1 << at for at in range(32)),
}
"""What the trace can be made to tell: the field's bits, a rule each."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things hang: `ingress`, `egress`: some table has chains there, so the trace begins or ends there.

    `tells`: of `BITS`, what the rules read and the headers don't say; `meta priority` of the machine's own packets
    alone, as others come with none. A `ct` among them makes the kernel track connections: to be asked for only where
    it does.
    """

    tells: tuple[str, ...] = ()
    ingress: bool = False
    egress: bool = False


def messages(name: str, sought: Sought, layout: Layout) -> list[Message]:
    """One transaction that makes the tables."""
    family = _IP if sought.family == 4 else _IP6
    begins = "output" if sought.way is Way.OUTPUT else "prerouting"
    at_ingress = layout.ingress and sought.way is not Way.OUTPUT
    at_egress = layout.egress and sought.way is not Way.INPUT
    out = [_table(family, name)]
    if at_ingress or at_egress:
        out.append(_table(_NETDEV, name))
    if at_ingress:
        out.append(_chain(_NETDEV, name, FIRST, "ingress", _BEFORE_ALL, sought.iif))
        out.append(_rule(_NETDEV, name, FIRST, [*_asked(sought, netdev=True), *_tracing()]))
    else:
        out.append(_chain(family, name, FIRST, begins, _BEFORE_ALL))
        out.append(_rule(family, name, FIRST, [*_asked(sought), *_tracing()]))
    if own := bits_told(layout, sought, BORN):
        out += [_plain(family, name, BORN), _rule(family, name, FIRST, [*_asked(sought), _goto(BORN)])]
        out += [_rule(family, name, BORN, _has_bit(field, bit)) for field, bit in own]
    if known := bits_told(layout, sought, TOLD):
        out += [_plain(family, name, TOLD), _chain(family, name, KNOWN, begins, _AFTER_CONNTRACK)]
        out.append(_rule(family, name, KNOWN, [*_asked(sought), _goto(TOLD)]))
        out += [_rule(family, name, TOLD, _has_bit(field, bit)) for field, bit in known]
    if sought.way is not Way.OUTPUT:
        out += [_chain(family, name, f"{WAY}_{hook}", hook, _BEFORE_ALL) for hook in ("forward", "input")]
    ends = {"input": sought.way is not Way.OUTPUT, "postrouting": not at_egress}
    out += [_chain(family, name, f"{LAST}_{hook}", hook, _AFTER_ALL) for hook, wanted in ends.items() if wanted]
    if at_egress:
        out.append(_chain(_NETDEV, name, f"{LAST}_egress", "egress", _AFTER_ALL, sought.oif))
    return out


def bits_told(layout: Layout, sought: Sought, chain: str) -> list[tuple[str, int]]:
    """The field and the bit that each rule of the chains `born` and `told` stands for, in order."""
    wanted = [field for field in layout.tells if (field == "meta priority") == (chain == BORN)]
    if chain == BORN and sought.way is not Way.OUTPUT:
        return []
    return [(field, bit) for field in wanted for bit in BITS[field]]


def _asked(sought: Sought, *, netdev: bool = False) -> Iterator[bytes]:
    """The conditions that a packet's own headers answer; flags, TTL and code are looked at when it has come."""
    if netdev:
        yield from _is(_meta(_PROTOCOL), _ETHERTYPE[sought.family].to_bytes(2, "big"))
    elif sought.iif:
        yield from _is(_meta(_META["meta iifname"]), sought.iif.encode().ljust(16, b"\0"))
    if not sought.iif:
        yield from _is(_meta(_META["meta oifname"]), sought.oif.encode().ljust(16, b"\0"))
    yield from _is(_meta(_META["meta l4proto"]), bytes([sought.protocol]))
    width, places = (4, (12, 16)) if sought.family == 4 else (16, (8, 24))
    for address, at in zip((sought.source, sought.destination), places, strict=True):
        if address is not None:
            bare = address - V6 if address >= V6 else address
            yield from _is(_payload(_NETWORK, at, width), bare.to_bytes(width, "big"))
    if sought.protocol in WITH_PORTS:
        for port, at in ((sought.sport, 0), (sought.dport, 2)):
            if port is not None:
                yield from _is(_payload(_TRANSPORT, at, 2), port.to_bytes(2, "big"))
    if sought.kind is not None:
        yield from _is(_payload(_TRANSPORT, 0, 1), bytes([sought.kind]))


def _tracing() -> Iterator[bytes]:
    """`limit rate 10/second burst 5 packets meta nftrace set 1`."""
    rate = attribute(1, struct.pack(">Q", A_SECOND)) + attribute(2, struct.pack(">Q", 1))
    yield _expression("limit", rate + _be32(3, AT_ONCE) + _be32(4, 0) + _be32(5, 0))
    yield _expression("immediate", _be32(1, _REGISTER) + attribute(2 | NESTED, attribute(1, b"\1")))
    yield _expression("meta", _be32(2, _META["meta nftrace"]) + _be32(3, _REGISTER))


def _has_bit(field: str, bit: int) -> Iterator[bytes]:
    """These are numbers of the host's, not in network order."""
    width = 1 if field == "ct direction" else 4
    nothing, mask = bytes(width), struct.pack("=B" if width == 1 else "=I", bit)
    yield _meta(_META[field]) if field in _META else _expression("ct", _be32(1, _REGISTER) + _be32(2, _CT[field]))
    yield _expression(
        "bitwise",
        _be32(1, _REGISTER) + _be32(2, _REGISTER) + _be32(3, width)
        + attribute(4 | NESTED, attribute(1, mask)) + attribute(5 | NESTED, attribute(1, nothing)),
    )  # fmt: skip
    yield _compare(1, nothing)


def _is(loaded: bytes, value: bytes) -> tuple[bytes, bytes]:
    return loaded, _compare(0, value)


def _compare(operation: int, value: bytes) -> bytes:
    """NFT_CMP_EQ is 0, NFT_CMP_NEQ 1."""
    return _expression("cmp", _be32(1, _REGISTER) + _be32(2, operation) + attribute(3 | NESTED, attribute(1, value)))


def _meta(key: int) -> bytes:
    return _expression("meta", _be32(1, _REGISTER) + _be32(2, key))


def _payload(base: int, at: int, width: int) -> bytes:
    return _expression("payload", _be32(1, _REGISTER) + _be32(2, base) + _be32(3, at) + _be32(4, width))


def _goto(chain: str) -> bytes:
    verdict = attribute(2 | NESTED, _be32(1, -4 & 0xFFFFFFFF) + text(2, chain))
    return _expression("immediate", _be32(1, 0) + attribute(2 | NESTED, verdict))


def _expression(name: str, data: bytes) -> bytes:
    return attribute(1 | NESTED, text(1, name) + attribute(2 | NESTED, data))


def _table(family: int, name: str) -> Message:
    return Message(_NEWTABLE, text(1, name) + _be32(2, _OWNER), _ABOUT, _NEWEST, family)


def _chain(family: int, table: str, name: str, hook: str, priority: int, device: str = "") -> Message:
    place = _be32(1, _HOOKS[hook]) + _be32(2, priority & 0xFFFFFFFF) + (text(3, device) if device else b"")
    body = text(1, table) + text(3, name) + attribute(4 | NESTED, place) + text(7, "filter")
    return Message(_NEWCHAIN, body, _ABOUT, _NEWEST, family)


def _plain(family: int, table: str, name: str) -> Message:
    return Message(_NEWCHAIN, text(1, table) + text(3, name), _ABOUT, _NEWEST, family)


def _rule(family: int, table: str, chain: str, expressions: Iterable[bytes]) -> Message:
    body = text(1, table) + text(2, chain) + attribute(4 | NESTED, *expressions)
    return Message(_NEWRULE, body, _ABOUT, NLM_F_CREATE | 0x800, family)  # NLM_F_APPEND


def _be32(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack(">I", value))
