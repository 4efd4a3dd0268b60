"""Labs in the kernel: everybody is reached, the listeners answer, and nothing is ever left behind."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from segctl.kernel.errors import KernelRefused
from segctl.kernel.namespaces import named
from segctl.lab import AlreadyUp, Built, Layout, NoSuchLab, NotMade, Seen, clean, find, lab, labs, names, up
from segctl.lab import build as building
from segctl.lab.state import Folder
from segctl.lab.topology import Node
from segctl.model.ranges import family, show_address
from segctl.model.site import Site
from tests.kernel.ping import answers
from tests.unit.lab.sites import branches, policy_of, shop

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
COUNT = itertools.count()


@pytest.fixture
def name() -> Iterator[str]:
    """A name for a lab that is gone after the test."""
    chosen = f"t{os.getpid()}_{next(COUNT)}"
    yield chosen
    clean(chosen)


@pytest.fixture(scope="module", params=[shop, branches], ids=["shop", "branches"])
def built(request: pytest.FixtureRequest) -> Iterator[Built]:
    site: Callable[[], Site] = request.param
    with lab(policy_of(site()), f"t{os.getpid()}_{site.__name__}") as made:
        yield made


def addresses(node: Node) -> list[int]:
    return [a.address for nic in node.nics for a in nic.addresses]


def left(name: str) -> list[str]:
    """What there still is of a lab: namespaces, processes, files."""
    processes = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"segctl.lab.listeners" in words and name.encode() in words:
            processes.append(str(path))
    return [*named(names.prefix(name)), *processes, *([name] if name in labs() else [])]


# What stands


def test_each_host_reaches_each_node_in_each_family_without_a_packet_lost(built: Built) -> None:
    silent = [
        f"{host.name} to {node.name} {show_address(target)}"
        for host in built.hosts
        for node in built.record.nodes
        for target in addresses(node)
        if node != host and family(target) in {family(a) for a in host.addresses}
        if not answers(built.runner(host), target)
    ]
    assert not silent


def test_each_host_has_a_gateway_and_an_address_of_both_families_where_its_segment_has(built: Built) -> None:
    assert built.gateways
    assert {4, 6} <= {family(a) for host in built.hosts for a in host.addresses}


def test_gateways_forward_and_filter_no_sources_and_know_their_interfaces(built: Built) -> None:
    for gateway in built.gateways:
        here = built.runner(gateway)
        for setting, want in (
            ("ipv4/ip_forward", "1"), ("ipv6/conf/all/forwarding", "1"), ("ipv4/conf/all/rp_filter", "0"),
            *((f"ipv4/conf/{nic.name}/rp_filter", "0") for nic in gateway.nics),
        ):  # fmt: skip
            assert here.run(["cat", f"/proc/sys/net/{setting}"]).stdout.strip() == want, setting
        links = here.run(["ip", "-br", "link"]).stdout
        assert {line.split()[0].partition("@")[0] for line in links.splitlines()} == {
            "lo", *(nic.name for nic in gateway.nics)
        }  # fmt: skip


def test_listeners_answer_on_every_port_of_every_node_from_the_address_that_was_asked(built: Built) -> None:
    host = built.hosts[0]
    families = {family(a) for a in host.addresses}
    _, offset = built.seen()
    asked: set[tuple[str, str, str, int, int]] = set()
    for node in built.record.nodes:
        for target in (a for a in addresses(node) if family(a) in families and node != host):
            for port in built.record.ports:
                token = f"{len(asked)}"
                asked.add((token, node.name, port.proto.value, target, port.number))
                speak(built, host, target, port.proto.value, port.number, node.name, token)
    seen = wait_for(lambda: [s for s in built.seen(offset)[0] if s.token], len(asked))
    assert {(s.token, s.node, s.proto, s.local, s.port) for s in seen} == asked
    assert {s.peer for s in seen} <= set(host.addresses)


def speak(built: Built, host: Node, target: int, proto: str, port: int, answers_as: str, token: str) -> None:
    """Send a token, and check that the right one answers."""
    kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
    with built.runner(host).inside():
        channel = socket.socket(socket.AF_INET if family(target) == 4 else socket.AF_INET6, kind)
    with closing(channel):
        channel.settimeout(2)
        channel.connect((show_address(target), port))  # a datagram from any other address would not be received
        payload = f"segctl:{token} ".encode()
        channel.send(payload)
        want = payload if proto == "udp" else f"{answers_as} tcp/{port}\n".encode()
        assert channel.recv(2048) == want


def wait_for(ask: Callable[[], list[Seen]], many: int) -> list[Seen]:
    """The log is written by another process: up to two seconds."""
    until = time.monotonic() + 2
    while len(found := ask()) < many and time.monotonic() < until:
        time.sleep(0.01)
    return found


def test_a_closed_port_is_closed_and_seen_by_nobody(built: Built) -> None:
    host, other = built.hosts[0], built.hosts[1]
    _, offset = built.seen()
    with built.runner(host).inside():
        channel = socket.socket()
    with closing(channel), pytest.raises(ConnectionRefusedError):
        channel.settimeout(2)
        channel.connect((show_address(other.addresses[0]), 4999))
    assert not built.seen(offset)[0]


def test_two_hosts_behind_one_interface_speak_past_the_gateway(built: Built) -> None:
    pair = next(
        (a, b) for a, b in itertools.combinations(built.hosts, 2) if a.lan == b.lan and family(a.addresses[0]) == 4
    )
    gateway = next(g for g in built.gateways if any(nic.lan == pair[0].lan for nic in g.nics))
    built.runner(gateway).run(["sysctl", "-qw", "net.ipv4.ip_forward=0"])
    try:
        assert answers(built.runner(pair[0]), pair[1].addresses[0])
    finally:
        built.runner(gateway).run(["sysctl", "-qw", "net.ipv4.ip_forward=1"])


def test_another_process_finds_the_lab(built: Built) -> None:
    assert find(built.name).record == built.record
    assert Folder(built.name).path.stat().st_mode & 0o777 == 0o700
    with pytest.raises(NoSuchLab, match="there is no 'nobody'"):
        built.node("nobody")
    with pytest.raises(AlreadyUp):
        up(policy_of(shop()), built.name)
    assert answers(built.runner(built.hosts[0]), addresses(built.gateways[0])[0])  # and nothing was done


# What is left: nothing


def test_down_leaves_nothing_and_ends_what_runs_inside(name: str) -> None:
    made = up(policy_of(shop()), name)
    with made.runner("web1").inside():
        sleeper = subprocess.Popen(["sleep", "60"])
    removed = clean(name)
    assert (removed.namespaces, removed.processes) == (len(made.record.namespaces), 2)
    assert sleeper.wait(1) == -signal.SIGTERM
    assert left(name) == []
    assert not clean(name)  # and again


def test_a_lab_for_a_block_ends_with_it_whatever_happens(name: str) -> None:
    with pytest.raises(RuntimeError), lab(policy_of(shop()), name):
        assert left(name)
        raise RuntimeError
    assert left(name) == []


STEPS = ("namespaces", "links", "inside", "listeners")


def hold_at(step: str, monkeypatch: pytest.MonkeyPatch, held: Callable[[], None]) -> None:
    """Do `held` when the making of a lab has come half-way through a step."""
    calls = itertools.count()
    where = {"namespaces": "make", "links": "_plug_in", "inside": "_configure"}

    if step == "listeners":
        from segctl.lab import daemon

        real_spec = daemon._spec

        def spec(layout: Layout, folder: Folder) -> bytes:
            held()
            return real_spec(layout, folder)

        monkeypatch.setattr(daemon, "_spec", spec)
        return
    real = getattr(building, where[step])

    def slow(*arguments: object) -> None:
        if next(calls) == (0 if step == "links" else 3):
            held()
        real(*arguments)

    monkeypatch.setattr(building, where[step], slow)


@pytest.mark.parametrize("step", STEPS)
def test_a_refusal_half_way_leaves_nothing(step: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise KernelRefused("no")

    hold_at(step, monkeypatch, refuse)
    with pytest.raises(NotMade, match="could not be made: no"):
        up(policy_of(shop()), name)
    assert left(name) == []


KILLED = """
import sys, time
from pytest import MonkeyPatch
from tests.kernel.test_lab import hold_at
from tests.unit.lab.sites import policy_of, shop
from segctl.lab import up

def held():
    print("held", flush=True)
    time.sleep(0.3)

hold_at(sys.argv[1], MonkeyPatch(), held)
up(policy_of(shop()), sys.argv[2])
print("up", flush=True)
"""


def start_making(step: str, name: str) -> "subprocess.Popen[bytes]":
    """A process of its own that makes the shop's lab, held for half a second half-way through a step."""
    making = subprocess.Popen(
        [sys.executable, "-c", KILLED, step, name], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert making.stdout is not None
    assert making.stdout.readline() == b"held\n"
    return making


@pytest.mark.parametrize(
    ("step", "number"),
    [*((step, signal.SIGINT) for step in STEPS), ("inside", signal.SIGTERM), ("listeners", signal.SIGHUP)],
    ids=str,
)
def test_an_interrupted_up_leaves_nothing(step: str, number: signal.Signals, name: str) -> None:
    with start_making(step, name) as making:
        making.send_signal(number)
        assert making.communicate(timeout=20)[0] == b""
    assert making.returncode != 0
    assert left(name) == []


@pytest.mark.parametrize("step", STEPS)
def test_down_removes_what_a_killed_up_left(step: str, name: str) -> None:
    with start_making(step, name) as making:
        making.kill()
    assert left(name)
    clean(name)
    assert left(name) == []


def test_up_after_a_killed_up_begins_anew(name: str) -> None:
    with start_making("inside", name) as making:
        making.kill()
    made = up(policy_of(shop()), name)
    assert answers(made.runner("web1"), made.host("db-1").addresses[0])


def test_down_waits_for_a_lab_that_is_being_made(name: str) -> None:
    with start_making("links", name) as making:
        assert clean(name).namespaces
        assert making.communicate(timeout=20)[0] == b"up\n"
    assert left(name) == []


def test_a_name_whose_maker_died_before_the_namespace_was_mounted_goes_as_well(name: str) -> None:
    Path("/run/netns", names.namespace(name, "web1")).touch()
    assert clean(name).namespaces == 1
    assert left(name) == []


def test_a_process_that_took_the_listeners_number_is_left_alone(name: str) -> None:
    made = up(policy_of(shop()), name, listeners=False)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        (Folder(made.name).path / "listeners.pid").write_text(f"{bystander.pid} 1\n")  # it began at another time
        clean(name)
        assert bystander.poll() is None
        bystander.kill()
