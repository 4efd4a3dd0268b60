"""Step 0a: the essentials, as the table in docs/decisions/readings.md writes them."""

from dataclasses import dataclass

from segctl.model.point import Interface, Point
from segctl.model.ranges import family
from segctl.model.service import ICMP6, IGMP, OSPF, UDP, VRRP, port_of, protocol_of
from segctl.model.site import Site
from tests.reference.addresses import in_network, is_special, own_of_interface, own_of_point


@dataclass(frozen=True, slots=True)
class Row:
    """One row: at each interface, or at those whose `links` list one of `links`; no ports means the whole protocol."""

    name: str
    links: str
    source: str
    destination: str
    protocol: int
    ports: tuple[int, ...] = ()


TABLE = (
    Row("nd", "", "::, ll, v6 net", "ll, v6 net, ff02::/16", ICMP6, (133, 134, 135, 136)),
    Row("mld", "", "::, ll", "ff00::/8", ICMP6, (130, 131, 132, 143)),
    Row("dhcp", "", "0.0.0.0, v4 own", "255.255.255.255, v4 net", UDP, (67,)),
    Row("dhcp", "", "v4 net", "255.255.255.255, v4 own", UDP, (68,)),
    Row("dhcp", "", "ll", "ff02::1:2, ll", UDP, (547,)),
    Row("dhcp", "", "ll", "ll", UDP, (546,)),
    Row("vrrp", "vrrp", "v4 net, ll", "224.0.0.18, ff02::12", VRRP),
    Row("ospf", "ospf", "v4 net, ll", "224.0.0.5, 224.0.0.6, v4 net, ff02::5, ff02::6, ll", OSPF),
    Row("igmp", "igmp", "0.0.0.0, v4 net", "224.0.0.0/4", IGMP),
    Row("bfd", "bfd", "v4 net, ll", "v4 net, ll", UDP, (3784, 3785)),
    Row("mdns", "mdns", "v4 net, ll", "224.0.0.251, ff02::fb", UDP, (5353,)),
    Row("dhcp-server", "dhcp-server dhcp-relay", "0.0.0.0, v4 net", "255.255.255.255, v4 own", UDP, (67,)),
    Row("dhcp-server", "dhcp-server dhcp-relay", "v4 own", "255.255.255.255, v4 net", UDP, (68,)),
    Row("dhcp-server", "dhcp-server dhcp-relay", "ll", "ff02::1:2, ll", UDP, (547,)),
    Row("dhcp-server", "dhcp-server dhcp-relay", "ll", "ll", UDP, (546,)),
)


HOSTS = (
    Row("nd", "", "::, ll, v6 own", "any v6", ICMP6, (133, 134, 135, 136)),
    Row("nd", "", "any v6", "ll, v6 own, ff02::/16", ICMP6, (133, 134, 135, 136)),
    Row("mld", "", "::, ll", "ff00::/8", ICMP6, (130, 131, 132, 143)),
    Row("dhcp", "", "0.0.0.0, v4 own", "255.255.255.255", UDP, (67,)),
    Row("dhcp", "", "0.0.0.0/0", "255.255.255.255", UDP, (68,)),
    Row("dhcp", "", "ll", "ff02::1:2, ll", UDP, (547,)),
    Row("dhcp", "", "ll", "ll", UDP, (546,)),
    Row("dhcp", "", "served", "servers", UDP, (67,)),
    Row("dhcp", "", "servers", "served", UDP, (68,)),
)
"""The rows of a host point, whose interfaces nobody knows."""


def is_essential(site: Site, source: int, destination: int, traffic: int) -> bool:
    """Whether any point needs it to live."""
    if is_loopback(site, source, destination):
        return True
    at_gateways = any(
        row_holds(site, row, interface, source, destination, traffic)
        for point in site.gateways()
        for interface in point.interfaces.values()
        for row in TABLE
    )
    return at_gateways or any(
        host_row_holds(site, row, point, source, destination, traffic) for point in site.hosts() for row in HOSTS
    )


def is_loopback(site: Site, source: int, destination: int) -> bool:
    """Any site with a point: 127.0.0.0/8 and ::1 to the same. Each point: its addresses to its addresses."""
    if site.points:
        for loop in ("127.0.0.0/8", "::1/128"):
            if in_network(source, loop) and in_network(destination, loop):
                return True
    return any(
        own_of_point(site, point, source) and own_of_point(site, point, destination) for point in site.points.values()
    )


def row_holds(site: Site, row: Row, interface: Interface, source: int, destination: int, traffic: int) -> bool:
    """Whether one row of the table, read at one interface, is this pair and service."""
    if row.links and not any(link in interface.links for link in row.links.split()):
        return False
    if family(source) != family(destination):
        return False
    if protocol_of(traffic) != row.protocol or (row.ports and port_of(traffic) not in row.ports):
        return False
    if not any(word_holds(word, interface, source) for word in row.source.split(", ")):
        return False
    if not any(word_holds(word, interface, destination) for word in row.destination.split(", ")):
        return False
    # "where the table says net, at least one end is in own or is special"
    if "net" in row.source or "net" in row.destination:
        return any(own_of_interface(interface, end) or is_special(site, end) for end in (source, destination))
    return True


def host_row_holds(site: Site, row: Row, point: Point, source: int, destination: int, traffic: int) -> bool:
    """Whether one row of the hosts' table, read at one host point, is this pair and service."""
    if family(source) != family(destination):
        return False
    if protocol_of(traffic) != row.protocol or port_of(traffic) not in row.ports:
        return False
    # "any v6: only where an end is special"
    if row.name == "nd" and not is_special(site, source) and not is_special(site, destination):
        return False
    ends = ((row.source, source, destination), (row.destination, destination, source))
    return all(
        any(host_word_holds(site, word, point, end, other) for word in words.split(", ")) for words, end, other in ends
    )


def host_word_holds(site: Site, word: str, point: Point, address: int, other: int) -> bool:
    """Whether one word of the hosts' table holds this address; `other` is the other end."""
    if word == "any v6":
        return family(address) == 6
    if word == "ll":
        return in_network(address, "fe80::/10")
    if word in ("v4 own", "v6 own"):
        return family(address) == int(word[1]) and own_of_point(site, point, address)
    if word == "served":
        return own_of_point(site, point, address) and serves(site, other, address)
    if word == "servers":
        return serves(site, address, other)
    return in_network(address, word)


def serves(site: Site, server: int, client: int) -> bool:
    """Whether a gateway lists DHCP on an interface with that address of its own, whose networks hold the client."""
    return family(server) == 4 and any(
        own_of_interface(interface, server) and client in interface.networks()
        for point in site.gateways()
        for interface in point.interfaces.values()
        if "dhcp-server" in interface.links or "dhcp-relay" in interface.links
    )


def word_holds(word: str, interface: Interface, address: int) -> bool:
    """Whether one word of the table (`v4 net`, `v4 own`, `ll`, an address, a network) holds this address."""
    if word == "ll":
        return in_network(address, "fe80::/10")
    if word in ("v4 own", "v6 own"):
        return family(address) == int(word[1]) and own_of_interface(interface, address)
    if word in ("v4 net", "v6 net"):
        return family(address) == int(word[1]) and address in interface.networks()
    return in_network(address, word)
