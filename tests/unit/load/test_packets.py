"""A packet in words."""

import pytest

from segctl.load.packets import NoPacket, parse_packet
from segctl.model.packet import Way
from segctl.model.ranges import parse_address


def test_a_whole_packet() -> None:
    packet = parse_packet("in eth1 out eth2 10.0.1.11 -> 10.0.2.20 tcp 40000 -> 5432")
    assert (packet.way, packet.iif, packet.oif) == (Way.FORWARD, "eth1", "eth2")
    assert (packet.source, packet.destination) == (parse_address("10.0.1.11"), parse_address("10.0.2.20"))
    assert (packet.protocol, packet.head, packet.tail, packet.flags, packet.state) == (6, 40000, 5432, 2, "new")
    assert packet.fields["ip ttl"] == 64


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("in eth1 fe80::1 -> fe80::2 icmp 135 ttl 255", {"way": Way.INPUT, "protocol": 58, "head": 135 << 8}),
        ("out eth1 10.0.0.1 -> 10.0.0.2 icmp 3 code 13 related", {"way": Way.OUTPUT, "head": 3 << 8 | 13}),
        ("in a out b 10.0.0.1->10.0.0.2 tcp 1 -> 2 established reply ct-mark 0x7", {"flags": 16, "direction": "reply"}),
        ("in a out b 10.0.0.1 -> 10.0.0.2 tcp 1 -> 2 flags fin,ack", {"flags": 17}),
        ("in a out b 10.0.0.1 -> 10.0.0.2 proto 47", {"protocol": 47}),
    ],
)
def test_others(words: str, wanted: dict[str, object]) -> None:
    packet = parse_packet(words)
    assert {name: getattr(packet, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    "words",
    [
        "", "in eth1", "in eth1 10.0.0.1 -> 10.0.0.2", "in a 10.0.0.1 -> fd00::1 tcp 1 -> 2",
        "in a 10.0.0.1 tcp 1 -> 2",
        "in a 10.0.0.1 -> 10.0.0.2 tcp x -> 2", "in a 10.0.0.1 -> 10.0.0.2 tcp 1 2", "in a b -> c tcp 1 -> 2", "in",
        "in a 10.0.0.1 -> 10.0.0.2 tcp 1 -> 2 flags odd", "in a 10.0.0.1 -> 10.0.0.2 tcp 1 ->",
    ],
)  # fmt: skip
def test_what_is_no_packet(words: str) -> None:
    with pytest.raises(NoPacket):
        parse_packet(words)
