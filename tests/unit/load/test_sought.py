"""A packet that is waited for, in words: what isn't said stays open."""

import pytest

from segctl.load.packets import NoPacket, parse_packet, parse_sought
from segctl.model.packet import Way
from segctl.model.ranges import parse_address
from segctl.model.sought import Sought


def test_what_is_not_said_is_open() -> None:
    said = parse_sought("in eth1 out eth2 any -> 10.0.2.20 tcp any -> 5432")
    assert said == Sought("eth1", "eth2", None, parse_address("10.0.2.20"), 6, None, 5432)
    assert (said.way, said.family) == (Way.FORWARD, 4)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("in a any -> 10.0.0.1 icmp 3 code 13", {"protocol": 1, "kind": 3, "code": 13}),
        ("in a any -> fd00::1 icmp any", {"protocol": 58, "kind": None, "iif": "a", "oif": ""}),
        ("out a any -> 10.0.0.1 udp 1 -> any new", {"sport": 1, "dport": None, "state": "new", "way": Way.OUTPUT}),
        ("out a any -> 10.0.0.1 tcp any -> any established", {"state": "established", "direction": "original"}),
        ("out a any -> 10.0.0.1 tcp any -> any established reply", {"state": "established", "direction": "reply"}),
        ("out a any -> 10.0.0.1 tcp any -> any reply established", {"state": "established", "direction": "reply"}),
        ("in a any -> 10.0.0.1 proto 47 ct-mark 7 mark 0x8 ttl 2", {"connection_mark": 7, "mark": 8, "ttl": 2}),
    ],
)
def test_others(words: str, wanted: dict[str, object]) -> None:
    said = parse_sought(words)
    assert {name: getattr(said, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    "words",
    [
        "in a any -> any tcp 1 -> 2", "in a any -> 10.0.0.1", "any -> 10.0.0.1 tcp 1 -> 2",
        "in a any 10.0.0.1 tcp 1 -> 2",
        "in a any -> 10.0.0.1 tcp 1 -> 65536", "in a any -> 10.0.0.1 icmp 256", "in a any -> 10.0.0.1 proto -1",
        "in a any -> 10.0.0.1 udp 1 -> 2 ct-mark 0x100000000", "in a any -> 10.0.0.1 proto any",
    ],
)  # fmt: skip
def test_what_is_no_packet(words: str) -> None:
    with pytest.raises(NoPacket):
        parse_sought(words)


@pytest.mark.parametrize(
    "words", ["any -> 10.0.0.1 tcp 1 -> 2", "10.0.0.2 -> 10.0.0.1 tcp any -> 2", "10.0.0.2 -> 10.0.0.1 icmp any"]
)
def test_who_follows_without_a_kernel_says_all(words: str) -> None:
    with pytest.raises(NoPacket, match="without --live"):
        parse_packet(f"in a {words}")


@pytest.mark.parametrize(
    ("more", "misfit"),
    [
        ("", ""),
        ("new", ""),
        ("established", "state new"),
        ("established reply", "state new, direction original"),
        ("flags syn", ""),
        ("flags ack", "flags 2"),
        ("ttl 64", ""),
        ("ttl 1", "ttl 64"),
        ("ct-mark 5", "ct mark 0"),
        ("mark 5", "mark 0"),
    ],
)
def test_in_which_words_a_packet_does_not_fit(more: str, misfit: str) -> None:
    packet = parse_packet("in a out b 10.0.0.1 -> 10.0.0.2 tcp 1 -> 2")
    assert parse_sought(f"in a out b any -> 10.0.0.2 tcp any -> 2 {more}").misfit(packet) == misfit
    assert parse_sought(f"in a any -> 10.0.0.2 tcp any -> 2 {more}").misfit(packet).startswith("way forward, out b")
