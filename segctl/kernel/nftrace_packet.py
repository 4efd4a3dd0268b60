"""From a trace's headers to a packet whose fields have nft's names: what the model is told of it.

A field that isn't in what the kernel shows isn't there: options, extension headers, payload, and what no header says.
"""

from collections.abc import Iterable, Mapping

from segctl.kernel.nftrace_gather import Seen
from segctl.model.packet import Packet, Way
from segctl.model.ranges import V6
from segctl.model.service import ICMP, ICMP6, TCP, UDP
from segctl.model.sought import Sought

_SCTP = 132
_STATES = {1: "invalid", 2: "established", 4: "related", 8: "new", 64: "untracked"}
_BROADCAST, _MULTICAST = 1, 2  # PACKET_* (linux/if_packet.h)
_EXTENSIONS = {"hbh": 0, "rt": 43, "frag": 44, "dst": 60, "mh": 135}


def packet_of(seen: Seen, sought: Sought, interfaces: Mapping[int, str], reads: Iterable[str] = ()) -> Packet:
    """The packet as it came. `reads`: fields that rules read, of which raw bytes (`@nh,64,8`) are taken by their place.

    What the trace can't tell is as it was sought, or else what a packet of its kind has at first: state `new`, no mark.
    """
    head = seen.first
    four = head.network[0] >> 4 == 4
    source, destination, fields = (_ipv4 if four else _ipv6)(head.network)
    transport = head.transport
    if transport:
        fields |= _transport(sought.protocol, transport)
    way = seen.way or sought.way
    oif = "" if way is Way.INPUT else interfaces.get(seen.oif, sought.oif)
    fields |= _places(seen) | _routed(seen, sought)
    fields |= _raw(reads, {"nh": head.network, "th": transport, "ll": head.link})
    state, direction, connection_mark = _connection(seen, sought)
    flags = transport[13] if sought.protocol == TCP and len(transport) > 13 else 0
    return Packet(
        way, interfaces.get(head.iif, ""), oif, source, destination, sought.protocol, _int(transport[:2]),
        _int(transport[2:4]), flags, state, direction, connection_mark, seen.mark, seen.told.get("meta priority", 0),
        fields,
    )  # fmt: skip


def _connection(seen: Seen, sought: Sought) -> tuple[str, str, int]:
    """State, direction and mark, as our rules read them right after conntrack; else as they were sought."""
    if seen.known and "ct state" in seen.told:
        state = _STATES[seen.told["ct state"]]
        return state, "reply" if seen.told.get("ct direction") else "original", seen.told.get("ct mark", 0)
    return sought.state or "new", sought.direction or "original", sought.connection_mark or 0


def _int(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _ipv4(header: bytes) -> tuple[int, int, dict[str, int]]:
    """RFC 791."""
    return _int(header[12:16]), _int(header[16:20]), {
        "ip version": 4, "ip hdrlength": header[0] & 15, "ip dscp": header[1] >> 2, "ip ecn": header[1] & 3,
        "ip length": _int(header[2:4]), "ip id": _int(header[4:6]), "ip frag-off": _int(header[6:8]),
        "ip ttl": header[8], "ip protocol": header[9], "ip checksum": _int(header[10:12]),
        "meta length": _int(header[2:4]),
    }  # fmt: skip


def _ipv6(header: bytes) -> tuple[int, int, dict[str, int]]:
    """RFC 8200. Extension headers aren't shown: only that there are none."""
    first = _int(header[:4])
    fields = {
        "ip6 version": 6, "ip6 dscp": first >> 22 & 63, "ip6 ecn": first >> 20 & 3, "ip6 flowlabel": first & 0xFFFFF,
        "ip6 length": _int(header[4:6]), "ip6 nexthdr": header[6], "ip6 hoplimit": header[7],
        "meta length": 40 + _int(header[4:6]),
    }  # fmt: skip
    if header[6] not in _EXTENSIONS.values():
        fields |= {f"exthdr {name}": 0 for name in _EXTENSIONS}
    return V6 + _int(header[8:24]), V6 + _int(header[24:40]), fields


def _transport(protocol: int, rest: bytes) -> dict[str, int]:
    """RFC 9293, 768, 792, 4443, 9260, as far as 20 bytes go."""
    if protocol == TCP and len(rest) >= 20:
        options = {} if rest[12] >> 4 > 5 else {"tcp option maxseg": 0, "tcp option sack-perm": 0}
        return options | {
            "tcp sequence": _int(rest[4:8]), "tcp ackseq": _int(rest[8:12]), "tcp doff": rest[12] >> 4,
            "tcp reserved": rest[12] & 15, "tcp window": _int(rest[14:16]), "tcp checksum": _int(rest[16:18]),
            "tcp urgptr": _int(rest[18:20]),
        }  # fmt: skip
    if protocol == UDP and len(rest) >= 8:
        return {"udp length": _int(rest[4:6]), "udp checksum": _int(rest[6:8])}
    if protocol in (ICMP, ICMP6) and len(rest) >= 8:
        name = "icmp" if protocol == ICMP else "icmpv6"
        known = {"checksum": rest[2:4], "id": rest[4:6], "sequence": rest[6:8], "mtu": rest[6:8], "gateway": rest[4:8]}
        if protocol == ICMP6:
            known |= {"mtu": rest[4:8], "parameter-problem": rest[4:8], "packet-too-big": rest[4:8]}
            known["max-delay"] = rest[4:6]
        return {f"{name} {field}": _int(data) for field, data in known.items()}
    if protocol == _SCTP and len(rest) >= 12:
        return {"sctp vtag": _int(rest[4:8]), "sctp checksum": _int(rest[8:12])}
    return {}


def _places(seen: Seen) -> dict[str, int]:
    """Where it came from, and how it was addressed there."""
    head, fields = seen.first, dict[str, int]()
    if head.iif:
        fields["meta iiftype"] = head.iif_type
    if len(head.link) == 14:
        ends = head.link[:6], head.link[6:12]
        fields |= {"ether daddr": _int(ends[0]), "ether saddr": _int(ends[1]), "ether type": _int(head.link[12:14])}
        fields["meta pkttype"] = _BROADCAST if ends[0] == b"\xff" * 6 else _MULTICAST if ends[0][0] & 1 else 0
    if seen.oif_type:
        fields["meta oiftype"] = seen.oif_type
    return fields


def _routed(seen: Seen, sought: Sought) -> dict[str, int]:
    """What `fib daddr type` answers, as far as the way that it took tells: RTN_UNICAST 1, RTN_LOCAL 2."""
    cast = len(seen.first.link) == 14 and seen.first.link[0] & 1
    if cast or (seen.way is None and sought.way is not Way.OUTPUT):
        return {}
    return {"fib daddr type": 2 if seen.way is Way.INPUT else 1}


def _raw(reads: Iterable[str], bases: Mapping[str, bytes]) -> dict[str, int]:
    """`@BASE,OFFSET,LENGTH` in bits."""
    found = {}
    for name in reads:
        if name.startswith("@") and name[1:3] in bases:
            base, offset, length = name[1:].split(",")
            data, first, count = bases[base], int(offset), int(length)
            if first + count <= len(data) * 8:
                found[name] = _int(data) >> (len(data) * 8 - first - count) & ((1 << count) - 1)
    return found
