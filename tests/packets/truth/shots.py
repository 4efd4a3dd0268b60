"""Random packets, what must be said on their connections before, and what conntrack then says of them.

Each packet has a connection of its own, so that none in a volley changes what is true of another.
"""

from dataclasses import dataclass, field
from random import Random

from segctl.model.packet import Packet, Way
from segctl.model.ranges import family
from tests.packets.truth import bodies as b
from tests.packets.truth.dissect import Spoken, packet_of
from tests.packets.truth.draw import Draw
from tests.packets.truth.fresh import BEGINNING, ICMP_OF, KINDS, OTHERS, Fresh, broken
from tests.packets.truth.hints import Hints
from tests.packets.truth.talks import MOST_MARKS, Talk
from tests.packets.truth.wire import Frame
from tests.packets.truth.world import SIDES, Side, side_of

Key = tuple[int, ...]
Ends = tuple[int, int]
_ERRORS = {4: (3, 3, 11, 12), 6: (1, 2, 3, 4)}
_TALKING = (16, 24, 17, 48)  # flags of an open TCP connection
_WAYS = (Way.FORWARD,) * 6 + (Way.INPUT,) * 2 + (Way.OUTPUT,) * 2


@dataclass(frozen=True, slots=True)
class Shot:
    """One packet: the frames that carry it, what is said before the rules are there, what the evaluator is told.

    `keys`: the connections that it touches. `answerable`: who refuses it answers. `kind`: how it was drawn.
    """

    number: int
    packet: Packet
    frames: tuple[Frame, ...]
    before: tuple[Frame, ...]
    keys: frozenset[Key]
    answerable: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Taste:
    """What a volley may hold: packets in fragments that conntrack joins, or fragments that nobody joins.

    `tracked` false: conntrack doesn't look, so nothing is said before. `joined`: no rule sees packets before it does.
    """

    tracked: bool = True
    joined: bool = True


@dataclass(slots=True)
class Drawer:
    """Draws the packets of one volley; `marks` are those of its connections, by their numbers."""

    rng: Random
    hints: Hints
    volley: int
    taste: Taste
    marks: list[int] = field(default_factory=lambda: [0])
    _taken: set[Key] = field(default_factory=set)

    def shots(self, count: int) -> list[Shot]:
        """That many, numbered from 0."""
        out: list[Shot] = []
        while len(out) < count:
            shot = self._shot(len(out))
            if self._taken.isdisjoint(shot.keys):
                self._taken |= shot.keys
                out.append(shot)
        return out

    def _shot(self, number: int) -> Shot:
        rng, draw = self.rng, Draw(self.rng, self.hints, b.token(self.volley, number))
        way, version = rng.choice(_WAYS), rng.choice((4, 6))
        entry = None if way is Way.OUTPUT else rng.choice(SIDES)
        ends = draw.ends(way, version)
        make = _Maker(self, draw, number, way, entry)
        if not self.taste.tracked:
            piece = way is Way.FORWARD and rng.random() < 0.4
            return make.piece(ends) if piece else make.fresh(ends)
        drawn = rng.random()
        if drawn < 0.5:
            return make.fresh(ends)
        return make.spoken(ends) if drawn < 0.9 else make.related(ends)

    def mark(self, draw: Draw) -> tuple[int, int]:
        """A connection's mark, and its number."""
        mark = draw.hints.pick(draw.rng, "mark", lambda: draw.rng.choice((0, 1, 0xFF, 0x10002)), 0xFFFFFFFF, 0.7)
        if mark not in self.marks:
            if len(self.marks) == MOST_MARKS:
                mark = draw.rng.choice(self.marks)
            else:
                self.marks.append(mark)
        return mark, self.marks.index(mark)


@dataclass(slots=True)
class _Maker:
    """Makes one shot."""

    drawer: Drawer
    draw: Draw
    number: int
    way: Way
    entry: Side | None

    def shot(
        self, kind: str, body: bytes, spoken: Spoken, keys: set[Key], answerable: bool, before: tuple[Frame, ...] = (),
        pieces: tuple[bytes, ...] = (),
    ) -> Shot:  # fmt: skip
        """The shot around a packet; `pieces` are sent in its place."""
        entry, (mark, priority) = self.entry, self.draw.local(self.way)
        mac = b""
        if entry is not None:
            mac = entry.mac + entry.far_mac + (b"\x08\x00" if body[0] >> 4 == 4 else b"\x86\xdd")
        oif = "" if self.way is Way.INPUT else side_of(b.destination(body)).name
        packet = packet_of(body, self.way, entry.name if entry else "", oif, spoken, mark, priority, mac)
        frames = tuple(Frame(one, entry, mark, priority) for one in pieces or (body,))
        return Shot(self.number, packet, frames, before, frozenset(keys), answerable, kind)

    def fresh(self, ends: Ends) -> Shot:
        """The first packet of its connection, or one that can't be any's."""
        rng = self.draw.rng
        kind = rng.choices(tuple(KINDS), tuple(often for often, _ in KINDS.values()))[0]
        fresh = KINDS[kind][1](self.draw, ends)
        if self.way is not Way.OUTPUT and kind in ("tcp", "udp") and self.drawer.taste.tracked and rng.random() < 0.04:
            kind, fresh = f"broken {kind}", broken(fresh)
        keys = _keys(fresh.protocol, ends, fresh.ports, fresh.back)
        joined = self.drawer.taste.tracked and self.drawer.taste.joined and self.way is Way.FORWARD
        if joined and len(fresh.rest) >= 56 and not kind.startswith("broken") and rng.random() < 0.3:
            body = self.draw.packet(ends, fresh.protocol, fresh.rest, plain=True)
            return self.shot(f"joined {kind}", body, _spoken(fresh, ends), keys, False, pieces=_split(body, rng))
        body = self.draw.packet(ends, fresh.protocol, fresh.rest)
        return self.shot(kind, body, _spoken(fresh, ends), keys, fresh.answerable)

    def piece(self, ends: Ends) -> Shot:
        """A fragment that nobody joins."""
        rng = self.draw.rng
        fresh = KINDS[rng.choice(("tcp", "udp", "icmp"))][1](self.draw, ends)
        offset, more = rng.choice(((0, True), (0, True), (3, True), (5, False), (0, False)))
        if not self.drawer.taste.joined:  # at egress the kernel reads yet other bytes of a later IPv6 fragment
            offset = 0
        rest = fresh.rest if not offset else self.draw.payload()
        if more:  # all but the last hold a multiple of 8 bytes; the token stays at the end
            rest = rest[: -b.TOKEN.size] + bytes(-len(rest) % 8) + rest[-b.TOKEN.size :]
        if family(ends[0]) == 4:
            body = b.ipv4(*ends, fresh.protocol, rest, fragment=more << 13 | offset, ident=self.number + 1)
        else:
            header = b.fragment_header(offset, more, self.number + 1)
            body = b.ipv6(*ends, fresh.protocol, rest, extensions=((b.FRAGMENT, header),))
        keys = _keys(fresh.protocol, ends, fresh.ports, fresh.back)
        return self.shot(f"piece {offset} {more:d}", body, Spoken("untracked"), keys, False)

    def talk(self, ends: Ends, back: bool) -> Talk:
        """A connection on which a packet with these ends is the next one, or, `back`, the answer."""
        rng, version = self.draw.rng, family(ends[0])
        icmp = ICMP_OF[version]
        protocol = rng.choice((b.TCP, b.TCP, b.UDP, b.UDP, icmp, rng.choice(OTHERS[version])))
        ports = self.draw.ports() if protocol in (b.TCP, b.UDP) else (0, 0)
        answer = ports[::-1]
        if protocol == icmp:
            ident, kind = rng.randrange(1 << 16), BEGINNING[version][0]
            ports, answer = (ident, kind << 8), (ident, (129 if version == 6 else 0) << 8)
        here, there = self.entry, None if self.way is Way.INPUT else side_of(ends[1])
        sides = (there, here) if back else (here, there)
        return Talk(protocol, ends[::-1] if back else ends, ports, answer, sides, *self.drawer.mark(self.draw))

    def spoken(self, ends: Ends) -> Shot:
        """A packet of a connection on which something was said before, in its first direction or back."""
        rng = self.draw.rng
        back, answered = rng.random() < 0.5, rng.random() < 0.7
        talk = self.talk(ends, back)
        flags = rng.choice(_TALKING) if answered else b.SYN | b.ACK if back else b.SYN
        rest = talk.rest(back, self.draw.payload(), flags)
        said = _of_talk(talk, "established" if answered or back else "new", back)
        kind = f"{'answered' if answered else 'asked'} {'back' if back else 'again'} {talk.protocol}"
        answerable = talk.protocol in (b.TCP, b.UDP, b.ICMP, b.ICMP6)
        body = self.draw.packet(ends, talk.protocol, rest)
        return self.shot(kind, body, said, _keys_of(talk), answerable, talk.said(answered))

    def related(self, ends: Ends) -> Shot:
        """An ICMP error that quotes a connection, to who sent what it quotes; from wherever (RFC 792, 4443)."""
        rng, version = self.draw.rng, family(ends[0])
        back, answered = rng.random() < 0.5, rng.random() < 0.7
        talk = self.talk(ends, back)
        inner_back = not back  # it quotes a packet of the other direction
        source = ends[0] if rng.random() < 0.4 or self.way is Way.OUTPUT else self.draw.host(version)
        if source == ends[1]:
            source = ends[0]
        quoted = talk.whole(inner_back, b.ACK)
        code = self.draw.hints.pick(rng, "code", lambda: rng.choice((0, 1, 3, 4)), 255, 0.2)
        error = rng.choice(_ERRORS[version])
        rest = b.icmp((source, ends[1]), error, code, 1300 if error == 3 else 0, quoted + self.draw.token)
        body = self.draw.packet((source, ends[1]), ICMP_OF[version], rest, plain=True)
        said = _of_talk(talk, "related", back)
        return self.shot(f"related {talk.protocol}", body, said, _keys_of(talk), False, talk.said(answered))


def _spoken(fresh: Fresh, ends: Ends) -> Spoken:
    if fresh.state != "new":
        return Spoken(fresh.state)
    return Spoken("new", "original", 0, ends, fresh.ports, fresh.back, fresh.protocol)


def _of_talk(talk: Talk, state: str, back: bool) -> Spoken:
    direction = "reply" if back else "original"
    return Spoken(state, direction, talk.mark, talk.ends, talk.ports, talk.back, talk.protocol)


def _keys(protocol: int, ends: Ends, ports: tuple[int, int], back: tuple[int, int]) -> set[Key]:
    """Both directions' tuples; of protocols without ports the addresses alone."""
    return {(protocol, *ends, *ports), (protocol, *ends[::-1], *back)}


def _keys_of(talk: Talk) -> set[Key]:
    return _keys(talk.protocol, talk.ends, talk.ports, talk.back)


def _split(body: bytes, rng: Random) -> tuple[bytes, bytes]:
    """A plain packet as two fragments, the first the longer, as the router will send it on; the token is in the second.

    `body` has no options or extension headers and may be split.
    """
    four = body[0] >> 4 == 4
    at = 20 if four else 40
    rest = body[at:]
    cut = (len(rest) - 16) // 8 * 8
    if four:
        word = body[8], body[1], int.from_bytes(body[4:6], "big")
        ends = int.from_bytes(body[12:16], "big"), int.from_bytes(body[16:20], "big")

        def piece(part: bytes, fragment: int) -> bytes:
            return b.ipv4(*ends, body[9], part, ttl=word[0], tos=word[1], ident=word[2], fragment=fragment)

        return piece(rest[:cut], 0x2000), piece(rest[cut:], cut // 8)
    ident = rng.randrange(1 << 32)

    def six(part: bytes, offset: int, more: bool) -> bytes:
        header = bytes((body[6],)) + b.fragment_header(offset, more, ident)
        length = len(header) + len(part)
        return body[:4] + length.to_bytes(2, "big") + bytes((b.FRAGMENT,)) + body[7:40] + header + part

    return six(rest[:cut], 0, True), six(rest[cut:], cut // 8, False)
