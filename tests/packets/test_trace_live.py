"""`prove --trace --live` as it is used: it waits, a packet comes, and the two ways stand side by side.

here 10.91.1.5, fd91:1::5 ── eth1 ┐       ┌ eth2 ── there 10.91.2.5, fd91:2::5
                                  └─ gw ──┘ and eth0; TCP 5432 from here to there is allowed
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from segctl.cli.main import run
from segctl.runner import Netns
from tests.kernel.test_prove import SITE

pytestmark = [pytest.mark.packets, pytest.mark.timeout(300)]
AF = {4: socket.AF_INET, 6: socket.AF_INET6}
HERE, THERE = {4: "10.91.1.5", 6: "fd91:1::5"}, {4: "10.91.2.5", 6: "fd91:2::5"}
WORDS = "in eth1 out eth2 any -> 10.91.2.5 tcp any -> "
ORDERS = 5432


@dataclass(frozen=True, slots=True)
class World:
    gateway: Netns
    here: Netns
    there: Netns
    site: Path

    def run(self, place: Netns, line: str, stdin: str | None = None) -> str:
        done = place.run(line.split(), stdin=stdin)
        assert not done.code, (line, done.stderr)
        return done.stdout

    def nft(self, text: str) -> None:
        self.run(self.gateway, "nft -f -", text)

    def tables(self) -> set[str]:
        return set(self.run(self.gateway, "nft list tables").splitlines())

    def begun(self, words: str, *options: str) -> "subprocess.Popen[str]":
        command = ["prove", "--netns", self.gateway.name, "--trace", words, "--live", "--wait", "15s", *options]
        return subprocess.Popen(
            [sys.executable, "-m", "segctl", "--site", str(self.site), *command],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    @contextmanager
    def waiting(self, words: str, *options: str) -> Iterator["subprocess.Popen[str]"]:
        """The command, once it waits; it is over behind the block."""
        with self.begun(words, *options) as process:
            try:
                assert process.stderr is not None
                said = process.stderr.readline()
                assert said.startswith("waiting up to"), said + process.stderr.read()
                yield process
            finally:
                process.kill()

    def asked(self, words: str, send: Any, *options: str) -> tuple[int, Any]:
        """What it answers as JSON when that is sent."""
        with self.waiting(words, "--format", "json", *options) as process:
            send()
            out, err = process.communicate(timeout=30)
        assert out, err
        return process.returncode, json.loads(out)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    names = [f"sglc-l{os.getpid()}-{what}" for what in ("gw", "here", "there")]
    folder = tmp_path_factory.mktemp("site")
    (folder / "segctl.yaml").write_text(SITE)
    try:
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
        made = World(Netns(names[0]), Netns(names[1]), Netns(names[2]), folder)
        wired(made)
        done = subprocess.run(
            [sys.executable, "-m", "segctl", "-q", "--site", folder, "apply", "--netns", names[0], "--prime", "0"],
            capture_output=True, text=True,
        )  # fmt: skip
        assert not done.returncode, done.stderr
        with listening(made):
            yield made
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False)


def wired(world: World) -> None:
    world.run(world.gateway, "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
    lines = ["link add eth0 type veth peer name far0", "link set eth0 up", "link set lo up"]
    for nic, end, net in (("eth1", world.here, 1), ("eth2", world.there, 2)):
        lines += [
            f"link add {nic} type veth peer name end netns {end.name}",
            f"link set {nic} up",
            f"address add 10.91.{net}.1/24 dev {nic}",
            f"address add fd91:{net}::1/64 dev {nic} nodad",
        ]
    world.run(world.gateway, "ip -batch -", "\n".join(lines))
    for end, net in ((world.here, 1), (world.there, 2)):
        lines = [
            "link set lo up",
            "link set end up",
            f"address add 10.91.{net}.5/24 dev end",
            f"address add fd91:{net}::5/64 dev end nodad",
            f"route add default via 10.91.{net}.1",
            f"route add default via fd91:{net}::1",
        ]
        world.run(end, "ip -batch -", "\n".join(lines))


@contextmanager
def listening(world: World) -> Iterator[None]:
    """Who connects is answered by the kernel alone: nobody accepts."""
    with world.there.inside():
        server = socket.create_server(("::", ORDERS), family=socket.AF_INET6, dualstack_ipv6=True, backlog=50)
    with server:
        yield


def opens(world: World, port: int, version: int = 4) -> None:
    """One connection from here to there, or the try."""
    with world.here.inside():
        one = socket.socket(AF[version], socket.SOCK_STREAM)
    one.settimeout(0.5)
    with one, suppress(OSError):
        one.connect((THERE[version], port))
        one.send(b"hello")


def test_a_connection_that_may_begin(world: World) -> None:
    code, said = world.asked(f"{WORDS}{ORDERS}", lambda: opens(world, ORDERS))
    live, packet = said["live"], said["packet"]
    assert (code, said["schema"], said["ending"], live["ending"], live["agrees"]) == (
        0, "segctl/trace/1", "accept", "accept", True,
    )  # fmt: skip
    assert (packet["source"], packet["state"], packet["flags"], packet["tail"]) == (HERE[4], "new", 2, ORDERS)
    assert packet["fields"]["ip ttl"] == 64
    assert {line["by"] for line in live["lines"]} == {"both"}
    assert [line["handle"] for line in live["met"]] == [rule["handle"] for rule in said["met"]]
    assert any("map @flow_port" in line["text"] for line in live["lines"])
    assert live["lines"][-1]["verdict"] == "accept"


def test_one_that_may_not(world: World) -> None:
    with world.waiting(f"{WORDS}81") as process:
        opens(world, 81)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    lines = out.splitlines()
    assert lines[-1] == "they agree"
    assert lines[-2] == "model: drop; kernel: drop"
    assert all(line.startswith("  = inet segctl_a ") for line in lines[1:-2]), out
    assert "[goto " in out
    assert "tcp" in lines[0] and "-> 81" in lines[0]


def test_a_reply_with_what_conntrack_says_of_it(world: World) -> None:
    words = f"in eth2 out eth1 any -> {HERE[6]} tcp {ORDERS} -> any established reply"
    code, said = world.asked(words, lambda: opens(world, ORDERS, 6))
    packet = said["packet"]
    assert (code, packet["state"], packet["direction"], said["live"]["agrees"]) == (0, "established", "reply", True)
    assert packet["connection_mark"] > 0xFFFF
    assert "ct mark" in said["met"][-1]["text"]


def test_the_gateways_own_packets_and_their_priority(world: World) -> None:
    rule = "add table ip o { chain c { type filter hook output priority -300; meta priority 1:5 counter accept; }; }"
    world.nft(rule)

    def send() -> None:
        with world.gateway.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, 0x10005)
            with suppress(OSError):
                one.sendto(b"hello", (HERE[4], 9))

    try:
        _, said = world.asked(f"out eth1 10.91.1.1 -> {HERE[4]} udp any -> 9", send)
    finally:
        world.nft("delete table ip o")
    assert (said["packet"]["priority"], said["live"]["agrees"]) == (0x10005, True)
    assert said["met"][0]["table"] == "ip o"


OTHERS = {
    "a table at ingress": (
        "add table netdev o { chain c { type filter hook ingress device eth1 priority 5; tcp dport 5432 counter; }; }",
        "netdev o", 0,
    ),
    "a table at egress": (
        "add table netdev o { chain c { type filter hook egress device eth2 priority 5; tcp dport 5432 counter; }; }",
        "netdev o", 0,
    ),
    "a table that translates": (
        "add table ip o { chain c { type nat hook postrouting priority 100; tcp dport 5432 counter accept; }; }",
        "ip o", 0,
    ),
    "a table before conntrack": (
        "add table ip o { chain c { type filter hook prerouting priority -300; tcp dport 5432 drop; }; }",
        "ip o", 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", OTHERS)
def test_tables_of_others_on_the_way(world: World, what: str) -> None:
    text, table, wanted = OTHERS[what]
    world.nft(text)
    try:
        code, said = world.asked(f"{WORDS}{ORDERS}", lambda: opens(world, ORDERS))
    finally:
        world.nft(f"delete table {table}")
    assert (code, said["live"]["agrees"]) == (wanted, True), said["live"]
    assert any(line["table"] == table and line["by"] == "both" for line in said["live"]["lines"])


def test_rules_of_iptables_have_their_handles_by_place(world: World) -> None:
    for rule in ("-d 10.9.9.9 -j ACCEPT", "-s 10.91.1.5 -p tcp -m multiport --dports 81,5432 -j DROP"):
        world.run(world.gateway, f"iptables-nft -A FORWARD {rule}")
    listed = re.findall(r"handle (\d+)", world.run(world.gateway, "nft -a list chain ip filter FORWARD"))
    try:
        code, said = world.asked(f"{WORDS}{ORDERS}", lambda: opens(world, ORDERS))
    finally:
        world.nft("delete table ip filter")
    assert (code, said["ending"], said["live"]["agrees"]) == (1, "drop", True), said["live"]
    (line,) = (line for line in said["live"]["lines"] if line["table"] == "ip filter")
    assert "multiport" in line["text"] and line["by"] == "both"
    assert str(line["handle"]) in listed


def test_what_no_trace_tells_is_named_where_the_two_differ(world: World) -> None:
    world.nft("add table ip o { chain c { type filter hook forward priority -5; fib saddr type unicast counter; }; }")
    try:
        code, said = world.asked(f"{WORDS}{ORDERS}", lambda: opens(world, ORDERS))
    finally:
        world.nft("delete table ip o")
    live = said["live"]
    assert (code, live["agrees"], [line["by"] for line in live["lines"] if line["by"] != "both"]) == (
        5,
        False,
        ["kernel"],
    )
    assert "only the kernel meets it" in live["differs"][0]
    assert "fib saddr type" in live["notes"][0]


def test_a_packet_that_the_rules_pass_and_routing_drops(world: World) -> None:
    def send() -> None:
        with world.here.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"hello", ("192.0.2.1", 9))

    code, said = world.asked("in eth1 out eth2 any -> 192.0.2.1 udp any -> 9", send)
    assert (code, said["live"]["ending"]) == (5, None)
    assert "routing" in said["live"]["differs"][-1]


def test_no_packet_comes(world: World) -> None:
    before = world.tables()
    with world.waiting(f"{WORDS}{ORDERS}", "--wait", "1s") as process:
        opens(world, ORDERS, 6)  # of the other family
        _, err = process.communicate(timeout=30)
    assert (process.returncode, world.tables()) == (5, before)
    assert "no packet of these words came within 1 s\n" in err
    assert "Traceback" not in err


def test_packets_that_fit_but_for_a_word_are_told(world: World) -> None:
    words = f"in eth1 any -> {THERE[4]} tcp any -> {ORDERS}"  # which is for the gateway itself
    with world.waiting(words, "--wait", "1500ms") as process:
        opens(world, ORDERS)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 5
    assert re.search(r"came otherwise: way forward, out eth2", err), err


def test_killed_it_leaves_nothing(world: World) -> None:
    """The kernel takes the table away with its socket: the next run needs to sweep nothing."""
    before = world.tables()
    with world.waiting(f"{WORDS}{ORDERS}") as process:
        mine = f"table ip segctl_trace_{process.pid}"
        assert world.tables() == before | {mine}
        refused = world.gateway.run(["nft", "delete", *mine.split()])  # nor can anybody else change it meanwhile
        assert "Operation not permitted" in refused.stderr
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    until = time.monotonic() + 5
    while world.tables() != before and time.monotonic() < until:
        time.sleep(0.01)
    assert world.tables() == before


def test_two_at_once(world: World) -> None:
    with world.waiting(f"{WORDS}{ORDERS}", "--wait", "60s") as one:  # until the second stands, on a busy machine
        code, said = world.asked(f"{WORDS}{ORDERS} new", lambda: opens(world, ORDERS))
        out, err = one.communicate(timeout=60)
    assert (code, said["live"]["agrees"]) == (0, True)
    assert one.returncode == 0, err
    assert out.splitlines()[-1] == "they agree"


def test_rules_that_change_meanwhile(world: World) -> None:
    with world.waiting(f"{WORDS}{ORDERS}") as process:
        world.nft("add table ip o")
        opens(world, ORDERS)
        _, err = process.communicate(timeout=30)
    world.nft("delete table ip o")
    assert process.returncode == 5
    assert "the rules were changed while a packet was awaited" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--live",), "--live goes with --trace"),
        (("--live", "--trace", f"{WORDS}1", "--file", __file__), "not with --file"),
        (("--live", "--trace", f"{WORDS}1", "--as-if-awake", "segctl_a"), "not with --file or --as-if-awake"),
        (("--live", "--trace", "in eth9 any -> 10.0.0.1 proto 47"), "no interface 'eth9'"),
        (("--live", "--trace", "in eth1 any -> any proto 47"), "not both"),
        (("--live", "--trace", f"{WORDS}1", "--wait", "soon"), "a time, as 30s or 2m"),
        (("--trace", f"{WORDS}1"), "without --live all values are said"),
    ],
)
def test_wrong_words(world: World, words: tuple[str, ...], says: str, capfd: pytest.CaptureFixture[str]) -> None:
    code = run(["--site", str(world.site), "prove", "--netns", world.gateway.name, *words])
    said = capfd.readouterr().err
    assert code == 2, said
    assert says in said
    assert "Traceback" not in said
