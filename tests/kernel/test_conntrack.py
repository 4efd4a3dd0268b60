"""Connections that cross a real router: listed, numbered, cut.

left 10.91.1.2, fd91:1::2 ── gateway 10.91.1.1, 10.91.2.1, fd91:1::1, fd91:2::1 ── right 10.91.2.2, fd91:2::2
"""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from segctl.kernel import NotThere, conntrack, features, nft
from segctl.kernel.conntrack import Connection
from segctl.model.ranges import parse_address
from segctl.runner import Netns
from tests.conftest import MakeNamespace

pytestmark = pytest.mark.kernel

# `ct state new`, or the answer "protocol unreachable" to GRE would give the connection that it quotes its own number.
TRACK = """
table inet t {
 chain forward { type filter hook forward priority 0;
  ct state new ct mark set meta l4proto map {
   tcp : 0x101, udp : 0x102, icmp : 0x103, ipv6-icmp : 0x103, gre : 0x104, 50 : 0x105 }
 }
}
"""
RIGHT = {4: "10.91.2.2", 6: "fd91:2::2"}
LEFT = {4: "10.91.1.2", 6: "fd91:1::2"}
AF = {4: socket.AF_INET, 6: socket.AF_INET6}


@dataclass(frozen=True)
class Net:
    left: Netns
    gateway: Netns
    right: Netns


def wire(one: Netns, other: Netns, interfaces: tuple[str, str], subnet: int) -> None:
    """A veth pair; `one` is the gateway."""
    mine, theirs = interfaces
    script = [
        f"-n {one.name} link add {mine} type veth peer name {theirs} netns {other.name}",
        *(
            f"-n {end.name} {rest}"
            for end, name, host in ((one, mine, 1), (other, theirs, 2))
            for rest in (
                f"addr add 10.91.{subnet}.{host}/24 dev {name}",
                f"addr add fd91:{subnet}::{host}/64 dev {name} nodad",
                f"link set {name} up",
            )
        ),
        f"-n {other.name} route add default via 10.91.{subnet}.1",
        f"-n {other.name} -6 route add default via fd91:{subnet}::1",
    ]
    for line in script:
        subprocess.run(["ip", *line.split()], check=True)


@pytest.fixture
def net(namespace: MakeNamespace) -> Net:
    made = Net(*(Netns(namespace(name)) for name in ("left", "gw", "right")))
    for place in (made.left, made.gateway, made.right):  # without duplicate detection, which costs a second a link
        assert place.run(["sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0"]).code == 0
    for setting in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
        assert made.gateway.run(["sysctl", "-qw", f"{setting}=1"]).code == 0
    wire(made.gateway, made.left, ("gl", "l0"), 1)
    wire(made.gateway, made.right, ("gr", "r0"), 2)
    nft.load(made.gateway, TRACK)
    return made


@pytest.fixture
def opened(net: Net) -> Iterator[Callable[..., socket.socket]]:
    """Sockets of a place, closed with the test."""
    with ExitStack() as sockets:

        def open_one(place: Netns, family: int, kind: int, protocol: int = 0) -> socket.socket:
            with place.inside():
                one = socket.socket(AF[family], kind, protocol)
            one.settimeout(5)
            return sockets.enter_context(one)

        yield open_one


def talk(net: Net, opened: Callable[..., socket.socket]) -> socket.socket:
    """TCP and UDP, answered, v4 and v6; pings, answered by the kernel; GRE and ESP, v4. The client of TCP v4."""
    clients = {}
    for family in (4, 6):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            server, client = opened(net.right, family, kind), opened(net.left, family, kind)
            server.bind((RIGHT[family], 7000))
            if kind is socket.SOCK_STREAM:
                server.listen()
                client.connect((RIGHT[family], 7000))
                server.accept()[0].close()
            else:
                client.connect((RIGHT[family], 7000))
                client.send(b"question")
                server.sendto(b"answer", server.recvfrom(100)[1])
                assert client.recv(100) == b"answer"
            clients[family, kind] = client
    ping(opened(net.left, 4, socket.SOCK_RAW, socket.IPPROTO_ICMP), RIGHT[4], 8)
    ping(opened(net.left, 6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6), RIGHT[6], 128)
    for protocol in (47, 50):
        opened(net.left, 4, socket.SOCK_RAW, protocol).sendto(bytes(16), (RIGHT[4], 0))
    return clients[4, socket.SOCK_STREAM]


def ping(sender: socket.socket, address: str, kind: int) -> None:
    """An echo request with id 0x1234; the kernel fills in ICMPv6's checksum, for ICMP's we do."""
    header = bytes([kind, 0, 0, 0, 0x12, 0x34, 0, 1])
    total = 0xFFFF & ~((kind << 8) + 0x1234 + 1)
    sender.sendto(header[:2] + total.to_bytes(2, "big") + header[4:] if kind == 8 else header, (address, 0))
    sender.recv(100)


def listed(net: Net) -> dict[tuple[int, int], Connection]:
    """Family and protocol to the one connection of it between the two hosts."""
    ends = {parse_address(address) for address in (*LEFT.values(), *RIGHT.values())}
    ours = [one for one in conntrack.entries(net.gateway) if {one.src, one.dst} <= ends]
    by_kind = {(one.family, one.protocol): one for one in ours}
    assert len(by_kind) == len(ours)
    return by_kind


ALL = {(4, 6), (6, 6), (4, 17), (6, 17), (4, 1), (6, 58), (4, 47), (4, 50)}


def test_what_crosses_the_router_is_listed(net: Net, opened: Callable[..., socket.socket]) -> None:
    client = talk(net, opened)
    seen = listed(net)
    assert set(seen) == ALL
    for (family, protocol), one in seen.items():
        assert (one.src, one.dst) == (parse_address(LEFT[family]), parse_address(RIGHT[family]))
        assert (one.reply.src, one.reply.dst) == (one.dst, one.src)
        assert one.mark == {6: 0x101, 17: 0x102, 1: 0x103, 58: 0x103, 47: 0x104, 50: 0x105}[protocol]
        assert one.replied == (protocol not in (47, 50))
    tcp = seen[4, 6]
    assert (tcp.sport, tcp.dport, tcp.reply.dport) == (client.getsockname()[1], 7000, tcp.sport)
    assert tcp.assured and tcp.state in ("ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT")
    assert seen[4, 1].original.icmp == (8, 0, 0x1234) and seen[4, 1].reply.icmp == (0, 0, 0x1234)
    assert seen[6, 58].original.icmp == (128, 0, 0x1234)
    assert (seen[4, 47].sport, seen[4, 50].dport) == (0, 0)


def test_each_kind_takes_a_number(net: Net, opened: Callable[..., socket.socket]) -> None:
    talk(net, opened)
    before = listed(net)
    wanted = [(one, 0x90000000 + at) for at, one in enumerate(before.values())]
    assert conntrack.set_marks(net.gateway, wanted) == []
    after = listed(net)
    assert {kind: one.mark for kind, one in after.items()} == dict(
        zip(before, (mark for _, mark in wanted), strict=True)
    )


def test_what_ended_meanwhile_is_told(net: Net, opened: Callable[..., socket.socket]) -> None:
    talk(net, opened)
    seen = listed(net)
    conntrack.cut(net.gateway, 0x102)
    udp = [seen[4, 17], seen[6, 17]]
    assert conntrack.set_marks(net.gateway, [(udp[0], 1), (seen[4, 6], 2), (udp[1], 3)]) == udp
    assert listed(net)[4, 6].mark == 2
    with pytest.raises(NotThere, match=r"numbering 10\.91\.1\.2 port \d+ to 10\.91\.2\.2 port 7000, protocol 17"):
        conntrack.set_mark(net.gateway, udp[0], 5)
    assert conntrack.set_marks(net.gateway, []) == []


def test_cut_takes_the_mark_and_nothing_else(net: Net, opened: Callable[..., socket.socket]) -> None:
    talk(net, opened)
    conntrack.cut(net.gateway, 0x103)
    assert set(listed(net)) == ALL - {(4, 1), (6, 58)}
    conntrack.cut(net.gateway, 0x7777)  # none has it
    conntrack.cut(net.gateway, 0)
    assert set(listed(net)) == ALL - {(4, 1), (6, 58)}
    conntrack.cut(net.gateway, 0x104, mask=0xFFFFFFFE)  # two numbers in one
    assert set(listed(net)) == ALL - {(4, 1), (6, 58), (4, 47), (4, 50)}
    with pytest.raises(ValueError, match="every"):
        conntrack.cut(net.gateway, 0, mask=0)


def test_a_place_that_tracks_nothing(namespace: MakeNamespace) -> None:
    quiet = Netns(namespace("quiet"))
    assert list(conntrack.entries(quiet)) == []
    conntrack.cut(quiet, 1)


def test_who_may(namespace: MakeNamespace) -> None:
    assert features.can_netadmin(Netns(namespace("any"))) is True


def test_who_may_not() -> None:
    """An ordinary user: neither here nor in a namespace that isn't theirs; and each refusal says what it was."""
    script = (
        "import os; from segctl.kernel import NoPrivilege, conntrack, features, netlink\n"
        "from segctl.runner import Here\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print(features.can_netadmin(Here()))\n"
        "for attempt in (lambda: conntrack.cut(Here(), 1), lambda: netlink.tables(Here())):\n"
        "    try: attempt()\n"
        "    except NoPrivilege as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == [
        "False",
        "cutting connections with mark 0x1 on this host: Operation not permitted",
        "reading the tables on this host: Operation not permitted",
    ]


def test_missing_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert features.missing_tools(["nft", "no-such-tool"]) == {"no-such-tool": ""}
    monkeypatch.setattr(features, "_SYSTEM", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    bare = {"nft": "nftables", "conntrack": "conntrack", "ip": "iproute2", "dot": "graphviz"}
    bare |= {"iptables-save": "iptables", "ipset": "ipset"}
    assert features.missing_tools() == bare
