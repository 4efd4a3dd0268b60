"""Frames sent, and what became of each, told apart by tokens: one wait for a whole volley.

A far end's frame crosses the router, and is heard at another far end, before `send` returns or soon after, in the order
in which it was sent, as long as one CPU does it all. So behind a volley a sentinel is sent, which our own table turns
back where it enters: when it is heard, all that was sent before it has arrived or never will.
"""

import os
import select
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from segctl.kernel import nft
from tests.packets.truth.bodies import ICMP, ICMP6, RST, TCP, told_by
from tests.packets.truth.eye import EYE, SENTINEL, Eye
from tests.packets.truth.world import FAR_BOUNCE, SIDES, Side, World

_IP, _IP6, _EVERYTHING = 0x0800, 0x86DD, 0x0003
_STATISTICS, _IGNORE_OUTGOING, _SOL_PACKET = 6, 23, 263  # linux/if_packet.h
_PATIENCE = 5.0
_FLUSH = struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 0x5, 1, 0, 0, 0, 0)  # IPCTNL_MSG_CT_DELETE without a filter
_ROUTER_PORT = 0


class Lost(Exception):
    """Something of ours, not the rules, lost packets: nothing is known of the volley."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A packet that enters by a side; without one the router itself sends it, with that mark and priority."""

    body: bytes
    entry: Side | None
    mark: int = 0
    priority: int = 0


@dataclass(slots=True)
class Fate:
    """What became of a packet: the router's interface by which it left, or `input`; whether it was answered.

    `state` is what conntrack said of it, where it came that far.
    """

    went: str | None = None
    answered: bool = False
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """All sockets: to send at the far ends and from the router, to hear what arrives, and the eye in between."""

    world: World
    eye: Eye
    out: socket.socket
    ear: socket.socket
    own: dict[int, socket.socket]
    conntrack: socket.socket
    sentinels: list[int] = field(default_factory=lambda: [0])

    def send(self, frame: Frame) -> None:
        """One packet, out of a far end or the router."""
        if frame.entry is None:
            self._send_own(frame)
            return
        kind = _IP6 if frame.body[0] >> 4 == 6 else _IP
        side = frame.entry
        self.out.sendto(side.mac + side.far_mac + kind.to_bytes(2, "big") + frame.body, (side.far, 0))

    def _send_own(self, frame: Frame) -> None:
        """A rule that drops it may make the call fail: that is no news."""
        version = frame.body[0] >> 4
        sender = self.own[version]
        sender.setsockopt(socket.SOL_SOCKET, 36, struct.pack("=I", frame.mark))  # SO_MARK
        sender.setsockopt(socket.SOL_SOCKET, 12, struct.pack("=I", frame.priority))  # SO_PRIORITY
        try:
            if version == 4:
                sender.sendto(frame.body, (socket.inet_ntop(socket.AF_INET, frame.body[16:20]), _ROUTER_PORT))
            else:
                sender.sendto(frame.body, (socket.inet_ntop(socket.AF_INET6, frame.body[24:40]), _ROUTER_PORT, 0, 0))
        except PermissionError:
            pass

    def forget(self) -> None:
        """No connection is tracked any more."""
        self.conntrack.send(_FLUSH)
        assert struct.unpack_from("=i", self.conntrack.recv(4096), 16)[0] == 0

    def arrived(self) -> list[tuple[str, bytes]]:
        """(far end, packet) of all that was heard before a sentinel sent now."""
        self.sentinels[0] += 1
        mark = struct.pack("!HI", SENTINEL, self.sentinels[0])
        self.out.sendto(b"\2\0\0\0\0\1\2\0\0\0\0\2" + mark + bytes(46), (FAR_BOUNCE, 0))
        heard = []
        while True:
            if not select.select([self.ear], [], [], _PATIENCE)[0]:
                raise Lost("the sentinel did not come back")
            frame, (name, kind, *_) = self.ear.recvfrom(65_535)
            if name == FAR_BOUNCE and frame[12:18] == mark:
                break
            if kind in (_IP, _IP6):
                heard.append((name, frame[14:]))
        _, dropped = struct.unpack("II", self.ear.getsockopt(_SOL_PACKET, _STATISTICS, 8))
        if dropped:
            raise Lost(f"the ear lost {dropped} frames")
        return heard

    def shoot(self, frames: Iterable[Frame]) -> None:
        """Send what prepares others; what becomes of it is nobody's business."""
        for frame in frames:
            self.send(frame)
        self.arrived()
        for _ in self.eye.told():
            pass

    def fates(self, volley: int, shots: Sequence[tuple[int, Sequence[Frame]]]) -> dict[int, Fate]:
        """Send packets, each by its number in its token and in one frame or more; what became of each."""
        for _, frames in shots:
            for frame in frames:
                self.send(frame)
        found = {number: Fate() for number, _ in shots}
        known = {number: frames[-1].body for number, frames in shots}
        resets = {_reset_of(body): number for number, body in known.items() if _is_tcp(body)}
        names = {side.far: side.name for side in SIDES}

        def heard(body: bytes, place: str | None) -> None:
            number = told_by(body, volley)
            if number in known and _same(body, known[number]):
                found[number].went = place or found[number].went
                return
            if not _is_error(body):
                number = resets.get(_ends(body)) if _is_tcp(body) and _flags(body) & RST else None
            if number in known:
                found[number].answered = True

        for far, body in self.arrived():
            heard(body, names.get(far))
        for told in self.eye.told():
            if told.prefix in ("born", "input"):
                heard(told.body, "input" if told.prefix == "input" else None)
            elif (number := told_by(told.body, volley)) in known and _same(told.body, known[number]):
                found[number].state = told.prefix
        return found


def _same(body: bytes, sent: bytes) -> bool:
    """Whether one is the other on its way: the same ends and protocol (it may have got other marks and a shorter life).

    An ICMP error that quotes a packet ends in its token, too, but has other ends.
    """
    if body[0] >> 4 != sent[0] >> 4:
        return False
    if body[0] >> 4 == 4:
        return body[12:20] == sent[12:20] and body[9] == sent[9]
    return body[8:40] == sent[8:40]


def transport(body: bytes) -> tuple[int, int]:
    """The last header's protocol, and where it begins (IPv6's extension headers skipped)."""
    if body[0] >> 4 == 4:
        return body[9], (body[0] & 15) * 4
    number, at = body[6], 40
    while number in (0, 43, 44, 60) and at + 8 <= len(body):
        number, at = body[at], at + (8 if number == 44 else 8 * (body[at + 1] + 1))
    return number, at


def _is_tcp(body: bytes) -> bool:
    return transport(body)[0] == TCP


def _flags(body: bytes) -> int:
    at = transport(body)[1] + 13
    return body[at] if at < len(body) else 0


def _is_error(body: bytes) -> bool:
    protocol, at = transport(body)
    return (protocol == ICMP and body[at] == 3) or (protocol == ICMP6 and body[at] == 1)


def _addresses(body: bytes) -> tuple[bytes, bytes]:
    return (body[12:16], body[16:20]) if body[0] >> 4 == 4 else (body[8:24], body[24:40])


def _ends(body: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    at = transport(body)[1]
    source, destination = _addresses(body)
    return source, destination, body[at : at + 2], body[at + 2 : at + 4]


def _reset_of(body: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """The ends of a segment that answers this one."""
    source, destination, sport, dport = _ends(body)
    return destination, source, dport, sport


@contextmanager
def wire(world: World) -> Iterator[Wire]:
    """The sockets for the length of a block, our table loaded; the thread stays on one CPU meanwhile."""
    nft.load(world.router, EYE)
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    opened = []

    def keep(one: socket.socket) -> socket.socket:
        opened.append(one)
        return one

    eye = Eye(world.router)
    try:
        with world.outside.inside():
            out = keep(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
            ear = keep(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING)))
        ear.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        ear.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
        with world.router.inside():
            own = {
                4: keep(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)),
                6: keep(socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)),
            }
            conntrack = keep(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12))
        conntrack.bind((0, 0))
        yield Wire(world, eye, out, ear, own, conntrack)
    finally:
        os.sched_setaffinity(0, cpus)
        eye.close()
        for one in opened:
            one.close()
