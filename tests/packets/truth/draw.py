"""Random parts of packets: ends, ports, payloads and the words of IP headers, near what the rules speak of."""

from dataclasses import dataclass
from random import Random

from segctl.model.packet import Way
from segctl.model.ranges import V6, family
from tests.packets.truth import bodies as b
from tests.packets.truth.hints import Hints
from tests.packets.truth.world import OWN, SIDES

_LONGEST = 440  # bytes of payload: an ICMP error quotes them with all headers (RFC 1812, 4.3.2.3), token and all
_HOSTS = (1, 2, 3, 4, 5, 6, 7, 8, 256, 257, 511)
_MOST = {4: (1 << 32) - 1, 6: (1 << 128) - 1}


@dataclass(slots=True)
class Draw:
    """What random parts are drawn from; `token` is the end of the payload that is drawn next."""

    rng: Random
    hints: Hints
    token: bytes = b""

    def host(self, version: int) -> int:
        """An address that is not the router's, and that a router forwards."""
        rng, bottom = self.rng, V6 if version == 6 else 0

        def any_host() -> int:
            return rng.choice(SIDES).host(version, rng.choice((*_HOSTS, rng.randrange(1, 4096)))) - bottom

        while True:
            address = bottom + self.hints.pick(rng, f"address{version}", any_host, _MOST[version], 0.7)
            if _forwarded(address):
                return address

    def ends(self, way: Way, version: int) -> tuple[int, int]:
        """Source and destination; a forwarded packet's source may lie behind any side, forged or not."""
        rng = self.rng
        source = rng.choice(OWN[version]) if way is Way.OUTPUT and rng.random() < 0.8 else self.host(version)
        destination = rng.choice(OWN[version]) if way is Way.INPUT else self.host(version)
        while destination == source:
            destination = self.host(version)
        return source, destination

    def port(self) -> int:
        return self.hints.pick(self.rng, "port", lambda: self.rng.randrange(1 << 16), 0xFFFF)

    def ports(self) -> tuple[int, int]:
        """Source and destination; the source is mostly one that no rule speaks of."""
        return self.port() if self.rng.random() < 0.4 else self.rng.randrange(1, 1 << 16), self.port()

    def payload(self) -> bytes:
        wanted = self.hints.pick(self.rng, "length", lambda: self.rng.choice((0, 0, 7, 40, 300)), _LONGEST, 0.3)
        return bytes(max(wanted - 40, 0)) + self.token

    def local(self, way: Way) -> tuple[int, int]:
        """The mark and priority that the router's own packets are born with; those of others are born with none."""
        if way is not Way.OUTPUT:
            return 0, 0
        mark = self.hints.pick(self.rng, "mark", lambda: self.rng.choice((0, 0, 1, 0xFFFFFFFF)), 0xFFFFFFFF, 0.5)
        return mark, self.hints.pick(self.rng, "priority", lambda: self.rng.choice((0, 0, 6)), 0xFFFFFFFF, 0.5)

    def packet(self, ends: tuple[int, int], protocol: int, rest: bytes, *, plain: bool = False) -> bytes:
        """With an IP header of random words; unless `plain`, perhaps with options or extension headers."""
        rng, hints = self.rng, self.hints
        hops = max(hints.pick(rng, "ttl", lambda: rng.choice((64, 63, 128, 255, 2)), 255, 0.5), 2)
        dscp = hints.pick(rng, "dscp", lambda: rng.choice((0, 0, 8, 46, 10)), 63, 0.3)
        traffic = dscp << 2 | rng.choice((0, 0, 0, 1, 2, 3))
        if family(ends[0]) == 4:
            options = bytes((148, 4, 0, 0)) if not plain and rng.random() < 0.05 else b""  # router alert (RFC 2113)
            ident = hints.pick(rng, "id", lambda: rng.randrange(1, 1 << 16), 0xFFFF, 0.2) or 1
            fragment = 0x4000 if not plain and rng.random() < 0.5 else 0
            return b.ipv4(*ends, protocol, rest, ttl=hops, tos=traffic, ident=ident, fragment=fragment, options=options)
        flow = hints.pick(rng, "flow", lambda: rng.choice((0, rng.randrange(1 << 20))), 0xFFFFF, 0.3)
        extensions = self._extensions() if not plain and rng.random() < 0.25 else ()
        return b.ipv6(*ends, protocol, rest, hops=hops, traffic=traffic, flow=flow, extensions=extensions)

    def _extensions(self) -> tuple[tuple[int, bytes], ...]:
        rng = self.rng
        some = (
            (b.HBH, b.options_header(rng.choice((0, 1)))),
            (b.ROUTING, b.routing_header(rng.choice((0, 2, 4)))),
            (b.DESTINATION, b.options_header(rng.choice((0, 1)))),
        )
        return tuple(one for one in some if rng.random() < 0.5)


def _forwarded(address: int) -> bool:
    """Whether a router forwards packets from and to this address, and none of its own networks is meant."""
    if address >= V6:
        bare = address - V6
        return (bare >> 120 == 0xFD or bare >> 125 == 1) and bare >> 112 != 0xFD09
    return 0 < address >> 24 < 224 and address >> 24 != 127 and address >> 16 not in (10 << 8 | 9, 169 << 8 | 254)
