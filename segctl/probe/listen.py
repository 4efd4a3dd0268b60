"""Listening, inside each machine's own network namespace: which packet of ours was seen where.

Two kinds of ears, for two places in the kernel's path of a packet:

    wire ──packet socket──▶ ingress, prerouting, input hook ──raw IP socket──▶ the machine's services
                                     └▶ forward, postrouting ──packet socket──▶ wire

A packet socket (packet(7)) hears a frame before any filter of the machine, and after all of them on the way out. A raw
IP socket (raw(7)) gets a copy of each packet of its protocol once the input hook let it through, whether or not a
service listens on the port: on a machine with a filter only that is *received*.
"""

import selectors
import socket
import struct
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack

from segctl.model.ranges import V6, family
from segctl.probe.event import Event, Kind
from segctl.probe.packet import Packet
from segctl.probe.reading import Reading, read, read_body
from segctl.probe.result import Answer
from segctl.probe.stage import Node, Stage

_FAMILY = {0x0800: 4, 0x86DD: 6}
_ALL, _OUTGOING, _HOST = 0x0003, 4, 0  # linux/if_ether.h, linux/if_packet.h
_SOL_PACKET, _STATISTICS, _IGNORE_OUTGOING = 263, 6, 23
_RECEIVE_BUFFER, _RECEIVE_BUFFER_FORCE, _MEMINFO, _DROPS = 8, 33, 55, 8  # asm-generic/socket.h; linux/sock_diag.h
_ROOM = 8 << 20
_LONGEST = 2048


class Ears:
    """Hears for every machine of a stage; `sent` is looked into for each token heard. Use it in `with`.

    `protocols` are the (family, protocol) for which machines with a filter get a raw IP socket.
    """

    def __init__(self, stage: Stage, protocols: Iterable[tuple[int, int]], sent: Mapping[int, Packet]) -> None:
        self._sent = sent
        self._deaf: set[str] = set()
        self._open = ExitStack()
        self._selector = self._open.enter_context(selectors.DefaultSelector())
        try:
            for node in stage.nodes:
                self._wire(node)
                if node.filters:
                    for version, protocol in sorted(set(protocols)):
                        self._services(node, version, protocol)
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> "Ears":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def hear(self, seconds: float) -> list[Event]:
        """All that is there, waiting up to `seconds` for the first that concerns us."""
        end = time.monotonic() + seconds
        while True:
            ready = self._selector.select(max(0.0, end - time.monotonic()))
            events = [event for key, _ in ready for event in key.data(key.fileobj)]
            if events or not ready:
                return events

    def deaf(self) -> set[str]:
        """Machines whose sockets lost something for want of room, so that their silence means nothing."""
        for key in self._selector.get_map().values():
            ear = key.fileobj
            assert isinstance(ear, socket.socket)
            node: Node = key.data.node
            if ear.family == socket.AF_PACKET:
                _, dropped = struct.unpack("II", ear.getsockopt(_SOL_PACKET, _STATISTICS, 8))
            else:
                dropped = struct.unpack("9I", ear.getsockopt(socket.SOL_SOCKET, _MEMINFO, 36))[_DROPS]
            if dropped:
                self._deaf.add(node.name)
        return set(self._deaf)

    def _wire(self, node: Node) -> None:
        with node.runner.inside():
            ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, socket.htons(_ALL))
        if not node.filters:
            ear.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
        self._listen(ear, _Wire(node, self._sent))

    def _services(self, node: Node, version: int, protocol: int) -> None:
        kind = socket.AF_INET6 if version == 6 else socket.AF_INET
        with node.runner.inside():
            ear = socket.socket(kind, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self._listen(ear, _Services(node, self._sent, version, protocol))

    def _listen(self, ear: socket.socket, hears: "_Wire | _Services") -> None:
        self._open.enter_context(ear)
        ear.setblocking(False)
        try:
            ear.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, _ROOM)
        except PermissionError:  # without the machine's own root as far as net.core.rmem_max lets us; `deaf` tells
            ear.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER, _ROOM)
        self._selector.register(ear, selectors.EVENT_READ, hears)


class _Wire:
    """A packet socket's reader: what arrives at a machine, and with a filter on it also what leaves."""

    def __init__(self, node: Node, sent: Mapping[int, Packet]) -> None:
        self.node = node
        self._sent = sent

    def __call__(self, ear: socket.socket) -> Iterator[Event]:
        for data, place in _all(ear):
            version = _FAMILY.get(place[1])
            if version is None or place[2] not in (_HOST, _OUTGOING):
                continue
            reading = read(version, data)
            packet = self._sent.get(reading[0]) if reading else None
            if reading and packet:
                yield from self._event(version, data, str(place[0]), place[2] == _OUTGOING, reading, packet)

    def _event(
        self, version: int, data: bytes, interface: str, leaving: bool, reading: Reading, packet: Packet
    ) -> Iterator[Event]:
        token, answer = reading
        if answer is None and _same(version, data, packet):
            yield Event(token, Kind.LEFT if leaving else Kind.ARRIVED, self.node.name, interface)
        elif not leaving and _to_sender(version, data, packet):
            yield Event(token, Kind.ANSWERED, self.node.name, interface, answer or Answer.REPLY)


class _Services:
    """A raw IP socket's reader: what a machine with a filter let in."""

    def __init__(self, node: Node, sent: Mapping[int, Packet], version: int, protocol: int) -> None:
        self.node = node
        self._sent = sent
        self._version = version
        self._protocol = protocol

    def __call__(self, ear: socket.socket) -> Iterator[Event]:
        for data, _ in _all(ear):
            # IPv4 comes with its header, IPv6 without (raw(7); RFC 3542, section 3)
            body = data if self._version == 6 else data[(data[0] & 0xF) * 4 :]
            reading = read_body(self._version, self._protocol, body)
            packet = self._sent.get(reading[0]) if reading else None
            if reading and packet and reading[1] is None and body == packet.body:
                yield Event(reading[0], Kind.RECEIVED, self.node.name)


def _all(ear: socket.socket) -> Iterator[tuple[bytes, tuple[object, int, int]]]:
    """Everything that waits in the socket."""
    while True:
        try:
            yield ear.recvfrom(_LONGEST)
        except (BlockingIOError, InterruptedError):
            return


def _same(version: int, data: bytes, packet: Packet) -> bool:
    """The very packet: its ends, protocol and all behind the IP header (hop limit and checksum change on the way)."""
    if (packet.destination >= V6) != (version == 6):
        return False
    if version == 4:
        start, end = (data[0] & 0xF) * 4, int.from_bytes(data[2:4], "big")
        return data[12:20] == packet.ends and data[9] == packet.protocol and data[start:end] == packet.body
    end = 40 + int.from_bytes(data[4:6], "big")
    return data[8:40] == packet.ends and data[6] == packet.protocol and data[40:end] == packet.body


def _to_sender(version: int, data: bytes, packet: Packet) -> bool:
    """Whether what holds our token goes to who sent it."""
    if family(packet.source) != version:
        return False
    return data[16:20] == packet.ends[:4] if version == 4 else data[24:40] == packet.ends[:16]
