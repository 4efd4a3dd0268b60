"""Packets byte by byte, from the IP header on; checksums are right unless a caller breaks them.

Payloads end in a token, so that a packet is known again wherever it is seen, and in whatever quotes it.
"""

import struct

from segctl.model.ranges import V6
from tests.packets.talk import checksum

ICMP, TCP, UDP, GRE, ESP, AH, ICMP6, NONE6, SCTP = 1, 6, 17, 47, 50, 51, 58, 59, 132
HBH, ROUTING, FRAGMENT, DESTINATION, MOBILITY = 0, 43, 44, 60, 135
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
TOKEN = struct.Struct("!4sII")
MAGIC = b"sglc"


def token(volley: int, number: int) -> bytes:
    """What tells a packet from all others: the volley's number and its own."""
    return TOKEN.pack(MAGIC, volley, number)


def told_by(body: bytes, volley: int) -> int | None:
    """The number in the token at the end of these bytes; None if there is none of this volley."""
    if len(body) < TOKEN.size:
        return None
    magic, of, number = TOKEN.unpack_from(body, len(body) - TOKEN.size)
    return number if magic == MAGIC and of == volley else None


def packed(address: int) -> bytes:
    """4 or 16 bytes."""
    return (address - V6).to_bytes(16, "big") if address >= V6 else address.to_bytes(4, "big")


def ipv4(
    source: int, destination: int, protocol: int, payload: bytes, *, ttl: int = 64, tos: int = 0, ident: int = 1,
    fragment: int = 0, options: bytes = b"",
) -> bytes:  # fmt: skip
    """RFC 791; `fragment` is the word of flags and offset, `options` a multiple of 4 bytes."""
    words = 5 + len(options) // 4
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x40 | words, tos, words * 4 + len(payload), ident, fragment, ttl, protocol, 0,
        packed(source), packed(destination),
    )  # fmt: skip
    head += options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(
    source: int, destination: int, protocol: int, payload: bytes, *, hops: int = 64, traffic: int = 0, flow: int = 0,
    extensions: tuple[tuple[int, bytes], ...] = (),
) -> bytes:  # fmt: skip
    """RFC 8200; `extensions` are headers by number, each without its first byte (the next header)."""
    numbers = [*(number for number, _ in extensions), protocol]
    chained = b"".join(bytes([after]) + rest for (_, rest), after in zip(extensions, numbers[1:], strict=True))
    body = chained + payload
    head = struct.pack("!IHBB", 6 << 28 | traffic << 20 | flow, len(body), numbers[0], hops)
    return head + packed(source) + packed(destination) + body


def options_header(size: int = 0) -> bytes:
    """Hop-by-hop or destination options: 8 * (size + 1) bytes, without the first. One that all skip (RFC 4727)."""
    return bytes([size, 0x1E, 4 + 8 * size]) + bytes(4 + 8 * size)


def routing_header(kind: int) -> bytes:
    """A routing header that leads nowhere further (segments left 0), without its first byte."""
    return bytes([0, kind, 0]) + bytes(4)


def fragment_header(offset: int, more: bool, ident: int) -> bytes:
    """Without its first byte; `offset` in units of 8 bytes."""
    return struct.pack("!BHI", 0, offset << 3 | more, ident)


def _pseudo(source: int, destination: int, protocol: int, length: int) -> bytes:
    if source >= V6:
        return packed(source) + packed(destination) + struct.pack("!IHBB", length, 0, 0, protocol)
    return packed(source) + packed(destination) + struct.pack("!BBH", 0, protocol, length)


def _summed(source: int, destination: int, protocol: int, segment: bytes, at: int) -> bytes:
    """With the checksum over the pseudo header at byte `at`, where zeros stand."""
    value = checksum(_pseudo(source, destination, protocol, len(segment)) + segment) or 0xFFFF
    return segment[:at] + struct.pack("!H", value) + segment[at + 2 :]


def tcp(
    ends: tuple[int, int], ports: tuple[int, int], flags: int, payload: bytes, *, sequence: int = 1000, ack: int = 0,
    window: int = 8192, options: bytes = b"",
) -> bytes:  # fmt: skip
    """RFC 9293."""
    head = struct.pack("!HHIIBBHHH", *ports, sequence, ack, (5 + len(options) // 4) << 4, flags, window, 0, 0)
    return _summed(*ends, TCP, head + options + payload, 16)


def udp(ends: tuple[int, int], ports: tuple[int, int], payload: bytes) -> bytes:
    """RFC 768."""
    return _summed(*ends, UDP, struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload, 6)


def icmp(ends: tuple[int, int], kind: int, code: int, rest: int, payload: bytes) -> bytes:
    """RFC 792 and RFC 4443, by the family of the ends; `rest` are bytes 4 to 8."""
    body = struct.pack("!BBHI", kind, code, 0, rest) + payload
    if ends[0] >= V6:
        return _summed(*ends, ICMP6, body, 2)
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def gre(payload: bytes) -> bytes:
    """RFC 2784, IPv4 inside by its word."""
    return struct.pack("!HH", 0, 0x0800) + payload


def sctp(ports: tuple[int, int], kind: int, payload: bytes) -> bytes:
    """RFC 9260: one chunk; INIT is 1, and has no verification tag. The payload is a parameter that is skipped."""
    begin = struct.pack("!IIHHI", 0x01020304, 65536, 1, 1, 7) + struct.pack("!HH", 0x8009, 4 + len(payload))
    chunk = struct.pack("!BBH", kind, 0, 4 + len(begin) + len(payload)) + begin + payload
    body = struct.pack("!HHII", *ports, 0 if kind == 1 else 0x0A0B0C0D, 0) + chunk
    return body[:8] + struct.pack("<I", _crc32c(body)) + body[12:]


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def destination(body: bytes) -> int:
    """Where a packet goes, on the line of `segctl.model.ranges`."""
    if body[0] >> 4 == 4:
        return int.from_bytes(body[16:20], "big")
    return V6 + int.from_bytes(body[24:40], "big")
