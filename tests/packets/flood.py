"""A flood that counts every packet: `python -m tests.packets.flood send|hear …`, one process each.

Each stream is one UDP five-tuple; each packet carries its stream and a sequence number, so that what was lost and what
came though it was forbidden is known to the packet. Frames are made once and sent by a packet socket; the receiver
listens with a buffer of its own, and says how many the kernel had to drop for it (PACKET_STATISTICS).
"""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from segctl.model.ranges import parse_address
from segctl.runner import Netns

ROOT = Path(__file__).parents[2]
ETH_IP, UDP = 0x0800, 17
_PAYLOAD = struct.Struct("!4sHI")  # magic, stream, sequence
_MAGIC = b"sgfl"
_STATISTICS = 6  # linux/if_packet.h: PACKET_STATISTICS
_SOL_PACKET = 263
_HEADS = 14 + 20 + 8
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
    """Ethernet, IPv4 and UDP (without its optional checksum, RFC 768), the payload's sequence still 0."""
    length = 28 + _PAYLOAD.size
    ends = (parse_address(stream.source).to_bytes(4, "big"), parse_address(stream.destination).to_bytes(4, "big"))
    head = bytearray(struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, UDP, 0, *ends))
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    head[10:12] = (~(total + (total >> 16)) & 0xFFFF).to_bytes(2, "big")
    ethernet = bytes.fromhex(theirs.replace(":", "") + ours.replace(":", "")) + ETH_IP.to_bytes(2, "big")
    udp = struct.pack("!HHHH", stream.sport, stream.dport, 8 + _PAYLOAD.size, 0)
    return bytearray(ethernet + head + udp + _PAYLOAD.pack(_MAGIC, stream.number, 0))


def send(place: str, interface: str, theirs: str, rate: int, streams: list[Stream]) -> dict[int, int]:
    """All streams in turn, `rate` packets a second together, until SIGTERM; how many of each were sent."""
    with Netns(place).inside():
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    out.bind((interface, 0))
    ours = out.getsockname()[4].hex(":")
    frames = [frame(stream, ours, theirs) for stream in streams]
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    print("ready", flush=True)
    sent, begin, sequence = 0, time.perf_counter(), 0
    while running:
        for made in frames:
            struct.pack_into("!I", made, len(made) - 4, sequence)
            out.send(made)
        sequence += 1
        sent += len(frames)
        if sequence % _BURST == 0 and (ahead := begin + sent / rate - time.perf_counter()) > 0:
            time.sleep(ahead)
    return {stream.number: sequence for stream in streams}


def hear(place: str, interface: str) -> dict[str, object]:
    """Count what arrives until SIGTERM and 0.3 seconds of quiet: of each stream how many, and how many twice."""
    with Netns(place).inside():
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_IP))
    ear.setsockopt(socket.SOL_SOCKET, 33, _BUFFER)  # SO_RCVBUFFORCE
    ear.bind((interface, ETH_IP))
    ear.settimeout(0.3)
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    print("ready", flush=True)
    seen: dict[int, set[int]] = {}
    while True:
        try:
            got, place_of = ear.recvfrom(2048)
        except TimeoutError:
            if running:
                continue
            break
        if place_of[2] != socket.PACKET_OUTGOING and got[_HEADS : _HEADS + 4] == _MAGIC:
            _, stream, sequence = _PAYLOAD.unpack_from(got, _HEADS)
            seen.setdefault(stream, set()).add(sequence)
    _, dropped = struct.unpack("II", ear.getsockopt(_SOL_PACKET, _STATISTICS, 8))
    return {"seen": {number: len(sequences) for number, sequences in seen.items()}, "dropped": dropped}


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
