"""iptables-save and ipset as this kernel prints them, and what they mean by its own counters, packet by packet."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from segctl.listing import ipset, iptables
from segctl.listing.rule import Family, Listing, Opaque, Rule, Set
from segctl.runner import Netns
from tests.conftest import MakeNamespace
from tests.unit.listing_iptables.conditions import FAR, FOUR, NEAR, OWN4, OWN6, SETS, SIX, frames4, frames6
from tests.unit.listing_iptables.facts import facts
from tests.unit.listing_iptables.meaning import line_fits

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
    for number, line in enumerate(text.split("\n"), 1):
        if said := re.match(rf"\[(\d+):\d+\] -A {chain}\b", line):
            found[number] = int(said[1])
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


def number(address: str) -> int:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return int.from_bytes(socket.inet_pton(family, address))


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
    own, wide = [number(OWN4), number(OWN6)], [number("10.9.0.255")]
    for frame in frames:
        sender.send(frame)
        after = _arrived(place, variant, family, before[first] + 1)
        seen = facts(frame, "near", own, wide)
        for line, held in lines.items():
            says = line_fits(held, seen, sets)
            kernel = after[line] - before[line]
            if says is not None and says != kernel:
                wrong.append((held[0].text, frame[14:].hex(), f"kernel {kernel}", f"listing {says}"))
        before = after
    assert not wrong, f"{len(wrong)} of {len(frames) * len(lines)}: {wrong[:12]}"


def _arrived(place: Place, variant: str, family: Family, wanted: int) -> dict[int, int]:
    end = time.monotonic() + 5
    while True:
        found = counted(place.save(variant, family))
        if found[min(found)] == wanted:
            return found
        assert found[min(found)] < wanted, "a packet of somebody else"
        assert time.monotonic() < end, "the packet never arrived"
        time.sleep(0.002)
