"""Connections that speak all the time, each packet dated: `python -m tests.packets.chat LINES`, a process of its own.

Both ends of all connections are in the one process, whose clock (CLOCK_MONOTONIC) all namespaces share: a packet's
date is taken before it is given to the kernel, so what bears a date after an instant was surely sent after it.
"""

import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from segctl.runner import Netns
from tests.packets.net import AF, Machine

ROOT = Path(__file__).parents[2]
_RECORD = struct.Struct("!4sIQ16x")  # magic, sequence, date in nanoseconds
_MAGIC = b"sgch"
_TICK = 0.001
_BUFFER = 4 << 20
_PATIENCE = 10.0
_TIMESTAMP = 35  # asm-generic/socket.h: SO_TIMESTAMPNS
_RETRANSMITTED, _TWICE = 100, 216  # linux/tcp.h, tcp_info: tcpi_total_retrans, tcpi_dsack_dups
FORTH, BACK = "forth", "back"


@dataclass(frozen=True)
class Line:
    """One connection: `first` opens it to `second` on `port`; `rate` packets a second in each of these directions."""

    kind: str
    first: tuple[str, str]
    second: tuple[str, str]
    port: int
    rate: int
    directions: tuple[str, ...] = (FORTH, BACK)
    name: str = ""


def line(
    kind: str,
    first: Machine,
    second: Machine,
    version: int,
    port: int,
    rate: int,
    directions: tuple[str, ...] = (FORTH, BACK),
) -> Line:
    """Between two machines, named so that a failure tells which it is."""
    ends = [(one.runner.name, one.addresses[version]) for one in (first, second)]
    name = f"{kind}/{port} IPv{version} {' '.join(directions)}"
    return Line(kind, ends[0], ends[1], port, rate, directions, name)


class Way:
    """One direction of a connection: what was sent when, what came of it."""

    def __init__(self, out: socket.socket, to: socket.socket, stream: bool) -> None:
        self.out, self.to, self.stream = out, to, stream
        self.sent: list[int] = []
        self.came: list[tuple[int, int, int]] = []
        self.rest = b""  # of a record that the socket didn't take whole
        self.half = b""  # of a record that didn't come whole
        self.broken = ""

    def speak(self) -> None:
        """One packet more; nothing where the socket's buffer is full."""
        if self.broken:
            return
        try:
            if self.rest:
                self.rest = self.rest[self.out.send(self.rest) :]
                return
            record = _RECORD.pack(_MAGIC, len(self.sent), time.monotonic_ns())
            self.rest = record[self.out.send(record) :]
            self.sent.append(int.from_bytes(record[8:16], "big"))
        except BlockingIOError:
            pass
        except OSError as error:
            self._failed(error)

    def listen(self) -> None:
        """All that has come."""
        with suppress(BlockingIOError):
            while not self.broken:
                try:
                    got, notes, _, _ = self.to.recvmsg(1 << 16, 64)
                except BlockingIOError:
                    raise
                except OSError as error:
                    self._failed(error)
                    return
                if not got:
                    self.broken = "closed by the other end"
                self._read(got, _arrival(notes))

    def _failed(self, error: OSError) -> None:
        if self.stream:  # a reset; a datagram's error is only told
            self.broken = str(error)

    def _read(self, got: bytes, arrived: int) -> None:
        if not self.stream:
            _, sequence, date = _RECORD.unpack(got)
            self.came.append((sequence, date, arrived))
            return
        data = self.half + got
        whole = len(data) // _RECORD.size * _RECORD.size
        self.half = data[whole:]
        self.came += [(sequence, date, arrived) for _, sequence, date in _RECORD.iter_unpack(data[:whole])]

    def again(self) -> tuple[int, int]:
        """Segments that TCP had to send again, and those of them that the other end had already (RFC 2883)."""
        if not self.stream:
            return 0, 0
        told = self.out.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        return struct.unpack_from("I", told, _RETRANSMITTED)[0], struct.unpack_from("I", told, _TWICE)[0]


def _arrival(notes: list[tuple[int, int, bytes]]) -> int:
    """When the kernel got it (socket(7), SO_TIMESTAMP: by the other clock); what it doesn't say has come by now."""
    for _, kind, data in notes:
        if kind == _TIMESTAMP:
            seconds, rest = struct.unpack("qq", data)
            return int(seconds * 1_000_000_000 + rest - time.time_ns() + time.monotonic_ns())
    return time.monotonic_ns()


class Talk:
    """A line's connection, open in both directions."""

    def __init__(self, said: Line) -> None:
        self.said = said
        stream = said.kind == "tcp"
        one, other = _streams(said) if stream else _datagrams(said)
        self.ways = {FORTH: Way(one, other, stream), BACK: Way(other, one, stream)}
        for end in (one, other):
            end.setblocking(False)

    def due(self, since: float) -> None:
        """Say what is due by now, and hear what has come."""
        wanted = int(since * self.said.rate)
        for name in self.said.directions:
            way = self.ways[name]
            for _ in range(min(8, wanted - len(way.sent))):
                way.speak()
        for way in self.ways.values():
            way.listen()

    def counts(self) -> dict[str, Any]:
        """For each direction how many were sent, how many came, how many went again."""
        return {name: (len(way.sent), len(way.came), way.again()[0]) for name, way in self.ways.items()}

    def told(self) -> dict[str, Any]:
        """All of it."""
        return {
            name: {"sent": way.sent, "came": way.came, "again": way.again(), "broken": way.broken}
            for name, way in self.ways.items()
        }


def _socket(place: str, address: str, kind: int, port: int = 0) -> socket.socket:
    with Netns(place).inside():
        made = socket.socket(AF[6 if ":" in address else 4], kind)
    made.settimeout(_PATIENCE)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for option in (32, 33):  # SO_SNDBUFFORCE, SO_RCVBUFFORCE: no loss may be this process's
        made.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
    made.bind((address, port))
    return made


def _streams(said: Line) -> tuple[socket.socket, socket.socket]:
    (place, address), (there, target) = said.first, said.second
    with _socket(there, target, socket.SOCK_STREAM, said.port) as listener:
        listener.listen(1)
        one = _socket(place, address, socket.SOCK_STREAM)
        one.connect((target, said.port))
        other = listener.accept()[0]
    for end in (one, other):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return one, other


def _datagrams(said: Line) -> tuple[socket.socket, socket.socket]:
    (place, address), (there, target) = said.first, said.second
    one = _socket(place, address, socket.SOCK_DGRAM)
    other = _socket(there, target, socket.SOCK_DGRAM, said.port)
    one.connect((target, said.port))
    one.send(b"hello")
    for end in (one, other):
        end.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
    other.connect(other.recvfrom(64)[1])
    other.send(b"hello")
    one.recv(64)
    return one, other


def talk(lines: list[Line]) -> None:
    """Until stdin ends; a line on it is answered with what was counted. At the end all is told."""
    talks = [Talk(one) for one in lines]
    print("ready", flush=True)
    begin, running, end = time.perf_counter(), True, 0.0
    while running or time.perf_counter() < end:
        since = time.perf_counter() - begin
        for one in talks:
            if running:
                one.due(since)
            else:
                for way in one.ways.values():
                    way.listen()
        if running and select.select([0], [], [], 0)[0]:
            if os.read(0, 4096):
                print(json.dumps({one.said.name: one.counts() for one in talks}), flush=True)
            else:
                running, end = False, time.perf_counter() + 0.3
        time.sleep(_TICK)
    print(json.dumps({one.said.name: one.told() for one in talks}), flush=True)


@dataclass
class Heard:
    """One direction of a line: dates of what was sent; of what came the sequence, the date and when it arrived. `lost`:
    segments that TCP had to send again though the other end hadn't got them. `broken`: how the connection ended, ""
    if it didn't.
    """

    sent: list[int]
    came: list[tuple[int, int, int]]
    lost: int
    broken: str

    @property
    def missing(self) -> int:
        """How many didn't come."""
        return len(set(range(len(self.sent))) - {sequence for sequence, _, _ in self.came})

    def after(self, instant: int) -> list[tuple[int, int, int]]:
        """Of what came, what was sent after that."""
        return [one for one in self.came if one[1] > instant]


@dataclass
class Chat:
    """The process, seen from a test."""

    process: "subprocess.Popen[str]"
    lines: dict[str, Line]
    found: dict[str, dict[str, Heard]] = field(default_factory=dict)

    def counts(self) -> dict[str, dict[str, tuple[int, int, int]]]:
        """By line and direction: sent, came, sent again; all that came before this was asked is counted."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return {
            name: {way: (row[0], row[1], row[2]) for way, row in ways.items()}
            for name, ways in json.loads(self.process.stdout.readline()).items()
        }

    def until(self, so: Callable[[dict[str, dict[str, tuple[int, int, int]]]], bool], patience: float = 30.0) -> None:
        """Wait until the counts are so."""
        end = time.monotonic() + patience
        while not so(self.counts()):
            assert time.monotonic() < end, "it didn't come to that"
            time.sleep(0.02)

    def more(self, packets: int, lines: Sequence[Line] = ()) -> None:
        """Wait until each direction of these lines (all) has sent so many more."""
        before = self.counts()
        wanted = [(one.name, way) for one in lines or self.lines.values() for way in one.directions]
        self.until(lambda now: all(now[name][way][0] >= before[name][way][0] + packets for name, way in wanted))

    def end(self) -> None:
        """No more is sent; what was on its way is waited for."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        for name, ways in json.loads(self.process.stdout.readline()).items():
            self.found[name] = {
                way: Heard(
                    row["sent"],
                    [(one[0], one[1], one[2]) for one in row["came"]],
                    row["again"][0] - row["again"][1],
                    row["broken"],
                )
                for way, row in ways.items()
            }

    def of(self, one: Line) -> list[Heard]:
        """The directions in which a line speaks."""
        return [self.found[one.name][way] for way in one.directions]


@contextmanager
def chatting(lines: Sequence[Line]) -> Iterator[Chat]:
    """All lines opened; they speak from now on."""
    words = json.dumps([asdict(one) for one in lines])
    command = [sys.executable, "-m", "tests.packets.chat", words]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout and process.stdout.readline() == "ready\n"
        yield Chat(process, {one.name: one for one in lines})
    finally:
        process.kill()
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


if __name__ == "__main__":
    os.nice(-5)
    talk(
        [
            Line(
                one["kind"],
                tuple(one["first"]),
                tuple(one["second"]),
                one["port"],
                one["rate"],
                tuple(one["directions"]),
                one["name"],
            )
            for one in json.loads(sys.argv[1])
        ]
    )
