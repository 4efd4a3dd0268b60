"""The gateway's own addresses: they answer to management, live by their essentials, and say what a flow allows."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

import pytest

from tests.packets.net import Change, Machine, Net
from tests.packets.talk import Echo, Talk, Tcp, Udp, closing, mark_of, missing, opened, soon

pytestmark = pytest.mark.packets
FAMILIES = pytest.mark.parametrize("version", [4, 6])
SENDERS = ("l2", "left-1", "r1", "plain-1", "other-1", "twin-1", "mid-1", "seen-1", "ill-1", "world-1", "gw2.up0")
ALL_IN: Change = ("name: any-port, from: [l2, gw1], to: [r2, gw1]", "name: any-port, from: [l2, gw1], to: [r2]")
UNDECLARED = (("eth5", {4: "10.81.5.77", 6: "fd81:5::77"}), ("lo", {4: "192.0.2.77", 6: "2001:db8:77::1"}))


@contextmanager
def _undeclared(net: Net) -> Iterator[list[Machine]]:
    """The gateway with addresses that the site doesn't know: in a segment's network, and in nobody's."""
    gateway = net["gw1.eth5"]
    found = [replace(gateway, name=f"undeclared on {nic}", addresses=own) for nic, own in UNDECLARED]
    try:
        for nic, own in UNDECLARED:
            for address in own.values():
                length = 128 if ":" in address else 32
                gateway.run(f"ip address add {address}/{length} dev {nic}" + (" nodad" * (length == 128)))
        every = [address for _, own in UNDECLARED for address in own.values()]
        assert soon(lambda: all("local" in gateway.run(f"ip route get {address}") for address in every))
        yield found
    finally:
        for nic, own in UNDECLARED:
            for address in own.values():
                gateway.run(f"ip address del {address}/{128 if ':' in address else 32} dev {nic}")


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
        with closing([*wanted, *refused]):
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
    with closing([Tcp(net["admin-1"], target, version, 22)]) as (allowed,):
        assert opened([allowed])
        for name in SENDERS:
            asking = net[name].open(version, socket.SOCK_STREAM)
            with asking:
                asking.setblocking(False)
                asking.connect_ex((target.addresses[version], 22))
                assert not soon(partial(_connected, asking), 0.1), name


def _connected(one: socket.socket) -> bool:
    try:
        one.getpeername()
    except OSError:
        return False
    return True


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
    with closing(talks):
        assert _names(talks, without=opened(talks)) == [] and missing(talks, True) == []
        number = next(n for n, m in net.meanings() if (m.kind, m.name) == ("essential", "loopback"))
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
    with closing([*allowed, *refused]):
        assert _names(allowed, without=opened(allowed)) == [] and missing(allowed, True) == []
        came = []
        for talk in refused:
            with suppress(PermissionError):
                came += opened([talk], 0.1)
        assert _names(came) == []
