"""What a lab consists of, as plain values: LANs, gateways, hosts, with everything that the kernel must be told."""

from dataclasses import dataclass
from enum import StrEnum

from segctl.model.point import Interface, InterfaceAddress
from segctl.model.ranges import Ranges

Network = tuple[int, int]
"""First address and prefix length."""


class Proto(StrEnum):
    """What a listener speaks."""

    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True, slots=True, order=True)
class Port:
    """A port on which every node of the lab listens, in both families."""

    proto: Proto
    number: int

    def __str__(self) -> str:
        return f"{self.proto}/{self.number}"


@dataclass(frozen=True, slots=True)
class Link:
    """A gateway's interface, with the gateway's name."""

    gateway: str
    interface: Interface


@dataclass(frozen=True, slots=True)
class Lan:
    """One bridge, with all links whose declared networks overlap, and the hosts behind them."""

    name: str
    links: tuple[Link, ...]

    def networks(self) -> Ranges:
        """Every address of the networks declared on it."""
        return Ranges.of(span for link in self.links for span in link.interface.networks())

    def lists(self, segment: str) -> bool:
        """Whether the segment lives behind one of its links."""
        return any(segment in link.interface.segments for link in self.links)


@dataclass(frozen=True, slots=True)
class Nic:
    """One interface of a node: a veth whose other end is a port of the LAN's bridge."""

    name: str
    lan: str
    mac: str
    addresses: tuple[InterfaceAddress, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """`via` is a neighbour on that interface (IPv6 for an IPv4 network too: RFC 8950); None: the network is on it."""

    nic: str
    network: Network
    via: int | None = None


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway point `point`: it forwards both families, and its reverse path filter is off."""

    name: str
    namespace: str
    point: str
    nics: tuple[Nic, ...]
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True)
class Host:
    """One host: an endpoint (`endpoint` is its name, and there is one for each LAN that has addresses of it), or
    one that stands for addresses that nothing in the site tells apart.

    `segment` and `home` are those of its first address; they differ where that is quarantined.
    """

    name: str
    namespace: str
    segment: str
    home: str
    lan: str
    addresses: tuple[int, ...]
    nic: Nic
    endpoint: str | None = None
    routes: tuple[Route, ...] = ()

    @property
    def nics(self) -> tuple[Nic, ...]:
        """Its only interface, as a gateway has several."""
        return (self.nic,)


Node = Gateway | Host


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole lab, before anything is made. `notes` say what of the site could not be laid out, and why.

    `site` and `hosts_per_segment` are what it was made of.
    """

    lab: str
    switch: str
    lans: tuple[Lan, ...]
    gateways: tuple[Gateway, ...]
    hosts: tuple[Host, ...]
    ports: tuple[Port, ...]
    notes: tuple[str, ...] = ()
    site: str = ""
    hosts_per_segment: int = 0

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Gateways, then hosts."""
        return (*self.gateways, *self.hosts)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Every namespace, the one with the bridges first."""
        return (self.switch, *(node.namespace for node in self.nodes))
