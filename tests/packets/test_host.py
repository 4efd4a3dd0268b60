"""A host point with real packets: its endpoint's addresses as the law says, in and out; what is beside them passes."""

import json
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from errno import ECONNREFUSED
from functools import partial
from threading import Timer

import pytest
from scapy.layers.inet6 import ICMPv6EchoRequest

from segctl.apply import Proving
from segctl.cli.exits import Exit
from segctl.cli.main import run
from segctl.model.decision import Effect, Step
from segctl.model.ranges import parse_address
from segctl.model.service import GRE, ICMP, ICMP6, TCP, UDP, traffic
from segctl.policy import judge_at_point
from segctl.policy.numbers import SWAPPED
from segctl.runner import Netns
from tests.conftest import MakeNamespace
from tests.packets.host_net import FOLDER, HostNet, come, host_net, law
from tests.packets.net import Change, Machine
from tests.packets.raw import hears, ip, send, token, udp
from tests.packets.talk import Talk, Tcp, Udp, closing, mark_of, missing, opened, soon, spoken

pytestmark = pytest.mark.packets
FAMILIES = pytest.mark.parametrize("version", [4, 6])
PEERS = ("web1", "web-1", "db2", "plain-1", "seen-1", "ill-1", "admin-1", "world-1", "gw.eth2")
SPOKEN = (
    *(("tcp", port) for port in (5432, 22, 23, 443, 3389)),
    *(("udp", port) for port in (53, 7005, 7011)),
    ("echo", 0),
    ("raw", GRE),
)
EFFECTS = (Effect.PASS, Effect.REJECT, Effect.DROP)
KINDS = {Step.MANAGEMENT: "management", Step.FLOW: "flow", Step.INTRA: "intra", Step.DEFAULTS: "default"}


@pytest.fixture(scope="module")
def net() -> Iterator[HostNet]:
    with host_net("host") as found:
        yield found


Line = tuple[str, str]
"""Kind and name of what allows a connection."""


def expected(first: Machine, second: Machine, version: int, what: str, port: int) -> tuple[Effect, Line | None]:
    """What the law says of it, and the line whose number it gets."""
    ends = parse_address(first.addresses[version]), parse_address(second.addresses[version])
    protocol = {"tcp": TCP, "udp": UDP, "echo": ICMP if version == 4 else ICMP6}.get(what, port)
    place = {"echo": {4: 8, 6: 128}[version], "raw": 0}.get(what, port)
    outcome = judge_at_point(law(), *ends, traffic(version, protocol, place), datetime.now(UTC))
    if outcome.effect is not Effect.PASS:
        return outcome.effect, None
    kind = "observe" if outcome.observed else KINDS[outcome.decision.step]
    return Effect.PASS, (kind, {"flow": outcome.decision.by or "", "intra": "db", "management": ""}.get(kind, kind))


def ways(net: HostNet, peer: str) -> Iterator[tuple[Machine, Machine]]:
    """Into the host and out of it."""
    yield net[peer], net["db1"]
    yield net["db1"], net[peer]


def test_all_that_can_become_of_a_packet_is_tried(net: HostNet) -> None:
    """So that the next test shows something: every kind of line, both ways to refuse."""
    found = [expected(*ends, 4, *spoken) for peer in PEERS for ends in ways(net, peer) for spoken in SPOKEN]
    assert {line[0] for _, line in found if line} == {*KINDS.values(), "observe"}
    counts = Counter(effect for effect, _ in found)
    assert min(counts[effect] for effect in Effect) > 10


@FAMILIES
@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("way", [0, 1], ids=["in", "out"])
def test_each_packet_meets_what_the_law_says(net: HostNet, way: int, peer: str, version: int) -> None:
    """From everybody and to everybody over everything: what passes is answered and bears its line's number."""
    net.wake()
    ends = tuple(ways(net, peer))[way]
    wanted: dict[Effect, list[tuple[Talk, Line | None]]] = {effect: [] for effect in Effect}
    for what, port in SPOKEN:
        effect, line = expected(*ends, version, what, port)
        wanted[effect].append((spoken(what, *ends, version, port), line))
    passing, rejected, dropped = ([talk for talk, _ in wanted[effect]] for effect in EFFECTS)
    with closing([*passing, *rejected, *dropped]):
        assert said(passing, but=come(passing, 1)) == []
        assert said(missing(passing, True)) == []
        assert said(come([*rejected, *dropped], 0.15)) == []
        asked = [talk for talk in rejected if isinstance(talk, Tcp)]
        assert said([*asked], but=[talk for talk in asked if soon(partial(refused, talk))]) == []
        assert said([talk for talk in dropped if isinstance(talk, Tcp) and refused(talk)]) == []
        tracked = net.connections()
        marks = [(mark_of(talk, tracked), line and net.numbers[line]) for talk, line in wanted[Effect.PASS]]
        assert [pair for pair in marks if pair[0] != pair[1]] == []


def said(talks: list[Talk], but: list[Talk] | None = None) -> list[str]:
    known = {id(talk) for talk in but or ()}
    return [f"{t.first.name} to {t.second.name}: {t}" for t in talks if id(t) not in known]


def refused(talk: Tcp) -> bool:
    """Whether the asking end was told so."""
    return talk.told() == ECONNREFUSED


def test_the_probe_judges_what_the_host_point_covers(net: HostNet, capfd: pytest.CaptureFixture[str]) -> None:
    """With the commands as they are typed: without rules it differs, with them it agrees, its neighbours' cells too."""
    net.bare()
    site = ["--site", str(FOLDER), "-q"]
    asked = [*site, "probe", "--lab", net.lab, "--point", "db1-host", "--services", "tcp/5432,ssh", "--format", "json"]
    assert run(asked) == Exit.NO
    capfd.readouterr()
    words = [
        "apply",
        "--point",
        "db1-host",
        "--netns",
        net.host.name,
        "--prime",
        "0",
        "--despite-check",
        "no gateway yet",
    ]
    assert run([*site, *words]) == Exit.YES
    assert "proven while it slept" in capfd.readouterr().out
    net.awake = None
    assert run(asked) == Exit.YES
    cells = json.loads(capfd.readouterr().out)["cells"]
    pairs = {(cell["from"]["node"], cell["to"]["node"]) for cell in cells}
    assert {("db2", "db1"), ("db1", "db2"), ("web1", "db1"), ("db1", "gw")} <= pairs
    assert {"db1"} <= set.intersection(*map(set, pairs))
    assert {cell["standing"] for cell in cells} == {"agrees"}


@contextmanager
def second_address(net: HostNet) -> Iterator[Machine]:
    """The host with addresses on its interface that the site doesn't know, in the segment's own network."""
    db1 = net["db1"]
    more = replace(db1, name="db1 beside", addresses={4: "10.87.2.77", 6: "fd87:2::77"})
    db1.run(f"ip address add 10.87.2.77/32 dev {db1.nic}")
    db1.run(f"ip address add fd87:2::77/128 dev {db1.nic} nodad")
    try:
        yield more
    finally:
        db1.run(f"ip address del 10.87.2.77/32 dev {db1.nic}")
        db1.run(f"ip address del fd87:2::77/128 dev {db1.nic}")


@contextmanager
def container(net: HostNet, make: MakeNamespace) -> Iterator[tuple[Machine, Machine]]:
    """The host at its end of a bridge of its own, as Docker makes one, and the container at the other."""
    db1, box = net["db1"], Netns(make("box"))
    db1.run(f"ip link add docker0 type veth peer name eth0 netns {box.name}")
    try:
        db1.run("ip address add 172.17.0.1/24 broadcast 172.17.0.255 dev docker0")
        db1.run("ip -6 address add fd17::1/64 dev docker0 nodad")
        db1.run("ip link set docker0 up")
        inside = Machine("box", box, "eth0", "", {4: "172.17.0.2", 6: "fd17::2"})
        inside.run("ip address add 172.17.0.2/24 broadcast 172.17.0.255 dev eth0")
        inside.run("ip -6 address add fd17::2/64 dev eth0 nodad")
        inside.run("ip link set eth0 up")
        inside.run("ip route add default via 172.17.0.1")
        inside.run("ip -6 route add default via fd17::1")
        yield replace(db1, name="docker0", nic="docker0", addresses={4: "172.17.0.1", 6: "fd17::1"}), inside
    finally:
        db1.run("ip link del docker0")


def over_all(first: Machine, second: Machine, version: int, port: int = 9100) -> list[Talk]:
    return [spoken(what, first, second, version, port) for what in ("tcp", "udp", "echo")]


@FAMILIES
def test_what_is_beside_the_endpoint_passes_untouched(net: HostNet, namespace: MakeNamespace, version: int) -> None:
    """A second address, a container's bridge, loopback: in and out, without a number of ours."""
    net.wake()
    db1 = net["db1"]
    with second_address(net) as more, container(net, namespace) as (bridge, box):
        lo = replace(db1, name="lo", nic="lo", addresses={4: "127.0.0.1", 6: "::1"})
        pairs = [
            (net["web-1"], more),
            (more, net["web-1"]),
            (net["ill-1"], more),
            (box, bridge),
            (bridge, box),
            (lo, lo),
        ]
        talks = [talk for at, pair in enumerate(pairs) for talk in over_all(*pair, version, 9100 + at)]
        with closing(talks):
            assert said(talks, but=opened(talks)) == []
            assert said(missing(talks, True)) == []
            assert {mark_of(talk, net.connections()) for talk in talks} == {0}


@FAMILIES
def test_a_container_is_anybody_to_the_endpoint(net: HostNet, namespace: MakeNamespace, version: int) -> None:
    """Its own address is looked at whoever asks, over whichever interface; what it forwards isn't."""
    net.wake()
    db1 = net["db1"]
    with container(net, namespace) as (_, box):
        refused_ = over_all(box, db1, version)
        with closing(refused_):
            assert said(opened(refused_, 0.15)) == []
        db1.run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        hook = "type nat hook postrouting priority 100;"
        db1.run(f"nft add table inet foreign {{ chain p {{ {hook} oifname {db1.nic} masquerade; }}; }}")
        try:
            web = net["web-1"]
            forwarded: list[Talk] = [Tcp(box, web, version, 9120), Udp(box, web, version, 9120)]
            own: list[Talk] = [Tcp(db1, web, version, 9121), Udp(db1, web, version, 9121)]
            with closing([*forwarded, *own]):
                assert said(forwarded, but=opened(forwarded)) == []
                assert said(come(own, 0.15)) == []
        finally:
            db1.run("nft delete table inet foreign")
            db1.run("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0")


def test_broadcasts_are_heard_by_nobody(net: HostNet, namespace: MakeNamespace) -> None:
    """Neither the declared network's nor that of an address beside the endpoint: every socket would hear them."""
    net.wake()
    db1, db2 = net["db1"], net["db2"]
    with container(net, namespace) as (bridge, box), db1.listening(4, 9130) as ear:
        for sender, target in ((db2, "10.87.2.255"), (db2, "255.255.255.255"), (box, "172.17.0.255")):
            with sender.open(4, socket.SOCK_DGRAM) as out:
                out.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                out.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sender.nic.encode())
                word = token()
                out.sendto(word, (target, 9130))
                assert not hears(ear, word, False), target
                out.sendto(word, ({db2.name: db1, box.name: bridge}[sender.name].addresses[4], 9130))
                assert hears(ear, word), "by its address it hears the same sender"


def test_its_own_address_from_outside(net: HostNet) -> None:
    """IPv6 lets such a packet in; in the segment everybody may speak with everybody."""
    net.wake()
    db1, db2 = net["db1"], net["db2"]
    own, neighbour = db1.addresses[6], db2.addresses[6]
    with db1.listening(6, 9140) as ear:
        for source, wanted in ((own, False), (neighbour, True)):
            word = token()
            send(db2, udp(source, own, 9140, word), db1.mac)
            assert hears(ear, word, wanted) is wanted, source


def test_neighbours_are_found_by_their_hop_limit(net: HostNet) -> None:
    """With nothing in its table; an echo request to all nodes is no essential."""
    net.wake()
    db1, db2 = net["db1"], net["db2"]
    for machine in (db1, db2):
        machine.run(f"ip neighbour flush dev {machine.nic}")
    with closing([Udp(db2, db1, 6, 9150)]) as talks:
        assert opened(talks) and not missing(talks, True)
    with db1.open(6, socket.SOCK_RAW, ICMP6) as ear:
        ear.setblocking(False)
        word = token()
        send(db2, ip(db2.addresses[6], "ff02::1", hop=255) / ICMPv6EchoRequest(data=word), "33:33:00:00:00:01")
        assert not hears(ear, word, False)


@FAMILIES
def test_errors_about_live_connections_come_and_go(net: HostNet, version: int) -> None:
    """What web1 says of a closed port comes in; what the host itself says of one goes out."""
    net.wake()
    for first, second, port in ((net["db1"], net["web1"], 53), (net["web1"], net["db1"], 7000)):
        talk = Udp(first, second, version, port)
        with closing([talk]):
            assert opened([talk])
            talk.deafen()
            talk.say(False)
            assert soon(talk.failed), (first.name, second.name)


RENAMED: tuple[Change, ...] = (("name: orders", "name: orders-too"), ("name: list", "name: list-too"))
CLOSED: Change = ("services: [tcp/5432]", "services: [tcp/5433]")


@FAMILIES
def test_what_is_allowed_lives_through_a_flip_and_the_rest_dies(net: HostNet, version: int) -> None:
    """With another number, whoever speaks first; in the instant of the flip, with no connection cut by hand."""
    net.wake()
    web, db1, plain = net["web1"], net["db1"], net["plain-1"]
    orders, listed, out = Tcp(web, db1, version, 5432), Udp(web, db1, version, 7001), Tcp(db1, plain, version, 9160)
    talks: list[Talk] = [orders, listed, out]
    with closing(talks):
        assert said(talks, but=opened(talks)) == [] and missing(talks, True) == []
        before = [mark_of(talk, net.connections()) for talk in talks]
        net.apply(*RENAMED)
        assert said(missing(talks, True)) == []
        assert said(missing(talks, False)) == []
        after = [mark_of(talk, net.connections()) for talk in talks]
        assert after[:2] == [net.numbers["flow", "orders-too"], net.numbers["flow", "list-too"]]
        assert (before[0] != after[0], before[1] != after[1], before[2]) == (True, True, after[2])
        net.apply(CLOSED)
        for back in (False, True):
            assert missing([orders], back, 0.2) == [orders]
            assert said(missing([listed, out], back)) == []


def test_a_flow_ends_by_itself(net: HostNet) -> None:
    """Nobody touches the kernel: connections of both families stop, and what another line allows goes on."""
    until = (datetime.now(UTC) + timedelta(seconds=2.5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ends: Change = ('services: [udp/53], why: "out"}', f'services: [udp/53], why: "out", until: {until}}}')
    net.wake(ends)
    talks = [Udp(net["db1"], net["web1"], version, 53) for version in (4, 6)]
    staying = [Udp(net["web1"], net["db1"], version, 7002) for version in (4, 6)]
    with closing([*talks, *staying]):
        assert len(opened([*talks, *staying])) == 4 and missing([*talks, *staying], True) == []
        time.sleep(max(0.0, datetime.fromisoformat(until).timestamp() - time.time()) + 1.1)
        for back in (False, True):
            assert missing(talks, back, 0.2) == talks
            assert said([*missing(staying, back)]) == []


def test_sessions_that_were_open_before_the_first_apply_go_on(net: HostNet, namespace: MakeNamespace) -> None:
    """The host's own get their line's number, also one that conntrack takes for swapped; a container's are left alone.

    And what sleeps is proven among all that is there, before it is woken.
    """
    net.bare()
    web, db1 = net["web1"], net["db1"]
    with container(net, namespace) as (bridge, box):
        served, closed = Tcp(web, db1, 4, 5432), Tcp(web, db1, 4, 9170)
        beside = Tcp(box, bridge, 4, 9171)
        talks: list[Talk] = [served, closed, beside]
        with closing(talks):
            assert said(talks, but=opened(talks)) == []
            speaker = Timer(0.7, lambda: missing(talks, True, 0.5))  # the server speaks first
            speaker.start()
            done = net.apply(prime=2.0, proving=Proving.DEMANDED)
            speaker.join()
            assert (done.proof, done.first, done.adopted) == ("proven", True, 1)
            assert [lost.connection for lost in done.lost if "9170" in lost.connection]
            assert not [lost.connection for lost in done.lost if "9171" in lost.connection]
            for back in (False, True):
                assert said(missing([served, beside], back)) == []
                assert missing([closed], back, 0.2) == [closed]
            (mark,) = {one.mark for one in net.connections() if 5432 in (one.sport, one.dport)}
            assert mark & SWAPPED and mark & ~SWAPPED == net.numbers["flow", "orders"]
