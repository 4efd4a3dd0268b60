"""Packets chosen with knowledge of a mutant: whatever its changed lines name, and what stands just beside it."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from segctl.model.ranges import V6, family, parse_address
from tests.mutation.ground import Asked, Ground, Host, asks, span
from tests.mutation.places import MISROUTE, STRAY
from tests.mutation.sessions import OLD, SWAPPED, Session, apart
from tests.mutation.shots import ACK, LOCAL, PLAIN, PORTED, SYN, Head, Shot
from tests.mutation.tables import Table
from tests.packets.truth.bodies import ICMP, ICMP6, TCP, UDP

_PORT = 48_000
_SPECIAL = {
    4: tuple(map(parse_address, ("169.254.7.7", "169.254.8.8"))),
    6: tuple(map(parse_address, ("::ffff:1.2.3.4", "::ffff:1.2.3.5"))),
}
_ADDRESS = re.compile(r"(?<![\w:.])((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.:]*)(/\d+)?(?![\w:])")


Live = tuple[str, str, int]
"""In, out (LOCAL: the gateway itself) and number."""


def lives(table: Table) -> set[Live]:
    """What a table has in its live sets."""
    found = {(a.strip('"'), b.strip('"'), int(n, 16)) for a, b, n in (item.key for item in table.groups["live"].items)}
    for face, number in (item.key for item in table.groups["live_own"].items):
        found |= {(face.strip('"'), LOCAL, int(number, 16)), (LOCAL, face.strip('"'), int(number, 16))}
    return found


@dataclass(frozen=True, slots=True)
class Aim:
    """What a mutant's change names. `numbers`: connection marks; `kin`: those of the same lines between other
    interfaces; `ways`: pairs of interfaces.
    """

    addresses: tuple[int, ...] = ()
    services: tuple[Asked, ...] = ()
    numbers: tuple[int, ...] = ()
    ways: tuple[tuple[str, str], ...] = ()
    kin: tuple[int, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the original rules: services that tell, what lives where, what each number was given to, and of
    each service some connections that are let through.
    """

    services: tuple[Asked, ...]
    live: Collection[Live]
    numbered: Mapping[int, Sequence[Head]]
    passed: Mapping[Asked, Sequence[Session]]


def aimed(ground: Ground, aim: Aim, known: Known, seed: int) -> tuple[list[Session], list[Shot]]:
    """Sessions to be made before, and shots.

    A connection with such a number was let through for what the number stands for, and none is made up: the sessions of
    the common batch have got theirs from the rules. Any other mark may be there, from an earlier generation.
    """
    chosen = Random(seed)
    held = [
        one
        for one in apart([*aimed_sessions(ground, aim, chosen), *_of_services(aim, known)])
        if (one.front, one.back, one.mark & ~SWAPPED) not in known.live
    ]
    some = list(known.services)
    shots = [*_addressed(ground, aim, some, chosen), *_asked(ground, aim), *_spoken(ground, held)]
    shots += [*_begun(ground, aim, some, chosen), *_as_kin(ground, aim, known)]
    return held, shots


def _addressed(ground: Ground, aim: Aim, known: list[Asked], chosen: Random) -> Iterator[Shot]:
    """From and to each address, all services that anybody may ask for; in by each interface."""
    for address in aim.addresses:
        lone = ground.host_of(address)
        version = family(address)
        own = ground.places.own(version)
        if address in own:
            yield from _own(ground, address, known)
            yield from _elsewhere(ground, address, known, chosen)
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
    ours = address in ground.places.own(version)
    for face in ground.faces:
        number = ground.places.faces[face].number
        for host in chosen.sample(ground.hosts[version], min(6, len(ground.hosts[version]))):
            for service in chosen.sample(some, min(6, len(some))):
                ask = asks(service, _PORT + 2 + number)
                yield Shot(face, Head(address, host.address(1), *ask), "from a changed address elsewhere")
                if not ours:
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


def aimed_sessions(ground: Ground, aim: Aim, chosen: Random) -> Iterator[Session]:
    """Connections with each number between all interfaces; between those that are named, of several pairs of hosts."""
    faces = [face for face in ground.faces if face != STRAY]
    every = [(a, b) for a in faces for b in faces]
    for at, number in enumerate(dict.fromkeys(aim.numbers)):
        for hosts in ground.hosts.values():
            first = {host.face: host for host in reversed(hosts)}
            for front, back in every if not aim.ways else []:
                if front in first and back in first:
                    yield from _numbered(ground, first[front], first[back], (front, back), number, at)
            for front, back in aim.ways:
                for source in [*_behind(hosts, front, 2), *chosen.sample(hosts, min(4, len(hosts)))]:
                    for target in [*_behind(hosts, back, 2), *chosen.sample(hosts, min(4, len(hosts)))]:
                        yield from _numbered(ground, source, target, (front, back), number, at)
            for face in dict.fromkeys(face for way in aim.ways or every for face in way):
                for source in [
                    *_behind(hosts, face, 1),
                    *chosen.sample(hosts, 1 if not aim.ways else min(3, len(hosts))),
                ]:
                    yield from _numbered(ground, source, None, (face, LOCAL), number, at)


def _begun(ground: Ground, aim: Aim, known: list[Asked], chosen: Random) -> Iterator[Shot]:
    """Connections between the named interfaces that begin under the rules: opening, answer, error.

    Of hosts that live there, of others, and of special addresses, whose packets pass where both ends observe.
    """
    for version, hosts in ground.hosts.items():
        some = [one for one in known if one[0] not in ((ICMP6,) if version == 4 else (ICMP,))]
        odd = Host(version, STRAY, "special", _SPECIAL[version])
        for at, (front, back) in enumerate(aim.ways):
            if LOCAL in (front, back) or front == back == STRAY:
                continue
            sources = [*_behind(hosts, front, 2), *chosen.sample(hosts, min(4, len(hosts))), odd]
            targets = [*_behind(hosts, back, 2), *chosen.sample(hosts, min(4, len(hosts))), odd]
            for source in dict.fromkeys(sources):
                for target in dict.fromkeys(targets):
                    for service in dict.fromkeys([(UDP, 9), *chosen.sample(some, min(3, len(some)))]):
                        head = Head(source.address(0), target.address(1), *asks(service, _PORT + 900 + at))
                        yield from _beginning(ground, head, front, back)


def _of_services(aim: Aim, known: Known) -> Iterator[Session]:
    """Connections for the changed services that have no number, or one of an earlier generation."""
    for service in aim.services:
        for turn, one in enumerate(known.passed.get(service, ()) if service[0] in PORTED else ()):
            for mark in (0, OLD):
                port = _PORT + 1400 + 2 * turn + (mark == 0)
                yield replace(one, asks=replace(one.asks, head=port), mark=mark, kind=f"changed service, {mark:#x}")


def _as_kin(ground: Ground, aim: Aim, known: Known) -> Iterator[Shot]:
    """What the lines of the changed numbers let through somewhere, between the changed interfaces."""
    for number in dict.fromkeys((*aim.numbers, *aim.kin)):
        for turn, head in enumerate(known.numbered.get(number, ())):
            moved = replace(head, head=_PORT + 1300 + turn) if head.protocol in PORTED else head
            for front, back in aim.ways:
                if LOCAL not in (front, back) and not front == back == STRAY:
                    yield from _beginning(ground, moved, front, back)


def _beginning(ground: Ground, head: Head, front: str, back: str) -> Iterator[Shot]:
    if head.source == head.destination:
        return
    answers = head.answered()
    yield Shot(front, head, "begins between changed interfaces", channel=_towards(ground, head, back))
    yield Shot(back, answers, "answers", channel=_towards(ground, answers, front))
    protocol, kind = (ICMP, 3) if head.version == 4 else (ICMP6, 1)
    for quoted, way, to in ((head.with_flags(ACK), back, front), (answers, front, back)):
        for teller in (quoted.destination, *(host.address(6) for host in _behind(ground.hosts[head.version], way, 1))):
            told = Head(teller, quoted.source, protocol, kind << 8 | 1)
            yield Shot(way, told, "error about it", quote=quoted, channel=_towards(ground, told, to))


def _behind(hosts: Iterable[Host], face: str, most: int) -> list[Host]:
    return [host for host in hosts if host.face == face][:most]


def _numbered(
    ground: Ground, source: Host, target: Host | None, way: tuple[str, str], number: int, at: int
) -> Iterator[Session]:
    own = ground.places.own(source.version)[0]
    for turn, (protocol, mark) in enumerate(((UDP, number), (UDP, number | SWAPPED), (TCP, number))):
        ends = source.address(4), target.address(5) if target else own
        port = _PORT + 200 + 600 * (protocol == TCP) + at + 20 * (target is None)
        if ends[0] != ends[1]:
            head = Head(*ends, protocol, port, 9 + (turn == 1), ACK)
            yield Session(head, *way, mark, f"numbered {mark:#x}")


def _spoken(ground: Ground, held: Iterable[Session]) -> Iterator[Shot]:
    """Of half the sessions the answer comes first: what is let through gives a session a number that lives."""
    for one in held:
        both = [
            Shot(one.front, one.asks, f"of a session, {one.kind}", channel=_towards(ground, one.asks, one.back)),
            Shot(one.back, one.answers, f"answer, {one.kind}", channel=_towards(ground, one.answers, one.front)),
        ]
        version = one.asks.version
        protocol, kind = (ICMP, 3) if version == 4 else (ICMP6, 1)
        told = Head(one.asks.destination, one.asks.source, protocol, kind << 8 | 1)
        error = Shot(one.back, told, f"error, {one.kind}", quote=one.asks, channel=_towards(ground, told, one.front))
        yield from [error, *both[::-1]] if one.asks.protocol == TCP else [*both, error]


def _towards(ground: Ground, head: Head, face: str) -> int:
    """The channel by which a packet goes out there."""
    if face == LOCAL or ground.places.face_of(head.destination) == face:
        return PLAIN
    return MISROUTE + ground.places.faces[face].number


__all__ = ["OLD", "SYN", "Aim", "addresses_in", "aimed", "parse_address"]
