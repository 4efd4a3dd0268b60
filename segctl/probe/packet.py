"""One packet with one token, made by scapy once for each kind of traffic and filled in for each cell.

Scapy takes half a millisecond for a packet; the shapes are kept, and addresses, source port and token are written into
a copy, with the checksums done anew. Where the token stands:

    TCP   SYN, the sequence number            SCTP  INIT, the initiate tag
    UDP, ICMP echo, any other protocol        the last four bytes of the payload, after MARK
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from segctl.model import service
from segctl.model.ranges import V6
from segctl.model.service import ICMP, ICMP6, SCTP, TCP, UDP, family_of, port_of, protocol_of
from segctl.probe.reading import MARK

if TYPE_CHECKING:
    from scapy.packet import Packet as Scapy

_HEADER = {4: 20, 6: 40}
_CHECKSUM = {TCP: 16, UDP: 6, ICMP: 2, ICMP6: 2}  # from the start of the transport header
_TOKEN = {TCP: 4, SCTP: 16}
_OWN_PORT = {TCP: 0, UDP: 0, SCTP: 0, ICMP: 4, ICMP6: 4}  # for ICMP the echo's identifier
_CLOSING = 0x04  # RST


@dataclass(frozen=True, slots=True)
class Packet:
    """A whole layer-3 packet as it is sent; `body` is what comes after the IP header."""

    source: int
    destination: int
    protocol: int
    token: int
    body: bytes
    data: bytes

    @property
    def ends(self) -> bytes:
        """Source and destination as they stand in the header."""
        return self.data[12:20] if self.destination < V6 else self.data[8:40]


def make(source: int, destination: int, traffic: int, own_port: int, token: int) -> Packet:
    """What asks for `traffic`: a SYN, an echo request, a datagram. `own_port` is its source port or echo identifier."""
    family, protocol = family_of(traffic), protocol_of(traffic)
    at = _HEADER[family]
    if protocol == SCTP:  # its checksum is a CRC over all, so there is nothing to keep
        shape = bytearray(_sctp(family, own_port, port_of(traffic), token))
    else:
        shape = bytearray(_shape(traffic))
        if protocol in _OWN_PORT:
            struct.pack_into(">H", shape, at + _OWN_PORT[protocol], own_port)
        token_at = at + _TOKEN[protocol] if protocol in _TOKEN else len(shape) - 4
        struct.pack_into(">I", shape, token_at, token)
    return _finish(shape, family, protocol, source, destination, token)


def control(source: int, destination: int, token: int) -> Packet:
    """A lone TCP RST, which no host answers (RFC 9293, section 3.10.7.1), to show that a link carries frames."""
    traffic = (1 << 24 if destination >= V6 else 0) | TCP << 16 | 9
    family = family_of(traffic)
    shape = bytearray(_shape(traffic))
    shape[_HEADER[family] + 13] = _CLOSING
    struct.pack_into(">I", shape, _HEADER[family] + 4, token)
    struct.pack_into(">H", shape, _HEADER[family], 9)
    return _finish(shape, family, TCP, source, destination, token)


def _finish(shape: bytearray, family: int, protocol: int, source: int, destination: int, token: int) -> Packet:
    """Write the addresses, then the checksums that depend on them."""
    at = _HEADER[family]
    size = 4 if family == 4 else 16
    ends = (source % V6).to_bytes(size, "big") + (destination % V6).to_bytes(size, "big")
    shape[at - 2 * size : at] = ends
    if protocol in _CHECKSUM:
        place = at + _CHECKSUM[protocol]
        shape[place : place + 2] = b"\0\0"
        body = bytes(shape[at:])
        pseudo = b"" if protocol == ICMP else ends + struct.pack(">II", len(body), protocol)
        struct.pack_into(">H", shape, place, _checksum(pseudo + body) or 0xFFFF)
    if family == 4:
        shape[10:12] = b"\0\0"
        struct.pack_into(">H", shape, 10, _checksum(bytes(shape[:at])))
    return Packet(source, destination, protocol, token, bytes(shape[at:]), bytes(shape))


def _checksum(data: bytes) -> int:
    """RFC 1071. A word's place in the sum doesn't matter, so the pseudo headers of both families are one to it."""
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@lru_cache(maxsize=4096)
def _shape(traffic: int) -> bytes:
    from scapy.layers.inet import ICMP as Icmp
    from scapy.layers.inet import TCP as Tcp
    from scapy.layers.inet import UDP as Udp
    from scapy.layers.inet6 import ICMPv6EchoRequest
    from scapy.layers.l2 import GRE as Gre
    from scapy.packet import Raw

    family, protocol, port = family_of(traffic), protocol_of(traffic), port_of(traffic)
    payload = MARK + bytes(4)
    inner: Scapy
    match protocol:
        case service.TCP:
            inner = Tcp(sport=0, dport=port, flags="S", seq=0, window=1024)
        case service.UDP:
            inner = Udp(sport=0, dport=port) / Raw(payload)
        case service.ICMP:
            inner = Icmp(type=port, id=0, seq=1) / Raw(payload)
        case service.ICMP6:
            inner = ICMPv6EchoRequest(id=0, seq=1, data=payload)
        case service.GRE:
            inner = Gre(proto=0x88B5) / Raw(payload)  # IEEE 802: local experiments, so nobody takes it for a tunnel
        case _:
            inner = Raw(payload)
    return _with_ip(family, protocol, inner)


def _sctp(family: int, own_port: int, port: int, token: int) -> bytes:
    from scapy.layers.sctp import SCTP as Sctp
    from scapy.layers.sctp import SCTPChunkInit

    chunk = SCTPChunkInit(init_tag=token, a_rwnd=65_536, n_out_streams=1, n_in_streams=1, init_tsn=token)
    return _with_ip(family, SCTP, Sctp(sport=own_port, dport=port, tag=0) / chunk)


def _with_ip(family: int, protocol: int, inner: "Scapy") -> bytes:
    """The documentation's own addresses (RFC 5737, 3849) stand where each cell writes its own."""
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6

    if family == 4:
        return bytes(IP(src="192.0.2.1", dst="192.0.2.2", proto=protocol) / inner)
    return bytes(IPv6(src="2001:db8::1", dst="2001:db8::2", nh=protocol) / inner)
