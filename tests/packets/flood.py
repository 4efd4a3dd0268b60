"""A flood that counts every packet: `python -m tests.packets.flood send|hear …`, one process each.

Each stream is one UDP five-tuple; each packet carries its stream and a sequence number, so that what was lost and what
came though it was forbidden is known to the packet. Frames are made once and sent by a packet socket; the receiver
listens with a buffer of its own, and says how many the kernel had to drop for it (PACKET_STATISTICS). Where a folder is
named, both leave there what came of every single packet, and when it was sent (`Log`).
"""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segctl.runner import Netns

ROOT = Path(__file__).parents[2]
UDP = 17
ETHERTYPE = {4: 0x0800, 6: 0x86DD}
_PAYLOAD = struct.Struct("!4sHII")  # magic, stream, sequence, its complement: no sequence changes a checksum
_MAGIC = b"sgfl"
_STATISTICS = 6  # linux/if_packet.h: PACKET_STATISTICS
_SOL_PACKET = 263
_HEADS = {4: 14 + 20 + 8, 6: 14 + 40 + 8}
_EVERY_BIT = 0xFFFFFFFF
_BUFFER = 64 << 20
_BURST = 16


@dataclass(frozen=True)
class Stream:
    """One five-tuple, by its number."""

    number: int
    source: str
    destination: str
    sport: int
    dport: int


def frame(stream: Stream, ours: str, theirs: str) -> bytearray:
    """Ethernet, the family's IP, UDP (in IPv4 without its optional checksum, RFC 768); the payload's sequence is 0."""
    version = 6 if ":" in stream.source else 4
    body = _PAYLOAD.pack(_MAGIC, stream.number, 0, _EVERY_BIT)
    ends = [socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET, e) for e in _ends(stream)]
    udp = struct.pack("!HHHH", stream.sport, stream.dport, 8 + len(body), 0)
    if version == 6:
        head = struct.pack("!IHBB", 6 << 28, len(udp) + len(body), UDP, 64) + ends[0] + ends[1]
        pseudo = ends[0] + ends[1] + struct.pack("!II", len(udp) + len(body), UDP)
        udp = udp[:6] + _checksum(pseudo + udp + body)  # RFC 8200, section 8.1
    else:
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp) + len(body), 0, 0, 64, UDP, 0, *ends)
        head = head[:10] + _checksum(head) + head[12:]
    ethernet = bytes.fromhex(theirs.replace(":", "") + ours.replace(":", "")) + ETHERTYPE[version].to_bytes(2, "big")
    return bytearray(ethernet + head + udp + body)


def _ends(stream: Stream) -> tuple[str, str]:
    return stream.source, stream.destination


def _checksum(data: bytes) -> bytes:
    """RFC 1071; 0 is said as its complement (RFC 768)."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return ((~total & 0xFFFF) or 0xFFFF).to_bytes(2, "big")


def send(place: str, interface: str, theirs: str, rate: int, streams: list[Stream], folder: str = "") -> dict[int, int]:
    """All streams in turn, `rate` packets a second together, until SIGTERM; how many of each were sent.

    In the folder: for each sequence number when its round was begun (nanoseconds of CLOCK_MONOTONIC).
    """
    with Netns(place).inside():
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    out.bind((interface, 0))
    ours = out.getsockname()[4].hex(":")
    frames = [frame(stream, ours, theirs) for stream in streams]
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    print("ready", flush=True)
    sent, begin, sequence = 0, time.perf_counter(), 0
    dates = array("Q")
    while running:
        if folder:
            dates.append(time.monotonic_ns())
        for made in frames:
            struct.pack_into("!II", made, len(made) - 8, sequence, _EVERY_BIT - sequence)
            out.send(made)
        sequence += 1
        sent += len(frames)
        if sequence % _BURST == 0 and (ahead := begin + sent / rate - time.perf_counter()) > 0:
            time.sleep(ahead)
    if folder:
        dates.append(time.monotonic_ns())
        for stream in streams:
            (Path(folder) / f"sent-{stream.number}").write_bytes(dates.tobytes())
    return {stream.number: sequence for stream in streams}


def hear(place: str, interface: str, folder: str = "", version: int = 4) -> dict[str, object]:
    """Count what arrives in one family until SIGTERM and 0.3 seconds of quiet: of each stream how many.

    In the folder: for each sequence number a byte, 1 where it came.
    """
    with Netns(place).inside():
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE[version]))
    ear.setsockopt(socket.SOL_SOCKET, 33, _BUFFER)  # SO_RCVBUFFORCE
    ear.bind((interface, ETHERTYPE[version]))
    ear.settimeout(0.3)
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    print("ready", flush=True)
    seen: dict[int, bytearray] = {}
    heads = _HEADS[version]
    while True:
        try:
            got, place_of = ear.recvfrom(2048)
        except TimeoutError:
            if running:
                continue
            break
        if place_of[2] != socket.PACKET_OUTGOING and got[heads : heads + 4] == _MAGIC:
            _, stream, sequence, _ = _PAYLOAD.unpack_from(got, heads)
            came = seen.setdefault(stream, bytearray())
            if sequence >= len(came):
                came.extend(bytes(max(1 << 12, sequence + 1 - len(came))))
            came[sequence] = 1
    _, dropped = struct.unpack("II", ear.getsockopt(_SOL_PACKET, _STATISTICS, 8))
    for stream, came in seen.items() if folder else ():
        (Path(folder) / f"came-{stream}").write_bytes(came)
    return {"seen": {number: came.count(1) for number, came in seen.items()}, "dropped": dropped}


class Log:
    """What came of each packet of a stream, and between which two instants it was sent."""

    def __init__(self, sent: Path, heard: Path, stream: Stream) -> None:
        self.dates = np.frombuffer((sent / f"sent-{stream.number}").read_bytes(), np.uint64)
        came = heard / f"came-{stream.number}"
        marks = np.frombuffer(came.read_bytes() if came.exists() else b"", np.uint8)[: len(self.dates) - 1]
        self.came = np.zeros(len(self.dates) - 1, bool)
        self.came[: len(marks)] = marks == 1

    def between(self, begin: int, end: int) -> tuple[int, int]:
        """How many were surely sent between two instants (nanoseconds of CLOCK_MONOTONIC), how many of them came."""
        first = int(np.searchsorted(self.dates, np.uint64(begin)))
        last = int(np.searchsorted(self.dates, np.uint64(end), "right")) - 1  # whose next round was begun by then
        return max(0, last - first), int(self.came[first:last].sum()) if last > first else 0


@contextmanager
def process(what: str, **words: object) -> Iterator["subprocess.Popen[str]"]:
    """A sender or receiver, ready; ended if nobody has done so."""
    started = subprocess.Popen(arguments(what, **words), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert started.stdout and started.stdout.readline() == "ready\n"
        yield started
    finally:
        started.terminate()
        started.wait(30)


def ended(one: "subprocess.Popen[str]") -> Any:
    """End it; what it counted."""
    one.terminate()
    assert one.stdout
    return json.loads(one.stdout.readline())


def softnet_drops() -> int:
    """Packets that the kernel dropped because a CPU's queue was full: not the rules' doing."""
    rows = Path("/proc/net/softnet_stat").read_text().splitlines()
    return sum(int(row.split()[1], 16) for row in rows)


def main() -> None:
    """`send` and `hear` with their arguments as JSON; the answer as JSON, once they are told to end."""
    what, words = sys.argv[1], json.loads(sys.argv[2])
    os.nice(-5 if what == "hear" else 0)
    if what == "send":
        words["streams"] = [Stream(**one) for one in words["streams"]]
        print(json.dumps(send(**words)), flush=True)
    else:
        print(json.dumps(hear(**words)), flush=True)


def arguments(what: str, **words: object) -> list[str]:
    """The command line of a process of ours."""
    plain = {k: [asdict(one) for one in v] if isinstance(v, list) else v for k, v in words.items()}
    return [sys.executable, "-m", "tests.packets.flood", what, json.dumps(plain)]


if __name__ == "__main__":
    main()
