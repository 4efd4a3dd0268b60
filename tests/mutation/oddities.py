"""Packets that are no orderly beginning, and no orderly neighbours: starts of TCP, forged sources, special addresses,
foreign marks, untracked packets, what is essential and what is nearly so, extension headers, loopback.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from random import Random

from segctl.model.ranges import V6, Ranges, family, parse_address
from segctl.model.service import port_of, protocol_of
from segctl.policy.essentials import Essential
from tests.mutation.ground import Ground, Host, asks
from tests.mutation.helpers import MARKS
from tests.mutation.places import MISROUTE, STRAY
from tests.mutation.shots import ACK, BADSUM, FIN, FOREIGN, LOCAL, RST, SYN, UNTRACK, Head, Shot
from tests.mutation.sweeps import Found
from tests.packets.truth.bodies import ICMP, ICMP6, PSH, TCP, UDP, URG

_PORT = 46_000
_FLAGS = (ACK, SYN | ACK, FIN, RST, FIN | ACK, PSH | ACK, SYN | FIN, 0, SYN | 0xC0, SYN | PSH, SYN | URG, SYN | RST)
_SPECIALS = {
    4: ("0.0.0.0", "127.0.0.1", "169.254.7.7", "224.0.0.5", "239.1.1.1", "255.255.255.255", "169.253.255.255",
        "169.255.0.0", "128.0.0.0", "223.255.255.255", "240.0.0.1", "0.0.0.1", "255.255.255.254", "126.255.255.255"),
    6: ("::", "::1", "::2", "fe80::7", "febf::1", "fec0::1", "ff02::1", "ff02::5", "ff05::7", "::ffff:1.2.3.4",
        "::fffe:1.2.3.4", "::1:0:0:0", "fe7f::1", "feff::1"),
}  # fmt: skip


def oddities(ground: Ground, found: Iterable[Found], essentials: Iterable[Essential], seed: int = 11) -> list[Shot]:
    """All of them, in the same order for the same seed."""
    held, chosen = list(found), Random(seed)
    pairs = _pairs(held, chosen)
    return [
        *starts(pairs),
        *bindings(ground, pairs, chosen),
        *specials(ground, chosen),
        *_lives(ground, essentials, chosen),
        *local(ground),
        *headers(pairs),
    ]


def _pairs(found: list[Found], chosen: Random) -> list[tuple[Found, bool]]:
    """For each pair of groups up to two allowed questions (one of TCP), and one that is not."""
    best: dict[object, list[tuple[Found, bool]]] = {}
    mixed = found[:]
    chosen.shuffle(mixed)
    for one in mixed:
        head = one.cell.shot.head
        protocol = "tcp" if head.protocol == TCP else "other"
        if head.protocol in (TCP, UDP) or one.passed:
            key = (one.cell.source, one.cell.destination, one.passed, protocol)
            best.setdefault(key, [(one, one.passed)])
    return [row for rows in best.values() for row in rows]


def starts(pairs: Iterable[tuple[Found, bool]]) -> Iterator[Shot]:
    """TCP that does not begin with SYN; what conntrack calls invalid; what nobody tracked; foreign marks."""
    for turn, (one, _) in enumerate(pairs):
        shot = one.cell.shot
        head = shot.head
        if head.protocol == TCP:
            flags = _FLAGS if one.passed else _FLAGS[turn % 2 : 6 : 2]
            for at, value in enumerate(flags):
                yield replace(shot, head=replace(head, head=_PORT + at, flags=value), why="start of TCP")
        if head.protocol in (TCP, UDP):
            bad = replace(head, head=_PORT + 20, tail=head.tail | BADSUM)
            yield replace(shot, head=bad, why="bad checksum")
            other = replace(head, head=_PORT + 21)
            yield replace(shot, head=other, channel=UNTRACK, why="untracked")
            for at in range(turn % 3, len(MARKS), 3):
                marked = replace(head, head=_PORT + 30 + at)
                if shot.face == LOCAL:
                    yield replace(shot, head=marked, mark=MARKS[at], priority=MARKS[at], why="foreign mark")
                else:
                    yield replace(shot, head=marked, channel=FOREIGN + at, tos=8 * at, why="foreign mark")
        if head.protocol in (ICMP, ICMP6):
            answer = replace(head.answered(), source=head.source, destination=head.destination)
            yield replace(shot, head=answer, why="answer to nothing")


def bindings(ground: Ground, pairs: Iterable[tuple[Found, bool]], chosen: Random) -> Iterator[Shot]:
    """What one may ask by its own interface, by each other one; and out by each other one."""
    for one, passed in pairs:
        if not passed:
            continue
        shot, head = one.cell.shot, one.cell.shot.head
        moved = replace(head, head=_PORT + 50) if head.protocol in (TCP, UDP) else head
        others = [face for face in ground.faces if face != shot.face]
        for face in [*chosen.sample(others[:-1], min(4, len(others) - 1)), STRAY]:
            if shot.face != LOCAL:
                yield replace(shot, head=moved, face=face, why="forged source")
            if one.cell.destination is None or face == one.cell.destination.face:
                continue
            number = ground.places.faces[face].number
            out = replace(moved, head=_PORT + 60 + number) if head.protocol in (TCP, UDP) else moved
            if shot.face == LOCAL:
                yield replace(shot, head=out, oif=face, why="out by a wrong interface")
            else:
                yield replace(shot, head=out, channel=MISROUTE + number, why="out by a wrong interface")


def specials(ground: Ground, chosen: Random) -> Iterator[Shot]:
    """From and to special addresses and those beside them, through, in, and out."""
    for version, words in _SPECIALS.items():
        hosts = ground.hosts[version]
        networks = ground.places.point.interfaces.values()
        ends = [a.network()[1] for i in networks for a in i.addresses if family(a.address) == version and version == 4]
        for address in dict.fromkeys([*map(parse_address, words), *ends, *(end - 1 for end in ends)]):
            for host in hosts:
                yield from _special(ground, host, address, chosen)


def _special(ground: Ground, host: Host, address: int, chosen: Random) -> Iterator[Shot]:
    other = chosen.choice(ground.hosts[host.version])
    own = ground.places.own(host.version)[0]
    number = ground.places.faces[other.face].number
    for service in chosen.sample(ground.services[host.version], 3):
        ask = asks(service, _PORT + 100)
        yield Shot(host.face, Head(address, other.address(2), *ask), "from a special address")
        yield Shot(host.face, Head(address, own, *ask), "from a special address, in")
        yield Shot(host.face, Head(host.address(2), address, *ask), "to a special address", channel=MISROUTE + number)
        yield Shot(host.face, Head(host.address(2), address, *ask), "to a special address, in")
        yield Shot(LOCAL, Head(address, host.address(3), *ask), "from a special address, out", oif=host.face)
        yield Shot(LOCAL, Head(own, address, *ask), "to a special address, out", oif=host.face)


def _lives(ground: Ground, essentials: Iterable[Essential], chosen: Random) -> Iterator[Shot]:
    """What a link lives on, in and out; and the same with another hop limit, another end, by another interface."""
    for row in essentials:
        if row.point not in (ground.places.point.name, None) or row.interface is None:
            continue
        for place in _few(row.traffic, 4):
            for source in _few(row.source, 4):
                own = ground.places.faces[row.interface].link_local
                for destination in [*_few(row.destination, 4), *([own] if own in row.destination else [])]:
                    if family(source) == family(destination):
                        yield from _live(ground, row, place, source, destination, chosen)


def _live(ground: Ground, row: Essential, place: int, source: int, destination: int, chosen: Random) -> Iterator[Shot]:
    assert row.interface is not None
    ask = asks((protocol_of(place), port_of(place)), port_of(place) if protocol_of(place) == UDP else _PORT)
    head = Head(source, destination, *ask)
    hops = row.hop_limit or 64
    wrong = chosen.choice([face for face in ground.faces if face != row.interface])
    beside = replace(head, tail=head.tail + 1) if head.protocol == UDP else replace(head, head=head.head + 0x2000)
    why = f"essential: {row.name}"
    yield Shot(row.interface, head, why, hops=hops)
    yield Shot(LOCAL, head, why, oif=row.interface, hops=hops)
    for far in (wrong, STRAY):
        yield Shot(far, head, f"not {why}", hops=hops)
        yield Shot(LOCAL, head, f"not {why}", oif=far, hops=hops)
    for other_hops in (hops - 1, hops + 1 if hops < 255 else 64):
        yield Shot(row.interface, head, f"not {why}", hops=other_hops)
        yield Shot(LOCAL, head, f"not {why}", oif=row.interface, hops=other_hops)
    yield Shot(row.interface, beside, f"not {why}", hops=hops)
    yield Shot(LOCAL, beside, f"not {why}", oif=row.interface, hops=hops)
    host = chosen.choice(ground.hosts[head.version])
    for other in (replace(head, source=host.address(4)), replace(head, destination=host.address(4))):
        yield Shot(row.interface, other, f"not {why}", hops=hops)
        yield Shot(LOCAL, other, f"not {why}", oif=row.interface, hops=hops)


def _few(some: Ranges, most: int) -> list[int]:
    """First and last of the first ranges; of long ones also an inner member."""
    found: list[int] = []
    for first, last in some.spans:
        found += [first, last] if last - first < 3 else [first + 1, last - 1]
    unique = list(dict.fromkeys(found))
    return unique[: most // 2] + unique[-(most - most // 2) :] if len(unique) > most else unique


def local(ground: Ground) -> Iterator[Shot]:
    """What the gateway says to itself, and what others say to the gateway's undeclared address."""
    for version in (4, 6):
        own = ground.places.own(version)
        loop = parse_address("127.0.0.1" if version == 4 else "::1")
        for source, destination in ((own[0], own[0]), (own[0], own[-1]), (loop, loop), (own[-1], own[0])):
            for service in (
                (TCP, 22),
                (UDP, 53),
                (ICMP if version == 4 else ICMP6, 8 if version == 4 else 128),
                (47, 0),
            ):
                yield Shot(LOCAL, Head(source, destination, *asks(service, _PORT + 300)), "over loopback")
        for service in ((TCP, 22), (TCP, 443), (UDP, 53), (47, 0)):
            ask = asks(service, _PORT + 301)
            yield Shot(STRAY, Head(own[-1] + 5, own[0], *ask), "in by an undeclared interface")
            yield Shot(LOCAL, Head(own[-1], own[-1] + 5, *ask), "out by an undeclared interface", oif=STRAY)
            for host in ground.hosts[version]:
                yield Shot(STRAY, Head(own[-1] + 6, host.address(5), *ask), "in by an undeclared interface")
                out = MISROUTE + ground.places.faces[STRAY].number
                yield Shot(host.face, Head(host.address(5), own[-1] + 7, *ask), "out by an undeclared one", channel=out)


def headers(pairs: Iterable[tuple[Found, bool]]) -> Iterator[Shot]:
    """Another hop limit than all others, other lengths; IPv6 with extension headers before what is asked."""
    for turn, (one, _) in enumerate(pairs):
        head = one.cell.shot.head
        if head.protocol in (TCP, UDP):
            moved, hops = replace(head, head=_PORT + 401), (33, 3)[turn % 2]
            yield replace(one.cell.shot, head=moved, hops=hops, why="other hop limit")
        if head.protocol in (TCP, UDP) and turn % 4 == 0:
            moved, length = replace(head, head=_PORT + 402), (400, 1400, 9400)[turn // 4 % 3]
            yield replace(one.cell.shot, head=moved, length=length, why="other length")
        if head.destination >= V6 and head.protocol in (TCP, UDP):
            kind = (0, 60, 44, 43)[turn % 4]
            moved = replace(head, head=_PORT + 400)
            yield replace(one.cell.shot, head=moved, extension=kind, why=f"extension header {kind}")
