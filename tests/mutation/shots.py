"""Packets by their fields, made into bytes; each ends in a token by which it is known again."""

import struct
from dataclasses import dataclass

from segctl.model.ranges import V6, show_address
from tests.packets.truth import bodies
from tests.packets.truth.bodies import ACK, FIN, ICMP, ICMP6, RST, SCTP, SYN, TCP, UDP

MAGIC = b"sgmu"
TOKEN = struct.Struct("!4sI")
PLAIN = 0x5000  # channel of packets that want nothing
UNTRACK = 0x6000  # helper table: notrack
FOREIGN = 0x6100  # helper table: mark and priority are set to those of the list, by the low byte
LOCAL = ""  # the gateway itself sends
BADSUM = 1 << 16  # a `tail` with this bit: the checksum is wrong
PORTED = (TCP, UDP, SCTP)
_INIT, _DATA = 1, 0


@dataclass(frozen=True, slots=True)
class Head:
    """Fields of a packet. `head` and `tail` as in `segctl.model.packet`: ports; of ICMP type and code, and its id."""

    source: int
    destination: int
    protocol: int
    head: int = 0
    tail: int = 0
    flags: int = SYN

    @property
    def version(self) -> int:
        return 6 if self.destination >= V6 else 4

    def answered(self, flags: int = SYN | ACK) -> "Head":
        """What answers it."""
        head, tail = (self.tail, self.head) if self.protocol in PORTED else (self.head, self.tail)
        if self.protocol in (ICMP, ICMP6):
            head = {8: 0, 13: 14, 15: 16, 17: 18, 128: 129, 139: 140}.get(self.head >> 8, self.head >> 8) << 8
        return Head(self.destination, self.source, self.protocol, head, tail, flags)

    def with_flags(self, flags: int) -> "Head":
        return Head(self.source, self.destination, self.protocol, self.head, self.tail, flags)

    def __str__(self) -> str:
        what = {TCP: "tcp", UDP: "udp", SCTP: "sctp", ICMP: "icmp", ICMP6: "icmpv6"}.get(
            self.protocol, f"proto {self.protocol}"
        )
        ends = f"{show_address(self.source)} > {show_address(self.destination)}"
        if self.protocol in PORTED:
            more = f" flags {self.flags:#04x}" if self.protocol == TCP else ""
            return (
                f"{ends} {what} {self.head} > {self.tail & 0xFFFF}{more}{' bad checksum' if self.tail & BADSUM else ''}"
            )
        if self.protocol in (ICMP, ICMP6):
            return f"{ends} {what} type {self.head >> 8} code {self.head & 255}"
        return f"{ends} {what}"


@dataclass(frozen=True, slots=True)
class Shot:
    """One packet and how it is sent: into the gateway by `face`, or by the gateway itself (LOCAL).

    `oif`: the gateway sends it out there. `quote`: an ICMP error carries that packet. `why` says what it is to show.
    `mark`, `priority`: of the sending socket; `channel`: what the helper table and the routes do with it.
    """

    face: str
    head: Head
    why: str = ""
    oif: str = ""
    channel: int = PLAIN
    hops: int = 64
    tos: int = 0
    quote: Head | None = None
    mark: int = 0
    priority: int = 0
    extension: int = -1  # an IPv6 extension header of that number before the payload
    length: int = 0  # of the IP packet, at least

    def __str__(self) -> str:
        by = f"in by {self.face}" if self.face else "from the gateway"
        more = [f"out by {self.oif}"] if self.oif else []
        more += [f"about ({self.quote})"] if self.quote else []
        more += [f"channel {self.channel:#x}"] if self.channel != PLAIN else []
        more += [f"hop limit {self.hops}"] if self.hops != 64 else []
        more += [f"mark {self.mark:#x}"] if self.mark else []
        more += [f"{self.length} bytes"] if self.length else []
        more += [f"priority {self.priority:#x}"] if self.priority else []
        return f"{self.head}, {', '.join([by, *more])} [{self.why}]"


def number_of(body: bytes) -> int | None:
    """The token at the end of a packet."""
    if body[-8:-4] != MAGIC:
        return None
    return int.from_bytes(body[-4:], "big")


def body(shot: Shot, token: int, sequence: int = 1) -> bytes:
    """From the IP header on. `sequence`: TCP's, or what begins the payload: a setup's connection mark."""
    payload = TOKEN.pack(MAGIC, token)
    made = _packet(shot, payload, sequence)
    missing = shot.length - len(made)
    return made if missing <= 0 else _packet(shot, bytes(missing) + payload, sequence)


def _packet(shot: Shot, payload: bytes, sequence: int) -> bytes:
    head = shot.head
    inner = _error(head, shot.quote, payload) if shot.quote else transport(head, payload, sequence)
    if head.version == 4:
        return bodies.ipv4(
            head.source, head.destination, head.protocol, inner, ttl=shot.hops, tos=shot.tos, ident=shot.channel
        )
    extensions = ((shot.extension, _extension(shot.extension)),) if shot.extension >= 0 else ()
    return bodies.ipv6(
        head.source, head.destination, head.protocol, inner, hops=shot.hops, traffic=shot.tos, flow=shot.channel,
        extensions=extensions,
    )  # fmt: skip


def _extension(kind: int) -> bytes:
    if kind == bodies.FRAGMENT:
        return bodies.fragment_header(0, False, 7)
    return bodies.routing_header(4) if kind == bodies.ROUTING else bodies.options_header()


def transport(head: Head, payload: bytes, sequence: int) -> bytes:
    """From the transport header on."""
    ends = (head.source, head.destination)
    marked = struct.pack("!I", sequence) + payload
    ports = (head.head, head.tail & 0xFFFF)
    if head.protocol == TCP:
        made = bodies.tcp(ends, ports, head.flags, payload, sequence=sequence, ack=1 if head.flags & ACK else 0)
        return made[:16] + bytes([made[16] ^ 0x55]) + made[17:] if head.tail & BADSUM else made
    if head.protocol == UDP:
        made = bodies.udp(ends, ports, marked)
        return made[:6] + bytes([made[6] ^ 0x55]) + made[7:] if head.tail & BADSUM else made
    if head.protocol == SCTP:
        return _sctp(ports, _INIT if head.flags == SYN else _DATA, payload)
    if head.protocol in (ICMP, ICMP6):
        kind = head.head >> 8
        return bodies.icmp(ends, kind, head.head & 0xFF, head.tail << 16 | 1, marked)
    return bodies.gre(marked)


_sctp_known: dict[tuple[int, int, int], bytes] = {}


def _sctp(ports: tuple[int, int], kind: int, payload: bytes) -> bytes:
    """The checksum is slow to work out, and conntrack wants it right."""
    return bodies.sctp(ports, kind, payload)


def _error(head: Head, quote: Head, payload: bytes) -> bytes:
    """An ICMP error about a packet; the quoted packet has a payload of its own, whose last bytes are the token."""
    quoted = transport(quote, payload, 1)
    inner = (
        bodies.ipv4(quote.source, quote.destination, quote.protocol, quoted)
        if quote.version == 4
        else bodies.ipv6(quote.source, quote.destination, quote.protocol, quoted)
    )
    return bodies.icmp((head.source, head.destination), head.head >> 8, head.head & 0xFF, 0, inner)


__all__ = ["ACK", "FIN", "RST", "SYN", "Head", "Shot", "body", "number_of"]
