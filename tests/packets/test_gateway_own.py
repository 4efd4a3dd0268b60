"""The gateway's own addresses: they answer to management, live by their essentials, and say what a flow allows."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from scapy.packet import Raw

from segctl.compile.ruleset import Meaning
from tests.packets.net import Change, Machine, Net
from tests.packets.raw import ear, ip, nic_towards, send, token, udp
from tests.packets.talk import Echo, Talk, Tcp, Udp, among, mark_of, missing, opened

pytestmark = pytest.mark.packets
FAMILIES = pytest.mark.parametrize("version", [4, 6])
SENDERS = ("l2", "left-1", "r1", "plain-1", "other-1", "twin-1", "mid-1", "seen-1", "ill-1", "world-1", "gw2.up0")
EVERYONE: Change = (
    "flows:",
    "flows:\n  - {name: everyone, from: any, to: any, services: [udp/9100], remediation: true, "
    "why: 'what is special is in no any', waive: {wide: 'so that it is seen'}}",
)
ALL_IN: Change = ("name: any-port, from: [l2, gw1], to: [r2, gw1]", "name: any-port, from: [l2, gw1], to: [r2]")
UNDECLARED = (("eth5", {4: "10.81.5.77", 6: "fd81:5::77"}), ("lo", {4: "192.0.2.77", 6: "2001:db8:77::1"}))


@contextmanager
def _undeclared(net: Net) -> Iterator[list[Machine]]:
    """The gateway with addresses that the site doesn't know: in a segment's network, and in nobody's."""
    found = [replace(net["gw1.eth5"], name=f"undeclared on {nic}", addresses=own) for nic, own in UNDECLARED]
    try:
        for nic, own in UNDECLARED:
            for address in own.values():
                length = 128 if ":" in address else 32
                net["gw1.eth5"].run(f"ip address add {address}/{length} dev {nic}" + (" nodad" * (length == 128)))
        yield found
    finally:
        for nic, own in UNDECLARED:
            for address in own.values():
                net["gw1.eth5"].run(f"ip address del {address}/{128 if ':' in address else 32} dev {nic}")


@contextmanager
def _closing(talks: list[Talk]) -> Iterator[list[Talk]]:
    try:
        yield talks
    finally:
        for talk in talks:
            talk.close()


def _asked(sender: Machine, target: Machine, version: int, at: int) -> list[Talk]:
    """Ports that somebody listens on; `at` makes them different ones. The first three are no management."""
    return [
        Tcp(sender, target, version, 8000 + at),
        Udp(sender, target, version, 8000 + at),
        Udp(sender, target, version, 22),
        Echo(sender, target, version),
    ]


@FAMILIES
def test_only_management_is_answered(net: Net, version: int) -> None:
    """On every address that is ours, declared or not, from whichever side."""
    net.wake(ALL_IN)
    with _undeclared(net) as unknown:
        wanted, refused = [], []
        for at, target in enumerate((net["gw1.eth5"], net["gw1.eth0"], net["gw1.eth2+"], *unknown)):
            admin = net["admin-1"]
            wanted += [Tcp(admin, target, version, 22), Echo(admin, target, version)]
            refused += _asked(admin, target, version, at)[:2]
            for number, sender in enumerate(SENDERS):
                refused += _asked(net[sender], target, version, 100 * (number + 1) + at)[:2]
                refused += [Echo(net[sender], target, version)]
        with _closing([*wanted, *refused]):
            assert _names(wanted, without=opened(wanted)) == []
            assert _names(missing(wanted, True)) == []
            assert _names(opened(refused, 0.3)) == []
        number = net.number("management", "", "eth5")
        assert {mark_of(talk, net.connections()) for talk in wanted if isinstance(talk, Echo)} == {number}


def _names(talks: list[Talk], without: list[Talk] | None = None) -> list[str]:
    known = {id(talk) for talk in without or ()}
    return [f"{t.first.name} to {t.second.name}: {t}" for t in talks if id(t) not in known]


@FAMILIES
def test_management_port_of_the_gateway_is_closed_to_others(net: Net, version: int) -> None:
    net.wake(ALL_IN)
    target = net["gw1.eth0"]
    with _closing([Tcp(net["admin-1"], target, version, 22)]) as (allowed,):
        assert opened([allowed])
        for name in SENDERS:
            asking = net[name].socket(version, socket.SOCK_STREAM)
            with asking:
                asking.setblocking(False)
                asking.connect_ex((target.addresses[version], 22))
                refused = among(
                    [allowed], lambda _, one=asking: not one.getsockopt(socket.SOL_SOCKET, 4) and _up(one), 0.1
                )
                assert not refused, name


def _up(one: socket.socket) -> bool:
    try:
        one.getpeername()
    except OSError:
        return False
    return True


def _listening(net: Net, version: int, port: int) -> socket.socket:
    """A socket of the gateway's that takes whatever comes to that port, broadcasts and multicasts too."""
    opened_ = net["gw1.eth1"].socket(version, socket.SOCK_DGRAM)
    opened_.setblocking(False)
    opened_.bind(("::" if version == 6 else "0.0.0.0", port))
    return opened_


def _hears(one: socket.socket, said: bytes, patience: float) -> bool:
    def came(_: object) -> bool:
        try:
            return said in one.recv(65_535)
        except BlockingIOError:
            return False

    return bool(among([one], came, patience))  # type: ignore[list-item, arg-type]


@FAMILIES
def test_multicast_and_broadcast_are_not_heard(net: Net, version: int) -> None:
    """A flow from any to any is none of a special address."""
    net.wake(EVERYONE)
    sender, target = net["l1"], net["gw1.eth1"]
    groups = {4: ("224.0.0.1", "255.255.255.255", "10.81.1.255"), 6: ("ff02::1", "ff02::2")}[version]
    with _listening(net, version, 9100) as one:
        for to in groups:
            for source in (sender.addresses[version], "0.0.0.0" if version == 4 else "fe80::77"):
                send(sender, udp(source, to, 9100, said := token()), target.mac)
                assert not _hears(one, said, 0.05), (source, to)
        send(sender, udp(sender.addresses[version], target.addresses[version], 9100, said := token()), target.mac)
        assert _hears(one, said, 0.5)


def test_neighbours_are_found_while_the_rules_are_live(net: Net) -> None:
    """Both caches are emptied: each asks, each answers, through the input and the output hook."""
    net.wake()
    for first, second, port in (("l1", "r1", 443), ("gw1.eth2", "r1", 543), ("l1", "gw1.eth1", 643)):
        for name in ("l1", "r1", "gw1.eth1"):
            net[name].run("ip -6 neigh flush all")
        with _closing([Udp(net[first], net[second], 6, port)]) as talks:
            assert opened(talks, 2) and not missing(talks, True)
        known = net["gw1.eth1"].run("ip -6 neigh show")
        assert [end for end in (first, second) if not end.startswith("gw1") and net[end].mac not in known] == []


def test_neighbour_discovery_from_afar_is_none(net: Net) -> None:
    """What came through a router has a hop limit below 255: the rules, not only the kernel, refuse it."""
    net.wake()
    sender, target = net["l1"], net["gw1.eth1"]
    from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr

    for hop, heard in ((255, True), (64, False)):
        with _raw(target, 6, socket.IPPROTO_ICMPV6) as one:
            asked = ICMPv6ND_NS(tgt=target.addresses[6]) / ICMPv6NDOptSrcLLAddr(lladdr=sender.mac)
            send(sender, ip(sender.addresses[6], target.addresses[6], hop=hop) / asked, target.mac)
            assert _hears(one, bytes(asked)[8:24], 0.3 if heard else 0.1) is heard


@contextmanager
def _raw(machine: Machine, version: int, protocol: int) -> Iterator[socket.socket]:
    with machine.socket(version, socket.SOCK_RAW, protocol) as one:
        one.setblocking(False)
        yield one


def test_listener_reports_leave(net: Net) -> None:
    """MLDv2, hop limit 1, with a hop-by-hop header (RFC 3810)."""
    net.wake()
    gateway = net["gw1.eth1"]
    with ear(gateway) as heard, gateway.socket(6, socket.SOCK_DGRAM) as one:
        with gateway.runner.inside():
            index = socket.if_nametoindex("eth1")
        group = socket.inet_pton(socket.AF_INET6, "ff05::8181")
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("@I", index))
        assert heard.wait(lambda f: f.outgoing and f.nic == "eth1" and group in f.body and f.body[48] == 143, 2)


Dhcp = tuple[str, str, int, int]
NOBODY, ALL = "0.0.0.0", "255.255.255.255"


@pytest.mark.parametrize(
    ("sender", "packet", "heard"),
    [
        ("admin-1", (NOBODY, ALL, 68, 67), True),  # dhcp-server there
        ("admin-1", ("10.81.5.1", ALL, 68, 67), True),
        ("admin-1", ("10.81.5.1", "10.81.5.254", 68, 67), True),
        ("l1", (NOBODY, ALL, 68, 67), True),  # none there, but the addresses don't tell whose question it is
        ("l1", ("10.81.1.1", "10.81.1.254", 68, 67), False),
        ("l1", ("10.81.1.1", ALL, 67, 68), True),  # but we may be a client on any
        ("l1", ("10.81.1.1", "10.81.1.254", 67, 68), True),
        ("l1", ("10.81.5.1", ALL, 67, 68), False),  # of a server on this link
        ("admin-1", ("fe80::1", "ff02::1:2", 546, 547), True),
        ("admin-1", ("fd81:5::1", "ff02::1:2", 546, 547), False),
        ("l1", ("fe80::1", "ff02::1:2", 546, 547), True),
        ("l1", ("fe80::1", "ff02::1:2", 546, 548), False),
    ],
)
def test_dhcp_comes_in(net: Net, sender: str, packet: Dhcp, heard: bool) -> None:
    net.wake()
    source, to, sport, port = packet
    version = 6 if ":" in source else 4
    gateway = net[nic_towards(net, net[sender])]
    with _listening(net, version, port) as one:
        if version == 6:
            with gateway.runner.inside():
                index = socket.if_nametoindex(gateway.nic)
            group = socket.inet_pton(socket.AF_INET6, to)
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("@I", index))
        send(net[sender], udp(source, to, port, said := token(), sport), gateway.mac)
        assert _hears(one, said, 0.5 if heard else 0.1) is heard
    if heard:
        marks = {connection.mark for connection in net.connections() if connection.dport == port}
        names = {meaning.name for number, meaning in _meanings(net) if number in marks}
        assert names <= {"dhcp", "dhcp-server"} and names


def _meanings(net: Net) -> list[tuple[int, Meaning]]:
    assert net.rules is not None
    return list(net.rules.meanings.items())


@pytest.mark.parametrize(
    ("nic", "to", "port", "leaves"),
    [
        ("eth1", ALL, 67, True),  # we ask for an address
        ("eth5", ALL, 68, True),  # we give one
        ("eth1", ALL, 68, True),  # as above
        ("eth1", ALL, 69, False),
        ("eth1", "ff02::1:2", 547, True),
        ("eth1", ALL, 9100, False),
        ("eth1", "224.0.0.251", 5353, False),
        ("eth1", "ff02::fb", 5353, False),
    ],
)
def test_what_we_say_to_everybody(net: Net, nic: str, to: str, port: int, leaves: bool) -> None:
    net.wake(EVERYONE)
    gateway, said = net[f"gw1.{nic}"], token()
    version = 6 if ":" in to else 4
    with gateway.socket(version, socket.SOCK_DGRAM) as one, ear(gateway) as heard:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, nic.encode())
        with suppress(PermissionError):
            one.sendto(said, (to, port))
        assert bool(heard.wait(lambda f: f.outgoing and said in f.body, 0.5 if leaves else 0.1)) is leaves


@pytest.mark.parametrize(
    ("sender", "hop", "heard"), [("admin-1", 255, True), ("admin-1", 64, False), ("l1", 255, False)]
)
def test_vrrp_where_it_is_ours(net: Net, sender: str, hop: int, heard: bool) -> None:
    net.wake()
    one, said = net[sender], token()
    gateway = net[nic_towards(net, one)]
    with _raw(gateway, 4, 112) as listening:
        index = socket.inet_aton("224.0.0.18") + socket.inet_aton(gateway.addresses[4])
        listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, index)
        send(one, ip(one.addresses[4], "224.0.0.18", hop=hop, proto=112) / Raw(said), gateway.mac)
        assert _hears(listening, said, 0.5 if heard else 0.1) is heard
        if hop == 255:
            listening.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
            listening.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(gateway.addresses[4]))
            with ear(gateway) as left:
                with suppress(PermissionError):
                    listening.sendto(said := token(), ("224.0.0.18", 0))
                assert bool(left.wait(lambda f: f.outgoing and said in f.body, 0.3 if heard else 0.1)) is heard


def test_what_we_say_to_ourselves(net: Net) -> None:
    """Over 127.0.0.1, ::1, and from one address of ours to another."""
    net.wake()
    own = net["gw1.eth1"]
    inside = replace(own, name="lo", addresses={4: "127.0.0.1", 6: "::1"})
    pairs = [(inside, inside), (own, own), (net["gw1.eth2"], own)]
    talks: list[Talk] = []
    for at, (first, second) in enumerate(pairs):
        for version in (4, 6):
            talks += [Tcp(first, second, version, 9200 + at), Udp(first, second, version, 9200 + at)]
    with _closing(talks):
        assert _names(talks, without=opened(talks)) == [] and missing(talks, True) == []
        number = next(n for n, m in _meanings(net) if (m.kind, m.name) == ("essential", "loopback"))
        assert {mark_of(talk, net.connections()) for talk in talks} == {number}


@FAMILIES
def test_the_gateway_says_what_flows_allow(net: Net, version: int) -> None:
    net.wake()
    right, left, world = net["gw1.eth2"], net["gw1.eth1"], net["gw1.eth0"]
    allowed: list[Talk] = [
        Tcp(right, net["r1"], version, 443),
        Udp(world, net["world-1"], version, 9300),  # the world lets everybody in, and points may go out
    ]
    refused: list[Talk] = [
        Tcp(right, net["r1"], version, 81),
        Udp(right, net["right-1"], version, 443),
        Tcp(left, net["l1"], version, 443),
        Echo(left, net["l1"], version),
        Udp(net["gw1.eth5"], net["admin-1"], version, 22),
        Udp(net["gw1.eth10"], net["ill-1"], version, 443),
        Tcp(net["gw1.eth3"], net["plain-1"], version, 3389),  # a guardrail
    ]
    with _closing([*allowed, *refused]):
        assert _names(allowed, without=opened(allowed)) == [] and missing(allowed, True) == []
        came = []
        for talk in refused:
            with suppress(PermissionError):
                came += opened([talk], 0.1)
        assert _names(came) == []
