"""audit of rules that a kernel holds and says itself, against connections that are tried through it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import count, product
from os import getpid
from pathlib import Path
from time import monotonic

import pytest

from segctl.draft.audit import audit
from segctl.draft.result import Audit, Side, of_way
from segctl.model.packet import Way
from segctl.model.ranges import parse_address

pytestmark = [pytest.mark.packets, pytest.mark.timeout(120)]
PORTS = (22, 80, 443, 5432)
SOURCES = {4: ("10.66.1.2", "10.66.1.9"), 6: ("fd66:1::2", "fd66:1::9")}
TARGETS = {4: ("10.66.2.2", "10.66.2.9"), 6: ("fd66:2::2", "fd66:2::9")}
_COUNT = count()
Asked = tuple[str, str, int]

IPTABLES = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:web - [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i eth1 -d 10.66.2.0/29 -j web
-A FORWARD -s 10.66.1.9/32 -i eth1 -o eth2 -p tcp -m tcp --dport 80 -j DROP
-A FORWARD -s 10.66.1.9/32 -p tcp -m multiport --dports 80,5432 -j ACCEPT
-A FORWARD -s 10.66.1.9/32 -d 10.66.2.9/32 -p tcp -m tcp --dport 80 -j ACCEPT
-A web -s 10.66.1.0/29 -p tcp -m tcp --dport 443 -j RETURN
-A web -p tcp -m tcp --dport 400:500 -j ACCEPT
COMMIT
"""
NFT = """\
table inet filter {
  set offices { type ipv4_addr; flags interval; elements = { 10.66.1.0/29 } }
  map asked { type inet_service : verdict; elements = { 22 : jump admins, 443 : accept } }
  chain admins {
    ip6 saddr fd66:1::9 accept
    ip saddr @offices ip daddr != 10.66.2.2 accept
  }
  chain forward { type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname . oifname { "eth1" . "eth2" } tcp dport vmap @asked
    ip saddr . tcp dport { 10.66.1.9 . 80, 10.66.1.2 . 5432 } accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
  }
}
"""
LISTEN = """
import socket, sys, time
held = []
for family, address, port in ((int(f), a, int(p)) for f, a, p in (w.split(",") for w in sys.argv[1:])):
    one = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((address, port))
    one.listen(64)
    held.append(one)
print("listening", flush=True)
time.sleep(300)
"""
ASK = """
import select, socket, sys, time
waiting = {}
for word in sys.argv[1:]:
    family, source, target, port = word.split(",")
    one = socket.socket(socket.AF_INET6 if family == "6" else socket.AF_INET)
    one.setblocking(False)
    one.bind((source, 0))
    one.connect_ex((target, int(port)))
    waiting[one] = word
until = time.monotonic() + 1.6  # a second after it is lost, what asks asks again
while waiting and (left := until - time.monotonic()) > 0:
    _, ready, _ = select.select([], list(waiting), [], left)
    for one in ready:
        word = waiting.pop(one)
        if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            print(word)
"""


def inside(place: str, *words: str, stdin: str = "") -> str:
    command = ["ip", "netns", "exec", place, *words]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    """A gateway's namespace between one that asks behind eth1 and one that listens behind eth2, for both families."""
    name = f"segau{getpid()}-{next(_COUNT)}"
    places = {what: f"{name}{what}" for what in ("c", "g", "s")}
    server = None
    try:
        for place in places.values():
            subprocess.run(["ip", "netns", "add", place], check=True)
            inside(place, "ip", "link", "set", "lo", "up")
            inside(place, "sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0")
        for face, what, net in (("eth1", "c", 1), ("eth2", "s", 2)):
            far = places[what]
            inside(places["g"], "ip", "link", "add", face, "type", "veth", "peer", "name", "eth0", "netns", far)
            for place, link, ends in ((places["g"], face, (1,)), (far, "eth0", (2, 9))):
                for end in ends:
                    inside(place, "ip", "address", "add", f"10.66.{net}.{end}/24", "dev", link)
                    inside(place, "ip", "address", "add", f"fd66:{net}::{end}/64", "dev", link, "nodad")
                inside(place, "ip", "link", "set", link, "up")
            inside(far, "ip", "route", "add", "default", "via", f"10.66.{net}.1")
            inside(far, "ip", "-6", "route", "add", "default", "via", f"fd66:{net}::1")
        inside(places["g"], "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        listening = [f"{v},{address},{port}" for v in (4, 6) for address in TARGETS[v] for port in PORTS]
        server = subprocess.Popen(
            ["ip", "netns", "exec", places["s"], sys.executable, "-c", LISTEN, *listening], stdout=subprocess.PIPE
        )
        assert server.stdout is not None and server.stdout.readline() == b"listening\n"
        for family in (4, 6):  # neighbours are found before anything is forbidden: the first question may be lost
            _until_open(name, family)
        yield name
    finally:
        if server is not None:
            server.kill()
            server.communicate()
        for place in places.values():
            subprocess.run(["ip", "netns", "delete", place], check=False, capture_output=True)


def opened(gateway: str, family: int) -> set[Asked]:
    """What connects, tried all at once."""
    words = [f"{family},{s},{t},{p}" for s, t, p in product(SOURCES[family], TARGETS[family], PORTS)]
    said = inside(f"{gateway}c", sys.executable, "-c", ASK, *words).split()
    return {(s, t, int(p)) for _, s, t, p in (word.split(",") for word in said)}


def _until_open(gateway: str, family: int) -> None:
    until = monotonic() + 20
    while len(opened(gateway, family)) < len(PORTS) * 4:
        assert monotonic() < until, f"nothing is forbidden yet, and not all connects: {family}"


def told(answer: Audit, family: int) -> set[Asked]:
    """What the audit says of the same."""
    assert not answer.unanswered
    found = set()
    for source, target, port in product(SOURCES[family], TARGETS[family], PORTS):
        for row in of_way(answer.reaches, Way.FORWARD, family):
            if not _in(row.sources, "eth1", source) or not _in(row.destinations, "eth2", target):
                continue
            for one in row.opens:
                tcp = any(first <= 6 <= last for first, last in one.protocols)
                if tcp and (one.ports is None or any(first <= port <= last for first, last in one.ports)):
                    found.add((source, target, port))
    return found


def _in(side: Side, face: str, address: str) -> bool:
    """Both interfaces are named by the rules."""
    return any(
        parse_address(address) in place.addresses and (not place.interfaces or face in place.interfaces)
        for place in side
    )


def audited(folder: Path, text: str, **more: object) -> Audit:
    path = folder / "rules"
    path.write_text(text)
    return audit([path], **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("variant", ["nft", "legacy"])
def test_what_iptables_saves(gateway: str, tmp_path: Path, variant: str) -> None:
    """Each answer is what connects, the shadowed rule counts no packet, and what is redundant may go."""
    place = f"{gateway}g"
    inside(place, f"iptables-{variant}-restore", stdin=IPTABLES)
    try:
        saved = inside(place, f"iptables-{variant}-save")
        answer = audited(tmp_path, saved)
        tried = opened(gateway, 4)
        assert tried == told(answer, 4)
        assert 0 < len(tried) < len(PORTS) * 4
        lines = saved.splitlines()
        odd = {one.code: lines[one.span.line - 1] for one in answer.findings if one.code.startswith("rule-")}
        assert set(odd) == {"rule-shadowed"} and "-d 10.66.2.9/32" in odd["rule-shadowed"]
        counted = inside(place, f"iptables-{variant}-save", "-c")
        assert f"[0:0] {odd['rule-shadowed']}" in counted.splitlines()
        assert "ipv6-open" in {one.code for one in answer.findings}
        assert len(opened(gateway, 6)) == len(PORTS) * 4  # as it says: all of IPv6 is open
    finally:
        inside(place, f"iptables-{variant}-restore", stdin=f"*filter\n{ACCEPT}COMMIT\n")


ACCEPT = ":INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n"


@pytest.mark.parametrize("words", [["list", "ruleset"], ["-j", "list", "ruleset"]], ids=["text", "json"])
def test_what_nft_lists(gateway: str, tmp_path: Path, words: list[str]) -> None:
    place = f"{gateway}g"
    inside(place, "nft", "-f", "-", stdin=NFT)
    try:
        said = inside(place, "nft", *words)
        assert said.startswith("{") is ("-j" in words) and (said[:1] != "{" or json.loads(said))
        answer = audited(tmp_path, said)
        for family in (4, 6):
            tried = opened(gateway, family)
            assert tried == told(answer, family)
            assert 0 < len(tried) < len(PORTS) * 4
    finally:
        inside(place, "nft", "delete", "table", "inet", "filter")
