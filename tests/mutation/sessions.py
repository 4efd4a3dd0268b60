"""Connections that are there before the rules are changed, and packets of them and about them afterwards.

Each is made while `helpers.PREPARE` lets all pass, so it bears the mark that we give it: the number that the rules
gave such a connection (`live`), none (`bare`), one that is in no map (`old`: as of an earlier generation), each also
with the bit that says that conntrack took its replies for its beginning (`swapped`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from segctl.model.ranges import parse_address
from tests.mutation.ground import Ground, Host, asks
from tests.mutation.places import MISROUTE, STRAY
from tests.mutation.shots import ACK, LOCAL, PORTED, Head, Shot, body
from tests.mutation.sweeps import Found
from tests.packets.truth.bodies import ICMP, ICMP6, SCTP, SYN, TCP, UDP

OLD = 0x5EAF00D1
SWAPPED = 0x80000000
LIVE, BARE, OLDER, LIVE_SWAPPED, OLD_SWAPPED = "live", "bare", "old", "live swapped", "old swapped"
_SPECIAL = {4: parse_address("169.254.7.7"), 6: parse_address("::ffff:1.2.3.4")}
_REFUSED = 0.2  # of the sessions that nothing allows: how many are forged, and spoken of in errors
FRESH, UNANSWERED = "fresh", "unanswered"
_FRESH_PORT = 44_000
_PORT = 42_000  # and up: each kind of session its own
_ERRORS = {
    4: ((3, 1), (3, 4), (4, 0), (5, 0), (11, 0), (12, 0)),
    6: ((1, 1), (2, 0), (3, 0), (4, 0), (100, 0), (137, 0)),
}


@dataclass(frozen=True, slots=True)
class Session:
    """A connection: `asks` comes in by `front` (LOCAL: the gateway's own), its answers by `back`."""

    asks: Head
    front: str
    back: str
    mark: int
    kind: str
    refused: bool = False

    @property
    def answers(self) -> Head:
        return self.asks.answered()

    @property
    def swapped(self) -> bool:
        """Whether the answering end is the first that conntrack sees."""
        return bool(self.mark & SWAPPED)


def made(sessions: Iterable[Session], swapping: bool = True) -> Iterator[tuple[Shot, bytes]]:
    """What makes them, in order: an opening, an answer, and a confirmation.

    `swapping`: of a session that is marked so, the other end opens. One that is UNANSWERED stays so.
    """
    for one in sessions:
        there = Shot(one.front, one.asks), Shot(one.back, one.answers)
        first, second = there[::-1] if one.swapped and swapping else there
        first = replace(first, head=first.head.with_flags(SYN))
        second = replace(second, head=second.head.with_flags(SYN | ACK))
        third = replace(first, head=first.head.with_flags(ACK))
        sequence = int.from_bytes(one.mark.to_bytes(4, "little"), "big")
        for shot in (first,) if one.kind == UNANSWERED else (first, second, third):
            yield shot, body(shot, 0, sequence)


def sessions(ground: Ground, found: Iterable[Found]) -> list[Session]:
    """For each number and family some connections that got it, in each kind; and of what was refused, some."""
    held = list(found)
    out: list[Session] = []
    for one in telling(ground, held):
        number = one.number or 0
        kinds = [
            (LIVE, number),
            (BARE, 0),
            (OLDER, OLD),
            (LIVE_SWAPPED, number | SWAPPED),
            (OLD_SWAPPED, OLD | SWAPPED),
        ]
        out += _of(ground, one, kinds)
    known: set[object] = set()
    for one in held:
        head = one.cell.shot.head
        ends = (one.cell.source, one.cell.destination, head.protocol)
        if not one.passed and head.protocol in (TCP, UDP, ICMP, ICMP6) and _begins(head) and ends not in known:
            known.add(ends)
            out += _of(ground, one, [(BARE, 0), (OLDER, OLD), (OLD_SWAPPED, OLD | SWAPPED)])
    return apart(out)


def telling(ground: Ground, found: Iterable[Found]) -> Iterator[Found]:
    """Of what was let through some for each number, family and kind of protocol: the first, the last, and between."""
    groups: dict[object, list[Found]] = {}
    for one in found:
        head = one.cell.shot.head
        if one.passed and one.number and head.protocol != SCTP and _begins(head):
            key = (one.number, head.version, ways(ground, one), head.protocol in (TCP, UDP))
            groups.setdefault(key, []).append(one)
    for some in groups.values():
        places = dict.fromkeys((0, len(some) // 2, len(some) - 1))
        yield from (some[place] for place in places)


def _begins(head: Head) -> bool:
    return head.protocol not in (ICMP, ICMP6) or head.head >> 8 in (8, 128)


def ways(ground: Ground, found: Found) -> tuple[str, str]:
    """The interfaces behind which the two ends are; LOCAL: it is the gateway."""
    source, destination = found.cell.source, found.cell.destination
    return (source.face if source else LOCAL), (destination.face if destination else LOCAL)


def _of(ground: Ground, found: Found, kinds: Iterable[tuple[str, int]], first: int = _PORT) -> Iterator[Session]:
    """The same ends with other ports or, where there are none, other addresses."""
    front, back = ways(ground, found)
    head = found.cell.shot.head
    swap_last = found.cell.source is not None and found.cell.destination is not None
    for at, (kind, mark) in enumerate(kinds):
        source = _other(found.cell.source, head.source, 4 + at)
        destination = _other(found.cell.destination, head.destination, 5 + at) if swap_last else head.destination
        protocol, one, two = asks(found.cell.service, first + at)
        if mark & SWAPPED and protocol in (ICMP, ICMP6):
            continue  # an answer begins nothing
        yield Session(Head(source, destination, protocol, one, two, ACK), front, back, mark, kind, not found.passed)


def _other(host: Host | None, address: int, number: int) -> int:
    return host.address(number) if host else address


def apart(found: Iterable[Session]) -> list[Session]:
    """Without those that conntrack would take for one that is there."""
    seen: set[object] = set()
    out = []
    for one in found:
        head = one.asks
        ports = (head.head, head.tail) if head.protocol in PORTED else (head.tail,) if head.protocol in (1, 58) else ()
        key = (frozenset((head.source, head.destination)), head.protocol, frozenset(ports))
        if head.source != head.destination and key not in seen:
            seen.add(key)
            out.append(one)
    return out


def shots(ground: Ground, every: Iterable[Session], seed: int = 7, most: int = 3) -> list[Shot]:
    """Packets of the sessions, from where they belong and from elsewhere; errors about them."""
    chosen = Random(seed)
    out: list[Shot] = []
    for turn, one in enumerate(every):
        rare = one.refused and chosen.random() > _REFUSED
        told = [*errors(ground, one, chosen)] if one.kind in (LIVE, OLDER, BARE) and not rare else []
        both = [
            Shot(one.front, one.asks, f"of a {one.kind} session"),
            Shot(one.back, one.answers, f"answer, {one.kind}"),
        ]
        if one.kind in (OLDER, OLD_SWAPPED):  # a packet that is let through gives the session a number that lives
            out += [*told, *(both[::-1] if one.kind == OLDER or turn % 2 else both)]
        else:
            out += [*both, *told]
        if one.kind in (LIVE, LIVE_SWAPPED, OLDER) and not rare:
            out += forged(ground, one, chosen, most)
    return out


def fresh(ground: Ground, found: Iterable[Found], seed: int = 5) -> list[Shot]:
    """Connections that begin under the rules in question: opening, answer, more of both, errors, forgeries.

    Some are not answered: for conntrack their next packets are new, too, but bear a number.
    """
    chosen = Random(seed)
    out: list[Shot] = []
    for one in telling(ground, found):
        for held in _of(ground, one, [(FRESH, 0)], _FRESH_PORT):
            opening = Shot(held.front, held.asks.with_flags(SYN), "begins")
            out += [opening, Shot(held.back, held.answers, "answers"), Shot(held.front, held.asks, "goes on")]
            out += [*errors(ground, held, chosen), *forged(ground, held, chosen, 2)]
            out += [Shot(held.front, held.asks, "goes on"), Shot(held.back, held.answers, "answers")]
        for held in _of(ground, one, [(UNANSWERED, 0)], _FRESH_PORT + 1):
            again = Shot(held.front, held.asks.with_flags(SYN), "begins, unanswered")
            opening_ = replace(held, asks=held.asks.with_flags(SYN))
            out += [again, *(shot for shot in forged(ground, opening_, chosen, 2) if shot.head == opening_.asks), again]
    return out


def forged(ground: Ground, one: Session, chosen: Random, most: int) -> Iterator[Shot]:
    """In by other interfaces, and out by others."""
    for head, way in ((one.asks, one.front), (one.answers, one.back)):
        others = [face for face in ground.faces if face != way]
        some = [*chosen.sample(others, min(most, len(others))), STRAY]
        if way != LOCAL:
            yield from (Shot(face, head, f"forged, {one.kind}") for face in some)
        far = one.back if way == one.front else one.front
        if far == LOCAL:
            continue
        wrong = [face for face in ground.faces if face != far]
        for face in [*chosen.sample(wrong, min(2, len(wrong))), STRAY]:
            if way == LOCAL:
                yield Shot(way, head, f"misrouted, {one.kind}", oif=face)
            else:
                number = ground.places.faces[face].number
                yield Shot(way, head, f"misrouted, {one.kind}", channel=MISROUTE + number)


def errors(ground: Ground, one: Session, chosen: Random) -> Iterator[Shot]:
    """ICMP errors about packets of the session: from its other end, from somebody else, by a wrong interface."""
    version = one.asks.version
    protocol = ICMP if version == 4 else ICMP6
    liars = [host for host in ground.hosts[version] if host.face not in (one.front, one.back)]
    kinds = _ERRORS[version] if one.kind == LIVE else chosen.sample(_ERRORS[version], 2 if one.kind != FRESH else 3)
    for quoted, way in ((one.asks, one.back), (one.answers, one.front)):
        for kind, code in kinds:
            told = Head(quoted.destination, quoted.source, protocol, kind << 8 | code)
            yield Shot(way, told, f"error about a {one.kind} session", quote=quoted)
        if way == LOCAL or not liars:
            continue
        liar = chosen.choice(liars)
        kind, code = chosen.choice(_ERRORS[version][:2])
        lie = Head(liar.address(6), quoted.source, protocol, kind << 8 | code)
        yield Shot(liar.face, lie, f"forged error, {one.kind}", quote=quoted)
        yield Shot(way, lie, f"error from a wrong source, {one.kind}", quote=quoted)
        odd = Head(_SPECIAL[version], quoted.source, protocol, kind << 8 | code)
        yield Shot(way, odd, f"error from a special source, {one.kind}", quote=quoted)
        told = Head(quoted.destination, quoted.source, protocol, kind << 8 | code)
        yield Shot(liar.face, told, f"error by a wrong interface, {one.kind}", quote=quoted)
