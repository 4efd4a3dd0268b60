"""Where a volley's packets are seen, told apart by their tokens."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from segctl.model.ranges import V6
from tests.mutation.shots import Shot, body, number_of
from tests.packets.truth.bodies import ICMP, ICMP6, RST, TCP

INPUT = "input"  # a socket of the gateway got it
ANSWER = "answer "  # what the gateway said about it
REPLY = "reply "  # what the gateway's own stack answered
_NO_WAY = {4: (b"\3\0", b"\3\1"), 6: (b"\1\0", b"\1\3")}  # no route, no neighbour: no word of the rules

Seen = frozenset[str]
"""Interfaces by which a packet left, INPUT, and what was said about it."""


@dataclass(slots=True)
class Loaded:
    """Shots made into bytes: numbers from `first` on."""

    shots: list[Shot] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, shots: Iterable[Shot], first: int = 1) -> "Loaded":
        """`first`: the number of the first."""
        held = list(shots)
        return cls(held, [body(shot, first + at) for at, shot in enumerate(held)])


@dataclass(slots=True)
class Note:
    """Writes down where a volley's packets are seen. `first`: the number of the first, as its token has it.

    resets: the ends of a segment that would answer one of them, and its place.
    """

    loaded: Loaded
    seen: list[set[str] | None]
    first: int
    resets: dict[tuple[int, int, int, int], int] = field(default_factory=dict)

    def expect(self, at: int, shot: Shot) -> None:
        """It is about to be sent."""
        if shot.head.protocol == TCP:
            head = shot.head
            self.resets[head.destination, head.source, head.tail & 0xFFFF, head.head] = at

    def all(self) -> list[Seen]:
        """Of each where it was seen."""
        return [frozenset(one or ()) for one in self.seen]

    def came(self, protocol: int, packet: bytes) -> None:
        """Into the gateway itself: the packet, or what the gateway says to itself about one of its own."""
        number = number_of(packet)
        at = -1 if number is None else number - self.first
        if 0 <= at < len(self.seen):
            head = self.loaded.shots[at].head
            if head.version == 4:
                same = _same_ends(packet, self.loaded.bodies[at])
            else:
                same = protocol == head.protocol and (protocol != ICMP6 or packet[0] == head.head >> 8)
            self._add(number, INPUT if same else ANSWER + "icmp")

    def left(self, name: str, packet: bytes) -> None:
        number = number_of(packet)
        at = -1 if number is None else number - self.first
        if 0 <= at < len(self.seen):
            if _same_ends(packet, self.loaded.bodies[at]):
                self._add(number, name)
            elif (
                _protocol(packet) in (ICMP, ICMP6)
                and self.loaded.shots[at].head.protocol in (ICMP, ICMP6)
                and (_kind(packet) in (0, 129))
            ):
                self._add(number, REPLY + name)
            elif packet[_at(packet) : _at(packet) + 2] not in _NO_WAY[packet[0] >> 4]:
                self._add(number, ANSWER + "icmp " + name)
        elif _protocol(packet) == TCP and _flags(packet) & RST:
            found = self.resets.get(_ends(packet))
            if found is not None:
                here = self.seen[found]
                self._add(found + self.first, (REPLY if here and INPUT in here else ANSWER) + "reset " + name)

    def _add(self, number: int | None, place: str) -> None:
        at = -1 if number is None else number - self.first
        if 0 <= at < len(self.seen):
            here = self.seen[at]
            if here is None:
                self.seen[at] = {place}
            else:
                here.add(place)


def _same_ends(packet: bytes, sent: bytes) -> bool:
    if packet[0] >> 4 == 4:
        return packet[12:20] == sent[12:20] and packet[9] == sent[9]
    return packet[8:40] == sent[8:40]


def _at(packet: bytes) -> int:
    """Where the transport header begins."""
    if packet[0] >> 4 == 4:
        return (packet[0] & 15) * 4
    return 48 if packet[6] in (0, 43, 44, 60) else 40


def _protocol(packet: bytes) -> int:
    if packet[0] >> 4 == 4:
        return packet[9]
    return packet[40] if packet[6] in (0, 43, 44, 60) else packet[6]


def _kind(packet: bytes) -> int:
    return packet[_at(packet)]


def _flags(packet: bytes) -> int:
    at = _at(packet) + 13
    return packet[at] if at < len(packet) else 0


def _ends(packet: bytes) -> tuple[int, int, int, int]:
    at = _at(packet)
    if packet[0] >> 4 == 4:
        source, destination = int.from_bytes(packet[12:16], "big"), int.from_bytes(packet[16:20], "big")
    else:
        source, destination = V6 + int.from_bytes(packet[8:24], "big"), V6 + int.from_bytes(packet[24:40], "big")
    return source, destination, *struct.unpack_from("!HH", packet, at)
