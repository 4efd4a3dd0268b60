"""Whole IP packets as bytes, for the few that a trial sends: UDP, TCP, echo; both families, checksums right.

RFC 791 and 8200 (headers), 768, 9293, 792, 4443; the checksum is that of RFC 1071. Nothing else of a packet can be
chosen: scapy can, but it takes half a second to load, and this is asked for on gateways.
"""

import struct

from segctl.model.ranges import V6, family
from segctl.model.service import ICMP, ICMP6, TCP, UDP

FIN, SYN, RST, PSH, ACK, ECE, CWR = 0x01, 0x02, 0x04, 0x08, 0x10, 0x40, 0x80
"""TCP's control bits (RFC 9293, section 3.1; RFC 3168)."""

_HOPS = 64
_ECHO = {4: (ICMP, 8), 6: (ICMP6, 128)}
_CHECKSUM_AT = {UDP: 6, TCP: 16, ICMP: 2, ICMP6: 2}


def udp(source: int, destination: int, sport: int, dport: int, payload: bytes = b"") -> bytes:
    """A datagram between two addresses on our line (segctl.model.ranges)."""
    return _whole(source, destination, UDP, struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload)


def tcp(source: int, destination: int, sport: int, dport: int, flags: int, sequence: int = 1) -> bytes:
    """A segment without data; with ACK it acknowledges nothing that anybody sent."""
    head = struct.pack(">HHIIBBHHH", sport, dport, sequence, 1 if flags & ACK else 0, 5 << 4, flags, 65535, 0, 0)
    return _whole(source, destination, TCP, head)


def echo(source: int, destination: int, identifier: int) -> bytes:
    """An echo request."""
    protocol, kind = _ECHO[family(destination)]
    return _whole(source, destination, protocol, struct.pack(">BBHHH", kind, 0, 0, identifier, 1))


def body(packet: bytes) -> tuple[int, bytes]:
    """Protocol, and what stands behind the IP header: routers leave it as it is."""
    if packet[0] >> 4 == 4:
        length = int.from_bytes(packet[2:4], "big")
        return packet[9], packet[(packet[0] & 15) * 4 : length]
    return packet[6], packet[40 : 40 + int.from_bytes(packet[4:6], "big")]


def _whole(source: int, destination: int, protocol: int, inner: bytes) -> bytes:
    width = 4 if family(destination) == 4 else 16
    ends = (source % V6).to_bytes(width, "big") + (destination % V6).to_bytes(width, "big")
    at = _CHECKSUM_AT[protocol]
    covered = inner if protocol == ICMP else ends + struct.pack(">IHBB", len(inner), 0, 0, protocol) + inner
    inner = inner[:at] + struct.pack(">H", _checksum(covered) or 0xFFFF) + inner[at + 2 :]
    if width == 16:
        return struct.pack(">IHBB", 6 << 28, len(inner), protocol, _HOPS) + ends + inner
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(inner), 0, 0, _HOPS, protocol, 0) + ends
    return head[:10] + struct.pack(">H", _checksum(head)) + head[12:] + inner


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
