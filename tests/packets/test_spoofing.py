"""Whose word counts where: addresses and interfaces, on every gateway, before conntrack's word."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest
from scapy.packet import Packet, Raw

from tests.packets.net import Change, Net
from tests.packets.raw import ear, hears, ip, leaves_by, nic_towards, send, token, udp
from tests.packets.talk import Echo, Ported, Talk, Tcp, Udp, missing, opened, soon

pytestmark = pytest.mark.packets
EVERYONE: Change = (
    "flows:",
    "flows:\n  - {name: everyone, from: any, to: any, services: [udp/9100], remediation: true, "
    "why: 'nothing but binding stops it', waive: {wide: 'so that it is seen'}}",
)
UNDECLARED = {4: "10.99.0.1", 6: "fd99::1"}
FAMILIES = pytest.mark.parametrize("version", [4, 6])


@pytest.fixture
def everyone(net: Net) -> Net:
    """A site where everybody may speak with everybody over udp/9100."""
    net.wake(EVERYONE)
    return net


def _said(net: Net, sender: str, source: str, target: str, version: int) -> set[str]:
    """Where a datagram on the port that all may use leaves, with that source."""
    said = token()
    return leaves_by(net, net[sender], udp(source, net[target].addresses[version], 9100, said), said)


@FAMILIES
def test_right_sources_pass(everyone: Net, version: int) -> None:
    for sender, target, nic in (("l1", "r1", "eth2"), ("plain-1", "l1", "eth1"), ("seen-1", "other-1", "eth4")):
        own = everyone[sender].addresses[version]
        assert _said(everyone, sender, own, target, version) == {nic}
    neighbour = everyone["l2"].addresses[version]  # of the same segment, behind the same interface: nobody can tell
    assert _said(everyone, "l1", neighbour, "r1", version) == {"eth2"}


@FAMILIES
@pytest.mark.parametrize("sender", ["l1", "plain-1", "admin-1", "ill-1"])
def test_undeclared_address_goes_nowhere(everyone: Net, sender: str, version: int) -> None:
    for target in ("r1", "world-1", "other-1", "twin-1", "seen-1"):
        assert _said(everyone, sender, UNDECLARED[version], target, version) == set()


@FAMILIES
def test_foreign_source_goes_nowhere(everyone: Net, version: int) -> None:
    """Another segment's, the gateway's own, the other gateway's, the receiver's own; nothing filters reverse paths."""
    for whose in ("plain-1", "admin-1", "seen-1", "world-1", "gw1.eth1", "gw1.eth2", "gw2.up0", "r1"):
        assert _said(everyone, "l1", everyone[whose].addresses[version], "r1", version) == set(), whose
    for whose in ("l1", "seen-1"):
        assert _said(everyone, "world-1", everyone[whose].addresses[version], "r1", version) == set(), whose


@FAMILIES
def test_foreign_source_is_not_heard_by_the_gateway(everyone: Net, version: int) -> None:
    ours = everyone["gw1.eth1"]
    for sender, source, heard in (
        ("l1", everyone["l1"].addresses[version], True),
        ("l1", UNDECLARED[version], False),
        ("l1", everyone["plain-1"].addresses[version], False),
        ("l1", everyone["gw1.eth2"].addresses[version], False),
        ("world-1", everyone["l1"].addresses[version], False),
    ):
        said = token()
        with ours.listening(version, 9100) as one:
            packet = udp(source, ours.addresses[version], 9100, said)
            send(everyone[sender], packet, everyone[nic_towards(everyone, everyone[sender])].mac)
            assert hears(one, said, heard) is heard, (sender, source)


@FAMILIES
def test_waived_binding_is_only_logged(everyone: Net, version: int) -> None:
    before = _counted(everyone, "unbound_source")
    assert _said(everyone, "other-1", everyone["l1"].addresses[version], "r1", version) == {"eth2"}
    assert _said(everyone, "other-1", UNDECLARED[version], "r1", version) == {"eth2"}
    assert _counted(everyone, "unbound_source") >= before + 2


def _counted(net: Net, chain: str) -> int:
    """Packets that the rules of a chain counted."""
    words = net.gateway.run(["nft", "list", "chain", "inet", net.table, chain]).stdout.split()
    return sum(int(words[at + 1]) for at, word in enumerate(words) if word == "packets")


@contextmanager
def _talking(net: Net, talk: Talk) -> Iterator[Talk]:
    """A connection that is established."""
    try:
        assert opened([talk]) and not missing([talk], True) and not missing([talk], False)
        yield talk
    finally:
        talk.close()


def _forged(talk: Ported, back: bool, said: bytes) -> Packet:
    """A packet of the connection, in that direction."""
    one, other = talk.ends
    ports = talk.sport, talk.port
    if back:
        one, other, ports = other, one, ports[::-1]
    header = TCP(sport=ports[0], dport=ports[1], flags="PA", seq=1, ack=1) if talk.protocol == 6 else UDP(
        sport=ports[0], dport=ports[1]
    )  # fmt: skip
    return ip(one, other) / header / Raw(said)


@FAMILIES
@pytest.mark.parametrize("what", ["tcp", "udp"])
def test_nobody_speaks_into_a_live_connection(net: Net, what: str, version: int) -> None:
    """The five-tuple of an established connection, from a third interface and from the other end's own."""
    net.wake()
    talk: Ported = (Tcp if what == "tcp" else Udp)(net["l1"], net["r1"], version, 443)
    with _talking(net, talk):
        number = net.number("flow", "port", "eth1", "eth2")
        for back, senders in ((False, ("plain-1", "world-1", "admin-1", "r2")), (True, ("plain-1", "world-1", "l2"))):
            for sender in senders:
                said = token()
                assert leaves_by(net, net[sender], _forged(talk, back, said), said) == set(), (sender, back)
        assert [one.mark for one in net.connections() if talk.is_in(one)] == [number]
        if what == "udp":  # from their own interfaces they pass: these were the right packets
            for back, sender, nic in ((False, "l1", "eth2"), (True, "r1", "eth1")):
                said = token()
                assert leaves_by(net, net[sender], _forged(talk, back, said), said) == {nic}
        assert not missing([talk], False) and not missing([talk], True)


@FAMILIES
def test_nobody_speaks_into_a_live_connection_with_the_gateway(net: Net, version: int) -> None:
    net.wake()
    talk = Echo(net["admin-1"], net["gw1.eth5"], version)
    with _talking(net, talk):
        packet = talk._packet(False, talk._token())
        forged = ip(*talk.ends, carries=talk.protocol) / Raw(packet)
        if version == 6:  # by hand, as its checksum covers the addresses
            forged = ip(*talk.ends) / ICMPv6EchoRequest(id=talk.id, seq=1, data=talk.said)
        for sender, heard in (("plain-1", False), ("world-1", False), ("l1", False), ("admin-1", True)):
            send(net[sender], forged, net[nic_towards(net, net[sender])].mac)
            assert soon(lambda: talk.heard(False), 0.5 if heard else 0.1) is heard, sender


def _route(net: Net, to: str, version: int, verb: str) -> None:
    """The gateway's way to an address leads out by eth0, or no more."""
    via = net["world-1"].addresses[version]
    net["gw1.eth0"].run(f"ip -{version} route {verb} {to} via {via} dev eth0")


@contextmanager
def _led_astray(net: Net, to: str, version: int) -> Iterator[None]:
    _route(net, to, version, "add")
    try:
        yield
    finally:
        _route(net, to, version, "del")


@FAMILIES
@pytest.mark.parametrize(("first", "back"), [("l1", False), ("l1", True), ("gw1.eth2", False)])
def test_a_route_change_sends_nothing_elsewhere(net: Net, first: str, back: bool, version: int) -> None:
    """An established packet that leaves by an interface that isn't its end's."""
    net.wake()
    talk = Udp(net[first], net["r1"], version, 443)
    with _talking(net, talk):
        with ear(net["gw1.eth0"]) as heard, _led_astray(net, talk.ends[0 if back else 1], version):
            assert missing([talk], back, 0.2)
            assert not [frame for frame in heard.listen() if frame.outgoing and talk.said in frame.body]
        assert not missing([talk], back)
