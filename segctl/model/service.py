"""What a packet asks for: family, protocol and port or ICMP type, as a place on one number line.

A *traffic* number is  family bit (0 IPv4, 1 IPv6) << 24 | protocol << 16 | port,  where *port* is the destination
port of TCP, UDP and SCTP (RFC 9293, 768, 9260), the type of ICMP and ICMPv6 (RFC 792, 4443; codes do not matter),
and nothing for all other protocols: these own all 65,536 places of theirs, and 0 stands for them.
"""

from dataclasses import dataclass

from segctl.model.ranges import Ranges
from segctl.model.span import Span

ICMP, IGMP, TCP, UDP, GRE, ICMP6, OSPF, VRRP, SCTP = 1, 2, 6, 17, 47, 58, 89, 112, 132
WITH_PORTS = {TCP: "tcp", UDP: "udp", SCTP: "sctp"}
FAMILIES = (4, 6)

LAST_PORT = 0xFFFF
_FAMILY_BIT = {4: 0, 6: 1 << 24}


def traffic(family: int, protocol: int, port: int = 0) -> int:
    """The place of one kind of packet on the line."""
    return _FAMILY_BIT[family] | protocol << 16 | port


def traffic_range(family: int, protocol: int, first: int = 0, last: int = LAST_PORT) -> tuple[int, int]:
    """The places of ports (or types) `first` to `last`, both included; by default the whole protocol."""
    base = traffic(family, protocol)
    return base | first, base | last


def family_of(place: int) -> int:
    """4 or 6."""
    return 6 if place >> 24 else 4


def protocol_of(place: int) -> int:
    """The protocol number, 0 to 255."""
    return place >> 16 & 0xFF


def port_of(place: int) -> int:
    """The destination port or ICMP type."""
    return place & LAST_PORT


ALL_TRAFFIC = Ranges.span(0, traffic(6, 255, LAST_PORT))
ICMP_TRAFFIC = Ranges.of(traffic_range(family, protocol) for family in FAMILIES for protocol in (ICMP, ICMP6))


def of_family(family: int) -> Ranges:
    """Everything that a packet of that family can ask for."""
    return Ranges.span(traffic(family, 0), traffic(family, 255, LAST_PORT))


def shape_of(traffic: Ranges) -> object:
    """The same for what is alike in both families, and for the one half of it."""
    halves = [traffic & of_family(family) for family in FAMILIES]
    shapes = [
        tuple((first - begin, last - begin) for first, last in half)
        for half, begin in zip(halves, _FAMILY_BIT.values(), strict=True)
    ]
    if shapes[0] == shapes[1] or not all(shapes):
        return shapes[0] or shapes[1]
    return tuple(shapes)


@dataclass(frozen=True, slots=True)
class Service:
    """A named set of traffic, or a literal such as `tcp/443` (its own name).

    made_of: as the site declares it, the names and literals in it; empty of all others.
    """

    name: str
    traffic: Ranges
    span: Span
    made_of: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def show_traffic(place: int) -> str:
    """One place in the language's own words, as `tcp/443`, `icmp6/128`, `proto/47`."""
    protocol, port = protocol_of(place), port_of(place)
    if protocol in WITH_PORTS:
        return f"{WITH_PORTS[protocol]}/{port}"
    if protocol == ICMP and family_of(place) == 4:
        return f"icmp4/{port}"
    if protocol == ICMP6 and family_of(place) == 6:
        return f"icmp6/{port}"
    return f"proto/{protocol}"
