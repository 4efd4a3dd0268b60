"""Which of RULES real packets can decide, and what a packet's bytes say to them, in nft's words."""

from collections.abc import Iterable

from segctl.listing.implied import loads
from segctl.listing.rule import Anybit, Lookup, Match, Statement
from tests.unit.listing_iptables.facts import Facts, facts, number

_MORE = (
    "meta nfproto", "meta protocol", "meta iiftype", "meta iif", "meta oif", "meta priority", "ether type",
    "ip protocol", "ip version", "ip hdrlength", "ip length", "ip id", "ip checksum", "ip option lsrr", "ip6 nexthdr",
    "ip6 flowlabel", "ip6 version", "ip6 length", "exthdr frag", "hbh nexthdr", "dst nexthdr", "frag reserved2",
    "tcp sequence", "tcp ackseq", "tcp doff", "tcp window", "tcp checksum", "tcp urgptr", "tcp reserved", "udp length",
    "udp checksum", "icmp checksum", "icmp id", "icmp sequence", "icmp mtu", "icmp gateway", "icmpv6 id", "icmpv6 mtu",
    "sctp vtag", "@th,0,8", "@nh,8,8", "@nh,96,32",
)  # fmt: skip
_FACTS = (
    "ether saddr", "meta iifname", "meta oifname", "meta mark", "meta iifgroup", "meta pkttype", "ct state", "ip saddr",
    "ip daddr", "ip ttl", "ip dscp", "ip ecn", "ip frag-off", "meta l4proto", "meta length", "fib daddr type",
    "fib saddr type", "ip6 saddr", "ip6 daddr", "ip6 hoplimit", "ip6 dscp", "ip6 ecn", "frag id", "frag frag-off",
    "frag more-fragments", "rt type", "rt seg-left", "th sport", "th dport", "tcp sport", "tcp dport", "udp dport",
    "udplite dport", "sctp dport", "dccp dport", "dccp type", "tcp flags", "tcp option sack-perm",
    "tcp option timestamp", "icmp type", "icmp code", "icmpv6 type", "icmpv6 code", "esp spi", "ah spi", "comp cpi",
)  # fmt: skip
_KNOWN = frozenset((*_MORE, *_FACTS))
_INVALID = 1


def decided(statements: Iterable[Statement]) -> bool:
    """Whether a rule is conditions alone, on fields that `told` reads of a packet that has them.

    Where conntrack hasn't looked yet, a packet has no field of a connection but its state.
    """
    fields = [field for one in statements for field in _fields(one)]
    return all(field in _KNOWN or (field.startswith("ct ") and field != "ct state") for field in fields)


def _fields(statement: Statement) -> list[str]:
    match statement:
        case Match(left=left) | Anybit(left=left) | Lookup(key=left):
            return [*loads(left)]
    return ["something else"]


def told(frame: bytes, iif: str, index: int, local: Iterable[int], broadcast: Iterable[int]) -> Facts:
    """The fields of a frame that came in by an interface, before conntrack."""
    packet = frame[14:]
    four = packet[0] >> 4 == 4
    whole = facts(frame, iif, local, broadcast)  # without what later fragments carry, which options aren't read of
    out = facts(frame, iif, local, broadcast, payload=True)
    out |= {f"tcp option {one}": whole.get(f"tcp option {one}", 0) for one in ("sack-perm", "timestamp")}
    out |= {
        "ct state": _INVALID, "meta nfproto": 2 if four else 10, "meta protocol": number(frame[12:14]),
        "meta iif": index, "meta oif": 0, "meta iiftype": 1, "meta priority": 0, "ether type": number(frame[12:14]),
        "@nh,8,8": packet[1],
        "@nh,96,32": number(packet[12:16]),
    }  # fmt: skip
    return out | (_four(packet) if four else _six(packet))


def _four(packet: bytes) -> Facts:
    header = packet[0] & 15
    out = {
        "ip protocol": packet[9], "ip version": packet[0] >> 4, "ip hdrlength": header,
        "ip length": number(packet[2:4]), "ip id": number(packet[4:6]), "ip checksum": number(packet[10:12]),
        "ip option lsrr": 0,
    }  # fmt: skip
    return out | _transport(packet[9], packet[header * 4 :])


def _six(packet: bytes) -> Facts:
    out = {
        "ip6 version": 6, "ip6 flowlabel": number(packet[1:4]) & 0xFFFFF, "ip6 length": number(packet[4:6]),
        "ip6 nexthdr": packet[6], "exthdr frag": 0,
    }  # fmt: skip
    kind, rest = packet[6], packet[40:]
    while kind in (0, 43, 44, 60):
        if kind == 44:
            out |= {"exthdr frag": 1, "frag reserved2": rest[3] >> 1 & 3}
            if number(rest[2:4]) >> 3:  # the kernel finds no header behind a later fragment's: it reads the first
                return out | _transport(rest[0], packet)
        if kind in (0, 60):
            out["hbh nexthdr" if kind == 0 else "dst nexthdr"] = rest[0]
        kind, rest = rest[0], rest[8 if kind == 44 else rest[1] * 8 + 8 :]
    return out | _transport(kind, rest)


def _transport(kind: int, data: bytes) -> Facts:
    out = {"@th,0,8": data[0]} if data else {}
    if kind == 6 and len(data) >= 20:
        out |= {
            "tcp sequence": number(data[4:8]), "tcp ackseq": number(data[8:12]), "tcp doff": data[12] >> 4,
            "tcp reserved": data[12] & 15, "tcp window": number(data[14:16]), "tcp checksum": number(data[16:18]),
            "tcp urgptr": number(data[18:20]),
        }  # fmt: skip
    if kind == 17 and len(data) >= 8:
        out |= {"udp length": number(data[4:6]), "udp checksum": number(data[6:8])}
    if kind == 132 and len(data) >= 8:
        out["sctp vtag"] = number(data[4:8])
    if kind in (1, 58) and len(data) >= 8:
        layer = "icmp" if kind == 1 else "icmpv6"
        out |= {f"{layer} checksum": number(data[2:4]), f"{layer} id": number(data[4:6])}
        out |= {f"{layer} sequence": number(data[6:8]), f"{layer} gateway": number(data[4:8])}
        out[f"{layer} mtu"] = number(data[6:8] if kind == 1 else data[4:8])
    return out
