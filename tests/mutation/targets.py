"""Packets chosen with knowledge of a mutant: whatever its changed lines name, and what stands just beside it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random

from segctl.model.ranges import V6, family, parse_address
from tests.mutation.ground import Asked, Ground, Host, asks, span
from tests.mutation.places import MISROUTE, STRAY
from tests.mutation.sessions import OLD, SWAPPED, Session
from tests.mutation.shots import ACK, LOCAL, PORTED, SYN, Head, Shot
from tests.packets.truth.bodies import ICMP, ICMP6, TCP, UDP

_PORT = 48_000
_ADDRESS = re.compile(r"(?<![\w:.])((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.:]*)(/\d+)?(?![\w:])")


@dataclass(frozen=True, slots=True)
class Aim:
    """What a mutant's change names. `numbers`: connection marks; `groups`: classes (`0x00010001`)."""

    addresses: tuple[int, ...] = ()
    services: tuple[Asked, ...] = ()
    numbers: tuple[int, ...] = ()
    ways: tuple[tuple[str, str], ...] = ()
    every: bool = field(default=False)


def addresses_in(words: str) -> tuple[int, ...]:
    """The ends of all addresses and prefixes in a rule or element, and what lies just beside them."""
    found: list[int] = []
    for address, length in _ADDRESS.findall(words):
        try:
            first, last = span(address + length)
        except ValueError:
            continue
        low, high = (V6, V6 + (1 << 128) - 1) if first >= V6 else (0, (1 << 32) - 1)
        middle = [] if first == last else [first + (last - first) // 2]
        found += [one for one in (first, last, first - 1, last + 1, *middle) if low <= one <= high]
    return tuple(dict.fromkeys(found))


def aimed(ground: Ground, aim: Aim, known: Iterable[Asked], seed: int) -> tuple[list[Session], list[Shot]]:
    """Sessions to be made before, and shots."""
    chosen = Random(seed)
    held = list(aimed_sessions(ground, aim))
    shots = [*_addressed(ground, aim, list(known), chosen), *_asked(ground, aim), *_spoken(ground, held)]
    return held, shots


def _addressed(ground: Ground, aim: Aim, known: list[Asked], chosen: Random) -> Iterator[Shot]:
    """From and to each address, all services that anybody may ask for; in by each interface."""
    for address in aim.addresses:
        lone = ground.host_of(address)
        version = family(address)
        own = ground.places.own(version)
        if address in own:
            yield from _own(ground, address, known)
            continue
        some = [one for one in known if one[0] not in ((ICMP6,) if version == 4 else (ICMP,))]
        for host in ground.hosts[version]:
            for service in some:
                ask = asks(service, _PORT)
                yield Shot(lone.face, Head(address, host.address(1), *ask), "from a changed address")
                yield Shot(host.face, Head(host.address(0), address, *ask), "to a changed address")
        for service in some:
            ask = asks(service, _PORT + 1)
            for mine in (own[0], own[-1]):
                yield Shot(lone.face, Head(address, mine, *ask), "from a changed address, in")
                yield Shot(LOCAL, Head(mine, address, *ask), "to a changed address, out")
        yield from _elsewhere(ground, address, some, chosen)


def _elsewhere(ground: Ground, address: int, some: list[Asked], chosen: Random) -> Iterator[Shot]:
    """The same by interfaces behind which it does not live."""
    version = family(address)
    for face in ground.faces:
        number = ground.places.faces[face].number
        for host in chosen.sample(ground.hosts[version], min(6, len(ground.hosts[version]))):
            for service in chosen.sample(some, min(6, len(some))):
                ask = asks(service, _PORT + 2 + number)
                yield Shot(face, Head(address, host.address(1), *ask), "from a changed address elsewhere")
                yield Shot(host.face, Head(host.address(0), address, *ask), "to one", channel=MISROUTE + number)


def _own(ground: Ground, address: int, known: list[Asked]) -> Iterator[Shot]:
    for host in ground.hosts[family(address)]:
        for service in known:
            ask = asks(service, _PORT + 90)
            yield Shot(host.face, Head(host.address(2), address, *ask), "to a changed address of ours")
            yield Shot(LOCAL, Head(address, host.address(3), *ask), "from a changed address of ours")


def _asked(ground: Ground, aim: Aim) -> Iterator[Shot]:
    """Each service between all, through, in and out."""
    beside = [(p, n + step) for p, n in aim.services if p in PORTED for step in (-1, 1) if 0 < n + step < 65536]
    for version, hosts in ground.hosts.items():
        foreign = ICMP6 if version == 4 else ICMP
        some = [one for one in dict.fromkeys([*aim.services, *beside]) if one[0] != foreign]
        owns = ground.places.own(version)
        for host in hosts:
            for service in some:
                ask = asks(service, _PORT + 100)
                for other in hosts:
                    if other.address(1) != host.address(0):
                        yield Shot(host.face, Head(host.address(0), other.address(1), *ask), "a changed service")
                for own in (owns[0], owns[-1]):
                    yield Shot(host.face, Head(host.address(2), own, *ask), "a changed service, in")
                    yield Shot(LOCAL, Head(own, host.address(3), *ask), "a changed service, out")


def aimed_sessions(ground: Ground, aim: Aim) -> Iterator[Session]:
    """Connections with each number between all interfaces, or those that are named."""
    faces = [face for face in ground.faces if face != STRAY]
    ways = aim.ways or tuple((a, b) for a in faces for b in faces)
    for at, number in enumerate(dict.fromkeys(aim.numbers)):
        for version, hosts in ground.hosts.items():
            first = {host.face: host for host in reversed(hosts)}
            for turn, (front, back) in enumerate(ways):
                yield from _numbered(ground, first, version, (front, back), number, _PORT + 200 + at)
            for face in dict.fromkeys(face for way in ways for face in way):
                yield from _numbered(ground, first, version, (face, LOCAL), number, _PORT + 400 + at)


def _numbered(
    ground: Ground, first: dict[str, Host], version: int, way: tuple[str, str], number: int, port: int
) -> Iterator[Session]:
    front, back = way
    source = first.get(front)
    if source is None:
        return
    if back == LOCAL:
        target: int | None = ground.places.own(version)[0]
    else:
        host = first.get(back)
        target = host.address(5) if host else None
    if target is None or target == source.address(4):
        return
    for protocol, at in ((UDP, 0), (TCP, 1)):
        for mark in (number, number | SWAPPED) if at == 0 else (number,):
            head = Head(source.address(4), target, protocol, port + 600 * at, 9 + (mark != number), ACK)
            yield Session(head, front, back, mark, f"numbered {mark:#x}")


def _spoken(ground: Ground, held: Iterable[Session]) -> Iterator[Shot]:
    for one in held:
        yield Shot(one.front, one.asks, f"of a session, {one.kind}")
        yield Shot(one.back, one.answers, f"answer of a session, {one.kind}")
        version = one.asks.version
        told = Head(one.asks.destination, one.asks.source, ICMP if version == 4 else ICMP6, 3 << 8 | 1)
        yield Shot(one.back, told, f"error about a session, {one.kind}", quote=one.asks)


__all__ = ["OLD", "SYN", "Aim", "addresses_in", "aimed", "parse_address"]
