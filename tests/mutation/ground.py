"""Who may stand behind which interface, and what they may ask: where the packets' fields come from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from segctl.model.ranges import V6, Ranges, family, parse_address
from segctl.model.service import family_of, port_of, protocol_of
from segctl.probe.services import services_of
from tests.mutation.places import STRAY, Places
from tests.mutation.shots import PORTED
from tests.mutation.tables import Table
from tests.packets.truth.bodies import ICMP, ICMP6, SCTP, TCP, UDP

_WORLDS = {
    4: tuple(map(parse_address, ("1.1.1.1", "9.9.9.9", "93.184.216.34", "198.18.0.7", "100.64.3.3", "8.8.4.4"))),
    6: tuple(map(parse_address, ("2001:4860::8888", "2a00::7", "2620:fe::9", "2400::17", "2001:db8:99::1", "2c0f::3"))),
}
_SAMPLES = 8  # addresses of a class
_ICMP_TYPES = {4: (8, 0, 13, 15, 17), 6: (128, 129, 139)}
_BARE = (47, 50, 112)  # protocols without ports that are always tried


@dataclass(frozen=True, slots=True)
class Host:
    """Machines of one class behind one interface: `group` names the class."""

    version: int
    face: str
    group: str
    addresses: tuple[int, ...]

    def address(self, number: int) -> int:
        """One of its addresses: batches that must not share connections take different numbers."""
        return self.addresses[number % len(self.addresses)]


Asked = tuple[int, int]
"""Protocol, and port or ICMP type or 0."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Hosts and services of a gateway's site, by family."""

    places: Places
    hosts: dict[int, tuple[Host, ...]]
    services: dict[int, tuple[Asked, ...]]

    @property
    def faces(self) -> list[str]:
        """The interfaces of the gateway, the stray one last."""
        return list(self.places.faces)

    def host_of(self, address: int) -> Host:
        """One that stands alone, wherever the routes lead to it."""
        return Host(family(address), self.places.face_of(address) or STRAY, "alone", (address,))


def ground(places: Places, table: Table) -> Ground:
    """From the site's services and the classes in the table as it was compiled: real packets decide, not these."""
    asked = services_of(places.policy.site).traffic
    versions = (4, 6)
    services = {
        v: tuple(dict.fromkeys([
            *((protocol_of(a), port_of(a)) for a in asked if family_of(a) == v),
            *((ICMP if v == 4 else ICMP6, kind) for kind in _ICMP_TYPES[v]),
            *((protocol, 0) for protocol in _BARE),
            (SCTP, 443), (TCP, 445), (UDP, 53), (TCP, 22),
        ]))
        for v in versions
    }  # fmt: skip
    return Ground(places, {v: tuple(_hosts(places, table, v)) for v in versions}, services)


def spans_of(table: Table, name: str) -> Iterator[tuple[tuple[int, int], str]]:
    """The address ranges of a map with what each leads to."""
    if name in table.groups:
        for item in table.groups[name].items:
            yield span(item.key[0]), item.value or ""


def span(words: str) -> tuple[int, int]:
    """`10.0.0.0/8`, `10.0.0.1-10.0.0.9` or one address."""
    if "/" in words:
        address, _, length = words.partition("/")
        first = parse_address(address)
        return first, first + (1 << ((128 if first >= V6 else 32) - int(length))) - 1
    first_, _, last = words.partition("-")
    return parse_address(first_), parse_address(last or first_)


def _hosts(places: Places, table: Table, version: int) -> Iterator[Host]:
    found: dict[tuple[str, str], list[int]] = {}
    own = set(places.own(version))
    for (first, last), group in spans_of(table, f"source{version}"):
        for address in _samples(first, last):
            face = places.face_of(address)
            if address not in own and face is not None:
                found.setdefault((face, group), []).append(address)
    for (face, group), addresses in found.items():
        yield Host(version, face, group, tuple(_spread(addresses)))
    known = Ranges.of(where for where, _ in spans_of(table, f"source{version}")) | places.policy.special
    worlds = [address for address in _WORLDS[version] if address not in known]
    yield Host(version, places.face_of(worlds[0]) or STRAY, "world", tuple(worlds))
    for interface in places.point.interfaces.values():
        undeclared = Ranges.of(s for s in interface.networks() if family(s[0]) == version) - known
        if undeclared:
            first, last = undeclared.spans[0]
            yield Host(version, interface.name, "undeclared", tuple(_samples(first, last)))


def _samples(first: int, last: int) -> list[int]:
    """A few addresses of a range, both ends among them."""
    inner = [first + 1, last - 1, first + (last - first) // 2, first + 2, last - 2]
    return list(dict.fromkeys([first, last, *(address for address in inner if first <= address <= last)]))


def _spread(addresses: Sequence[int]) -> list[int]:
    """At most so many, from all over."""
    unique = list(dict.fromkeys(addresses))
    step = max(1, len(unique) // _SAMPLES)
    return unique[::step][: _SAMPLES * 2]


def asks(service: Asked, source_port: int) -> tuple[int, int, int]:
    """Protocol, head and tail of a packet that asks for a service."""
    protocol, port = service
    if protocol in PORTED:
        return protocol, source_port, port
    if protocol in (ICMP, ICMP6):
        return protocol, port << 8, source_port
    return protocol, 0, 0
