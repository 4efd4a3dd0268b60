"""Real connections between two machines: opened, spoken over in both directions, found in conntrack's list."""

import os
import select
import socket
import struct
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from segctl.kernel.conntrack import Connection
from segctl.model.ranges import parse_address
from segctl.model.service import ICMP, ICMP6, TCP, UDP
from tests.packets.net import Machine

PATIENCE = 1.0
SILENCE = 0.3
_REQUEST = {4: 8, 6: 128}
_ANSWER = {4: 0, 6: 129}


@dataclass(eq=False)
class Talk(ABC):
    """`first` opens, `second` answers; `version` is the family. What is said carries a token of its own."""

    first: Machine
    second: Machine
    version: int
    _sockets: list[socket.socket] = field(default_factory=list, init=False)
    said: bytes = field(default=b"", init=False)

    @property
    @abstractmethod
    def protocol(self) -> int: ...

    @property
    def ends(self) -> tuple[str, str]:
        return self.first.addresses[self.version], self.second.addresses[self.version]

    @abstractmethod
    def start(self) -> None:
        """Say the opening packet."""

    @abstractmethod
    def started(self) -> bool:
        """Whether `second` has it by now."""

    @abstractmethod
    def say(self, back: bool) -> None:
        """One packet with a new token, from `first` or, `back`, from `second`."""

    def heard(self, back: bool) -> bool:
        """Whether what was said last has come to the other end by now."""
        listening = self._ear(back)
        while select.select([listening], [], [], 0)[0]:
            try:
                got = listening.recv(65_535)
                if self.said in got:
                    return True
                if not got and listening.type == socket.SOCK_STREAM:
                    return False  # it was reset, and stays readable
            except OSError:
                return False
        return False

    @abstractmethod
    def _ear(self, back: bool) -> socket.socket: ...

    def _open(self, machine: Machine, kind: int, protocol: int = 0, port: int = 0) -> socket.socket:
        opened = machine.open(self.version, kind, protocol)
        self._sockets.append(opened)
        opened.setblocking(False)
        if kind == socket.SOCK_STREAM:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((machine.addresses[self.version], port))
        return opened

    def _token(self) -> bytes:
        self.said = os.urandom(8).hex().encode()
        return self.said

    def close(self) -> None:
        """All sockets; of TCP without a farewell."""
        for one in self._sockets:
            if one.type == socket.SOCK_STREAM:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
        self._sockets.clear()

    def is_in(self, connection: Connection) -> bool:
        """Whether that is this connection."""
        ends = parse_address(self.ends[0]), parse_address(self.ends[1])
        return (connection.protocol, connection.src, connection.dst) == (self.protocol, *ends) and self._same(
            connection
        )

    def _same(self, connection: Connection) -> bool:
        return True


@dataclass(eq=False)
class Ported(Talk):
    """From a free port to `port`."""

    port: int
    _client: socket.socket = field(init=False)
    _server: socket.socket = field(init=False)

    @property
    def sport(self) -> int:
        """The port of who asks."""
        return int(self._client.getsockname()[1])

    def _same(self, connection: Connection) -> bool:
        return (connection.sport, connection.dport) == (self.sport, self.port)


@dataclass(eq=False)
class Tcp(Ported):
    """What the asking end says first is the handshake."""

    peer: socket.socket | None = field(default=None, init=False)

    @property
    def protocol(self) -> int:
        return TCP

    def start(self) -> None:
        self._server = self._open(self.second, socket.SOCK_STREAM, port=self.port)
        self._server.listen(4)
        self._client = self._open(self.first, socket.SOCK_STREAM)
        self._client.connect_ex((self.ends[1], self.port))

    def started(self) -> bool:
        if self.peer is None and select.select([self._server], [], [], 0)[0]:
            self.peer = self._server.accept()[0]
            self.peer.setblocking(False)
            self._sockets.append(self.peer)
        return self.peer is not None

    def say(self, back: bool) -> None:
        self._ear(not back).send(self._token())

    def speak(self, said: bytes) -> None:
        """As much as fits into the socket, from who asks."""
        self._client.send(said)

    def told(self) -> int:
        """The error that the asking end's socket has, once; 0 if none."""
        return self._client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def got(self) -> bytes:
        """What came to who answers, and nobody has read yet."""
        listening = self._ear(False)
        return listening.recv(65_535) if select.select([listening], [], [], 0)[0] else b""

    def _ear(self, back: bool) -> socket.socket:
        assert self.peer is not None
        return self._client if back else self.peer


@dataclass(eq=False)
class Udp(Ported):
    """What the asking end says first is a token."""

    @property
    def protocol(self) -> int:
        return UDP

    def start(self) -> None:
        self._server = self._open(self.second, socket.SOCK_DGRAM, port=self.port)
        self._client = self._open(self.first, socket.SOCK_DGRAM)
        self._client.connect((self.ends[1], self.port))
        self.say(False)

    def started(self) -> bool:
        return self.heard(False)

    def say(self, back: bool) -> None:
        if back:
            self._server.sendto(self._token(), (self.ends[0], self.sport))
        else:
            self._client.send(self._token())

    def deafen(self) -> None:
        """Nobody listens on the port any more."""
        self._server.close()

    def failed(self) -> bool:
        """Whether an ICMP error reached who asks; that is told once."""
        return self._client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0

    def _ear(self, back: bool) -> socket.socket:
        return self._client if back else self._server


@dataclass(eq=False)
class Raw(Talk):
    """A protocol without ports."""

    number: int

    @property
    def protocol(self) -> int:
        return self.number

    def start(self) -> None:
        self._one = self._open(self.first, socket.SOCK_RAW, self.number)
        self._other = self._open(self.second, socket.SOCK_RAW, self.number)
        self.say(False)

    def started(self) -> bool:
        return self.heard(False)

    def say(self, back: bool) -> None:
        source, to = (self._other, self.ends[0]) if back else (self._one, self.ends[1])
        source.sendto(self._packet(back, self._token()), (to, 0))

    def _packet(self, back: bool, token: bytes) -> bytes:
        return bytes(4) + token  # GRE without options (RFC 2784), or anything

    def _ear(self, back: bool) -> socket.socket:
        return self._one if back else self._other


@dataclass(eq=False)
class Echo(Raw):
    """Ping, answered by hand: so an answer may come when we want it."""

    number: int = 0
    id: int = field(default_factory=lambda: int.from_bytes(os.urandom(2), "big"))

    @property
    def protocol(self) -> int:
        return ICMP if self.version == 4 else ICMP6

    def start(self) -> None:
        self.number = self.protocol
        super().start()

    def _packet(self, back: bool, token: bytes) -> bytes:
        kind = (_ANSWER if back else _REQUEST)[self.version]
        body = struct.pack("!BBHHH", kind, 0, 0, self.id, 1) + token
        if self.version == 6:
            return body  # the kernel fills in the checksum (RFC 3542, section 3.1)
        return body[:2] + struct.pack("!H", checksum(body)) + body[4:]

    def _same(self, connection: Connection) -> bool:
        return connection.original.icmp is not None and connection.original.icmp[2] == self.id


def checksum(data: bytes) -> int:
    """RFC 1071."""
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def spoken(what: str, first: Machine, second: Machine, version: int, port: int) -> Talk:
    """A connection over tcp, udp, echo, or `raw`: the protocol with the number `port`."""
    if what == "tcp":
        return Tcp(first, second, version, port)
    if what == "udp":
        return Udp(first, second, version, port)
    return Echo(first, second, version) if what == "echo" else Raw(first, second, version, port)


def soon(come: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Whether it is so before the time is up."""
    end = time.monotonic() + patience
    while not (so := come()) and time.monotonic() < end:
        time.sleep(0.005)
    return so


def among(talks: Sequence[Talk], come: Callable[[Talk], bool], patience: float = PATIENCE) -> list[Talk]:
    """Those for which it is so before the time is up; returns early if it is so for all."""
    done: dict[int, Talk] = {}

    def all_come() -> bool:
        done.update({id(talk): talk for talk in talks if id(talk) not in done and come(talk)})
        return len(done) == len(talks)

    soon(all_come, patience)
    return list(done.values())


def missing(talks: Sequence[Talk], back: bool, patience: float = PATIENCE) -> list[Talk]:
    """Let each talk say something in that direction; those whose other end doesn't hear it."""
    for talk in talks:
        with suppress(PermissionError):  # our own output hook refused it
            talk.say(back)
    heard = {id(talk) for talk in among(talks, lambda talk: talk.heard(back), patience)}
    return [talk for talk in talks if id(talk) not in heard]


def opened(talks: Sequence[Talk], patience: float = PATIENCE) -> list[Talk]:
    """Open all; those whose opening packet came to the other end."""
    for talk in talks:
        talk.start()
    return among(talks, lambda talk: talk.started(), patience)


@contextmanager
def closing(talks: Sequence[Talk]) -> Iterator[Sequence[Talk]]:
    """The same, closed when the block ends."""
    try:
        yield talks
    finally:
        for talk in talks:
            talk.close()


def mark_of(talk: Talk, connections: Iterable[Connection]) -> int | None:
    """The number that conntrack shows for it; None if it isn't tracked, or twice."""
    found = [one.mark for one in connections if talk.is_in(one)]
    return found[0] if len(found) == 1 else None
