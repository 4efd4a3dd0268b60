"""prove on a real kernel: what it holds is proven; what somebody changes in it is found, with a packet and the rule."""

import ctypes
import json
import os
import platform
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from segctl.apply import NotApplied, Proving, Wish, apply
from segctl.apply.reading import read_listing
from segctl.cli.main import run
from segctl.cli.options import Settings, policy_of
from segctl.cli.source import source_of
from segctl.compile import loadable
from segctl.kernel.hooks import other_hooks
from segctl.runner import Netns
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, OLD, Place

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(300)]
SITE = """\
version: 1
site: tiny
segments:
  web: {strictness: guarded, members: [10.91.1.0/24, "fd91:1::/64"]}
  db: {strictness: strict, members: [10.91.2.0/24, "fd91:2::/64"]}
flows:
  - {name: orders, from: web, to: db, services: [tcp/5432], why: "orders"}
points:
  gw:
    kind: gateway
    interfaces:
      eth0: {segments: [world], addresses: [198.51.100.1/24, "2001:db8:91::1/64"]}
      eth1: {segments: [web], addresses: [10.91.1.1/24, "fd91:1::1/64"], links: [bfd]}
      eth2: {segments: [db], addresses: [10.91.2.1/24, "fd91:2::1/64"]}
"""


def segctl(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What the command says; in this process, as a new one takes longer to begin than to answer."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(["-q", "--site", str(folder), *words])
    return subprocess.CompletedProcess(words, int(code), out.getvalue(), err.getvalue())


def inside(place: str, *words: str) -> str:
    command = ["ip", "netns", "exec", place, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def applied(namespace: MakeNamespace, tmp_path: Path) -> tuple[str, Path]:
    """Applied without a proof: that is what comes next."""
    (tmp_path / "segctl.yaml").write_text(SITE)
    place, at = namespace("gw"), datetime.now(UTC)
    settings = Settings(tmp_path)
    loaded = settings.load()
    policy = policy_of(settings, at, loaded)
    wish = Wish(proving=Proving.LEFT_OUT)
    apply(Netns(place), policy, loadable(policy, "gw", at), at, wish, source_of(settings, loaded))
    return place, tmp_path


def proof(place: str, folder: Path, *words: str) -> tuple[int, Any]:
    done = segctl(folder, "prove", "--netns", place, "--format", "json", *words)
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_what_was_applied_is_proven(applied: tuple[str, Path]) -> None:
    code, said = proof(*applied)
    assert (code, said["found"], said["differences"], said["unproven"]) == (0, "proven", [], [])
    assert said["schema"] == "segctl/prove/1"
    assert len(said["read"]) == len(said["site"]) == 64
    assert int(said["packets"]) > 2**200
    assert said["classes"] > 100


HOST = """\
version: 1
site: tiny
endpoints:
  db1: {addresses: [10.91.2.5, "fd91:2::5"]}
segments:
  web: {strictness: guarded, members: [10.91.1.0/24, "fd91:1::/64"]}
  db: {strictness: strict, members: [10.91.2.0/24, "fd91:2::/64"]}
flows:
  - {name: orders, from: web, to: db1, services: [tcp/5432], why: "orders"}
points:
  db1-host: {kind: host, endpoint: db1}
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A namespace with a host's rules, and its site; each test takes away what it puts beside them."""
    folder = tmp_path_factory.mktemp("host")
    (folder / "segctl.yaml").write_text(HOST)
    place = f"segt{os.getpid()}-host"
    subprocess.run(["ip", "netns", "add", place], check=True)
    try:
        done = segctl(folder, "apply", "--netns", place, "--prime", "0", "--format", "json")
        assert done.returncode == 0, done.stderr
        assert (json.loads(done.stdout)["point"], json.loads(done.stdout)["proof"]) == ("db1-host", "proven")
        yield place, folder
    finally:
        subprocess.run(["ip", "netns", "delete", place], check=True)


BESIDE = {
    "another drops what is the host's": (
        "add table ip other { chain i { type filter hook input priority -5; ip saddr 10.91.1.0/24 drop; }; }",
        "different",
    ),
    "another drops what is beside it": (
        "add table ip other { chain i { type filter hook input priority -5; ip daddr 172.17.0.0/16 drop; }; }",
        "proven",
    ),
    "another drops what is forwarded": (
        "add table ip other { chain f { type filter hook forward priority -5; policy drop; }; }",
        "proven",
    ),
    "another translates what is beside it": (
        "add table ip other { chain p { type nat hook postrouting priority 100; ip saddr 172.17.0.1 masquerade; }; }",
        "proven",
    ),
}


@pytest.mark.parametrize("what", BESIDE)
def test_only_what_is_the_hosts_counts(host: tuple[str, Path], what: str) -> None:
    change, wanted = BESIDE[what]
    inside(host[0], "nft", change)
    try:
        code, said = proof(*host)
    finally:
        inside(host[0], "nft", "delete table ip other")
    assert (said["found"], code) == (wanted, {"proven": 0, "different": 1}[wanted]), said


OURS = {
    "an element more": (
        "element inet segctl_a flow_port { 4:0 . 0x00010000 . tcp . 5433 : 0x1 }",
        {"service": "tcp/5433", "from": "web", "to": "db", "does": ["accept"]},
    ),
    "what is beside it is stopped": (
        "rule inet segctl_a beside_in drop",
        {"does": ["drop"], "must": "pass beside it"},
    ),
    "a source that is ours": (
        "rule inet segctl_a mirrored_in accept",
        {"from": "db", "to": "db", "does": ["accept"], "must": "drop"},
    ),
}


@pytest.mark.parametrize("what", OURS)
def test_a_change_of_a_hosts_rules_is_found(host: tuple[str, Path], what: str) -> None:
    change, wanted = OURS[what]
    kind, _, rest = change.partition(" ")
    said = inside(host[0], "nft", "-e", "-a", f"{'insert' if kind == 'rule' else 'add'} {change}")
    where = " ".join(rest.split()[:3])
    undo = f"rule {where} handle {said.partition('# handle ')[2].split()[0]}" if kind == "rule" else change
    code, answer = proof(*host)
    inside(host[0], "nft", f"delete {undo}")
    assert (code, answer["found"]) == (1, "different")
    assert any(all(one[key] == value for key, value in wanted.items()) for one in answer["differences"]), answer


def test_a_host_goes_on_and_back(host: tuple[str, Path]) -> None:
    """After all of the above: generation 1 is still what was meant; a second one is proven, and flipped back."""
    assert proof(*host)[0] == 0
    done = segctl(host[1], "apply", "--netns", host[0], "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["generation"]) == (0, 2), done.stderr
    back = segctl(host[1], "rollback", "--netns", host[0])
    assert back.stdout == f"generation 1 is live on namespace {host[0]} again; 2 sleeps\n"
    assert proof(*host)[0] == 0


CHANGES = {
    "a table that drops": (
        "add table ip other { chain f { type filter hook forward priority -5; tcp dport 5432 drop; }; }",
        {"service": "tcp/5432", "from": "web", "to": "db", "does": ["drop"], "must": "pass"},
    ),
    "an element more": (
        "add element inet segctl_a flow_port { 1:0 . 0x00020000 . tcp . 5433 : 0x1 }",
        {"service": "tcp/5433", "from": "web", "to": "db", "does": ["accept"]},
    ),
    "a rule before ours": (
        "insert rule inet segctl_a forward ip6 saddr fd91:1::/64 ip6 daddr fd91:2::/64 udp dport 53 accept",
        {"service": "udp/53", "from": "web", "to": "db", "does": ["accept"]},
    ),
    "an accepting policy": (
        "add chain inet segctl_a input { type filter hook input priority filter; policy accept; }",
        None,  # no packet gets there: everything is decided before
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_found(applied: tuple[str, Path], what: str) -> None:
    change, wanted = CHANGES[what]
    inside(applied[0], "nft", change)
    code, said = proof(*applied)
    if wanted is None:
        assert (code, said["found"]) == (0, "proven")
        return
    assert (code, said["found"]) == (1, "different")
    assert any(all(one[key] == value for key, value in wanted.items()) for one in said["differences"]), said
    assert all(one["rule"]["text"] for one in said["differences"])


def test_asleep_it_is_different_and_as_if_awake_proven(applied: tuple[str, Path]) -> None:
    inside(applied[0], "nft", "add table inet segctl_a { flags dormant; }")
    assert proof(*applied)[0] == 1
    assert proof(*applied, "--as-if-awake", "segctl_a")[0] == 0


@pytest.mark.parametrize("tool", ["iptables-nft", "iptables-legacy"])
def test_a_rule_of_iptables_is_seen(applied: tuple[str, Path], tool: str) -> None:
    inside(applied[0], tool, "-A", "FORWARD", "-p", "tcp", "--dport", "5432", "-j", "DROP")
    code, said = proof(*applied)
    assert code == 1
    assert {one["rule"]["table"] for one in said["differences"]} == {"ip filter"}


def test_what_is_not_understood_is_unproven_and_named(applied: tuple[str, Path]) -> None:
    inside(
        applied[0],
        "nft",
        "add table inet o { chain f { type filter hook forward priority -5; limit rate 5/second drop; }; }",
    )
    code, said = proof(*applied)
    assert (code, said["found"]) == (5, "unproven")
    assert any("limit" in doubt for one in said["unproven"] for doubt in one["doubts"])


def test_saved_files(applied: tuple[str, Path], tmp_path: Path) -> None:
    place, folder = applied
    for words in (["nft", "-j", "list", "ruleset"], ["nft", "list", "ruleset"]):
        text = subprocess.run(["ip", "netns", "exec", place, *words], check=True, capture_output=True).stdout
        (tmp_path / "saved").write_bytes(text)
        done = segctl(folder, "prove", "--file", str(tmp_path / "saved"), "--as-if-awake", "segctl_a")
        assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "saved").write_text("hello\n")
    done = segctl(folder, "prove", "--file", str(tmp_path / "saved"))
    assert done.returncode == 2
    assert "saved:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_apply_proves_what_sleeps(applied: tuple[str, Path]) -> None:
    place, folder = applied
    done = segctl(folder, "apply", "--netns", place, "--format", "json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["generation"], said["proof"]) == (2, "proven")
    inside(
        place, "nft", "add table ip other { chain f { type filter hook forward priority -5; tcp dport 5432 drop; }; }"
    )
    done = segctl(folder, "apply", "--netns", place)
    assert done.returncode == 4
    assert "tcp/5432: the rules drop, the site says pass" in done.stderr
    assert "--unproven wakes it" in done.stderr
    assert proof(place, folder, "--as-if-awake", said["slot"])[0] == 1  # the table of somebody else, whichever is awake
    inside(place, "nft", "delete table ip other")
    assert proof(place, folder)[0] == 0  # generation 2 is live as it was


def test_what_is_not_proven_is_woken_if_that_is_wanted(applied: tuple[str, Path]) -> None:
    place, folder = applied
    inside(
        place, "nft", "add table ip other { chain f { type filter hook forward priority -5; tcp dport 5432 drop; }; }"
    )
    done = segctl(folder, "apply", "--netns", place, "--unproven")
    assert done.returncode == 0, done.stderr
    assert "NOT PROVEN: different: " in done.stdout


def test_rules_that_change_between_proof_and_flip_are_noticed(namespace: MakeNamespace) -> None:
    """Somebody else's table opens a hole after the proof: the flip is taken back."""
    place = Place(namespace("gw"))
    place.apply(OLD)
    before = place.held()
    hole = (
        "add table ip hole { chain f { type filter hook forward priority -5; policy accept; tcp dport 5432 drop; }; }"
    )

    def meddle(step: str) -> None:
        if step == "flip":
            place.nft(hole)

    with pytest.raises(NotApplied, match="changed between the proof and the flip"):
        place.apply(NEW, meddle, Proving.DEMANDED)
    assert place.held() == before
    place.nft("delete table ip hole")
    assert place.apply(NEW, proving=Proving.DEMANDED).proof == "proven"


def test_one_packet_is_followed(applied: tuple[str, Path]) -> None:
    place, folder = applied
    words = "in eth1 out eth2 10.91.1.5 -> 10.91.2.5 tcp 40000 -> "
    done = segctl(folder, "prove", "--netns", place, "--trace", f"{words}5432")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "accept"
    assert any("map @flow_port" in line for line in lines)
    done = segctl(folder, "prove", "--netns", place, "--format", "json", "--trace", f"{words}5433")
    assert done.returncode == 1
    assert json.loads(done.stdout)["ending"] == "drop"
    done = segctl(folder, "prove", "--netns", place, "--trace", "nonsense")
    assert (done.returncode, "is no address and no word of a packet" in done.stderr) == (2, True)


def bpf(command: int, attributes: bytes) -> int:
    """The file descriptor that the system call answers with."""
    held = ctypes.create_string_buffer(attributes, len(attributes))
    found = ctypes.CDLL(None, use_errno=True).syscall(321, command, held, len(attributes))  # x86-64
    assert found >= 0, os.strerror(ctypes.get_errno())
    return int(found)


def pass_all(interface: int) -> int:
    """An XDP program that lets all pass, on an interface of this namespace for as long as its link is open."""
    program = struct.pack("<BBhiBBhi", 0xB7, 0, 0, 2, 0x95, 0, 0, 0)  # r0 = XDP_PASS; exit
    code, licence = (ctypes.create_string_buffer(text, len(text)) for text in (program, b"GPL\0"))
    loaded = bpf(5, struct.pack("<IIQQ", 6, 2, ctypes.addressof(code), ctypes.addressof(licence)) + bytes(48))
    return bpf(28, struct.pack("<IIII", loaded, interface, 37, 0) + bytes(16))  # BPF_LINK_CREATE, BPF_XDP


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of bpf(2)")
def test_who_else_decides_is_named(namespace: MakeNamespace) -> None:
    place = namespace("gw")
    runner = Netns(place)
    assert other_hooks(runner) == []
    inside(place, "ip", "link", "add", "face", "type", "veth", "peer", "name", "far")
    inside(place, "tc", "qdisc", "add", "dev", "face", "clsact")
    assert other_hooks(runner) == []  # nothing hangs there yet
    words = "filter add dev face egress protocol all u32 match u32 0 0 flowid 1:1"
    inside(place, "tc", *words.split())
    assert other_hooks(runner) == ["tc filters on face, egress"]
    with runner.inside():
        link = pass_all(socket.if_nametoindex("lo"))
    try:
        assert other_hooks(runner) == ["an XDP program on lo", "tc filters on face, egress"]
        assert read_listing(runner).beside == ("an XDP program on lo", "tc filters on face, egress")
    finally:
        os.close(link)
    assert other_hooks(runner) == ["tc filters on face, egress"]


def test_the_devices_of_a_netdev_chain_are_known(applied: tuple[str, Path]) -> None:
    """JSON of nft 1.0.6 leaves them out; a chain that counts on one of them changes nothing."""
    place, folder = applied
    inside(place, "ip", "link", "add", "eth1", "type", "veth", "peer", "name", "far")
    hook = "type filter hook ingress device eth1 priority 0; policy accept;"
    inside(place, "nft", f"add table netdev n {{ chain c {{ {hook} counter; }}; }}")
    assert proof(place, folder)[0] == 0
    inside(place, "nft", "add rule netdev n c tcp dport 5432 drop")
    code, said = proof(place, folder)
    assert code == 1
    assert {one["packet"]["iif"] for one in said["differences"]} == {"eth1"}
