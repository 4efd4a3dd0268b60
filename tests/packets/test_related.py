"""ICMP errors about live connections: towards the sender, from behind the right interface, and no others."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import ICMPv6Unknown
from scapy.packet import Packet, Raw

from tests.packets.net import Change, Machine, Net
from tests.packets.raw import Frame, ear, ip, leaves_by, nic_towards, send, token, udp
from tests.packets.talk import Tcp, Udp, missing, opened, soon

pytestmark = pytest.mark.packets
FAMILIES = pytest.mark.parametrize("version", [4, 6])
ERRORS = {4: ((3, 4), (3, 1), (11, 0), (12, 0)), 6: ((2, 0), (1, 0), (3, 0), (4, 1))}  # RFC 792, RFC 4443
NEVER = {4: ((4, 0), (5, 0), (5, 1), (8, 0), (13, 0)), 6: ((137, 0), (100, 0), (128, 0))}  # quench, redirects, others
ESP = 50
UNDECLARED = {4: "10.99.0.1", 6: "fd99::1"}


def _error(source: str, destination: str, kind: tuple[int, int], quoted: Packet) -> Packet:
    """An error that quotes the packet whole; its fourth to seventh bytes are an MTU of 1300, a gateway, whatever."""
    if ":" in source:
        body = ICMPv6Unknown(type=kind[0], code=kind[1]) / Raw(b"\0\0\x05\x14" + bytes(quoted))
        return ip(source, destination, carries=58) / body
    return ip(source, destination) / ICMP(type=kind[0], code=kind[1], nexthopmtu=1300) / Raw(bytes(quoted))


@contextmanager
def _udp(net: Net, first: str, second: str, version: int, port: int = 443) -> Iterator[Udp]:
    """An established connection over UDP."""
    talk = Udp(net[first], net[second], version, port)
    try:
        assert opened([talk]) and not missing([talk], True)
        yield talk
    finally:
        talk.close()


def _quoted(talk: Udp, back: bool, said: bytes) -> Packet:
    """A packet of the connection."""
    ends, ports = talk.ends, (talk.sport, talk.port)
    if back:
        ends, ports = ends[::-1], ports[::-1]
    return udp(*ends, ports[1], said, ports[0])


def _leaves(net: Net, sender: str, source: str, talk: Udp, kind: tuple[int, int], back: bool = False) -> set[str]:
    """Where an error that quotes the connection leaves; `back`: it quotes an answer, and goes to who answers."""
    said = token()
    quoted = _quoted(talk, back, said)
    return leaves_by(net, net[sender], _error(source, talk.ends[back], kind, quoted), said)


@FAMILIES
def test_errors_pass_to_the_sender(net: Net, version: int) -> None:
    """From the destination itself and from a router beside it; the connection keeps its number."""
    net.wake()
    with _udp(net, "l1", "r1", version) as talk:
        for kind in ERRORS[version]:
            for router in ("r1", "r2"):
                assert _leaves(net, router, net[router].addresses[version], talk, kind) == {"eth1"}, kind
            for router in ("l1", "l2"):
                assert _leaves(net, router, net[router].addresses[version], talk, kind, back=True) == {"eth2"}, kind
        assert [c.mark for c in net.connections() if talk.is_in(c)] == [net.number("flow", "port", "eth1", "eth2")]


@FAMILIES
def test_errors_from_elsewhere_go_nowhere(net: Net, version: int) -> None:
    """A third host, by its own address or forged; the sender's own side; an address that is nobody's, or another's."""
    net.wake()
    far = net["r1"].addresses[version]
    with _udp(net, "l1", "r1", version) as talk:
        for kind in ERRORS[version]:
            for sender in ("plain-1", "world-1", "admin-1", "l2"):
                assert _leaves(net, sender, net[sender].addresses[version], talk, kind) == set(), (sender, kind)
                assert _leaves(net, sender, far, talk, kind) == set(), (sender, kind)
            for source in (UNDECLARED[version], net["plain-1"].addresses[version]):
                assert _leaves(net, "r2", source, talk, kind) == set(), (source, kind)
        assert not missing([talk], False)


@FAMILIES
def test_redirects_and_quench_never(net: Net, version: int) -> None:
    net.wake()
    with _udp(net, "l1", "r1", version) as talk:
        for kind in NEVER[version]:
            assert _leaves(net, "r1", talk.ends[1], talk, kind) == set(), kind


@FAMILIES
def test_errors_about_nothing_go_nowhere(net: Net, version: int) -> None:
    """They quote a connection that isn't, or one that is over: removed from the site a moment ago."""
    net.wake()
    with _udp(net, "l1", "r1", version) as talk:
        other = udp(*talk.ends, 443, said := token(), 33_333)
        error = _error(talk.ends[1], talk.ends[0], ERRORS[version][0], other)
        assert leaves_by(net, net["r1"], error, said) == set()
        net.wake(("name: port,", "name: port, until: 2026-01-01T00:00:00Z,"))
        said = token()
        with ear(net["gw1.eth2"]) as heard:
            quoted = _quoted(talk, False, said)
            send(net["r1"], _error(talk.ends[1], talk.ends[0], ERRORS[version][0], quoted), net["gw1.eth2"].mac)
            assert not heard.wait(lambda frame: frame.outgoing and said in frame.body, 0.1)


@FAMILIES
def test_observing_is_no_way_round_binding(net: Net, version: int) -> None:
    """An error to an observing end from an enforcing interface, in the name of an observing segment."""
    net.wake()
    with _udp(net, "seen-1", "seen2-1", version, 9000) as talk:
        kind = ERRORS[version][0]
        assert _leaves(net, "seen2-2", net["seen2-2"].addresses[version], talk, kind) == {"eth9"}
        for sender, source in (("l1", "seen2-2"), ("l1", "l1"), ("world-1", "seen2-2"), ("world-1", "seen-2")):
            assert _leaves(net, sender, net[source].addresses[version], talk, kind) == set(), (sender, source)


@FAMILIES
def test_observing_ends_lose_no_error(net: Net, version: int) -> None:
    """From a third interface, but both ends observe: only logged. Redirects and quench go nowhere even there."""
    net.wake(("plain: {strictness: open", "plain: {strictness: open, mode: observe"))
    with _udp(net, "seen-1", "seen2-1", version, 9000) as talk:
        own = net["plain-1"].addresses[version]
        for kind in ERRORS[version]:
            assert _leaves(net, "plain-1", own, talk, kind) == {"eth9"}, kind
        for kind in ((4, 0), (5, 0)) if version == 4 else ():
            assert _leaves(net, "seen2-1", talk.ends[1], talk, kind) == set(), kind


@FAMILIES
def test_errors_to_the_gateway(net: Net, version: int) -> None:
    """A port that is closed, says the far side: that counts. A third host says it: that doesn't."""
    net.wake()
    closed = {4: (3, 3), 6: (1, 4)}[version]
    with _udp(net, "gw1.eth2", "r1", version) as talk:
        for sender, counts in (("plain-1", False), ("l1", False), ("r2", True)):
            for source in {net[sender].addresses[version], talk.ends[1]}:
                error = _error(source, talk.ends[0], closed, _quoted(talk, False, token()))
                send(net[sender], error, net[nic_towards(net, net[sender])].mac)
                assert soon(talk.failed, 0.5 if counts else 0.1) is counts, (sender, source)


POLITE: Change = ("strictness:\n", "strictness:\n  courteous: {like: point, answer: reject}\n")
POLITE_POINTS: Change = ("points: {strictness: point}", "points: {strictness: courteous}")
PROHIBITED = {4: bytes([3, 13]), 6: bytes([1, 1])}


def _answer(net: Net, sender: Machine, packet: Packet, patience: float = 0.5) -> Frame | None:
    """What comes back to a denied packet: a reset, or an error that says prohibited."""
    version = bytes(packet)[0] >> 4
    header = {4: 20, 6: 40}[version]

    def answers(frame: Frame) -> bool:
        if frame.outgoing or not frame.body or frame.body[0] >> 4 != version:
            return False
        if frame.protocol == 6:
            return bool(frame.body[header + 13] & 4)  # RST
        return frame.protocol in (1, 58) and frame.body[header : header + 2] == PROHIBITED[version]

    with ear(sender) as heard:
        send(sender, packet, net[nic_towards(net, sender)].mac)
        return heard.wait(answers, patience)


@FAMILIES
@pytest.mark.parametrize("target", ["polite-1", "gw1.eth1"])
def test_what_refuses_politely_says_so(net: Net, target: str, version: int) -> None:
    """The reset and the error come from our own output hook, whatever the gateway may open by itself."""
    net.wake(POLITE, POLITE_POINTS)
    sender, to = net["l1"], net[target].addresses[version]
    own = sender.addresses[version]
    reset = _answer(net, sender, ip(own, to) / TCP(sport=4001, dport=81, flags="S"))
    assert reset and reset.protocol == 6
    error = _answer(net, sender, udp(own, to, 81, token(), 4002))
    assert error and error.protocol == {4: 1, 6: 58}[version]
    whole = ip(own, to, carries=ESP) / Raw(bytes(8))
    assert _answer(net, sender, whole)
    assert not _answer(net, sender, udp(UNDECLARED[version], to, 81, token(), 4003))  # binding never answers


@FAMILIES
def test_what_refuses_silently_says_nothing(net: Net, version: int) -> None:
    net.wake()
    sender = net["l1"]
    own = sender.addresses[version]
    for target in ("r2", "gw1.eth1"):
        to = net[target].addresses[version]
        assert not _answer(net, sender, udp(own, to, 81, token(), 4004), 0.1), target
        assert not _answer(net, sender, ip(own, to) / TCP(sport=4005, dport=81, flags="S"), 0.1), target


@contextmanager
def _narrow(net: Net) -> Iterator[None]:
    """The gateway's leg towards `right` takes 1300 bytes."""
    net["gw1.eth2"].run("ip link set eth2 mtu 1300")
    try:
        yield
    finally:
        net["gw1.eth2"].run("ip link set eth2 mtu 1500")
        for name in ("l1", "r1"):
            for version in (4, 6):
                net[name].run(f"ip -{version} route flush cache")


TOO_BIG = {4: bytes([3, 4]), 6: bytes([2, 0])}


@FAMILIES
@pytest.mark.parametrize("known", [True, False])
def test_too_big_is_said(net: Net, known: bool, version: int) -> None:
    """Also of a first packet, which dies before any connection is made of it, again and again."""
    net.wake()
    one, header = net["l1"], {4: 20, 6: 40}[version]
    with _narrow(net), _udp(net, "l1", "r1", version) as talk, ear(one) as heard:
        big = _quoted(talk, False, bytes(1400))
        big[UDP].sport = big[UDP].sport if known else 33_334
        if version == 4:
            big.flags = "DF"
        send(one, big, net["gw1.eth1"].mac)
        said = heard.wait(lambda frame: not frame.outgoing and frame.protocol in (1, 58), 0.5)
        assert said and said.body[header : header + 2] == TOO_BIG[version]


@FAMILIES
def test_path_mtu_is_found_over_tcp(net: Net, version: int) -> None:
    net.wake()
    with _narrow(net):
        talk = Tcp(net["l1"], net["r1"], version, 443)
        try:
            assert opened([talk]) and talk.peer
            said, got = token() * 1000, bytearray()
            talk.speak(said)

            def whole() -> bool:
                got.extend(talk.got())
                return bytes(got) == said

            assert soon(whole, 3)
        finally:
            talk.close()
