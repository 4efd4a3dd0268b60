"""The gateway among its neighbours: what it needs to live on its links, and nothing else that is for everybody."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr
from scapy.packet import Raw

from tests.packets.net import Change, Machine, Net
from tests.packets.raw import ear, hears, ip, nic_towards, send, token, udp
from tests.packets.talk import Udp, closing, missing, opened

pytestmark = pytest.mark.packets
FAMILIES = pytest.mark.parametrize("version", [4, 6])
EVERYONE: Change = (
    "flows:",
    "flows:\n  - {name: everyone, from: any, to: any, services: [udp/9100], remediation: true, "
    "why: 'what is special is in no any', waive: {wide: 'so that it is seen'}}",
)


@contextmanager
def _raw(machine: Machine, version: int, protocol: int) -> Iterator[socket.socket]:
    with machine.open(version, socket.SOCK_RAW, protocol) as one:
        one.setblocking(False)
        yield one


@FAMILIES
def test_multicast_and_broadcast_are_not_heard(net: Net, version: int) -> None:
    """A flow from any to any is none of a special address."""
    net.wake(EVERYONE)
    sender, target = net["l1"], net["gw1.eth1"]
    groups = {4: ("224.0.0.1", "255.255.255.255", "10.81.1.255"), 6: ("ff02::1", "ff02::2")}[version]
    with net["gw1.eth1"].listening(version, 9100) as one:
        for to in groups:
            for source in (sender.addresses[version], "0.0.0.0" if version == 4 else "fe80::77"):
                send(sender, udp(source, to, 9100, said := token()), target.mac)
                assert not hears(one, said, False), (source, to)
        send(sender, udp(sender.addresses[version], target.addresses[version], 9100, said := token()), target.mac)
        assert hears(one, said)


def test_neighbours_are_found_while_the_rules_are_live(net: Net) -> None:
    """Both caches are emptied: each asks, each answers, through the input and the output hook."""
    net.wake()
    for first, second, port in (("l1", "r1", 443), ("gw1.eth2", "r1", 543), ("l1", "gw1.eth1", 643)):
        for name in ("l1", "r1", "gw1.eth1"):
            net[name].run("ip -6 neigh flush all")
        with closing([Udp(net[first], net[second], 6, port)]) as talks:
            assert opened(talks, 2) and not missing(talks, True)
        known = net["gw1.eth1"].run("ip -6 neigh show")
        assert [end for end in (first, second) if not end.startswith("gw1") and net[end].mac not in known] == []


def test_neighbour_discovery_from_afar_is_none(net: Net) -> None:
    """What came through a router has a hop limit below 255: the rules, not only the kernel, refuse it."""
    net.wake()
    sender, target = net["l1"], net["gw1.eth1"]
    for hop, heard in ((255, True), (64, False)):
        with _raw(target, 6, socket.IPPROTO_ICMPV6) as one:
            asked = ICMPv6ND_NS(tgt=target.addresses[6]) / ICMPv6NDOptSrcLLAddr(lladdr=sender.mac)
            send(sender, ip(sender.addresses[6], target.addresses[6], hop=hop) / asked, target.mac)
            assert hears(one, bytes(asked)[8:24], heard) is heard


def test_listener_reports_leave(net: Net) -> None:
    """MLDv2, hop limit 1, with a hop-by-hop header (RFC 3810)."""
    net.wake()
    gateway = net["gw1.eth1"]
    with ear(gateway) as heard, gateway.open(6, socket.SOCK_DGRAM) as one:
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
    with net["gw1.eth1"].listening(version, port) as one:
        if version == 6:
            with gateway.runner.inside():
                index = socket.if_nametoindex(gateway.nic)
            group = socket.inet_pton(socket.AF_INET6, to)
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("@I", index))
        send(net[sender], udp(source, to, port, said := token(), sport), gateway.mac)
        assert hears(one, said, heard) is heard
    if heard:
        marks = {connection.mark for connection in net.connections() if connection.dport == port}
        names = {meaning.name for number, meaning in net.meanings() if number in marks}
        assert names <= {"dhcp", "dhcp-server"} and names


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
    with gateway.open(version, socket.SOCK_DGRAM) as one, ear(gateway) as heard:
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
        send(one, ip(one.addresses[4], "224.0.0.18", hop=hop, carries=112) / Raw(said), gateway.mac)
        assert hears(listening, said, heard) is heard
        if hop == 255:
            listening.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
            listening.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(gateway.addresses[4]))
            with ear(gateway) as left:
                with suppress(PermissionError):
                    listening.sendto(said := token(), ("224.0.0.18", 0))
                assert bool(left.wait(lambda f: f.outgoing and said in f.body, 0.3 if heard else 0.1)) is heard
