"""Which hosts stand behind which LAN, and with which addresses."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from segctl.lab.lans import homes
from segctl.lab.topology import Lan
from segctl.model.ranges import NOTHING, Ranges, family, parse_address, prefix
from segctl.model.selector import POINTS, QUARANTINE, WORLD
from segctl.policy import Policy
from segctl.policy.classes import AddressClass

DOCUMENTATION = tuple(  # RFC 5737, RFC 3849: nobody's addresses
    Ranges.of([prefix(parse_address(network), length)])
    for network, length in (("203.0.113.0", 24), ("198.51.100.0", 24), ("192.0.2.0", 24), ("2001:db8::", 32))
)
_ROUTED = Ranges.of(  # where else hosts of the world may be: without 0/8, class E and what IPv6 has not given out
    (parse_address(first), parse_address(last))
    for first, last in (("1.0.0.0", "223.255.255.255"), ("2000::", "fdff:" + "ffff:" * 6 + "ffff"))
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A host to be: `wanted` is the name that it would like."""

    wanted: str
    segment: str
    home: str
    lan: str
    addresses: tuple[int, ...]
    endpoint: str | None = None


class Placing:
    """Hosts for one site: one for each class of addresses, then the endpoints, up to `most` per segment and LAN.

    Where the site has the addresses for it, a segment has two hosts behind a LAN, the world one.
    """

    def __init__(self, policy: Policy, lans: Sequence[Lan], classes: Iterable[AddressClass], most: int) -> None:
        self._policy = policy
        self._lans = lans
        self._most = most
        self._where: dict[str, tuple[Lan, ...]] = {}
        self._classes: dict[str, dict[str, list[Ranges]]] = {}
        for each in classes:
            for home, addresses in self._by_home(each):
                self._classes.setdefault(each.segment, {}).setdefault(home, []).append(addresses)
        self._networks = Ranges.of(span for lan in lans for span in lan.networks())
        self._endpoints: dict[tuple[str, str, str], list[Placed]] = {}
        for host in self._endpoint_hosts():
            self._endpoints.setdefault((host.segment, host.home, host.lan), []).append(host)
        self._count: Counter[str] = Counter()
        self._taken = _never(policy) | Ranges.of((a, a) for e in policy.site.endpoints.values() for a in e.addresses)
        self.notes: list[str] = []

    def hosts(self) -> tuple[Placed, ...]:
        """All of them, in the order of the site's segments; what found no place is in `notes`."""
        out: list[Placed] = []
        for segment in self._policy.site.segments:
            for home in self._classes.get(segment, ()):
                where = self._homes(home)
                if not where:
                    self.notes.append(f"segment '{home}' is on no interface: no host")
                for lan in where:
                    out += self._behind(segment, home, lan, where)
        return tuple(out)

    def _homes(self, home: str) -> tuple[Lan, ...]:
        if home not in self._where:
            self._where[home] = homes(self._lans, home)
        return self._where[home]

    def _by_home(self, each: AddressClass) -> Iterator[tuple[str, Ranges]]:
        """The segment behind whose interface a class lives: its own, and for what is quarantined, who claims it."""
        if each.segment == QUARANTINE:
            for home, addresses in self._policy.partition.home.items():
                if shared := each.addresses & addresses:
                    yield home, shared
        elif each.segment != POINTS:
            yield each.segment, each.addresses

    def _endpoint_hosts(self) -> Iterator[Placed]:
        """Each endpoint once for each LAN that has addresses of it; those of gateways and special ones are left out.

        Those that are points of their own come first: rules will be loaded into them.
        """
        policy = self._policy
        points = {point.endpoint for point in policy.site.hosts()}
        for name, endpoint in sorted(policy.site.endpoints.items(), key=lambda each: each[0] not in points):
            found: dict[str, list[int]] = {}
            for address in endpoint.addresses:
                home = policy.home_of(address)
                if home is not None and home != POINTS and (where := self._homes(home)):
                    lan = next((lan for lan in where if address in lan.networks()), where[0])
                    found.setdefault(lan.name, []).append(address)
            for lan_name, addresses in found.items():
                segment, home = policy.segment_of(addresses[0]), policy.home_of(addresses[0])
                assert segment is not None and home is not None
                yield Placed(name, segment, home, lan_name, tuple(addresses), name)

    def _behind(self, segment: str, home: str, lan: Lan, where: Sequence[Lan]) -> list[Placed]:
        """The hosts of one segment behind one LAN: all classes first, so that the first few differ most."""
        ours = self._endpoints.get((segment, home, lan.name), [])
        chosen: dict[Placed, None] = {}
        missing = 0
        for addresses in self._classes[segment][home]:
            host = next((host for host in ours if any(a in addresses for a in host.addresses)), None)
            if host in chosen:
                continue
            if len(chosen) >= self._most:
                missing += 1
            elif host := host or self._anonymous(_Kind(segment, home, addresses), lan, where):
                chosen[host] = None
        rest = [host for host in ours if host not in chosen]
        fill = rest[: max(0, self._most - len(chosen))]
        if missing or len(fill) < len(rest):
            left = len(rest) - len(fill)
            self.notes.append(
                f"segment '{segment}' behind {_show(lan)}: {left} endpoints and {missing} further kinds of addresses "
                "have no host (--hosts-per-segment)"
            )
        hosts = [*chosen, *fill]
        if len(hosts) == 1 and self._most > 1 and segment != WORLD:
            hosts += self._second(segment, home, lan, where)
        return hosts

    def _second(self, segment: str, home: str, lan: Lan, where: Sequence[Lan]) -> list[Placed]:
        """Another host of the segment, so that there is somebody to speak with inside it; none if it has no address."""
        for addresses in self._classes[segment][home]:
            if host := self._anonymous(_Kind(segment, home, addresses), lan, where):
                return [host]
        return []

    def _anonymous(self, kind: "_Kind", lan: Lan, where: Sequence[Lan]) -> Placed | None:
        """A host with one free address of each family that the class has here; None if there is none."""
        addresses = []
        for part in (kind.addresses.v4(), kind.addresses.v6()):
            address = self._pick(part & lan.networks())
            if address is None and (kind.home == WORLD or lan is self._outlet(part, where)):
                address = self._beyond(kind, part)
            if address is not None:
                addresses.append(address)
                self._taken |= Ranges.single(address)
        if not addresses:
            return None
        self._count[kind.segment] += 1
        name = f"{kind.segment}-{self._count[kind.segment]}"
        return Placed(name, kind.segment, kind.home, lan.name, tuple(addresses))

    def _outlet(self, part: Ranges, where: Sequence[Lan]) -> Lan | None:
        """Where addresses live that are on no network of the segment's LANs: on its first; None if there are others."""
        return None if any(part.meets(lan.networks()) for lan in where) else where[0]

    def _beyond(self, kind: "_Kind", part: Ranges) -> int | None:
        """An address that is on no declared network of the LAN: behind further routers, in real life."""
        elsewhere = part - self._networks
        where = [elsewhere, part]
        if kind.home == WORLD:
            where = [elsewhere & space for space in (*DOCUMENTATION, _ROUTED)]
        return next((address for space in where if (address := self._pick(space)) is not None), None)

    def _pick(self, space: Ranges) -> int | None:
        """The smallest free address, if possible one that doesn't look like a network or a broadcast."""
        free = space - self._taken
        for first, last in free:
            for address in range(first, min(last, first + 2) + 1):
                if address & (0xFFFF if family(address) == 6 else 0xFF) not in (0, 0xFF, 0xFFFF):
                    return address
        return free.first() if free else None


@dataclass(frozen=True, slots=True)
class _Kind:
    segment: str
    home: str
    addresses: Ranges


def _never(policy: Policy) -> Ranges:
    """What no host may have: special addresses, the gateways' own, the first of each network (RFC 4291, 2.6.1)."""
    out = policy.special | policy.own.get(POINTS, NOTHING)
    for gateway in policy.site.gateways():
        for interface in gateway.interfaces.values():
            spans = [a.network() for a in interface.addresses if a.network()[1] - a.network()[0] > 1]
            out |= Ranges.of((first, first) for first, _ in spans)
    return out


def _show(lan: Lan) -> str:
    return ", ".join(f"{link.gateway}.{link.interface.name}" for link in lan.links)
