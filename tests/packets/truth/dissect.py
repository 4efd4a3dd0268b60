"""A packet's bytes read back to the fields that nft(8) names, for the evaluator: nothing here knows how it was made.

A field that the packet lacks isn't there. Names are those of `segctl.listing.fields`.
"""

from dataclasses import dataclass
from typing import Any

from segctl.listing.rule import name_span
from segctl.model.packet import Packet, Way
from segctl.model.ranges import V6, family
from tests.packets.truth.bodies import (
    DESTINATION,
    ESP,
    FRAGMENT,
    GRE,
    HBH,
    ICMP,
    ICMP6,
    ROUTING,
    SCTP,
    TCP,
    UDP,
)
from tests.packets.truth.world import GROUPS, NAMES, OWN, index_of, side_of

_EXTENSIONS = {HBH: "hbh", ROUTING: "rt", FRAGMENT: "frag", DESTINATION: "dst"}
_ETHER, _HOST = 1, 0  # ARPHRD_ETHER, PACKET_HOST
_UNICAST, _LOCAL = 1, 2  # RTN_*


@dataclass(frozen=True, slots=True)
class Spoken:
    """What conntrack says of a packet, and the connection's own ends: source, destination and ports as first sent."""

    state: str = "new"
    direction: str = "original"
    mark: int = 0
    ends: tuple[int, int] | None = None
    ports: tuple[int, int] = (0, 0)
    answering_ports: tuple[int, int] = (0, 0)
    protocol: int = 0


def packet_of(
    body: bytes, way: Way, iif: str, oif: str, spoken: Spoken, mark: int = 0, priority: int = 0, mac: bytes = b""
) -> Packet:
    """What the evaluator is told of a packet. `mac`: the Ethernet header that it came with."""
    fields = Fields({"meta length": len(body), "tcp option maxseg": 0})  # that one all packets have or miss
    four = body[0] >> 4 == 4
    source, destination, protocol, at = (_ipv4 if four else _ipv6)(body, fields)
    later = bool(fields.get("ip frag-off", 0) & 0x1FFF or fields.get("frag frag-off"))
    rest = body[at:]
    _transport(protocol, rest, fields)
    if later:
        fields["tcp option maxseg"] = 0
    fields.raw = _Raw({"nh": body, "th": rest, "ll": mac}, later)
    _places(iif, oif, fields)
    _routes(source, destination, iif, fields)
    _connection(spoken, fields)
    if mac:
        fields |= {
            f"ether {name}": _int(mac[a:b]) for name, a, b in (("daddr", 0, 6), ("saddr", 6, 12), ("type", 12, 14))
        }
    head, tail = _int(rest[:2]), _int(rest[2:4])
    flags = rest[13] if protocol == TCP and len(rest) > 13 else 0
    return Packet(
        way, iif, oif, source, destination, protocol, head, tail, flags, spoken.state, spoken.direction, spoken.mark,
        mark, priority, fields,
    )  # fmt: skip


def _int(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _ipv4(body: bytes, fields: dict[str, int]) -> tuple[int, int, int, int]:
    """Source, destination, protocol, and where the kernel takes its header to be: in a later fragment it reads data."""
    fields |= {
        "ip version": body[0] >> 4, "ip hdrlength": body[0] & 15, "ip dscp": body[1] >> 2, "ip ecn": body[1] & 3,
        "ip length": _int(body[2:4]), "ip id": _int(body[4:6]), "ip frag-off": _int(body[6:8]), "ip ttl": body[8],
        "ip protocol": body[9], "ip checksum": _int(body[10:12]),
    }  # fmt: skip
    return _int(body[12:16]), _int(body[16:20]), body[9], (body[0] & 15) * 4


def _ipv6(body: bytes, fields: dict[str, int]) -> tuple[int, int, int, int]:
    """The same; in a later fragment the kernel reads on from the beginning of the packet (nft_set_pktinfo_ipv6)."""
    first = _int(body[:4])
    fields |= {
        "ip6 version": 6, "ip6 dscp": first >> 22 & 63, "ip6 ecn": first >> 20 & 3, "ip6 flowlabel": first & 0xFFFFF,
        "ip6 length": _int(body[4:6]), "ip6 nexthdr": body[6], "ip6 hoplimit": body[7],
    }  # fmt: skip
    number, at, later = body[6], 40, False
    while number in _EXTENSIONS and not later:
        name, after = _EXTENSIONS[number], body[at]
        fields[f"exthdr {name}"] = 1
        fields[f"{name} nexthdr"] = after
        if number == FRAGMENT:
            offset = _int(body[at + 2 : at + 4])
            fields |= {"frag frag-off": offset >> 3, "frag more-fragments": offset & 1}
            fields |= {"frag id": _int(body[at + 4 : at + 8]), "frag reserved": body[at + 1]}
            later = offset >> 3 != 0
            number, at = after, at + 8
        else:
            fields[f"{name} hdrlength"] = body[at + 1]
            if number == ROUTING:
                fields |= {"rt type": body[at + 2], "rt seg-left": body[at + 3]}
            number, at = after, at + 8 * (body[at + 1] + 1)
    for name in _EXTENSIONS.values():
        fields.setdefault(f"exthdr {name}", 0)
    return V6 + _int(body[8:24]), V6 + _int(body[24:40]), number, 0 if later else at


def _transport(protocol: int, rest: bytes, fields: dict[str, int]) -> None:
    if protocol == TCP and len(rest) >= 20:
        fields |= {
            "tcp sequence": _int(rest[4:8]), "tcp ackseq": _int(rest[8:12]), "tcp doff": rest[12] >> 4,
            "tcp reserved": rest[12] & 15, "tcp window": _int(rest[14:16]), "tcp checksum": _int(rest[16:18]),
            "tcp urgptr": _int(rest[18:20]), "tcp option maxseg": int(rest[12] >> 4 > 5 and rest[20] == 2),
        }  # fmt: skip
    elif protocol == UDP and len(rest) >= 8:
        fields |= {"udp length": _int(rest[4:6]), "udp checksum": _int(rest[6:8])}
    elif protocol in (ICMP, ICMP6) and len(rest) >= 8:
        name = "icmp" if protocol == ICMP else "icmpv6"
        fields |= {
            f"{name} checksum": _int(rest[2:4]), f"{name} id": _int(rest[4:6]), f"{name} sequence": _int(rest[6:8]),
        }  # fmt: skip
        if name == "icmp":
            fields |= {"icmp gateway": _int(rest[4:8]), "icmp mtu": _int(rest[6:8])}
        else:
            fields |= {"icmpv6 mtu": _int(rest[4:8]), "icmpv6 parameter-problem": _int(rest[4:8])}
            fields["icmpv6 max-delay"] = _int(rest[4:6])
    elif protocol == SCTP and len(rest) >= 12:
        fields |= {"sctp vtag": _int(rest[4:8]), "sctp checksum": _int(rest[8:12])}
    elif protocol == ESP and len(rest) >= 8:
        fields |= {"esp spi": _int(rest[:4]), "esp sequence": _int(rest[4:8])}
    elif protocol == GRE and len(rest) >= 4:
        fields |= {"gre protocol": _int(rest[2:4])}


@dataclass(eq=False)
class _Raw:
    """The bytes that `@BASE,OFFSET,LENGTH` counts from; `later`: of a fragment that isn't the first."""

    bases: dict[str, bytes]
    later: bool

    def read(self, name: str) -> int | None:
        """These bits as a number; None if the packet has none there, or the kernel doesn't look."""
        base, offset, length = name[1:].split(",")
        data, first, count = self.bases[base], int(offset), int(length)
        if self.later and base == "th" and (count not in (8, 16, 32) or first % count):
            return None  # nft_payload_eval refuses what nft_payload_fast_eval doesn't
        if first + count > len(data) * 8:
            return None
        return _int(data) >> (len(data) * 8 - first - count) & ((1 << count) - 1)


class Fields(dict[str, int]):
    """Fields by name, and all raw bits by their place, as far as a packet has them."""

    raw: _Raw

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __getitem__(self, name: str) -> int:
        found: int | None = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """The field, or `default`."""
        if name.startswith("@"):
            found = self.raw.read(name)
            return default if found is None else found
        return super().get(name, default)


def _places(iif: str, oif: str, fields: dict[str, int]) -> None:
    for name, prefix in ((iif, "i"), (oif, "o")):
        if name:
            fields |= {f"meta {prefix}iftype": _ETHER, f"meta {prefix}ifgroup": GROUPS[NAMES.index(name)]}
    fields["meta pkttype"] = _HOST


def _routes(source: int, destination: int, iif: str, fields: dict[str, int]) -> None:
    """What `fib` answers in this world's routes: the type of an address, and the interface that it is behind."""
    own = OWN[family(source)]
    for name, address in (("saddr", source), ("daddr", destination)):
        kind = _LOCAL if address in own else _UNICAST
        fields |= {f"fib {name} type": kind}
        behind = "" if kind == _LOCAL else side_of(address).name
        there = iif if behind == iif else ""  # whether the best route leads there
        for flags, found in ((name, behind), (f"{name} . iif", there)):
            fields[f"fib {flags} oifname"] = name_span(found)[0]
            fields[f"fib {flags} oif"] = index_of(found)


def _connection(spoken: Spoken, fields: dict[str, int]) -> None:
    if spoken.ends is None:
        return
    fields |= {"ct protocol": spoken.protocol, "ct zone": 0}
    fields["ct l3proto"] = 10 if spoken.ends[0] >= V6 else 2
    source, destination = spoken.ends
    name = "ip6" if source >= V6 else "ip"
    for direction, ends, ports in (
        ("original", (source, destination), spoken.ports),
        ("reply", (destination, source), spoken.answering_ports),
    ):
        bare = [address - V6 if address >= V6 else address for address in ends]
        fields |= {f"ct {direction} {name} saddr": bare[0], f"ct {direction} {name} daddr": bare[1]}
        fields |= {f"ct {direction} proto-src": ports[0], f"ct {direction} proto-dst": ports[1]}
        fields |= {f"ct {direction} protocol": spoken.protocol, f"ct {direction} l3proto": fields["ct l3proto"]}


__all__ = ["Fields", "Spoken", "packet_of"]
