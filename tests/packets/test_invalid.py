"""What conntrack can't explain, what is cut to pieces, and what somebody else's rules have put into a packet."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address

import pytest
from scapy.layers.inet import TCP, fragment
from scapy.layers.inet6 import IPv6ExtHdrFragment, fragment6
from scapy.packet import Packet, Raw

from segctl.model.ranges import parse_address
from tests.packets.net import Change, Net
from tests.packets.raw import SETTLE, Ear, ear, ip, leaves_by, nic_towards, send, token, udp
from tests.packets.talk import Udp, checksum, missing, opened, soon

pytestmark = pytest.mark.packets
FAMILIES = pytest.mark.parametrize("version", [4, 6])
MALFORMED = ("A", "PA", "F", "FA", "R", "RA", "SA", "SF", "SR", "SFPU", "FPU", "", "SFEC")
STARTS = ("S", "SEC", "SE")
PORT = iter(range(20_000, 60_000))


def _leaves(net: Net, sender: str, target: str, version: int, port: int, flags: str) -> set[str]:
    """Where a first TCP packet with these flags leaves."""
    said = token()
    ends = net[sender].addresses[version], net[target].addresses[version]
    packet = ip(*ends) / TCP(sport=next(PORT), dport=port, flags=flags, seq=7, ack=9) / Raw(said)
    return leaves_by(net, net[sender], packet, said)


@FAMILIES
def test_a_connection_begins_with_syn_alone(net: Net, version: int) -> None:
    """On a port that is allowed; ECN's bits don't matter (RFC 3168, section 6.1.1)."""
    net.wake()
    for flags in STARTS:
        assert _leaves(net, "l1", "r1", version, 443, flags) == {"eth2"}, flags
    for flags in MALFORMED:
        assert _leaves(net, "l1", "r1", version, 443, flags) == set(), flags


@FAMILIES
def test_the_gateway_hears_no_malformed_start(net: Net, version: int) -> None:
    """Management's port, and nobody there: an answer would be a reset."""
    net.wake()
    one, gateway = net["admin-1"], net["gw1.eth5"]
    for flags, heard in (("S", True), ("SEC", True), ("A", False), ("PA", False), ("SA", False)):
        port = next(PORT)
        packet = ip(one.addresses[version], gateway.addresses[version]) / TCP(sport=port, dport=22, flags=flags, ack=9)
        with ear(gateway) as answers:
            send(one, packet, gateway.mac)
            said = soon(partial(_answered, answers, port), 0.1)
        assert said is heard, flags


def _answered(answers: Ear, port: int) -> bool:
    return any(f.outgoing and f.protocol == 6 and _port(f.body) == port for f in answers.listen())


def _port(body: bytes) -> int:
    """The destination port, without extension headers."""
    at = 20 if body[0] >> 4 == 4 else 40
    return int.from_bytes(body[at + 2 : at + 4], "big")


@FAMILIES
def test_between_observing_ends_nothing_is_lost(net: Net, version: int) -> None:
    """The same malformed packets pass and are only logged; one enforcing end is enough to bind them."""
    net.wake()
    for flags in (*STARTS, *MALFORMED):
        assert _leaves(net, "seen-1", "seen2-1", version, 443, flags) == {"eth11"}, flags
    for flags in ("PA", "SF", ""):
        assert _leaves(net, "seen-1", "partly-1", version, 446, flags) == {"eth3"}, flags
        assert _leaves(net, "seen-1", "plain-1", version, 443, flags) == set(), flags
        assert _leaves(net, "plain-1", "seen-1", version, 443, flags) == set(), flags


@FAMILIES
def test_fragments_share_the_fate_of_their_port(net: Net, version: int) -> None:
    net.wake()
    for sender, target, port, passes in (
        ("l1", "r1", 443, True), ("l1", "r1", 81, False), ("l1", "r1", 7005, True), ("seen-1", "seen2-1", 81, True),
        ("plain-1", "r1", 443, False),
    ):  # fmt: skip
        marks = [token() for _ in range(3)]
        payload = b"".join(mark + bytes(1200) for mark in marks)
        ends = net[sender].addresses[version], net[target].addresses[version]
        pieces = _pieces(udp(*ends, port, payload, next(PORT)))
        assert len(pieces) > 2
        gateway = net[nic_towards(net, net[sender])]
        with ear(gateway) as heard:
            for piece in pieces:
                send(net[sender], piece, gateway.mac)
            soon(lambda: len(_left(heard, marks)) == len(marks), 0.3 if passes else SETTLE)  # noqa: B023
            left = _left(heard, marks)
        assert left == (set(marks) if passes else set()), (sender, target, port)


def _left(heard: Ear, marks: list[bytes]) -> set[bytes]:
    """The marks that left, not counting what an ICMP error quotes."""
    frames = [frame for frame in heard.listen() if frame.outgoing and frame.protocol not in (1, 58)]
    return {mark for mark in marks if any(mark in frame.body for frame in frames)}


def _pieces(packet: Packet) -> list[bytes]:
    """Fragments of about 1100 bytes; no mark lies across two of them."""
    if packet.version == 4:
        pieces = fragment(packet, fragsize=1120)  # type: ignore[no-untyped-call]
    else:
        head = ip(packet.src, packet.dst) / IPv6ExtHdrFragment(id=next(PORT), nh=17) / Raw(bytes(packet.payload))
        pieces = fragment6(head, 1180)  # type: ignore[no-untyped-call]
    return [bytes(piece) for piece in pieces]


PORTS_ONLY: Change = (
    "flows:",
    "flows:\n  - {name: ports-only, from: l2, to: r1, services: [udp/443, tcp/443, tcp/7000-7010], why: 'no ping'}",
)


def _echo(source: str, target: str, wanted: int, said: bytes) -> Packet:
    """A ping whose checksum is a number of our choice: it stands where ports have their destination."""
    kind = 128 if ":" in source else 8
    body = bytes([kind, 0, 0, 0, 0, 1, 0, 1]) + said
    pseudo = b""
    if kind == 128:  # RFC 8200, section 8.1
        ends = ip_address(source).packed + ip_address(target).packed
        pseudo = ends + (len(body) + 2).to_bytes(4, "big") + bytes([0, 0, 0, 58])
    filler = (checksum(pseudo + body) - wanted) % 0xFFFF
    body += filler.to_bytes(2, "big")
    assert checksum(pseudo + body) == wanted
    packet = ip(source, target, carries=58 if kind == 128 else 1)
    return packet / Raw(body[:2] + wanted.to_bytes(2, "big") + body[4:])


@FAMILIES
@pytest.mark.parametrize("wanted", [443, 7005])
def test_a_checksum_is_no_port(net: Net, wanted: int, version: int) -> None:
    net.wake(PORTS_ONLY)
    ends = {name: net[name].addresses[version] for name in ("l1", "l2", "r1")}
    said = token()
    assert leaves_by(net, net["l2"], _echo(ends["l2"], ends["r1"], wanted, said), said) == set()
    assert leaves_by(net, net["l1"], _echo(ends["l1"], ends["r1"], wanted, said), said) == {"eth2"}


def _class(net: Net, side: str, address: str) -> int:
    """The id that our maps give an address."""
    assert net.rules is not None
    at = parse_address(address)
    elements = net.rules.map(f"{side}{6 if ':' in address else 4}").elements
    (value,) = (e.value for e in elements if int(e.key[0]) <= at <= int(e.key[1]))
    assert isinstance(value, int)
    return value


@FAMILIES
def test_a_foreign_mark_is_no_class(net: Net, version: int) -> None:
    """The classes of l1 and r1 in the scratch registers before ours: of what no map knows they must not survive."""
    net.wake()
    one, other = net["l1"].addresses[version], net["r1"].addresses[version]
    source, target = _class(net, "source", one), _class(net, "target", other)
    net.foreign(
        f"""table inet foreign {{
 chain before {{
  type filter hook forward priority filter - 1
  meta priority set {source >> 16:x}:{source & 0xFFFF:x} meta mark set {target}
 }}
 chain after {{
  type filter hook postrouting priority srcnat
  oifname != "lo" meta mark != 0 counter drop
 }}
}}
"""
    )
    stranger = {4: "192.0.2.9", 6: "2001:db8:9::9"}[version]
    with _behind_other(net, stranger):  # binding is waived there: only the class may stop it
        for sender, address, to in (("other-1", stranger, other), ("l1", one, stranger)):
            said = token()
            assert leaves_by(net, net[sender], udp(address, to, 443, said, next(PORT)), said) == set(), sender
    said = token()
    assert leaves_by(net, net["l1"], udp(one, other, 443, said, next(PORT)), said) == {"eth2"}  # given back, too


@contextmanager
def _behind_other(net: Net, address: str) -> Iterator[None]:
    """The gateway's way to an address leads through other-1."""
    version = 6 if ":" in address else 4
    route = f"{address} via {net['other-1'].addresses[version]} dev eth4"
    net["gw1.eth4"].run(f"ip -{version} route add {route}")
    try:
        yield
    finally:
        net["gw1.eth4"].run(f"ip -{version} route del {route}")


@contextmanager
def _established(net: Net, version: int) -> Iterator[Udp]:
    """A connection from before."""
    talk = Udp(net["l1"], net["r1"], version, 443)
    try:
        assert opened([talk]) and not missing([talk], True)
        yield talk
    finally:
        talk.close()


@contextmanager
def _untracked(net: Net) -> Iterator[None]:
    """Somebody else's `notrack` for all UDP but that of the control."""
    net.foreign(
        """table inet foreign {
 chain raw {
  type filter hook prerouting priority raw
  meta l4proto udp udp sport != 40001 notrack
 }
}
"""
    )
    try:
        yield
    finally:
        net.foreign("")


@FAMILIES
def test_notrack_opens_nothing(net: Net, version: int) -> None:
    net.wake()
    with _established(net, version) as talk, _untracked(net):
        dead: list[tuple[str, str, set[str]]] = [("l1", "r1", set()), ("plain-1", "other-1", set())]
        for sender, target, nics in (*dead, ("l1", "plain-1", set()), ("seen-1", "seen2-1", {"eth11"})):
            said = token()
            ends = net[sender].addresses[version], net[target].addresses[version]
            assert leaves_by(net, net[sender], udp(*ends, 443, said, next(PORT)), said) == nics, sender
        assert missing([talk], False, 0.1) and missing([talk], True, 0.1)
