"""Filled-in shapes are what scapy itself would have built, and what is captured of them is read back."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import GRE
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.packet import Packet, Raw

from segctl.model import service
from segctl.model.ranges import parse_address
from segctl.model.service import traffic
from segctl.probe.numbers import Numbers
from segctl.probe.packet import control, make
from segctl.probe.reading import MARK, read
from segctl.probe.result import Answer

TOKEN, PORT = 0x89ABCDEF, 40_000
ENDS = {4: ("10.1.2.3", "192.168.250.251"), 6: ("fd00:1::abcd", "2001:db8:ffff::1")}
BYTES = MARK + TOKEN.to_bytes(4, "big")


def ip(family: int, *, back: bool = False) -> Packet:
    source, destination = reversed(ENDS[family]) if back else ENDS[family]
    return IP(src=source, dst=destination) if family == 4 else IPv6(src=source, dst=destination)


def made(family: int, protocol: int, port: int = 0) -> bytes:
    source, destination = map(parse_address, ENDS[family])
    return make(source, destination, traffic(family, protocol, port), PORT, TOKEN).data


@pytest.mark.parametrize("family", [4, 6])
def test_as_scapy_builds_it(family: int) -> None:
    syn = TCP(sport=PORT, dport=5432, flags="S", seq=TOKEN, window=1024)
    assert made(family, service.TCP, 5432) == bytes(ip(family) / syn)
    assert made(family, service.UDP, 53) == bytes(ip(family) / UDP(sport=PORT, dport=53) / Raw(BYTES))
    assert made(family, service.GRE) == bytes(ip(family) / GRE(proto=0x88B5) / Raw(BYTES))
    init = SCTPChunkInit(init_tag=TOKEN, a_rwnd=65_536, n_out_streams=1, n_in_streams=1, init_tsn=TOKEN)
    assert made(family, service.SCTP, 99) == bytes(ip(family) / SCTP(sport=PORT, dport=99, tag=0) / init)


def test_any_other_protocol() -> None:
    source, destination = ENDS[4]
    assert made(4, 99) == bytes(IP(src=source, dst=destination, proto=99) / Raw(BYTES))
    source, destination = ENDS[6]
    assert made(6, 99) == bytes(IPv6(src=source, dst=destination, nh=99) / Raw(BYTES))


def test_echo_as_scapy_builds_it() -> None:
    assert made(4, service.ICMP, 8) == bytes(ip(4) / ICMP(type=8, id=PORT, seq=1) / Raw(BYTES))
    assert made(6, service.ICMP6, 128) == bytes(ip(6) / ICMPv6EchoRequest(id=PORT, seq=1, data=BYTES))


def test_a_control_is_a_reset_that_nobody_answers() -> None:
    source, destination = map(parse_address, ENDS[6])
    packet = control(source, destination, TOKEN)
    assert packet.data == bytes(ip(6) / TCP(sport=9, dport=9, flags="R", seq=TOKEN, window=1024))


@pytest.mark.parametrize(
    ("family", "protocol", "port"),
    [(4, service.TCP, 1), (6, service.TCP, 65_535), (4, service.UDP, 9), (6, service.UDP, 9), (4, service.ICMP, 8),
     (6, service.ICMP6, 128), (4, service.GRE, 0), (6, service.SCTP, 7), (4, 50, 0)],
)  # fmt: skip
def test_what_was_sent_is_read_back(family: int, protocol: int, port: int) -> None:
    data = made(family, protocol, port)
    assert read(family, data) == (TOKEN, None)
    assert read(family, data + b"\0" * 6) == (TOKEN, None)  # an Ethernet frame's padding
    header = 20 if family == 4 else 40
    for length in range(len(data)):  # cut short: never a traceback
        read(family, data[:length])
    assert read(family, data[: header + 8]) is None


def refused(family: int, quoted: bytes, code: int) -> bytes:
    if family == 4:
        return bytes(ip(4, back=True) / ICMP(type=3, code=code) / Raw(quoted))
    return bytes(ip(6, back=True) / ICMPv6DestUnreach(code=code) / Raw(quoted))


@pytest.mark.parametrize("protocol", [service.TCP, service.UDP, service.GRE])
@pytest.mark.parametrize(
    ("family", "code", "answer"),
    [(4, 13, Answer.PROHIBITED), (4, 10, Answer.PROHIBITED), (4, 3, Answer.CLOSED), (4, 1, Answer.UNREACHABLE),
     (6, 1, Answer.PROHIBITED), (6, 4, Answer.CLOSED), (6, 3, Answer.UNREACHABLE)],
)  # fmt: skip
def test_errors_quote_what_they_complain_of(family: int, code: int, answer: Answer, protocol: int) -> None:
    assert read(family, refused(family, made(family, protocol, 80), code)) == (TOKEN, answer)


def test_a_syn_is_known_by_eight_quoted_bytes() -> None:
    assert read(4, refused(4, made(4, service.TCP, 80)[:28], 13)) == (TOKEN, Answer.PROHIBITED)
    assert read(6, refused(6, made(6, service.TCP, 80)[:48], 1)) == (TOKEN, Answer.PROHIBITED)


@pytest.mark.parametrize("family", [4, 6])
def test_answers(family: int) -> None:
    for flags, answer in (("SA", Answer.SYN_ACK), ("RA", Answer.RESET)):
        back = ip(family, back=True) / TCP(sport=80, dport=PORT, flags=flags, ack=TOKEN + 1)
        assert read(family, bytes(back)) == (TOKEN, answer)
    data = ip(family, back=True) / TCP(sport=80, dport=PORT, flags="PA", seq=TOKEN, ack=TOKEN + 1) / Raw(b"hello")
    assert read(family, bytes(data)) is None
    echoed = ICMPv6EchoReply(id=PORT, seq=1, data=BYTES) if family == 6 else ICMP(type=0, id=PORT, seq=1) / Raw(BYTES)
    assert read(family, bytes(ip(family, back=True) / echoed)) == (TOKEN, None)  # not the very bytes: the ear sees that


@pytest.mark.parametrize("data", [b"", b"\x45", b"\x60" * 40, b"\xff" * 100, bytes(100), b"\x4f" + bytes(60)])
def test_noise_is_no_token(data: bytes) -> None:
    assert read(4, data) is None and read(6, data) is None


def test_numbers_never_meet() -> None:
    numbers = Numbers(7)
    tokens = [numbers.token() for _ in range(10_000)]
    near = {token + step for token in tokens for step in (-1, 0, 1)}
    assert len(near) == 30_000 and 0 not in tokens
    ports = [numbers.port() for _ in range(28_000)]
    assert len(set(ports)) == 28_000 and min(ports) >= 32_768 and max(ports) <= 60_999
    assert Numbers().token() != Numbers().token()
