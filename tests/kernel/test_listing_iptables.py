"""iptables-save and ipset as this kernel prints them, and what they mean by its own counters, packet by packet."""

import random
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether

from segctl.listing import ipset, iptables
from segctl.listing.rule import Ending, Family, Listing, Opaque, Rule, Set
from segctl.runner import Netns
from tests.conftest import MakeNamespace
from tests.unit.listing_iptables import tables
from tests.unit.listing_iptables.conditions import FAR, FOUR, NEAR, OWN4, OWN6, SETS, SIX, frames4, frames6
from tests.unit.listing_iptables.connections import CONNECTIONS, connection, udp
from tests.unit.listing_iptables.elements import KEPT, candidates
from tests.unit.listing_iptables.facts import Facts, facts, packed
from tests.unit.listing_iptables.meaning import after, holds, line_fits, verdict
from tests.unit.listing_iptables.programs import numbered, program
from tests.unit.listing_iptables.settings import FIRST, SETTINGS, checks

pytestmark = pytest.mark.kernel
VARIANTS = ("nft", "legacy")
PREFIX = {Family.IP: "iptables", Family.IP6: "ip6tables"}


@dataclass(frozen=True)
class Place:
    """A namespace with an interface `near`, and one that only sends, `far`."""

    near: str
    far: str

    def run(self, *words: str, stdin: str = "") -> str:
        done = subprocess.run(
            ["ip", "netns", "exec", self.near, *words], input=stdin, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}\n{stdin if len(stdin) < 400 else ''}"
        return done.stdout

    def restore(self, variant: str, family: Family, text: str) -> None:
        self.run(f"{PREFIX[family]}-{variant}-restore", stdin=text)

    def save(self, variant: str, family: Family) -> str:
        return self.run(f"{PREFIX[family]}-{variant}-save", "-c")

    def sets(self) -> Mapping[str, Set]:
        return ipset.parse(self.run("ipset", "save"))


@pytest.fixture
def place(namespace: MakeNamespace) -> Place:
    near, far = namespace("near"), namespace("far")
    link = f"ip -n {near} link add near address {NEAR} type veth peer name far netns {far} address {FAR}"
    subprocess.run(link.split(), check=True)
    quiet = ["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"]
    subprocess.run(["ip", "netns", "exec", far, *quiet], check=True)
    subprocess.run(["ip", "-n", far, "link", "set", "far", "up"], check=True)
    made = Place(near, far)
    for key in ("net.ipv6.conf.near.accept_dad=0", "net.ipv6.conf.near.router_solicitations=0"):
        made.run("sysctl", "-qw", key)
    made.run("ip", "link", "set", "near", "up")
    made.run("ip", "address", "add", f"{OWN4}/24", "dev", "near", "broadcast", "10.9.0.255")
    made.run("ip", "address", "add", f"{OWN6}/64", "dev", "near", "nodad")
    for address in ("10.9.0.2", "fd09::2"):
        made.run("ip", "neighbour", "add", address, "lladdr", FAR, "dev", "near", "nud", "permanent")
    return made


@pytest.fixture
def sender(place: Place) -> Iterator[socket.socket]:
    with Netns(place.far).inside():
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with out:
        out.bind(("far", 0))
        yield out


def counted(text: str, chain: str = "PREROUTING") -> dict[int, int]:
    """Packets by the number of the line that counted them."""
    found = {}
    for at, line in enumerate(text.split("\n"), 1):
        if said := re.match(rf"\[(\d+):\d+\] -A {chain}\b", line):
            found[at] = int(said[1])
    return found


def by_line(listing: Listing, table: str, chain: str = "PREROUTING") -> dict[int, list[Rule]]:
    found: dict[int, list[Rule]] = {}
    (one,) = [one for one in listing.tables if one.name == table]
    for rule in one.chains[chain].rules:
        assert rule.line is not None
        found.setdefault(rule.line, []).append(rule)
    return found


def opaque(listing: Listing) -> list[str]:
    """The rules that aren't modelled."""
    return [
        rule.text
        for table in listing.tables
        for chain in table.chains.values()
        for rule in chain.rules
        if any(isinstance(statement, Opaque) for statement in rule.statements)
    ]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("family", (Family.IP, Family.IP6))
def test_the_kernel_counts_what_the_listing_says(
    place: Place, sender: socket.socket, variant: str, family: Family
) -> None:
    """Every packet against every condition: each rule only counts, and its counter is the kernel's answer."""
    place.run("ipset", "restore", stdin=SETS)
    asked = FOUR if family is Family.IP else SIX
    rules = "".join(f"-A PREROUTING {one}\n" for one in ["", *asked])
    place.restore(variant, family, f"*raw\n:PREROUTING ACCEPT\n:OUTPUT DROP\n{rules}COMMIT\n")
    text = place.save(variant, family)
    listing = iptables.parse(text, family, place.sets())
    assert not opaque(listing) and not listing.gaps
    lines = by_line(listing, "raw")
    assert len(lines) == len(asked) + 1
    sets = next(table.sets for table in listing.tables if table.name == "raw")
    wrong = []
    before = counted(text)
    first = min(before)
    frames = frames4() if family is Family.IP else frames6()
    own, wide = [packed(OWN4), packed(OWN6)], [packed("10.9.0.255")]
    for frame in frames:
        sender.send(frame)
        after = _arrived(place, variant, family, before[first] + 1, first)
        strict, loose = (facts(frame, "near", own, wide, payload) for payload in (False, True))
        for line, held in lines.items():
            native = variant == "nft" and re.search(r"-m (tcp|udp) (?!.*--tcp-option)", held[0].text)
            says = line_fits(held, loose if native else strict, sets)
            kernel = after[line] - before[line]
            if says is not None and says != kernel:
                wrong.append((held[0].text, frame[14:].hex(), f"kernel {kernel}", f"listing {says}"))
        before = after
    assert not wrong, f"{len(wrong)} of {len(frames) * len(lines)}: {wrong[:12]}"


def _arrived(place: Place, variant: str, family: Family, wanted: int, first: int) -> dict[int, int]:
    """The counters once the rule of line `first`, which counts all, has seen one more."""
    end = time.monotonic() + 5
    while True:
        found = counted(place.save(variant, family))
        if found[first] == wanted:
            return found
        assert found[first] < wanted, "a packet of somebody else"
        assert time.monotonic() < end, "the packet never arrived"
        time.sleep(0.002)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("family", (Family.IP, Family.IP6))
def test_nothing_is_strange_but_what_is_named(place: Place, variant: str, family: Family) -> None:
    place.run("ipset", "restore", stdin=SETS)
    text = tables.FOUR if family is Family.IP else tables.SIX
    place.restore(variant, family, text)
    saved = place.save(variant, family)
    listing = iptables.parse(saved, family, place.sets(), engine="nf_tables" if variant == "nft" else "iptables-legacy")
    expected = {one for one in tables.NOT_MODELLED if one in text}
    strange = opaque(listing)
    assert {one for one in expected if any(one in rule for rule in strange)} == expected
    assert len(strange) == len(expected), strange
    assert not listing.gaps
    assert {one.name for one in listing.tables} == set(re.findall(r"^\*(\w+)", text, re.M))
    wanted = len(re.findall(r"^-A", text, re.M))
    found = {(one.name, rule.line) for one in listing.tables for chain in one.chains.values() for rule in chain.rules}
    assert len(found) == wanted


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_kernel_knows_connections_as_the_listing_says(place: Place, sender: socket.socket, variant: str) -> None:
    rules = "".join(f"-A PREROUTING {one}\n" for one in ["", *CONNECTIONS])
    place.restore(
        variant,
        Family.IP,
        f"*raw\n-A PREROUTING -p 200 -j CT --notrack\nCOMMIT\n*mangle\n:PREROUTING ACCEPT\n{rules}COMMIT\n"
        "*nat\n-A PREROUTING -p udp -m udp --dport 5000 -j DNAT --to-destination 10.9.0.1:5001\nCOMMIT\n",
    )
    text = place.save(variant, Family.IP)
    listing = iptables.parse(text, Family.IP)
    lines = by_line(listing, "mangle")
    assert len(lines) == len(CONNECTIONS) + 1
    head = IP(src="10.9.0.2", dst=OWN4)
    ours = (OWN4, 4444, "10.9.0.2", 7777)
    with Netns(place.near).inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.bind((OWN4, 4444))
        out.sendto(b"x", ("10.9.0.2", 7777))
        first, there = ("10.9.0.2", 4000, OWN4, 53), ("10.9.0.2", 4001, OWN4, 5000)
        quoted = head / ICMP(type=3, code=3) / IP(src=OWN4, dst="10.9.0.2") / UDP(sport=4444, dport=7777)
        shown: list[tuple[bytes, Facts]] = [
            (udp("10.9.0.2", 4000, 53), connection(8, first)),
            (udp("10.9.0.2", 4000, 53), connection(8, first, status=8)),
            (udp("10.9.0.2", 7777, 4444), connection(2, ours, reply=True, status=8 | 2)),
            (bytes(Ether(src=FAR, dst=NEAR) / quoted), connection(4, ours, reply=True, status=8 | 2)),
            (bytes(Ether(src=FAR, dst=NEAR) / head / TCP(sport=1, dport=2, flags="R")), {"ct state": 1}),
            (bytes(Ether(src=FAR, dst=NEAR) / IP(src="10.9.0.2", dst=OWN4, proto=200)), {"ct state": 64}),
            (udp("10.9.0.2", 4001, 5000), connection(8, there)),  # not translated yet
            (udp("10.9.0.2", 4001, 5000), connection(8, there, port=5001, status=8 | 32)),
        ]
        wrong = _differences(place, sender, variant, lines, shown)
    assert not wrong, wrong


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_kernel_sets_what_the_listing_says(place: Place, sender: socket.socket, variant: str) -> None:
    begin = {"meta mark": 0, "ct mark": 0, "ip dscp": 0, "ip ecn": 0, "ip ttl": 64}
    lines: list[str] = []
    where: list[tuple[int, str]] = []
    for setting in SETTINGS:
        mine = [*FIRST, setting]
        said = "".join(f"-A PREROUTING {one}\n" for one in mine)
        (table,) = iptables.parse(f"*mangle\n{said}COMMIT\n", Family.IP).tables
        asked = checks(after(table.chains["PREROUTING"].rules, begin, {}))
        where += [(len(lines) + len(mine) + at, f"{setting}: {one}") for at, one in enumerate(asked)]
        lines += [*mine, *asked]
    text = "".join(f"-A PREROUTING {one}\n" for one in lines)
    place.restore(variant, Family.IP, f"*raw\n:OUTPUT DROP\nCOMMIT\n*mangle\n{text}COMMIT\n")
    saved = place.save(variant, Family.IP)
    listing = iptables.parse(saved, Family.IP)
    assert not opaque(listing)
    numbers = list(by_line(listing, "mangle"))
    first = numbers[0]
    sender.send(udp("10.9.0.2", 4000, 53))
    found = _arrived(place, variant, Family.IP, 1, first)
    assert [what for at, what in where if found[numbers[at]] != 1] == []
    # What is saved again means the same, though other words stand for it.
    (table,) = [one for one in listing.tables if one.name == "mangle"]
    known = after(table.chains["PREROUTING"].rules, begin, {})
    assert checks(known) == [what.partition(": ")[2] for _, what in where[-5:]]


def _differences(
    place: Place, sender: socket.socket, variant: str, lines: dict[int, list[Rule]], shown: list[tuple[bytes, Facts]]
) -> list[tuple[object, ...]]:
    wrong: list[tuple[object, ...]] = []
    before = counted(place.save(variant, Family.IP))
    first = min(lines)
    for at, (frame, known) in enumerate(shown):
        sender.send(frame)
        after = _arrived(place, variant, Family.IP, before[first] + 1, first)
        for line, held in lines.items():
            says = line_fits(held, known, {})
            if says is not None and says != after[line] - before[line]:
                wrong.append((at, held[0].text, f"kernel {after[line] - before[line]}", f"listing {says}"))
        before = after
    return wrong


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("seed", range(12))
def test_chains_lead_where_the_kernel_goes(place: Place, sender: socket.socket, variant: str, seed: int) -> None:
    """Jump, goto, return and policies: what raw lets through is what mangle, which comes later, counts."""
    frames = numbered()
    place.restore(variant, Family.IP, program(seed, len(frames)))
    saved = place.save(variant, Family.IP)
    listing = iptables.parse(saved, Family.IP)
    (raw,) = [one for one in listing.tables if one.name == "raw"]
    known = [facts(frame, "near", [packed(OWN4)], [packed("10.9.0.255")]) for frame in frames]
    says = [int(verdict(raw, "PREROUTING", one) is Ending.ACCEPT) for one in known]
    for frame in frames:
        sender.send(frame)
    end = time.monotonic() + 3
    while (found := _behind(place, variant, list(by_line(listing, "mangle")))) != says and time.monotonic() < end:
        time.sleep(0.01)
    assert found == says


def _behind(place: Place, variant: str, lines: list[int]) -> list[int]:
    found = counted(place.save(variant, Family.IP))
    return [found[line] for line in lines]


def test_an_ipset_holds_what_the_kernel_says(place: Place) -> None:
    """`ipset test` of many elements against the saved sets."""
    place.run("ipset", "restore", stdin=KEPT)
    sets = place.sets()
    assert set(sets) == set(re.findall(r"^create (\S+)", KEPT, re.M))
    assert not any(one.fault for one in sets.values())
    asked = 0
    for one in sets.values():
        if one.parts == (ipset.MEMBERS,):
            assert [ipset.set_name(element.key[0][0]) for element in one.elements] == ["masked", "services"]
            continue
        elements = [*candidates(one)]
        elements = random.Random(1).sample(elements, min(len(elements), 400))
        answers = place.run("sh", "-c", TEST, "sh", one.name, stdin="\n".join(text for text, _ in elements) + "\n")
        wrong = [
            (one.name, text, answer)
            for (text, value), answer in zip(elements, answers.split(), strict=True)
            if holds(one, value) != (answer == "0")
        ]
        assert not wrong, wrong[:9]
        asked += len(elements)
        assert len({answer == "0" for answer in answers.split()}) == 2, f"{one.name}: all answers are alike"
    assert asked > 1500
    masked = sets["masked"]
    assert {element.key[0][0]: element.expires is None for element in masked.elements} == {
        packed("10.1.2.0"): True,
        packed("10.1.3.0"): False,
    }


TEST = 'while read -r element; do ipset -q test "$1" "$element"; echo $?; done'
