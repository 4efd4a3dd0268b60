"""What a point needs to live, as rows: pairs of addresses and a service, by interface (docs/decisions/readings.md)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from segctl.model.packet import Way
from segctl.model.point import Interface, Point, PointKind
from segctl.model.ranges import ALL_V4, ALL_V6, NOTHING, Ranges, parse_address, prefix
from segctl.model.service import ALL_TRAFFIC, ICMP6, IGMP, OSPF, UDP, VRRP, traffic_range
from segctl.model.site import Site
from segctl.policy.special import LINK_LOCAL, LOOPBACK

ND_TYPES = (133, 134, 135, 136)  # RFC 4861: router and neighbour solicitation and advertisement
MLD_TYPES = (130, 131, 132, 143)  # RFC 2710, 3810: query, report, done, version 2 report
EVERY = "*"
"""In place of an interface's name: each that isn't loopback."""
_SERVING = {"dhcp-server", "dhcp-relay"}
Served = Sequence[tuple[Ranges, Ranges]]
"""IPv4 networks that a gateway serves with DHCP, each with the gateway's own addresses there."""


@dataclass(frozen=True, slots=True)
class Essential:
    """One essential: who may say what on which link.

    `interface` is None for loopback, EVERY on a host, which lists none. With `own_end`, one end must be the point's own
    address or special: what two neighbours say to each other is no essential of ours. `hop_limit` is demanded in the
    rules alone. With `near`, nothing but the hop limit tells that both ends are on one link; a question names none, so
    that there an end must be special. `way`: the row holds there alone (None: on both of the point's own).
    """

    name: str
    point: str | None
    interface: str | None
    source: Ranges
    destination: Ranges
    traffic: Ranges
    own: Ranges = NOTHING
    own_end: bool = False
    hop_limit: int | None = None
    near: bool = False
    way: Way | None = None

    def matches(self, source: int, destination: int, traffic: int, special: Ranges) -> bool:
        """Whether this packet is one, by its addresses and service."""
        if traffic not in self.traffic or source not in self.source or destination not in self.destination:
            return False
        if self.near and source not in special and destination not in special:
            return False
        return not self.own_end or any(end in self.own or end in special for end in (source, destination))

    @property
    def where(self) -> str:
        """The point and its interface, in words; nothing for what any machine says to itself."""
        return " ".join(word for word in (self.point, self.interface) if word and word != EVERY)


def essentials(site: Site) -> tuple[Essential, ...]:
    """All rows of a site, in order of name, point and interface."""
    served = [
        (interface.networks().v4(), interface.own().v4())
        for gateway in site.gateways()
        for interface in gateway.interfaces.values()
        if not _SERVING.isdisjoint(interface.links)
    ]
    rows = [row for point in site.points.values() for row in _of_point(site, point, served)]
    if site.points:
        rows += [Essential("loopback", None, None, half, half, ALL_TRAFFIC) for half in (LOOPBACK.v4(), LOOPBACK.v6())]
    return tuple(sorted(rows, key=lambda row: (row.name, row.point or "", row.interface or "")))


def _of_point(site: Site, point: Point, served: Served) -> Iterator[Essential]:
    own = own_addresses(site, point)
    for half in (own.v4(), own.v6()):
        if half:
            yield Essential("loopback", point.name, None, half, half, ALL_TRAFFIC)
    if point.kind is PointKind.HOST:
        yield from _of_host(point.name, own, served)
    for interface in point.interfaces.values():
        yield from _of_interface(point.name, interface)


def own_addresses(site: Site, point: Point) -> Ranges:
    """A gateway's declared addresses; of a host point those of its endpoint."""
    if point.kind is PointKind.GATEWAY:
        return point.own()
    endpoint = site.endpoints.get(point.endpoint or "")
    return Ranges.of((address, address) for address in endpoint.addresses) if endpoint else NOTHING


def _of_host(point: str, own: Ranges, served: Served) -> Iterator[Essential]:
    """A host says neither its interfaces nor their networks: neighbours are known by their hop limit, servers of DHCP
    that it speaks to alone, without a broadcast, by the gateways that list it.
    """
    none6, dhcp6 = _addresses("::"), _addresses("ff02::1:2")
    any4, all4 = _addresses("0.0.0.0"), _addresses("255.255.255.255")
    link_multicast = Ranges.of([prefix(parse_address("ff02::"), 16)])
    all_multicast = Ranges.of([prefix(parse_address("ff00::"), 8)])
    nd, mld, here = _icmp6(ND_TYPES), _icmp6(MLD_TYPES), LINK_LOCAL | own.v6()

    def row(name: str, source: Ranges, destination: Ranges, traffic: Ranges, hops: int | None = None) -> Essential:
        return Essential(name, point, EVERY, source, destination, traffic, hop_limit=hops)

    says, hears = row("nd", none6 | here, ALL_V6, nd, 255), row("nd", ALL_V6, here | link_multicast, nd, 255)
    yield replace(says, near=True, way=Way.OUTPUT)
    yield replace(hears, near=True, way=Way.INPUT)
    yield row("mld", none6 | LINK_LOCAL, all_multicast, mld, 1)
    yield row("dhcp", any4 | own.v4(), all4, _udp(67))
    yield row("dhcp", ALL_V4, all4, _udp(68))
    yield row("dhcp", LINK_LOCAL, dhcp6 | LINK_LOCAL, _udp(547))
    yield row("dhcp", LINK_LOCAL, LINK_LOCAL, _udp(546))
    for networks, servers in served:
        if clients := networks & own:
            yield row("dhcp", clients, servers, _udp(67))
            yield row("dhcp", servers, clients, _udp(68))


def _of_interface(point: str, interface: Interface) -> Iterator[Essential]:
    link = _Link(point, interface)
    net4, net6, own4 = interface.networks().v4(), interface.networks().v6(), interface.own().v4()
    any4, all4 = _addresses("0.0.0.0"), _addresses("255.255.255.255")
    none6, dhcp6 = _addresses("::"), _addresses("ff02::1:2")
    link_multicast = Ranges.of([prefix(parse_address("ff02::"), 16)])
    all_multicast = Ranges.of([prefix(parse_address("ff00::"), 8)])
    nd_ends = LINK_LOCAL | net6
    nd, mld = _icmp6(ND_TYPES), _icmp6(MLD_TYPES)
    yield link.row("nd", none6 | nd_ends, nd_ends | link_multicast, nd, hop_limit=255, own_end=True)
    yield link.row("mld", none6 | LINK_LOCAL, all_multicast, mld, hop_limit=1)
    yield link.row("dhcp", any4 | own4, all4 | net4, _udp(67), own_end=True)
    yield link.row("dhcp", net4, all4 | own4, _udp(68), own_end=True)
    yield link.row("dhcp", LINK_LOCAL, dhcp6 | LINK_LOCAL, _udp(547))
    yield link.row("dhcp", LINK_LOCAL, LINK_LOCAL, _udp(546))
    for name in interface.links:
        yield from _LINKS[name](link, net4, own4)


@dataclass(frozen=True, slots=True)
class _Link:
    point: str
    interface: Interface

    def row(
        self,
        name: str,
        source: Ranges,
        destination: Ranges,
        traffic: Ranges,
        hop_limit: int | None = None,
        own_end: bool = False,
    ) -> Essential:
        own = self.interface.own()
        return Essential(name, self.point, self.interface.name, source, destination, traffic, own, own_end, hop_limit)


def _vrrp(link: _Link, net4: Ranges, own4: Ranges) -> Iterator[Essential]:
    """RFC 9568: sent to a group of its own, with TTL and hop limit 255."""
    yield link.row("vrrp", net4, _addresses("224.0.0.18"), _protocol(VRRP), hop_limit=255)
    yield link.row("vrrp", LINK_LOCAL, _addresses("ff02::12"), _protocol(VRRP), hop_limit=255)


def _ospf(link: _Link, net4: Ranges, own4: Ranges) -> Iterator[Essential]:
    """RFC 2328, 5340: two groups, and unicast between neighbours."""
    groups4, groups6 = _addresses("224.0.0.5", "224.0.0.6"), _addresses("ff02::5", "ff02::6")
    yield link.row("ospf", net4, groups4 | net4, _protocol(OSPF), own_end=True)
    yield link.row("ospf", LINK_LOCAL, groups6 | LINK_LOCAL, _protocol(OSPF))


def _igmp(link: _Link, net4: Ranges, own4: Ranges) -> Iterator[Essential]:
    """RFC 3376: reports and queries to groups; before it has an address a host sends from 0.0.0.0."""
    yield link.row(
        "igmp", _addresses("0.0.0.0") | net4, Ranges.of([prefix(parse_address("224.0.0.0"), 4)]), _protocol(IGMP)
    )


def _bfd(link: _Link, net4: Ranges, own4: Ranges) -> Iterator[Essential]:
    """RFC 5881: single-hop control and echo, TTL 255."""
    yield link.row("bfd", net4, net4, _udp(3784) | _udp(3785), hop_limit=255, own_end=True)
    yield link.row("bfd", LINK_LOCAL, LINK_LOCAL, _udp(3784) | _udp(3785), hop_limit=255)


def _mdns(link: _Link, net4: Ranges, own4: Ranges) -> Iterator[Essential]:
    """RFC 6762."""
    yield link.row("mdns", net4, _addresses("224.0.0.251"), _udp(5353))
    yield link.row("mdns", LINK_LOCAL, _addresses("ff02::fb"), _udp(5353))


def _dhcp_server(link: _Link, net4: Ranges, own4: Ranges) -> Iterator[Essential]:
    """RFC 2131 and 8415, from the server's side."""
    all4 = _addresses("255.255.255.255")
    yield link.row("dhcp-server", _addresses("0.0.0.0") | net4, all4 | own4, _udp(67), own_end=True)
    yield link.row("dhcp-server", own4, all4 | net4, _udp(68))
    yield link.row("dhcp-server", LINK_LOCAL, _addresses("ff02::1:2") | LINK_LOCAL, _udp(547))
    yield link.row("dhcp-server", LINK_LOCAL, LINK_LOCAL, _udp(546))


_LINKS = {
    "vrrp": _vrrp,
    "ospf": _ospf,
    "igmp": _igmp,
    "bfd": _bfd,
    "mdns": _mdns,
    "dhcp-server": _dhcp_server,
    "dhcp-relay": _dhcp_server,
}


def _addresses(*texts: str) -> Ranges:
    return Ranges.of((parse_address(text), parse_address(text)) for text in texts)


def _icmp6(types: tuple[int, ...]) -> Ranges:
    return Ranges.of(traffic_range(6, ICMP6, kind, kind) for kind in types)


def _udp(port: int) -> Ranges:
    return Ranges.of(traffic_range(family, UDP, port, port) for family in (4, 6))


def _protocol(number: int) -> Ranges:
    return Ranges.of(traffic_range(family, number) for family in (4, 6))
