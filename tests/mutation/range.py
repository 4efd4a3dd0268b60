"""The shooting range: all sockets, a volley sent, and where each of its packets was seen."""

import os
import select
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from segctl.model.ranges import V6, show_address
from segctl.runner import Netns
from tests.mutation.places import STRAY, Places, raw
from tests.mutation.seen import Loaded, Note, Seen
from tests.mutation.shots import LOCAL, Shot

_EVERYTHING, _SENTINEL = 0x0003, 0x88B5
_SOL_PACKET, _IGNORE_OUTGOING, _STATISTICS = 263, 23, 6  # linux/if_packet.h
_MARK, _PRIORITY, _BIND = 36, 12, 25  # SO_MARK, SO_PRIORITY, SO_BINDTODEVICE
_FLUSH = struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 0x5, 1, 0, 0, 0, 0)  # IPCTNL_MSG_CT_DELETE without a filter
_LARGEST = 70_000  # bytes of a frame
_AT_ONCE = 200  # packets until all have gone through: the kernel's queue holds 1,000
_PATIENCE = 5.0
_PROTOCOLS = {4: (1, 2, 6, 17, 47, 50, 89, 103, 112, 132), 6: (6, 17, 47, 50, 58, 89, 103, 112, 132)}


class Lost(Exception):
    """Something of ours, not the rules, lost packets."""


@dataclass(slots=True)
class Range:
    """All sockets of both namespaces."""

    places: Places
    out: socket.socket
    ear: socket.socket
    stray: socket.socket
    own: dict[int, socket.socket]
    inputs: list[tuple[int, socket.socket]]
    conntrack: socket.socket
    count: int = 0
    _far: dict[str, tuple[bytes, bytes, tuple[str, int]]] = field(default_factory=dict)
    _options: dict[int, tuple[int, int, str]] = field(default_factory=dict)
    _poll: select.epoll = field(default_factory=select.epoll)

    def __post_init__(self) -> None:
        for face in self.places.faces.values():
            ethernet = face.mac + face.far_mac
            self._far[face.name] = (ethernet + b"\x08\x00", ethernet + b"\x86\xdd", (face.far, 0))
        for one in (*(one for _, one in self.inputs), self.ear, self.stray):
            one.setblocking(False)

    def send(self, shot: Shot, made: bytes) -> None:
        """One packet. What the kernel won't send, it won't."""
        if shot.face == LOCAL:
            self._send_own(shot, made)
            return
        four, six, address = self._far[shot.face]
        self.out.sendto((four if made[0] >> 4 == 4 else six) + made, address)

    def _send_own(self, shot: Shot, made: bytes) -> None:
        version = made[0] >> 4
        sender = self.own[version]
        options = (shot.mark, shot.priority, shot.oif)
        if self._options.get(version) != options:
            sender.setsockopt(socket.SOL_SOCKET, _MARK, struct.pack("=I", shot.mark))
            sender.setsockopt(socket.SOL_SOCKET, _PRIORITY, struct.pack("=I", shot.priority))
            sender.setsockopt(socket.SOL_SOCKET, _BIND, shot.oif.encode() + b"\0")
            self._options[version] = options
        to = show_address(shot.head.destination)
        with suppress(OSError):
            sender.sendto(made, (to, 0) if version == 4 else (to, 0, 0, self._scope(shot)))

    def _scope(self, shot: Shot) -> int:
        narrow = shot.head.destination - V6 >> 120 == 0xFF or shot.head.destination - V6 >> 118 == 0xFE80 >> 6
        with self.places.gateway.inside():
            return socket.if_nametoindex(shot.oif) if narrow and shot.oif else 0

    def forget(self) -> None:
        """No connection is tracked any more."""
        self.ask(_FLUSH)

    def ask(self, request: bytes) -> None:
        """A request to conntrack. Lost if it isn't granted."""
        self.conntrack.send(request)
        code = struct.unpack_from("=i", self.conntrack.recv(4096), 16)[0]
        if code:
            raise Lost(os.strerror(-code))

    def through(self) -> Iterator[tuple[str, bytes]]:
        """(interface of the gateway, packet) of all that far ends heard before a sentinel that is sent now.

        It goes into the gateway by the stray interface and, when it is heard there, back: all that was sent before it
        has come through then, on this CPU.
        """
        self.count += 1
        mark = struct.pack("!HI", _SENTINEL, self.count)
        face = self.places.faces[STRAY]
        self.out.sendto(face.mac + face.far_mac + mark + bytes(46), (face.far, 0))
        self._until(self.stray, mark)
        self.stray.sendto(face.far_mac + face.mac + mark + bytes(46), (face.name, 0))
        names = {face.far: face.name for face in self.places.faces.values()}
        for frame, name in self._heard(mark):
            if frame[12:14] in (b"\x08\x00", b"\x86\xdd"):
                yield names[name], frame[14:]

    def _until(self, one: socket.socket, mark: bytes) -> None:
        while True:
            if not select.select([one], [], [], _PATIENCE)[0]:
                raise Lost("the sentinel did not come in")
            if one.recv(128)[12:18] == mark:
                return

    def _heard(self, mark: bytes) -> Iterator[tuple[bytes, str]]:
        receive = self.ear.recvfrom
        while True:
            try:
                frame, (name, *_) = receive(_LARGEST)
            except BlockingIOError:
                if not select.select([self.ear], [], [], _PATIENCE)[0]:
                    raise Lost("the sentinel did not come back") from None
                continue
            if frame[12:18] == mark:
                break
            yield frame, name
        _, dropped = struct.unpack("II", self.ear.getsockopt(_SOL_PACKET, _STATISTICS, 8))
        if dropped:
            raise Lost(f"the ear lost {dropped} frames")

    def came_in(self) -> Iterator[tuple[int, bytes]]:
        """What the gateway's own sockets got: protocol, and from the IP header on, of IPv6 (58 …) what follows it."""
        for protocol, one in self.inputs:
            while True:
                try:
                    yield protocol, one.recv(_LARGEST)
                except BlockingIOError:
                    break

    def prepare(self, frames: Iterable[tuple[Shot, bytes]]) -> None:
        """Send what goes before; what becomes of it is nobody's business."""
        for at, (shot, made) in enumerate(frames):
            self.send(shot, made)
            if at % _AT_ONCE == 0:
                self._drain()
        self._drain()

    def _drain(self) -> None:
        for _ in self.through():
            pass
        for _ in self.came_in():
            pass

    def volley(self, loaded: Loaded, first: int = 1) -> list[Seen]:
        """Send all; where each was seen. `first`: the number of the first, as its token has it."""
        note = Note(loaded, [None] * len(loaded.shots), first)
        send = self.send
        for at, shot in enumerate(loaded.shots):
            note.expect(at, shot)
            send(shot, loaded.bodies[at])
            if at % _AT_ONCE == _AT_ONCE - 1:
                self._collect(note)
        self._collect(note)
        return note.all()

    def _collect(self, note: Note) -> None:
        left = list(self.through())
        for protocol, packet in self.came_in():
            note.came(protocol, packet)
        for name, packet in left:  # after what came in: whether a reset is an answer or a reply depends on it
            note.left(name, packet)


def _join(places: Places) -> list[socket.socket]:
    """Sockets that make the gateway a member of the groups that essentials name: else they never come in."""
    made = []
    for face in places.faces.values():
        four = raw(places.gateway, socket.AF_INET, socket.SOCK_DGRAM, 0)
        six = raw(places.gateway, socket.AF_INET6, socket.SOCK_DGRAM, 0)
        with places.gateway.inside():
            index = socket.if_nametoindex(face.name)
        for group in ("224.0.0.5", "224.0.0.6", "224.0.0.18", "224.0.0.22", "224.0.0.251", "224.0.0.2", "239.1.1.1"):
            request = socket.inet_aton(group) + struct.pack("=4si", bytes(4), index)
            four.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
        for group in ("ff02::5", "ff02::6", "ff02::12", "ff02::16", "ff02::fb", "ff02::1:2", "ff05::7"):
            request = socket.inet_pton(socket.AF_INET6, group) + struct.pack("=i", index)
            six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
        made += [four, six]
    return made


@contextmanager
def opened(places: Places) -> Iterator[Range]:
    """The sockets for the length of a block; the thread stays on one CPU meanwhile."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    kept: list[socket.socket] = []

    def keep(place: Netns, kind: int, how: int, protocol: int) -> socket.socket:
        made = raw(place, kind, how, protocol)
        kept.append(made)
        return made

    try:
        out = keep(places.outside, socket.AF_PACKET, socket.SOCK_RAW, 0)
        ear = keep(places.outside, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING))
        ear.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
        stray = keep(places.gateway, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_SENTINEL))
        own = {
            4: keep(places.gateway, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
            6: keep(places.gateway, socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW),
        }
        for one in own.values():
            one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        inputs = [
            (
                protocol,
                keep(places.gateway, socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_RAW, protocol),
            )
            for version, protocols in _PROTOCOLS.items()
            for protocol in protocols
        ]
        kept += _join(places)
        conntrack = keep(places.gateway, socket.AF_NETLINK, socket.SOCK_RAW, 12)
        conntrack.bind((0, 0))
        yield Range(places, out, ear, stray, own, inputs, conntrack)
    finally:
        os.sched_setaffinity(0, cpus)
        for one in kept:
            one.close()
