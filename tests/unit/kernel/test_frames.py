"""The packets that trials send are those that scapy would make: same bytes, checksums included."""

import pytest

from segctl.kernel.frames import ACK, CWR, ECE, RST, SYN, body, echo, tcp, udp
from segctl.model.ranges import parse_address

ENDS = {4: ("192.0.2.2", "198.51.100.2"), 6: ("2001:db8:1::2", "2001:db8:2::2")}


def ends(version: int) -> tuple[int, int]:
    source, destination = map(parse_address, ENDS[version])
    return source, destination


@pytest.mark.parametrize("version", [4, 6])
def test_packets_are_scapys(version: int) -> None:
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6

    source, destination = ENDS[version]
    head = IP(src=source, dst=destination, id=0) if version == 4 else IPv6(src=source, dst=destination)
    asking = ICMP(id=77, seq=1) if version == 4 else ICMPv6EchoRequest(id=77, seq=1)
    assert udp(*ends(version), 4000, 7, b"odd") == bytes(head / UDP(sport=4000, dport=7) / b"odd")
    assert udp(*ends(version), 4000, 7) == bytes(head / UDP(sport=4000, dport=7))
    assert echo(*ends(version), 77) == bytes(head / asking)
    for flags, said in ((SYN, "S"), (SYN | ECE | CWR, "SEC"), (0, "")):
        made = TCP(sport=4000, dport=7, flags=said, seq=1, window=65535)
        assert tcp(*ends(version), 4000, 7, flags) == bytes(head / made)
    made = TCP(sport=4000, dport=7, flags="RA", seq=9, ack=1, window=65535)
    assert tcp(*ends(version), 4000, 7, RST | ACK, 9) == bytes(head / made)


@pytest.mark.parametrize("version", [4, 6])
def test_a_checksum_of_nothing_is_all_ones(version: int) -> None:
    """RFC 768: a UDP checksum that comes out as zero is sent as ones; zero would say that there is none."""
    of_nothing = udp(*ends(version), 4000, 7, b"\0\0")[-4:-2]
    assert udp(*ends(version), 4000, 7, of_nothing)[-4:-2] == b"\xff\xff"


@pytest.mark.parametrize("version", [4, 6])
def test_the_body_is_what_routers_leave(version: int) -> None:
    packet = udp(*ends(version), 4000, 7, b"inner")
    hops = 8 if version == 4 else 7
    forwarded = packet[:hops] + b"\x3f" + packet[hops + 1 :]
    assert body(forwarded + b"padding of a short frame") == body(packet)
    assert body(packet)[0] == 17
