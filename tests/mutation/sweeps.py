"""Everybody asks everybody for everything, once: what is let through when nothing is wrong, and under which number."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from segctl.kernel import conntrack
from tests.mutation.ground import Asked, Ground, Host, asks
from tests.mutation.places import STRAY
from tests.mutation.range import Range
from tests.mutation.seen import Loaded, Seen
from tests.mutation.shots import LOCAL, Head, Shot
from tests.packets.truth.bodies import ICMP, ICMP6, SYN

SWEEP, OWN_SWEEP = 40_000, 40_500  # source ports
_FEW = 10  # of the services that are not let through, how many are asked for in each mutant


@dataclass(frozen=True, slots=True)
class Cell:
    """One question: who asks whom for what. `source` or `destination` is None where it is the gateway itself."""

    source: Host | None
    destination: Host | None
    service: Asked
    shot: Shot


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a cell: where it was seen, and the number that its connection got."""

    cell: Cell
    seen: Seen
    number: int | None

    @property
    def passed(self) -> bool:
        """Whether it came through."""
        return self.number is not None and any(" " not in place for place in self.seen)


def forward_cells(ground: Ground) -> Iterator[Cell]:
    """Between all hosts, all services."""
    for version, hosts in ground.hosts.items():
        for source in hosts:
            for destination in hosts:
                for service in ground.services[version]:
                    head = Head(source.address(0), destination.address(1), *asks(service, SWEEP), SYN)
                    if head.source != head.destination:
                        yield Cell(source, destination, service, Shot(source.face, head, "new"))


def own_cells(ground: Ground) -> Iterator[Cell]:
    """To and from the gateway's own addresses: that of the host's side, another, and one that is not declared."""
    for version, hosts in ground.hosts.items():
        for host in hosts:
            for own in _owns(ground, host):
                for service in ground.services[version]:
                    inward = Head(host.address(2), own, *asks(service, OWN_SWEEP), SYN)
                    yield Cell(host, None, service, Shot(host.face, inward, "new, in"))
                    outward = Head(own, host.address(3), *asks(service, OWN_SWEEP + 1), SYN)
                    yield Cell(None, host, service, Shot(LOCAL, outward, "new, out"))


def _owns(ground: Ground, host: Host) -> list[int]:
    every = ground.places.own(host.version)
    interface = ground.places.point.interfaces.get(host.face)
    near = [address for address in every if interface is not None and address in interface.own()]
    far = [address for address in every if address not in near]
    return [*near[:1], *far[:1], *far[-1:]][: 3 if len(far) > 1 else 2]


def sweep(place: Range, cells: Iterable[Cell]) -> list[Found]:
    """Ask all, with nothing tracked before; the rules are loaded."""
    held = list(cells)
    place.forget()
    seen = place.volley(Loaded.of(cell.shot for cell in held))
    numbers: dict[tuple[int, int, int, int, int], int] = {}
    for one in conntrack.entries(place.places.gateway):
        way = one.original
        tail = way.dport if one.protocol not in (ICMP, ICMP6) else way.icmp[0] if way.icmp else 0
        numbers[way.src, way.dst, one.protocol, way.sport, tail] = one.mark
    place.forget()
    return [Found(cell, where, numbers.get(_key(cell.shot.head))) for cell, where in zip(held, seen, strict=True)]


def _key(head: Head) -> tuple[int, int, int, int, int]:
    if head.protocol in (ICMP, ICMP6):
        return head.source, head.destination, head.protocol, 0, head.head >> 8
    return head.source, head.destination, head.protocol, head.head, head.tail


def common(found: Iterable[Found]) -> list[Shot]:
    """Of a sweep what is asked in each mutant: all that passed, with the ports beside it, and a few of the rest."""
    by_pair: dict[tuple[Host | None, Host | None, int, int], list[Found]] = {}
    for one in found:
        head = one.cell.shot.head
        by_pair.setdefault((one.cell.source, one.cell.destination, head.source, head.destination), []).append(one)
    shots: list[Shot] = []
    for turn, rows in enumerate(by_pair.values()):
        passed = [row for row in rows if row.passed]
        if len(passed) > len(rows) // 2:  # nearly all is let through: as with nothing
            passed = passed[turn % 3 :: 3]
        beside = {(row.cell.service[0], row.cell.service[1] + step) for row in passed for step in (-1, 1)}
        rest = [row for row in rows if not row.passed]
        some = [row for row in rest if row.cell.service in beside][:_FEW] + rest[turn % 5 :: max(1, len(rest) // _FEW)]
        shots += [row.cell.shot for row in dict.fromkeys([*passed, *some])]
    return shots


__all__ = ["STRAY", "Cell", "Found", "common", "forward_cells", "own_cells", "sweep"]
