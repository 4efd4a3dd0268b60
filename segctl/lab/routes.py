"""Who sends what to whom: routes of gateways and hosts, by the fewest hops.

Hosts of one LAN reach each other directly, whatever their addresses, as machines behind one interface do in real
life. A host that shares its LAN with several gateways knows which of them leads where, so that both directions of
a connection pass the same gateways.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from segctl.lab.lans import homes
from segctl.lab.topology import Gateway, Host, Lan, Network, Nic, Route
from segctl.model.ranges import V6, family, prefix
from segctl.model.selector import WORLD

DEFAULT: dict[int, Network] = {4: (0, 0), 6: (V6, 0)}
_LINK_LOCAL = V6 + (0xFE80 << 112)


@dataclass(slots=True)
class Routing:
    """The routes of each node of a lab."""

    lans: Sequence[Lan]
    gateways: Sequence[Gateway]
    hosts: Sequence[Host]
    _prefixes: dict[str, tuple[Network, ...]] = field(init=False)
    _worlds: tuple[str, ...] = field(init=False)
    _on: dict[str, list[Gateway]] = field(init=False)
    _next: dict[str, dict[str, tuple[int, Gateway]]] = field(init=False)

    def __post_init__(self) -> None:
        self._prefixes = {lan.name: self._all_prefixes(lan) for lan in self.lans}
        self._worlds = tuple(lan.name for lan in homes(self.lans, WORLD))
        self._on = {lan.name: [] for lan in self.lans}
        for gateway in self.gateways:
            for name in dict.fromkeys(nic.lan for nic in gateway.nics):
                self._on[name].append(gateway)
        self._next = {lan.name: self._search(lan.name) for lan in self.lans}

    def of_host(self, host: Host) -> tuple[Route, ...]:
        """Its LAN directly, all else by the gateway towards the world, but what another gateway leads to by that."""
        lan = next(lan for lan in self.lans if lan.name == host.lan)
        out = [Route(host.nic.name, network) for network in self._direct(host, lan)]
        usual = self._usual(host, lan)
        for version in sorted({family(address) for address in host.addresses}):
            out.append(Route(host.nic.name, DEFAULT[version], _hop(host.nic, usual, lan.name, version)))
            for name, (_, gateway) in self._next[lan.name].items():
                if gateway is not usual:
                    via = _hop(host.nic, gateway, lan.name, version)
                    out += [Route(host.nic.name, n, via) for n in self._prefixes[name] if family(n[0]) == version]
        return tuple(dict.fromkeys(out))

    def of_gateway(self, gateway: Gateway) -> tuple[Route, ...]:
        """To hosts that are on no network of an interface, to LANs behind other gateways, and to the world."""
        out: list[Route] = []
        own = {nic.lan: nic for nic in gateway.nics}
        for nic in own.values():
            out += [Route(nic.name, network) for network in self._prefixes[nic.lan] if not _connected(nic, network)]
        for lan in (lan for lan in self.lans if lan.name not in own):
            if found := self._towards(own, lan.name):
                nic, other = found
                for network in self._prefixes[lan.name]:
                    out.append(Route(nic.name, network, _hop(nic, other, nic.lan, family(network[0]))))
        out += self._to_the_world(own)
        unique = {(route.network): route for route in reversed(out)}  # the first that was said
        return tuple(sorted(unique.values(), key=lambda route: (route.via is not None, route.network)))

    def _search(self, start: str) -> dict[str, tuple[int, Gateway]]:
        """From a LAN: each other LAN that can be reached, how far it is, and the gateway to begin with."""
        found: dict[str, tuple[int, Gateway]] = {}
        queue: list[tuple[str, int, Gateway | None]] = [(start, 0, None)]
        asked: set[str] = set()
        for lan, far, by in queue:
            for gateway in (gateway for gateway in self._on[lan] if gateway.name not in asked):
                asked.add(gateway.name)
                for name in (nic.lan for nic in gateway.nics):
                    if name != start and name not in found:
                        found[name] = far + 1, by or gateway
                        queue.append((name, *found[name]))
        return found

    def _direct(self, host: Host, lan: Lan) -> Iterator[Network]:
        """What is on the LAN, but not by the host's own addresses (for those the kernel makes the route)."""
        versions = {family(address) for address in host.addresses}
        own = {(address, 128 if family(address) == 6 else 32) for address in host.addresses}
        for network in self._prefixes[lan.name]:
            if family(network[0]) in versions and network not in own and not _connected(host.nic, network):
                yield network

    def _usual(self, host: Host, lan: Lan) -> Gateway:
        """The gateway towards the world; where there is none, one that lists the host's segment here."""
        ways = [self._next[lan.name][name] for name in self._worlds if name in self._next[lan.name]]
        if ways and lan.name not in self._worlds:
            return min(ways, key=lambda found: found[0])[1]
        listing = [link.gateway for link in lan.links if host.home in link.interface.segments]
        return next(gateway for gateway in self.gateways if gateway.point == listing[0])

    def _towards(self, own: dict[str, Nic], target: str) -> tuple[Nic, Gateway] | None:
        found = [(*self._next[lan][target], nic) for lan, nic in own.items() if target in self._next[lan]]
        if not found:
            return None
        _, gateway, nic = min(found, key=lambda each: each[0])
        return nic, gateway

    def _to_the_world(self, own: dict[str, Nic]) -> Iterator[Route]:
        """Default routes: to the first host of the world on a LAN of ours, as to a provider's router, or on the way."""
        near = next((name for name in self._worlds if name in own), None)
        if near is not None:
            outside = [a for host in self.hosts if host.lan == near and host.home == WORLD for a in host.addresses]
            for version, default in DEFAULT.items():
                if via := next((address for address in outside if family(address) == version), None):
                    yield Route(own[near].name, default, via)
        elif self._worlds and (found := self._towards(own, self._worlds[0])):
            nic, gateway = found
            for version, default in DEFAULT.items():
                yield Route(nic.name, default, _hop(nic, gateway, nic.lan, version))

    def _all_prefixes(self, lan: Lan) -> tuple[Network, ...]:
        """The declared networks of a LAN, and each host's address that is on none of them."""
        declared = [(a.network()[0], a.length) for link in lan.links for a in link.interface.addresses]
        networks = [network for network in declared if network[0] != _LINK_LOCAL]
        inside = lan.networks()
        beyond = [a for host in self.hosts if host.lan == lan.name for a in host.addresses if a not in inside]
        return tuple(dict.fromkeys([*networks, *((a, 128 if family(a) == 6 else 32) for a in beyond)]))


def link_local(mac: str) -> int:
    """The address that the kernel gives an interface with that MAC address (RFC 4291, appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    return _LINK_LOCAL | int.from_bytes(bytes([octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]]), "big")


def _connected(nic: Nic, network: Network) -> bool:
    """Whether the kernel makes this very route by itself, for an address of the interface."""
    return any((a.network()[0], a.length) == network for a in nic.addresses)


def _hop(nic: Nic, gateway: Gateway, lan: str, version: int) -> int:
    """The gateway's address on that LAN: one on a network of ours; else for IPv4 any that it has; else link-local."""
    theirs = next(each for each in gateway.nics if each.lan == lan)
    own = [a.address for a in theirs.addresses if family(a.address) == version]
    shared = [a for a in own if any(prefix(a, mine.length) == mine.network() for mine in nic.addresses
                                    if family(mine.address) == version)]  # fmt: skip
    if shared:
        return shared[0]
    return own[0] if own and version == 4 else link_local(theirs.mac)
